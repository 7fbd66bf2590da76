//! `PORT`, newline, then `CONNECT` or a text, newline. No address and no team: the peer is where
//! the connection comes from, at that port. It waits for `Message received`.

use std::net::SocketAddr;

use super::{Act, Beginning, Claim, Dialect, Opened, Opening, Outgoing, TextEnd, Then, scan};

/// What the other side expects to read after each line.
const ANSWER: &[u8] = b"Message received";

const PORT_DIGITS_MAX: usize = 5;

pub(super) fn open(beginning: Beginning<'_>) -> Opening {
    let bytes = beginning.bytes;
    let digits = scan::digits(bytes);
    let (Some(port), Some(rest)) = (bytes.get(..digits), bytes.get(digits..)) else {
        return Opening::Foreign;
    };
    if digits > PORT_DIGITS_MAX || (digits == 0 && !bytes.is_empty()) {
        return Opening::Foreign;
    }
    let line_end = match rest {
        [] | [b'\r'] => return Opening::Unfinished,
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return Opening::Foreign,
    };
    let Some(port) = scan::port(port) else {
        return Opening::Foreign;
    };
    match rest.get(line_end) {
        None => return Opening::Unfinished,
        Some(b'\r' | b'\n') => return Opening::Foreign,
        Some(_) => {}
    }
    Opening::Opened(Opened {
        used: digits + line_end,
        dialect: Dialect::PortLine,
        claim: Claim { address: SocketAddr::new(beginning.origin.ip(), port), team: String::new() },
        then: Then::Text(TextEnd::Line { answer: Some(ANSWER) }),
    })
}

pub(super) fn write(me: &Claim, act: &Act) -> Outgoing {
    let port = me.address.port();
    let line = match act {
        Act::Text(text) => text,
        Act::Connect => "CONNECT",
        Act::Exit => "exit",
    };
    Outgoing { greeting: None, body: format!("{port}\n{line}\n").into_bytes(), answered: true }
}
