//! Between the network and the node: what comes from one goes to the other, in order and bounded.

use std::sync::Arc;
use std::time::Duration;

use chinwag_core::input::Input;
use chinwag_core::ticket::Address;
use chinwag_net::{Ended, Held, NetEvent, Network, Outcome, Relays, Seed, Settings, Why};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::attempts::{FailedAttempt, closed, word};
use crate::home::Home;
use crate::log::scrubbed;
use crate::node_thread::{Job, NodeThread};
use crate::shared::{Order, Shared, Trouble};
use crate::time::now;

/// Events of the network that wait for the node. While there are so many, everybody who sends to us
/// waits.
const EVENTS_MAX: usize = 256;

/// How long after a failure to listen it is tried again.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(10);

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
    let mut links = Links::new();
    let mut work = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            order = orders.recv() => match order {
                // Beside what happens meanwhile: to bind anew tells of every connection that ends.
                Some(order) => {
                    // What was ordered before is no longer wanted, if it is still being tried.
                    work.abort_all();
                    let (wiring, shared) = (wiring.clone(), Arc::clone(&shared));
                    work.spawn(obey(order, wiring, shared, node.clone(), events.clone()));
                }
                None => break,
            },
            Some(_) = work.join_next() => {}
            Some(event) = happened.recv() => {
                if take(event, &shared, &node, &mut links).await.is_err() {
                    break;
                }
            }
        }
    }
    // Nobody writes a file any more once this has ended.
    work.shutdown().await;
}

/// Does one order. Where we can't listen it is tried again and again: somebody may be about to go.
async fn obey(
    order: Order,
    wiring: Wiring,
    shared: Arc<Shared>,
    node: NodeThread,
    events: mpsc::Sender<NetEvent>,
) {
    let (seed, must_rename) = match order {
        Order::Hush => {
            if let Some(network) = shared.network() {
                network.stop().await;
                shared.put_network(None);
            }
            return;
        }
        Order::Listen(seed) => (seed, false),
        Order::Rename(seed) => (seed, true),
    };
    loop {
        let listening = match shared.network() {
            Some(_) if !must_rename => return,
            Some(network) => network.rename(Seed::new(seed)).await,
            None => {
                let started =
                    Network::start(settings(&wiring, shared.relays(), seed), events.clone()).await;
                started.map(|network| shared.put_network(Some(Arc::new(network))))
            }
        };
        match listening {
            Ok(()) => {
                shared.solved(Trouble::Listening);
                if let Some(port) = shared.network().and_then(|network| network.port()) {
                    wiring.home.put_port(port);
                    tracing::info!(port, "listening");
                }
                let _ = node.send(Job::Listening);
                return shared.tried();
            }
            Err(error) => {
                shared.put_network(None);
                tracing::warn!("cannot listen");
                shared.problem(Trouble::Listening, &format!("cannot listen: {error}"));
                shared.tried();
            }
        }
        tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
    }
}

fn settings(wiring: &Wiring, relays: Relays, seed: [u8; 32]) -> Settings {
    let mut settings = Settings::new(Seed::new(seed));
    settings.lan = wiring.lan;
    settings.relays = relays;
    settings.port = wiring.home.port();
    if !wiring.bind.is_empty() {
        settings.bind.clone_from(&wiring.bind);
    }
    settings
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
            tracing::debug!(link = link.0, at = at.as_ref().map(scrubbed_address), "the other end");
            if let Some(at) = at {
                node.send(Job::Reached(link, device, at))?;
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
            let text = format!("the local network can't be asked who is there: {why}");
            shared.problem(Trouble::Lan, &text);
            Ok(())
        }
        NetEvent::Nearby { .. } | NetEvent::NearbyGone { .. } | NetEvent::AddressesChanged(_) => {
            Ok(())
        }
    }
}

/// An address for the log.
fn scrubbed_address(at: &Address) -> String {
    match at {
        Address::Direct(at) => scrubbed(*at),
        Address::Relay(_) => "a relay".to_owned(),
    }
}

/// How a connection ended explains why what was sent on it did not arrive.
fn note_end(shared: &Shared, device: chinwag_core::ids::DeviceId, why: &Ended) {
    let reason = match why {
        // One connection in place of another, or a goodbye: nothing was in the way.
        Ended::ByUs(Why::Done | Why::Replaced | Why::Old)
        | Ended::ByPeer(Why::Done | Why::Replaced | Why::Old) => return,
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
