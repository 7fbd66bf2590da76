//! Two devices find each other by an address, and know whom they have.

use chinwag_core::ticket::Address;
use chinwag_net::limits::ALPN;
use chinwag_net::{DialFault, Ended, Lane, NetEvent, NotSent, Outcome, Settings, Why};
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use crate::harness::{Peer, bare, settings, two, whereabouts};

async fn fault(peer: &mut Peer) -> DialFault {
    peer.expect(|event| match event {
        NetEvent::Attempt { outcome: Outcome::Failed { why, .. }, .. } => Some(why),
        NetEvent::Connected { .. } => panic!("nobody is to be connected"),
        _ => None,
    })
    .await
}

/// iroh 1.4 lets whoever dials wait when the other side refuses a handshake of two packets, as ours
/// are: then it looks as if nobody answered.
fn is_no_match(why: &DialFault) -> bool {
    matches!(why, DialFault::Incompatible(_) | DialFault::NobodyAnswers)
}

#[tokio::test]
async fn two_devices_connect_by_an_address_and_exchange_frames() {
    let (mut a, to_b, mut b, to_a) = two().await;
    a.network.send(to_b, Lane::Live, b"hello".to_vec()).unwrap();
    b.network.send(to_a, Lane::Bulk, b"history".to_vec()).unwrap();
    assert_eq!(b.frame().await, (to_a, Lane::Live, b"hello".to_vec()));
    assert_eq!(a.frame().await, (to_b, Lane::Bulk, b"history".to_vec()));
}

#[tokio::test]
async fn a_connection_says_where_it_leads_and_what_went_over_it() {
    let (a, to_b, mut b, _) = two().await;
    a.network.send(to_b, Lane::Live, vec![0; 100_000]).unwrap();
    b.frame().await;
    let [path] = a.network.peers().try_into().unwrap();
    assert_eq!((path.link, path.device, path.is_dialled), (to_b, b.device(), true));
    assert_eq!(path.address, Some(Address::Direct(b.address())));
    assert!(path.bytes_sent > 100_000, "{path:?}");
    assert!(path.rtt.is_some() && path.bytes_received > 0, "{path:?}");
}

#[tokio::test]
async fn our_addresses_have_the_port_that_we_listen_on() {
    let peer = Peer::new(1).await;
    assert_eq!(peer.network.addresses(), [Address::Direct(peer.address())]);
}

#[tokio::test]
async fn a_remembered_port_is_taken_again_and_any_other_if_it_is_not_free() {
    // Below those that the system gives, so that no other test gets it in between.
    let port = Some(20_000 + u16::try_from(std::process::id() % 10_000).unwrap());
    let with_port = |seed| Peer::with(Settings { port, ..settings(seed) });
    let first = with_port(1).await;
    assert_eq!(first.network.port(), port);
    let beside = with_port(2).await;
    assert_ne!(beside.network.port(), port);
    first.network.stop().await;
    drop(first);
    assert_eq!(with_port(1).await.network.port(), port);
}

#[tokio::test]
async fn a_device_that_is_not_at_its_address_is_not_taken_for_the_one_that_is() {
    let (mut a, b, c) = (Peer::new(1).await, Peer::new(2).await, Peer::new(3).await);
    a.network.dial(b.device(), &[Address::Direct(c.address())]);
    assert_eq!(fault(&mut a).await, DialFault::WrongDevice);
}

#[tokio::test]
async fn a_right_address_is_found_beside_one_where_another_device_answers() {
    let (mut a, b, c) = (Peer::new(1).await, Peer::new(2).await, Peer::new(3).await);
    a.network.dial(b.device(), &[Address::Direct(c.address()), Address::Direct(b.address())]);
    assert_eq!(a.connected().await.1, b.device());
}

#[tokio::test]
async fn a_device_of_which_only_a_relay_is_known_is_not_dialled() {
    let (mut a, b) = (Peer::new(1).await, Peer::new(2).await);
    a.network.dial(b.device(), &[Address::Relay("https://relay.example".into())]);
    assert_eq!(fault(&mut a).await, DialFault::RelayNotInUse("https://relay.example".into()));
}

#[tokio::test]
async fn without_an_address_it_is_said_that_there_is_none() {
    let (mut a, b) = (Peer::new(1).await, Peer::new(2).await);
    a.network.dial(b.device(), &[]);
    assert_eq!(fault(&mut a).await, DialFault::NoAddress);
}

#[tokio::test]
async fn we_are_not_dialled_by_ourselves() {
    let mut a = Peer::new(1).await;
    a.dial(&a);
    assert_eq!(fault(&mut a).await, DialFault::Ourselves);
}

#[tokio::test]
async fn a_classical_key_exchange_is_refused_by_whoever_is_dialled() {
    let mut peer = Peer::new(1).await;
    let classical = CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    };
    let endpoint = bare(9, classical).await;
    let error = endpoint.connect(whereabouts(&peer), ALPN).await.unwrap_err();
    assert!(format!("{error:?}").contains("handshake"), "{error:?}");
    // The same endpoint with the hybrid exchange gets in: it was for nothing else.
    endpoint.close().await;
    crate::harness::intruder(&mut peer).await;
}

#[tokio::test]
async fn a_classical_key_exchange_is_refused_by_whoever_dials() {
    let mut peer = Peer::new(1).await;
    let classical = CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    };
    let endpoint = bare(9, classical).await;
    tokio::spawn({
        let endpoint = endpoint.clone();
        async move { endpoint.accept().await.unwrap().await.map(drop) }
    });
    let at = endpoint.bound_sockets()[0];
    let device = chinwag_core::ids::DeviceId::from_bytes(endpoint.id().as_bytes()).unwrap();
    peer.network.dial(device, &[Address::Direct(at)]);
    let why = fault(&mut peer).await;
    assert!(is_no_match(&why), "{why:?}");
}

#[tokio::test]
async fn nobody_who_speaks_another_protocol_is_connected() {
    let mut peer = Peer::new(1).await;
    let endpoint = bare(9, crate::harness::hybrid()).await;
    endpoint.set_alpns(vec![b"other/1".to_vec()]);
    tokio::spawn({
        let endpoint = endpoint.clone();
        async move { endpoint.accept().await.unwrap().await.map(drop) }
    });
    let at = endpoint.bound_sockets()[0];
    let device = chinwag_core::ids::DeviceId::from_bytes(endpoint.id().as_bytes()).unwrap();
    peer.network.dial(device, &[Address::Direct(at)]);
    let why = fault(&mut peer).await;
    assert!(is_no_match(&why), "{why:?}");
}

#[tokio::test]
async fn a_closed_connection_hands_over_what_was_sent_and_says_why() {
    let (mut a, to_b, mut b, to_a) = two().await;
    for number in 0..100_u8 {
        a.network.send(to_b, Lane::Live, vec![number; 1_000]).unwrap();
        a.network.send(to_b, Lane::Bulk, vec![number; 10_000]).unwrap();
    }
    a.network.close(to_b, Why::NotMember);
    assert_eq!(a.network.send(to_b, Lane::Live, vec![1]), Err(NotSent::Gone));
    let mut lens = [0, 0];
    for _ in 0..200 {
        let (_, lane, bytes) = b.frame().await;
        lens[usize::from(lane == Lane::Bulk)] += bytes.len();
    }
    assert_eq!(lens, [100_000, 1_000_000]);
    assert_eq!(b.disconnected().await, (to_a, Ended::ByPeer(Why::NotMember)));
    assert_eq!(a.disconnected().await, (to_b, Ended::ByUs(Why::NotMember)));
}

#[tokio::test]
async fn frames_that_nobody_may_send_are_not_sent() {
    let (a, to_b, ..) = two().await;
    let over = chinwag_net::limits::FRAME_MAX + 1;
    for len in [0, over] {
        let sent = a.network.send(to_b, Lane::Live, vec![0; len]);
        assert_eq!(sent, Err(NotSent::Length(len)));
    }
}

#[tokio::test]
async fn the_longest_frame_arrives_in_both_lanes() {
    let (a, to_b, mut b, _) = two().await;
    for lane in [Lane::Live, Lane::Bulk] {
        let len = chinwag_net::limits::FRAME_MAX;
        a.network.send(to_b, lane, vec![7; len]).unwrap();
        let (_, came_in, bytes) = b.frame().await;
        assert_eq!((came_in, bytes.len()), (lane, len));
    }
}

#[tokio::test]
async fn stopping_says_goodbye_within_a_second() {
    let (a, _, mut b, to_a) = two().await;
    let started = std::time::Instant::now();
    a.network.stop().await;
    assert!(started.elapsed().as_secs_f32() < 1.0, "{:?}", started.elapsed());
    assert_eq!(b.disconnected().await, (to_a, Ended::ByPeer(Why::Done)));
}

#[tokio::test]
async fn stopping_does_not_wait_for_an_owner_who_no_longer_listens() {
    let (a, _, b, to_a) = two().await;
    for _ in 0..1_000 {
        b.network.send(to_a, Lane::Live, vec![1; 1_000]).unwrap();
    }
    let started = std::time::Instant::now();
    a.network.stop().await;
    assert!(started.elapsed().as_secs_f32() < 1.0, "{:?}", started.elapsed());
}

#[tokio::test]
async fn under_another_key_we_are_another_device_and_find_those_we_want() {
    let (mut a, to_b, mut b, to_a) = two().await;
    let old = a.device();
    a.network.rename(chinwag_net::Seed::new([7; 32])).await.unwrap();
    assert_ne!(a.device(), old);
    assert_eq!(b.disconnected().await, (to_a, Ended::ByPeer(Why::Done)));
    assert_eq!(a.disconnected().await.0, to_b);
    assert_eq!(b.connected().await.1, a.device());
    assert_eq!(a.connected().await.1, b.device());
}

#[tokio::test]
async fn forty_devices_that_come_at_once_are_all_let_in() {
    let mut peer = Peer::new(1).await;
    let mut coming = tokio::task::JoinSet::new();
    for seed in 100..140 {
        let endpoint = bare(seed, crate::harness::hybrid()).await;
        let at = whereabouts(&peer);
        coming.spawn(async move { (endpoint.connect(at, ALPN).await.unwrap(), endpoint) });
    }
    let mut devices = std::collections::BTreeSet::new();
    while devices.len() < 40 {
        devices.insert(peer.connected().await.1);
    }
    assert_eq!(coming.join_all().await.len(), 40);
}
