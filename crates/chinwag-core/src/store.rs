//! What the node keeps: a trait, so that the node is the same over memory and over a database.
//!
//! Everything the node knows comes from here when it opens, and everything it decides goes here
//! before anybody hears of it: changes happen between [`Store::begin`] and [`Store::commit`], and
//! the outputs of a step leave after the commit.

use std::fmt;

use chinwag_crypto::{SealPublic, Signature};

use crate::body::Kind;
use crate::entry::{Header, Position, Seq, Tip};
use crate::event_log::{Logged, LoggedEvent};
use crate::fork::Fork;
use crate::identity::{Name, SignedOperation};
use crate::ids::{AccountId, ClientId, ConversationId, DeviceId, EntryId, PrekeyId};
use crate::log::{CheckedRun, Run};
use crate::membership::GroupTicket;
use crate::sync::frontier::Frontier;
use crate::sync::ranges::Range;
use crate::ticket::{Address, Ticket};
use crate::time::Wall;

/// The store failed. What was not committed is lost; the node is dropped and opened again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// Who we are. The seeds are secrets: a store keeps them encrypted or not at all readable.
#[derive(Clone, PartialEq, Eq)]
pub struct Local {
    /// The account's seed.
    pub account_seed: [u8; 32],
    /// The device's seed.
    pub device_seed: [u8; 32],
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local(..)")
    }
}

/// A key of this device that bundles are sealed to.
#[derive(Clone, PartialEq, Eq)]
pub struct Prekey {
    /// Its name on the wire: a hash of its public half.
    pub id: PrekeyId,
    /// Its seed, a secret.
    pub seed: [u8; 32],
    /// When it was made.
    pub made: Wall,
    /// Whether it is for one bundle of one device, and which; otherwise it was in a certificate.
    pub only_for: Option<DeviceId>,
}

impl fmt::Debug for Prekey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prekey({:?}, ..)", self.id)
    }
}

/// What we hold of an account: a contact, somebody blocked, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub account: AccountId,
    /// What we call them, if not by their own name.
    pub called: Option<Name>,
    /// Whether they are a contact; if not, the account is only remembered as blocked.
    pub is_contact: bool,
    /// Whether the safety number was compared.
    pub is_verified: bool,
    /// Whether they are kept from reaching us.
    pub is_blocked: bool,
    /// The entry of our own account's conversation that says so: a later one takes its place.
    pub decided: Position,
}

/// An invitation that we gave out in a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Shown by whoever redeems it.
    pub secret: [u8; 16],
    /// When it ends.
    pub expires: Option<Wall>,
    /// Whether it may be used more than once.
    pub is_reusable: bool,
}

/// A stranger's wish to become a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who.
    pub account: AccountId,
    /// With which device they came.
    pub device: DeviceId,
    /// What they call themselves.
    pub name: Name,
    /// Their one line.
    pub text: String,
    /// When it came.
    pub received: Wall,
    /// Whether it was declined. It is kept, so that it does not come again.
    pub is_declined: bool,
}

/// A group that somebody let us into and that we have not joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The group.
    pub group: ConversationId,
    /// Who told us of it.
    pub by: AccountId,
    /// The entry that begins it, with its signature.
    pub creation: Run,
    /// When we were told.
    pub received: Wall,
    /// Whether it was accepted, or declined; both are kept: the one until we have joined, the other
    /// so that it does not come again.
    pub answer: Option<bool>,
}

/// Our own wish to become somebody's contact, until it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose.
    pub account: AccountId,
    /// One of their devices.
    pub device: DeviceId,
    /// Where it may be found.
    pub addresses: Vec<Address>,
    /// Our one line.
    pub text: String,
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its id.
    pub id: EntryId,
    /// Its header.
    pub header: Header,
    /// Its body, unless that was deleted.
    pub body: Option<Vec<u8>>,
    /// The author's signature, where this entry was the last of a run.
    pub signature: Option<Signature>,
}

impl StoredEntry {
    /// Where it stands in its conversation.
    pub const fn position(&self) -> Position {
        self.header.position(self.id)
    }
}

/// Where the node keeps what it knows.
///
/// Reads see what was written before, committed or not. Between [`begin`](Self::begin) and
/// [`commit`](Self::commit) nothing is kept for good; after [`rollback`](Self::rollback) or a
/// failed commit all is as it was at `begin`. Lists come in the order of their keys.
pub trait Store {
    /// Begins a transaction.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Keeps what was written since `begin`, for good: it survives a loss of power.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Drops what was written since `begin`.
    fn rollback(&mut self);

    /// Who we are, once that is decided.
    fn local(&self) -> Result<Option<Local>, StoreError>;
    /// Decides who we are.
    fn put_local(&mut self, local: &Local) -> Result<(), StoreError>;

    /// Our keys that bundles are sealed to.
    fn prekeys(&self) -> Result<Vec<Prekey>, StoreError>;
    /// Adds such a key.
    fn put_prekey(&mut self, prekey: &Prekey) -> Result<(), StoreError>;
    /// Destroys such a key.
    fn remove_prekey(&mut self, id: PrekeyId) -> Result<(), StoreError>;
    /// The keys for one bundle each that a device gave us, in the order in which it did.
    fn peer_prekeys(&self, device: DeviceId) -> Result<Vec<SealPublic>, StoreError>;
    /// Takes these in place of the keys that a device gave us.
    fn put_peer_prekeys(
        &mut self,
        device: DeviceId,
        prekeys: &[SealPublic],
    ) -> Result<(), StoreError>;

    /// All operations of all accounts, each after those it follows: in the order in which they
    /// were added.
    fn operations(&self) -> Result<Vec<SignedOperation>, StoreError>;
    /// Adds an operation.
    fn add_operation(&mut self, operation: &SignedOperation) -> Result<(), StoreError>;

    /// All contacts, and all who are blocked.
    fn contacts(&self) -> Result<Vec<Contact>, StoreError>;
    /// Adds or changes a contact.
    fn put_contact(&mut self, contact: &Contact) -> Result<(), StoreError>;
    /// Holds nothing of an account any more.
    fn remove_contact(&mut self, account: AccountId) -> Result<(), StoreError>;

    /// All invites that are not used up.
    fn invites(&self) -> Result<Vec<Invite>, StoreError>;
    /// Adds an invite.
    fn put_invite(&mut self, invite: &Invite) -> Result<(), StoreError>;
    /// Removes an invite.
    fn remove_invite(&mut self, secret: &[u8; 16]) -> Result<(), StoreError>;

    /// All tickets that were redeemed here and not yet answered.
    fn tickets(&self) -> Result<Vec<Ticket>, StoreError>;
    /// Adds a ticket, in place of another to the same device.
    fn put_ticket(&mut self, ticket: &Ticket) -> Result<(), StoreError>;
    /// Removes the ticket to a device.
    fn remove_ticket(&mut self, device: DeviceId) -> Result<(), StoreError>;

    /// All requests of strangers.
    fn requests(&self) -> Result<Vec<Request>, StoreError>;
    /// Adds a request, in place of another of the same account.
    fn put_request(&mut self, request: &Request) -> Result<(), StoreError>;
    /// Removes an account's request.
    fn remove_request(&mut self, account: AccountId) -> Result<(), StoreError>;

    /// All invitations to groups.
    fn invitations(&self) -> Result<Vec<Invitation>, StoreError>;
    /// Adds an invitation, in place of another to the same group.
    fn put_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError>;
    /// Removes the invitation to a group.
    fn remove_invitation(&mut self, group: ConversationId) -> Result<(), StoreError>;

    /// Tickets to groups that were taken here and have not let us in yet.
    fn group_tickets(&self) -> Result<Vec<GroupTicket>, StoreError>;
    /// Adds a ticket to a group, in place of another to the same.
    fn put_group_ticket(&mut self, ticket: &GroupTicket) -> Result<(), StoreError>;
    /// Removes the ticket to a group.
    fn remove_group_ticket(&mut self, group: ConversationId) -> Result<(), StoreError>;

    /// All whom we asked and who have not answered.
    fn asked(&self) -> Result<Vec<Asked>, StoreError>;
    /// Adds somebody whom we ask, in place of another at the same device.
    fn put_asked(&mut self, asked: &Asked) -> Result<(), StoreError>;
    /// Removes whom we asked at a device.
    fn remove_asked(&mut self, device: DeviceId) -> Result<(), StoreError>;

    /// All conversations that have entries, and which are here.
    fn frontiers(&self) -> Result<Vec<(ConversationId, Frontier)>, StoreError>;
    /// The entry at a place of a log, in short.
    fn tip(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        seq: Seq,
    ) -> Result<Option<Tip>, StoreError>;
    /// Adds a run, or a part of one, to a log; there may be a gap before it. An error: one of its places is taken.
    fn append(&mut self, run: &CheckedRun) -> Result<(), StoreError>;
    /// Entries of a log in order: those of `range` that are here, at most `count` of them, and
    /// none after that by which their bodies exceed `bytes`.
    fn entries(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// An entry by its id.
    fn entry(&self, id: EntryId) -> Result<Option<StoredEntry>, StoreError>;
    /// The first two entries whose ids begin with these bytes, of which there are five to eight:
    /// one is what was looked for, two are too many.
    fn entries_beginning(&self, prefix: &[u8]) -> Result<Vec<EntryId>, StoreError>;
    /// How many entries of a range of a log are [shown](Kind::is_shown), counted up to `max`.
    fn count_shown(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        max: usize,
    ) -> Result<usize, StoreError>;
    /// Keeps the author's signature of an entry that is here: another run ends with it.
    fn put_signature(&mut self, id: EntryId, signature: &Signature) -> Result<(), StoreError>;
    /// Deletes an entry's body, and when it was to disappear; its header stays.
    fn delete_body(&mut self, id: EntryId) -> Result<(), StoreError>;
    /// Takes a log's entries from `from` on out of what is shown: out of
    /// [`timeline`](Self::timeline), [`references`](Self::references_after) and
    /// [`latest`](Self::latest_before), those that are here and those that come.
    fn hide(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError>;

    /// Removes a log's entries from a place on, as if they had never come: others are to take their
    /// places.
    fn forget_from(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError>;

    /// What is shown of a conversation, the newest first: entries of
    /// [shown kinds](Kind::is_shown) before a position, at most `count`.
    fn timeline(
        &self,
        conversation: ConversationId,
        before: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// The first `count` messages of a conversation that are shown, after a position, the oldest first.
    fn timeline_after(
        &self,
        conversation: ConversationId,
        after: Position,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// The edits, reactions and retractions of an entry, in their order, the first `count` after a
    /// position.
    fn references_after(
        &self,
        of: EntryId,
        after: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// Of each log that has edits or retractions of an entry, the last one of either.
    fn last_changes(&self, of: EntryId) -> Result<Vec<StoredEntry>, StoreError>;
    /// The first `count` of the edits, reactions and retractions of an entry; and if there are more,
    /// of each log the last edit and the last retraction besides. So nobody can hide what its author
    /// made of it behind a crowd of reactions.
    fn references(&self, of: EntryId, count: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let mut references = self.references_after(of, None, count)?;
        if references.len() >= count {
            add_changes(&mut references, self.last_changes(of)?);
        }
        Ok(references)
    }
    /// The newest entry of a kind in a conversation before a position.
    fn latest_before(
        &self,
        conversation: ConversationId,
        kind: Kind,
        before: Option<Position>,
    ) -> Result<Option<StoredEntry>, StoreError>;
    /// The newest entry of a kind in a conversation.
    fn latest(
        &self,
        conversation: ConversationId,
        kind: Kind,
    ) -> Result<Option<StoredEntry>, StoreError> {
        self.latest_before(conversation, kind, None)
    }

    /// All forks that are known.
    fn forks(&self) -> Result<Vec<Fork>, StoreError>;
    /// Keeps the proof of a fork, in place of another of the same log.
    fn put_fork(&mut self, fork: &Fork) -> Result<(), StoreError>;

    /// What other devices are known to have.
    fn receipts(&self) -> Result<Vec<(ConversationId, DeviceId, Frontier)>, StoreError>;
    /// Notes what another device has.
    fn put_receipt(
        &mut self,
        conversation: ConversationId,
        device: DeviceId,
        frontier: &Frontier,
    ) -> Result<(), StoreError>;

    /// What accounts are known to have read.
    fn reads(&self) -> Result<Vec<(ConversationId, AccountId, Frontier)>, StoreError>;
    /// Notes what an account has read.
    fn put_read(
        &mut self,
        conversation: ConversationId,
        account: AccountId,
        frontier: &Frontier,
    ) -> Result<(), StoreError>;

    /// The entry that was written under this client id.
    fn said(&self, client_id: ClientId) -> Result<Option<EntryId>, StoreError>;
    /// Notes which entry was written under a client id.
    fn put_said(&mut self, client_id: ClientId, entry: EntryId) -> Result<(), StoreError>;

    /// Adds to the log of what happened here.
    fn log_event(&mut self, at: Wall, event: &Logged) -> Result<(), StoreError>;
    /// What happened after the event with this number, the oldest first, at most `count`.
    fn events(&self, after: u64, count: usize) -> Result<Vec<LoggedEvent>, StoreError>;
    /// The numbers of the oldest and the newest event that are kept; numbers begin with 1.
    fn event_numbers(&self) -> Result<Option<(u64, u64)>, StoreError>;
    /// Forgets the events up to this number, but never the newest: so numbers are not used again.
    fn forget_events(&mut self, up_to: u64) -> Result<(), StoreError>;

    /// Notes when an entry's body is to be deleted; an earlier time takes the place of a later.
    /// Nothing, if it is deleted already.
    fn put_expiry(&mut self, id: EntryId, due: Wall) -> Result<(), StoreError>;
    /// When the next body is to be deleted.
    fn next_expiry(&self) -> Result<Option<Wall>, StoreError>;
    /// The entries whose bodies are due at this time, the first `count` of them.
    fn expired(&self, now: Wall, count: usize) -> Result<Vec<EntryId>, StoreError>;
}

/// Adds the last changes of an entry to the first of its references, where they are not among them.
/// They stay in their order: those that are added come after those that were there.
pub fn add_changes(references: &mut Vec<StoredEntry>, changes: Vec<StoredEntry>) {
    let end = references.last().map(StoredEntry::position);
    references.extend(changes.into_iter().filter(|entry| Some(entry.position()) > end));
}
