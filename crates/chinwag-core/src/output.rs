//! What a node wants done, and what it tells.

use crate::body::BodyError;
use crate::bundle::BundleError;
use crate::entry::{Header, Seq};
use crate::identity::Name;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::input::{Link, Token};
use crate::introduction::IntroductionError;
use crate::membership::{GroupTicket, Role};
use crate::sync::frontier::Frontier;
use crate::ticket::{Address, Ticket};
use crate::violation::Violation;
use crate::wire::limits::{
    AFTER_MAX, GROUP_DEVICES_MAX, GROUP_TICKETS_MAX, GROUPS_MAX, REQUEST_MAX,
};

/// One thing that comes out of a step, after what it rests on was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// How a command went.
    Reply(Token, Result<Answer, Refusal>),
    /// Send these bytes as one message.
    Send {
        /// On this connection.
        link: Link,
        /// On which of its lanes.
        lane: Lane,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Connect to a device.
    Dial {
        /// The device.
        device: DeviceId,
        /// Where it may be found.
        addresses: Vec<Address>,
    },
    /// Close a connection.
    Close {
        /// The connection.
        link: Link,
        /// What the other side did wrong, if it did.
        why: Option<Violation>,
    },
    /// We are another device from now on: close all connections, listen and dial under its key.
    Rename {
        /// The new device.
        device: DeviceId,
    },
    /// Something happened that somebody may want to know.
    Event(Event),
}

/// One of the two ways that a connection has. Each keeps the order of what goes on it; between the
/// two there is none, so that what somebody just said need not wait for a long history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Everything that is short, and what was just said.
    Live,
    /// Pages of what was said before.
    Bulk,
}

/// How a command succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done, or under way for good.
    Done,
    /// The account that was made.
    Account(AccountId),
    /// The ticket that was made.
    Ticket(Ticket),
    /// The ticket to a group that was made.
    GroupTicket(GroupTicket),
    /// The entry that was written.
    Entry(EntryId),
    /// The entry that was written when this was said for the first time.
    SaidBefore(EntryId),
    /// Bundles, each for one device.
    Bundles(Vec<(DeviceId, Vec<u8>)>),
    /// Who we are, in a file.
    Introduction(Vec<u8>),
}

/// Why a command is declined. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no account yet.
    #[error("there is no account here yet: make one first")]
    NoAccount,
    /// There is an account already.
    #[error("there is an account here already")]
    AccountExists,
    /// The ticket is our own.
    #[error("this ticket is your own: give it to somebody else")]
    OwnTicket,
    /// Our device was taken off its account.
    #[error("this device was removed from its account: restore the account here to go on")]
    Revoked,
    /// The device is none of ours, or the one that is asked.
    #[error("{0:?} is no other device of this account")]
    NotOurDevice(DeviceId),
    /// The ticket has ended.
    #[error("this ticket has ended: ask for a new one")]
    TicketExpired,
    /// There are too many invites.
    #[error("there are {0} invites that nobody has used: revoke some first")]
    TooManyInvites(usize),
    /// Nobody of that account is known.
    #[error("{0:?} is no contact")]
    NoContact(AccountId),
    /// Nobody of that account has asked.
    #[error("there is no request of {0:?}")]
    NoRequest(AccountId),
    /// A request's text is too long.
    #[error("a request of {0} bytes is over the limit of {REQUEST_MAX}")]
    RequestTooLong(usize),
    /// There are too many contacts.
    #[error("there are {0} contacts and blocked accounts: that is the limit")]
    TooManyContacts(usize),
    /// There is no such message here.
    #[error("there is no {0:?} here")]
    NoEntry(EntryId),
    /// The message is somebody else's.
    #[error("{0:?} is not yours to change")]
    NotYours(EntryId),
    /// The same client id was used for something else.
    #[error("this client id was used for another message, {0:?}: give each message its own")]
    ClientIdUsed(EntryId),
    /// Too much waits to be written.
    #[error(
        "wait a moment: it is being found out whether this device's log was continued elsewhere"
    )]
    Busy,
    /// A bundle can't be sealed: no device is known that could open it.
    #[error("no device of {0:?} is known to seal a bundle for: ask for an introduction")]
    NoDevice(AccountId),
    /// An introduction can't be made or read.
    #[error(transparent)]
    Introduction(#[from] IntroductionError),
    /// A bundle can't be made or opened.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// It is not to be done in a group.
    #[error(transparent)]
    Group(#[from] GroupRefusal),
    /// It can't be said.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// Why something is not to be done in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupRefusal {
    /// Groups are not taken part in here: see [`Config`](crate::node::Config).
    #[error("groups are switched off here")]
    NotTaken,
    /// We, or they, are no member, or there is no such group.
    #[error("no member of this group")]
    NotMember,
    /// We may not.
    #[error("only an {0} of the group may do that")]
    NoRight(Role),
    /// Nobody has invited us, or it was answered.
    #[error("there is no invitation to this group")]
    NotInvited,
    /// Nobody removes an owner.
    #[error("an owner of a group can only leave it")]
    IsOwner,
    /// There are too many devices in it.
    #[error("there are {GROUP_DEVICES_MAX} devices in this group: that is the limit")]
    Full,
    /// We are a member already.
    #[error("you are in this group already")]
    IsMember,
    /// There is no such ticket, or it was revoked.
    #[error("there is no such ticket to this group, or it was revoked")]
    NoTicket,
    /// There are too many tickets to it.
    #[error("there are {GROUP_TICKETS_MAX} tickets to this group: revoke some first")]
    TooManyTickets,
    /// There are too many groups.
    #[error("there are {GROUPS_MAX} groups: that is the limit")]
    TooManyGroups,
    /// Too many devices have said something of it.
    #[error("too many members have changed this at the same time: {AFTER_MAX} is the limit")]
    TooOftenChanged,
    /// What changes an earlier message, or is not for people, has commands of its own.
    #[error("that is nothing to say in a group")]
    NothingToSay,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody is a contact now.
    Contact {
        /// Who.
        account: AccountId,
    },
    /// What we hold of somebody has changed.
    ContactChanged {
        /// Of whom.
        account: AccountId,
    },
    /// An entry is here: our own or another's.
    Entry {
        /// Its id.
        id: EntryId,
        /// Its header.
        header: Header,
        /// Its body, unless that is deleted.
        body: Option<Vec<u8>>,
    },
    /// A device has all entries of a log up to this one.
    Delivered {
        /// The conversation.
        conversation: ConversationId,
        /// Whose entries.
        author: DeviceId,
        /// How many.
        height: u64,
        /// To which device.
        to: DeviceId,
    },
    /// A stranger would like to become a contact.
    Request {
        /// Who.
        account: AccountId,
        /// What they call themselves.
        name: Name,
        /// Their one line.
        text: String,
    },
    /// Somebody has let us into a group that is not known here.
    Invited {
        /// The group.
        group: ConversationId,
        /// Who tells us.
        by: AccountId,
        /// What it was called in the beginning.
        name: Name,
    },
    /// A device of an account is connected, or no longer: by whatever number of connections.
    Peer {
        /// Whose.
        account: AccountId,
        /// The device.
        device: DeviceId,
        /// Whether it is connected.
        is_here: bool,
    },
    /// An account has read more of a conversation.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// Who.
        account: AccountId,
        /// Up to where, log by log.
        frontier: Frontier,
    },
    /// Somebody is typing, or no longer.
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// Who.
        account: AccountId,
        /// Whether they are.
        is_on: bool,
    },
    /// Somebody sits before a device, or no longer.
    Presence {
        /// Whose device.
        account: AccountId,
        /// The device.
        device: DeviceId,
        /// Whether they do.
        is_active: bool,
    },
    /// The body of a message is gone: its author wished it, or its time is over.
    Deleted {
        /// The message.
        id: EntryId,
    },
    /// Somebody has written two entries at one place: from it on nothing of that log counts.
    Fork {
        /// The conversation.
        conversation: ConversationId,
        /// Whose log.
        author: DeviceId,
        /// The place.
        at: Seq,
    },
    /// We go on as another device: our log had been continued elsewhere.
    Retired {
        /// What we were.
        old: DeviceId,
        /// What we are.
        new: DeviceId,
    },
}
