//! What can be wrong with bytes from elsewhere. No error tells anything of a secret.

use crate::{PASSPHRASE_MAX, SEAL_PUBLIC_LEN, WRAPPED_KEY_LEN};

/// Bytes that are no public key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadKey {
    /// They encode no point of the curve, or no vector of the lattice.
    #[error("these bytes encode no key")]
    NotAKey,
    /// They encode a key in a second way. One key must have one name.
    #[error("the key is not written in its one canonical form")]
    NotCanonical,
    /// One of the eight points that anybody can sign for.
    #[error("the key is of small order, and anybody could sign for it")]
    SmallOrder,
    /// Not as long as a sealing key.
    #[error("a sealing key has {SEAL_PUBLIC_LEN} bytes, not {found}")]
    Length {
        /// How many bytes there were.
        found: usize,
    },
}

/// The signature is not by this key, not under this label, or not over this message. Which of the
/// three cannot be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the signature does not fit the key, the label and the message")]
pub struct BadSignature;

/// Nothing was sealed: ChaCha20-Poly1305 takes no more than 256 GiB at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{length} bytes cannot be sealed at once")]
pub struct SealError {
    /// How many bytes were to be sealed.
    pub length: usize,
}

/// Sealed for another key, under another label or with other associated bytes, or altered on the
/// way. It is one error, because whoever sends such bytes is not to learn more from the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot open: sealed for another key or purpose, or altered on the way")]
pub struct CannotOpen;

/// What was typed are not 24 recovery words. Says nothing about the words that are right.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WordsError {
    /// Too few words, or too many.
    #[error("there are 24 recovery words; these are {found}")]
    Count {
        /// How many there were.
        found: usize,
    },
    /// A word that is not on the list: the first such.
    #[error("word {position} is not on the list{}", did_you_mean(nearest))]
    Unknown {
        /// Which of the 24, counted from one.
        position: usize,
        /// Words of the list that are written nearly like it, the nearest first; may be empty.
        nearest: Vec<&'static str>,
    },
    /// All are on the list, and the checksum in the last one does not fit.
    #[error("every word is on the list, but not all are right: one was mistaken, or two swapped")]
    Checksum,
}

/// Bytes that are no passphrase.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadPassphrase {
    /// There are none.
    #[error("the passphrase is empty")]
    Empty,
    /// There are more than [`PASSPHRASE_MAX`].
    #[error("the passphrase is over the limit of {PASSPHRASE_MAX} bytes")]
    Long,
}

/// Bytes that are no wrapped key, or ask for more than is given. Found before anything is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadWrappedKey {
    /// Another length than [`WRAPPED_KEY_LEN`].
    #[error("a wrapped key has {WRAPPED_KEY_LEN} bytes, not {found}")]
    Length {
        /// How many bytes there were.
        found: usize,
    },
    /// They don't begin as a wrapped key does.
    #[error("these bytes don't begin as a wrapped key does")]
    Magic,
    /// A format that this program does not know.
    #[error("this is a wrapped key of version {found}, and only version 1 is known")]
    Version {
        /// What it says.
        found: u8,
    },
    /// Outside the limits of a [`WrapCost`](crate::WrapCost).
    #[error(
        "{memory_kib} KiB, {passes} passes and {lanes} lanes are outside the limits for a passphrase"
    )]
    Cost {
        /// KiB of memory.
        memory_kib: u32,
        /// How often they are gone through.
        passes: u32,
        /// In how many lanes.
        lanes: u32,
    },
}

/// The system gave no memory to derive a key in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is not enough memory: {memory_kib} KiB are needed")]
pub struct NoMemory {
    /// How much was wanted, in KiB.
    pub memory_kib: u32,
}

/// Why a wrapped key did not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotUnwrap {
    /// Another passphrase, or altered bytes. Which of the two cannot be told.
    #[error("the passphrase is wrong, or the wrapped key was altered")]
    Passphrase,
    /// There was nothing to derive in.
    #[error(transparent)]
    Memory(#[from] NoMemory),
}

fn did_you_mean(nearest: &[&str]) -> String {
    match nearest {
        [] => String::new(),
        [word] => format!("; did you mean {word}?"),
        [words @ .., last] => format!("; did you mean {} or {last}?", words.join(", ")),
    }
}
