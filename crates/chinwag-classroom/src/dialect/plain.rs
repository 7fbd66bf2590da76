//! `IP:PORT TEAM text`: what the exercise asked for and most programs write. No terminator: the
//! text is what comes before the connection ends, or before a newline and the next such header.

use super::scan::{self, Step};
use super::{Act, Beginning, Claim, Dialect, Opened, Opening, Silence, TextEnd, Then};
use crate::address::parse_claimed;
use crate::limits::TEAM_HEARD_MAX;

/// The longest `[IPv6]:PORT`, with room for a scope.
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
        _ => control_without_team(beginning, address, rest),
    }
}

/// `IP:PORT exit`: the team left out.
fn control_without_team(
    beginning: Beginning<'_>,
    address: std::net::SocketAddr,
    rest: &[u8],
) -> Opening {
    let newline = rest.iter().position(|&b| b == b'\n');
    if newline.is_none() && beginning.silence < Silence::Long {
        return if rest.len() > TEAM_HEARD_MAX { Opening::Foreign } else { Opening::Unfinished };
    }
    let word_len = newline.unwrap_or(rest.len());
    let word = rest.get(..word_len).unwrap_or_default();
    match Act::of_word(&String::from_utf8_lossy(word)) {
        Some(act) => Opening::Opened(Opened {
            used: beginning.bytes.len() - rest.len() + (word_len + 1).min(rest.len()),
            dialect: Dialect::Plain,
            claim: Claim { address, team: String::new() },
            then: Then::Said { act, answer: None },
        }),
        None => Opening::Foreign,
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
