//! What the stories are told with: a network and what it says, and a bare QUIC peer that can
//! misbehave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag_core::ids::DeviceId;
use chinwag_core::input::Link;
use chinwag_core::ticket::Address;
use chinwag_net::limits::ALPN;
use chinwag_net::{Ended, Lane, NetEvent, Network, Seed, Settings};
use iroh::endpoint::{Connection, presets};
use iroh::{Endpoint, EndpointAddr, SecretKey, TransportAddr};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How long a story waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Events that wait for a peer of a story.
const EVENTS_MAX: usize = 64;

/// One network, and what it tells.
pub(crate) struct Peer {
    pub(crate) network: Network,
    pub(crate) events: mpsc::Receiver<NetEvent>,
}

pub(crate) fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Settings on loopback, without mDNS.
pub(crate) fn settings(seed: u8) -> Settings {
    Settings { bind: vec![loopback()], lan: false, ..Settings::new(Seed::new([seed; 32])) }
}

impl Peer {
    pub(crate) async fn new(seed: u8) -> Self {
        Self::with(settings(seed)).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        Self { network: Network::start(settings, sender).await.unwrap(), events }
    }

    pub(crate) fn device(&self) -> DeviceId {
        self.network.device().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::new(loopback().ip(), self.network.port().unwrap())
    }

    pub(crate) fn dial(&self, other: &Self) {
        self.network.dial(other.device(), &[Address::Direct(other.address())]);
    }

    /// The next event that the story is about.
    pub(crate) async fn expect<T>(&mut self, mut wanted: impl FnMut(NetEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = tokio::time::timeout_at(deadline, self.events.recv()).await;
            let event = event.expect("the event comes in time").expect("the network lives");
            if let Some(wanted) = wanted(event) {
                return wanted;
            }
        }
    }

    pub(crate) async fn connected(&mut self) -> (Link, DeviceId, bool) {
        self.expect(|event| match event {
            NetEvent::Connected { link, device, is_dialled, .. } => {
                Some((link, device, is_dialled))
            }
            _ => None,
        })
        .await
    }

    pub(crate) async fn disconnected(&mut self) -> (Link, Ended) {
        self.expect(|event| match event {
            NetEvent::Disconnected { link, why } => Some((link, why)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn frame(&mut self) -> (Link, Lane, Vec<u8>) {
        self.expect(|event| match event {
            NetEvent::Frame { link, lane, bytes, .. } => Some((link, lane, bytes)),
            _ => None,
        })
        .await
    }

    /// Whether exactly one connection is there, in time.
    pub(crate) async fn settles(&mut self) -> Link {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let peers = self.network.peers();
            if let [peer] = peers.as_slice() {
                return peer.link;
            }
            assert!(Instant::now() < deadline, "one connection remains: {peers:?}");
            // Any event may be the one that changes it; the owner has to take them in any case.
            let _ = timeout(Duration::from_millis(20), self.events.recv()).await;
        }
    }
}

/// Two peers, and the link of each to the other. The first dialled.
pub(crate) async fn two() -> (Peer, Link, Peer, Link) {
    let (mut a, mut b) = (Peer::new(1).await, Peer::new(2).await);
    a.dial(&b);
    let (to_b, device, is_dialled) = a.connected().await;
    assert_eq!((device, is_dialled), (b.device(), true));
    let (to_a, device, is_dialled) = b.connected().await;
    assert_eq!((device, is_dialled), (a.device(), false));
    (a, to_b, b, to_a)
}

/// A bare endpoint that speaks our protocol's name, and whatever a story makes it say.
pub(crate) async fn bare(seed: u8, provider: CryptoProvider) -> Endpoint {
    Endpoint::builder(presets::Minimal)
        .crypto_provider(Arc::new(provider))
        .secret_key(SecretKey::from_bytes(&[seed; 32]))
        .alpns(vec![ALPN.to_vec()])
        .clear_ip_transports()
        .bind_addr(loopback())
        .unwrap()
        .bind()
        .await
        .unwrap()
}

pub(crate) fn hybrid() -> CryptoProvider {
    CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
        ..aws_lc_rs::default_provider()
    }
}

/// Where a peer is, for a bare endpoint.
pub(crate) fn whereabouts(peer: &Peer) -> EndpointAddr {
    let id = iroh::EndpointId::from_bytes(peer.device().as_bytes()).unwrap();
    EndpointAddr::from_parts(id, [TransportAddr::Ip(peer.address())])
}

/// A bare peer that is connected to one of ours.
pub(crate) async fn intruder(peer: &mut Peer) -> (Endpoint, Connection, Link) {
    let endpoint = bare(9, hybrid()).await;
    let connection = endpoint.connect(whereabouts(peer), ALPN).await.unwrap();
    let (link, _, _) = peer.connected().await;
    (endpoint, connection, link)
}
