//! Why nobody answers, as far as the system knows: QUIC hears nothing of what routers and kernels say of
//! its packets, a connected socket does.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::event::DialFault;
use crate::limits::{APART_AFTER, PROBES_MAX};

/// What the system says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// There is a machine, and nothing listens at that port.
    Closed,
    /// There is no way there.
    NoRoute,
}

/// Asks about addresses while an attempt is under way, and not before it has waited for a while: an
/// attempt that goes well costs nothing.
pub(crate) struct Probe {
    asking: JoinSet<Option<Said>>,
    asked: usize,
}

impl Probe {
    /// Begins. Each address is sent one empty datagram, from the addresses that we listen on.
    pub(crate) fn at(addresses: &[SocketAddr], bind: &[SocketAddr]) -> Self {
        let mut asking = JoinSet::new();
        for address in addresses {
            asking.spawn(ask(*address, from(*address, bind)));
        }
        Self { asking, asked: addresses.len() }
    }

    /// What was learned by now, if nobody answered.
    pub(crate) fn fault(mut self) -> DialFault {
        let mut said = Vec::new();
        while let Some(asked) = self.asking.try_join_next() {
            said.extend(asked.ok().flatten());
        }
        conclusion(&said, self.asked)
    }
}

/// An address that is not there is as silent as a device that sleeps; so a closed port says most, and
/// that there is no way only something if there is none to any of them.
fn conclusion(said: &[Said], asked: usize) -> DialFault {
    if said.contains(&Said::Closed) {
        DialFault::NobodyListens
    } else if said.len() == asked {
        DialFault::NoRoute
    } else {
        DialFault::NobodyAnswers
    }
}

/// The address of ours that packets to this one come from.
fn from(to: SocketAddr, bind: &[SocketAddr]) -> IpAddr {
    let any =
        if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    bind.iter().map(SocketAddr::ip).find(|ip| ip.is_ipv4() == to.is_ipv4()).unwrap_or(any)
}

/// Room for sockets.
static PLACES: Semaphore = Semaphore::const_new(PROBES_MAX);

/// `None`: silence, for as long as somebody wants to wait.
async fn ask(address: SocketAddr, from: IpAddr) -> Option<Said> {
    sleep(APART_AFTER).await;
    // Whoever does not get one in time has learned nothing, as if there were silence.
    let _place = PLACES.acquire().await.ok()?;
    let socket = UdpSocket::bind((from, 0)).await.ok()?;
    if let Err(error) = socket.connect(address).await {
        return meaning(error.kind());
    }
    loop {
        if let Err(error) = socket.send(&[]).await {
            return meaning(error.kind());
        }
        match socket.recv(&mut [0; 1]).await {
            Ok(_) => {}
            Err(error) => return meaning(error.kind()),
        }
    }
}

fn meaning(error: ErrorKind) -> Option<Said> {
    match error {
        ErrorKind::ConnectionRefused => Some(Said::Closed),
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        // A router, or a rule here, forbids it.
        | ErrorKind::PermissionDenied
        // From loopback there is no way elsewhere.
        | ErrorKind::InvalidInput => Some(Said::NoRoute),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_port_says_more_than_silence_and_silence_more_than_no_way() {
        use Said::{Closed, NoRoute};
        assert_eq!(conclusion(&[NoRoute, Closed], 3), DialFault::NobodyListens);
        assert_eq!(conclusion(&[NoRoute], 2), DialFault::NobodyAnswers);
        assert_eq!(conclusion(&[], 2), DialFault::NobodyAnswers);
        assert_eq!(conclusion(&[NoRoute, NoRoute], 2), DialFault::NoRoute);
    }

    #[tokio::test]
    async fn a_closed_port_is_told_from_one_that_is_silent() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let loopback = closed.ip();
        assert_eq!(ask(closed, loopback).await, Some(Said::Closed));
        let asked = ask(silent.local_addr().unwrap(), loopback);
        let asked = tokio::time::timeout(APART_AFTER * 2, asked).await;
        assert!(asked.is_err(), "{asked:?}");
        let elsewhere = "192.0.2.1:4433".parse().unwrap();
        assert_eq!(ask(elsewhere, loopback).await, Some(Said::NoRoute));
    }
}
