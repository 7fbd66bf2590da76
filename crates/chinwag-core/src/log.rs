//! Checking a run: consecutive entries of one log, of which the last is signed.
//!
//! The signature covers the header's hash, and each header has the hash of the one before. So one
//! signature covers the whole run below it, and a page of old entries costs one verification.

use chinwag_crypto::Signature;

use crate::body::body_hash;
use crate::entry::{Header, Seq, Tip, is_signed};
use crate::ids::{ConversationId, DeviceId, EntryId};
use crate::sync::ranges::Range;
use crate::wire::limits::RUN_MAX;

/// What is known of a log before a run: where the run must begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing: the run begins with the first entry.
    Empty,
    /// The entry after which the run comes.
    Head(Tip),
    /// Not what comes before the run: it begins somewhere, and is linked up later.
    Unknown,
}

/// Entries as somebody handed them to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Headers with their bodies, where those are not deleted, in order.
    pub entries: Vec<(Header, Option<Vec<u8>>)>,
    /// The author's signature of the last.
    pub signature: Signature,
}

/// A run that was checked against what came before it, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRun {
    entries: Vec<CheckedEntry>,
    /// Of the last entry. A part that is not the end of its run has none.
    signature: Option<Signature>,
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
    /// An entry stands before the one before it.
    #[error("entry {at} of the run ranks below the one before")]
    RankFalls {
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
            check_place(at, base, &header)?;
            check_body(at, &header, body.as_deref())?;
            let id = header.id();
            base = Base::Head(header.tip(id));
            entries.push(CheckedEntry { id, header, body });
        }
        let last = entries.last().ok_or(RunFault::Empty)?.id;
        if !is_signed(author.key(), last, &self.signature) {
            return Err(RunFault::NotSigned);
        }
        Ok(CheckedRun { entries, signature: Some(self.signature) })
    }
}

fn check_place(at: usize, base: Base, header: &Header) -> Result<(), RunFault> {
    let (expected, before, rank) = match base {
        Base::Unknown => return Ok(()),
        Base::Empty => (1, None, 0),
        // After the last number of all comes none; 0 is nobody's.
        Base::Head(Tip { seq, id, rank }) => {
            (seq.checked_add(1).map_or(0, Seq::get), Some(id), rank)
        }
    };
    let found = header.seq().get();
    if found != expected {
        return Err(RunFault::OutOfPlace { at, found, expected });
    }
    if header.place.backlink() != before {
        return Err(RunFault::Unlinked { at });
    }
    if header.rank < rank {
        return Err(RunFault::RankFalls { at });
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
    /// An entry that was written here: there is no signature of it yet, that of a later one covers
    /// it. That its body is the one it names is not looked at again.
    pub(crate) fn written(header: Header, body: Vec<u8>, base: Base) -> Result<Self, RunFault> {
        check_place(0, base, &header)?;
        let entry = CheckedEntry { id: header.id(), header, body: Some(body) };
        Ok(Self { entries: vec![entry], signature: None })
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[CheckedEntry] {
        &self.entries
    }

    /// The author's signature of the last. `None`: it is a part of a run, and what follows it in the
    /// log is signed.
    pub const fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    /// The last entry in short.
    pub fn tip(&self) -> Option<Tip> {
        self.entries.last().map(|last| last.header.tip(last.id))
    }

    /// The numbers of its entries.
    pub fn range(&self) -> Option<Range> {
        let (first, last) = self.entries.first().zip(self.entries.last())?;
        Range::new(first.header.seq(), last.header.seq())
    }

    /// The parts of the run that consist of entries for which `is_wanted` holds. Where the last
    /// entry is in one of them, that one is signed.
    pub fn parts(&self, is_wanted: impl Fn(Seq) -> bool) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        let mut is_within = false;
        for entry in &self.entries {
            let is_next = is_wanted(entry.header.seq());
            match parts.last_mut().filter(|_| is_within) {
                Some(part) if is_next => part.entries.push(entry.clone()),
                None if is_next => {
                    parts.push(Self { entries: vec![entry.clone()], signature: None });
                }
                _ => {}
            }
            is_within = is_next;
        }
        if let Some(last) = parts.last_mut().filter(|_| is_within) {
            last.signature = self.signature;
        }
        parts
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

    /// Its header and body.
    pub(crate) fn into_parts(self) -> (Header, Option<Vec<u8>>) {
        (self.header, self.body)
    }
}
