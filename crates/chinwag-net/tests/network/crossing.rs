//! Two devices that dial each other at the same time keep one connection, and both the same.

use std::time::Duration;

use chinwag_net::Lane;
use tokio::time::timeout;

use crate::harness::{PATIENCE, Peer};

#[tokio::test]
async fn of_two_connections_that_cross_both_ends_keep_the_same_one() {
    // Some at a time, so that each has its share of a busy machine.
    for first in (0..20).step_by(5) {
        let mut rounds = tokio::task::JoinSet::new();
        for round in first..first + 5 {
            rounds.spawn(cross(round));
        }
        while let Some(round) = rounds.join_next().await {
            round.unwrap();
        }
    }
}

async fn cross(round: u8) {
    let (mut a, mut b) = (Peer::new(100 + round).await, Peer::new(200 + round).await);
    a.dial(&b);
    b.dial(&a);
    a.connected().await;
    b.connected().await;
    let one = timeout(PATIENCE, until_one_remains(&mut a, &mut b, round)).await;
    one.expect("both ends come to keep the same connection in time");
    let (seen_by_a, seen_by_b) = (a.network.peers(), b.network.peers());
    assert_ne!(
        seen_by_a[0].is_dialled, seen_by_b[0].is_dialled,
        "one end dialled, the other was dialled"
    );
    tokio::join!(a.network.stop(), b.network.stop());
}

/// Waits until each end has one connection, and what is said on it is heard on the other's one: it
/// is the same. Before that, each may have one that the other has not, or has no longer.
async fn until_one_remains(a: &mut Peer, b: &mut Peer, round: u8) {
    loop {
        let (at_a, at_b) = (a.settles().await, b.settles().await);
        let is_said = a.network.send(at_a, Lane::Live, vec![round]).is_ok()
            && b.network.send(at_b, Lane::Live, vec![round]).is_ok();
        let heard = async { (a.frame().await.0, b.frame().await.0) };
        // Waiting for the connections to settle may have passed over a frame: then it is said again.
        let heard = timeout(Duration::from_secs(5), heard).await;
        if is_said && heard == Ok((at_a, at_b)) {
            let remain = |peer: &Peer| peer.network.peers().iter().map(|path| path.link).collect();
            let (left_at_a, left_at_b): (Vec<_>, Vec<_>) = (remain(a), remain(b));
            if (left_at_a, left_at_b) == (vec![at_a], vec![at_b]) {
                return;
            }
        }
    }
}
