//! What the operations of a group say together.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_crypto::PublicKey;

use super::{History, Role, Topic};
use crate::entry::Seq;
use crate::identity::Name;
use crate::ids::{AccountId, DeviceId, EntryId};
use crate::sync::ranges::Ranges;
use crate::time::Wall;

/// What the operations of a group say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// What it is called. `None`: its creation is not here.
    pub name: Option<Name>,
    /// What it is about.
    pub topic: Topic,
    /// What of the history new members are to get, as whoever lets them in should say. `None`: its
    /// creation is not here.
    pub history: Option<History>,
    /// How many seconds after they are read messages disappear; 0: never.
    pub lifetime_s: u32,
    /// Who is a member now.
    pub members: BTreeMap<AccountId, Member>,
    /// Whose device ever joined.
    pub devices: BTreeMap<DeviceId, Joined>,
    /// Every right that was given to somebody.
    pub grants: BTreeMap<(AccountId, GrantId), Grant>,
    /// The tickets that are good, by the operations that made them. Whether they have expired is not
    /// looked at here.
    pub tickets: BTreeMap<EntryId, GoodTicket>,
    /// What became of each operation.
    pub verdicts: BTreeMap<EntryId, Verdict>,
    /// What a change of each setting is to be [after](super::Operation::after), by the setting's
    /// number.
    pub latest: BTreeMap<u16, BTreeSet<EntryId>>,
    /// What a grant to each account is to be [after](super::Operation::after): of each device that
    /// removed it, the last such operation.
    pub removals: BTreeMap<AccountId, BTreeSet<EntryId>>,
    /// Operations that others name and that are not here.
    pub missing: BTreeSet<EntryId>,
}

/// Somebody who is a member now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// What they are: the highest of the rights they have.
    pub role: Role,
    /// Above which rank they get what is written; 0: they get everything.
    pub since_rank: u64,
    /// Whether a device of theirs joined under a right that they have now. Otherwise they are
    /// invited.
    pub has_joined: bool,
}

/// A ticket that nobody has revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoodTicket {
    /// The public half of its key.
    pub key: PublicKey,
    /// From when on nobody is let in by it, in seconds since the Unix epoch; 0: never.
    pub expires_s: u32,
}

impl GoodTicket {
    /// Whether it has ended by this clock.
    pub fn is_expired(&self, now: Wall) -> bool {
        self.expires_s != 0 && u64::from(self.expires_s) * 1_000 <= now.get()
    }
}

/// A device that joined, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Whose it is.
    pub account: AccountId,
    /// Which of its entries count.
    pub counts: Ranges,
    /// What it may do from here on. `None`: nothing.
    pub role: Option<Role>,
}

/// Names a right of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantId {
    /// An owner's, by the creation.
    Creation,
    /// By the operation that grants it, or by which they joined with a ticket.
    By(EntryId),
}

/// A right that was given to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What they are by it.
    pub role: Role,
    /// Above which rank they get what is written; 0: they get everything.
    pub since_rank: u64,
    /// The first of the removals that ended it.
    pub ended_by: Option<EntryId>,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It counts, and nothing has ended what it did.
    Counts,
    /// It counted, or would have: a removal that it was not knowingly made after ends it.
    EndedBy(EntryId),
    /// A later change of the same setting replaced it.
    Replaced,
    /// Of changes that did not know of each other another one holds.
    Outweighed,
    /// It is of a kind that this version does not know.
    Unknown,
    /// Its author never joined before it, as a device of an account.
    NotJoined,
    /// It says that it is of another account than the first by which its author joined.
    OtherAccount,
    /// A fork or a revocation took it out of its log.
    CutOff,
    /// Its author never had the right to do that.
    NoRight,
    /// Its author had lost the right: it is beyond what the removal by this operation left.
    Lost(EntryId),
    /// It joins by what is no right of that account, or by a ticket that is not there or was revoked.
    NotLetIn,
    /// Its author has joined by the same right before.
    JoinedBefore,
    /// There are [`GROUP_DEVICES_MAX`](crate::wire::limits::GROUP_DEVICES_MAX) devices already.
    NoRoom,
    /// There are [`GROUP_OPERATIONS_MAX`](crate::wire::limits::GROUP_OPERATIONS_MAX) operations
    /// before it in its log, or it joins and its author has tried to join
    /// [`GROUP_JOINS_MAX`](crate::wire::limits::GROUP_JOINS_MAX) times.
    TooMany,
}

impl State {
    /// Whether an entry counts: whether its author was a member's device at that place of its log.
    pub fn counts(&self, author: DeviceId, seq: Seq) -> bool {
        self.devices.get(&author).is_some_and(|device| device.counts.contains(seq))
    }

    /// What an account is now.
    pub fn role(&self, account: AccountId) -> Option<Role> {
        self.members.get(&account).map(|member| member.role)
    }

    /// How many more devices may join.
    pub fn room(&self) -> usize {
        crate::wire::limits::GROUP_DEVICES_MAX.saturating_sub(self.devices.len())
    }
}
