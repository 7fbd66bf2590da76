//! Groups: who decides what about one, and how that is written down.
//!
//! A group's operations are entries in the logs of its members' devices. Who is a member, with which
//! right, and which entries of whom count is read from the *set* of these operations by one pure
//! function ([`resolve`]), so that everybody who has the same operations says the same, in whatever
//! order they came. `docs/protocol/membership.md` has it in words.
//!
//! What it is not: a place where anything is kept or sent. That is the node's.

mod audience;
mod resolve;
mod state;
mod ticket;

pub use audience::Audience;
pub use resolve::resolve;
pub use state::{GoodTicket, Grant, GrantId, Joined, Member, State, Verdict};
pub use ticket::GroupTicket;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chinwag_crypto::{Label, PublicKey, Signature, SigningKey, hash};

use crate::body::{Body, Content, Kind};
use crate::entry::{Header, Position, Seq};
use crate::identity::Name;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::log::Run;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{AFTER_MAX, GROUP_DEVICES_MAX, OWNERS_MAX, SETTING_MAX, TOPIC_MAX};

const GROUP: Label = Label::new("chinwag/group/1");
const JOIN: Label = Label::new("chinwag/group-join/1");

/// One operation of a group, as its entry says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Operations that this one is knowingly made after, where that makes a difference: a grant names
    /// the removals of that account, a change of a setting the changes it replaces, and whoever joins
    /// again with a ticket their own leaving. With an operation, those before it in its log are
    /// named as well. At most [`AFTER_MAX`].
    pub after: BTreeSet<EntryId>,
    /// What is done.
    pub action: Action,
}

/// What an operation of a group does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The group begins. Its id is the hash of this body, so there is one such operation of a
    /// group, and it counts whoever carries it.
    Create(Creation),
    /// An account gets a right. It takes effect when a device of it [joins](Self::Join).
    Grant {
        /// Who.
        account: AccountId,
        /// Which.
        right: Right,
        /// What of the history they get.
        history: History,
    },
    /// An account loses its rights, or those above [`keeps`](Removal::keeps). By that account
    /// itself: it leaves, or steps down.
    Remove(Removal),
    /// From here on this log's entries are those of a member.
    Join {
        /// Whose device the log's author is.
        account: AccountId,
        /// What lets them in.
        by: By,
    },
    /// A ticket: whoever has the private half of this key may join as a member.
    Ticket {
        /// The public half.
        key: PublicKey,
        /// What of the history they get.
        history: History,
        /// From when on nobody is let in by it any more, in seconds since the Unix epoch; 0: never.
        /// Only whoever lets somebody in looks at it: what a clock says proves nothing to others.
        expires_s: u32,
    },
    /// A ticket is no longer good.
    Revoke {
        /// The operation that made it.
        ticket: EntryId,
        /// Who joined by it and stays: the operations by which they did. At most
        /// [`GROUP_DEVICES_MAX`].
        joined: BTreeSet<EntryId>,
    },
    /// The group is called something else, or works in another way.
    Set(Setting),
    /// An action that this version does not know.
    Unknown {
        /// Its number.
        kind: u16,
        /// What it says.
        bytes: Vec<u8>,
    },
}

/// How a group begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// Who decides who decides: 1 to [`OWNERS_MAX`] accounts. There are no others later.
    pub owners: BTreeSet<AccountId>,
    /// What it is called.
    pub name: Name,
    /// What of the history new members get.
    pub history: History,
    /// How many seconds after they are read messages disappear; 0: never.
    pub lifetime_s: u32,
}

/// A right that can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// To read and to write.
    Member,
    /// To decide who is a member, and what the group is called.
    Admin,
}

/// What somebody is in a group. The higher decides about the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads and writes.
    Member,
    /// Decides who is a member.
    Admin,
    /// Decides who is an admin.
    Owner,
}

/// What of the history a new member gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum History {
    /// What ranks above the operation that lets them in.
    FromNow,
    /// Everything.
    Everything,
}

/// That an account loses its rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Who.
    pub account: AccountId,
    /// The right that they keep, if they have it. Never an admin's.
    pub keeps: Option<Right>,
    /// How many entries of its devices' logs count under what is taken away; of the others none does.
    /// At most [`GROUP_DEVICES_MAX`].
    pub heights: BTreeMap<DeviceId, Seq>,
}

/// What lets an account's device in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The creation, which names the account as an owner.
    Creation,
    /// A grant.
    Grant(EntryId),
    /// A ticket.
    Ticket {
        /// The operation that made it.
        ticket: EntryId,
        /// Its public key.
        key: PublicKey,
        /// The signature by that key of who joins: see [`prove_ticket`].
        proof: Signature,
    },
}

/// A new value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// How many seconds after they are read messages disappear; 0: never.
    Lifetime(u32),
    /// What the group is called.
    Name(Name),
    /// What it is about.
    Topic(Topic),
    /// What of the history new members get.
    History(History),
    /// A setting that this version does not know, of at most [`SETTING_MAX`] bytes.
    Unknown {
        /// Its number.
        number: u16,
        /// Its value.
        value: Vec<u8>,
    },
}

/// What a group is about: at most [`TOPIC_MAX`] bytes without control characters; none is a topic
/// too.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic(String);

/// An operation with its place: what the membership is read from. That it is the creation of its
/// group, or that whoever joins by a ticket has it, was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    id: EntryId,
    group: ConversationId,
    author: DeviceId,
    position: Position,
    operation: Operation,
}

/// Why an entry is no operation of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationFault {
    /// It is of another kind.
    #[error("the entry is of another kind")]
    OtherKind,
    /// Its body can't be read.
    #[error(transparent)]
    Wrong(#[from] DecodeError),
    /// It begins another group.
    #[error("the entry begins another group than the one it is in")]
    OtherGroup,
    /// It says that somebody has a ticket, and does not prove it.
    #[error("the entry does not prove that its author has the ticket")]
    NotProven,
}

/// The id of the group that begins with this body.
pub fn group_of(creation: &[u8]) -> ConversationId {
    ConversationId::new(hash(GROUP, creation))
}

/// How a group begins, if this is the entry that does.
pub fn creation_of(run: &Run) -> Option<Creation> {
    let [(header, Some(body))] = run.entries.as_slice() else { return None };
    match Placed::read(header, body).ok()?.operation.action {
        Action::Create(creation) => Some(creation),
        _ => None,
    }
}

/// The proof that whoever has a ticket's key lets a device of an account in.
pub fn prove_ticket(
    key: &SigningKey,
    group: ConversationId,
    account: AccountId,
    device: DeviceId,
) -> Signature {
    key.sign(JOIN, &who_joins(group, account, device))
}

/// Whether a signature is the proof that whoever has a ticket's key lets a device of an account in.
pub fn proves_ticket(
    key: &PublicKey,
    group: ConversationId,
    account: AccountId,
    device: DeviceId,
    proof: &Signature,
) -> bool {
    key.verify(JOIN, &who_joins(group, account, device), proof).is_ok()
}

fn who_joins(group: ConversationId, account: AccountId, device: DeviceId) -> Vec<u8> {
    [group.as_bytes().as_slice(), account.as_bytes(), device.as_bytes()].concat()
}

impl Placed {
    /// The operation that an entry is, if its header and body are of one entry.
    pub fn read(header: &Header, body: &[u8]) -> Result<Self, OperationFault> {
        if header.kind != Kind::MEMBERSHIP {
            return Err(OperationFault::OtherKind);
        }
        let read = Body::from_bytes(header.kind, body)?;
        let Content::Membership(operation) = read.content() else {
            return Err(OperationFault::OtherKind);
        };
        let operation = operation.as_ref().clone();
        let group = header.conversation;
        match &operation.action {
            Action::Create(_) if group_of(body) != group => return Err(OperationFault::OtherGroup),
            Action::Join { account, by: By::Ticket { key, proof, .. } } => {
                let who = who_joins(group, *account, header.author);
                key.verify(JOIN, &who, proof).map_err(|_| OperationFault::NotProven)?;
            }
            _ => {}
        }
        let id = header.id();
        let (author, position) = (header.author, header.position(id));
        Ok(Self { id, group, author, position, operation })
    }

    /// The id of its entry.
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// The group it is of.
    pub const fn group(&self) -> ConversationId {
        self.group
    }

    /// Whose log it is in.
    pub const fn author(&self) -> DeviceId {
        self.author
    }

    /// Where its entry stands.
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Its number in its log.
    pub const fn seq(&self) -> Seq {
        self.position.seq
    }

    /// What it says.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// What it does.
    pub const fn action(&self) -> &Action {
        &self.operation.action
    }
}

impl Operation {
    /// An operation that need not say what it is after.
    pub const fn new(action: Action) -> Self {
        Self { after: BTreeSet::new(), action }
    }
}

impl Topic {
    /// The topic that somebody chose, without blanks around it. An error: the bytes that it has, if
    /// they are over [`TOPIC_MAX`], or a control character.
    pub fn new(topic: &str) -> Result<Self, TopicError> {
        let topic = topic.trim();
        if topic.len() > TOPIC_MAX {
            return Err(TopicError::TooLong(topic.len()));
        }
        if topic.chars().any(char::is_control) {
            return Err(TopicError::Control);
        }
        Ok(Self(topic.to_owned()))
    }

    /// The topic.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// It is too long.
    #[error("a topic of {0} bytes is over the limit of {TOPIC_MAX}")]
    TooLong(usize),
    /// It would steer a terminal.
    #[error("a topic can't have control characters in it")]
    Control,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        })
    }
}

impl Right {
    /// What an account with it is.
    pub const fn role(self) -> Role {
        match self {
            Self::Member => Role::Member,
            Self::Admin => Role::Admin,
        }
    }
}

impl Removal {
    /// Whether it is of rights like this one: those above what is kept.
    pub fn takes(&self, role: Role) -> bool {
        self.keeps.is_none_or(|kept| kept.role() < role)
    }
}

impl Setting {
    const LIFETIME: u16 = 1;
    const NAME: u16 = 2;
    const TOPIC: u16 = 3;
    const HISTORY: u16 = 4;

    /// The number of the setting.
    pub const fn number(&self) -> u16 {
        match self {
            Self::Lifetime(_) => Self::LIFETIME,
            Self::Name(_) => Self::NAME,
            Self::Topic(_) => Self::TOPIC,
            Self::History(_) => Self::HISTORY,
            Self::Unknown { number, .. } => *number,
        }
    }
}

impl Action {
    const CREATE: u16 = 1;
    const GRANT: u16 = 2;
    const REMOVE: u16 = 3;
    const JOIN: u16 = 4;
    const TICKET: u16 = 5;
    const REVOKE: u16 = 6;
    const SET: u16 = 7;

    const fn kind(&self) -> u16 {
        match self {
            Self::Create(_) => Self::CREATE,
            Self::Grant { .. } => Self::GRANT,
            Self::Remove(_) => Self::REMOVE,
            Self::Join { .. } => Self::JOIN,
            Self::Ticket { .. } => Self::TICKET,
            Self::Revoke { .. } => Self::REVOKE,
            Self::Set(_) => Self::SET,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    fn decode(kind: u16, from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match kind {
            Self::CREATE => Self::Create(Creation::decode(from)?),
            Self::GRANT => Self::Grant {
                account: account(from)?,
                right: Right::decode(from)?,
                history: History::decode(from)?,
            },
            Self::REMOVE => Self::Remove(Removal::decode(from)?),
            Self::JOIN => Self::Join { account: account(from)?, by: By::decode(from)? },
            Self::TICKET => Self::Ticket {
                key: from.key("a ticket's key")?,
                history: History::decode(from)?,
                expires_s: from.u32("an expiry")?,
            },
            Self::REVOKE => {
                let ticket = EntryId::new(from.hash("a ticket")?);
                let count = from.count_u16("who joined by a ticket", GROUP_DEVICES_MAX)?;
                Self::Revoke { ticket, joined: entries(from, count)? }
            }
            Self::SET => Self::Set(Setting::decode(from)?),
            kind => {
                let bytes = from.fixed("an action", from.rest().len())?.to_vec();
                Self::Unknown { kind, bytes }
            }
        })
    }
}

fn account(from: &mut Reader<'_>) -> Result<AccountId, DecodeError> {
    from.key("an account").map(AccountId::new)
}

fn entries(from: &mut Reader<'_>, count: usize) -> Result<BTreeSet<EntryId>, DecodeError> {
    let mut entries = BTreeSet::new();
    for _ in 0..count {
        let entry = EntryId::new(from.hash("an entry id")?);
        if entries.last().is_some_and(|last| *last >= entry) {
            return Err(DecodeError::NotCanonical { what: "the order of entries" });
        }
        entries.insert(entry);
    }
    Ok(entries)
}

impl Encode for Operation {
    fn encode(&self, to: &mut Writer) {
        to.count_u16(self.after.len());
        self.after.iter().for_each(|entry| to.fixed(entry.as_bytes()));
        to.u16(self.action.kind());
        self.action.encode(to);
    }
}

impl Decode for Operation {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count_u16("what an operation is after", AFTER_MAX)?;
        let after = entries(from, count)?;
        let kind = from.u16("a kind of action")?;
        Ok(Self { after, action: Action::decode(kind, from)? })
    }
}

impl Encode for Action {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Create(creation) => creation.encode(to),
            Self::Grant { account, right, history } => {
                to.fixed(account.as_bytes());
                right.encode(to);
                history.encode(to);
            }
            Self::Remove(removal) => removal.encode(to),
            Self::Join { account, by } => {
                to.fixed(account.as_bytes());
                by.encode(to);
            }
            Self::Ticket { key, history, expires_s } => {
                to.fixed(key.as_bytes());
                history.encode(to);
                to.u32(*expires_s);
            }
            Self::Revoke { ticket, joined } => {
                to.fixed(ticket.as_bytes());
                to.count_u16(joined.len());
                for entry in joined {
                    to.fixed(entry.as_bytes());
                }
            }
            Self::Set(setting) => setting.encode(to),
            Self::Unknown { bytes, .. } => to.fixed(bytes),
        }
    }
}

impl Encode for Creation {
    fn encode(&self, to: &mut Writer) {
        to.count_u8(self.owners.len());
        self.owners.iter().for_each(|owner| to.fixed(owner.as_bytes()));
        self.name.encode(to);
        self.history.encode(to);
        to.u32(self.lifetime_s);
    }
}

impl Decode for Creation {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count_u8("owners", OWNERS_MAX)?;
        let mut owners = BTreeSet::new();
        for _ in 0..count {
            let owner = account(from)?;
            if owners.last().is_some_and(|last| *last >= owner) {
                return Err(DecodeError::NotCanonical { what: "the order of owners" });
            }
            owners.insert(owner);
        }
        if owners.is_empty() {
            return Err(DecodeError::NotCanonical { what: "a group without owners" });
        }
        let (name, history) = (Name::decode(from)?, History::decode(from)?);
        Ok(Self { owners, name, history, lifetime_s: from.u32("a lifetime")? })
    }
}

impl Encode for Removal {
    fn encode(&self, to: &mut Writer) {
        to.fixed(self.account.as_bytes());
        // An admin's right can't be kept: a decoder refuses it.
        to.u8(match self.keeps {
            None => 0,
            Some(Right::Member) => 1,
            Some(Right::Admin) => 2,
        });
        to.count_u16(self.heights.len());
        for (device, height) in &self.heights {
            to.fixed(device.as_bytes());
            to.u64(height.get());
        }
    }
}

impl Decode for Removal {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let account = account(from)?;
        let keeps = from.bool("what is kept")?.then_some(Right::Member);
        let count = from.count_u16("heights", GROUP_DEVICES_MAX)?;
        let mut heights = BTreeMap::new();
        for _ in 0..count {
            let device = DeviceId::new(from.key("a device")?);
            let last = heights.last_key_value().map(|(last, _)| *last);
            let height = Seq::new(from.u64("a height")?);
            match height.filter(|_| last.is_none_or(|last| last < device)) {
                Some(height) => drop(heights.insert(device, height)),
                None => return Err(DecodeError::NotCanonical { what: "the heights" }),
            }
        }
        Ok(Self { account, keeps, heights })
    }
}

impl By {
    const CREATION: u8 = 0;
    const GRANT: u8 = 1;
    const TICKET: u8 = 2;
}

impl Encode for By {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Creation => to.u8(Self::CREATION),
            Self::Grant(grant) => {
                to.u8(Self::GRANT);
                to.fixed(grant.as_bytes());
            }
            Self::Ticket { ticket, key, proof } => {
                to.u8(Self::TICKET);
                to.fixed(ticket.as_bytes());
                to.fixed(key.as_bytes());
                to.fixed(proof.as_bytes());
            }
        }
    }
}

impl Decode for By {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match from.u8("what lets somebody in")? {
            Self::CREATION => Self::Creation,
            Self::GRANT => Self::Grant(EntryId::new(from.hash("a grant")?)),
            Self::TICKET => Self::Ticket {
                ticket: EntryId::new(from.hash("a ticket")?),
                key: from.key("a ticket's key")?,
                proof: from.signature("a ticket's proof")?,
            },
            other => {
                return Err(DecodeError::Unknown { what: "way to join", found: other.into() });
            }
        })
    }
}

impl Encode for Right {
    fn encode(&self, to: &mut Writer) {
        to.u8(match self {
            Self::Member => 1,
            Self::Admin => 2,
        });
    }
}

impl Decode for Right {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.u8("a right")? {
            1 => Ok(Self::Member),
            2 => Ok(Self::Admin),
            other => Err(DecodeError::Unknown { what: "right", found: other.into() }),
        }
    }
}

impl Encode for History {
    fn encode(&self, to: &mut Writer) {
        to.bool(*self == Self::Everything);
    }
}

impl Decode for History {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let is_all = from.bool("what of the history they get")?;
        Ok(if is_all { Self::Everything } else { Self::FromNow })
    }
}

impl Encode for Setting {
    fn encode(&self, to: &mut Writer) {
        let mut value = Writer::default();
        match self {
            Self::Lifetime(lifetime_s) => value.u32(*lifetime_s),
            Self::Name(name) => name.encode(&mut value),
            Self::Topic(topic) => value.fixed(topic.as_str().as_bytes()),
            Self::History(history) => history.encode(&mut value),
            Self::Unknown { value: bytes, .. } => value.fixed(bytes),
        }
        let value = value.finish();
        to.u16(self.number());
        to.count_u16(value.len());
        to.fixed(&value);
    }
}

impl Decode for Setting {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = from.u16("a setting")?;
        let len = from.count_u16("a setting", SETTING_MAX)?;
        let bytes = from.fixed("a setting", len)?;
        let mut inside = Reader::new(bytes);
        let setting = match number {
            Self::LIFETIME => Self::Lifetime(inside.u32("a lifetime")?),
            Self::NAME => Self::Name(Name::decode(&mut inside)?),
            Self::TOPIC => {
                let text = inside.text("a topic", len)?;
                let topic = Topic::new(text).ok().filter(|topic| topic.0 == text);
                Self::Topic(topic.ok_or(DecodeError::NotCanonical { what: "a topic" })?)
            }
            Self::HISTORY => Self::History(History::decode(&mut inside)?),
            number => {
                let value = inside.fixed("a setting", len)?.to_vec();
                Self::Unknown { number, value }
            }
        };
        inside.end()?;
        Ok(setting)
    }
}
