//! Sessions are renewed, and nothing is lost by it.

use std::collections::BTreeSet;
use std::time::Duration;

use chinwag_core::input::Link;
use chinwag_net::{Ended, Lane, NetEvent, Settings, Why};
use tokio::time::Instant;

use crate::harness::{PATIENCE, Peer, settings};

/// An hour, in this story.
const HOUR: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_session_is_renewed_without_a_gap_and_without_a_loss() {
    let young = |seed| Settings { renew_after: HOUR, ..settings(seed) };
    let (mut a, mut b) = (Peer::with(young(1)).await, Peer::with(young(2)).await);
    a.dial(&b);
    let mut at_a: BTreeSet<Link> = BTreeSet::from([a.connected().await.0]);
    let mut at_b: BTreeSet<Link> = BTreeSet::from([b.connected().await.0]);
    let (mut sent, mut heard) = ([0_u32; 2], [BTreeSet::new(), BTreeSet::new()]);
    let (mut renewals, mut reasons) = (0, Vec::new());
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    while renewals < 3 {
        assert!(Instant::now() < deadline, "{renewals} renewals in time");
        tokio::select! {
            _ = ticks.tick() => {
                for (who, (peer, links)) in [(&a, &at_a), (&b, &at_b)].into_iter().enumerate() {
                    let number = sent[who];
                    // On every connection that is there, as the core does it.
                    let lane = if number.is_multiple_of(2) { Lane::Live } else { Lane::Bulk };
                    let frame = number.to_be_bytes().to_vec();
                    let goes = |link: &Link| peer.network.send(*link, lane, frame.clone()).is_ok();
                    let is_sent = links.iter().filter(|link| goes(link)).count() > 0;
                    assert!(is_sent, "there is always a connection that takes it");
                    sent[who] += 1;
                }
            }
            Some(event) = a.events.recv() => {
                let replaced = note(event, &mut at_a, &mut heard[0]);
                renewals += usize::from(replaced.is_some());
                reasons.extend(replaced);
                assert!(!at_a.is_empty(), "there is always a connection");
            }
            Some(event) = b.events.recv() => {
                note(event, &mut at_b, &mut heard[1]);
                assert!(!at_b.is_empty(), "there is always a connection");
            }
        }
    }
    // What is on its way still comes.
    let deadline = Instant::now() + PATIENCE;
    while heard[0].len() < sent[1] as usize || heard[1].len() < sent[0] as usize {
        tokio::select! {
            Some(event) = a.events.recv() => { note(event, &mut at_a, &mut heard[0]); }
            Some(event) = b.events.recv() => { note(event, &mut at_b, &mut heard[1]); }
            () = tokio::time::sleep_until(deadline) => panic!("{sent:?}, {}", heard[0].len()),
        }
    }
    let renewed = |why: &Ended| {
        let (Ended::ByUs(why) | Ended::ByPeer(why)) = why else { return false };
        matches!(why, Why::Replaced | Why::Old)
    };
    assert!(reasons.iter().all(renewed), "{reasons:?}");
}

/// Keeps the links that are there and the numbers that came; how a link ended.
fn note(event: NetEvent, links: &mut BTreeSet<Link>, heard: &mut BTreeSet<u32>) -> Option<Ended> {
    match event {
        NetEvent::Connected { link, .. } => {
            links.insert(link);
        }
        NetEvent::Frame { bytes, .. } => {
            heard.insert(u32::from_be_bytes(*bytes.first_chunk().unwrap()));
        }
        NetEvent::Disconnected { link, why } => {
            links.remove(&link);
            return Some(why);
        }
        _ => {}
    }
    None
}

#[tokio::test]
async fn every_frame_that_was_taken_before_a_connection_is_replaced_arrives() {
    let young = |seed| Settings { renew_after: HOUR, ..settings(seed) };
    let (mut a, mut b) = (Peer::with(young(1)).await, Peer::with(young(2)).await);
    a.dial(&b);
    let (first_a, ..) = a.connected().await;
    let (first_b, ..) = b.connected().await;
    let (mut sent, mut heard, mut is_open) = (0_u32, 0_u32, true);
    let deadline = Instant::now() + PATIENCE;
    // On the first connection alone, for as long as it takes anything.
    loop {
        tokio::select! {
            () = tokio::task::yield_now(), if is_open && sent < heard + 500 => {
                let lane = if sent.is_multiple_of(2) { Lane::Live } else { Lane::Bulk };
                match a.network.send(first_a, lane, vec![1; 2_000]) {
                    Ok(()) => sent += 1,
                    Err(_) => is_open = false,
                }
            }
            Some(event) = b.events.recv() => match event {
                NetEvent::Frame { link, .. } if link == first_b => heard += 1,
                NetEvent::Disconnected { link, .. } if link == first_b => break,
                _ => {}
            },
            Some(_) = a.events.recv() => {}
            () = tokio::time::sleep_until(deadline) => panic!("the connection is replaced in time"),
        }
    }
    assert!(sent > 0 && sent == heard, "{sent} sent, {heard} heard");
}
