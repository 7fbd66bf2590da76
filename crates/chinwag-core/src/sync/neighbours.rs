//! Whom a device of a large group looks for: a few of the others, over whom it reaches all of them.
//!
//! Everybody knows the devices of all members, and has them in the same order, as on a ring. Each looks for
//! those next to it, so that whoever is there hangs together, however few they are; and for some anywhere on
//! the ring, other ones for each device, so that no way is long. Who is away is passed over, and looked for all
//! the same: nobody knows who is there but by asking them.

use std::collections::BTreeSet;

/// With so many other devices in a group, or fewer, a device looks for all of them.
pub const ALL_MAX: usize = 32;

/// How long is waited for those that are looked for before more are: microseconds.
pub const SEARCH_EVERY_US: u64 = 10_000_000;

/// How many of those that come next on the ring are to be connected.
const NEXT: usize = 2;

/// How many others are to be connected. The same number is to be expected of those who look for us.
const SHORTCUTS: usize = 2;

/// Whether enough of those who are looked for are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// Enough are.
    Enough,
    /// Too few are, and there is nobody else to look for.
    Everybody,
    /// Too few are, and more can be looked for.
    TooFew,
}

/// Whom of the `others` a device looks for, who has its own `place` on the ring, and whether enough of these
/// are here. `lot` is what a device draws for each. At first no more are looked for than are to be connected;
/// with each of `tries` twice as many, until enough of them are here.
pub fn neighbours<A: Copy + Ord>(
    place: u64,
    others: &[A],
    place_of: impl Fn(A) -> u64,
    lot: impl Fn(A) -> u64,
    is_here: impl Fn(A) -> bool,
    tries: u32,
) -> (BTreeSet<A>, Found) {
    if others.len() <= ALL_MAX {
        return (others.iter().copied().collect(), Found::Enough);
    }
    let mut ring: Vec<A> = others.to_vec();
    ring.sort_by_cached_key(|other| (place_of(*other).wrapping_sub(place), *other));
    let (next, found_next) = up_to(&ring, NEXT, &is_here, tries);
    let mut rest: Vec<A> = ring.into_iter().filter(|other| !next.contains(other)).collect();
    rest.sort_by_cached_key(|other| (lot(*other), *other));
    let (shortcuts, found_some) = up_to(&rest, SHORTCUTS, &is_here, tries);
    (next.union(&shortcuts).copied().collect(), found_next.max(found_some))
}

/// How many tries there are to be next: one more where too few were found, and one less where that would
/// still be enough.
pub fn next_tries(tries: u32, found: impl Fn(u32) -> Found) -> u32 {
    let fewer = tries.saturating_sub(1);
    match found(tries) {
        Found::TooFew => tries.saturating_add(1),
        Found::Enough if found(fewer) == Found::Enough => fewer,
        Found::Enough | Found::Everybody => tries,
    }
}

/// The first ones, with so many among them that are here, and whether there are.
fn up_to<A: Copy + Ord>(
    order: &[A],
    count: usize,
    is_here: impl Fn(A) -> bool,
    tries: u32,
) -> (BTreeSet<A>, Found) {
    let width = count.saturating_mul(1_usize.checked_shl(tries).unwrap_or(usize::MAX));
    let mut missing = count;
    let mut wanted = BTreeSet::new();
    for other in order.iter().take(width) {
        if missing == 0 {
            break;
        }
        missing -= usize::from(is_here(*other));
        wanted.insert(*other);
    }
    let found = match missing {
        0 => Found::Enough,
        _ if width < order.len() => Found::TooFew,
        _ => Found::Everybody,
    };
    (wanted, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(own: u64, all: u64, is_here: impl Fn(u64) -> bool) -> BTreeSet<u64> {
        let others: Vec<u64> = (0..all).filter(|other| *other != own).collect();
        let lot = |other: u64| (own * 7_919 + other).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        neighbours(own, &others, |other| other, lot, is_here, 20).0
    }

    #[test]
    fn in_a_small_group_everybody_is_looked_for() {
        assert_eq!(of(3, 33, |_| true).len(), 32);
        assert_eq!(of(3, 33, |_| false).len(), 32);
    }

    #[test]
    fn in_a_large_one_a_few_are_and_those_next_to_it_among_them() {
        let wanted = of(998, 1_000, |_| true);
        assert_eq!(wanted.len(), NEXT + SHORTCUTS);
        assert!(wanted.contains(&999) && wanted.contains(&0), "{wanted:?}");
    }

    #[test]
    fn who_is_away_is_passed_over_and_looked_for_all_the_same() {
        let wanted = of(10, 1_000, |other| other.is_multiple_of(10));
        for next in 11..=30 {
            assert!(wanted.contains(&next), "{next} is before the second that is here");
        }
        let here = wanted.iter().filter(|other| other.is_multiple_of(10)).count();
        assert_eq!(here, NEXT + SHORTCUTS);
        assert_eq!(of(10, 1_000, |_| false).len(), 999);
    }

    #[test]
    fn it_is_looked_no_further_than_needed_and_no_less_far() {
        let others: Vec<u64> = (1..1_000).collect();
        let tries = |tries: u32, is_here: &dyn Fn(u64) -> bool| {
            let found = |tries| neighbours(0, &others, |o| o, |o| 1_000 - o, is_here, tries).1;
            next_tries(tries, found)
        };
        // The second of those that come next is the twelfth: eight are too few, sixteen are not.
        let some = |other: u64| other == 3 || other == 12 || other > 990;
        assert_eq!([0, 2, 3, 4, 9].map(|n| tries(n, &some)), [1, 3, 3, 3, 8]);
        // Nobody is there: when all are looked for, all stay looked for.
        let nobody = |_| false;
        assert_eq!([0, 8, 9, 10].map(|n| tries(n, &nobody)), [1, 9, 9, 10]);
    }

    #[test]
    fn whoever_is_there_hangs_together_however_few() {
        for share in [2, 5, 20, 100] {
            let is_here = |other: u64| (other * 2_654_435_761 % 1_000).is_multiple_of(share);
            let here: Vec<u64> = (0..1_000).filter(|one| is_here(*one)).collect();
            let mut connected: BTreeSet<(u64, u64)> = BTreeSet::new();
            for one in &here {
                let wanted = of(*one, 1_000, is_here).into_iter().filter(|other| is_here(*other));
                connected.extend(wanted.flat_map(|other| [(*one, other), (other, *one)]));
            }
            let (mut reached, mut next) = (BTreeSet::from([here[0]]), vec![here[0]]);
            while let Some(one) = next.pop() {
                let others = connected.range((one, 0)..=(one, u64::MAX)).map(|(_, other)| *other);
                next.extend(others.filter(|other| reached.insert(*other)));
            }
            assert_eq!(reached.len(), here.len(), "one in {share}");
        }
    }
}
