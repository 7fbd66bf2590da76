//! What happened and happens: the log of events as the contract tells it, and subscriptions.

use std::sync::Arc;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::{Event, What};
use chinwag_api::method::{Events, ListEvents, Subscribe, Subscribed};
use chinwag_api::model::{Message, MessageState};
use chinwag_core::entry::Seq;
use chinwag_core::event_log::{Logged, LoggedEvent};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::store::StoredEntry;
use chinwag_core::sync::ranges::Range;
use chinwag_core::time::Wall;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc};

use super::contacts::request;
use super::messages::Room;
use super::{Api, Tell};
use crate::alike::Alike;
use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::seats::SUBSCRIPTIONS_MAX;
use crate::shared::Shared;
use crate::{groups, ids, messages, people, time};

/// Events of a page, unless somebody says otherwise, and at most.
const PAGE: (u32, u32) = (100, 1_000);

/// Events that a subscription reads at once.
const AT_ONCE: usize = 200;

pub(super) async fn list(api: Api, params: ListEvents) -> Result<Events, ApiError> {
    let after = params.after.as_deref().map(cursor).transpose()?.unwrap_or(0);
    let limit = params.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let limit = usize::try_from(limit).unwrap_or(1);
    let shared = Arc::clone(&api.shared);
    let asked = params.after.is_some();
    let read = move |view: &View<'_>| {
        must_be_past(view, after)?;
        page(view, &shared, after, limit, asked)
    };
    let (events, next) = api.node.look(read).await?;
    Ok(Events { events, cursor: next.to_string() })
}

/// Begins to tell what happens. The answer comes before the first event.
pub(super) async fn subscribe(
    api: Api,
    params: Subscribe,
    tell: Tell,
) -> Result<Subscribed, ApiError> {
    let asked = params.after.as_deref().map(cursor).transpose()?;
    let Tell { events, is_answered, seat } = tell;
    let place = Arc::clone(&seat.subscriptions).try_acquire_owned().map_err(|_| {
        let text = format!("{SUBSCRIPTIONS_MAX} subscriptions listen on this connection already");
        ApiError::new(Kind::Limit, text).hint("use one of them, or another connection")
    })?;
    let after = api
        .node
        .look(move |view| match asked {
            Some(after) => must_be_past(view, after).map(|()| after),
            None => newest(view),
        })
        .await?;
    let may_have_gap = params.after.is_some();
    // From here on, so that nothing is missed that happens after the answer.
    let signals = api.shared.watch_signals();
    let subscription =
        Subscription { api, after, signals, tell: events, may_have_gap, _place: place };
    tokio::spawn(async move {
        // An error: the connection is gone, and it ends as it begins.
        let _ = is_answered.await;
        subscription.run().await;
    });
    Ok(Subscribed { cursor: after.to_string() })
}

fn newest(view: &View<'_>) -> Result<u64, ApiError> {
    let numbers = view.store.event_numbers().map_err(|error| unreadable(&error))?;
    Ok(numbers.map_or(0, |(_, newest)| newest))
}

/// A cursor of an event that has not happened is of another data folder, or of one that was put back:
/// whoever has it would wait in vain.
fn must_be_past(view: &View<'_>, after: u64) -> Result<(), ApiError> {
    if after <= newest(view)? {
        return Ok(());
    }
    let error = ApiError::new(Kind::Usage, format!("the cursor {after} is of no event yet"));
    Err(error.hint("use the cursor of an event of this data folder"))
}

/// Somebody who listens.
pub(crate) struct Subscription {
    api: Api,
    after: u64,
    signals: broadcast::Receiver<Event>,
    tell: mpsc::Sender<Value>,
    may_have_gap: bool,
    _place: OwnedSemaphorePermit,
}

impl Subscription {
    /// Tells until nobody listens or the node stops.
    async fn run(mut self) {
        let mut newest = self.api.shared.watch_newest();
        loop {
            newest.mark_unchanged();
            if self.catch_up().await.is_err() {
                return;
            }
            tokio::select! {
                changed = newest.changed() => if changed.is_err() { return },
                signal = self.signals.recv() => match signal {
                    Ok(event) => if self.say(&event).await.is_err() { return },
                    // Signals may be missed; of the classroom nothing else is told.
                    Err(RecvError::Lagged(_)) => if self.say_what_was_missed().await.is_err() {
                        return;
                    },
                    Err(RecvError::Closed) => return,
                },
                () = self.tell.closed() => return,
            }
        }
    }

    /// Tells what is kept and was not told yet.
    async fn catch_up(&mut self) -> Result<(), ()> {
        loop {
            let (after, shared) = (self.after, Arc::clone(&self.api.shared));
            let may_have_gap = std::mem::take(&mut self.may_have_gap);
            let read = move |view: &View<'_>| page(view, &shared, after, AT_ONCE, may_have_gap);
            let (events, next) = self.api.node.glance(read).await.map_err(drop)?;
            if next == self.after && events.is_empty() {
                return Ok(());
            }
            for event in &events {
                self.say(event).await?;
            }
            self.after = next;
        }
    }

    async fn say_what_was_missed(&self) -> Result<(), ()> {
        if self.api.classroom.is_none() {
            return Ok(());
        }
        let at = time::written(time::now());
        self.say(&Event { cursor: None, at, what: What::ClassroomChanged {} }).await
    }

    async fn say(&self, event: &Event) -> Result<(), ()> {
        let value: Value = serde_json::to_value(event).map_err(drop)?;
        self.tell.send(value).await.map_err(drop)
    }
}

fn cursor(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| {
        ApiError::new(Kind::Usage, format!("{text:?} is no cursor"))
            .hint("use the cursor of an event, as it was told")
    })
}

/// Events after a number as they are told, and the number to go on with.
fn page(
    view: &View<'_>,
    shared: &Shared,
    after: u64,
    limit: usize,
    may_have_gap: bool,
) -> Result<(Vec<Event>, u64), ApiError> {
    let logged = view.store.events(after, limit).map_err(|error| unreadable(&error))?;
    let mut events = Vec::new();
    let is_gap = logged.first().is_some_and(|first| first.number > after.saturating_add(1));
    if may_have_gap && is_gap {
        let (cursor, at) = (Some(after.to_string()), time::written(view.now));
        events.push(Event { cursor, at, what: What::Gap { after: after.to_string() } });
    }
    let mut next = after;
    let mut room = Room::new();
    for event in logged {
        let number = event.number;
        let told = told(view, shared, event)?;
        let has_room = told.iter().all(|event| match &event.what {
            What::Message { message } | What::MessageChanged { message } => room.has_for(message),
            _ => true,
        });
        if !has_room && !events.is_empty() {
            break;
        }
        events.extend(told);
        next = number;
    }
    Ok((events, next))
}

/// One event as it is told. One of the log may be none of the contract, or several.
fn told(view: &View<'_>, shared: &Shared, logged: LoggedEvent) -> Result<Vec<Event>, ApiError> {
    let LoggedEvent { number, at, event } = logged;
    let whats = match event {
        Logged::Entry(id) => entry(view, id)?.into_iter().collect(),
        Logged::Deleted(id) => changed(view, id)?.into_iter().collect(),
        Logged::Delivered { conversation, author, height, to } => {
            let of = Came { conversation, author, height };
            came(view, of, MessageState::Delivered, None, Some(to))?.into_iter().collect()
        }
        Logged::Read { conversation, account, frontier } => {
            if view.node.account() == Some(account) {
                vec![What::ConversationRead { conversation: ids::conversation(conversation) }]
            } else {
                let own = view.node.account();
                let mut whats = Vec::new();
                for (author, ranges) in frontier.iter() {
                    if view.node.author_of(conversation, author) == own {
                        let of = Came { conversation, author, height: ranges.height() };
                        whats.extend(came(view, of, MessageState::Read, Some(account), None)?);
                    }
                }
                whats
            }
        }
        Logged::Contact(account) => {
            vec![What::Contact { contact: people::described(view, shared, account)? }]
        }
        Logged::Request(account) => {
            let asked = view.node.requests().find(|request| request.account == account);
            asked
                .map(|asked| What::Request { request: request(asked, &Alike::of(view)) })
                .into_iter()
                .collect()
        }
        Logged::Invited(group) => {
            let open = view.node.invitations().find(|(invitation, _)| invitation.group == group);
            let told = |(invitation, creation)| groups::invitation(view, invitation, &creation);
            let told = open.map(told);
            told.map(|invitation| What::GroupInvitation { invitation }).into_iter().collect()
        }
        Logged::Fork { conversation, author, .. } => vec![What::Fork {
            conversation: ids::conversation(conversation),
            contact: view
                .node
                .author_of(conversation, author)
                .map(ids::account)
                .unwrap_or_default(),
            device: ids::device(author),
        }],
        Logged::Retired { old, new } => {
            vec![What::Retired { old: ids::device(old), new: ids::device(new) }]
        }
    };
    Ok(whats.into_iter().map(|what| kept(number, at, what)).collect())
}

fn kept(number: u64, at: Wall, what: What) -> Event {
    Event { cursor: Some(number.to_string()), at: time::written(at), what }
}

/// An entry that came: a message, or what changes one.
fn entry(view: &View<'_>, id: EntryId) -> Result<Option<What>, ApiError> {
    let Some(entry) = view.store.entry(id).map_err(|error| unreadable(&error))? else {
        return Ok(None);
    };
    if entry.header.kind.is_shown() {
        if !groups::is_shown(view, &entry) {
            return Ok(None);
        }
        return Ok(Some(What::Message { message: messages::shown(view, &entry)? }));
    }
    let body = entry.body.as_deref().unwrap_or_default();
    match chinwag_core::body::target(entry.header.kind, body) {
        Some(target) => changed(view, target),
        None => Ok(None),
    }
}

fn changed(view: &View<'_>, id: EntryId) -> Result<Option<What>, ApiError> {
    let message: Option<Message> = match messages::find(view, id)? {
        Some(entry) => Some(messages::shown(view, &entry)?),
        None => None,
    };
    Ok(message.map(|message| What::MessageChanged { message }))
}

/// Messages of a log up to a height.
#[derive(Clone, Copy)]
struct Came {
    conversation: ConversationId,
    author: DeviceId,
    height: u64,
}

/// Messages of ours came so far: told of the last message among those entries.
fn came(
    view: &View<'_>,
    of: Came,
    state: MessageState,
    by: Option<AccountId>,
    device: Option<DeviceId>,
) -> Result<Option<What>, ApiError> {
    let by = by.or_else(|| device.and_then(|device| view.node.author_of(of.conversation, device)));
    let (Some(by), Some(through)) = (by, last_message(view, of)?) else { return Ok(None) };
    // In a group one member having it is not yet that it is delivered.
    let (state, reach) = match view.node.group(of.conversation) {
        None => (state, None),
        Some(_) => messages::how_far(view, &through),
    };
    Ok(Some(What::MessageState {
        conversation: ids::conversation(of.conversation),
        through: ids::message(through.id),
        state,
        contact: ids::account(by),
        device: device.map(ids::device),
        reach,
    }))
}

/// The last entry with a line of its own among those of a log up to a height.
fn last_message(view: &View<'_>, of: Came) -> Result<Option<StoredEntry>, ApiError> {
    /// Entries that are looked through at once.
    const AT_ONCE: u64 = 64;
    let mut height = of.height;
    while let Some(to) = Seq::new(height) {
        let from = Seq::new(height.saturating_sub(AT_ONCE - 1).max(1)).unwrap_or(to);
        let Some(range) = Range::new(from, to) else { return Ok(None) };
        let count = usize::try_from(range.count()).unwrap_or(usize::MAX);
        let entries = view.store.entries(of.conversation, of.author, range, count, usize::MAX);
        let entries = entries.map_err(|error| unreadable(&error))?;
        let is_line = |entry: &StoredEntry| entry.header.kind.is_shown();
        if let Some(last) = entries.into_iter().rev().find(is_line) {
            return Ok(Some(last));
        }
        height = from.get() - 1;
    }
    Ok(None)
}
