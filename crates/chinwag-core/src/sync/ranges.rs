//! Sets of sequence numbers, as the ranges they consist of.

use crate::entry::Seq;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::RANGES_MAX;

/// A range of sequence numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    from: Seq,
    to: Seq,
}

/// A set of sequence numbers: ranges in ascending order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range>);

impl Range {
    /// The numbers from `from` to `to`; `None` when there are none.
    pub const fn new(from: Seq, to: Seq) -> Option<Self> {
        if from.get() <= to.get() { Some(Self { from, to }) } else { None }
    }

    /// The first `height` numbers.
    pub const fn up_to(height: Seq) -> Self {
        Self { from: Seq::MIN, to: height }
    }

    /// The lowest number.
    pub const fn from(self) -> Seq {
        self.from
    }

    /// The highest number.
    pub const fn to(self) -> Seq {
        self.to
    }

    /// How many numbers there are.
    pub const fn count(self) -> u64 {
        self.to.get() - self.from.get() + 1
    }

    /// The lowest `count` of its numbers, or all if there are fewer.
    #[must_use]
    pub fn lowest(self, count: Seq) -> Self {
        let to = self.from.get().saturating_add(count.get() - 1).min(self.to.get());
        Self { to: Seq::new(to).unwrap_or(self.to), ..self }
    }

    /// The highest `count` of its numbers, or all if there are fewer.
    #[must_use]
    pub fn highest(self, count: Seq) -> Self {
        let from = self.to.get().saturating_sub(count.get() - 1).max(self.from.get());
        Self { from: Seq::new(from).unwrap_or(self.from), ..self }
    }

    const fn touches(self, other: Self) -> bool {
        self.from.get() <= other.to.get().saturating_add(1)
            && other.from.get() <= self.to.get().saturating_add(1)
    }
}

impl Ranges {
    /// The numbers of one range.
    pub fn of(range: Range) -> Self {
        Self(vec![range])
    }

    /// The ranges, in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Range> {
        self.0.iter().copied()
    }

    /// Whether there are no numbers.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.iter().map(Range::count).fold(0, u64::saturating_add)
    }

    /// How many numbers from 1 on there are without a gap.
    pub fn height(&self) -> u64 {
        let first = self.0.first().filter(|range| range.from == Seq::MIN);
        first.map_or(0, |range| range.to.get())
    }

    /// The highest number.
    pub fn highest(&self) -> Option<Seq> {
        self.0.last().map(|range| range.to)
    }

    /// Whether a number is in the set.
    pub fn contains(&self, seq: Seq) -> bool {
        self.iter().any(|range| range.from <= seq && seq <= range.to)
    }

    /// Adds the numbers of a range.
    pub fn insert(&mut self, range: Range) {
        let first = self.0.partition_point(|r| r.to.get().saturating_add(1) < range.from.get());
        let mut merged = range;
        let mut end = first;
        while let Some(next) = self.0.get(end).filter(|next| next.touches(merged)) {
            merged = Range { from: merged.from.min(next.from), to: merged.to.max(next.to) };
            end += 1;
        }
        self.0.splice(first..end, [merged]);
    }

    /// The numbers that are here and not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        let mut taken = other.iter().peekable();
        for range in self.iter() {
            let mut from = Some(range.from);
            while let Some(next) = taken.peek().filter(|next| next.from <= range.to) {
                let before = from.and_then(|from| {
                    let to = Seq::new(next.from.get() - 1)?;
                    Range::new(from, to)
                });
                left.extend(before);
                from = from.and_then(|from| Some(from.max(next.to.checked_add(1)?)));
                if next.to >= range.to {
                    break;
                }
                taken.next();
            }
            left.extend(from.and_then(|from| Range::new(from, range.to)));
        }
        Self(left)
    }

    /// Those of the numbers that are at most `highest`.
    #[must_use]
    pub fn at_most(&self, highest: u64) -> Self {
        let below = |range: Range| {
            let to = Seq::new(highest.min(range.to.get()))?;
            Range::new(range.from, to)
        };
        Self(self.iter().filter_map(below).collect())
    }

    /// The same set with at most [`RANGES_MAX`] ranges: the lowest. To claim less than one has is
    /// safe: it is sent again.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.0.truncate(RANGES_MAX);
        self
    }
}

impl FromIterator<Range> for Ranges {
    fn from_iter<I: IntoIterator<Item = Range>>(ranges: I) -> Self {
        let mut set = Self::default();
        for range in ranges {
            set.insert(range);
        }
        set
    }
}

impl Encode for Range {
    fn encode(&self, to: &mut Writer) {
        to.u64(self.from().get());
        to.u64(self.to().get());
    }
}

impl Decode for Range {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let low = Seq::new(from.u64("a range")?);
        let high = Seq::new(from.u64("a range")?);
        let range = low.zip(high).and_then(|(low, high)| Self::new(low, high));
        range.ok_or(DecodeError::NotCanonical { what: "a range of entries" })
    }
}

impl Encode for Ranges {
    fn encode(&self, to: &mut Writer) {
        to.count_u8(self.0.len());
        for range in self.iter() {
            range.encode(to);
        }
    }
}

impl Decode for Ranges {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let wrong = DecodeError::NotCanonical { what: "a range of entries" };
        let count = from.count_u8("ranges", RANGES_MAX)?;
        let mut ranges: Vec<Range> = Vec::with_capacity(count);
        for _ in 0..count {
            let range = Range::decode(from)?;
            let is_apart = |last: &Range| last.to < range.from && !last.touches(range);
            if !ranges.last().is_none_or(is_apart) {
                return Err(wrong);
            }
            ranges.push(range);
        }
        Ok(Self(ranges))
    }
}
