//! Whom a person means, and what is told of somebody.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::model;
use chinwag_core::identity::{Name, NameError};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId};
use chinwag_core::store::Contact;
use chinwag_core::sync::ranges::Range;
use chinwag_core::time::Wall;

use crate::alike::Alike;
use crate::node_thread::View;
use crate::refusals::{no_account, unreadable};
use crate::shared::Shared;
use crate::{classroom, ids, time};

/// Unread messages that are counted.
const UNREAD_MAX: usize = 1_000;

/// Names that are given when more than one fits.
const SUGGESTED_MAX: usize = 5;

/// Our own account.
pub(crate) fn own(view: &View<'_>) -> Result<AccountId, ApiError> {
    view.node.account().ok_or_else(no_account)
}

/// What somebody is called here: by us, by themselves, or by the beginning of their id.
pub(crate) fn name(view: &View<'_>, account: AccountId) -> String {
    let called = contact(view, account).and_then(|contact| contact.called.as_ref());
    let name = called.or_else(|| own_name(view, account)).map(|name| name.as_str().to_owned());
    let asked = || view.node.requests().find(|request| request.account == account);
    name.or_else(|| asked().map(|request| request.name.as_str().to_owned()))
        .unwrap_or_else(|| ids::account(account).chars().take(12).collect())
}

fn own_name<'a>(view: &View<'a>, account: AccountId) -> Option<&'a Name> {
    view.node.account_log(account)?.name()
}

fn contact<'a>(view: &View<'a>, account: AccountId) -> Option<&'a Contact> {
    view.node.contacts().find(|contact| contact.account == account)
}

/// Somebody as they are named in a command that may be pasted into a shell. They have chosen their name,
/// so one that could be more than a word there is quoted, and one that might not stay in its quotes, or
/// means somebody else too, is replaced by the id.
pub(crate) fn for_shell(view: &View<'_>, account: AccountId) -> String {
    let name = name(view, account);
    let is_plain = |c: char| c.is_alphanumeric();
    let is_quotable = |c: char| is_plain(c) || " .,_-".contains(c);
    let is_them = || called(view, &name, &known(view)) == [account];
    if name.starts_with('-') || !name.chars().all(is_quotable) || !is_them() {
        return ids::account(account);
    }
    if name.chars().all(is_plain) { name } else { format!("'{name}'") }
}

/// Whether somebody's keys were compared with them. Our own need not be.
pub(crate) fn is_verified(view: &View<'_>, account: AccountId) -> bool {
    view.node.account() == Some(account)
        || contact(view, account).is_some_and(|contact| contact.is_verified)
}

/// Everybody who can be meant by a name: whom we know or look for. Strangers who ask are not among
/// them, or they could take the names of others.
pub(crate) fn known(view: &View<'_>) -> Vec<AccountId> {
    let contacts = view.node.contacts().map(|contact| contact.account);
    let tickets = view.node.tickets().map(|ticket| ticket.account);
    let asked = view.node.asked().map(|asked| asked.account);
    let mut known: Vec<_> = contacts.chain(tickets).chain(asked).collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// Whom somebody means: by an id, a name, or the beginning of a name.
pub(crate) fn meant(view: &View<'_>, who: &str) -> Result<AccountId, ApiError> {
    let own = own(view)?;
    let who = who.trim();
    if who == "me" || who == "self" {
        return Ok(own);
    }
    if classroom::Peer::is_id(who) {
        return Err(classroom::not_here());
    }
    if let Some(account) = ids::parse_account(who) {
        return Ok(account);
    }
    if let Some(id) = ids::parse_conversation(who) {
        return with(view, id);
    }
    let found = called_or_identified(view, who, &known(view));
    let hint =
        "chinwag contacts lists everybody; add somebody with their ticket: chinwag add TICKET";
    one_of(view, who, &found, hint)
}

/// The one who was found, if it is one.
fn one_of(
    view: &View<'_>,
    who: &str,
    found: &[AccountId],
    where_to_look: &str,
) -> Result<AccountId, ApiError> {
    match found {
        [account] => Ok(*account),
        [] => Err(ApiError::new(Kind::NotFound, format!("nobody here is called {who:?}"))
            .hint(where_to_look)),
        several => {
            let named = |account: &AccountId| {
                format!("{} ({})", name(view, *account), ids::account(*account))
            };
            let list: Vec<String> = several.iter().take(SUGGESTED_MAX).map(named).collect();
            Err(ApiError::new(Kind::Ambiguous, format!("{who:?} fits {} people", several.len()))
                .hint(format!("say which: {}", list.join(", "))))
        }
    }
}

/// The same, and where nobody else is meant, who asks.
pub(crate) fn meant_or_asking(view: &View<'_>, who: &str) -> Result<AccountId, ApiError> {
    meant(view, who).or_else(|error| match error.kind() {
        Kind::NotFound => asking(view, who).map_err(|_| error),
        _ => Err(error),
    })
}

/// Of these people those whose id begins so, or who are called so.
fn called_or_identified(view: &View<'_>, who: &str, people: &[AccountId]) -> Vec<AccountId> {
    if ids::is_beginning_of_account(who) {
        let begins = |account: &AccountId| ids::account(*account).starts_with(who);
        let found: Vec<AccountId> = people.iter().copied().filter(begins).collect();
        if !found.is_empty() {
            return found;
        }
    }
    called(view, who, people)
}

/// Of these people those who are called so. What we call somebody comes before what they call
/// themselves: nobody can take a name that we gave to somebody else, not even the beginning of it.
fn called(view: &View<'_>, who: &str, people: &[AccountId]) -> Vec<AccountId> {
    let folded = who.to_lowercase();
    if folded.is_empty() {
        return Vec::new();
    }
    let by_us = |account: &AccountId| {
        let called = contact(view, *account).and_then(|contact| contact.called.as_ref());
        called.map(|name| name.as_str().to_lowercase())
    };
    let shown = |account: &AccountId| name(view, *account).to_lowercase();
    let those = |fits: &dyn Fn(&AccountId) -> bool| -> Vec<AccountId> {
        people.iter().copied().filter(|account| fits(account)).collect()
    };
    let alias = those(&|account| by_us(account).is_some_and(|name| name == folded));
    if !alias.is_empty() {
        return alias;
    }
    let whole_or_alias = those(&|account| {
        shown(account) == folded || by_us(account).is_some_and(|name| name.starts_with(&folded))
    });
    if !whole_or_alias.is_empty() {
        return whole_or_alias;
    }
    those(&|account| shown(account).starts_with(&folded))
}

/// Of those who asked to become contacts the one who is meant.
pub(crate) fn asking(view: &View<'_>, who: &str) -> Result<AccountId, ApiError> {
    own(view)?;
    if let Some(account) = ids::parse_account(who.trim()) {
        return Ok(account);
    }
    let requests: Vec<AccountId> = view.node.requests().map(|request| request.account).collect();
    let found = called_or_identified(view, who.trim(), &requests);
    one_of(view, who, &found, "chinwag requests lists who asks")
}

/// The account that a conversation is with.
fn with(view: &View<'_>, id: ConversationId) -> Result<AccountId, ApiError> {
    let found = view.node.conversations().find(|(known, _)| *known == id);
    let missing = || ApiError::new(Kind::NotFound, "there is no such conversation here");
    found.map(|(_, with)| with).ok_or_else(missing)
}

/// The conversation that somebody means.
pub(crate) fn conversation(
    view: &View<'_>,
    who: &str,
) -> Result<(ConversationId, AccountId), ApiError> {
    let account = meant(view, who)?;
    let id = view.node.conversation_of(account).ok_or_else(|| no_contact(view, account))?;
    // With whom there was something there is still a conversation.
    let is_empty = || view.node.logs(id).iter().all(|log| log.height == 0);
    if is_waited_for(view, account) && is_empty() {
        return Err(no_contact(view, account));
    }
    Ok((id, account))
}

/// Whether we want somebody as a contact, and they have not answered.
fn is_waited_for(view: &View<'_>, account: AccountId) -> bool {
    let is_settled = |contact: &Contact| contact.is_contact || contact.is_blocked;
    view.node.account() != Some(account)
        && known(view).contains(&account)
        && !contact(view, account).is_some_and(is_settled)
}

/// Why nothing can be said to somebody.
pub(crate) fn no_contact(view: &View<'_>, account: AccountId) -> ApiError {
    let name = name(view, account);
    if is_waited_for(view, account) {
        return ApiError::new(Kind::NotFound, format!("{name} is no contact yet: they have not answered"))
            .hint("it is tried again whenever chinwag runs here and there; with a card they have to accept");
    }
    ApiError::new(Kind::NotFound, format!("{name} is no contact"))
        .hint("chinwag contacts lists those who are")
}

/// How many messages of others in a conversation were not read.
pub(crate) fn unread(view: &View<'_>, id: ConversationId) -> Result<u64, ApiError> {
    let own = own(view)?;
    let mut unread = 0;
    for log in view.node.logs(id) {
        if view.node.author_of(id, log.author) == Some(own) {
            continue;
        }
        let read = view.node.read(id, log.author, own);
        let from = chinwag_core::entry::Seq::new(read.saturating_add(1));
        let to = chinwag_core::entry::Seq::new(log.height);
        let Some(range) = from.zip(to).and_then(|(from, to)| Range::new(from, to)) else {
            continue;
        };
        unread += view
            .store
            .count_shown(id, log.author, range, UNREAD_MAX)
            .map_err(|error| unreadable(&error))?;
    }
    Ok(u64::try_from(unread).unwrap_or(u64::MAX))
}

/// When an account was last connected: with any of its devices.
fn last_heard(view: &View<'_>, shared: &Shared, account: AccountId) -> Option<Wall> {
    let devices = view.node.devices_of(account, view.now);
    devices.into_iter().filter_map(|device| shared.heard_of(device)).max()
}

/// All of what is told of somebody.
pub(crate) fn described(
    view: &View<'_>,
    shared: &Shared,
    account: AccountId,
) -> Result<model::Contact, ApiError> {
    described_among(view, shared, account, &Alike::of(view))
}

fn described_among(
    view: &View<'_>,
    shared: &Shared,
    account: AccountId,
    alike: &Alike,
) -> Result<model::Contact, ApiError> {
    let held = contact(view, account);
    let conversation = view.node.conversation_of(account);
    let state = match held {
        Some(contact) if contact.is_blocked => model::ContactState::Blocked,
        Some(contact) if contact.is_contact => model::ContactState::Contact,
        _ => model::ContactState::Waiting,
    };
    let connected = view.node.connected_devices();
    let is_connected =
        view.node.devices_of(account, view.now).iter().any(|device| connected.contains(device));
    let called = name(view, account);
    Ok(model::Contact {
        id: ids::account(account),
        looks_like: alike.to(account, &called),
        name: called,
        own_name: own_name(view, account).map(|name| name.as_str().to_owned()),
        conversation: conversation.map(ids::conversation),
        state,
        verified: held.is_some_and(|contact| contact.is_verified),
        connected: is_connected,
        unread: conversation.map_or(Ok(0), |id| unread(view, id))?,
        last_heard_at: last_heard(view, shared, account).map(time::written),
    })
}

/// Everybody whom we know or wait for.
pub(crate) fn everybody(view: &View<'_>, shared: &Shared) -> Result<Vec<model::Contact>, ApiError> {
    let own = own(view)?;
    let mut all = Vec::new();
    let alike = Alike::of(view);
    for account in known(view) {
        if account == own {
            continue;
        }
        all.push(described_among(view, shared, account, &alike)?);
    }
    all.sort_by_key(|contact| contact.name.to_lowercase());
    Ok(all)
}

/// What one of our devices is called.
pub(crate) fn device_name(view: &View<'_>, account: AccountId, device: DeviceId) -> String {
    let log = view.node.account_log(account);
    let known = log.and_then(|log| log.device(device));
    known.map_or_else(|| ids::device(device), |known| known.certificate.name.as_str().to_owned())
}

/// A device of ours.
pub(crate) fn own_device(view: &View<'_>, device: DeviceId) -> Result<model::Device, ApiError> {
    let account = own(view)?;
    let log = view.node.account_log(account);
    let known = log.and_then(|log| log.device(device));
    let is_certified = log.is_some_and(|log| log.devices(view.now).any(|c| c.device == device));
    let state = match known {
        Some(known) if known.revoked.is_some() => model::DeviceState::Revoked,
        Some(known) if known.is_retired => model::DeviceState::Retired,
        _ if is_certified => model::DeviceState::Current,
        _ => model::DeviceState::Expired,
    };
    Ok(model::Device {
        id: ids::device(device),
        name: device_name(view, account, device),
        is_this: view.node.device() == Some(device),
        is_connected: view.node.connected_devices().contains(&device),
        state,
    })
}

/// Our account.
pub(crate) fn own_account(view: &View<'_>) -> Result<model::Account, ApiError> {
    let account = own(view)?;
    let device = view.node.device().ok_or_else(no_account)?;
    Ok(model::Account {
        id: ids::account(account),
        name: name(view, account),
        device: own_device(view, device)?,
    })
}

/// A name that somebody typed.
pub(crate) fn typed_name(text: &str) -> Result<Name, ApiError> {
    Name::new(text).map_err(|error| {
        let kind = match error {
            NameError::TooLong(_) => Kind::Limit,
            _ => Kind::Usage,
        };
        ApiError::new(kind, error.to_string())
    })
}
