//! Relays: who uses them, what leads by them, and what is said when they do not lead there.
//!
//! The relay is on loopback. Two peers of which one listens on IPv4 alone and the other on IPv6 alone have
//! no direct way to each other, as if something stood between them.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use chinwag_core::ticket::Address;
use chinwag_net::{DialFault, NetEvent, Outcome, Relays, Settings};
use chinwag_relay::{Certificate, sign_own};
use tempfile::TempDir;

use crate::harness::{PATIENCE, Peer, loopback, settings};

/// A relay on loopback, with a certificate of its own.
pub(crate) struct Relay {
    runs: chinwag_relay::Relay,
    certificate: Vec<u8>,
    _folder: TempDir,
}

impl Relay {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut chinwag_relay::Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let (chain, key) = sign_own(folder.path(), &["127.0.0.1".to_owned()]).unwrap();
        let certificate = std::fs::read(&chain).unwrap();
        let mut settings = chinwag_relay::Settings {
            https: loopback(),
            http: loopback(),
            quic: loopback(),
            metrics: None,
            certificate: Certificate::Files { chain, key },
            connections_max: 100,
            bytes_per_second: None,
            allowed: None,
        };
        change(&mut settings);
        let runs = chinwag_relay::Relay::start(settings).await.unwrap();
        Self { runs, certificate, _folder: folder }
    }

    /// As it is named in a ticket.
    pub(crate) fn name(&self) -> String {
        format!("https://{}", self.runs.https().unwrap())
    }

    fn address(&self) -> Address {
        Address::Relay(self.name())
    }

    /// As it is named in a config, and trusted.
    pub(crate) fn relays(&self) -> Relays {
        self.relays_without_certificate().trusting(&self.certificate).unwrap()
    }

    /// The same by somebody who has no copy of its certificate.
    pub(crate) fn relays_without_certificate(&self) -> Relays {
        let name = format!("{}?quic={}", self.name(), self.runs.quic().unwrap().port());
        Relays::new(vec![name.parse().unwrap()]).unwrap()
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.runs.stop().await;
    }

    /// Settings of somebody who uses it, and listens there alone.
    fn user(&self, seed: u8, listens: &str) -> Settings {
        let relays = self.relays();
        Settings { bind: vec![listens.parse().unwrap()], relays, ..settings(seed) }
    }

    async fn peer(&self, seed: u8, listens: &str) -> Peer {
        let peer = Peer::with(self.user(seed, listens)).await;
        let arrived = async { while !peer.network.until_at_relay().await {} };
        tokio::time::timeout(PATIENCE, arrived).await.expect("it finds the relay in time");
        peer
    }
}

const V4: &str = "127.0.0.1:0";
const V6: &str = "[::1]:0";

async fn fault(peer: &mut Peer) -> DialFault {
    peer.expect(|event| match event {
        NetEvent::Attempt { outcome: Outcome::Failed { why, .. }, .. } => Some(why),
        _ => None,
    })
    .await
}

/// Waits until the connections of a peer go by the way that is wanted.
async fn until_path(peer: &Peer, is_wanted: impl Fn(&Address) -> bool) {
    let arrived = async {
        loop {
            let paths = peer.network.peers();
            if paths.iter().any(|path| path.address.as_ref().is_some_and(&is_wanted)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, arrived).await;
    assert!(in_time.is_ok(), "{:?}", peer.network.peers());
}

#[tokio::test]
async fn who_has_no_direct_way_meets_at_the_relay_and_frames_go_both_ways() {
    let relay = Relay::new().await;
    let (mut ana, mut bob) = (relay.peer(1, V4).await, relay.peer(2, V6).await);
    assert_eq!(bob.network.addresses()[0], relay.address(), "tickets say where we are");
    ana.network.dial(bob.device(), &[relay.address()]);
    let (to_bob, device, _) = ana.connected().await;
    let (to_ana, _, _) = bob.connected().await;
    assert_eq!(device, bob.device());
    for n in 1..=20_u8 {
        ana.network.send(to_bob, chinwag_net::Lane::Live, vec![n; 1_000]).unwrap();
        bob.network.send(to_ana, chinwag_net::Lane::Live, vec![n; 1_000]).unwrap();
    }
    for n in 1..=20_u8 {
        assert_eq!(ana.frame().await.2, vec![n; 1_000]);
        assert_eq!(bob.frame().await.2, vec![n; 1_000]);
    }
    let path = &ana.network.peers()[0];
    assert_eq!(path.address, Some(relay.address()));
    assert_eq!(relay.runs.counts().devices, 2);
}

#[tokio::test]
async fn whoever_meets_at_a_relay_goes_on_directly_where_that_is_possible() {
    let relay = Relay::new().await;
    let (ana, bob) = (relay.peer(1, V4).await, relay.peer(2, V4).await);
    ana.network.dial(bob.device(), &[relay.address()]);
    until_path(&ana, |at| *at == Address::Direct(bob.address())).await;
    until_path(&bob, |at| *at == Address::Direct(ana.address())).await;

    // What is direct goes on when the relay is gone.
    relay.runs.stop().await;
    let (link, sent) = (ana.network.peers()[0].link, vec![7; 100]);
    ana.network.send(link, chinwag_net::Lane::Live, sent.clone()).unwrap();
    let mut bob = bob;
    assert_eq!(bob.frame().await.2, sent);
}

#[tokio::test]
async fn a_relay_that_the_config_does_not_name_is_never_asked() {
    let relay = Relay::new().await;
    let bob = relay.peer(2, V6).await;
    let mut ana = Peer::with(settings(1)).await;
    ana.network.dial(bob.device(), &[relay.address()]);
    assert_eq!(fault(&mut ana).await, DialFault::RelayNotInUse(relay.name()));
    assert_eq!(relay.runs.counts().let_in, 1, "it is Bob's");
    assert!(!ana.network.until_at_relay().await);
}

#[tokio::test]
async fn whoever_is_at_our_relay_is_found_though_nobody_has_told_where_they_are() {
    let relay = Relay::new().await;
    let (mut ana, bob) = (relay.peer(1, V4).await, relay.peer(2, V6).await);
    ana.network.dial(bob.device(), &[]);
    assert_eq!(ana.connected().await.1, bob.device());
}

#[tokio::test]
async fn what_is_the_matter_is_said_when_nobody_comes_by_a_relay() {
    let relay = Relay::new().await;
    let bob = Peer::with(settings(2)).await;
    let mut ana = relay.peer(1, V4).await;
    ana.network.dial(bob.device(), &[relay.address()]);
    assert_eq!(fault(&mut ana).await, DialFault::NotAtRelay(relay.name()));

    let name = relay.name();
    relay.runs.stop().await;
    ana.network.connect_now(bob.device());
    while fault(&mut ana).await != DialFault::RelayAway(name.clone()) {}
    let state = &ana.network.relays()[0];
    assert_eq!((&state.url, state.is_connected), (&name, false));
}

#[tokio::test]
async fn a_relay_lets_in_those_on_its_list_alone_and_says_so() {
    let named = Peer::with(settings(1)).await.device();
    let allowed: BTreeSet<[u8; 32]> = [*named.as_bytes()].into();
    let relay = Relay::with(|settings| settings.allowed = Some(allowed)).await;
    let ana = relay.peer(1, V4).await;
    assert!(ana.network.relays()[0].is_home);
    let eve = Peer::with(relay.user(2, V4)).await;
    assert!(!eve.network.until_at_relay().await);
    let fault = eve.network.relays()[0].fault.clone();
    assert_eq!(fault.as_deref(), Some("it does not let us in: it is not for this device"));
}

#[tokio::test]
async fn a_relay_with_a_certificate_that_nobody_vouches_for_is_not_used() {
    let relay = Relay::new().await;
    let mut user = relay.user(1, V4);
    let name = format!("{}?quic={}", relay.name(), relay.runs.quic().unwrap().port());
    user.relays = Relays::new(vec![name.parse().unwrap()]).unwrap();
    let ana = Peer::with(user).await;
    assert!(!ana.network.until_at_relay().await);
    assert_eq!(relay.runs.counts().let_in, 0);
    assert!(!ana.network.relays()[0].is_home);
}

#[tokio::test]
async fn who_goes_by_a_relay_is_there_again_when_the_relay_is() {
    let relay = Relay::new().await;
    let at: SocketAddr = relay.runs.https().unwrap();
    let quic = relay.runs.quic().unwrap();
    let (mut ana, mut bob) = (relay.peer(1, V4).await, relay.peer(2, V6).await);
    ana.network.dial(bob.device(), &[relay.address()]);
    ana.connected().await;
    bob.connected().await;
    let Relay { runs, _folder: folder, .. } = relay;
    runs.stop().await;
    ana.expect(|event| matches!(event, NetEvent::Disconnected { .. }).then_some(())).await;

    let (chain, key) = sign_own(folder.path(), &["127.0.0.1".to_owned()]).unwrap();
    let again = chinwag_relay::Settings {
        https: at,
        http: loopback(),
        quic,
        metrics: None,
        certificate: Certificate::Files { chain, key },
        connections_max: 100,
        bytes_per_second: None,
        allowed: None,
    };
    let _again = chinwag_relay::Relay::start(again).await.unwrap();
    ana.connected().await;
}
