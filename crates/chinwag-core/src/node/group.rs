//! Groups: conversations whose members are read from the operations in them.
//!
//! The operations are entries like any others, and are kept and fetched as such. What is here in
//! memory is what they say together, and who they name: from these accounts entries are taken.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_crypto::PublicKey;

use super::commands::Reply;
use super::complete::{Complete, Completed};
use super::conversation::{Conversation, With, content_of};
use super::exchange::page;
use super::tickets::right_by;
use super::{Node, Peer};
use crate::body::{Body, Content, Kind};
use crate::entry::{Position, Seq};
use crate::env::Env;
use crate::identity::{AccountLog, Name};
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::input::Link;
use crate::log::{Base, CheckedRun, Run};
use crate::membership::{
    Action, Audience, By, Creation, GrantId, History, Operation, Placed, Removal, Right, Role,
    Setting, State, Verdict, group_of, resolve,
};
use crate::output::{Answer, Event, GroupRefusal, Refusal};
use crate::store::{Store, StoreError, StoredEntry};
use crate::sync::ranges::Range;
use crate::sync::spread::Spread;
use crate::time::Wall;
use crate::wire::limits::{ACCOUNTS_MAX, AFTER_MAX, GROUPS_MAX, REMOVALS_SHOWN_MAX};
use crate::wire::message::Message;

/// Operations, and where they stand.
type Told = BTreeMap<EntryId, (DeviceId, Seq)>;

/// What is known of a group.
#[derive(Debug, Default)]
pub(super) struct Group {
    operations: BTreeMap<EntryId, Placed>,
    state: State,
    /// Every account that somebody let in who might, whatever removals say of it: what these accounts
    /// wrote is fetched and kept, so that all have the same operations.
    named: BTreeSet<AccountId>,
    /// Tickets that somebody made who might, with their keys, whatever removals and revocations say of them:
    /// who joins by one is named.
    ticket_keys: BTreeMap<EntryId, PublicKey>,
    /// The entry that begins it, with its signature: what is shown first to whoever does not know of
    /// the group.
    creation: Option<(DeviceId, Run)>,
    /// Operations that are here and not complete. They say who is named, and nothing else: what they
    /// wait for may be in the logs of these.
    waiting: BTreeMap<EntryId, Placed>,
    /// Of these, the removals of our own that count, and where they stand: they came alone, to show us that
    /// we are no member any more.
    told: Told,
    /// The last operation of each log.
    last: BTreeMap<DeviceId, Seq>,
    /// How much of its logs is complete.
    pub(super) complete: Complete,
    /// For whom we said last that what we write is. `None`: it was not looked for yet.
    said_for: Option<Audience>,
    /// Who feeds whom.
    pub(super) spread: Spread<Link, DeviceId>,
    /// How often too few of those were there whom we looked for.
    pub(super) tries: u32,
}

impl Group {
    /// What its operations say together.
    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// Every account that somebody let in who might, whatever removals say of it.
    pub(super) const fn named(&self) -> &BTreeSet<AccountId> {
        &self.named
    }

    fn add(&mut self, operation: Placed) {
        let last = self.last.entry(operation.author()).or_insert(operation.seq());
        *last = (*last).max(operation.seq());
        self.waiting.remove(&operation.id());
        self.operations.insert(operation.id(), operation);
    }

    /// Whether there is an operation in a log beyond so many entries.
    pub(super) fn has_more(&self, author: DeviceId, beyond: u64) -> bool {
        self.last.get(&author).is_some_and(|last| last.get() > beyond)
    }

    /// Leaves out the operations that are not complete.
    fn leave_out_what_waits(&mut self) {
        let operations = std::mem::take(&mut self.operations);
        self.last.clear();
        for operation in operations.into_values() {
            let is_complete = operation.seq().get() <= self.complete.height(operation.author());
            if is_complete || matches!(operation.action(), Action::Create(_)) {
                self.add(operation);
            } else {
                self.waiting.insert(operation.id(), operation);
            }
        }
    }

    /// What waits and ends rights of an account: it came alone, as the proof that it is no member any more.
    fn told_of(&self, account: AccountId) -> impl Iterator<Item = &Placed> {
        self.waiting.values().filter(move |placed| self.may_end(account, placed))
    }

    /// Whether an operation may end a right of an account: it removes it, or revokes a ticket by which it
    /// joined and does not say that it stays.
    fn may_end(&self, account: AccountId, placed: &Placed) -> bool {
        let Action::Revoke { ticket, joined } = placed.action() else {
            return is_removal_of(account, placed);
        };
        self.joins_by(*ticket).any(|join| {
            matches!(join.action(), Action::Join { account: of, .. } if *of == account)
                && !joined.contains(&join.id())
        })
    }

    /// An operation that is complete.
    pub(super) fn operation(&self, id: EntryId) -> Option<&Placed> {
        self.operations.get(&id)
    }

    /// The removals of an account.
    pub(super) fn removals_of(&self, account: AccountId) -> impl Iterator<Item = &Placed> {
        self.operations.values().filter(move |placed| is_removal_of(account, placed))
    }

    /// The operations by which somebody joins by a ticket.
    pub(super) fn joins_by(&self, ticket: EntryId) -> impl Iterator<Item = &Placed> {
        self.operations.values().filter(move |placed| ticket_of(placed) == Some(ticket))
    }

    /// Of these, the ones that let somebody in.
    pub(super) fn joined_by(&self, ticket: EntryId) -> impl Iterator<Item = &Placed> {
        let is_in = |join: &&Placed| match join.action() {
            Action::Join { account, .. } => {
                self.state.grants.contains_key(&(*account, GrantId::By(join.id())))
            }
            _ => false,
        };
        self.joins_by(ticket).filter(is_in)
    }

    /// Whom an operation names that joins by a ticket which somebody made who might, and by which.
    pub(super) fn names_by_ticket(&self, placed: &Placed) -> Option<(EntryId, AccountId)> {
        match placed.action() {
            Action::Join { account, by: By::Ticket { ticket, key, .. } } => {
                let is_known = self.ticket_keys.get(ticket) == Some(key);
                is_known.then_some((*ticket, *account))
            }
            _ => None,
        }
    }

    /// How many operations are here that join by tickets, complete or not.
    pub(super) fn joins_of_tickets(&self) -> usize {
        let all = self.operations.values().chain(self.waiting.values());
        all.filter(|placed| ticket_of(placed).is_some()).count()
    }

    /// Takes note of an operation that is to be fetched with all before it.
    pub(super) fn wait_for(&mut self, placed: Placed) {
        if !self.operations.contains_key(&placed.id()) {
            self.waiting.insert(placed.id(), placed);
        }
    }

    /// Forgets what waits in a log from a place on.
    pub(super) fn forget_from(&mut self, author: DeviceId, from: Seq) {
        self.waiting.retain(|_, placed| placed.author() != author || placed.seq() < from);
    }

    /// Whom owners let in, as admins or at all, and then whom these admins let in: removals and heights
    /// left aside. Others can't name anybody, however much they write. What a fork or a revocation cuts
    /// off names nobody: others may not have it, and can't get it. `devices` are those of an account, and how
    /// much of the log of each counts. With them the tickets that these made, and who joins by one.
    fn named_by_deciders(
        &self,
        devices: impl Fn(AccountId) -> Vec<(DeviceId, u64)>,
    ) -> (BTreeSet<AccountId>, BTreeMap<EntryId, PublicKey>) {
        let all = || self.operations.values().chain(self.waiting.values());
        let owners = all().filter_map(|operation| match operation.action() {
            Action::Create(creation) => Some(&creation.owners),
            _ => None,
        });
        let owners: BTreeSet<AccountId> = owners.flatten().copied().collect();
        let limits_of = |by: &BTreeSet<AccountId>| {
            let mut limits: BTreeMap<DeviceId, u64> = BTreeMap::new();
            for (device, limit) in by.iter().flat_map(|account| devices(*account)) {
                let known = limits.entry(device).or_default();
                *known = (*known).max(limit);
            }
            limits
        };
        let counts = |limits: &BTreeMap<DeviceId, u64>, operation: &Placed| {
            let limit = limits.get(&operation.author());
            limit.is_some_and(|limit| operation.seq().get() <= *limit)
        };
        let let_in = |by: &BTreeSet<AccountId>, at_least: Right| -> BTreeSet<AccountId> {
            let limits = limits_of(by);
            let granted = all().filter(|operation| counts(&limits, operation));
            let granted = granted.filter_map(|operation| match operation.action() {
                Action::Grant { account, right, .. } if *right >= at_least => Some(*account),
                _ => None,
            });
            granted.collect()
        };
        let deciders = &owners | &let_in(&owners, Right::Admin);
        let limits = limits_of(&deciders);
        let made = all().filter(|operation| counts(&limits, operation));
        let tickets: BTreeMap<EntryId, PublicKey> = made
            .filter_map(|operation| match operation.action() {
                Action::Ticket { key, .. } => Some((operation.id(), *key)),
                _ => None,
            })
            .collect();
        let joined = all().filter_map(|operation| match operation.action() {
            Action::Join { account, by: By::Ticket { ticket, key, .. } } => {
                let mut devices = devices(*account).into_iter();
                let limit = devices.find(|(device, _)| *device == operation.author());
                // Of a device that is not known to be theirs it will be seen when it is.
                let counts = limit.is_none_or(|(_, limit)| operation.seq().get() <= limit);
                (counts && tickets.get(ticket) == Some(key)).then_some(*account)
            }
            _ => None,
        });
        let by_ticket: BTreeSet<AccountId> = joined.collect();
        (&(&deciders | &let_in(&deciders, Right::Member)) | &by_ticket, tickets)
    }
}

impl Conversation {
    /// The group that it is, if it is one.
    pub(super) const fn group(&self) -> Option<&Group> {
        match &self.with {
            With::Group(group) => Some(group),
            _ => None,
        }
    }

    fn group_mut(&mut self) -> Option<&mut Group> {
        match &mut self.with {
            With::Group(group) => Some(group),
            _ => None,
        }
    }
}

impl Node {
    pub(super) fn group_in(&self, id: ConversationId) -> Option<&Group> {
        self.conversations.get(&id).and_then(Conversation::group)
    }

    pub(super) fn group_in_mut(&mut self, id: ConversationId) -> Option<&mut Group> {
        self.conversations.get_mut(&id).and_then(Conversation::group_mut)
    }

    fn groups_here(&self) -> impl Iterator<Item = (ConversationId, &Group)> {
        self.conversations.iter().filter_map(|(id, c)| Some((*id, c.group()?)))
    }

    /// Whether somebody is a member of a group that is here.
    pub(super) fn is_fellow(&self, account: AccountId) -> bool {
        self.groups_here().any(|(_, group)| group.state.members.contains_key(&account))
    }

    /// Whether an account is named in a group: what it says of itself is taken, whoever brings it.
    pub(super) fn is_named_in_a_group(&self, account: AccountId) -> bool {
        self.groups_here().any(|(_, group)| group.named.contains(&account))
    }

    /// Whether somebody is a member of a group that names an account.
    pub(super) fn concerns(&self, account: AccountId, of: AccountId) -> bool {
        self.groups_here().any(|(_, group)| {
            group.state.members.contains_key(&account) && group.named.contains(&of)
        })
    }

    /// The groups that name an account.
    pub(super) fn groups_naming(&self, account: AccountId) -> Vec<ConversationId> {
        let groups = self.groups_here().filter(|(_, group)| group.named.contains(&account));
        groups.map(|(id, _)| id).collect()
    }

    /// Finds who is named in a group by what is here now. What was said of the logs of those who were not
    /// before, and of forks of these, was of no use.
    pub(super) fn name_in(&mut self, id: ConversationId) {
        let Some(group) = self.group_in(id) else { return };
        let (named, ticket_keys) = group.named_by_deciders(|account| {
            let devices =
                self.accounts.get(&account).into_iter().flat_map(AccountLog::known_devices);
            devices.map(|device| (device, self.limit_as(id, account, device))).collect()
        });
        let Some(group) = self.group_in_mut(id) else { return };
        let before = std::mem::replace(&mut group.named, named);
        let keys_before = std::mem::replace(&mut group.ticket_keys, ticket_keys);
        let is_new = |ticket: &EntryId| !keys_before.contains_key(ticket);
        let is_more = !group.named.is_subset(&before);
        if is_more || group.ticket_keys.keys().any(is_new) {
            // Of logs that nobody named it may be known now whose they are.
            self.sessions.values_mut().for_each(|session| session.unnamed_asked.clear());
            self.ask_for_accounts(id);
            self.compare_again_in(&BTreeSet::from([id]));
        }
    }

    /// The accounts that are named in groups that somebody is a member of.
    pub(super) fn named_for(&self, account: AccountId) -> BTreeSet<AccountId> {
        let is_ours = self.account() == Some(account);
        let is_for = |group: &Group| is_ours || group.state.members.contains_key(&account);
        let groups = self.groups_here().filter(|(_, group)| is_for(group));
        groups.flat_map(|(_, group)| group.named.iter().copied()).collect()
    }

    /// The groups that are here, with what is known of them.
    pub fn groups(&self) -> impl Iterator<Item = (ConversationId, &State)> {
        self.groups_here().map(|(id, group)| (id, &group.state))
    }

    /// What is known of a group.
    pub fn group(&self, id: ConversationId) -> Option<&State> {
        self.group_in(id).map(Group::state)
    }

    /// Whether an entry is shown: in a group, whether its author was a member's device there.
    pub fn is_shown(&self, id: ConversationId, author: DeviceId, seq: Seq) -> bool {
        let counts = seq.get() <= self.to_hand_on(id, author);
        self.group_in(id).map_or(counts, |group| {
            let is_told = || group.told.values().any(|place| *place == (author, seq));
            (counts && group.state.counts(author, seq)) || is_told()
        })
    }

    /// How many operations of a group are in a part of a log.
    pub fn operations_in(&self, id: ConversationId, author: DeviceId, part: Range) -> usize {
        let operations = self.group_in(id).map(|group| group.operations.values());
        let is_in = |operation: &&Placed| {
            operation.author() == author && (part.from()..=part.to()).contains(&operation.seq())
        };
        operations.map_or(0, |operations| operations.filter(is_in).count())
    }

    // What is here.

    /// The group that a conversation in the store is, if it is one.
    pub(super) fn load_group(
        &mut self,
        env: &Env<'_>,
        id: ConversationId,
    ) -> Result<bool, StoreError> {
        let mut group = Group::default();
        for placed in operations_in(env.store, id)? {
            if matches!(placed.action(), Action::Create(_)) {
                group.creation = creation_run(env.store, id, placed.author(), placed.seq())?;
            }
            group.add(placed);
        }
        let is_group = group.creation.is_some();
        if is_group {
            self.add_conversation(id, With::Group(Box::new(group)));
        }
        Ok(is_group)
    }

    /// Notes the operations in a log that are new here, and whom they name.
    pub(super) fn note_operations(&mut self, id: ConversationId, new: &[CheckedRun]) {
        let entries = new.iter().flat_map(CheckedRun::entries);
        let read = entries.filter_map(|entry| {
            Placed::read(entry.header(), entry.body().unwrap_or_default()).ok()
        });
        let read: Vec<Placed> = read.collect();
        let group = self.conversations.get_mut(&id).and_then(Conversation::group_mut);
        let Some(group) = group.filter(|_| !read.is_empty()) else { return };
        let own = self.own.as_ref().map(|own| own.account);
        if own.is_some_and(|own| read.iter().any(|placed| group.may_end(own, placed))) {
            self.stale_groups.insert(id);
        }
        group.waiting.extend(read.into_iter().map(|placed| (placed.id(), placed)));
        self.name_in(id);
    }

    /// Takes in the operations among entries that have become complete, and does what follows from
    /// them.
    pub(super) fn take_operations(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        new: &[Completed],
    ) -> Result<(), StoreError> {
        let mut begins = false;
        for (author, entries) in new {
            let limit = self.limit(id, *author);
            let counting = entries.iter().filter(|entry| entry.header.seq().get() <= limit);
            let read = counting.filter_map(|entry| {
                Placed::read(&entry.header, entry.body.as_deref().unwrap_or_default()).ok()
            });
            let read: Vec<Placed> = read.collect();
            if !read.is_empty() {
                self.stale_groups.insert(id);
            }
            begins |= read.iter().any(|placed| matches!(placed.action(), Action::Create(_)));
            if let Some(group) = self.group_in_mut(id) {
                for placed in read {
                    group.add(placed);
                }
            }
        }
        self.refresh_stale_groups(env)?;
        if begins {
            // Now it can be shown to others.
            let members = self.group(id).into_iter().flat_map(|state| state.members.keys());
            let members: Vec<AccountId> = members.copied().collect();
            self.show_group(id, &members);
        }
        Ok(())
    }

    /// Leaves out of all groups the operations that are not complete.
    pub(super) fn leave_out_what_waits(&mut self) {
        let groups = self.conversations.values_mut().filter_map(Conversation::group_mut);
        groups.for_each(Group::leave_out_what_waits);
    }

    /// Goes on in a group as another device.
    pub(super) fn begin_anew_in(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        if let Some(group) = self.group_in_mut(id) {
            group.complete.begin_anew();
            // All connections end.
            group.spread = Spread::default();
            group.tries = 0;
        }
        self.keep_complete(env, id)
    }

    /// An entry has room for a few parents. Where more logs have operations that our own log has not
    /// named, entries come before it that do nothing but name them.
    pub(super) fn name_all_operations(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let Some(own) = self.device() else { return Ok(()) };
        while !self.to_name(id, own).1 {
            let seen = Action::Unknown { kind: SEEN, bytes: Vec::new() };
            let body = Body::new(env.random(), said(Operation::new(seen)));
            let body = body.map_err(|error| StoreError(error.to_string()))?;
            self.write_one(env, id, &body)?;
        }
        Ok(())
    }

    /// Reads the membership of all groups anew: somebody's devices have changed.
    pub(super) fn refresh_groups(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let ids: Vec<ConversationId> = self.groups_here().map(|(id, _)| id).collect();
        self.stale_groups.extend(ids);
        self.refresh_stale_groups(env)
    }

    /// Reads the membership of the groups anew of which something is new, and does what follows from
    /// it: who is a member now hears of the group.
    pub(super) fn refresh_stale_groups(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        for id in std::mem::take(&mut self.stale_groups) {
            let Some((state, told)) = self.state_of(id) else { continue };
            let lifetime_s = state.lifetime_s;
            let Some(group) = self.conversations.get_mut(&id).and_then(Conversation::group_mut)
            else {
                continue;
            };
            let before = std::mem::replace(&mut group.state, state);
            let members = group.state.members.keys();
            let is_new = |account: &&AccountId| !before.members.contains_key(*account);
            let new: Vec<AccountId> = members.filter(is_new).copied().collect();
            let is_gone = |account: &&AccountId| !group.state.members.contains_key(*account);
            self.removed.extend(before.members.keys().filter(is_gone).map(|gone| (id, *gone)));
            group.told = told;
            let own = self.own.as_ref().map(|own| own.account);
            let was_in = own.is_some_and(|own| before.members.contains_key(&own));
            let ended = group.told.keys().filter(|_| was_in).copied().collect();
            self.tell_removals(env, ended)?;
            self.let_group_disappear(env, id, lifetime_s)?;
            self.name_in(id);
            self.show_group(id, &new);
            self.ask_for_accounts(id);
            self.search_soon(env.mono);
        }
        Ok(())
    }

    /// What the operations of a group say together: those that are complete, and, if that ends our own
    /// membership, removals of ours that came alone, and which of these count. Who is no member is not
    /// handed what they wait for.
    fn state_of(&self, id: ConversationId) -> Option<(State, Told)> {
        let group = self.group_in(id)?;
        let limit = |account, device| self.limit_as(id, account, device);
        let state = resolve(id, group.operations.values(), limit);
        let Some(own) = self.account().filter(|own| state.members.contains_key(own)) else {
            return Some((state, Told::new()));
        };
        let told: Vec<&Placed> = group.told_of(own).collect();
        if told.is_empty() {
            return Some((state, Told::new()));
        }
        let with = resolve(id, group.operations.values().chain(told.iter().copied()), limit);
        if with.members.contains_key(&own) {
            return Some((state, Told::new()));
        }
        let counts = |placed: &&&Placed| with.verdicts.get(&placed.id()) == Some(&Verdict::Counts);
        let told = told.iter().filter(counts);
        let told = told.map(|placed| (placed.id(), (placed.author(), placed.seq()))).collect();
        Some((with, told))
    }

    /// Tells of removals that came alone and end our membership: nothing else tells of them.
    fn tell_removals(&mut self, env: &Env<'_>, ended: Vec<EntryId>) -> Result<(), StoreError> {
        for id in ended {
            if let Some(StoredEntry { header, body, .. }) = env.store.entry(id)? {
                self.tell(Event::Entry { id, header, body });
            }
        }
        Ok(())
    }

    fn let_group_disappear(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        lifetime_s: u32,
    ) -> Result<(), StoreError> {
        let Some(conversation) = self.conversations.get_mut(&id) else { return Ok(()) };
        let is_first = conversation.lifetime.is_none();
        if is_first && lifetime_s == 0 {
            return Ok(());
        }
        let nowhere = Position { rank: 0, seq: Seq::MIN, id: EntryId::from_bytes([0; 32]) };
        conversation.lifetime = Some((nowhere, lifetime_s));
        if is_first { self.begin_what_has_begun(env, id) } else { Ok(()) }
    }

    // Who hears of it.

    /// Shows a group to those of its new members who are connected.
    fn show_group(&mut self, id: ConversationId, new: &[AccountId]) {
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            if self.ready(link).is_some_and(|account| new.contains(&account)) {
                if let Some(session) = self.sessions.get_mut(&link) {
                    session.joining = None;
                }
                self.introduce_group(link, id);
                self.send_forks(link, id);
                self.send_have(link, id, None, true);
                self.send_read(link, id);
            }
        }
    }

    /// Shows those who are no members any more and are connected why that is.
    pub(super) fn show_removals(&mut self, env: &Env<'_>) -> Result<(), StoreError> {
        for (id, account) in std::mem::take(&mut self.removed) {
            self.end_feeds(id, account);
            let links = self.sessions.keys().copied();
            let links: Vec<Link> =
                links.filter(|link| self.ready(*link) == Some(account)).collect();
            for link in links {
                self.show_removal(env, link, id)?;
            }
        }
        Ok(())
    }

    /// Shows somebody who is no member of a group any more by which operations that is, once: each alone,
    /// with its signature. Nothing else of what came after is handed to them.
    pub(super) fn show_removal(
        &mut self,
        env: &Env<'_>,
        link: Link,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let Some(account) = self.ready(link) else { return Ok(()) };
        let Some((group, session)) = self.group_in(id).zip(self.sessions.get(&link)) else {
            return Ok(());
        };
        if group.state.members.contains_key(&account) || self.account() == Some(account) {
            return Ok(());
        }
        let theirs = group.state.grants.iter().filter(|((of, _), _)| *of == account);
        let mut ended: BTreeSet<EntryId> = theirs.filter_map(|(_, grant)| grant.ended_by).collect();
        // Who joined by a ticket that was revoked at the same time never had a right.
        let revoked = group.operations.values().filter(|placed| {
            matches!(placed.action(), Action::Revoke { .. })
                && group.state.verdicts.get(&placed.id()) == Some(&Verdict::Counts)
                && group.may_end(account, placed)
        });
        ended.extend(revoked.map(Placed::id));
        let is_new = |placed: &&Placed| {
            placed.author() != session.device && !session.removals_shown.contains(&placed.id())
        };
        let new = ended.iter().filter_map(|id| group.operations.get(id)).filter(is_new);
        let new: Vec<_> =
            new.take(REMOVALS_SHOWN_MAX).map(|p| (p.id(), p.author(), p.seq())).collect();
        for (operation, author, seq) in new {
            let Some(range) = Range::new(seq, seq) else { continue };
            let run = page(env.store, id, author, range, self.to_hand_on(id, author))?;
            let Some(run) = run.filter(|run| run.entries.len() == 1) else { continue };
            if let Some(session) = self.sessions.get_mut(&link) {
                session.removals_shown.insert(operation);
            }
            self.send(link, &Message::Entries { conversation: id, author, run });
        }
        Ok(())
    }

    /// Shows somebody how a group begins, if this is one, and what we know of who is named in it.
    pub(super) fn introduce_group(&mut self, link: Link, id: ConversationId) {
        if self.group_in(id).is_none() {
            return;
        }
        if let Some(creation) = self.how_it_begins(id) {
            self.send(link, &creation);
        }
        self.ask_for_accounts_on(link);
    }

    /// The message that shows how a group begins, if this is one and that is kept here.
    pub(super) fn how_it_begins(&self, id: ConversationId) -> Option<Message> {
        let (author, run) = self.group_in(id)?.creation.clone()?;
        let [(header, _)] = run.entries.as_slice() else { return None };
        let first = header.seq();
        // Whoever sends it is taken to have it: who was told of it only now does not keep it yet.
        let is_kept = first.get() <= self.height(id, author);
        is_kept.then_some(Message::Entries { conversation: id, author, run })
    }

    /// Keeps the signature of the entry that begins a group, which comes again in a longer run: whoever
    /// is shown how the group begins is shown no more than that.
    pub(super) fn keep_creation(
        &self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
    ) -> Result<(), StoreError> {
        let creation = self.group_in(id).and_then(|group| group.creation.as_ref());
        let creation = creation.filter(|(creator, _)| *creator == author);
        let Some((_, Run { entries, signature })) = creation else { return Ok(()) };
        let [(header, _)] = entries.as_slice() else { return Ok(()) };
        let is_signed = |entry: StoredEntry| entry.signature.is_some();
        if env.store.entry(header.id())?.is_none_or(is_signed) {
            return Ok(());
        }
        env.store.put_signature(header.id(), signature)
    }

    /// Asks everybody who is connected and may know for what is not known of those who are named.
    fn ask_for_accounts(&mut self, id: ConversationId) {
        let Some(group) = self.group_in(id) else { return };
        let knows = |account: &AccountId| self.accounts.contains_key(account);
        if group.named.iter().all(knows) {
            return;
        }
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            self.ask_for_accounts_on(link);
        }
    }

    pub(super) fn ask_for_accounts_on(&mut self, link: Link) {
        let Some(account) = self.ready(link) else { return };
        let digests = self.digests_for(account);
        self.send(link, &Message::Accounts(digests));
    }

    /// Somebody knows of accounts what is not the same as here. What they lack is on its way to them; for
    /// what we lack they have to hear what we know, and where they heard it before, they may have taken us for
    /// no member. The same is not answered twice: of a log that is full each may keep another part.
    pub(super) fn ask_for_accounts_in_turn(&mut self, link: Link) {
        let Some(account) = self.ready(link) else { return };
        let digests = self.digests_for(account);
        let Some(session) = self.sessions.get_mut(&link) else { return };
        if session.accounts_answered != digests {
            session.accounts_answered.clone_from(&digests);
            self.send(link, &Message::Accounts(digests));
        }
    }

    /// Somebody shows how a group begins that we do not know of. From a device of ours: from now on we
    /// know of it, and of its owners. From others whom we know: they invite us.
    pub(super) fn told_of_group(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        author: DeviceId,
        run: &Run,
    ) -> Result<(), StoreError> {
        let is_ours = self.account() == Some(from.account);
        let may = is_ours || self.is_contact(from.account) || self.is_fellow(from.account);
        let ([(header, Some(body))], true) = (run.entries.as_slice(), may) else { return Ok(()) };
        let Ok(placed) = Placed::read(header, body) else { return Ok(()) };
        let Action::Create(creation) = placed.action() else { return Ok(()) };
        if run.clone().check(id, author, Base::Empty).is_err() {
            return Ok(());
        }
        if !is_ours {
            return self.invited(env, from, id, run, creation.clone());
        }
        if !self.config.takes_groups || self.groups_here().count() >= GROUPS_MAX {
            return Ok(());
        }
        self.forget_invitation(env, id)?;
        self.begin_with(env, id, run)?;
        if let Some(link) = from.link {
            self.ask_for_accounts_on(link);
            self.send_have(link, id, None, true);
        }
        Ok(())
    }

    /// Takes part in a group of which it is known how it begins.
    pub(super) fn begin_with(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        run: &Run,
    ) -> Result<(), StoreError> {
        let [(header, Some(body))] = run.entries.as_slice() else { return Ok(()) };
        let Ok(placed) = Placed::read(header, body) else { return Ok(()) };
        if self.conversations.contains_key(&id) {
            return Ok(());
        }
        let mut group = Group { creation: Some((header.author, run.clone())), ..Group::default() };
        group.add(placed);
        for placed in operations_in(env.store, id)? {
            group.add(placed);
        }
        self.add_conversation(id, With::Group(Box::new(group)));
        if self.dormant.remove(&id) {
            self.load_conversations(env, Some(id))?;
        }
        self.stale_groups.insert(id);
        self.refresh_stale_groups(env)
    }

    // What somebody here wants.

    /// Begins a group that our account owns.
    pub(super) fn create_group(&mut self, env: &mut Env<'_>, name: Name) -> Reply {
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        if !self.config.takes_groups {
            return Ok(Err(Refusal::Group(GroupRefusal::NotTaken)));
        }
        if self.groups_here().count() >= GROUPS_MAX {
            return Ok(Err(Refusal::Group(GroupRefusal::TooManyGroups)));
        }
        let owners = BTreeSet::from([own]);
        let creation = Creation { owners, name, history: History::Everything, lifetime_s: 0 };
        let content = said(Operation::new(Action::Create(creation)));
        let body = match Body::new(env.random(), content) {
            Ok(body) => body,
            Err(error) => return Ok(Err(error.into())),
        };
        let id = group_of(&body.to_bytes());
        self.add_conversation(id, With::Group(Box::default()));
        let written = self.write_body(env, id, &body)?;
        let author = self.device();
        let run = match author {
            Some(author) => creation_run(env.store, id, author, Seq::MIN)?,
            None => None,
        };
        if let Some(group) = self.conversations.get_mut(&id).and_then(Conversation::group_mut) {
            group.creation = run;
        }
        if let Err(refusal) = self.join_group(env, id)? {
            return Ok(Err(refusal));
        }
        Ok(Ok(Answer::Entry(written)))
    }

    /// Joins by each right that our account has and this device has not joined by.
    pub(super) fn join_group(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let (account, device) = (own.account, own.device);
        let Some(group) = self.group_in(id).filter(|g| g.state.members.contains_key(&account))
        else {
            return Ok(Err(Refusal::Group(GroupRefusal::NotMember)));
        };
        let of_ours = group.operations.values().filter(|o| o.author() == device);
        let joined: Vec<GrantId> = of_ours.filter_map(right_by).collect();
        let grants = group.state.grants.iter();
        let live = grants.filter(|((of, _), grant)| *of == account && grant.ended_by.is_none());
        let to_join = live.filter(|((_, grant), _)| !joined.contains(grant));
        let to_join: Vec<By> = to_join
            .map(|((_, grant), _)| match grant {
                GrantId::Creation => By::Creation,
                GrantId::By(grant) => By::Grant(*grant),
            })
            .collect();
        for by in to_join {
            let join = said(Operation::new(Action::Join { account, by }));
            if let Err(error) = self.write(env, id, join)? {
                return Ok(Err(error.into()));
            }
        }
        Ok(Ok(()))
    }

    /// Writes something in a group, as one who has joined.
    pub(super) fn write_in_group(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        content: Content,
    ) -> Reply {
        if let Err(refusal) = self.join_group(env, id)? {
            return Ok(Err(refusal));
        }
        if content.kind() != Kind::MEMBERSHIP
            && let Err(refusal) = self.say_for_whom(env, id)?
        {
            return Ok(Err(refusal));
        }
        let written = self.write(env, id, content)?;
        Ok(written.map(Answer::Entry).map_err(Refusal::from))
    }

    /// Says for whom what we write next is, unless that is as we said it last.
    fn say_for_whom(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (Some(audience), Some(own)) = (self.audience(id, env.wall), self.device()) else {
            return Ok(Err(Refusal::Group(GroupRefusal::Full)));
        };
        let said = match self.group_in(id).and_then(|group| group.said_for.clone()) {
            Some(said) => Some(said),
            None => audience_said(env.store, id, own, None)?,
        };
        if said.as_ref() != Some(&audience) {
            let written = self.write(env, id, Content::Audience(audience.clone()))?;
            if let Err(error) = written {
                return Ok(Err(error.into()));
            }
        }
        if let Some(group) = self.conversations.get_mut(&id).and_then(Conversation::group_mut) {
            group.said_for = Some(audience);
        }
        Ok(Ok(()))
    }

    /// For whom what we write in a group now would be: the members and their devices, as far as they
    /// are known here, but for this one. `None`: there is no such group, or they are too many.
    pub fn audience(&self, id: ConversationId, now: Wall) -> Option<Audience> {
        let members = self.group(id)?.members.keys();
        Audience::new(
            members.map(|of| (*of, self.devices_of(*of, now).into_iter().collect())).collect(),
        )
    }

    /// For whom this device said last that what it writes in a group is. `None`: it has written nothing.
    pub fn audience_before(
        &self,
        store: &dyn Store,
        id: ConversationId,
    ) -> Result<Option<Audience>, StoreError> {
        match (self.group_in(id).and_then(|group| group.said_for.clone()), self.device()) {
            (None, Some(own)) => audience_said(store, id, own, None),
            (said, _) => Ok(said),
        }
    }

    /// For whom an entry of a group was written, as its author says. `None`: they did not say.
    pub fn audience_of(
        &self,
        store: &dyn Store,
        entry: &StoredEntry,
    ) -> Result<Option<Audience>, StoreError> {
        let header = &entry.header;
        audience_said(store, header.conversation, header.author, Some(entry.position()))
    }

    /// Says something in a group: words, or what this version does not know.
    pub(super) fn say_in_group(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        content: Content,
    ) -> Reply {
        if content.kind().is_message() {
            self.write_in_group(env, id, content)
        } else {
            Ok(Err(Refusal::Group(GroupRefusal::NothingToSay)))
        }
    }

    pub(super) fn decide_in_group(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        needed: Role,
        operation: Operation,
    ) -> Reply {
        let own = self.account();
        let role = own.and_then(|own| self.group(id)?.role(own));
        if role.is_none_or(|role| role < needed) {
            let refusal = role.map_or(GroupRefusal::NotMember, |_| GroupRefusal::NoRight(needed));
            return Ok(Err(Refusal::Group(refusal)));
        }
        if operation.after.len() > AFTER_MAX {
            return Ok(Err(Refusal::Group(GroupRefusal::TooOftenChanged)));
        }
        self.write_in_group(env, id, said(operation))
    }

    /// Lets a contact, or somebody who was or is a member, in; or gives them another right.
    pub(super) fn grant(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        account: AccountId,
        right: Right,
    ) -> Reply {
        let Some(group) = self.group_in(id) else {
            return Ok(Err(Refusal::Group(GroupRefusal::NotMember)));
        };
        if !self.is_contact(account) && !group.named.contains(&account) {
            return Ok(Err(Refusal::NoContact(account)));
        }
        let (is_known, room) = (group.state.members.contains_key(&account), group.state.room());
        if !is_known && room == 0 {
            return Ok(Err(Refusal::Group(GroupRefusal::Full)));
        }
        let after = group.state.removals.get(&account).cloned().unwrap_or_default();
        let needed = if right == Right::Admin { Role::Owner } else { Role::Admin };
        let history = History::Everything;
        let grant = |right| Operation {
            after: after.clone(),
            action: Action::Grant { account, right, history },
        };
        if right == Right::Admin && !is_known {
            // So that who is demoted goes on as a member.
            let member = self.decide_in_group(env, id, needed, grant(Right::Member))?;
            if member.is_err() {
                return Ok(member);
            }
        }
        self.decide_in_group(env, id, needed, grant(right))
    }

    /// Takes somebody's rights away, or those above a member's; or lays down our own.
    pub(super) fn remove(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        account: AccountId,
        keeps: Option<Right>,
    ) -> Reply {
        let role = self.group(id).and_then(|state| state.role(account));
        let needed = match role {
            None => return Ok(Err(Refusal::Group(GroupRefusal::NotMember))),
            Some(_) if self.account() == Some(account) => Role::Member,
            Some(Role::Member) => Role::Admin,
            Some(Role::Admin) => Role::Owner,
            Some(Role::Owner) => return Ok(Err(Refusal::Group(GroupRefusal::IsOwner))),
        };
        let devices = self.accounts.get(&account).into_iter().flat_map(AccountLog::known_devices);
        let heights = devices.filter_map(|d| Some((d, Seq::new(self.height(id, d))?))).collect();
        let removal = Removal { account, keeps, heights };
        self.decide_in_group(env, id, needed, Operation::new(Action::Remove(removal)))
    }

    /// Gives a setting of a group another value.
    pub(super) fn set_in_group(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        setting: Setting,
    ) -> Reply {
        let latest = self.group(id).and_then(|state| state.latest.get(&setting.number()));
        let after = latest.cloned().unwrap_or_default();
        let operation = Operation { after, action: Action::Set(setting) };
        self.decide_in_group(env, id, Role::Admin, operation)
    }

    /// What is known of the accounts that somebody may ask about: our contacts, and whoever is named
    /// in groups that they are in.
    pub(super) fn digests_for(
        &self,
        account: AccountId,
    ) -> BTreeMap<AccountId, chinwag_crypto::Hash> {
        let is_ours = self.account() == Some(account);
        let contacts = self.contacts.keys().filter(|_| is_ours).copied();
        let all: BTreeSet<AccountId> = contacts.chain(self.named_for(account)).collect();
        all.into_iter().take(ACCOUNTS_MAX).map(|of| (of, self.digest_of(of))).collect()
    }
}

/// The kind of an operation that does nothing but name what its author has seen.
const SEEN: u16 = 8;

/// Whether an operation removes an account, or takes a right of it.
fn is_removal_of(account: AccountId, placed: &Placed) -> bool {
    matches!(placed.action(), Action::Remove(removal) if removal.account == account)
}

/// The ticket by which an operation joins, if it does.
fn ticket_of(placed: &Placed) -> Option<EntryId> {
    match placed.action() {
        Action::Join { by: By::Ticket { ticket, .. }, .. } => Some(*ticket),
        _ => None,
    }
}

pub(super) fn said(operation: Operation) -> Content {
    Content::Membership(Box::new(operation))
}

/// For whom the author of a log said last that what they write is: before a position, if one is given.
fn audience_said(
    store: &dyn Store,
    id: ConversationId,
    author: DeviceId,
    mut before: Option<Position>,
) -> Result<Option<Audience>, StoreError> {
    while let Some(entry) = store.latest_before(id, Kind::AUDIENCE, before)? {
        if entry.header.author == author {
            let content = content_of(Kind::AUDIENCE, entry.body.as_deref());
            return Ok(match content {
                Some(Content::Audience(audience)) => Some(audience),
                _ => None,
            });
        }
        before = Some(entry.position());
    }
    Ok(None)
}

/// The operations of a group that are kept.
fn operations_in(store: &dyn Store, id: ConversationId) -> Result<Vec<Placed>, StoreError> {
    let (mut operations, mut before) = (Vec::new(), None);
    while let Some(entry) = store.latest_before(id, Kind::MEMBERSHIP, before)? {
        before = Some(entry.position());
        let body = entry.body.as_deref();
        operations.extend(body.and_then(|body| Placed::read(&entry.header, body).ok()));
    }
    Ok(operations)
}

/// The entry of a log that begins the group, with its signature.
fn creation_run(
    store: &dyn Store,
    id: ConversationId,
    author: DeviceId,
    seq: Seq,
) -> Result<Option<(DeviceId, Run)>, StoreError> {
    let Some(range) = Range::new(seq, seq) else { return Ok(None) };
    Ok(page(store, id, author, range, u64::MAX)?.map(|run| (author, run)))
}
