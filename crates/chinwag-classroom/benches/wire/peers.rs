//! What it takes to tell everybody on a full list.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::SystemTime;

use chinwag_classroom::{Act, Claim, Delivery, Dialect, Peers, Sender};
use tokio::runtime::Runtime;

use crate::bare::{self, Awaiting, Manner};
use crate::receiving;
use crate::sending::runtime;
use crate::table::{Extent, Run, Table, Unit, Ways};

const PEERS: u32 = 1_000;

pub(crate) fn tell_1_000(extent: Extent) -> Table {
    let (tally, awaiting) = Awaiting::new();
    let peers = peers(receiving::listen(tally));
    let runtime = runtime();
    Ways::counting(Unit::Messages)
        .way("bare, closes", || tell_bare(&peers, &awaiting, Manner::Closes))
        .way("bare, waits for the close", || tell_bare(&peers, &awaiting, Manner::Waits))
        .way("ours", || tell_all(&peers, &awaiting, &runtime))
        .measure(extent.rounds)
}

/// A list on which every peer is our one listener, under another address of this machine.
fn peers(port: u16) -> Peers {
    let first = u32::from(Ipv4Addr::new(127, 1, 0, 1));
    let mut peers = Peers::new();
    for n in 0..PEERS {
        let address = SocketAddr::new(Ipv4Addr::from(first + n).into(), port);
        let claim = Claim { address, team: "blue".into() };
        assert!(peers.hear(&claim, Dialect::Plain, address.ip(), SystemTime::UNIX_EPOCH));
    }
    peers
}

fn tell_bare(peers: &Peers, awaiting: &Awaiting, manner: Manner) -> Run {
    let message = Dialect::Plain.write(&bare::me(), &Act::Connect).body;
    let took = awaiting.until_arrived(peers.len(), || {
        for (to, _) in peers.iter() {
            bare::send(to, &message, manner);
        }
    });
    Run { done: peers.len(), took, each: Vec::new() }
}

fn tell_all(peers: &Peers, awaiting: &Awaiting, runtime: &Runtime) -> Run {
    let took = awaiting.until_arrived(peers.len(), || {
        let peers = peers.iter().map(|(to, peer)| (to, peer.dialect)).collect();
        let each = |_, told| assert!(matches!(told, Ok(Delivery::Taken)), "{told:?}");
        runtime.block_on(Sender::new(bare::me()).tell_all(peers, &Act::Connect, each));
    });
    Run { done: peers.len(), took, each: Vec::new() }
}
