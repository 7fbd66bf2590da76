//! What can be wrong with bytes from elsewhere. No error tells anything of a secret.

use crate::SEAL_PUBLIC_LEN;

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

fn did_you_mean(nearest: &[&str]) -> String {
    match nearest {
        [] => String::new(),
        [word] => format!("; did you mean {word}?"),
        [words @ .., last] => format!("; did you mean {} or {last}?", words.join(", ")),
    }
}
