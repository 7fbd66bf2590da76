//! Why connections end: what we tell the other side, and what it tells us.

use chinwag_core::violation::{Policy, Violation};

/// Why one side closes a connection. It travels as a QUIC application error code, so that the
/// other side can say it in words. The numbers are part of the protocol and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Why {
    /// Nothing is wrong: the program ends, goes on under another key, or is done.
    #[error("it said goodbye")]
    Done,
    /// Another connection between the same two devices takes its place.
    #[error("another connection took its place")]
    Replaced,
    /// What was sent to it waits for too long, or is too much.
    #[error("what is sent is not read")]
    DoesNotRead,
    /// A frame that is longer than frames are, or empty.
    #[error("a frame of a wrong length")]
    FrameLength,
    /// Streams that are no lanes, or a frame that waits for what never comes.
    #[error("streams that are not as they have to be")]
    WrongStream,
    /// A frame that comes too slowly.
    #[error("a frame that takes too long")]
    SlowFrame,
    /// There are too many connections.
    #[error("too many connections")]
    TooMany,
    /// The device did what nobody may do, not long ago.
    #[error("it is shut out for a while")]
    ShutOut,
    /// The session is too old.
    #[error("the session is too old")]
    Old,
    /// What comes can't be kept: the disk is full or broken.
    #[error("it can't keep what it is sent: its disk is full, or broken")]
    CannotKeep,
    /// Bytes that are no message.
    #[error("a message that can't be read")]
    Malformed,
    /// A message out of turn.
    #[error("a message out of turn")]
    OutOfTurn,
    /// Another version of the protocol.
    #[error("another version of the protocol")]
    Version,
    /// Neither a contact nor invited.
    #[error("it takes us for no contact: we are blocked, or the ticket is not valid any more")]
    NotWelcome,
    /// A ticket to a group that is not good.
    #[error(
        "it lets nobody into the group by this ticket: it was revoked, has ended or is not known there, or \
         we were removed"
    )]
    TicketNotGood,
    /// A device that its account does not certify.
    #[error("a device that its account does not certify: it was taken off, or a clock is wrong")]
    NotCertified,
    /// A wrong operation in an account log.
    #[error("a wrong operation in an account log")]
    WrongOperation,
    /// It spoke of a conversation that it is no member of.
    #[error("a conversation that it is no member of")]
    NotMember,
    /// The core has too many sessions.
    #[error("too many sessions")]
    TooManySessions,
    /// Wrong entries.
    #[error("wrong entries")]
    WrongRun,
    /// No answer in time.
    #[error("no answer in time")]
    TooSlow,
    /// A number that a later version gives.
    #[error("a reason that is not known here (number {0})")]
    Unknown(u32),
}

/// All reasons that have a number, each with it.
const CODES: [(Why, u32); 21] = [
    (Why::Done, 0),
    (Why::Replaced, 1),
    (Why::DoesNotRead, 2),
    (Why::FrameLength, 3),
    (Why::WrongStream, 4),
    (Why::SlowFrame, 5),
    (Why::TooMany, 6),
    (Why::ShutOut, 7),
    (Why::Old, 8),
    (Why::CannotKeep, 9),
    (Why::Malformed, 16),
    (Why::OutOfTurn, 17),
    (Why::Version, 18),
    (Why::NotWelcome, 19),
    (Why::NotCertified, 20),
    (Why::WrongOperation, 21),
    (Why::NotMember, 22),
    (Why::TooManySessions, 23),
    (Why::WrongRun, 24),
    (Why::TooSlow, 25),
    (Why::TicketNotGood, 26),
];

impl Why {
    /// The number on the wire.
    pub fn code(self) -> u32 {
        if let Self::Unknown(code) = self {
            return code;
        }
        CODES.iter().find(|(why, _)| *why == self).map_or(0, |(_, code)| *code)
    }

    /// The reason that a number on the wire stands for.
    pub fn from_code(code: u64) -> Self {
        let known = CODES.iter().find(|(_, known)| u64::from(*known) == code);
        known
            .map_or_else(|| Self::Unknown(u32::try_from(code).unwrap_or(u32::MAX)), |(why, _)| *why)
    }

    /// Whether a device that made us close for this is let in again only after a while.
    pub(crate) const fn is_serious(self) -> bool {
        match self {
            Self::FrameLength
            | Self::WrongStream
            | Self::Malformed
            | Self::OutOfTurn
            | Self::NotWelcome
            | Self::TicketNotGood
            | Self::WrongOperation
            | Self::NotMember
            | Self::WrongRun => true,
            Self::Done
            | Self::Replaced
            | Self::DoesNotRead
            | Self::SlowFrame
            | Self::TooMany
            | Self::ShutOut
            | Self::Old
            | Self::CannotKeep
            | Self::Version
            | Self::NotCertified
            | Self::TooManySessions
            | Self::TooSlow
            | Self::Unknown(_) => false,
        }
    }
}

impl From<&Violation> for Why {
    fn from(violation: &Violation) -> Self {
        let why = match violation {
            Violation::Malformed(_) => Self::Malformed,
            Violation::OutOfTurn => Self::OutOfTurn,
            Violation::Version(_) => Self::Version,
            Violation::NotWelcome => Self::NotWelcome,
            Violation::TicketNotGood => Self::TicketNotGood,
            Violation::NotCertified => Self::NotCertified,
            Violation::WrongOperation => Self::WrongOperation,
            Violation::NotMember => Self::NotMember,
            Violation::TooManySessions => Self::TooManySessions,
            Violation::WrongRun(_) => Self::WrongRun,
            Violation::TooSlow => Self::TooSlow,
        };
        debug_assert_eq!(why.is_serious(), violation.policy() == Policy::BackOff, "{violation}");
        why
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// We closed it.
    #[error("closed here: {0}")]
    ByUs(Why),
    /// The other side closed it.
    #[error("closed by the other side: {0}")]
    ByPeer(Why),
    /// Nothing came from the other side any more.
    #[error("the other side fell silent")]
    Vanished,
    /// Something else: what QUIC says of it.
    #[error("the connection broke: {0}")]
    Broken(String),
}

#[cfg(test)]
mod tests {
    use chinwag_core::wire::codec::DecodeError;

    use super::*;

    #[test]
    fn every_reason_comes_back_from_its_number() {
        for (why, code) in CODES {
            assert_eq!((why.code(), Why::from_code(code.into())), (code, why));
        }
        assert_eq!(Why::from_code(4_711), Why::Unknown(4_711));
        assert_eq!(Why::from_code(1 << 40), Why::Unknown(u32::MAX));
    }

    #[test]
    fn what_the_core_forgives_at_once_is_forgiven_here() {
        let unknown = DecodeError::Unknown { what: "kind", found: 99 };
        for violation in [
            Violation::Malformed(unknown),
            Violation::OutOfTurn,
            Violation::Version(2),
            Violation::NotWelcome,
            Violation::TicketNotGood,
            Violation::NotCertified,
            Violation::WrongOperation,
            Violation::NotMember,
            Violation::TooManySessions,
            Violation::TooSlow,
        ] {
            let is_serious = violation.policy() == Policy::BackOff;
            assert_eq!(Why::from(&violation).is_serious(), is_serious, "{violation}");
        }
    }
}
