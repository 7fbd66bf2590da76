//! A device that is wanted is found again.

use std::time::{Duration, Instant};

use chinwag_core::ticket::Address;
use chinwag_net::{Ended, NetEvent, Outcome, Why};

use crate::harness::{Peer, two};

#[tokio::test]
async fn a_device_that_comes_back_elsewhere_is_found_when_its_new_address_is_known() {
    let (mut a, to_b, b, _) = two().await;
    let old = b.address();
    b.network.stop().await;
    drop(b);
    assert_eq!(a.disconnected().await, (to_b, Ended::ByPeer(Why::Done)));
    let mut b = Peer::new(2).await;
    assert_ne!(b.address(), old);
    a.dial(&b);
    let (_, device, is_dialled) = a.connected().await;
    assert_eq!((device, is_dialled), (b.device(), true));
    b.connected().await;
}

#[tokio::test]
async fn a_device_that_comes_back_at_its_old_address_is_found_by_itself() {
    let (mut a, _, b, _) = two().await;
    let port = b.network.port();
    b.network.stop().await;
    drop(b);
    a.disconnected().await;
    let back = chinwag_net::Settings { port, ..crate::harness::settings(2) };
    let b = Peer::with(back).await;
    if b.network.port() == port {
        assert_eq!(a.connected().await.1, b.device());
    }
}

#[tokio::test]
async fn a_wanted_device_that_dials_us_counts_as_connected() {
    let (mut a, mut b) = (Peer::new(1).await, Peer::new(2).await);
    let nowhere = Address::Direct("127.0.0.1:1".parse().unwrap());
    a.network.dial(b.device(), &[nowhere]);
    b.dial(&a);
    assert!(!a.connected().await.2);
    b.connected().await;
    a.settles().await;
}

#[tokio::test]
async fn the_pause_grows_with_every_attempt_that_fails() {
    let (mut a, b) = (Peer::new(1).await, Peer::new(2).await);
    a.network.dial(b.device(), &[]);
    let mut pauses = Vec::new();
    while pauses.len() < 3 {
        pauses.push(
            a.expect(|event| match event {
                NetEvent::Attempt { outcome: Outcome::Failed { next_in, .. }, .. } => Some(next_in),
                _ => None,
            })
            .await,
        );
    }
    assert!(pauses.is_sorted(), "{pauses:?}");
    // What is new makes it try at once, whatever the pause.
    a.dial(&b);
    assert_eq!(a.connected().await.1, b.device());
}

#[tokio::test]
async fn who_asks_does_not_wait_for_the_end_of_a_pause() {
    let (mut a, b) = (Peer::new(1).await, Peer::new(2).await);
    let mut pause = Duration::ZERO;
    let next_in = |event| match event {
        NetEvent::Attempt { outcome: Outcome::Failed { next_in, .. }, .. } => Some(next_in),
        _ => None,
    };
    a.network.dial(b.device(), &[]);
    while pause < Duration::from_secs(2) {
        pause = a.expect(next_in).await;
    }
    let asked = Instant::now();
    a.network.connect_now(b.device());
    a.expect(next_in).await;
    a.network.connect_now_all();
    // The pauses have begun anew.
    assert!(a.expect(next_in).await <= Duration::from_secs(1));
    assert!(asked.elapsed() < pause / 2, "{:?} of {pause:?}", asked.elapsed());
}

#[tokio::test]
async fn who_is_wanted_no_longer_is_not_dialled_again() {
    let (mut a, _, b, _) = two().await;
    a.network.undial(b.device());
    let port = b.network.port();
    b.network.stop().await;
    drop(b);
    a.disconnected().await;
    let back = chinwag_net::Settings { port, ..crate::harness::settings(2) };
    let mut b = Peer::with(back).await;
    let mut c = Peer::new(3).await;
    // By the time that others are connected, it would have been dialled as well.
    a.dial(&c);
    assert_eq!(a.connected().await.1, c.device());
    c.connected().await;
    assert!(b.events.try_recv().is_err());
}

#[tokio::test]
async fn who_is_wanted_again_is_looked_for_again() {
    let (mut a, b) = (Peer::new(1).await, Peer::new(2).await);
    let nowhere = Address::Direct("127.0.0.1:1".parse().unwrap());
    a.network.dial(b.device(), &[nowhere]);
    a.network.undial(b.device());
    a.network.dial(b.device(), &[]);
    a.dial(&b);
    assert_eq!(a.connected().await.1, b.device());
}

#[tokio::test]
async fn who_turns_us_away_at_once_is_tried_less_and_less_often() {
    let (mut a, to_b, b, to_a) = two().await;
    b.network.close(to_a, Why::NotWelcome);
    assert_eq!(a.disconnected().await, (to_b, Ended::ByPeer(Why::NotWelcome)));
    // Shut out for 5 s at least: at pauses of a second there would be five more connections.
    let until = tokio::time::Instant::now() + Duration::from_secs(5);
    let mut turned_away = 0;
    while let Ok((_, why)) = tokio::time::timeout_at(until, a.disconnected()).await {
        assert_eq!(why, Ended::ByPeer(Why::ShutOut));
        turned_away += 1;
    }
    assert!((1..=4).contains(&turned_away), "{turned_away}");
}
