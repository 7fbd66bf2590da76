//! A store in memory. As a store it is complete: transactions, roll-back, failing commits. It is
//! only not durable.

use std::collections::BTreeMap;

use crate::entry::Seq;
use crate::identity::SignedOperation;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::log::CheckedRun;
use crate::store::{Contact, Invite, Local, Store, StoreError, StoredEntry};
use crate::sync::frontier::Frontier;
use crate::sync::ranges::Range;
use crate::ticket::Ticket;

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

/// Everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kept {
    local: Option<Local>,
    operations: Vec<SignedOperation>,
    contacts: BTreeMap<AccountId, Contact>,
    invites: BTreeMap<[u8; 16], Invite>,
    tickets: BTreeMap<DeviceId, Ticket>,
    logs: BTreeMap<(ConversationId, DeviceId), BTreeMap<Seq, StoredEntry>>,
    places: BTreeMap<EntryId, (ConversationId, DeviceId, Seq)>,
    receipts: BTreeMap<(ConversationId, DeviceId), Frontier>,
}

/// One change, taken back: what was there before.
#[derive(Clone, Debug)]
enum Undo {
    Local(Option<Local>),
    Operation,
    Contact(AccountId, Option<Contact>),
    Invite([u8; 16], Option<Invite>),
    Ticket(DeviceId, Option<Ticket>),
    Append((ConversationId, DeviceId), Seq, EntryId),
    Body(EntryId, Option<Vec<u8>>),
    Receipt((ConversationId, DeviceId), Option<Frontier>),
}

impl Kept {
    fn undo(&mut self, change: Undo) {
        match change {
            Undo::Local(before) => self.local = before,
            Undo::Operation => drop(self.operations.pop()),
            Undo::Contact(account, before) => put_back(&mut self.contacts, account, before),
            Undo::Invite(secret, before) => put_back(&mut self.invites, secret, before),
            Undo::Ticket(device, before) => put_back(&mut self.tickets, device, before),
            Undo::Append(log, seq, id) => {
                self.places.remove(&id);
                if let Some(entries) = self.logs.get_mut(&log) {
                    entries.remove(&seq);
                    if entries.is_empty() {
                        self.logs.remove(&log);
                    }
                }
            }
            Undo::Body(id, before) => {
                if let Some(entry) = self.at_mut(id) {
                    entry.body = before;
                }
            }
            Undo::Receipt(of, before) => put_back(&mut self.receipts, of, before),
        }
    }

    fn at_mut(&mut self, id: EntryId) -> Option<&mut StoredEntry> {
        let (conversation, author, seq) = self.places.get(&id)?;
        self.logs.get_mut(&(*conversation, *author))?.get_mut(seq)
    }
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

    fn at(&self, id: EntryId) -> Option<&StoredEntry> {
        let (conversation, author, seq) = self.now.places.get(&id)?;
        self.now.logs.get(&(*conversation, *author))?.get(seq)
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

    fn frontiers(&self) -> Result<Vec<(ConversationId, Frontier)>, StoreError> {
        let mut frontiers: BTreeMap<ConversationId, Frontier> = BTreeMap::new();
        for ((conversation, author), log) in &self.now.logs {
            if let Some(height) = log.keys().next_back() {
                let frontier = frontiers.entry(*conversation).or_default();
                frontier.insert(*author, Range::up_to(*height));
            }
        }
        Ok(frontiers.into_iter().collect())
    }

    fn head(
        &self,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Result<Option<(Seq, EntryId)>, StoreError> {
        let log = self.now.logs.get(&(conversation, author));
        Ok(log.and_then(|log| log.values().next_back()).map(|e| (e.header.seq(), e.id)))
    }

    fn append(&mut self, run: &CheckedRun) -> Result<(), StoreError> {
        let last = run.entries().len().saturating_sub(1);
        for (at, entry) in run.entries().iter().enumerate() {
            let header = entry.header().clone();
            let log = (header.conversation, header.author);
            let seq = header.seq();
            let id = entry.id();
            if self.now.logs.get(&log).is_some_and(|log| log.contains_key(&seq)) {
                return Err(StoreError(format!("place {seq} of a log is taken")));
            }
            self.now.places.insert(id, (header.conversation, header.author, seq));
            let stored = StoredEntry {
                id,
                header,
                body: entry.body().map(<[u8]>::to_vec),
                signature: (at == last).then(|| *run.signature()),
            };
            self.now.logs.entry(log).or_default().insert(seq, stored);
            self.changed(Undo::Append(log, seq, id));
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
        let entries = log.range(range.from()..=range.to()).map(|(_, entry)| entry.clone());
        let within = entries.take(count).take_while(|entry| {
            let is_within = left.is_some();
            let len = entry.body.as_ref().map_or(0, Vec::len);
            left = left.and_then(|left| left.checked_sub(len));
            is_within
        });
        Ok(within.collect())
    }

    fn entry(&self, id: EntryId) -> Result<Option<StoredEntry>, StoreError> {
        Ok(self.at(id).cloned())
    }

    fn delete_body(&mut self, id: EntryId) -> Result<(), StoreError> {
        if let Some(entry) = self.now.at_mut(id) {
            let before = entry.body.take();
            self.changed(Undo::Body(id, before));
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Place;
    use crate::log::Base;
    use crate::testing::Forger;

    const LOCAL: Local =
        Local { account_seed: [1; 32], device_seed: [2; 32], prekey_seed: [3; 32] };

    fn device() -> DeviceId {
        let key = chinwag_crypto::SigningKey::from_seed(&chinwag_crypto::Secret::new([2; 32]));
        DeviceId::new(key.public())
    }

    fn account() -> AccountId {
        AccountId::new(*device().key())
    }

    fn run(place: Place, base: Base) -> CheckedRun {
        let conversation = ConversationId::direct(account(), account());
        let run = Forger::of(&LOCAL).run(conversation, device(), place, "hello").unwrap();
        run.check(conversation, device(), base).unwrap()
    }

    /// Changes one thing of each sort; twice, so that there is something to change.
    fn change(store: &mut MemStore, n: u8) -> Result<(), StoreError> {
        store.put_local(&Local { prekey_seed: [n; 32], ..LOCAL })?;
        let is_blocked = n > 1;
        let account = account();
        store.put_contact(&Contact { account, called: None, is_verified: false, is_blocked })?;
        store.put_invite(&Invite { secret: [n; 16], expires: None, is_reusable: false })?;
        store.remove_invite(&[n - 1; 16])?;
        let (secret, addresses) = ([n; 16], Vec::new());
        store.put_ticket(&Ticket { account, device: device(), secret, expires_s: 0, addresses })?;
        let conversation = ConversationId::direct(account, account);
        let (place, base) = match store.head(conversation, device())? {
            None => (Place::First, Base::Empty),
            Some((seq, id)) => {
                store.delete_body(id)?;
                (Place::following(seq, id).unwrap(), Base::Head(seq, id))
            }
        };
        store.append(&run(place, base))?;
        let mut frontier = Frontier::default();
        frontier.insert(device(), Range::up_to(place.seq()));
        store.put_receipt(conversation, device(), &frontier)
    }

    #[test]
    fn what_is_rolled_back_was_never_there() {
        let mut store = MemStore::default();
        for n in 1..4 {
            let before = store.now.clone();
            store.begin().unwrap();
            change(&mut store, n).unwrap();
            store.remove_ticket(device()).unwrap();
            assert_ne!(store.now, before);
            store.rollback();
            assert_eq!(store.now, before);
            store.begin().unwrap();
            change(&mut store, n).unwrap();
            store.commit().unwrap();
            assert_ne!(store.now, before);
        }
    }

    #[test]
    fn a_commit_that_fails_keeps_nothing_and_the_next_one_does() {
        let mut store = MemStore::default();
        store.fail_commit_in(1);
        for (n, is_kept) in [(1, true), (2, false), (2, true)] {
            let before = store.now.clone();
            store.begin().unwrap();
            change(&mut store, n).unwrap();
            assert_eq!(store.commit().is_ok(), is_kept);
            assert_eq!(store.now == before, !is_kept);
        }
    }

    #[test]
    fn a_transaction_is_not_begun_within_another() {
        let mut store = MemStore::default();
        store.begin().unwrap();
        assert!(store.begin().is_err());
        store.rollback();
        assert!(store.begin().is_ok());
    }

    #[test]
    fn a_place_of_a_log_is_taken_once() {
        let mut store = MemStore::default();
        store.append(&run(Place::First, Base::Empty)).unwrap();
        assert!(store.append(&run(Place::First, Base::Empty)).is_err());
    }
}
