//! `<IP:PORT> @ <TEAM>`, newline, text, newline, `<end>`; and `<IP:PORT> DISCONNECT` alone.

use std::net::SocketAddr;

use super::scan::{self, Step};
use super::{Act, Beginning, Claim, Dialect, Opened, Opening, TextEnd, Then, open_word};
use crate::address::parse_claimed;
use crate::limits::TEAM_HEARD_MAX;

/// What ends a text, with the newline before it.
pub(crate) const MARKER: &[u8] = b"\n<end>";

const ADDRESS_MAX: usize = 64;
const WORD_MAX: usize = 32;

/// What the bytes make of `<IP:PORT> `.
pub(super) enum Angle<'a> {
    Address(SocketAddr, &'a [u8]),
    Unfinished,
    Foreign,
}

/// Reads `<IP:PORT> `, which two dialects begin with.
pub(super) fn open_address(bytes: &[u8]) -> Angle<'_> {
    let inside = match scan::after(bytes, b"<") {
        Step::Token(_, inside) => inside,
        Step::Unfinished => return Angle::Unfinished,
        Step::Foreign => return Angle::Foreign,
    };
    let (address, rest) = match scan::until(inside, b'>', ADDRESS_MAX) {
        Step::Token(address, rest) => (address, rest),
        Step::Unfinished => return Angle::Unfinished,
        Step::Foreign => return Angle::Foreign,
    };
    match (parse_claimed(address), scan::after(rest, b" ")) {
        (Some(address), Step::Token(_, rest)) => Angle::Address(address, rest),
        (Some(_), Step::Unfinished) => Angle::Unfinished,
        _ => Angle::Foreign,
    }
}

pub(super) fn open(beginning: Beginning<'_>) -> Opening {
    let (address, rest) = match open_address(beginning.bytes) {
        Angle::Address(address, rest) => (address, rest),
        Angle::Unfinished => return Opening::Unfinished,
        Angle::Foreign => return Opening::Foreign,
    };
    match scan::after(rest, b"@ <") {
        Step::Token(_, rest) => open_text(beginning, address, rest),
        Step::Unfinished => Opening::Unfinished,
        Step::Foreign if rest.starts_with(b"<") => Opening::Foreign,
        Step::Foreign => open_word(beginning, Dialect::Framed, address, rest, WORD_MAX),
    }
}

fn open_text(beginning: Beginning<'_>, address: SocketAddr, rest: &[u8]) -> Opening {
    let (team, rest) = match scan::until(rest, b'>', TEAM_HEARD_MAX) {
        Step::Token(team, rest) => (team, rest),
        other => return other.without_token(),
    };
    let newline = rest.strip_prefix(b"\r").unwrap_or(rest);
    if newline.is_empty() {
        return Opening::Unfinished;
    }
    if !newline.starts_with(b"\n") {
        return Opening::Foreign;
    }
    // The newline stays with the text, so that an empty text ends at a marker like any other.
    Opening::Opened(Opened {
        used: beginning.bytes.len() - newline.len(),
        dialect: Dialect::Framed,
        claim: Claim { address, team: String::from_utf8_lossy(team).into_owned() },
        then: Then::Text(TextEnd::Marker),
    })
}

pub(super) fn write(me: &Claim, act: &Act) -> Vec<u8> {
    let (address, team) = (me.address, &me.team);
    match act {
        Act::Text(text) => format!("<{address}> @ <{team}>\n{text}\n<end>"),
        Act::Connect => format!("<{address}> @ <{team}>\nCONNECTION_REQUEST\n<end>"),
        Act::Exit => format!("<{address}> DISCONNECT"),
    }
    .into_bytes()
}

/// A text with a space before each line that begins like the end marker, which would cut it short.
pub(super) fn without_marker(text: &str) -> String {
    format!("\n{text}").replace("\n<end>", "\n <end>").split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_the_marker_is_moved_by_a_space() {
        assert_eq!(without_marker("<end>\na\n<end>b"), " <end>\na\n <end>b");
        assert_eq!(without_marker("a <end>"), "a <end>");
    }
}
