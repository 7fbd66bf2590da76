//! Accounts: who a person is, and which devices are theirs.
//!
//! An account log is a set of operations signed by the account's key, each linked to those before
//! it. It is a set and not a chain, because a person may restore the account from its words on a
//! new device while the old one is away: both go on, and when they meet, the union is what is
//! true. Everybody who has the same operations reads the same state from them, in whatever order
//! they came.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_crypto::{
    Hash, Hasher, Label, SEAL_PUBLIC_LEN, SealPublic, Signature, SigningKey, hash,
};

use crate::ids::{AccountId, ConversationId, DeviceId, OperationId};
use crate::time::{ClaimedTime, Wall};
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{NAME_MAX, OPERATIONS_MAX, PARENTS_MAX, REVOKED_HEIGHTS_MAX};

const OPERATION: Label = Label::new("chinwag/operation/1");
const OPERATION_ID: Label = Label::new("chinwag/operation-id/1");
const DEVICE: Label = Label::new("chinwag/device/1");
const DIGEST: Label = Label::new("chinwag/account-digest/1");
const VERSION: u8 = 1;

/// Bytes of what an operation says: a revocation with all its heights is the longest.
const ACTION_MAX: usize = 34 + REVOKED_HEIGHTS_MAX * 40;

/// A name of a person or a device: 1 to [`NAME_MAX`] bytes without control characters. What it
/// looks like on a screen is for the screen to decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

/// One thing that an account's owner decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// What the account is called.
    Profile {
        /// Its name.
        name: Name,
    },
    /// A device is this account's.
    Certify(Certificate),
    /// A device is no longer this account's. It can't be certified again: a new one gets a new key.
    Revoke(Revocation),
    /// A device goes on under another name: it found that its log had been continued elsewhere, by
    /// a copy of it. What it has written counts; it writes no more.
    Retire {
        /// The device.
        device: DeviceId,
    },
    /// An action that this version does not know.
    Unknown {
        /// Its number.
        kind: u16,
        /// What it says.
        bytes: Vec<u8>,
    },
}

/// That a device is an account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The device.
    pub device: DeviceId,
    /// What it is called.
    pub name: Name,
    /// Until when, by the account owner's clock.
    pub expires: Wall,
    /// What bundles for it are sealed to.
    pub prekey: SealPublic,
    /// The device's signature of the account: nobody certifies a device that is not theirs.
    pub consent: Signature,
}

/// That a device is no longer an account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The device.
    pub device: DeviceId,
    /// How many entries of its log count in which conversation; elsewhere none counts.
    pub heights: BTreeMap<ConversationId, u64>,
}

/// One operation of an account log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whose log.
    pub account: AccountId,
    /// The heads of the log when it was written.
    pub parents: BTreeSet<OperationId>,
    /// One more than the highest of its parents; 1 without.
    pub height: u64,
    /// When it was written, as the author says.
    pub claimed: ClaimedTime,
    /// What it says.
    pub action: Action,
}

/// An operation with the account's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOperation {
    /// The operation.
    pub operation: Operation,
    /// The account's signature of its id.
    pub signature: Signature,
}

/// What is wrong with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationFault {
    /// It is of another account.
    #[error("the operation is of another account")]
    OtherAccount,
    /// It follows an operation that is not known (yet).
    #[error("the operation follows {0:?}, which is not known")]
    UnknownParent(OperationId),
    /// Its height is not one more than its parents'.
    #[error("the operation says it is at height {found} and not {expected}")]
    WrongHeight {
        /// What it says.
        found: u64,
        /// What its parents say.
        expected: u64,
    },
    /// The account did not sign it.
    #[error("the operation is not signed by its account")]
    NotSigned,
    /// The device did not agree to it.
    #[error("the device did not agree to be certified")]
    NoConsent,
    /// There are too many.
    #[error("more than {OPERATIONS_MAX} operations")]
    TooMany,
}

/// A device as its account's log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its newest certificate.
    pub certificate: Certificate,
    /// How much of its logs still counts, if it was revoked.
    pub revoked: Option<BTreeMap<ConversationId, u64>>,
    /// Whether it goes on under another name.
    pub is_retired: bool,
}

/// The operations of one account that are known, and what they say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLog {
    account: AccountId,
    operations: BTreeMap<OperationId, SignedOperation>,
    heads: BTreeSet<OperationId>,
    name: Option<Decided<Name>>,
    certificates: BTreeMap<DeviceId, Decided<Certificate>>,
    revocations: BTreeMap<DeviceId, BTreeMap<ConversationId, u64>>,
    retired: BTreeSet<DeviceId>,
}

/// A value and the operation that says so. Of two the higher counts, and of two concurrent ones at
/// the same height the one with the greater id.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decided<T> {
    by: (u64, OperationId),
    value: T,
}

impl Device {
    /// Whether it is the account's still, its certificate's end aside.
    pub const fn is_current(&self) -> bool {
        self.revoked.is_none() && !self.is_retired
    }
}

impl Name {
    /// The name that somebody chose, without blanks around it.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > NAME_MAX {
            return Err(NameError::TooLong(name.len()));
        }
        if name.chars().any(char::is_control) {
            return Err(NameError::Control);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the name.
    pub(crate) fn encode(&self, to: &mut Writer) {
        to.count_u8(self.0.len());
        to.fixed(self.0.as_bytes());
    }

    /// Reads a name.
    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let len = from.count_u8("a name", NAME_MAX)?;
        let text = from.text("a name", len)?;
        let name = Self::new(text).ok().filter(|name| name.0 == text);
        name.ok_or(DecodeError::NotCanonical { what: "a name" })
    }
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left of it.
    #[error("a name needs at least one character")]
    Empty,
    /// It is too long.
    #[error("a name of {0} bytes is over the limit of {NAME_MAX}")]
    TooLong(usize),
    /// It would steer a terminal.
    #[error("a name can't have control characters in it")]
    Control,
}

/// The device's agreement to be certified by an account.
pub fn consent(device: &SigningKey, account: AccountId) -> Signature {
    device.sign(DEVICE, account.as_bytes())
}

impl Operation {
    /// The operation's id.
    pub fn id(&self) -> OperationId {
        OperationId::new(hash(OPERATION_ID, &self.to_bytes()))
    }

    /// Signs it with the account's key.
    pub fn sign(self, account: &SigningKey) -> SignedOperation {
        let signature = account.sign(OPERATION, self.id().as_bytes());
        SignedOperation { operation: self, signature }
    }
}

impl AccountLog {
    /// The log of an account of which nothing is known.
    pub const fn new(account: AccountId) -> Self {
        Self {
            account,
            operations: BTreeMap::new(),
            heads: BTreeSet::new(),
            name: None,
            certificates: BTreeMap::new(),
            revocations: BTreeMap::new(),
            retired: BTreeSet::new(),
        }
    }

    /// Whose log it is.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The operation that says `action` after all that is known.
    pub fn next(&self, claimed: ClaimedTime, action: Action) -> Operation {
        let parents: BTreeSet<OperationId> =
            self.heads.iter().rev().take(PARENTS_MAX).copied().collect();
        let height = self.height_after(&parents).unwrap_or(1);
        Operation { account: self.account, parents, height, claimed, action }
    }

    /// Checks an operation and takes it in. False: it was known already.
    pub fn add(&mut self, signed: SignedOperation) -> Result<bool, OperationFault> {
        let operation = &signed.operation;
        let id = operation.id();
        if self.operations.contains_key(&id) {
            return Ok(false);
        }
        self.check(operation, id, &signed.signature)?;
        for parent in &operation.parents {
            self.heads.remove(parent);
        }
        self.heads.insert(id);
        self.decide((operation.height, id), &signed.operation.action);
        self.operations.insert(id, signed);
        Ok(true)
    }

    fn check(
        &self,
        operation: &Operation,
        id: OperationId,
        signature: &Signature,
    ) -> Result<(), OperationFault> {
        if operation.account != self.account {
            return Err(OperationFault::OtherAccount);
        }
        if self.operations.len() >= OPERATIONS_MAX {
            return Err(OperationFault::TooMany);
        }
        let expected = self.height_after(&operation.parents)?;
        if operation.height != expected {
            return Err(OperationFault::WrongHeight { found: operation.height, expected });
        }
        let key = self.account.key();
        if key.verify(OPERATION, id.as_bytes(), signature).is_err() {
            return Err(OperationFault::NotSigned);
        }
        if let Action::Certify(certificate) = &operation.action {
            let device = certificate.device.key();
            return device
                .verify(DEVICE, self.account.as_bytes(), &certificate.consent)
                .map_err(|_| OperationFault::NoConsent);
        }
        Ok(())
    }

    fn height_after(&self, parents: &BTreeSet<OperationId>) -> Result<u64, OperationFault> {
        let mut height = 1;
        for parent in parents {
            let known = self.operations.get(parent);
            let known = known.ok_or(OperationFault::UnknownParent(*parent))?;
            height = height.max(known.operation.height.saturating_add(1));
        }
        Ok(height)
    }

    fn decide(&mut self, by: (u64, OperationId), action: &Action) {
        match action {
            Action::Profile { name } => {
                if self.name.as_ref().is_none_or(|known| known.by < by) {
                    self.name = Some(Decided { by, value: name.clone() });
                }
            }
            Action::Certify(certificate) => {
                let known = self.certificates.get(&certificate.device);
                if known.is_none_or(|known| known.by < by) {
                    let value = certificate.clone();
                    self.certificates.insert(certificate.device, Decided { by, value });
                }
            }
            Action::Revoke(revocation) => self.revoke(revocation),
            Action::Retire { device } => drop(self.retired.insert(*device)),
            Action::Unknown { .. } => {}
        }
    }

    /// Of several revocations the most restrictive counts.
    fn revoke(&mut self, revocation: &Revocation) {
        let Some(known) = self.revocations.get_mut(&revocation.device) else {
            self.revocations.insert(revocation.device, revocation.heights.clone());
            return;
        };
        known.retain(|conversation, _| revocation.heights.contains_key(conversation));
        for (conversation, height) in known {
            if let Some(other) = revocation.heights.get(conversation) {
                *height = (*height).min(*other);
            }
        }
    }

    /// What the account is called.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref().map(|decided| &decided.value)
    }

    /// A device that was ever certified.
    pub fn device(&self, device: DeviceId) -> Option<Device> {
        let certificate = self.certificates.get(&device)?.value.clone();
        let revoked = self.revocations.get(&device).cloned();
        Some(Device { certificate, revoked, is_retired: self.retired.contains(&device) })
    }

    /// The devices that are the account's now.
    pub fn devices(&self, now: Wall) -> impl Iterator<Item = &Certificate> {
        let is_current = move |certificate: &&Certificate| {
            certificate.expires > now
                && !self.revocations.contains_key(&certificate.device)
                && !self.retired.contains(&certificate.device)
        };
        self.certificates.values().map(|decided| &decided.value).filter(is_current)
    }

    /// All operations, each after those it follows.
    pub fn operations(&self) -> Vec<&SignedOperation> {
        let mut operations: Vec<_> = self.operations.iter().collect();
        operations.sort_by_key(|(id, signed)| (signed.operation.height, **id));
        operations.into_iter().map(|(_, signed)| signed).collect()
    }

    /// How many operations are known.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// All devices that were ever certified.
    pub fn known_devices(&self) -> impl Iterator<Item = DeviceId> {
        self.certificates.keys().copied()
    }

    /// How many devices were ever certified.
    pub fn device_count(&self) -> usize {
        self.certificates.len()
    }

    /// Which operations are known.
    pub fn contains(&self, operation: OperationId) -> bool {
        self.operations.contains_key(&operation)
    }

    /// A hash that is the same for all who know the same operations, and for nobody else.
    pub fn digest(&self) -> Hash {
        let mut hasher = Hasher::new(DIGEST);
        for head in &self.heads {
            hasher.update(head.as_bytes());
        }
        hasher.finish()
    }
}

impl Action {
    const PROFILE: u16 = 1;
    const CERTIFY: u16 = 2;
    const REVOKE: u16 = 3;
    const RETIRE: u16 = 4;

    const fn kind(&self) -> u16 {
        match self {
            Self::Profile { .. } => Self::PROFILE,
            Self::Certify(_) => Self::CERTIFY,
            Self::Revoke(_) => Self::REVOKE,
            Self::Retire { .. } => Self::RETIRE,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    fn decode(kind: u16, from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match kind {
            Self::PROFILE => Self::Profile { name: Name::decode(from)? },
            Self::CERTIFY => Self::Certify(Certificate::decode(from)?),
            Self::REVOKE => Self::Revoke(Revocation::decode(from)?),
            Self::RETIRE => Self::Retire { device: DeviceId::new(from.key("a device")?) },
            kind => {
                let bytes = from.fixed("an action", from.rest().len())?.to_vec();
                Self::Unknown { kind, bytes }
            }
        })
    }
}

impl Encode for Action {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Profile { name } => name.encode(to),
            Self::Certify(certificate) => certificate.encode(to),
            Self::Revoke(revocation) => revocation.encode(to),
            Self::Retire { device } => to.fixed(device.as_bytes()),
            Self::Unknown { bytes, .. } => to.fixed(bytes),
        }
    }
}

impl Encode for Certificate {
    fn encode(&self, to: &mut Writer) {
        to.fixed(self.device.as_bytes());
        self.name.encode(to);
        to.u64(self.expires.get());
        to.fixed(self.prekey.as_bytes());
        to.fixed(self.consent.as_bytes());
    }
}

impl Decode for Certificate {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let device = DeviceId::new(from.key("a device")?);
        let name = Name::decode(from)?;
        let expires = Wall::new(from.u64("an expiry")?);
        let prekey = SealPublic::from_bytes(from.fixed("a prekey", SEAL_PUBLIC_LEN)?)
            .map_err(|_| DecodeError::BadKey { what: "a prekey" })?;
        let consent = from.signature("a device's consent")?;
        Ok(Self { device, name, expires, prekey, consent })
    }
}

impl Encode for Revocation {
    fn encode(&self, to: &mut Writer) {
        to.fixed(self.device.as_bytes());
        to.count_u16(self.heights.len());
        for (conversation, height) in &self.heights {
            to.fixed(conversation.as_bytes());
            to.u64(*height);
        }
    }
}

impl Decode for Revocation {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let device = DeviceId::new(from.key("a device")?);
        let count = from.count_u16("heights", REVOKED_HEIGHTS_MAX)?;
        let mut heights = BTreeMap::new();
        for _ in 0..count {
            let conversation = ConversationId::new(from.hash("a conversation id")?);
            let last = heights.last_key_value().map(|(last, _)| *last);
            if last.is_some_and(|last| last >= conversation) {
                return Err(DecodeError::NotCanonical { what: "the order of heights" });
            }
            heights.insert(conversation, from.u64("a height")?);
        }
        Ok(Self { device, heights })
    }
}

impl Encode for Operation {
    fn encode(&self, to: &mut Writer) {
        to.u8(VERSION);
        to.fixed(self.account.as_bytes());
        to.count_u8(self.parents.len());
        for parent in &self.parents {
            to.fixed(parent.as_bytes());
        }
        to.u64(self.height);
        to.u64(self.claimed.get());
        to.u16(self.action.kind());
        let action = self.action.to_bytes();
        to.count_u32(action.len());
        to.fixed(&action);
    }
}

impl Decode for Operation {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.version("version of an operation", VERSION)?;
        let account = AccountId::new(from.key("an account")?);
        let parents = decode_parents(from)?;
        let height = from.u64("a height")?;
        let claimed = ClaimedTime::new(from.u64("a time")?);
        let kind = from.u16("a kind of action")?;
        let len = from.count_u32("an action", ACTION_MAX)?;
        let mut inside = Reader::new(from.fixed("an action", len)?);
        let action = Action::decode(kind, &mut inside)?;
        inside.end()?;
        Ok(Self { account, parents, height, claimed, action })
    }
}

fn decode_parents(from: &mut Reader<'_>) -> Result<BTreeSet<OperationId>, DecodeError> {
    let count = from.count_u8("parents", PARENTS_MAX)?;
    let mut parents = BTreeSet::new();
    for _ in 0..count {
        let parent = OperationId::new(from.hash("a parent")?);
        if parents.last().is_some_and(|last| *last >= parent) {
            return Err(DecodeError::NotCanonical { what: "the order of parents" });
        }
        parents.insert(parent);
    }
    Ok(parents)
}

impl Encode for SignedOperation {
    fn encode(&self, to: &mut Writer) {
        self.operation.encode(to);
        to.fixed(self.signature.as_bytes());
    }
}

impl Decode for SignedOperation {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let operation = Operation::decode(from)?;
        Ok(Self { operation, signature: from.signature("a signature")? })
    }
}
