//! Plans: what to ask the other side for.

use crate::entry::Seq;
use crate::ids::DeviceId;
use crate::sync::frontier::Frontier;
use crate::sync::ranges::Range;

/// Entries of one author that the other side has and we don't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Whose entries.
    pub author: DeviceId,
    /// Which.
    pub range: Range,
}

/// In which order gaps are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were written: what history needs.
    OldestFirst,
    /// The newest first: what a screen needs.
    NewestFirst,
}

/// What to ask for: the gaps between what is here and what is there, in pieces of at most
/// `piece` entries and at most `pieces` of them.
pub fn gaps(
    here: &Frontier,
    there: &Frontier,
    order: Order,
    piece: Seq,
    pieces: usize,
) -> Vec<Gap> {
    let missing = there.iter().flat_map(|(author, ranges)| {
        let missing = match here.of(author) {
            Some(ours) => ranges.without(ours),
            None => ranges.clone(),
        };
        let ranges: Vec<Range> = match order {
            Order::OldestFirst => missing.iter().collect(),
            Order::NewestFirst => missing.iter().rev().collect(),
        };
        ranges.into_iter().map(move |range| Gap { author, range })
    });
    missing.flat_map(|gap| in_pieces(gap, order, piece)).take(pieces).collect()
}

/// The next gap of each author: the lowest, and of it at most `piece` entries. However much the
/// other side says it has, this costs no more than there are authors and ranges.
pub fn next_gaps(here: &Frontier, there: &Frontier, piece: Seq) -> Vec<Gap> {
    let next = there.iter().filter_map(|(author, ranges)| {
        let first = match here.of(author) {
            Some(ours) => ranges.without(ours).iter().next(),
            None => ranges.iter().next(),
        };
        first.map(|range| Gap { author, range: range.lowest(piece) })
    });
    next.collect()
}

fn in_pieces(gap: Gap, order: Order, piece: Seq) -> impl Iterator<Item = Gap> {
    let Gap { author, range } = gap;
    let mut left = Some(range);
    std::iter::from_fn(move || {
        let range = left?;
        let (next, rest) = match order {
            Order::OldestFirst => {
                let next = range.lowest(piece);
                (next, next.to().checked_add(1).and_then(|from| Range::new(from, range.to())))
            }
            Order::NewestFirst => {
                let next = range.highest(piece);
                let below = Seq::new(next.from().get() - 1);
                (next, below.and_then(|to| Range::new(range.from(), to)))
            }
        };
        left = rest;
        Some(Gap { author, range: next })
    })
}
