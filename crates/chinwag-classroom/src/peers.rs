//! Who was heard: the list behind "query connected peers".

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use crate::dialect::{Claim, Dialect};
use crate::limits::PEERS_MAX;

/// A peer that sent us something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The team name it claims; empty where its dialect has none.
    pub team: String,
    /// How it writes, and so how it is written to.
    pub dialect: Dialect,
    /// Where its last connection really came from.
    pub origin: IpAddr,
    /// When it was last heard, by our clock.
    pub heard: SystemTime,
}

/// The list of peers, by the address that each claims to listen on. At most
/// [`PEERS_MAX`](crate::limits::PEERS_MAX).
#[derive(Clone, Debug, Default)]
pub struct Peers {
    by_address: BTreeMap<SocketAddr, Peer>,
}

impl Peers {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a peer was heard. False when it has no place on a list: it says it does not
    /// listen (port 0).
    pub fn hear(
        &mut self,
        claim: &Claim,
        dialect: Dialect,
        origin: IpAddr,
        heard: SystemTime,
    ) -> bool {
        if claim.address.port() == 0 {
            return false;
        }
        let address = reachable(claim.address, origin);
        if !self.by_address.contains_key(&address) && self.by_address.len() >= PEERS_MAX {
            self.make_room();
        }
        let peer = Peer { team: claim.team.clone(), dialect, origin, heard };
        self.by_address.insert(address, peer);
        true
    }

    /// Takes a peer off the list, if it was on it.
    pub fn leave(&mut self, claim: &Claim, origin: IpAddr) -> Option<Peer> {
        self.by_address.remove(&reachable(claim.address, origin))
    }

    /// The peer at an address.
    pub fn get(&self, address: SocketAddr) -> Option<&Peer> {
        self.by_address.get(&address)
    }

    /// All peers, in the order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, &Peer)> {
        self.by_address.iter().map(|(address, peer)| (*address, peer))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_address.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }

    /// A host that fills the list pushes out its own peers and nobody else's.
    fn make_room(&mut self) {
        let mut by_origin: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for peer in self.by_address.values() {
            *by_origin.entry(peer.origin).or_default() += 1;
        }
        let Some((&greediest, _)) = by_origin.iter().max_by_key(|(_, count)| **count) else {
            return;
        };
        let of_greediest = self.by_address.iter().filter(|(_, p)| p.origin == greediest);
        if let Some(stalest) = of_greediest.min_by_key(|(_, p)| p.heard).map(|(a, _)| *a) {
            self.by_address.remove(&stalest);
        }
    }
}

/// A peer that claims to listen on "any address" means the one it came from.
fn reachable(claimed: SocketAddr, origin: IpAddr) -> SocketAddr {
    if claimed.ip().is_unspecified() { SocketAddr::new(origin, claimed.port()) } else { claimed }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn claim(address: &str) -> Claim {
        Claim { address: address.parse().unwrap(), team: "red".into() }
    }

    fn hear(peers: &mut Peers, address: &str, origin: &str, at_s: u64) -> bool {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at_s);
        peers.hear(&claim(address), Dialect::Plain, origin.parse().unwrap(), at)
    }

    #[test]
    fn a_peer_is_listed_once_however_often_it_is_heard() {
        let mut peers = Peers::new();
        assert!(hear(&mut peers, "10.0.0.7:4001", "10.0.0.7", 1));
        assert!(hear(&mut peers, "10.0.0.7:4001", "10.0.0.7", 2));
        assert_eq!(peers.len(), 1);
        let origin = "10.0.0.7".parse().unwrap();
        assert!(peers.leave(&claim("10.0.0.7:4001"), origin).is_some());
        assert!(peers.leave(&claim("10.0.0.7:4001"), origin).is_none());
    }

    #[test]
    fn one_that_does_not_listen_is_not_listed() {
        let mut peers = Peers::new();
        assert!(!hear(&mut peers, "10.0.0.7:0", "10.0.0.7", 1));
        assert!(peers.is_empty());
    }

    #[test]
    fn any_address_is_the_address_it_came_from() {
        let mut peers = Peers::new();
        hear(&mut peers, "0.0.0.0:4001", "10.0.0.7", 1);
        assert!(peers.get("10.0.0.7:4001".parse().unwrap()).is_some());
    }

    #[test]
    fn a_host_that_fills_the_list_pushes_out_only_its_own() {
        let mut peers = Peers::new();
        hear(&mut peers, "10.0.0.7:4001", "10.0.0.7", 0);
        for n in 0..PEERS_MAX + 100 {
            let address = format!("10.1.{}.{}:4000", n / 250, n % 250);
            hear(&mut peers, &address, "10.0.0.66", 1 + n as u64);
        }
        assert_eq!(peers.len(), PEERS_MAX);
        assert!(peers.get("10.0.0.7:4001".parse().unwrap()).is_some());
        assert!(peers.get("10.1.0.0:4000".parse().unwrap()).is_none(), "the stalest went first");
    }
}
