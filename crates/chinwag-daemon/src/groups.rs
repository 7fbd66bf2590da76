//! Groups as they are told: which one is meant, how we stand to it, and what was done in it in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chinwag_api::model::{self, GroupRole, GroupStanding};
use chinwag_core::body::{Body, Content, Kind};
use chinwag_core::ids::{AccountId, ConversationId, EntryId};
use chinwag_core::membership::{
    Action, By, Creation, History, Member, Operation, Removal, Right, Role, Setting, State, Verdict,
};
use chinwag_core::store::{Invitation, StoredEntry};

use crate::node_thread::View;
use crate::shared::Shared;
use crate::{ids, people, time};

/// What a group is called of which only the beginning of its id is known.
pub(crate) fn name(view: &View<'_>, id: ConversationId) -> String {
    if let Some(name) = view.node.group(id).and_then(|state| state.name.as_ref()) {
        return name.as_str().to_owned();
    }
    let invitation = view.node.invitations().find(|(invitation, _)| invitation.group == id);
    invitation.map_or_else(
        || ids::conversation(id).chars().take(13).collect(),
        |(_, creation)| creation.name.as_str().to_owned(),
    )
}

/// What we are in a group. `None`: we are out of it.
fn own_membership(view: &View<'_>, state: &State) -> Option<Member> {
    view.node.account().and_then(|own| state.members.get(&own)).copied()
}

/// The groups that we have joined and that are called so, or whose names begin so if none is. A group
/// that we were only let into is not among them: whoever let us in could give it any name.
pub(crate) fn called(view: &View<'_>, who: &str) -> Vec<ConversationId> {
    of_those(view, who, |state| has_joined(view, state))
}

/// Those of them that are called so in full.
pub(crate) fn called_in_full(view: &View<'_>, who: &str) -> Vec<ConversationId> {
    let folded = who.to_lowercase();
    let is_whole = |id: &ConversationId| name(view, *id).to_lowercase() == folded;
    called(view, who).into_iter().filter(is_whole).collect()
}

/// The same of all groups that are here.
pub(crate) fn called_whether_joined_or_not(view: &View<'_>, who: &str) -> Vec<ConversationId> {
    of_those(view, who, |_| true)
}

fn of_those(view: &View<'_>, who: &str, is_among: impl Fn(&State) -> bool) -> Vec<ConversationId> {
    let among = view.node.groups().filter(|(_, state)| is_among(state));
    fitting(who, among.map(|(id, _)| (id, name(view, id))))
}

/// Of these those that are called so, or whose names begin so if none is.
fn fitting(
    who: &str,
    named: impl Iterator<Item = (ConversationId, String)>,
) -> Vec<ConversationId> {
    let folded = who.trim().to_lowercase();
    if folded.is_empty() {
        return Vec::new();
    }
    let named: Vec<(ConversationId, String)> =
        named.map(|(id, name)| (id, name.to_lowercase())).collect();
    let those = |fits: &dyn Fn(&str) -> bool| -> Vec<ConversationId> {
        named.iter().filter(|(_, name)| fits(name)).map(|(id, _)| *id).collect()
    };
    let whole = those(&|name| name == folded);
    if whole.is_empty() { those(&|name| name.starts_with(&folded)) } else { whole }
}

/// Whether a device of our account joined the group, now or before.
fn has_joined(view: &View<'_>, state: &State) -> bool {
    let own = view.node.account();
    own.is_some() && state.devices.values().any(|device| Some(device.account) == own)
}

/// The groups that somebody invited us to and that are called so, or whose ids are or begin so.
pub(crate) fn invited(view: &View<'_>, who: &str) -> Vec<ConversationId> {
    let open = view.node.invitations();
    if ids::is_beginning_of_conversation(who) {
        let begins = |id: &ConversationId| ids::conversation(*id).starts_with(who);
        return open.map(|(invitation, _)| invitation.group).filter(begins).collect();
    }
    fitting(who, open.map(|(of, creation)| (of.group, creation.name.as_str().to_owned())))
}

/// An invitation to a group as it is told.
pub(crate) fn invitation(
    view: &View<'_>,
    invitation: &Invitation,
    creation: &Creation,
) -> model::GroupInvitation {
    model::GroupInvitation {
        group: ids::conversation(invitation.group),
        name: creation.name.as_str().to_owned(),
        by: ids::account(invitation.by),
        by_name: people::name(view, invitation.by),
        received_at: time::written(invitation.received),
    }
}

/// The groups whose ids begin so.
pub(crate) fn identified(view: &View<'_>, who: &str) -> Vec<ConversationId> {
    if !ids::is_beginning_of_conversation(who) {
        return Vec::new();
    }
    let groups = view.node.groups().map(|(id, _)| id);
    groups.filter(|id| ids::conversation(*id).starts_with(who)).collect()
}

/// How we stand to a group.
pub(crate) fn standing(view: &View<'_>, state: &State) -> GroupStanding {
    let own = own_membership(view, state);
    GroupStanding {
        topic: state.topic.as_str().to_owned(),
        role: own.map(|own| role(own.role)),
        joined: own.is_some_and(|own| own.has_joined),
        members: u64::try_from(state.members.len()).unwrap_or(u64::MAX),
    }
}

const fn role(role: Role) -> GroupRole {
    match role {
        Role::Member => GroupRole::Member,
        Role::Admin => GroupRole::Admin,
        Role::Owner => GroupRole::Owner,
    }
}

/// The members of a group: owners first, then admins, then the others by name.
pub(crate) fn members(view: &View<'_>, shared: &Shared, state: &State) -> Vec<model::GroupMember> {
    let connected = view.node.connected_devices();
    let own = view.node.account();
    let told = |(account, member): (&AccountId, &Member)| {
        let devices = view.node.devices_of(*account, view.now);
        let heard = devices.iter().filter_map(|device| shared.heard_of(*device)).max();
        let is_me = own == Some(*account);
        model::GroupMember {
            id: ids::account(*account),
            name: people::name(view, *account),
            is_me,
            is_contact: view.node.contacts().any(|c| c.account == *account && c.is_contact),
            role: role(member.role),
            joined: member.has_joined,
            connected: is_me || devices.iter().any(|device| connected.contains(device)),
            last_heard_at: heard.map(time::written),
        }
    };
    let mut members: Vec<model::GroupMember> = state.members.iter().map(told).collect();
    members
        .sort_by_cached_key(|m| (std::cmp::Reverse(m.role), m.name.to_lowercase(), m.id.clone()));
    members
}

/// The accounts of a group's members, but for our own.
pub(crate) fn others(view: &View<'_>, id: ConversationId) -> Vec<AccountId> {
    let own = view.node.account();
    let members = view.node.group(id).into_iter().flat_map(|state| state.members.keys().copied());
    members.filter(|account| Some(*account) != own).collect()
}

/// The operation that an entry is, if it is one and can be read.
fn operation(entry: &StoredEntry) -> Option<Operation> {
    if entry.header.kind != Kind::MEMBERSHIP {
        return None;
    }
    let body = Body::from_bytes(entry.header.kind, entry.body.as_deref()?).ok()?;
    match body.content() {
        Content::Membership(operation) => Some(operation.as_ref().clone()),
        _ => None,
    }
}

/// Whether an entry of a group has a line of its own. What its author wrote as no member has not, nor
/// has what follows from another operation by itself.
pub(crate) fn is_shown(view: &View<'_>, entry: &StoredEntry) -> bool {
    let (id, header) = (entry.header.conversation, &entry.header);
    let Some(state) = view.node.group(id) else { return true };
    match operation(entry).map(|operation| operation.action) {
        Some(Action::Create(_)) => state.verdicts.get(&entry.id) == Some(&Verdict::Counts),
        Some(Action::Join { by: By::Creation, .. }) => false,
        Some(Action::Join { .. }) if is_no_news(state, entry.id) => false,
        _ => view.node.is_shown(id, header.author, header.seq()),
    }
}

/// Whether an account was in by another right already: nobody comes in twice.
fn is_no_news(state: &State, id: EntryId) -> bool {
    matches!(
        state.verdicts.get(&id),
        Some(Verdict::JoinedBefore | Verdict::NotLetIn | Verdict::TooMany)
    )
}

/// What was done in a group, in words: `Ana` goes before them.
pub(crate) fn in_words(view: &View<'_>, entry: &StoredEntry) -> String {
    let Some(operation) = operation(entry) else {
        return "changed something that can't be read".to_owned();
    };
    let author = view.node.author_of(entry.header.conversation, entry.header.author);
    let done = action_in_words(view, author, &operation.action);
    let state = view.node.group(entry.header.conversation);
    match state.and_then(|state| without_effect(view, state, entry.id)) {
        Some(why) => format!("{done} (without effect: {why})"),
        None => done,
    }
}

fn named(view: &View<'_>, account: AccountId) -> String {
    if view.node.account() == Some(account) {
        "you".to_owned()
    } else {
        people::name(view, account)
    }
}

fn action_in_words(view: &View<'_>, author: Option<AccountId>, action: &Action) -> String {
    match action {
        Action::Create(creation) => format!("began the group \"{}\"", creation.name.as_str()),
        Action::Grant { account, right: Right::Member, .. } => {
            format!("let {} in", named(view, *account))
        }
        Action::Grant { account, right: Right::Admin, .. } => {
            format!("made {} an admin", named(view, *account))
        }
        Action::Remove(Removal { account, keeps: None, .. }) if author == Some(*account) => {
            "left".to_owned()
        }
        Action::Remove(Removal { account, keeps: None, .. }) => {
            format!("removed {}", named(view, *account))
        }
        Action::Remove(Removal { account, .. }) if author == Some(*account) => {
            "stepped down as an admin".to_owned()
        }
        Action::Remove(Removal { account, .. }) => {
            format!("made {} a member without a say", named(view, *account))
        }
        Action::Join { by: By::Ticket { .. }, .. } => "joined with a ticket".to_owned(),
        Action::Join { .. } => "joined".to_owned(),
        Action::Ticket { .. } => "made a ticket for the group".to_owned(),
        Action::Revoke { .. } => "took a ticket for the group back".to_owned(),
        Action::Set(setting) => setting_in_words(setting),
        Action::Unknown { .. } => "did something that this version does not know".to_owned(),
    }
}

fn setting_in_words(setting: &Setting) -> String {
    match setting {
        Setting::Lifetime(0) => "said that messages no longer disappear".to_owned(),
        Setting::Lifetime(seconds) => {
            format!("said that new messages disappear {seconds} seconds after they were read")
        }
        Setting::Name(name) => format!("called the group \"{}\"", name.as_str()),
        Setting::Topic(topic) if topic.as_str().is_empty() => "took the topic away".to_owned(),
        Setting::Topic(topic) => format!("said what it is about: {}", topic.as_str()),
        Setting::History(History::FromNow) => {
            "said that new members get what is said from then on".to_owned()
        }
        Setting::History(History::Everything) => "said that new members get everything".to_owned(),
        Setting::Unknown { .. } => "changed a setting that this version does not know".to_owned(),
    }
}

/// Why an operation never had an effect; `None`: it has, or had until another one ended it.
fn without_effect(view: &View<'_>, state: &State, id: EntryId) -> Option<String> {
    Some(match state.verdicts.get(&id)? {
        Verdict::Counts | Verdict::EndedBy(_) | Verdict::Replaced => return None,
        Verdict::Outweighed => "another change at the same time holds".to_owned(),
        Verdict::Unknown => "this version does not know it".to_owned(),
        Verdict::NotJoined => "its author was no member".to_owned(),
        Verdict::OtherAccount => "its author had said to be somebody else".to_owned(),
        Verdict::CutOff => "it stands behind a fork, or its device was revoked".to_owned(),
        Verdict::NoRight => "its author may not decide that".to_owned(),
        Verdict::Lost(by) => lost(view, *by),
        Verdict::NotLetIn => "nobody let them in".to_owned(),
        Verdict::JoinedBefore => "they were in already".to_owned(),
        Verdict::NoRoom => "the group is full".to_owned(),
        Verdict::TooMany => "there are too many of one device".to_owned(),
    })
}

fn lost(view: &View<'_>, by: EntryId) -> String {
    let entry = view.store.entry(by).ok().flatten();
    let author =
        entry.and_then(|entry| view.node.author_of(entry.header.conversation, entry.header.author));
    match author {
        Some(account) => format!("{} had taken the right away", named(view, account)),
        None => "the right had been taken away".to_owned(),
    }
}

/// The accounts of a group's members who have joined, but for our own. Who was let in and has not
/// answered gets nothing yet.
pub(crate) fn others_joined(view: &View<'_>, id: ConversationId) -> Vec<AccountId> {
    let state = view.node.group(id);
    let has_joined = |account: &AccountId| {
        state.and_then(|state| state.members.get(account)).is_some_and(|member| member.has_joined)
    };
    others(view, id).into_iter().filter(has_joined).collect()
}

/// How far one of ours has come to each member who has joined: to the device to which it came furthest.
pub(crate) fn states(
    view: &View<'_>,
    entry: &StoredEntry,
) -> BTreeMap<AccountId, model::MessageState> {
    let others = others_joined(view, entry.header.conversation);
    let furthest = |account: AccountId| {
        let devices = view.node.devices_of(account, view.now).into_iter();
        let states = devices.map(|d| crate::messages::state_at(view, entry, account, d));
        (account, states.max().unwrap_or(model::MessageState::Saved))
    };
    others.into_iter().map(furthest).collect()
}

/// How far a message has come to all of them: as far as to the last, once it is on its way at all.
pub(crate) fn state(states: &BTreeMap<AccountId, model::MessageState>) -> model::MessageState {
    use model::MessageState::{Delivered, Saved, Sent};
    let (last, first) = (states.values().min(), states.values().max());
    match (last.copied(), first.copied()) {
        (Some(last), _) if last >= Delivered => last,
        (_, Some(first)) if first >= Sent => Sent,
        _ => Saved,
    }
}

/// How many members have it.
pub(crate) fn reach(states: &BTreeMap<AccountId, model::MessageState>) -> model::Reach {
    use model::MessageState::{Delivered, Read};
    let count = |least| {
        let there = states.values().filter(|state| **state >= least).count();
        u64::try_from(there).unwrap_or(u64::MAX)
    };
    let members = u64::try_from(states.len()).unwrap_or(u64::MAX);
    model::Reach { members, delivered: count(Delivered), read: count(Read) }
}

/// Members that are named one by one of those who do not have a message.
const WAITED_FOR_SHOWN: usize = 8;

/// Who has one of ours in a group, and who has not: `delivered to 7 of 9, read by 3; waiting for Bob
/// (last connected 3 h ago, has 41 of 44)`.
pub(crate) fn reach_in_words(view: &View<'_>, shared: &Shared, entry: &StoredEntry) -> String {
    let states = states(view, entry);
    let reach = reach(&states);
    if reach.members == 0 {
        return "nobody else has joined the group: whoever does gets it then".to_owned();
    }
    // Writing to a string can't fail.
    let mut words = format!("delivered to {} of {}", reach.delivered, reach.members);
    if reach.read > 0 {
        let _ = write!(words, ", read by {}", reach.read);
    }
    let missing = states.iter().filter(|(_, state)| **state < model::MessageState::Delivered);
    let missing: Vec<String> =
        missing.map(|(account, _)| waited_for(view, shared, entry, *account)).collect();
    if missing.is_empty() {
        return words;
    }
    words.push_str("; waiting for ");
    words.push_str(&missing.iter().take(WAITED_FOR_SHOWN).cloned().collect::<Vec<_>>().join(", "));
    if missing.len() > WAITED_FOR_SHOWN {
        let _ = write!(words, " and {} more", missing.len() - WAITED_FOR_SHOWN);
    }
    words
}

fn waited_for(view: &View<'_>, shared: &Shared, entry: &StoredEntry, account: AccountId) -> String {
    let (id, header) = (entry.header.conversation, &entry.header);
    let devices = view.node.devices_of(account, view.now);
    let connected = view.node.connected_devices();
    let heard = devices.iter().filter_map(|device| shared.heard_of(*device)).max();
    let is_here = devices.iter().any(|device| connected.contains(device));
    let way = match heard {
        _ if devices.is_empty() => "no device of theirs is known".to_owned(),
        _ if is_here => "connected".to_owned(),
        None => "not connected yet".to_owned(),
        Some(at) => format!("away {}", time::ago(at, view.now)),
    };
    let has = devices.iter().map(|d| view.node.delivered(id, header.author, *d)).max().unwrap_or(0);
    let has =
        if has > 0 { format!(", has {has} of {}", header.seq().get()) } else { String::new() };
    format!("{} ({way}{has})", people::name(view, account))
}
