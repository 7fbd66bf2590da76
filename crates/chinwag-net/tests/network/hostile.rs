//! Peers that misbehave: each is told why it is closed, and costs a bounded amount of memory.

use std::time::Duration;

use chinwag_net::limits::{
    ALPN, BULK_QUEUE_MAX, CONNECTION_WINDOW, FRAME_MAX, FRAME_WITHIN, LIVE_QUEUE_MAX, RECEIVED_MAX,
};
use chinwag_net::{Ended, Lane, NotSent, Why};
use iroh::endpoint::{Connection, ConnectionError};
use tokio::time::timeout;

use crate::harness::{PATIENCE, Peer, bare, hybrid, intruder, two, whereabouts};

/// Why the other side closed.
async fn told(connection: &Connection) -> Why {
    match timeout(PATIENCE, connection.closed()).await.unwrap() {
        ConnectionError::ApplicationClosed(close) => Why::from_code(close.error_code.into()),
        other => panic!("{other:?}"),
    }
}

/// A peer says these bytes on a stream of its own.
async fn says(bytes: &[u8]) -> (Peer, iroh::Endpoint, Connection) {
    let mut peer = Peer::new(1).await;
    let (endpoint, connection, _) = intruder(&mut peer).await;
    let mut stream = connection.open_uni().await.unwrap();
    stream.write_all(bytes).await.unwrap();
    std::mem::forget(stream);
    (peer, endpoint, connection)
}

async fn is_closed_for(bytes: &[u8], why: Why) {
    let (mut peer, _endpoint, connection) = says(bytes).await;
    assert_eq!(told(&connection).await, why);
    assert_eq!(peer.disconnected().await.1, Ended::ByUs(why));
}

#[tokio::test]
async fn a_frame_that_says_it_is_too_long_is_not_waited_for() {
    let over = u32::try_from(FRAME_MAX + 1).unwrap();
    for len in [over, u32::MAX, 0] {
        is_closed_for(&[&[1], len.to_be_bytes().as_slice()].concat(), Why::FrameLength).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_no_lane_is_a_fault() {
    is_closed_for(&[3], Why::WrongStream).await;
}

#[tokio::test]
async fn a_frame_that_does_not_come_is_not_waited_for_longer_than_it_may_take() {
    let begun = std::time::Instant::now();
    is_closed_for(&[1, 0, 0, 0, 9, 42], Why::SlowFrame).await;
    assert!(begun.elapsed() >= FRAME_WITHIN);
}

#[tokio::test]
async fn a_second_stream_of_one_lane_is_a_fault() {
    let (_peer, _endpoint, connection) = says(&[1]).await;
    let mut second = connection.open_uni().await.unwrap();
    second.write_all(&[1]).await.unwrap();
    assert_eq!(told(&connection).await, Why::WrongStream);
}

#[tokio::test]
async fn a_stream_that_ends_within_a_frame_is_a_fault() {
    let mut peer = Peer::new(1).await;
    let (_endpoint, connection, _) = intruder(&mut peer).await;
    let mut stream = connection.open_uni().await.unwrap();
    stream.write_all(&[1, 0, 0, 0, 9, 42]).await.unwrap();
    stream.finish().unwrap();
    assert_eq!(told(&connection).await, Why::WrongStream);
}

#[tokio::test]
async fn a_bulk_frame_that_waits_for_what_never_comes_is_a_fault_once_that_is_sure() {
    let bulk = [[2].as_slice(), &1_u32.to_be_bytes(), &7_u64.to_be_bytes(), &[42]].concat();
    let (_peer, _endpoint, connection) = says(&bulk).await;
    let mut live = connection.open_uni().await.unwrap();
    live.write_all(&[1]).await.unwrap();
    live.finish().unwrap();
    assert_eq!(told(&connection).await, Why::WrongStream);
}

#[tokio::test]
async fn who_did_what_nobody_may_do_is_shut_out_for_a_while() {
    let (peer, endpoint, connection) = says(&[3]).await;
    assert_eq!(told(&connection).await, Why::WrongStream);
    let again = endpoint.connect(whereabouts(&peer), ALPN).await.unwrap();
    assert_eq!(told(&again).await, Why::ShutOut);
}

#[tokio::test]
async fn one_device_has_no_more_than_three_connections() {
    let mut peer = Peer::new(1).await;
    let (endpoint, first, _) = intruder(&mut peer).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(endpoint.connect(whereabouts(&peer), ALPN).await.unwrap());
        peer.connected().await;
    }
    assert_eq!(told(&first).await, Why::Replaced);
    assert!(others.iter().all(|connection| connection.close_reason().is_none()));
}

#[tokio::test]
async fn a_peer_that_never_reads_is_closed_before_it_costs_more_than_its_queue() {
    let mut peer = Peer::new(1).await;
    let (_endpoint, connection, link) = intruder(&mut peer).await;
    let mut taken = 0;
    let frame = vec![7; 100_000];
    // Time for what is taken to be handed to QUIC, for as long as QUIC takes anything.
    let refused = loop {
        match peer.network.send(link, Lane::Live, frame.clone()) {
            Ok(()) => taken += frame.len(),
            Err(refused) => break refused,
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(refused, NotSent::DoesNotRead);
    let most = LIVE_QUEUE_MAX + usize::try_from(CONNECTION_WINDOW).unwrap() + 2 * frame.len();
    assert!(taken <= most, "{taken} of {most}");
    assert_eq!(peer.disconnected().await, (link, Ended::ByUs(Why::DoesNotRead)));
    assert_eq!(told(&connection).await, Why::DoesNotRead);
}

#[tokio::test]
async fn frames_for_an_owner_who_is_busy_wait_at_their_sender() {
    let (a, to_b, b, _) = two().await;
    let frame = vec![7; FRAME_MAX];
    let (mut taken, mut refused) = (0, None);
    for _ in 0..1_000 {
        if let Err(error) = a.network.send(to_b, Lane::Bulk, frame.clone()) {
            refused = Some(error);
            break;
        }
        taken += frame.len();
        // As long as the other side takes something, the next frame has room.
        let _ = timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
    }
    let windows = usize::try_from(2 * CONNECTION_WINDOW).unwrap();
    let most = BULK_QUEUE_MAX + RECEIVED_MAX + windows + 2 * FRAME_MAX;
    assert!(taken <= most, "{taken} of {most}");
    assert_eq!(refused, Some(NotSent::DoesNotRead));
    drop(b);
}

#[tokio::test]
async fn a_thousand_packets_that_only_look_like_handshakes_keep_nobody_out() {
    let mut peer = Peer::new(1).await;
    // Packets that look like the beginning of a handshake and are not.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..1_000_u32 {
        let mut packet = vec![0xc0, 0, 0, 0, 1, 8];
        packet.extend_from_slice(&[number.to_be_bytes(), number.to_be_bytes()].concat());
        packet.resize(1_200, 0);
        socket.send_to(&packet, peer.address()).unwrap();
    }
    let endpoint = bare(8, hybrid()).await;
    let _connection = endpoint.connect(whereabouts(&peer), ALPN).await.unwrap();
    peer.connected().await;
}

#[tokio::test]
async fn a_connection_that_is_closed_before_its_owner_heard_of_it_ends_as_well() {
    let (sender, events) = tokio::sync::mpsc::channel(1);
    let network = chinwag_net::Network::start(crate::harness::settings(1), sender).await.unwrap();
    let mut peer = Peer { network, events };
    let (mut kept, mut endpoints) = (Vec::new(), Vec::new());
    // The first fills the channel, the second waits.
    for seed in [8, 9] {
        let endpoint = bare(seed, hybrid()).await;
        kept.push(endpoint.connect(whereabouts(&peer), ALPN).await.unwrap());
        while peer.network.peers().len() < kept.len() {
            tokio::task::yield_now().await;
        }
        endpoints.push(endpoint);
    }
    let link = peer.network.peers()[1].link;
    peer.network.close(link, Why::TooManySessions);
    assert_eq!(peer.disconnected().await, (link, Ended::ByUs(Why::TooManySessions)));
}
