//! A store that is looked at while the node writes into it. What a step has changed is told from
//! what was written, so that checkers look at that and not at everything.
//!
//! It decides nothing: every call goes to the store below. It remembers, besides, how high each log
//! is and who the contacts are, from what was committed; those are asked for after every step.

use std::collections::BTreeMap;

use chinwag_core::body::Kind;
use chinwag_core::entry::{Position, Seq, Tip};
use chinwag_core::event_log::{Logged, LoggedEvent};
use chinwag_core::fork::Fork;
use chinwag_core::identity::SignedOperation;
use chinwag_core::ids::{AccountId, ClientId, ConversationId, DeviceId, EntryId, PrekeyId};
use chinwag_core::log::{CheckedEntry, CheckedRun};
use chinwag_core::membership::GroupTicket;
use chinwag_core::store::{
    Asked, Contact, Invitation, Invite, Local, Prekey, Request, Store, StoreError, StoredEntry,
};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::{Range, Ranges};
use chinwag_core::ticket::Ticket;
use chinwag_core::time::Wall;
use chinwag_crypto::{SealPublic, Signature};

use crate::kept::{Kept, Over};

/// What one transaction changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The entries that came, in their order.
    pub(crate) entries: Vec<EntryId>,
    /// The bodies that were deleted.
    pub(crate) deleted: Vec<EntryId>,
    /// What other devices are known to have.
    pub(crate) receipts: Vec<(ConversationId, DeviceId, Frontier)>,
    /// What accounts are known to have read.
    pub(crate) reads: Vec<(ConversationId, AccountId, Frontier)>,
    /// Whose logs were found to be forked.
    pub(crate) forked: Vec<DeviceId>,
    /// Contacts.
    pub(crate) contacts: Vec<Contact>,
    /// Accounts of which nothing is held any more.
    let_go: Vec<AccountId>,
    /// How many events were kept, and the number of the last one before them.
    pub(crate) logged: u64,
    pub(crate) logged_before: u64,
    ranges: Vec<(ConversationId, DeviceId, Range)>,
}

impl Changes {
    /// Of whom something else is held than before.
    pub(crate) fn people(&self) -> impl Iterator<Item = AccountId> {
        let held = self.contacts.iter().map(|contact| contact.account);
        held.chain(self.let_go.iter().copied())
    }
}

/// The store and what is known of it.
#[derive(Debug)]
pub(crate) struct Watched {
    inner: Box<dyn Kept>,
    now: Changes,
    /// What the last transaction that was committed has changed.
    pub(crate) changes: Changes,
    here: BTreeMap<(ConversationId, DeviceId), Ranges>,
    contacts: BTreeMap<AccountId, Contact>,
    last_event: u64,
}

impl Watched {
    /// An empty store.
    pub(crate) fn empty(over: Over) -> Self {
        Self::over(over.empty())
    }

    /// A store that may have something in it.
    pub(crate) fn over(inner: Box<dyn Kept>) -> Self {
        let mut here = BTreeMap::new();
        for (id, frontier) in inner.frontiers().unwrap_or_default() {
            for (author, ranges) in frontier.iter() {
                here.insert((id, author), ranges.clone());
            }
        }
        let contacts = inner.contacts().unwrap_or_default();
        let contacts = contacts.into_iter().map(|contact| (contact.account, contact)).collect();
        let (now, changes) = (Changes::default(), Changes::default());
        let last_event = inner.event_numbers().ok().flatten().map_or(0, |(_, newest)| newest);
        Self { inner, now, changes, here, contacts, last_event }
    }

    /// Makes the next commit fail.
    pub(crate) fn fail_next_commit(&mut self) -> Result<(), StoreError> {
        self.inner.fail_next_commit()
    }

    /// A copy of all that is committed.
    pub(crate) fn backup(&self) -> Result<Box<dyn Kept>, StoreError> {
        self.inner.backup()
    }

    /// How many entries of a log were committed, from the first on without a gap.
    pub(crate) fn height(&self, id: ConversationId, author: DeviceId) -> u64 {
        self.of(id, author).map_or(0, Ranges::height)
    }

    /// Which entries of a log were committed.
    pub(crate) fn of(&self, id: ConversationId, author: DeviceId) -> Option<&Ranges> {
        self.here.get(&(id, author))
    }

    /// Whether an entry was committed.
    pub(crate) fn has(&self, id: ConversationId, author: DeviceId, seq: Seq) -> bool {
        self.of(id, author).is_some_and(|here| here.contains(seq))
    }

    /// The logs that have entries, and how many each has without a gap.
    pub(crate) fn logs(&self, id: ConversationId) -> impl Iterator<Item = (DeviceId, u64)> {
        let here = self.here.iter().filter(move |((of, _), _)| *of == id);
        here.map(|((_, author), here)| (*author, here.height()))
    }

    /// What was committed of somebody.
    pub(crate) fn contact(&self, account: AccountId) -> Option<&Contact> {
        self.contacts.get(&account)
    }

    /// Everybody of whom something was committed.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values()
    }
}

impl Store for Watched {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.now = Changes::default();
        self.changes = Changes::default();
        self.inner.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.inner.commit()?;
        self.changes = std::mem::take(&mut self.now);
        self.changes.logged_before = self.last_event;
        self.last_event += self.changes.logged;
        for (id, author, range) in &self.changes.ranges {
            self.here.entry((*id, *author)).or_default().insert(*range);
        }
        // Whoever is let go of and held again in one step is held again after it.
        for account in &self.changes.let_go {
            self.contacts.remove(account);
        }
        for contact in &self.changes.contacts {
            self.contacts.insert(contact.account, contact.clone());
        }
        Ok(())
    }

    fn rollback(&mut self) {
        self.now = Changes::default();
        self.inner.rollback();
    }

    fn append(&mut self, run: &CheckedRun) -> Result<(), StoreError> {
        self.inner.append(run)?;
        self.now.entries.extend(run.entries().iter().map(CheckedEntry::id));
        if let Some((last, range)) = run.entries().last().zip(run.range()) {
            let header = last.header();
            self.now.ranges.push((header.conversation, header.author, range));
        }
        Ok(())
    }

    fn delete_body(&mut self, id: EntryId) -> Result<(), StoreError> {
        self.now.deleted.push(id);
        self.inner.delete_body(id)
    }

    fn put_receipt(
        &mut self,
        conversation: ConversationId,
        device: DeviceId,
        frontier: &Frontier,
    ) -> Result<(), StoreError> {
        self.now.receipts.push((conversation, device, frontier.clone()));
        self.inner.put_receipt(conversation, device, frontier)
    }

    fn put_read(
        &mut self,
        conversation: ConversationId,
        account: AccountId,
        frontier: &Frontier,
    ) -> Result<(), StoreError> {
        self.now.reads.push((conversation, account, frontier.clone()));
        self.inner.put_read(conversation, account, frontier)
    }

    fn put_contact(&mut self, contact: &Contact) -> Result<(), StoreError> {
        self.now.contacts.push(contact.clone());
        self.inner.put_contact(contact)
    }

    fn remove_contact(&mut self, account: AccountId) -> Result<(), StoreError> {
        self.now.contacts.retain(|contact| contact.account != account);
        self.now.let_go.push(account);
        self.inner.remove_contact(account)
    }

    fn log_event(&mut self, at: Wall, event: &Logged) -> Result<(), StoreError> {
        self.now.logged += 1;
        self.inner.log_event(at, event)
    }

    fn local(&self) -> Result<Option<Local>, StoreError> {
        self.inner.local()
    }

    fn put_local(&mut self, local: &Local) -> Result<(), StoreError> {
        self.inner.put_local(local)
    }

    fn prekeys(&self) -> Result<Vec<Prekey>, StoreError> {
        self.inner.prekeys()
    }

    fn put_prekey(&mut self, prekey: &Prekey) -> Result<(), StoreError> {
        self.inner.put_prekey(prekey)
    }

    fn remove_prekey(&mut self, id: PrekeyId) -> Result<(), StoreError> {
        self.inner.remove_prekey(id)
    }

    fn peer_prekeys(&self, device: DeviceId) -> Result<Vec<SealPublic>, StoreError> {
        self.inner.peer_prekeys(device)
    }

    fn put_peer_prekeys(
        &mut self,
        device: DeviceId,
        prekeys: &[SealPublic],
    ) -> Result<(), StoreError> {
        self.inner.put_peer_prekeys(device, prekeys)
    }

    fn operations(&self) -> Result<Vec<SignedOperation>, StoreError> {
        self.inner.operations()
    }

    fn add_operation(&mut self, operation: &SignedOperation) -> Result<(), StoreError> {
        self.inner.add_operation(operation)
    }

    fn contacts(&self) -> Result<Vec<Contact>, StoreError> {
        self.inner.contacts()
    }

    fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        self.inner.invites()
    }

    fn put_invite(&mut self, invite: &Invite) -> Result<(), StoreError> {
        self.inner.put_invite(invite)
    }

    fn remove_invite(&mut self, secret: &[u8; 16]) -> Result<(), StoreError> {
        self.inner.remove_invite(secret)
    }

    fn tickets(&self) -> Result<Vec<Ticket>, StoreError> {
        self.inner.tickets()
    }

    fn put_ticket(&mut self, ticket: &Ticket) -> Result<(), StoreError> {
        self.inner.put_ticket(ticket)
    }

    fn remove_ticket(&mut self, device: DeviceId) -> Result<(), StoreError> {
        self.inner.remove_ticket(device)
    }

    fn requests(&self) -> Result<Vec<Request>, StoreError> {
        self.inner.requests()
    }

    fn put_request(&mut self, request: &Request) -> Result<(), StoreError> {
        self.inner.put_request(request)
    }

    fn remove_request(&mut self, account: AccountId) -> Result<(), StoreError> {
        self.inner.remove_request(account)
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        self.inner.invitations()
    }

    fn put_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError> {
        self.inner.put_invitation(invitation)
    }

    fn remove_invitation(&mut self, group: ConversationId) -> Result<(), StoreError> {
        self.inner.remove_invitation(group)
    }

    fn group_tickets(&self) -> Result<Vec<GroupTicket>, StoreError> {
        self.inner.group_tickets()
    }

    fn put_group_ticket(&mut self, ticket: &GroupTicket) -> Result<(), StoreError> {
        self.inner.put_group_ticket(ticket)
    }

    fn remove_group_ticket(&mut self, group: ConversationId) -> Result<(), StoreError> {
        self.inner.remove_group_ticket(group)
    }

    fn asked(&self) -> Result<Vec<Asked>, StoreError> {
        self.inner.asked()
    }

    fn put_asked(&mut self, asked: &Asked) -> Result<(), StoreError> {
        self.inner.put_asked(asked)
    }

    fn remove_asked(&mut self, device: DeviceId) -> Result<(), StoreError> {
        self.inner.remove_asked(device)
    }

    fn frontiers(&self) -> Result<Vec<(ConversationId, Frontier)>, StoreError> {
        self.inner.frontiers()
    }

    fn tip(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        seq: Seq,
    ) -> Result<Option<Tip>, StoreError> {
        self.inner.tip(conversation, author, seq)
    }

    fn entries(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.entries(conversation, author, range, count, bytes)
    }

    fn entry(&self, id: EntryId) -> Result<Option<StoredEntry>, StoreError> {
        self.inner.entry(id)
    }

    fn entries_beginning(&self, prefix: &[u8]) -> Result<Vec<EntryId>, StoreError> {
        self.inner.entries_beginning(prefix)
    }

    fn count_shown(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        max: usize,
    ) -> Result<usize, StoreError> {
        self.inner.count_shown(conversation, author, range, max)
    }

    fn put_signature(&mut self, id: EntryId, signature: &Signature) -> Result<(), StoreError> {
        self.inner.put_signature(id, signature)
    }

    fn said(&self, client_id: ClientId) -> Result<Option<EntryId>, StoreError> {
        self.inner.said(client_id)
    }

    fn put_said(&mut self, client_id: ClientId, entry: EntryId) -> Result<(), StoreError> {
        self.inner.put_said(client_id, entry)
    }

    fn events(&self, after: u64, count: usize) -> Result<Vec<LoggedEvent>, StoreError> {
        self.inner.events(after, count)
    }

    fn event_numbers(&self) -> Result<Option<(u64, u64)>, StoreError> {
        self.inner.event_numbers()
    }

    fn forget_events(&mut self, up_to: u64) -> Result<(), StoreError> {
        self.inner.forget_events(up_to)
    }

    fn hide(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        self.inner.hide(conversation, author, from)
    }

    fn forget_from(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        self.inner.forget_from(conversation, author, from)
    }

    fn timeline(
        &self,
        conversation: ConversationId,
        before: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.timeline(conversation, before, count)
    }

    fn timeline_after(
        &self,
        conversation: ConversationId,
        after: Position,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.timeline_after(conversation, after, count)
    }

    fn references_after(
        &self,
        of: EntryId,
        after: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.references_after(of, after, count)
    }

    fn last_changes(&self, of: EntryId) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.last_changes(of)
    }

    fn latest_before(
        &self,
        conversation: ConversationId,
        kind: Kind,
        before: Option<Position>,
    ) -> Result<Option<StoredEntry>, StoreError> {
        self.inner.latest_before(conversation, kind, before)
    }

    fn forks(&self) -> Result<Vec<Fork>, StoreError> {
        self.inner.forks()
    }

    fn put_fork(&mut self, fork: &Fork) -> Result<(), StoreError> {
        self.now.forked.push(fork.author());
        self.inner.put_fork(fork)
    }

    fn receipts(&self) -> Result<Vec<(ConversationId, DeviceId, Frontier)>, StoreError> {
        self.inner.receipts()
    }

    fn reads(&self) -> Result<Vec<(ConversationId, AccountId, Frontier)>, StoreError> {
        self.inner.reads()
    }

    fn put_expiry(&mut self, id: EntryId, due: Wall) -> Result<(), StoreError> {
        self.inner.put_expiry(id, due)
    }

    fn next_expiry(&self) -> Result<Option<Wall>, StoreError> {
        self.inner.next_expiry()
    }

    fn expired(&self, now: Wall, count: usize) -> Result<Vec<EntryId>, StoreError> {
        self.inner.expired(now, count)
    }
}
