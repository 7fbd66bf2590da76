//! Where a message is now, and what is in its way: in words that name the cause.

use std::sync::Arc;

use chinwag_api::error::{ApiError, Kind as ErrorKind};
use chinwag_api::method::OneMessage;
use chinwag_api::model::{self, Change, DeviceWhy, MessageState};
use chinwag_core::body::Kind;
use chinwag_core::ids::{AccountId, DeviceId};
use chinwag_core::store::StoredEntry;
use chinwag_core::wire::limits::REFERENCES_MAX;

use super::peers::failure;
use super::{Api, classroom};
use crate::attempts::Attempts;
use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::shared::Shared;
use crate::{groups, ids, messages, people, time};

/// Changes of a message that are told.
const CHANGES_MAX: usize = 8;

pub(super) async fn why(api: Api, params: OneMessage) -> Result<model::Why, ApiError> {
    if let Some(classroom) = classroom::with_message(&api, &params.id)? {
        return classroom::why(&classroom, &params.id);
    }
    let shared = Arc::clone(&api.shared);
    api.node.look(move |view| explained(view, &shared, &params.id)).await
}

fn explained(view: &View<'_>, shared: &Shared, id: &str) -> Result<model::Why, ApiError> {
    let id = messages::named(view, id)?;
    let entry = messages::find(view, id)?.ok_or_else(|| {
        ApiError::new(ErrorKind::NotFound, format!("there is no message {} here", ids::message(id)))
    })?;
    let message = messages::shown(view, &entry)?;
    let conversation = entry.header.conversation;
    let own = view.node.account();
    let changes = changes(view, &entry)?;
    let is_group = view.node.group(conversation).is_some();
    if !message.author.is_me {
        let others = if is_group {
            "members who have not got it yet may get it from us"
        } else {
            "nobody else waits for it from us"
        };
        let author = &message.author.name;
        let written = format!("{author} wrote it; it is on this disk since it came, and {others}");
        let text = [written].into_iter().chain(changes.iter().map(change_in_words)).collect();
        return Ok(model::Why { message, devices: Vec::new(), changes, text });
    }
    let with = view.node.conversations().find(|(known, _)| *known == conversation);
    let with = with.map(|(_, with)| with);
    // Nothing goes out to whoever has not joined.
    let members = groups::others_joined(view, conversation);
    let accounts: Vec<AccountId> = with.into_iter().chain(members).chain(own).collect();
    let mut devices = Vec::new();
    for account in accounts {
        for device in view.node.devices_of(account, view.now) {
            if !devices.iter().any(|known: &DeviceWhy| known.device == ids::device(device)) {
                devices.push(at_device(view, shared, &entry, account, device));
            }
        }
    }
    let mut text = vec![format!("committed to this disk; written {}", message.sent_at)];
    if is_group {
        text.push(groups::reach_in_words(view, shared, &entry));
    } else if devices.is_empty() && with == own {
        text.push("a note to yourself: your other devices get it when there are some".to_owned());
    } else if devices.is_empty() {
        let former = with.into_iter().flat_map(|with| former_devices(view, &entry, with));
        devices.extend(former);
        let name = with.map(|with| people::name(view, with)).unwrap_or_default();
        text.push(format!("{name} has no device that is certified now: nobody can receive it"));
    }
    text.extend(
        devices
            .iter()
            .map(|device| format!("{} on {}: {}", device.name, device.device_name, device.text)),
    );
    text.extend(changes.iter().map(change_in_words));
    Ok(model::Why { message, devices, changes, text })
}

/// What we have made of a message since, the last first.
fn changes(view: &View<'_>, entry: &StoredEntry) -> Result<Vec<Change>, ApiError> {
    let references = view.store.references(entry.id, REFERENCES_MAX);
    let mut own = references.map_err(|error| unreadable(&error))?;
    let conversation = entry.header.conversation;
    let account = view.node.account();
    own.retain(|made| view.node.author_of(conversation, made.header.author) == account);
    own.sort_by_key(|made| std::cmp::Reverse(made.position()));
    let told = own.iter().take(CHANGES_MAX).map(|made| Change {
        id: ids::message(made.id),
        kind: match made.header.kind {
            Kind::EDIT => "edit".to_owned(),
            Kind::REACTION => "reaction".to_owned(),
            Kind::RETRACTION => "retraction".to_owned(),
            kind => format!("kind{}", kind.number()),
        },
        at: time::claimed(made.header.claimed),
        state: messages::state(view, made),
    });
    Ok(told.collect())
}

fn change_in_words(change: &Change) -> String {
    let far = match change.state {
        MessageState::Delivered => "delivered",
        MessageState::Read => "delivered and read",
        _ => "waits here, not delivered yet",
    };
    format!("your {} of {}: {far}", change.kind, change.at)
}

/// Devices that somebody had, where there is none now: why each does not count any more.
fn former_devices(view: &View<'_>, entry: &StoredEntry, account: AccountId) -> Vec<DeviceWhy> {
    let Some(log) = view.node.account_log(account) else { return Vec::new() };
    let why = |device: DeviceId| {
        let (word, text) = match log.device(device) {
            Some(known) if known.revoked.is_some() => ("revoked", "it was taken off the account"),
            Some(known) if known.is_retired => ("retired", "it goes on as another device"),
            _ => (
                "expired",
                "its certificate has ended: it was not used for long, or a clock is wrong",
            ),
        };
        DeviceWhy {
            contact: ids::account(account),
            name: people::name(view, account),
            device: ids::device(device),
            device_name: people::device_name(view, account, device),
            state: messages::state_at(view, entry, account, device),
            connected: false,
            reason: Some(word.to_owned()),
            text: format!("waits here: {text}"),
            failures: Vec::new(),
            next_attempt_at: None,
        }
    };
    log.known_devices().map(why).collect()
}

fn at_device(
    view: &View<'_>,
    shared: &Shared,
    entry: &StoredEntry,
    account: AccountId,
    device: DeviceId,
) -> DeviceWhy {
    let state = messages::state_at(view, entry, account, device);
    let connected = view.node.connected_devices().contains(&device);
    let attempts = shared.ledger().of(device);
    let is_blocked = view.node.contacts().any(|c| c.account == account && c.is_blocked);
    let (reason, text) = in_the_way(view, shared, device, state, connected, is_blocked, &attempts);
    DeviceWhy {
        contact: ids::account(account),
        name: people::name(view, account),
        device: ids::device(device),
        device_name: people::device_name(view, account, device),
        state,
        connected,
        reason,
        text,
        failures: attempts.failures.iter().map(failure).collect(),
        next_attempt_at: attempts.next.filter(|_| !connected).map(time::written),
    }
}

/// What is in the way, for programs and for people.
fn in_the_way(
    view: &View<'_>,
    shared: &Shared,
    device: DeviceId,
    state: MessageState,
    connected: bool,
    is_blocked: bool,
    attempts: &Attempts,
) -> (Option<String>, String) {
    let reason = |word: &str, text: String| (Some(word.to_owned()), text);
    match state {
        MessageState::Read => return (None, "delivered and read".to_owned()),
        MessageState::Delivered => {
            return (None, "delivered: it is on that device's disk".to_owned());
        }
        _ if is_blocked => {
            return reason("blocked", "not sent: you blocked them; unblock them first".to_owned());
        }
        MessageState::Sent if connected => {
            return reason(
                "unconfirmed",
                "handed to the connection; the device has not confirmed it yet".to_owned(),
            );
        }
        _ if connected => {
            return reason("syncing", "connected; it goes out behind what is before it".to_owned());
        }
        _ => {}
    }
    if shared.network().is_none() {
        return match shared.listening_problem() {
            Some(problem) => reason("notListening", format!("waits here: {problem}")),
            None => reason("starting", "waits here: the network is being started".to_owned()),
        };
    }
    let heard = shared.heard_of(device).map_or_else(
        || "it was never connected".to_owned(),
        |at| format!("last connected {}", time::written(at)),
    );
    let next = attempts.next.map_or_else(String::new, |at| {
        let seconds = at.get().saturating_sub(view.now.get()).div_ceil(1_000);
        format!("; next attempt in {seconds} s")
    });
    match attempts.cause() {
        Some(failed) => {
            let text = failure(failed).text;
            reason(failed.reason, format!("waits here: {text}; {heard}{next}"))
        }
        None => reason("notTried", format!("waits here: being looked for; {heard}{next}")),
    }
}
