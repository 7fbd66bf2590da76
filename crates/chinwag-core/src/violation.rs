//! What a peer may not do, and what is done about it.

use crate::log::RunFault;
use crate::wire::codec::DecodeError;

/// What is done about a violation. In any case nothing counts that was said in that message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The connection is closed; it may come back at once.
    Close,
    /// The connection is closed, and the device is let in again only after a while, which grows.
    BackOff,
}

/// A peer's fault: the connection is closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Its bytes are no message.
    #[error("a message that can't be read: {0}")]
    Malformed(DecodeError),
    /// It said something else before it said who it is, or said it twice.
    #[error("a message out of turn")]
    OutOfTurn,
    /// It speaks another version.
    #[error("version {0} of the protocol")]
    Version(u16),
    /// It is nobody we know and was not invited.
    #[error("not a contact, and without a valid invite")]
    NotWelcome,
    /// It has a ticket to a group that is not good: revoked, ended, made up, or of a group that is not
    /// here; or it is of somebody who was removed from that group.
    #[error("a ticket to a group that is not good")]
    TicketNotGood,
    /// Its account says nothing of its device.
    #[error("a device that its account does not certify")]
    NotCertified,
    /// Its account log has an operation that is wrong.
    #[error("a wrong operation in its account log")]
    WrongOperation,
    /// It spoke of a conversation that it is no member of.
    #[error("a conversation that it is no member of")]
    NotMember,
    /// It has more connections to us than it can need.
    #[error("too many connections")]
    TooManySessions,
    /// It handed us entries that are wrong.
    #[error("wrong entries: {0}")]
    WrongRun(RunFault),
    /// It did not say who it is, or did not send what it has, in time.
    #[error("no answer in time")]
    TooSlow,
}

impl Violation {
    /// What is done about it: what an honest peer can do in bad weather is forgiven at once.
    pub const fn policy(&self) -> Policy {
        match self {
            Self::TooSlow | Self::TooManySessions | Self::NotCertified | Self::Version(_) => {
                Policy::Close
            }
            Self::Malformed(_)
            | Self::OutOfTurn
            | Self::NotWelcome
            | Self::TicketNotGood
            | Self::WrongOperation
            | Self::NotMember
            | Self::WrongRun(_) => Policy::BackOff,
        }
    }
}
