//! Tickets to groups: made and revoked by those who decide, used by strangers, and taken by whoever is a
//! member.
//!
//! A stranger's wish proves that they have the key of a ticket. A member's device for which that ticket is
//! good shows them how the group begins, and nothing else. They join, by an entry that proves the same to
//! everybody, and are members like all others from then on. Nobody becomes anybody's contact by it.

use chinwag_crypto::{Secret, SigningKey};

use super::commands::Reply;
use super::exchange::page;
use super::group::said;
use super::session::later;
use super::{Node, Peer};
use crate::entry::Seq;
use crate::env::Env;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::input::Link;
use crate::log::{Base, Run};
use crate::membership::{
    Action, By, GrantId, GroupTicket, History, Operation, Placed, Role, State, Verdict,
    creation_of, prove_ticket, proves_ticket,
};
use crate::output::{Answer, GroupRefusal, Output, Refusal};
use crate::store::{Invitation, StoreError};
use crate::sync::ranges::Range;
use crate::ticket::Address;
use crate::time::{Mono, Wall};
use crate::wire::limits::{GROUP_DEVICES_MAX, GROUP_TICKETS_MAX, GROUPS_MAX};
use crate::wire::message::{Message, Wish};

/// A ticket to a group that lets people in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTicket {
    /// The operation that made it.
    pub ticket: EntryId,
    /// Who made it. `None`: it is not known whose device that was.
    pub by: Option<AccountId>,
    /// From when on nobody is let in by it, in seconds since the Unix epoch; 0: never.
    pub expires_s: u32,
    /// How many devices have joined by it, and are let in.
    pub joined: usize,
}

/// What somebody is let in for by a ticket who is nobody else that we know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joining {
    pub(super) group: ConversationId,
    /// By when they must have joined. `None`: they may be connected anyway.
    pub(super) until: Option<Mono>,
}

impl Node {
    /// Tickets to groups that were taken here and have not let us in yet.
    pub fn tickets_to_groups(&self) -> impl Iterator<Item = &GroupTicket> {
        self.group_tickets.values()
    }

    /// The tickets to a group that let people in: neither revoked nor expired by this clock.
    pub fn open_tickets(&self, id: ConversationId, now: Wall) -> Vec<OpenTicket> {
        let Some(group) = self.group_in(id) else { return Vec::new() };
        let state = group.state();
        let good = state.tickets.iter().filter(|(_, good)| !good.is_expired(now));
        let open = good.map(|(ticket, good)| {
            let author = group.operation(*ticket).map(Placed::author);
            let by = author.and_then(|author| state.devices.get(&author));
            let joined = group.joined_by(*ticket).count();
            let (ticket, expires_s) = (*ticket, good.expires_s);
            OpenTicket { ticket, by: by.map(|joined| joined.account), expires_s, joined }
        });
        open.collect()
    }

    // What somebody here wants.

    /// Makes a ticket. Its private half is in the answer, and nowhere else.
    pub(super) fn make_ticket(
        &mut self,
        env: &mut Env<'_>,
        group: ConversationId,
        lifetime_s: Option<u32>,
        addresses: Vec<Address>,
    ) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let (account, device) = (own.account, own.device);
        if self.open_tickets(group, env.wall).len() >= GROUP_TICKETS_MAX {
            return Ok(Err(Refusal::Group(GroupRefusal::TooManyTickets)));
        }
        let seed: [u8; 32] = env.random();
        let key = SigningKey::from_seed(&Secret::new(seed)).public();
        let now_s = u32::try_from(env.wall.get() / 1_000).unwrap_or(u32::MAX);
        let expires_s = lifetime_s.map_or(0, |s| now_s.saturating_add(s).max(1));
        let action = Action::Ticket { key, history: History::Everything, expires_s };
        let made = self.decide_in_group(env, group, Role::Admin, Operation::new(action))?;
        Ok(made.map(|answer| match answer {
            Answer::Entry(ticket) => Answer::GroupTicket(GroupTicket {
                group,
                ticket,
                seed,
                account,
                device,
                expires_s,
                addresses,
            }),
            other => other,
        }))
    }

    /// Takes a ticket back. Who joined by it, as far as it is known here, stays.
    pub(super) fn revoke_ticket(
        &mut self,
        env: &mut Env<'_>,
        group: ConversationId,
        ticket: EntryId,
    ) -> Reply {
        let known = self.group_in(group).filter(|g| g.state().tickets.contains_key(&ticket));
        let Some(known) = known else {
            return Ok(Err(Refusal::Group(GroupRefusal::NoTicket)));
        };
        let joined = known.joined_by(ticket).map(Placed::id).take(GROUP_DEVICES_MAX).collect();
        let operation = Operation::new(Action::Revoke { ticket, joined });
        self.decide_in_group(env, group, Role::Admin, operation)
    }

    /// Notes a ticket to a group, so that it is tried until it lets us in, and dials.
    pub(super) fn use_ticket(&mut self, env: &mut Env<'_>, ticket: GroupTicket) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let (account, own_device) = (own.account, own.device);
        let is_in = |state: &State| state.members.contains_key(&account);
        if self.group(ticket.group).is_some_and(is_in) {
            return Ok(Err(Refusal::Group(GroupRefusal::IsMember)));
        }
        if ticket.device == own_device {
            return Ok(Err(Refusal::OwnTicket));
        }
        if ticket.is_expired(env.wall) {
            return Ok(Err(Refusal::TicketExpired));
        }
        if !self.config.takes_groups {
            return Ok(Err(Refusal::Group(GroupRefusal::NotTaken)));
        }
        let pending = self.group_tickets.keys().filter(|id| self.group(**id).is_none());
        if self.groups().count().saturating_add(pending.count()) >= GROUPS_MAX {
            return Ok(Err(Refusal::Group(GroupRefusal::TooManyGroups)));
        }
        env.store.put_group_ticket(&ticket)?;
        self.close_to(ticket.device);
        let (device, addresses) = (ticket.device, ticket.addresses.clone());
        self.outputs.push_back(Output::Dial { device, addresses });
        self.group_tickets.insert(ticket.group, ticket);
        Ok(Ok(Answer::Done))
    }

    /// Wants nothing of a group any more to which a ticket was taken. False: none was.
    pub(super) fn drop_ticket(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<bool, StoreError> {
        let Some(ticket) = self.forget_ticket(env, id)? else { return Ok(false) };
        self.close_unproven(&[ticket.device]);
        Ok(true)
    }

    fn forget_ticket(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<Option<GroupTicket>, StoreError> {
        let Some(ticket) = self.group_tickets.remove(&id) else { return Ok(None) };
        env.store.remove_group_ticket(id)?;
        Ok(Some(ticket))
    }

    /// Forgets the tickets to groups that lead to somebody.
    pub(super) fn forget_tickets_of(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let theirs = self.group_tickets.values().filter(|ticket| ticket.account == account);
        let theirs: Vec<(ConversationId, DeviceId)> =
            theirs.map(|ticket| (ticket.group, ticket.device)).collect();
        for (id, _) in &theirs {
            self.forget_ticket(env, *id)?;
        }
        Ok(theirs.into_iter().map(|(_, device)| device).collect())
    }

    /// Forgets the tickets to groups that we are in.
    pub(super) fn forget_used_tickets(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let Some(own) = self.account() else { return Ok(()) };
        let is_in = |id: &&ConversationId| {
            self.group(**id).is_some_and(|state| state.members.contains_key(&own))
        };
        let used: Vec<ConversationId> = self.group_tickets.keys().filter(is_in).copied().collect();
        for id in used {
            let Some(ticket) = self.forget_ticket(env, id)? else { continue };
            if self.leads_to_group_at(ticket.device) {
                // There is another group that they may let us into.
                self.close_to(ticket.device);
            }
        }
        Ok(())
    }

    // Before whoever is to let us in.

    /// Whether a ticket of ours to a group leads to somebody.
    pub(super) fn leads_to_group(&self, account: AccountId) -> bool {
        self.group_tickets.values().any(|ticket| ticket.account == account)
    }

    /// Whether a ticket of ours to a group leads to a device.
    pub(super) fn leads_to_group_at(&self, device: DeviceId) -> bool {
        self.group_tickets.values().any(|ticket| ticket.device == device)
    }

    /// The wish to be let into a group, at the device where we have a ticket to one: of several the one
    /// that was not asked for last.
    pub(super) fn wish_to_join(&self, device: DeviceId) -> Option<Wish> {
        let own = self.own.as_ref()?;
        let there = |ticket: &&GroupTicket| ticket.device == device;
        let last = self.last_asked.get(&device);
        let after = self.group_tickets.values().filter(there);
        let next = after.clone().find(|ticket| last.is_none_or(|last| ticket.group > *last));
        let ticket = next.or_else(|| after.into_iter().next())?;
        let group = ticket.group;
        let proof = prove_ticket(&ticket.key(), group, own.account, own.device);
        Some(Wish::Join { group, ticket: ticket.ticket, proof })
    }

    /// Whoever a ticket of ours leads to shows how its group begins: they let us in. We join, and ask
    /// for what is there.
    pub(super) fn let_in_by(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        author: DeviceId,
        run: &Run,
    ) -> Result<(), StoreError> {
        let ticket = self.group_tickets.get(&id).filter(|ticket| ticket.account == from.account);
        let (Some(ticket), Some(link)) = (ticket.cloned(), from.link) else { return Ok(()) };
        let is_whole = run.clone().check(id, author, Base::Empty).is_ok();
        let takes_it = self.config.takes_groups && !self.is_in_doubt(None);
        if !is_whole || creation_of(run).is_none() || !takes_it {
            return Ok(());
        }
        if !self.conversations.contains_key(&id) {
            if self.groups().count() >= GROUPS_MAX {
                return Ok(());
            }
            let (by, creation, received, answer) =
                (from.account, run.clone(), env.wall, Some(true));
            let invitation = Invitation { group: id, by, creation, received, answer };
            env.store.put_invitation(&invitation)?;
            self.invitations.insert(id, invitation);
            self.begin_with(env, id, run)?;
        }
        if let Some(join) = self.join_by(env, &ticket)? {
            self.send_join(env, link, id, join)?;
            self.ask_for_accounts_on(link);
        }
        Ok(())
    }

    /// Joins by a ticket, unless this device has: the place of the entry in our log.
    fn join_by(
        &mut self,
        env: &mut Env<'_>,
        ticket: &GroupTicket,
    ) -> Result<Option<Seq>, StoreError> {
        let Some(own) = &self.own else { return Ok(None) };
        let (id, account, device) = (ticket.group, own.account, own.device);
        let Some(group) = self.group_in(id) else { return Ok(None) };
        let joins = group.joins_by(ticket.ticket).filter(|join| join.author() == device);
        if let Some(join) = joins.last() {
            return Ok(Some(join.seq()));
        }
        let removals = group.state().removals.get(&account).into_iter().flatten();
        let is_own = |id: &&EntryId| {
            group.operation(**id).is_some_and(|leaving| self.is_ours(leaving.author()))
        };
        let after = removals.filter(is_own).copied().collect();
        let key = ticket.key();
        let proof = prove_ticket(&key, id, account, device);
        let by = By::Ticket { ticket: ticket.ticket, key: key.public(), proof };
        let join = said(Operation { after, action: Action::Join { account, by } });
        let written = self.write(env, id, join)?;
        let written = written.map_err(|error| StoreError(error.to_string()))?;
        Ok(self.group_in(id).and_then(|group| group.operation(written)).map(Placed::seq))
    }

    /// Hands whoever lets us in our log up to the entry by which we join: it is not known here yet that they
    /// are a member.
    fn send_join(
        &mut self,
        env: &Env<'_>,
        link: Link,
        id: ConversationId,
        join: Seq,
    ) -> Result<(), StoreError> {
        let Some(author) = self.device() else { return Ok(()) };
        if let Some(run) = page(env.store, id, author, Range::up_to(join), u64::MAX)? {
            self.send(link, &Message::Entries { conversation: id, author, run });
        }
        Ok(())
    }

    // Before whoever has a ticket.

    /// The group that a wish opens to a device of an account, by what is known here.
    pub(super) fn opened_by(
        &self,
        wish: &Wish,
        account: AccountId,
        device: DeviceId,
        now: Wall,
    ) -> Option<ConversationId> {
        let Wish::Join { group, ticket, proof } = wish else { return None };
        let key = self.group(*group)?.tickets.get(ticket)?.key;
        let is_good = self.lets_in(*group, *ticket, account, now);
        (is_good && proves_ticket(&key, *group, account, device, proof)).then_some(*group)
    }

    /// Whether a ticket lets an account in, by what is known here and by our clock.
    fn lets_in(&self, id: ConversationId, ticket: EntryId, account: AccountId, now: Wall) -> bool {
        let Some((group, own)) = self.group_in(id).zip(self.account()) else { return false };
        let state = group.state();
        let is_good = state.tickets.get(&ticket).is_some_and(|good| !good.is_expired(now));
        let is_in = state.members.contains_key(&account);
        is_good
            && state.members.contains_key(&own)
            && (is_in || (state.room() > 0 && !self.was_removed(id, account)))
    }

    /// Whether somebody was removed from a group, by others: a ticket does not let them in again.
    fn was_removed(&self, id: ConversationId, account: AccountId) -> bool {
        let Some(group) = self.group_in(id) else { return false };
        let (verdicts, devices) = (&group.state().verdicts, &group.state().devices);
        let is_own = |placed: &Placed| {
            devices.get(&placed.author()).is_some_and(|author| author.account == account)
        };
        let mut removals = group.removals_of(account);
        removals.any(|placed| {
            let is_whole = matches!(placed.action(), Action::Remove(r) if r.keeps.is_none());
            is_whole && !is_own(placed) && verdicts.get(&placed.id()) == Some(&Verdict::Counts)
        })
    }

    /// By when whoever is let in by a ticket must have joined, if they are nobody else that we know.
    pub(super) fn joining(&self, group: ConversationId, account: AccountId, now: Mono) -> Joining {
        let is_known = self.account() == Some(account)
            || self.is_contact(account)
            || self.is_fellow(account)
            || self.is_awaited(account);
        Joining { group, until: (!is_known).then(|| later(now)) }
    }

    /// The log of a device of nobody who is named begins with its joining by a ticket: that names them. From
    /// members it is taken whatever became of the ticket, so that all have the same. From whoever joins, if
    /// the ticket lets them in. The result is whether it does.
    pub(super) fn named_by_ticket(
        &mut self,
        env: &Env<'_>,
        from: Peer,
        id: ConversationId,
        author: DeviceId,
        run: &Run,
    ) -> bool {
        let Some(group) = self.group_in(id) else { return false };
        let read = run.entries.iter().filter_map(|(header, body)| {
            Placed::read(header, body.as_deref().unwrap_or_default()).ok()
        });
        let named = read.filter_map(|placed| {
            let (ticket, account) = group.names_by_ticket(&placed)?;
            Some((placed, ticket, account))
        });
        let Some((join, ticket, account)) = named.take(1).next() else { return false };
        let is_theirs = author == from.device && account == from.account;
        let may = self.member(from, id).is_ok()
            || (is_theirs && self.lets_in(id, ticket, account, env.wall));
        let has_room = group.joins_of_tickets() < GROUP_DEVICES_MAX;
        if !may || !has_room || run.clone().check(id, author, Base::Empty).is_err() {
            return false;
        }
        if let Some(group) = self.group_in_mut(id) {
            group.wait_for(join);
        }
        self.name_in(id);
        self.account_of(id, author).is_some()
    }
}

/// Who has what right by a ticket: the entry by which they joined.
pub(super) const fn right_by(join: &Placed) -> Option<GrantId> {
    match join.action() {
        Action::Join { by: By::Creation, .. } => Some(GrantId::Creation),
        Action::Join { by: By::Grant(grant), .. } => Some(GrantId::By(*grant)),
        Action::Join { by: By::Ticket { .. }, .. } => Some(GrantId::By(join.id())),
        _ => None,
    }
}
