//! `<IP:PORT> <TEAM> text`: the plain form with the angle brackets of its own description taken
//! for letters. Often with a newline at the end, and then often several on one connection.

use super::framed::{Angle, open_address};
use super::scan::{self, Step};
use super::{Act, Beginning, Claim, Dialect, Opened, Opening, Silence, TextEnd, Then};
use crate::limits::TEAM_HEARD_MAX;

pub(super) fn open(beginning: Beginning<'_>) -> Opening {
    let (address, rest) = match open_address(beginning.bytes) {
        Angle::Address(address, rest) => (address, rest),
        Angle::Unfinished => return Opening::Unfinished,
        Angle::Foreign => return Opening::Foreign,
    };
    let rest = match scan::after(rest, b"<") {
        Step::Token(_, rest) => rest,
        other => return other.without_token(),
    };
    let (team, rest) = match scan::until(rest, b'>', TEAM_HEARD_MAX) {
        Step::Token(team, rest) => (team, rest),
        other => return other.without_token(),
    };
    if rest.is_empty() && beginning.silence < Silence::Long {
        return Opening::Unfinished;
    }
    let text = rest.strip_prefix(b" ").unwrap_or(rest);
    Opening::Opened(Opened {
        used: beginning.bytes.len() - text.len(),
        dialect: Dialect::Bracketed,
        claim: Claim { address, team: String::from_utf8_lossy(team).into_owned() },
        then: Then::Text(TextEnd::NextHeader),
    })
}

pub(super) fn write(me: &Claim, act: &Act) -> Vec<u8> {
    let text = match act {
        Act::Text(text) => text,
        Act::Connect => "connect",
        Act::Exit => "exit",
    };
    format!("<{}> <{}> {text}", me.address, me.team).into_bytes()
}
