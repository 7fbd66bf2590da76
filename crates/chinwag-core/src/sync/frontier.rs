//! Frontiers: what a device has of a conversation. The same map says what was delivered, what is
//! missing, and who has it.

use std::collections::BTreeMap;

use crate::entry::Seq;
use crate::ids::DeviceId;
use crate::sync::ranges::{Range, Ranges};
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::AUTHORS_MAX;

/// Which entries a device has, author by author. An author of whom it has none is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier(BTreeMap<DeviceId, Ranges>);

impl Frontier {
    /// Notes that a range of an author's entries is there.
    pub fn insert(&mut self, author: DeviceId, range: Range) {
        self.0.entry(author).or_default().insert(range);
    }

    /// Notes that these entries of an author are there: of all that is there then, as much as may
    /// be said in a message.
    pub fn merge(&mut self, author: DeviceId, ranges: &Ranges) {
        let all = self.0.entry(author).or_default();
        ranges.iter().for_each(|range| all.insert(range));
        *all = std::mem::take(all).bounded();
    }

    /// Notes that these entries of an author are there, and no others.
    pub fn replace(&mut self, author: DeviceId, ranges: Ranges) {
        if ranges.is_empty() {
            self.0.remove(&author);
        } else {
            self.0.insert(author, ranges);
        }
    }

    /// Which entries of an author are there.
    pub fn of(&self, author: DeviceId) -> Option<&Ranges> {
        self.0.get(&author)
    }

    /// How many entries of an author are there without a gap from the first on.
    pub fn height(&self, author: DeviceId) -> u64 {
        self.of(author).map_or(0, Ranges::height)
    }

    /// Whether an entry is there.
    pub fn contains(&self, author: DeviceId, seq: Seq) -> bool {
        self.of(author).is_some_and(|ranges| ranges.contains(seq))
    }

    /// The authors and what is there of each.
    pub fn iter(&self) -> impl Iterator<Item = (DeviceId, &Ranges)> {
        self.0.iter().map(|(author, ranges)| (*author, ranges))
    }
}

impl Encode for Frontier {
    fn encode(&self, to: &mut Writer) {
        to.count_u16(self.0.len());
        for (author, ranges) in self.iter() {
            to.fixed(author.as_bytes());
            ranges.encode(to);
        }
    }
}

impl Decode for Frontier {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let wrong = DecodeError::NotCanonical { what: "a frontier" };
        let count = from.count_u16("authors", AUTHORS_MAX)?;
        let mut authors: BTreeMap<DeviceId, Ranges> = BTreeMap::new();
        for _ in 0..count {
            let author = DeviceId::new(from.key("an author")?);
            let ranges = Ranges::decode(from)?;
            let is_next = authors.last_key_value().is_none_or(|(last, _)| *last < author);
            if !is_next || ranges.is_empty() {
                return Err(wrong);
            }
            authors.insert(author, ranges);
        }
        Ok(Self(authors))
    }
}
