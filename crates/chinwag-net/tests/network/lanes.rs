//! Two lanes, each in order; the live one is not behind the other.

use std::time::{Duration, Instant};

use chinwag_net::{Lane, NotSent};

use crate::harness::two;

#[tokio::test]
async fn each_lane_keeps_its_order() {
    let (a, to_b, mut b, _) = two().await;
    for number in 0..2_000_u32 {
        let lane = if number % 3 == 0 { Lane::Bulk } else { Lane::Live };
        let mut frame = number.to_be_bytes().to_vec();
        frame.resize(4 + usize::try_from(number % 977).unwrap() * 20, 0);
        a.network.send(to_b, lane, frame).unwrap();
    }
    let mut last = [None, None];
    for _ in 0..2_000 {
        let (_, lane, frame) = b.frame().await;
        let number = Some(u32::from_be_bytes(*frame.first_chunk().unwrap()));
        let last = &mut last[usize::from(lane == Lane::Bulk)];
        assert!(number > *last, "{number:?} after {last:?} in {lane:?}");
        *last = number;
    }
}

#[tokio::test]
async fn a_bulk_frame_does_not_overtake_a_live_one_that_was_sent_before_it() {
    let (a, to_b, mut b, _) = two().await;
    for _ in 0..20 {
        a.network.send(to_b, Lane::Live, vec![1; 1_000_000]).unwrap();
        a.network.send(to_b, Lane::Bulk, vec![2]).unwrap();
        assert_eq!(b.frame().await.1, Lane::Live);
        assert_eq!(b.frame().await.1, Lane::Bulk);
    }
}

/// Bytes of bulk in this story; the bench has ten times as much.
const BULK: usize = 20 * 1_024 * 1_024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_frame_is_not_behind_bulk() {
    let (a, to_b, mut b, _) = two().await;
    let page = 256 * 1_024;
    for _ in 0..BULK / page {
        a.network.send(to_b, Lane::Bulk, vec![2; page]).unwrap();
    }
    a.network.send(to_b, Lane::Live, vec![1]).unwrap();
    let (mut before, started) = (0, Instant::now());
    while b.frame().await.1 == Lane::Bulk {
        before += page;
    }
    // All of the bulk was there first. What may go before is what is on its way already.
    assert!(before < BULK / 2, "{before} bytes of bulk came first, in {:?}", started.elapsed());
}

#[tokio::test]
async fn nobody_who_sends_waits() {
    let (a, to_b, _b, _) = two().await;
    let started = Instant::now();
    while a.network.send(to_b, Lane::Live, vec![0; 1_000_000]) != Err(NotSent::DoesNotRead) {
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
