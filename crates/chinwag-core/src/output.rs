//! What a node wants done, and what it tells.

use crate::body::BodyError;
use crate::entry::Header;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::input::{Link, Token};
use crate::ticket::{Address, Ticket};
use crate::violation::Violation;

/// One thing that comes out of a step, after what it rests on was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// How a command went.
    Reply(Token, Result<Answer, Refusal>),
    /// Send these bytes as one message.
    Send {
        /// On this connection.
        link: Link,
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
        /// Why.
        why: Violation,
    },
    /// Something happened that somebody may want to know.
    Event(Event),
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
    /// The entry that was written.
    Entry(EntryId),
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
    /// The ticket has ended.
    #[error("this ticket has ended: ask for a new one")]
    TicketExpired,
    /// There are too many invites.
    #[error("there are {0} invites that nobody has used: revoke some first")]
    TooManyInvites(usize),
    /// Nobody of that account is known.
    #[error("{0:?} is no contact")]
    NoContact(AccountId),
    /// It can't be said.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody is a contact now.
    Contact {
        /// Who.
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
}
