//! Plans: what to ask the other side for, and what there is room for.

use crate::entry::Seq;
use crate::sync::ranges::{Range, Ranges};
use crate::wire::limits::{ABOVE_GAP_MAX, ISLANDS_MAX, RUN_MAX};

/// Which entries of one author to ask for next, at most `piece` of them. `None`: they have nothing
/// that is of use here.
///
/// The newest first: what is above all that is here, and of it, if that is more than a piece, the
/// end, as an island with a gap below it. Then what follows the islands, and then the gaps from
/// below. Nothing is asked for for which there is [no room](has_room_for).
pub fn next_gap(here: &Ranges, there: &Ranges, piece: Seq) -> Option<Range> {
    let missing = there.without(here);
    if is_full_above(here) {
        let lowest = missing.iter().next().filter(|range| follows_base(here, *range));
        return lowest.map(|range| range.lowest(piece));
    }
    let has_room = here.iter().count() < ISLANDS_MAX;
    // An answer may be shorter than what is asked for: that it ends next to something is no promise.
    let follows = |range: &Range| before(*range).is_none_or(|before| here.contains(before));
    let has_gap = here.iter().count() > 1 || (here.height() == 0 && !here.is_empty());
    let top = missing.iter().next_back()?;
    let is_above = here.highest().is_none_or(|highest| highest < top.from());
    if is_above && has_room && top.count() > piece.get() {
        return Some(top.highest(piece));
    }
    if is_above && has_gap && (has_room || follows(&top)) {
        return Some(top.lowest(piece));
    }
    missing.iter().find(|range| has_room || follows(range)).map(|range| range.lowest(piece))
}

/// The lowest entries of one author that are missing, at most `piece` of them.
pub fn lowest_gap(here: &Ranges, there: &Ranges, piece: Seq) -> Option<Range> {
    there.without(here).iter().next().map(|range| range.lowest(piece))
}

/// Whether entries may be kept: those that follow the first gap's lower end always, others as long as
/// there are not too many above it, and, where they touch nothing, not too many ranges.
pub fn has_room_for(here: &Ranges, range: Range) -> bool {
    let is_one_more = || !touches(here, range) && here.iter().count() >= ISLANDS_MAX;
    follows_base(here, range) || !(is_full_above(here) || is_one_more())
}

/// Whether a run more would be too much above the first gap.
fn is_full_above(here: &Ranges) -> bool {
    let above = usize::try_from(here.count().saturating_sub(here.height()));
    above.unwrap_or(usize::MAX).saturating_add(RUN_MAX) > ABOVE_GAP_MAX
}

fn follows_base(here: &Ranges, range: Range) -> bool {
    range.from().get() <= here.height().saturating_add(1)
}

/// Whether a range overlaps with what is here, or lies next to it.
fn touches(here: &Ranges, range: Range) -> bool {
    let mut together = here.clone();
    together.insert(range);
    together.iter().count() <= here.iter().count()
}

fn before(range: Range) -> Option<Seq> {
    Seq::new(range.from().get() - 1)
}
