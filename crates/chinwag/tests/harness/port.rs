//! Ports that nobody else has.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use socket2::{Domain, Socket, Type};

/// Below the ports that the system hands out to connections, above those that services have.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// A port that is ours while this lives, whether something listens on it or not.
///
/// On Linux a socket holds it: bound before anybody else could, and marked afterwards as one that
/// shares, so that the program under test may bind it too but no other test may. Elsewhere the
/// port was free when it was taken, which is as much as can be known.
pub(crate) struct Port {
    number: u16,
    _held: Option<Socket>,
}

impl Port {
    pub(crate) fn free() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Tests that run at the same time begin at different places.
        let begin = (std::process::id() % 400) * 50;
        for _ in 0..COUNT {
            let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
            let offset = (begin + step) % u32::from(COUNT);
            let number = FIRST + u16::try_from(offset).unwrap();
            if let Some(held) = take(number) {
                let held = cfg!(target_os = "linux").then_some(held);
                return Self { number, _held: held };
            }
        }
        panic!("no port is free on this machine");
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// The port on loopback.
    pub(crate) fn here(&self) -> SocketAddr {
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.number)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

fn take(number: u16) -> Option<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let everywhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), number);
    socket.bind(&everywhere.into()).ok()?;
    socket.set_reuse_address(true).unwrap();
    Some(socket)
}
