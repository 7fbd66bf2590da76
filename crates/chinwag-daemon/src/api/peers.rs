//! Devices and the ways to them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{Connect, Nothing};
use chinwag_api::model::{self, ConnectOutcome};
use chinwag_core::ids::{AccountId, DeviceId};
use chinwag_core::ticket::Address;
use chinwag_core::time::Wall;
use chinwag_net::PeerPath;
use chinwag_net::limits::DIAL_WITHIN;
use tokio::time::Instant;

use super::{Api, patience};
use crate::attempts::FailedAttempt;
use crate::node_thread::View;
use crate::shared::Shared;
use crate::{ids, people, time};

/// How long is waited for connections, unless somebody says otherwise.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Contacts that are named at once.
const NAMED_MAX: usize = 1_000;

/// Devices that are tried at once; the others have their turn as these are reached or have failed.
const AT_ONCE: usize = 64;

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

pub(super) async fn nearby(api: Api, _: Nothing) -> Result<Vec<model::Nearby>, ApiError> {
    let seen = api.shared.network().map(|network| network.nearby()).unwrap_or_default();
    api.node
        .look(move |view| {
            let known: BTreeSet<DeviceId> = devices(view)?.into_iter().map(|(_, d)| d).collect();
            // Whoever is blocked is known as well, and so is who asks.
            let blocked = view.node.contacts().filter(|contact| contact.is_blocked);
            let asking = view.node.requests().map(|request| request.account);
            let others = blocked.map(|contact| contact.account).chain(asking);
            let others: BTreeSet<DeviceId> =
                others.flat_map(|account| view.node.devices_of(account, view.now)).collect();
            let is_new = |device: &DeviceId| {
                !known.contains(device)
                    && !others.contains(device)
                    && view.node.device() != Some(*device)
            };
            let new = seen.into_iter().filter(|(device, _)| is_new(device));
            Ok(new.map(|(device, at)| stranger(device, &at)).collect())
        })
        .await
}

fn stranger(device: DeviceId, at: &[SocketAddr]) -> model::Nearby {
    let addresses = at.iter().map(ToString::to_string).collect();
    model::Nearby { device: ids::device(device), addresses }
}

/// The devices of contacts, our own others, and those that tickets and cards lead to.
fn devices(view: &View<'_>) -> Result<Vec<(AccountId, DeviceId)>, ApiError> {
    let own = people::own(view)?;
    let contacts = view.node.contacts().filter(|c| c.is_contact && !c.is_blocked);
    let accounts: Vec<AccountId> = contacts.map(|contact| contact.account).chain([own]).collect();
    let of = |account: AccountId| {
        view.node.devices_of(account, view.now).into_iter().map(move |device| (account, device))
    };
    let known = accounts.into_iter().flat_map(of);
    let invited = view.node.tickets().map(|ticket| (ticket.account, ticket.device));
    let asked = view.node.asked().map(|asked| (asked.account, asked.device));
    let to_groups = view.node.tickets_to_groups().map(|ticket| (ticket.account, ticket.device));
    let mut all: Vec<_> = known.chain(invited).chain(asked).chain(to_groups).collect();
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
    let kind = match &path.address {
        Some(Address::Relay(_)) => "relay",
        Some(Address::Direct(_)) | None => "direct",
    };
    model::Path {
        kind: kind.to_owned(),
        address: path.address.as_ref().map(ToString::to_string).unwrap_or_default(),
        rtt_ms: path.rtt.map_or(0.0, |rtt| rtt.as_secs_f64() * 1_000.0),
        since: time::written(Wall::new(since)),
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
    if params.contacts.len() > NAMED_MAX {
        let text = format!("more than {NAMED_MAX} contacts can't be named at once");
        return Err(ApiError::new(Kind::Limit, text).hint("name none for all"));
    }
    let wanted = api.node.look(move |view| wanted(view, &params.contacts)).await?;
    let mut calls = Calls::to(&wanted, &api.shared);
    let deadline = Instant::now() + patience(params.timeout_ms, CONNECT_WITHIN);
    loop {
        let connected = api.node.look(|view| Ok(view.node.connected_devices())).await?;
        calls.go_on(&api.shared, &connected);
        let is_connected = |devices: &Vec<DeviceId>| devices.iter().any(|d| connected.contains(d));
        if wanted.values().all(is_connected) || Instant::now() >= deadline {
            return outcomes(&api, wanted).await;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Accounts, and the devices of each that are known.
type Wanted = BTreeMap<AccountId, Vec<DeviceId>>;

/// Who is to be reached: those named, or all contacts and whom tickets and cards lead to.
fn wanted(view: &View<'_>, names: &[String]) -> Result<Wanted, ApiError> {
    let own = people::own(view)?;
    let mut all = Wanted::new();
    for (account, device) in devices(view)? {
        all.entry(account).or_default().push(device);
    }
    if names.is_empty() {
        all.remove(&own);
        return Ok(all);
    }
    let mut meant = Wanted::new();
    for name in names {
        let account = people::meant(view, name)?;
        meant.insert(account, all.get(&account).cloned().unwrap_or_default());
    }
    Ok(meant)
}

/// Devices that are to be tried at once, some at a time: a thousand together would take each other's
/// place on the way out.
struct Calls {
    waiting: VecDeque<DeviceId>,
    under_way: Vec<(DeviceId, Instant, Option<Wall>)>,
}

impl Calls {
    /// Whoever was heard last is tried first.
    fn to(wanted: &Wanted, shared: &Shared) -> Self {
        let mut waiting: Vec<DeviceId> = wanted.values().flatten().copied().collect();
        waiting.sort_by_cached_key(|device| Reverse(shared.heard_of(*device)));
        Self { waiting: waiting.into(), under_way: Vec::new() }
    }

    /// Begins with some more, as others are through.
    fn go_on(&mut self, shared: &Shared, connected: &BTreeSet<DeviceId>) {
        self.under_way.retain(|(device, since, failed_before)| {
            let is_failed = last_failure(shared, *device) != *failed_before;
            !is_failed && !connected.contains(device) && since.elapsed() < DIAL_WITHIN
        });
        while self.under_way.len() < AT_ONCE {
            let Some(device) = self.waiting.pop_front() else { return };
            if !connected.contains(&device) {
                let failed_before = last_failure(shared, device);
                self.under_way.push((device, Instant::now(), failed_before));
                shared.with_network(|network| network.connect_now(device));
            }
        }
    }
}

fn last_failure(shared: &Shared, device: DeviceId) -> Option<Wall> {
    shared.ledger().of(device).failures.front().map(|failed| failed.at)
}

async fn outcomes(api: &Api, wanted: Wanted) -> Result<Vec<ConnectOutcome>, ApiError> {
    let shared = Arc::clone(&api.shared);
    api.node
        .look(move |view| {
            let connected = view.node.connected_devices();
            let outcome = |(account, devices): (&AccountId, &Vec<DeviceId>)| {
                let is_connected = devices.iter().any(|device| connected.contains(device));
                let failed = devices.iter().find_map(|d| shared.ledger().of(*d).cause().cloned());
                ConnectOutcome {
                    contact: ids::account(*account),
                    name: people::name(view, *account),
                    connected: is_connected,
                    failure: failed.filter(|_| !is_connected).as_ref().map(failure),
                }
            };
            Ok(wanted.iter().map(outcome).collect())
        })
        .await
}
