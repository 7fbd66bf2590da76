//! Between the network and the node: what comes from one goes to the other, in order and bounded.

use std::sync::Arc;

use chinwag_core::input::Input;
use chinwag_core::ticket::Address;
use chinwag_net::{Ended, Held, NetEvent, Network, Outcome, Seed, Settings};
use tokio::sync::mpsc;

use crate::attempts::{FailedAttempt, closed, word};
use crate::home::Home;
use crate::log::scrubbed;
use crate::node_thread::{Job, NodeThread};
use crate::shared::{Order, Shared};
use crate::time::now;

/// Events of the network that wait for the node. While there are so many, everybody who sends to us
/// waits.
const EVENTS_MAX: usize = 256;

/// How the network is to be.
#[derive(Clone, Debug)]
pub(crate) struct Wiring {
    pub(crate) home: Home,
    pub(crate) lan: bool,
    pub(crate) bind: Vec<std::net::SocketAddr>,
}

/// Does what the network is ordered, and passes on what happens, until it is told to stop. The
/// network itself is stopped by whoever told it.
pub(crate) async fn run(
    wiring: Wiring,
    shared: Arc<Shared>,
    node: NodeThread,
    mut orders: mpsc::Receiver<Order>,
    mut stop: tokio::sync::oneshot::Receiver<()>,
) {
    let (events, mut happened) = mpsc::channel(EVENTS_MAX);
    let mut links = std::collections::BTreeMap::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            order = orders.recv() => match order {
                Some(order) => obey(order, &wiring, &shared, &node, &events).await,
                None => break,
            },
            Some(event) = happened.recv() => {
                if take(event, &shared, &node, &mut links).await.is_err() {
                    break;
                }
            }
        }
    }
}

async fn obey(
    order: Order,
    wiring: &Wiring,
    shared: &Shared,
    node: &NodeThread,
    events: &mpsc::Sender<NetEvent>,
) {
    let listening = match (order, shared.network()) {
        (Order::Hush, Some(network)) => {
            network.stop().await;
            shared.put_network(None);
            return;
        }
        (Order::Listen(_), Some(_)) | (Order::Hush, None) => return,
        (Order::Rename(seed), Some(network)) => network.rename(Seed::new(seed)).await,
        (Order::Listen(seed) | Order::Rename(seed), None) => {
            let mut settings = Settings::new(Seed::new(seed));
            settings.lan = wiring.lan;
            settings.port = wiring.home.port();
            if !wiring.bind.is_empty() {
                settings.bind.clone_from(&wiring.bind);
            }
            let started = Network::start(settings, events.clone()).await;
            started.map(|network| shared.put_network(Some(Arc::new(network))))
        }
    };
    match listening {
        Ok(()) => {
            if let Some(port) = shared.network().and_then(|network| network.port()) {
                wiring.home.put_port(port);
                tracing::info!(port, "listening");
            }
            let _ = node.send(Job::Listening);
        }
        Err(error) => {
            tracing::warn!("cannot listen");
            shared.problem(&format!("cannot listen: {error}"));
        }
    }
    shared.tried();
}

type Links = std::collections::BTreeMap<chinwag_core::input::Link, chinwag_core::ids::DeviceId>;

async fn take(
    event: NetEvent,
    shared: &Shared,
    node: &NodeThread,
    links: &mut Links,
) -> Result<(), chinwag_api::error::ApiError> {
    match event {
        NetEvent::Connected { link, device, is_dialled, at } => {
            links.insert(link, device);
            tracing::info!(link = link.0, is_dialled, "connection opened");
            tracing::debug!(link = link.0, at = at.map(scrubbed), "the other end");
            if let Some(at) = at {
                node.send(Job::Reached(link, device, Address::Direct(at)))?;
            }
            let connected = Input::Connected { link, device, is_dialled };
            node.input(connected, Held::default()).await
        }
        NetEvent::Disconnected { link, why } => {
            if let Some(device) = links.remove(&link) {
                note_end(shared, device, &why);
            }
            tracing::info!(link = link.0, why = end(&why), "connection closed");
            let gone = Input::Disconnected { link };
            node.input(gone, Held::default()).await
        }
        NetEvent::Frame { link, bytes, held, .. } => {
            tracing::trace!(link = link.0, bytes = bytes.len(), "frame received");
            node.input(Input::Frame { link, bytes }, held).await
        }
        NetEvent::Attempt { device, at, outcome } => {
            if let Outcome::Failed { why, next_in } = &outcome {
                let next_in_s = next_in.as_secs();
                tracing::debug!(addresses = at.len(), why = word(why), next_in_s, "attempt failed");
            }
            shared.ledger().note(device, at, &outcome, now());
            Ok(())
        }
        NetEvent::LanUnavailable { why } => {
            tracing::warn!("the local network can't be asked");
            shared.problem(&format!("the local network can't be asked who is there: {why}"));
            Ok(())
        }
        NetEvent::Nearby { .. } | NetEvent::NearbyGone { .. } | NetEvent::AddressesChanged(_) => {
            Ok(())
        }
    }
}

/// How a connection ended explains why what was sent on it did not arrive.
fn note_end(shared: &Shared, device: chinwag_core::ids::DeviceId, why: &Ended) {
    let reason = match why {
        Ended::ByPeer(chinwag_net::Why::Done | chinwag_net::Why::Replaced) => return,
        Ended::ByPeer(why) => closed(*why),
        other => end(other),
    };
    let text = why.to_string();
    let failed = FailedAttempt { at: now(), reason, text, addresses: Vec::new() };
    shared.ledger().failed(device, failed);
}

/// The word for how a connection ended.
const fn end(why: &Ended) -> &'static str {
    match why {
        Ended::ByUs(_) => "closedHere",
        Ended::ByPeer(_) => "closedThere",
        Ended::Vanished => "vanished",
        Ended::Broken(_) => "broken",
    }
}
