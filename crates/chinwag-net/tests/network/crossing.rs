//! Two devices that dial each other at the same time keep one connection, and both the same.

use chinwag_net::Lane;

use crate::harness::Peer;

#[tokio::test]
async fn of_two_connections_that_cross_both_ends_keep_the_same_one() {
    let mut rounds = tokio::task::JoinSet::new();
    for round in 0..20 {
        rounds.spawn(cross(round));
    }
    while let Some(round) = rounds.join_next().await {
        round.unwrap();
    }
}

async fn cross(round: u8) {
    let (mut a, mut b) = (Peer::new(100 + round).await, Peer::new(200 + round).await);
    a.dial(&b);
    b.dial(&a);
    a.connected().await;
    b.connected().await;
    // What is said on the connection that stays is heard: it is the same one.
    loop {
        let (at_a, at_b) = (a.settles().await, b.settles().await);
        if a.network.send(at_a, Lane::Live, vec![round]).is_ok()
            && b.network.send(at_b, Lane::Live, vec![round]).is_ok()
        {
            break;
        }
    }
    let (on_b, _, said) = b.frame().await;
    assert_eq!(said, [round]);
    let (on_a, _, said) = a.frame().await;
    assert_eq!(said, [round]);
    assert_eq!((a.settles().await, b.settles().await), (on_a, on_b));
    let (seen_by_a, seen_by_b) = (a.network.peers(), b.network.peers());
    assert_ne!(
        seen_by_a[0].is_dialled, seen_by_b[0].is_dialled,
        "one end dialled, the other was dialled"
    );
    tokio::join!(a.network.stop(), b.network.stop());
}
