//! Devices and the ways to them.

use std::sync::Arc;
use std::time::Duration;

use chinwag_api::error::ApiError;
use chinwag_api::method::{Connect, Nothing};
use chinwag_api::model::{self, ConnectOutcome};
use chinwag_core::ids::{AccountId, DeviceId};
use chinwag_net::PeerPath;

use super::{Api, patience};
use crate::attempts::FailedAttempt;
use crate::node_thread::View;
use crate::shared::Shared;
use crate::{ids, people, time};

/// How long is waited for connections, unless somebody says otherwise.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How often is looked whether there is a connection.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) async fn list(api: Api, _: Nothing) -> Result<Vec<model::Peer>, ApiError> {
    let paths = api.shared.network().map(|network| network.peers()).unwrap_or_default();
    let shared = Arc::clone(&api.shared);
    api.node
        .look(move |view| {
            let mut peers = Vec::new();
            for (account, device) in devices(view)? {
                peers.push(peer(view, &shared, &paths, account, device));
            }
            peers.sort_by_key(|peer| (!peer.connected, peer.name.to_lowercase()));
            Ok(peers)
        })
        .await
}

/// The devices of contacts, and our own others.
fn devices(view: &View<'_>) -> Result<Vec<(AccountId, DeviceId)>, ApiError> {
    let own = people::own(view)?;
    let contacts = view.node.contacts().filter(|c| c.is_contact && !c.is_blocked);
    let accounts: Vec<AccountId> = contacts.map(|contact| contact.account).chain([own]).collect();
    let of = |account: AccountId| {
        view.node.devices_of(account, view.now).into_iter().map(move |device| (account, device))
    };
    let known = accounts.into_iter().flat_map(of);
    let invited = view.node.tickets().map(|ticket| (ticket.account, ticket.device));
    let mut all: Vec<_> = known.chain(invited).collect();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn peer(
    view: &View<'_>,
    shared: &Shared,
    paths: &[PeerPath],
    account: AccountId,
    device: DeviceId,
) -> model::Peer {
    let attempts = shared.ledger().of(device);
    let connected = view.node.connected_devices().contains(&device);
    let path = paths.iter().find(|path| path.device == device).filter(|_| connected);
    model::Peer {
        contact: ids::account(account),
        name: people::name(view, account),
        device: ids::device(device),
        connected,
        path: path.map(|path| way(view, path)),
        last_heard_at: shared.heard_of(device).map(time::written),
        last_failure: attempts.cause().filter(|_| !connected).map(failure),
        next_attempt_at: attempts.next.filter(|_| !connected).map(time::written),
    }
}

fn way(view: &View<'_>, path: &PeerPath) -> model::Path {
    let since = view.now.get().saturating_sub(millis(path.since));
    model::Path {
        kind: "direct".to_owned(),
        address: path.address.map(|address| address.to_string()).unwrap_or_default(),
        rtt_ms: path.rtt.map_or(0.0, |rtt| rtt.as_secs_f64() * 1_000.0),
        since: time::written(chinwag_core::time::Wall::new(since)),
        is_dialled: path.is_dialled,
        received_bytes: path.bytes_received,
        sent_bytes: path.bytes_sent,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A failed attempt as it is told.
pub(super) fn failure(failed: &FailedAttempt) -> model::Failure {
    let at: Vec<String> = failed.addresses.iter().map(ToString::to_string).collect();
    let text = if at.is_empty() {
        failed.text.clone()
    } else {
        format!("{} (tried {})", failed.text, at.join(", "))
    };
    model::Failure { at: time::written(failed.at), reason: failed.reason.to_owned(), text }
}

pub(super) async fn connect(api: Api, params: Connect) -> Result<Vec<ConnectOutcome>, ApiError> {
    let wanted = api
        .node
        .look(move |view| {
            if params.contacts.is_empty() {
                let own = people::own(view)?;
                let all = devices(view)?.into_iter().map(|(account, _)| account);
                let mut all: Vec<AccountId> = all.filter(|account| *account != own).collect();
                all.dedup();
                return Ok(all);
            }
            params.contacts.iter().map(|who| people::meant(view, who)).collect()
        })
        .await?;
    api.shared.with_network(chinwag_net::Network::connect_now_all);
    let deadline = tokio::time::Instant::now() + patience(params.timeout_ms, CONNECT_WITHIN);
    loop {
        let outcomes = outcomes(&api, wanted.clone()).await?;
        let is_done = outcomes.iter().all(|outcome| outcome.connected);
        if is_done || tokio::time::Instant::now() >= deadline {
            return Ok(outcomes);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn outcomes(api: &Api, accounts: Vec<AccountId>) -> Result<Vec<ConnectOutcome>, ApiError> {
    let shared = Arc::clone(&api.shared);
    api.node
        .look(move |view| {
            let devices = devices(view)?;
            let connected = view.node.connected_devices();
            let outcome = |account: &AccountId| {
                let theirs: Vec<DeviceId> =
                    devices.iter().filter(|(of, _)| of == account).map(|(_, d)| *d).collect();
                let is_connected = theirs.iter().any(|device| connected.contains(device));
                let failed = theirs.iter().find_map(|d| shared.ledger().of(*d).cause().cloned());
                ConnectOutcome {
                    contact: ids::account(*account),
                    name: people::name(view, *account),
                    connected: is_connected,
                    failure: failed.filter(|_| !is_connected).as_ref().map(failure),
                }
            };
            Ok(accounts.iter().map(outcome).collect())
        })
        .await
}
