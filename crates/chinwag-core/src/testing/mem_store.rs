//! A store in memory. As a store it is complete: transactions, roll-back, failing commits. It is
//! only not durable.

use std::collections::BTreeMap;
use std::ops::Bound;

use chinwag_crypto::{SealPublic, Signature};

use crate::body::{Kind, target};
use crate::entry::{Position, Seq, Tip};
use crate::event_log::{Logged, LoggedEvent};
use crate::fork::Fork;
use crate::identity::SignedOperation;
use crate::ids::{AccountId, ClientId, ConversationId, DeviceId, EntryId, PrekeyId};
use crate::log::CheckedRun;
use crate::membership::GroupTicket;
use crate::store::{
    Asked, Contact, Invitation, Invite, Local, Prekey, Request, Store, StoreError, StoredEntry,
};
use crate::sync::frontier::Frontier;
use crate::sync::ranges::{Range, Ranges};
use crate::ticket::Ticket;
use crate::time::Wall;

/// A store in memory. A copy of it is a backup.
#[derive(Clone, Debug, Default)]
pub struct MemStore {
    now: Kept,
    /// How to get back to what it was at `begin`, the last change last. A copy of everything would
    /// be simpler, and the simulator spends its time with it.
    undo: Option<Vec<Undo>>,
    /// How many commits from now one fails.
    fails_in: Option<u32>,
}

type Log = (ConversationId, DeviceId);

/// Everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kept {
    local: Option<Local>,
    prekeys: BTreeMap<PrekeyId, Prekey>,
    peer_prekeys: BTreeMap<DeviceId, Vec<SealPublic>>,
    operations: Vec<SignedOperation>,
    contacts: BTreeMap<AccountId, Contact>,
    invites: BTreeMap<[u8; 16], Invite>,
    tickets: BTreeMap<DeviceId, Ticket>,
    requests: BTreeMap<AccountId, Request>,
    invitations: BTreeMap<ConversationId, Invitation>,
    group_tickets: BTreeMap<ConversationId, GroupTicket>,
    asked: BTreeMap<DeviceId, Asked>,
    logs: BTreeMap<Log, BTreeMap<Seq, StoredEntry>>,
    /// Which numbers of each log are here: what its keys say, as ranges.
    ranges: BTreeMap<Log, Ranges>,
    places: BTreeMap<EntryId, (Log, Seq)>,
    hidden: BTreeMap<Log, Seq>,
    timelines: BTreeMap<ConversationId, BTreeMap<Position, EntryId>>,
    references: BTreeMap<EntryId, BTreeMap<Position, EntryId>>,
    forks: BTreeMap<Log, Fork>,
    receipts: BTreeMap<Log, Frontier>,
    reads: BTreeMap<(ConversationId, AccountId), Frontier>,
    expiries: BTreeMap<EntryId, Wall>,
    said: BTreeMap<ClientId, EntryId>,
    events: BTreeMap<u64, (Wall, Logged)>,
}

/// One change, taken back: what was there before.
#[derive(Clone, Debug)]
enum Undo {
    Local(Option<Local>),
    Prekey(PrekeyId, Option<Prekey>),
    PeerPrekeys(DeviceId, Option<Vec<SealPublic>>),
    Operation,
    Contact(AccountId, Option<Contact>),
    Invite([u8; 16], Option<Invite>),
    Ticket(DeviceId, Option<Ticket>),
    Invitation(ConversationId, Option<Invitation>),
    Request(AccountId, Option<Request>),
    GroupTicket(ConversationId, Option<GroupTicket>),
    Asked(DeviceId, Option<Asked>),
    Append(EntryId),
    /// An entry that was removed, and what it was about.
    Forgotten(Box<StoredEntry>, Vec<EntryId>),
    Ranges(Log, Option<Ranges>),
    Hidden(Log, Option<Seq>),
    Body(EntryId, Option<Vec<u8>>),
    Signature(EntryId, Option<Signature>),
    Fork(Log, Option<Fork>),
    Receipt(Log, Option<Frontier>),
    Read((ConversationId, AccountId), Option<Frontier>),
    Expiry(EntryId, Option<Wall>),
    Said(ClientId, Option<EntryId>),
    Event(u64, Option<(Wall, Logged)>),
}

impl Kept {
    fn undo(&mut self, change: Undo) {
        match change {
            Undo::Local(before) => self.local = before,
            Undo::Prekey(id, before) => put_back(&mut self.prekeys, id, before),
            Undo::PeerPrekeys(device, before) => put_back(&mut self.peer_prekeys, device, before),
            Undo::Operation => drop(self.operations.pop()),
            Undo::Contact(account, before) => put_back(&mut self.contacts, account, before),
            Undo::Invite(secret, before) => put_back(&mut self.invites, secret, before),
            Undo::Ticket(device, before) => put_back(&mut self.tickets, device, before),
            Undo::Invitation(group, before) => put_back(&mut self.invitations, group, before),
            Undo::Request(account, before) => put_back(&mut self.requests, account, before),
            Undo::GroupTicket(group, before) => put_back(&mut self.group_tickets, group, before),
            Undo::Asked(device, before) => put_back(&mut self.asked, device, before),
            Undo::Append(id) => drop(self.take_out(id)),
            Undo::Forgotten(entry, of) => {
                let (id, position) = (entry.id, entry.position());
                self.put_in(*entry);
                for of in of {
                    self.references.entry(of).or_default().insert(position, id);
                }
            }
            Undo::Ranges(log, before) => put_back(&mut self.ranges, log, before),
            Undo::Hidden(log, before) => put_back(&mut self.hidden, log, before),
            Undo::Body(id, before) => {
                if let Some(entry) = self.at_mut(id) {
                    entry.body = before;
                }
            }
            Undo::Signature(id, before) => {
                if let Some(entry) = self.at_mut(id) {
                    entry.signature = before;
                }
            }
            Undo::Fork(log, before) => put_back(&mut self.forks, log, before),
            Undo::Receipt(of, before) => put_back(&mut self.receipts, of, before),
            Undo::Read(of, before) => put_back(&mut self.reads, of, before),
            Undo::Expiry(id, before) => put_back(&mut self.expiries, id, before),
            Undo::Said(client_id, before) => put_back(&mut self.said, client_id, before),
            Undo::Event(number, before) => put_back(&mut self.events, number, before),
        }
    }

    fn at(&self, id: EntryId) -> Option<&StoredEntry> {
        let (log, seq) = self.places.get(&id)?;
        self.logs.get(log)?.get(seq)
    }

    fn at_mut(&mut self, id: EntryId) -> Option<&mut StoredEntry> {
        let (log, seq) = self.places.get(&id)?;
        self.logs.get_mut(log)?.get_mut(seq)
    }

    /// Adds an entry and what finds it.
    fn put_in(&mut self, entry: StoredEntry) {
        let (id, log, seq) = (entry.id, log_of(&entry), entry.header.seq());
        let timeline = self.timelines.entry(entry.header.conversation).or_default();
        timeline.insert(entry.position(), id);
        if let Some(of) = entry.body.as_deref().and_then(|body| target(entry.header.kind, body)) {
            self.references.entry(of).or_default().insert(entry.position(), id);
        }
        self.places.insert(id, (log, seq));
        self.logs.entry(log).or_default().insert(seq, entry);
    }

    /// Removes an entry and what finds it. Its body is there: changes are undone in reverse.
    /// Removes an entry; what it was, and what it was about.
    fn take_out(&mut self, id: EntryId) -> Option<(StoredEntry, Vec<EntryId>)> {
        let (log, seq) = self.places.remove(&id)?;
        let entry = self.logs.get_mut(&log)?.remove(&seq)?;
        if self.logs.get(&log).is_some_and(BTreeMap::is_empty) {
            self.logs.remove(&log);
        }
        if let Some(timeline) = self.timelines.get_mut(&log.0) {
            timeline.remove(&entry.position());
            if timeline.is_empty() {
                self.timelines.remove(&log.0);
            }
        }
        // What it was about can't be read from a body that was deleted.
        let mut about = Vec::new();
        self.references.retain(|of, references| {
            if references.get(&entry.position()) == Some(&id) {
                references.remove(&entry.position());
                about.push(*of);
            }
            !references.is_empty()
        });
        Some((entry, about))
    }

    fn is_hidden(&self, entry: &StoredEntry) -> bool {
        self.hidden.get(&log_of(entry)).is_some_and(|from| entry.header.seq() >= *from)
    }

    /// What is shown of a conversation, the newest first.
    fn shown(
        &self,
        conversation: ConversationId,
        before: Option<Position>,
    ) -> impl Iterator<Item = &StoredEntry> {
        let before = before.map_or(Bound::Unbounded, Bound::Excluded);
        let timeline = self.timelines.get(&conversation).into_iter();
        let ids = timeline.flat_map(move |of| of.range((Bound::Unbounded, before)).rev());
        ids.filter_map(|(_, id)| self.at(*id)).filter(|entry| !self.is_hidden(entry))
    }
}

const fn log_of(entry: &StoredEntry) -> Log {
    (entry.header.conversation, entry.header.author)
}

fn put_back<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, before: Option<V>) {
    match before {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}

impl MemStore {
    fn changed(&mut self, undo: Undo) {
        if let Some(changes) = &mut self.undo {
            changes.push(undo);
        }
    }

    /// Makes a commit fail: the next one for 0, the one after it for 1.
    pub fn fail_commit_in(&mut self, commits: u32) {
        self.fails_in = Some(commits);
    }
}

impl Store for MemStore {
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.undo.is_some() {
            return Err(StoreError("a transaction within another".to_owned()));
        }
        self.undo = Some(Vec::new());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        match self.fails_in {
            Some(0) => {
                self.fails_in = None;
                self.rollback();
                return Err(StoreError("a commit that a test makes fail".to_owned()));
            }
            Some(left) => self.fails_in = Some(left - 1),
            None => {}
        }
        self.undo = None;
        Ok(())
    }

    fn rollback(&mut self) {
        for change in self.undo.take().into_iter().flatten().rev() {
            self.now.undo(change);
        }
    }

    fn local(&self) -> Result<Option<Local>, StoreError> {
        Ok(self.now.local.clone())
    }

    fn put_local(&mut self, local: &Local) -> Result<(), StoreError> {
        let before = self.now.local.replace(local.clone());
        self.changed(Undo::Local(before));
        Ok(())
    }

    fn prekeys(&self) -> Result<Vec<Prekey>, StoreError> {
        Ok(self.now.prekeys.values().cloned().collect())
    }

    fn put_prekey(&mut self, prekey: &Prekey) -> Result<(), StoreError> {
        let before = self.now.prekeys.insert(prekey.id, prekey.clone());
        self.changed(Undo::Prekey(prekey.id, before));
        Ok(())
    }

    fn remove_prekey(&mut self, id: PrekeyId) -> Result<(), StoreError> {
        let before = self.now.prekeys.remove(&id);
        self.changed(Undo::Prekey(id, before));
        Ok(())
    }

    fn peer_prekeys(&self, device: DeviceId) -> Result<Vec<SealPublic>, StoreError> {
        Ok(self.now.peer_prekeys.get(&device).cloned().unwrap_or_default())
    }

    fn put_peer_prekeys(
        &mut self,
        device: DeviceId,
        prekeys: &[SealPublic],
    ) -> Result<(), StoreError> {
        let before = self.now.peer_prekeys.insert(device, prekeys.to_vec());
        self.changed(Undo::PeerPrekeys(device, before));
        Ok(())
    }

    fn operations(&self) -> Result<Vec<SignedOperation>, StoreError> {
        Ok(self.now.operations.clone())
    }

    fn add_operation(&mut self, operation: &SignedOperation) -> Result<(), StoreError> {
        self.now.operations.push(operation.clone());
        self.changed(Undo::Operation);
        Ok(())
    }

    fn contacts(&self) -> Result<Vec<Contact>, StoreError> {
        Ok(self.now.contacts.values().cloned().collect())
    }

    fn put_contact(&mut self, contact: &Contact) -> Result<(), StoreError> {
        let before = self.now.contacts.insert(contact.account, contact.clone());
        self.changed(Undo::Contact(contact.account, before));
        Ok(())
    }

    fn remove_contact(&mut self, account: AccountId) -> Result<(), StoreError> {
        let before = self.now.contacts.remove(&account);
        self.changed(Undo::Contact(account, before));
        Ok(())
    }

    fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        Ok(self.now.invites.values().cloned().collect())
    }

    fn put_invite(&mut self, invite: &Invite) -> Result<(), StoreError> {
        let before = self.now.invites.insert(invite.secret, invite.clone());
        self.changed(Undo::Invite(invite.secret, before));
        Ok(())
    }

    fn remove_invite(&mut self, secret: &[u8; 16]) -> Result<(), StoreError> {
        let before = self.now.invites.remove(secret);
        self.changed(Undo::Invite(*secret, before));
        Ok(())
    }

    fn tickets(&self) -> Result<Vec<Ticket>, StoreError> {
        Ok(self.now.tickets.values().cloned().collect())
    }

    fn put_ticket(&mut self, ticket: &Ticket) -> Result<(), StoreError> {
        let before = self.now.tickets.insert(ticket.device, ticket.clone());
        self.changed(Undo::Ticket(ticket.device, before));
        Ok(())
    }

    fn remove_ticket(&mut self, device: DeviceId) -> Result<(), StoreError> {
        let before = self.now.tickets.remove(&device);
        self.changed(Undo::Ticket(device, before));
        Ok(())
    }

    fn requests(&self) -> Result<Vec<Request>, StoreError> {
        Ok(self.now.requests.values().cloned().collect())
    }

    fn put_request(&mut self, request: &Request) -> Result<(), StoreError> {
        let before = self.now.requests.insert(request.account, request.clone());
        self.changed(Undo::Request(request.account, before));
        Ok(())
    }

    fn remove_request(&mut self, account: AccountId) -> Result<(), StoreError> {
        let before = self.now.requests.remove(&account);
        self.changed(Undo::Request(account, before));
        Ok(())
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        Ok(self.now.invitations.values().cloned().collect())
    }

    fn put_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError> {
        let before = self.now.invitations.insert(invitation.group, invitation.clone());
        self.changed(Undo::Invitation(invitation.group, before));
        Ok(())
    }

    fn remove_invitation(&mut self, group: ConversationId) -> Result<(), StoreError> {
        let before = self.now.invitations.remove(&group);
        self.changed(Undo::Invitation(group, before));
        Ok(())
    }

    fn group_tickets(&self) -> Result<Vec<GroupTicket>, StoreError> {
        Ok(self.now.group_tickets.values().cloned().collect())
    }

    fn put_group_ticket(&mut self, ticket: &GroupTicket) -> Result<(), StoreError> {
        let before = self.now.group_tickets.insert(ticket.group, ticket.clone());
        self.changed(Undo::GroupTicket(ticket.group, before));
        Ok(())
    }

    fn remove_group_ticket(&mut self, group: ConversationId) -> Result<(), StoreError> {
        let before = self.now.group_tickets.remove(&group);
        self.changed(Undo::GroupTicket(group, before));
        Ok(())
    }

    fn asked(&self) -> Result<Vec<Asked>, StoreError> {
        Ok(self.now.asked.values().cloned().collect())
    }

    fn put_asked(&mut self, asked: &Asked) -> Result<(), StoreError> {
        let before = self.now.asked.insert(asked.device, asked.clone());
        self.changed(Undo::Asked(asked.device, before));
        Ok(())
    }

    fn remove_asked(&mut self, device: DeviceId) -> Result<(), StoreError> {
        let before = self.now.asked.remove(&device);
        self.changed(Undo::Asked(device, before));
        Ok(())
    }

    fn frontiers(&self) -> Result<Vec<(ConversationId, Frontier)>, StoreError> {
        let mut frontiers: BTreeMap<ConversationId, Frontier> = BTreeMap::new();
        for ((conversation, author), ranges) in &self.now.ranges {
            let frontier = frontiers.entry(*conversation).or_default();
            ranges.iter().for_each(|range| frontier.insert(*author, range));
        }
        Ok(frontiers.into_iter().collect())
    }

    fn tip(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        seq: Seq,
    ) -> Result<Option<Tip>, StoreError> {
        let entry = self.now.logs.get(&(conversation, author)).and_then(|log| log.get(&seq));
        Ok(entry.map(|entry| entry.header.tip(entry.id)))
    }

    fn append(&mut self, run: &CheckedRun) -> Result<(), StoreError> {
        let last = run.entries().len().saturating_sub(1);
        for (at, entry) in run.entries().iter().enumerate() {
            let stored = StoredEntry {
                id: entry.id(),
                header: entry.header().clone(),
                body: entry.body().map(<[u8]>::to_vec),
                signature: run.signature().filter(|_| at == last).copied(),
            };
            let (log, seq) = (log_of(&stored), stored.header.seq());
            if self.now.logs.get(&log).is_some_and(|log| log.contains_key(&seq)) {
                return Err(StoreError(format!("place {seq} of a log is taken")));
            }
            self.changed(Undo::Append(stored.id));
            self.now.put_in(stored);
        }
        let Some((first, last)) = run.entries().first().zip(run.entries().last()) else {
            return Ok(());
        };
        let log = (first.header().conversation, first.header().author);
        self.changed(Undo::Ranges(log, self.now.ranges.get(&log).cloned()));
        if let Some(range) = Range::new(first.header().seq(), last.header().seq()) {
            self.now.ranges.entry(log).or_default().insert(range);
        }
        Ok(())
    }

    fn entries(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let Some(log) = self.now.logs.get(&(conversation, author)) else { return Ok(Vec::new()) };
        let mut left = Some(bytes);
        let entries = log.range(range.from()..=range.to()).map(|(_, entry)| entry);
        let within = entries.take(count).take_while(|entry| {
            let is_within = left.is_some();
            let len = entry.body.as_ref().map_or(0, Vec::len);
            left = left.and_then(|left| left.checked_sub(len));
            is_within
        });
        Ok(within.cloned().collect())
    }

    fn entry(&self, id: EntryId) -> Result<Option<StoredEntry>, StoreError> {
        Ok(self.now.at(id).cloned())
    }

    fn entries_beginning(&self, prefix: &[u8]) -> Result<Vec<EntryId>, StoreError> {
        let ids = self.now.places.keys().filter(|id| id.as_bytes().starts_with(prefix));
        Ok(ids.take(2).copied().collect())
    }

    fn count_shown(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        max: usize,
    ) -> Result<usize, StoreError> {
        let log = (conversation, author);
        let hidden_from = self.now.hidden.get(&log).copied();
        let is_shown = |entry: &&StoredEntry| {
            entry.header.kind.is_shown() && hidden_from.is_none_or(|from| entry.header.seq() < from)
        };
        let entries = self.now.logs.get(&log).into_iter();
        let entries = entries.flat_map(|log| log.range(range.from()..=range.to()));
        Ok(entries.map(|(_, entry)| entry).filter(is_shown).take(max).count())
    }

    fn put_signature(&mut self, id: EntryId, signature: &Signature) -> Result<(), StoreError> {
        if let Some(entry) = self.now.at_mut(id) {
            let before = entry.signature.replace(*signature);
            self.changed(Undo::Signature(id, before));
        }
        Ok(())
    }

    fn delete_body(&mut self, id: EntryId) -> Result<(), StoreError> {
        if let Some(entry) = self.now.at_mut(id) {
            let before = entry.body.take();
            self.changed(Undo::Body(id, before));
        }
        if let Some(due) = self.now.expiries.remove(&id) {
            self.changed(Undo::Expiry(id, Some(due)));
        }
        Ok(())
    }

    fn hide(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        let log = (conversation, author);
        let before = self.now.hidden.get(&log).copied();
        let from = before.map_or(from, |before| before.min(from));
        self.now.hidden.insert(log, from);
        self.changed(Undo::Hidden(log, before));
        Ok(())
    }

    fn forget_from(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        let log = (conversation, author);
        let entries = self.now.logs.get(&log).into_iter().flat_map(|log| log.range(from..));
        let ids: Vec<EntryId> = entries.map(|(_, entry)| entry.id).collect();
        for id in ids {
            if let Some(due) = self.now.expiries.remove(&id) {
                self.changed(Undo::Expiry(id, Some(due)));
            }
            if let Some((entry, of)) = self.now.take_out(id) {
                self.changed(Undo::Forgotten(Box::new(entry), of));
            }
        }
        let before = self.now.ranges.get(&log).cloned();
        if let Some(ranges) = &before {
            let left = ranges.at_most(from.get() - 1);
            put_back(&mut self.now.ranges, log, Some(left).filter(|left| !left.is_empty()));
            self.changed(Undo::Ranges(log, before));
        }
        Ok(())
    }

    fn timeline(
        &self,
        conversation: ConversationId,
        before: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let shown = self.now.shown(conversation, before);
        let shown = shown.filter(|entry| entry.header.kind.is_shown());
        Ok(shown.take(count).cloned().collect())
    }

    fn timeline_after(
        &self,
        conversation: ConversationId,
        after: Position,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let timeline = self.now.timelines.get(&conversation).into_iter();
        let after = (Bound::Excluded(after), Bound::Unbounded);
        let entries =
            timeline.flat_map(|of| of.range(after)).filter_map(|(_, id)| self.now.at(*id));
        let shown =
            entries.filter(|entry| entry.header.kind.is_shown() && !self.now.is_hidden(entry));
        Ok(shown.take(count).cloned().collect())
    }

    fn references_after(
        &self,
        of: EntryId,
        after: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let references = self.now.references.get(&of).into_iter();
        let ids = references.flat_map(|of| of.range((after, Bound::Unbounded)));
        let entries = ids.filter_map(|(_, id)| self.now.at(*id));
        let shown = entries.filter(|entry| !self.now.is_hidden(entry));
        Ok(shown.take(count).cloned().collect())
    }

    fn last_changes(&self, of: EntryId) -> Result<Vec<StoredEntry>, StoreError> {
        let mut last: BTreeMap<(DeviceId, Kind), StoredEntry> = BTreeMap::new();
        for entry in self.references_after(of, None, usize::MAX)? {
            let (author, kind) = (entry.header.author, entry.header.kind);
            if kind != Kind::REACTION {
                last.insert((author, kind), entry);
            }
        }
        let mut last: Vec<StoredEntry> = last.into_values().collect();
        last.sort_unstable_by_key(StoredEntry::position);
        Ok(last)
    }

    fn latest_before(
        &self,
        conversation: ConversationId,
        kind: Kind,
        before: Option<Position>,
    ) -> Result<Option<StoredEntry>, StoreError> {
        let shown = self.now.shown(conversation, before);
        Ok(shown.into_iter().find(|entry| entry.header.kind == kind).cloned())
    }

    fn forks(&self) -> Result<Vec<Fork>, StoreError> {
        Ok(self.now.forks.values().cloned().collect())
    }

    fn put_fork(&mut self, fork: &Fork) -> Result<(), StoreError> {
        let log = (fork.conversation(), fork.author());
        let before = self.now.forks.insert(log, fork.clone());
        self.changed(Undo::Fork(log, before));
        Ok(())
    }

    fn receipts(&self) -> Result<Vec<(ConversationId, DeviceId, Frontier)>, StoreError> {
        let receipts = self.now.receipts.iter();
        Ok(receipts.map(|((c, device), frontier)| (*c, *device, frontier.clone())).collect())
    }

    fn put_receipt(
        &mut self,
        conversation: ConversationId,
        device: DeviceId,
        frontier: &Frontier,
    ) -> Result<(), StoreError> {
        let before = self.now.receipts.insert((conversation, device), frontier.clone());
        self.changed(Undo::Receipt((conversation, device), before));
        Ok(())
    }

    fn reads(&self) -> Result<Vec<(ConversationId, AccountId, Frontier)>, StoreError> {
        let reads = self.now.reads.iter();
        Ok(reads.map(|((c, account), frontier)| (*c, *account, frontier.clone())).collect())
    }

    fn put_read(
        &mut self,
        conversation: ConversationId,
        account: AccountId,
        frontier: &Frontier,
    ) -> Result<(), StoreError> {
        let before = self.now.reads.insert((conversation, account), frontier.clone());
        self.changed(Undo::Read((conversation, account), before));
        Ok(())
    }

    fn said(&self, client_id: ClientId) -> Result<Option<EntryId>, StoreError> {
        Ok(self.now.said.get(&client_id).copied())
    }

    fn put_said(&mut self, client_id: ClientId, entry: EntryId) -> Result<(), StoreError> {
        let before = self.now.said.insert(client_id, entry);
        self.changed(Undo::Said(client_id, before));
        Ok(())
    }

    fn log_event(&mut self, at: Wall, event: &Logged) -> Result<(), StoreError> {
        let number = self.now.events.last_key_value().map_or(1, |(last, _)| last.saturating_add(1));
        let before = self.now.events.insert(number, (at, event.clone()));
        self.changed(Undo::Event(number, before));
        Ok(())
    }

    fn events(&self, after: u64, count: usize) -> Result<Vec<LoggedEvent>, StoreError> {
        let later = self.now.events.range((Bound::Excluded(after), Bound::Unbounded)).take(count);
        let logged = |(number, (at, event)): (&u64, &(Wall, Logged))| LoggedEvent {
            number: *number,
            at: *at,
            event: event.clone(),
        };
        Ok(later.map(logged).collect())
    }

    fn event_numbers(&self) -> Result<Option<(u64, u64)>, StoreError> {
        let ends = self.now.events.first_key_value().zip(self.now.events.last_key_value());
        Ok(ends.map(|((oldest, _), (newest, _))| (*oldest, *newest)))
    }

    fn forget_events(&mut self, up_to: u64) -> Result<(), StoreError> {
        let newest = self.now.events.last_key_value().map_or(0, |(newest, _)| *newest);
        let old: Vec<u64> =
            self.now.events.range(..=up_to).map(|(n, _)| *n).filter(|n| *n < newest).collect();
        for number in old {
            let before = self.now.events.remove(&number);
            self.changed(Undo::Event(number, before));
        }
        Ok(())
    }

    fn put_expiry(&mut self, id: EntryId, due: Wall) -> Result<(), StoreError> {
        if self.now.at(id).is_none_or(|entry| entry.body.is_none()) {
            return Ok(());
        }
        let before = self.now.expiries.get(&id).copied();
        let due = before.map_or(due, |before| before.min(due));
        self.now.expiries.insert(id, due);
        self.changed(Undo::Expiry(id, before));
        Ok(())
    }

    fn next_expiry(&self) -> Result<Option<Wall>, StoreError> {
        Ok(self.now.expiries.values().min().copied())
    }

    fn expired(&self, now: Wall, count: usize) -> Result<Vec<EntryId>, StoreError> {
        let mut due: Vec<(Wall, EntryId)> = self
            .now
            .expiries
            .iter()
            .filter(|(_, due)| **due <= now)
            .map(|(i, d)| (*d, *i))
            .collect();
        due.sort_unstable();
        Ok(due.into_iter().take(count).map(|(_, id)| id).collect())
    }
}
