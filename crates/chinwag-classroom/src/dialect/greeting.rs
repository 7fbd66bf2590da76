//! `PORT:n`, answered by `PORT:m`, before anything else is said on the connection. Nothing ends
//! it but the next byte that is no digit, or silence. No address and no team either: the peer is
//! where the connection comes from, at that port.

use std::net::SocketAddr;

use super::scan::{self, Step};
use super::{Act, Beginning, Claim, Dialect, Opened, Opening, Outgoing, Silence, Then};

const PREFIX: &[u8] = b"PORT:";
const PORT_DIGITS_MAX: usize = 5;

pub(super) fn open(beginning: Beginning<'_>) -> Opening {
    let rest = match scan::after(beginning.bytes, PREFIX) {
        Step::Token(_, rest) => rest,
        other => return other.without_token(),
    };
    let digits = scan::digits(rest).min(PORT_DIGITS_MAX);
    let (Some(port), Some(after)) = (rest.get(..digits), rest.get(digits..)) else {
        return Opening::Foreign;
    };
    if after.is_empty() && digits < PORT_DIGITS_MAX && beginning.silence < Silence::Brief {
        return Opening::Unfinished;
    }
    let Some(port) = scan::port(port) else {
        return Opening::Foreign;
    };
    let newline = usize::from(after.starts_with(b"\n"));
    Opening::Opened(Opened {
        used: PREFIX.len() + digits + newline,
        dialect: Dialect::Greeting,
        claim: Claim { address: SocketAddr::new(beginning.origin.ip(), port), team: String::new() },
        then: Then::Said { act: Act::Connect, answer: Some(written(beginning.our_port)) },
    })
}

pub(super) fn write(me: &Claim, act: &Act) -> Outgoing {
    let body = match act {
        Act::Text(text) => text.clone().into_bytes(),
        Act::Connect => Vec::new(),
        Act::Exit => b"exit".to_vec(),
    };
    Outgoing { greeting: Some(written(me.address.port())), body, answered: false }
}

fn written(port: u16) -> Vec<u8> {
    format!("PORT:{port}").into_bytes()
}
