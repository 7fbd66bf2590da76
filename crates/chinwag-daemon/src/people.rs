//! Whom a person means, and what is told of somebody.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::model::{self, NotifyLevel};
use chinwag_core::entry::Seq;
use chinwag_core::identity::{Name, NameError};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId};
use chinwag_core::store::Contact;
use chinwag_core::sync::ranges::Range;
use chinwag_core::time::Wall;
use chinwag_store::Notify;

use crate::alike::Alike;
use crate::node_thread::View;
use crate::refusals::{no_account, unreadable};
use crate::shared::Shared;
use crate::{classroom, groups, ids, time};

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

/// Of these accounts the one who is meant: by an id, a name, or the beginning of a name.
pub(crate) fn meant_among(
    view: &View<'_>,
    who: &str,
    accounts: &[AccountId],
) -> Result<AccountId, ApiError> {
    let (own, who) = (own(view)?, who.trim());
    if who == "me" || who == "self" {
        return Ok(own);
    }
    if let Some(account) = ids::parse_account(who) {
        return Ok(account);
    }
    let found = called_or_identified(view, who, accounts);
    one_of(view, who, &found, "")
}

/// The account that a conversation is with.
fn with(view: &View<'_>, id: ConversationId) -> Result<AccountId, ApiError> {
    if view.node.group(id).is_some() {
        let text = format!("{} is a group, and nobody's account", groups::name(view, id));
        return Err(ApiError::new(Kind::Usage, text));
    }
    let found = view.node.conversations().find(|(known, _)| *known == id);
    let missing = || ApiError::new(Kind::NotFound, "there is no such conversation here");
    found.map(|(_, with)| with).ok_or_else(missing)
}

/// A conversation that somebody means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Talk {
    pub(crate) id: ConversationId,
    /// With whom, or our own account; none: it is a group.
    pub(crate) with: Option<AccountId>,
}

/// The conversation that somebody means: that with somebody, or a group.
pub(crate) fn conversation(view: &View<'_>, who: &str) -> Result<Talk, ApiError> {
    let who = who.trim();
    if let Some(group) = group_by_id(view, who)? {
        return Ok(Talk { id: group, with: None });
    }
    let groups = groups::called(view, who);
    match (meant(view, who), groups.as_slice()) {
        (Ok(account), []) => direct(view, account),
        // A group can be called anything, and so can everybody call themselves. Only what we call somebody
        // settles it.
        (Ok(account), _) if is_called_so_by_us(view, who, account) => direct(view, account),
        (Ok(account), _) if is_all_of_their_name(view, who, account) => {
            match groups::called_in_full(view, who).as_slice() {
                [] => direct(view, account),
                same => Err(ambiguous(view, who, Some(account), same)),
            }
        }
        (Err(error), [group]) if error.kind() == Kind::NotFound => {
            Ok(Talk { id: *group, with: None })
        }
        (Err(error), []) => Err(if groups::invited(view, who).is_empty() {
            error
        } else {
            error.hint("you were invited to a group of that name: chinwag group invitations")
        }),
        (account, _) => Err(ambiguous(view, who, account.ok(), &groups)),
    }
}

/// The group that somebody means.
pub(crate) fn group(view: &View<'_>, who: &str) -> Result<ConversationId, ApiError> {
    let who = who.trim();
    if let Some(group) = group_by_id(view, who)? {
        return Ok(group);
    }
    // Here nobody but a group can be meant, so one that we have not joined may be named as well.
    let mut found = groups::called(view, who);
    if found.is_empty() {
        found = groups::called_whether_joined_or_not(view, who);
    }
    match found.as_slice() {
        [group] => Ok(*group),
        [] => {
            let text = format!("there is no group called {who:?} here");
            Err(ApiError::new(Kind::NotFound, text)
                .hint("chinwag groups lists them; begin one: chinwag group create NAME"))
        }
        several => Err(ambiguous(view, who, None, several)),
    }
}

/// The group that somebody means who answers an invitation: to one that we were invited to, or one that
/// is here.
pub(crate) fn invited_group(view: &View<'_>, who: &str) -> Result<ConversationId, ApiError> {
    if let Some(id) = ids::parse_conversation(who.trim()) {
        // One that was declined can be thought over.
        return Ok(id);
    }
    match groups::invited(view, who).as_slice() {
        [group] => Ok(*group),
        [] => group(view, who),
        several => Err(ambiguous(view, who, None, several)),
    }
}

fn group_by_id(view: &View<'_>, who: &str) -> Result<Option<ConversationId>, ApiError> {
    if let Some(id) = ids::parse_conversation(who) {
        return Ok(view.node.group(id).map(|_| id));
    }
    match groups::identified(view, who).as_slice() {
        [] => Ok(None),
        [group] => Ok(Some(*group)),
        several => Err(ambiguous(view, who, None, several)),
    }
}

/// Whether we call somebody so, or it is an id.
fn is_called_so_by_us(view: &View<'_>, who: &str, account: AccountId) -> bool {
    let folded = who.to_lowercase();
    let called = contact(view, account).and_then(|contact| contact.called.as_ref());
    let is_called = called.is_some_and(|called| called.as_str().to_lowercase() == folded);
    let is_id = ids::is_beginning_of_account(who) && ids::account(account).starts_with(who);
    is_called || who == "me" || who == "self" || is_id || ids::parse_conversation(who).is_some()
}

fn is_all_of_their_name(view: &View<'_>, who: &str, account: AccountId) -> bool {
    name(view, account).to_lowercase() == who.to_lowercase()
}

fn ambiguous(
    view: &View<'_>,
    who: &str,
    account: Option<AccountId>,
    groups: &[ConversationId],
) -> ApiError {
    let person = account.map(|a| format!("{} ({})", name(view, a), ids::account(a)));
    let named = |id: &ConversationId| {
        format!("the group {} ({})", groups::name(view, *id), ids::conversation(*id))
    };
    let list: Vec<String> =
        person.into_iter().chain(groups.iter().map(named)).take(SUGGESTED_MAX).collect();
    let text = format!("{who:?} fits more than one conversation");
    ApiError::new(Kind::Ambiguous, text).hint(format!("say which: {}", list.join(", ")))
}

fn direct(view: &View<'_>, account: AccountId) -> Result<Talk, ApiError> {
    let id = view.node.conversation_of(account).ok_or_else(|| no_contact(view, account))?;
    // With whom there was something there is still a conversation.
    let is_empty = || view.node.logs(id).iter().all(|log| log.height == 0);
    if is_waited_for(view, account) && is_empty() {
        return Err(no_contact(view, account));
    }
    Ok(Talk { id, with: Some(account) })
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

/// How much of a conversation is told to whoever looks elsewhere.
pub(crate) fn told(view: &View<'_>, id: ConversationId) -> Result<NotifyLevel, ApiError> {
    let notify = view.kept()?.notify(id).map_err(|error| unreadable(&error))?;
    Ok(match notify {
        Notify::All => NotifyLevel::All,
        Notify::Mentions => NotifyLevel::Mentions,
        Notify::None => NotifyLevel::None,
    })
}

/// How many messages of others in a conversation were not read.
pub(crate) fn unread(view: &View<'_>, id: ConversationId) -> Result<u64, ApiError> {
    let mut unread = 0;
    for (author, part) in unread_parts(view, id)? {
        let shown = view
            .store
            .count_shown(id, author, part, UNREAD_MAX)
            .map_err(|error| unreadable(&error))?;
        // What was done in a group is not what somebody said.
        unread += shown.saturating_sub(view.node.operations_in(id, author, part));
    }
    Ok(u64::try_from(unread).unwrap_or(u64::MAX))
}

/// The parts of logs of others in a conversation that were not read.
pub(crate) fn unread_parts(
    view: &View<'_>,
    id: ConversationId,
) -> Result<Vec<(DeviceId, Range)>, ApiError> {
    let own = own(view)?;
    let mut parts = Vec::new();
    for log in view.node.logs(id) {
        if view.node.author_of(id, log.author) == Some(own) {
            continue;
        }
        let read = view.node.read(id, log.author, own);
        let from = Seq::new(read.saturating_add(1));
        let range = from.zip(Seq::new(log.height)).and_then(|(a, b)| Range::new(a, b));
        let counted = range.into_iter().flat_map(|range| counting(view, id, log.author, range));
        parts.extend(counted.map(|part| (log.author, part)));
    }
    Ok(parts)
}

/// The parts of a log that count: in a group what its author wrote as a member, elsewhere everything.
fn counting(view: &View<'_>, id: ConversationId, author: DeviceId, range: Range) -> Vec<Range> {
    let Some(state) = view.node.group(id) else { return vec![range] };
    let joined = state.devices.get(&author);
    let counts = joined.into_iter().flat_map(|device| device.counts.iter());
    let within =
        |counts: Range| Range::new(counts.from().max(range.from()), counts.to().min(range.to()));
    counts.filter_map(within).collect()
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
        notify: conversation.map_or(Ok(NotifyLevel::All), |id| told(view, id))?,
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
