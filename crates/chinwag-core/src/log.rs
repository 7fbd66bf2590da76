//! Checking a run: consecutive entries of one log, of which the last is signed.
//!
//! The signature covers the header's hash, and each header has the hash of the one before. So one
//! signature covers the whole run below it, and a page of old entries costs one verification.

use chinwag_crypto::Signature;

use crate::body::body_hash;
use crate::entry::{Header, Place, Seq, is_signed};
use crate::ids::{ConversationId, DeviceId, EntryId};
use crate::wire::limits::RUN_MAX;

/// What is known of a log before a run: where the run must begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing: the run begins with the first entry.
    Empty,
    /// This many entries, of which this is the last.
    Head(Seq, EntryId),
}

/// Entries as somebody handed them to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Headers with their bodies, where those are not deleted, in order.
    pub entries: Vec<(Header, Option<Vec<u8>>)>,
    /// The author's signature of the last.
    pub signature: Signature,
}

/// A run that was checked against what came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRun {
    entries: Vec<CheckedEntry>,
    signature: Signature,
}

/// An entry of a checked run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedEntry {
    id: EntryId,
    header: Header,
    body: Option<Vec<u8>>,
}

/// What is wrong with a run. Whoever sent it is to blame, but for a fork: that is the author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunFault {
    /// It has no entries.
    #[error("a run without entries")]
    Empty,
    /// It has too many.
    #[error("a run of {0} entries is over the limit of {RUN_MAX}")]
    TooLong(usize),
    /// An entry is of another conversation or author.
    #[error("entry {at} of the run is of another log")]
    OtherLog {
        /// Which, from 0.
        at: usize,
    },
    /// An entry is not at its place.
    #[error("entry {at} of the run is number {found} and not {expected}")]
    OutOfPlace {
        /// Which, from 0.
        at: usize,
        /// Its number.
        found: u64,
        /// The number it should have.
        expected: u64,
    },
    /// An entry does not follow the one before it. For the first of a run: the author has two
    /// entries at one place, or the sender lies; the signature tells which.
    #[error("entry {at} of the run does not follow the one before")]
    Unlinked {
        /// Which, from 0.
        at: usize,
    },
    /// A body is not the one that its header names.
    #[error("the body of entry {at} of the run is not the one that was signed")]
    OtherBody {
        /// Which, from 0.
        at: usize,
    },
    /// The signature is not the author's.
    #[error("the run is not signed by its author")]
    NotSigned,
}

impl Run {
    /// Checks the run against what is known of its log. Everything is checked before anything is
    /// accepted.
    pub fn check(
        self,
        conversation: ConversationId,
        author: DeviceId,
        base: Base,
    ) -> Result<CheckedRun, RunFault> {
        if self.entries.len() > RUN_MAX {
            return Err(RunFault::TooLong(self.entries.len()));
        }
        let mut base = base;
        let mut entries = Vec::with_capacity(self.entries.len());
        for (at, (header, body)) in self.entries.into_iter().enumerate() {
            if header.conversation != conversation || header.author != author {
                return Err(RunFault::OtherLog { at });
            }
            check_place(at, base, header.place)?;
            check_body(at, &header, body.as_deref())?;
            let id = header.id();
            base = Base::Head(header.seq(), id);
            entries.push(CheckedEntry { id, header, body });
        }
        let last = entries.last().ok_or(RunFault::Empty)?.id;
        if !is_signed(author.key(), last, &self.signature) {
            return Err(RunFault::NotSigned);
        }
        Ok(CheckedRun { entries, signature: self.signature })
    }
}

fn check_place(at: usize, base: Base, place: Place) -> Result<(), RunFault> {
    let (expected, before) = match base {
        Base::Empty => (1, None),
        Base::Head(seq, id) => (seq.get().saturating_add(1), Some(id)),
    };
    let found = place.seq().get();
    if found != expected {
        return Err(RunFault::OutOfPlace { at, found, expected });
    }
    if place.backlink() != before {
        return Err(RunFault::Unlinked { at });
    }
    Ok(())
}

fn check_body(at: usize, header: &Header, body: Option<&[u8]>) -> Result<(), RunFault> {
    let Some(body) = body else { return Ok(()) };
    let is_it =
        u32::try_from(body.len()) == Ok(header.body_len) && body_hash(body) == header.body_hash;
    if is_it { Ok(()) } else { Err(RunFault::OtherBody { at }) }
}

impl CheckedRun {
    /// The entries, in order.
    pub fn entries(&self) -> &[CheckedEntry] {
        &self.entries
    }

    /// The author's signature of the last.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The log after this run.
    pub fn base(&self) -> Base {
        match self.entries.last() {
            Some(last) => Base::Head(last.header.seq(), last.id),
            None => Base::Empty,
        }
    }
}

impl CheckedEntry {
    /// Its id.
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// Its header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes of its body, if it came with one.
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }
}
