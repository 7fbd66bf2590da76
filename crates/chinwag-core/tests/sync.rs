//! Ranges, frontiers and plans against sets of numbers, which are slow and obviously right.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::entry::Seq;
use chinwag_core::ids::DeviceId;
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::plan::{lowest_gap, next_gap};
use chinwag_core::sync::ranges::{Range, Ranges};
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_core::wire::limits::{ISLANDS_MAX, RANGES_MAX};
use chinwag_crypto::{Secret, SigningKey};
use proptest::prelude::*;

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

fn range(from: u64, to: u64) -> Range {
    Range::new(seq(from), seq(to)).unwrap()
}

fn device(seed: u8) -> DeviceId {
    DeviceId::new(SigningKey::from_seed(&Secret::new([seed; 32])).public())
}

/// The ranges of a set of numbers, and the set.
fn of(numbers: &BTreeSet<u64>) -> Ranges {
    numbers.iter().map(|n| range(*n, *n)).collect()
}

fn numbers(ranges: &Ranges) -> BTreeSet<u64> {
    ranges.iter().flat_map(|range| range.from().get()..=range.to().get()).collect()
}

fn set() -> impl Strategy<Value = BTreeSet<u64>> {
    proptest::collection::btree_set(1_u64..60, 0..40)
}

fn frontier() -> impl Strategy<Value = BTreeMap<u8, BTreeSet<u64>>> {
    proptest::collection::btree_map(
        1_u8..5,
        proptest::collection::btree_set(1_u64..60, 1..40),
        0..4,
    )
}

fn frontier_of(sets: &BTreeMap<u8, BTreeSet<u64>>) -> Frontier {
    let mut frontier = Frontier::default();
    for (author, numbers) in sets {
        for number in numbers {
            frontier.insert(device(*author), range(*number, *number));
        }
    }
    frontier
}

proptest! {
    #[test]
    fn ranges_are_the_set_they_were_made_of(set in set()) {
        let ranges = of(&set);
        prop_assert_eq!(numbers(&ranges), set.clone());
        prop_assert_eq!(ranges.count(), set.len() as u64);
        prop_assert_eq!(ranges.highest().map(Seq::get), set.last().copied());
        let height = (1..100).take_while(|n| set.contains(n)).count() as u64;
        prop_assert_eq!(ranges.height(), height);
        for number in 1..62 {
            prop_assert_eq!(ranges.contains(seq(number)), set.contains(&number));
        }
    }

    #[test]
    fn ranges_never_touch(inserted in proptest::collection::vec((1_u64..60, 0_u64..9), 0..20)) {
        let ranges: Ranges = inserted.iter().map(|(from, more)| range(*from, from + more)).collect();
        let all: Vec<Range> = ranges.iter().collect();
        for pair in all.windows(2) {
            prop_assert!(pair[0].to().get() + 1 < pair[1].from().get());
        }
        let expected = inserted.iter().flat_map(|(from, more)| *from..=from + more).collect();
        prop_assert_eq!(numbers(&ranges), expected);
    }

    #[test]
    fn without_is_the_difference(a in set(), b in set()) {
        let expected: BTreeSet<u64> = a.difference(&b).copied().collect();
        prop_assert_eq!(numbers(&of(&a).without(&of(&b))), expected);
    }

    #[test]
    fn ranges_and_frontiers_are_read_as_they_were_written(sets in frontier()) {
        let frontier = frontier_of(&sets);
        let fits = frontier.iter().all(|(_, ranges)| ranges.iter().count() <= RANGES_MAX);
        prop_assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).is_ok(), fits);
        for (_, ranges) in frontier.iter() {
            let bounded = ranges.clone().bounded();
            prop_assert!(bounded.without(ranges).is_empty(), "never claims what is not there");
            prop_assert_eq!(Ranges::from_bytes(&bounded.to_bytes()), Ok(bounded));
        }
    }

    #[test]
    fn any_bytes_are_a_frontier_or_an_error(bytes in any::<Vec<u8>>()) {
        if let Ok(frontier) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(frontier.to_bytes(), bytes);
        }
    }

    #[test]
    fn whoever_asks_by_plan_has_everything_in_the_end(
        first in 0_u64..60,
        growths in proptest::collection::vec((0_u64..60, 1_usize..8), 1..12),
        piece in 1_u64..12,
        pages in proptest::collection::vec(1_u64..12, 8),
    ) {
        let mut pages = pages.into_iter().cycle();
        let (mut here, mut height) = (Ranges::default(), first);
        if let Some(first) = Seq::new(first) {
            here.insert(Range::up_to(first));
        }
        // They write on, and now and then we hear some of it.
        for (growth, answers) in growths {
            height += growth;
            let there: Ranges = Seq::new(height).map(Range::up_to).into_iter().collect();
            for _ in 0..answers {
                answer(&mut here, &there, piece, &mut pages)?;
            }
        }
        let there: Ranges = Seq::new(height).map(Range::up_to).into_iter().collect();
        for _ in 0..=height {
            answer(&mut here, &there, piece, &mut pages)?;
        }
        prop_assert_eq!(here, there);
    }
}

/// Asks once, and gets a page that may be shorter than what was asked for.
fn answer(
    here: &mut Ranges,
    there: &Ranges,
    piece: u64,
    pages: &mut impl Iterator<Item = u64>,
) -> Result<(), TestCaseError> {
    let Some(wanted) = next_gap(here, there, seq(piece)) else {
        prop_assert!(there.without(here).is_empty(), "something is missing and not asked for");
        return Ok(());
    };
    prop_assert!(wanted.count() <= piece);
    prop_assert!(Ranges::of(wanted).without(here) == Ranges::of(wanted), "nothing twice");
    prop_assert!(Ranges::of(wanted).without(there).is_empty(), "nothing that they lack");
    here.insert(wanted.lowest(seq(pages.next().unwrap_or(1))));
    prop_assert!(here.iter().count() <= ISLANDS_MAX);
    Ok(())
}

#[test]
fn a_plan_asks_for_what_a_screen_needs_first() {
    let there = Ranges::of(range(1, 100));
    let mut here = Ranges::default();
    let mut asked = Vec::new();
    while let Some(next) = next_gap(&here, &there, seq(40)) {
        here.insert(next);
        asked.push(next);
    }
    assert_eq!(asked, [range(61, 100), range(1, 40), range(41, 60)]);
    let of_own_log = lowest_gap(&Ranges::default(), &there, seq(40));
    assert_eq!(of_own_log, Some(range(1, 40)));
}

#[test]
fn ranges_at_the_very_end_of_the_numbers_do_not_overflow() {
    let last = u64::MAX;
    let mut ranges = Ranges::of(range(last - 1, last));
    ranges.insert(range(last, last));
    assert_eq!(ranges.count(), 2);
    assert!(ranges.without(&Ranges::of(range(1, last))).is_empty());
    assert_eq!(Ranges::of(range(1, last)).count(), last);
}
