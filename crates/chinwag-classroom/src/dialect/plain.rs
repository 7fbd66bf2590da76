//! `IP:PORT TEAM text`: what the exercise asked for and most programs write. No terminator: the
//! text is what comes before the connection ends, or before a newline and the next such header.

use super::scan::{self, Step};
use super::{Act, Beginning, Claim, Dialect, Opened, Opening, TextEnd, Then, open_word};
use crate::address::parse_claimed;
use crate::limits::TEAM_HEARD_MAX;

/// The longest `[IPv6]:PORT`, with room to spare.
const ADDRESS_MAX: usize = 64;

pub(super) fn open(beginning: Beginning<'_>) -> Opening {
    let bytes = beginning.bytes;
    if !bytes.iter().take(ADDRESS_MAX).take_while(|&&b| b != b' ').all(|&b| is_address_byte(b)) {
        return Opening::Foreign;
    }
    let (address, rest) = match scan::until(bytes, b' ', ADDRESS_MAX) {
        Step::Token(address, rest) => (address, rest),
        other => return other.without_token(),
    };
    let Some(address) = parse_claimed(address) else {
        return Opening::Foreign;
    };
    match scan::until(rest, b' ', TEAM_HEARD_MAX) {
        Step::Token(team, text) => Opening::Opened(Opened {
            used: bytes.len() - text.len(),
            dialect: Dialect::Plain,
            claim: Claim { address, team: String::from_utf8_lossy(team).into_owned() },
            then: Then::Text(TextEnd::NextHeader),
        }),
        // `IP:PORT exit`: the team left out.
        _ => open_word(beginning, Dialect::Plain, address, rest, TEAM_HEARD_MAX),
    }
}

fn is_address_byte(b: u8) -> bool {
    b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'[' | b']')
}

pub(super) fn write(me: &Claim, act: &Act) -> Vec<u8> {
    let text = match act {
        Act::Text(text) => text,
        Act::Connect => "connect",
        Act::Exit => "exit",
    };
    format!("{} {} {text}", me.address, me.team).into_bytes()
}
