//! Entries: one signed item of a log, as its header says.

use std::num::NonZeroU64;

use chinwag_crypto::{Hash, Label, PublicKey, Signature, SigningKey, hash};

use crate::body::Kind;
use crate::ids::{ConversationId, DeviceId, EntryId};
use crate::time::ClaimedTime;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{BODY_MAX, PARENTS_MAX};

const HEADER: Label = Label::new("chinwag/header/1");
const ENTRY: Label = Label::new("chinwag/entry/1");
const VERSION: u8 = 1;
const NO_BACKLINK: [u8; 32] = [0; 32];

/// An entry's place in its log; the first is 1.
pub type Seq = NonZeroU64;

/// What an entry says about itself. Whoever has it can check the log, with or without the bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: DeviceId,
    /// Where in the log, and after what.
    pub place: Place,
    /// What the author had seen of the others.
    pub parents: Parents,
    /// Where it stands among all entries of its conversation; see [`Position`]. An author makes it
    /// at least as high as that of everything seen before, and never lower than that of the entry
    /// before it.
    pub rank: u64,
    /// When it was written, as the author says.
    pub claimed: ClaimedTime,
    /// How many seconds after it was read its body is deleted; 0: never.
    pub lifetime_s: u32,
    /// What sort of thing its body says.
    pub kind: Kind,
    /// Bytes of its body, at most [`BODY_MAX`].
    pub body_len: u32,
    /// The hash of its body.
    pub body_hash: Hash,
}

/// An entry's place: the first of its log, or after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Number 1.
    First,
    /// A later number, and the entry before.
    After(Seq, EntryId),
}

/// An entry's place in a log, in short: what the next one is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its number.
    pub seq: Seq,
    /// Its id.
    pub id: EntryId,
    /// Its rank.
    pub rank: u64,
}

/// Where an entry stands in its conversation: the one order in which everybody shows it.
///
/// The order goes by rank, which honest authors take from their clock and lift above everything
/// they have seen: so what answers something comes after it, and what was written apart stands as
/// the clocks say. A liar misplaces what the liar wrote; and one who claims the highest rank of all
/// leaves everybody after it there as well, where number and id decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The rank that its author gave it.
    pub rank: u64,
    /// Its number in its log.
    pub seq: Seq,
    /// Its id, which decides between concurrent ones.
    pub id: EntryId,
}

/// Heads of other logs that an author had seen: distinct, in order, at most [`PARENTS_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parents(Vec<EntryId>);

impl Place {
    /// The place after the entry `before`, which is number `seq`.
    pub const fn following(seq: Seq, before: EntryId) -> Option<Self> {
        match seq.checked_add(1) {
            Some(_) => Some(Self::After(seq, before)),
            None => None,
        }
    }

    /// The entry's number.
    pub const fn seq(self) -> Seq {
        match self {
            Self::First => Seq::MIN,
            Self::After(before, _) => before.saturating_add(1),
        }
    }

    /// The entry before.
    pub const fn backlink(self) -> Option<EntryId> {
        match self {
            Self::First => None,
            Self::After(_, before) => Some(before),
        }
    }
}

impl Parents {
    /// These heads; of more than [`PARENTS_MAX`], those that come first by their bytes.
    pub fn new(heads: impl IntoIterator<Item = EntryId>) -> Self {
        let mut heads: Vec<EntryId> = heads.into_iter().collect();
        heads.sort_unstable();
        heads.dedup();
        heads.truncate(PARENTS_MAX);
        Self(heads)
    }

    /// The heads, in order.
    pub fn iter(&self) -> impl Iterator<Item = EntryId> {
        self.0.iter().copied()
    }
}

impl Header {
    /// The entry's id.
    pub fn id(&self) -> EntryId {
        EntryId::new(hash(HEADER, &self.to_bytes()))
    }

    /// The entry's number in its log.
    pub const fn seq(&self) -> Seq {
        self.place.seq()
    }

    /// Where the entry with this header stands, if `id` is its id.
    pub const fn position(&self, id: EntryId) -> Position {
        Position { rank: self.rank, seq: self.seq(), id }
    }

    /// The entry with this header in short, if `id` is its id.
    pub const fn tip(&self, id: EntryId) -> Tip {
        Tip { seq: self.seq(), id, rank: self.rank }
    }
}

/// Signs an entry, and with it all that come before it in the same log.
pub fn sign(key: &SigningKey, entry: EntryId) -> Signature {
    key.sign(ENTRY, entry.as_bytes())
}

/// Whether `author` signed an entry.
pub fn is_signed(author: &PublicKey, entry: EntryId, signature: &Signature) -> bool {
    author.verify(ENTRY, entry.as_bytes(), signature).is_ok()
}

impl Encode for Header {
    fn encode(&self, to: &mut Writer) {
        to.u8(VERSION);
        to.fixed(self.conversation.as_bytes());
        to.fixed(self.author.as_bytes());
        to.u64(self.seq().get());
        to.fixed(self.place.backlink().map_or(NO_BACKLINK, |id| *id.as_bytes()).as_slice());
        to.count_u8(self.parents.0.len());
        for parent in self.parents.iter() {
            to.fixed(parent.as_bytes());
        }
        to.u64(self.rank);
        to.u64(self.claimed.get());
        to.u32(self.lifetime_s);
        to.u16(self.kind.number());
        to.u32(self.body_len);
        to.fixed(self.body_hash.as_bytes());
    }
}

impl Decode for Header {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.version("version of an entry", VERSION)?;
        Ok(Self {
            conversation: ConversationId::new(from.hash("a conversation id")?),
            author: DeviceId::new(from.key("an author")?),
            place: Place::decode(from)?,
            parents: Parents::decode(from)?,
            rank: from.u64("a rank")?,
            claimed: ClaimedTime::new(from.u64("a time")?),
            lifetime_s: from.u32("a lifetime")?,
            kind: Kind::new(from.u16("a kind")?),
            body_len: body_len(from)?,
            body_hash: from.hash("a body's hash")?,
        })
    }
}

fn body_len(from: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let len = from.count_u32("a body", BODY_MAX)?;
    // Within a limit of half a mebibyte it fits.
    Ok(u32::try_from(len).unwrap_or(u32::MAX))
}

impl Decode for Place {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let wrong = DecodeError::NotCanonical { what: "a place in a log" };
        let seq = from.u64("a place in a log")?;
        let backlink: [u8; 32] = from.array("a backlink")?;
        let before = seq.checked_sub(1).ok_or(wrong)?;
        match (Seq::new(before), backlink == NO_BACKLINK) {
            (None, true) => Ok(Self::First),
            (Some(before), false) => Ok(Self::After(before, EntryId::from_bytes(backlink))),
            _ => Err(wrong),
        }
    }
}

impl Decode for Parents {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count_u8("parents", PARENTS_MAX)?;
        let mut parents: Vec<EntryId> = Vec::with_capacity(count);
        for _ in 0..count {
            let parent = EntryId::new(from.hash("a parent")?);
            if parents.last().is_some_and(|before| *before >= parent) {
                return Err(DecodeError::NotCanonical { what: "the order of parents" });
            }
            parents.push(parent);
        }
        Ok(Self(parents))
    }
}
