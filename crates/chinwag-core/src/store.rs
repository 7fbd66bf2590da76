//! What the node keeps: a trait, so that the node is the same over memory and over a database.
//!
//! Everything the node knows comes from here when it opens, and everything it decides goes here
//! before anybody hears of it: changes happen between [`Store::begin`] and [`Store::commit`], and
//! the outputs of a step leave after the commit.

use chinwag_crypto::Signature;

use crate::entry::{Header, Seq};
use crate::identity::{Name, SignedOperation};
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::log::CheckedRun;
use crate::sync::frontier::Frontier;
use crate::sync::ranges::Range;
use crate::ticket::Ticket;
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
    /// The seed of the key that bundles for this device are sealed to.
    pub prekey_seed: [u8; 32],
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Local(..)")
    }
}

/// A known account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub account: AccountId,
    /// What we call them, if not by their own name.
    pub called: Option<Name>,
    /// Whether the safety number was compared.
    pub is_verified: bool,
    /// Whether they may reach us.
    pub is_blocked: bool,
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

/// Where the node keeps what it knows.
///
/// Reads see what was written before, committed or not. Between [`begin`](Self::begin) and
/// [`commit`](Self::commit) nothing is kept for good; after [`rollback`](Self::rollback) or a
/// failed commit all is as it was at `begin`.
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

    /// All operations of all accounts, each after those it follows.
    fn operations(&self) -> Result<Vec<SignedOperation>, StoreError>;
    /// Adds an operation.
    fn add_operation(&mut self, operation: &SignedOperation) -> Result<(), StoreError>;

    /// All contacts.
    fn contacts(&self) -> Result<Vec<Contact>, StoreError>;
    /// Adds or changes a contact.
    fn put_contact(&mut self, contact: &Contact) -> Result<(), StoreError>;

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

    /// All conversations that have entries, and what is here of each.
    fn frontiers(&self) -> Result<Vec<(ConversationId, Frontier)>, StoreError>;
    /// The newest entry of a log.
    fn head(
        &self,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Result<Option<(Seq, EntryId)>, StoreError>;
    /// Adds a run to a log.
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
    /// Deletes an entry's body; its header stays.
    fn delete_body(&mut self, id: EntryId) -> Result<(), StoreError>;

    /// What other devices are known to have.
    fn receipts(&self) -> Result<Vec<(ConversationId, DeviceId, Frontier)>, StoreError>;
    /// Notes what another device has.
    fn put_receipt(
        &mut self,
        conversation: ConversationId,
        device: DeviceId,
        frontier: &Frontier,
    ) -> Result<(), StoreError>;
}
