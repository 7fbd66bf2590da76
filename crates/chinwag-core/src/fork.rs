//! Forks: two entries of one author at one place. Both are kept as the proof of it, and nothing
//! from that place on counts from that author.
//!
//! The proof is two runs, each signed by the author, that name different entries at the same
//! place. A run names each of its entries, and with its first backlink the one before. Whoever has
//! the proof can show it to everybody; whoever has several keeps the one with the lowest place. So
//! all who have heard of each other's proofs say the same.

use crate::entry::Seq;
use crate::ids::{ConversationId, DeviceId, EntryId};
use crate::log::{Base, Run, RunFault};
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};

/// A proven fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    conversation: ConversationId,
    author: DeviceId,
    at: Seq,
    /// Without bodies, in the order of the entries' ids at `at`.
    runs: [Run; 2],
}

/// What is no proof of a fork.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForkFault {
    /// One of the runs is wrong in itself.
    #[error(transparent)]
    Run(#[from] RunFault),
    /// They name no two entries at one place.
    #[error("two runs that say the same")]
    NoFork,
}

impl Fork {
    /// What two runs of one log prove.
    pub fn prove(
        conversation: ConversationId,
        author: DeviceId,
        a: Run,
        b: Run,
    ) -> Result<Self, ForkFault> {
        let [a, b] = [a, b].map(without_bodies);
        a.clone().check(conversation, author, Base::Unknown)?;
        b.clone().check(conversation, author, Base::Unknown)?;
        let of_b = names(&b);
        let differs = |(seq, id): &(Seq, EntryId)| {
            of_b.iter().find(|(other, _)| other == seq).map(|(_, other)| *other).filter(|o| o != id)
        };
        let at = names(&a).into_iter().find_map(|name| differs(&name).map(|other| (name, other)));
        let ((at, in_a), in_b) = at.ok_or(ForkFault::NoFork)?;
        let runs = if in_a < in_b { [a, b] } else { [b, a] };
        Ok(Self { conversation, author, at, runs })
    }

    /// In which conversation.
    pub const fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Whose.
    pub const fn author(&self) -> DeviceId {
        self.author
    }

    /// The first place of which two entries are known: nothing from here on counts.
    pub const fn at(&self) -> Seq {
        self.at
    }

    /// The two runs.
    pub const fn runs(&self) -> &[Run; 2] {
        &self.runs
    }
}

fn without_bodies(mut run: Run) -> Run {
    run.entries.iter_mut().for_each(|(_, body)| *body = None);
    run
}

/// The entries that a checked run names, the lowest first.
fn names(run: &Run) -> Vec<(Seq, EntryId)> {
    let first = run.entries.first().map(|(header, _)| header.place);
    let before = first
        .and_then(|place| Some((Seq::new(place.seq().get().checked_sub(1)?)?, place.backlink()?)));
    let own = run.entries.iter().map(|(header, _)| (header.seq(), header.id()));
    before.into_iter().chain(own).collect()
}

impl Encode for Fork {
    fn encode(&self, to: &mut Writer) {
        to.fixed(self.conversation.as_bytes());
        to.fixed(self.author.as_bytes());
        self.runs.iter().for_each(|run| run.encode(to));
    }
}

impl Decode for Fork {
    /// Reads a proof and checks it: a fork that exists is proven.
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let wrong = DecodeError::NotCanonical { what: "the proof of a fork" };
        let conversation = ConversationId::new(from.hash("a conversation id")?);
        let author = DeviceId::new(from.key("an author")?);
        let runs = [Run::decode(from)?, Run::decode(from)?];
        let [a, b] = runs.clone();
        let fork = Self::prove(conversation, author, a, b).map_err(|_| wrong)?;
        if fork.runs == runs { Ok(fork) } else { Err(wrong) }
    }
}
