//! How long to wait before the next attempt. Pure: randomness comes in as a number.

use std::time::Duration;

/// Pauses that double up to a limit, each shortened by chance so that many who fail together do
/// not come back together.
#[derive(Debug)]
pub(crate) struct BackOff {
    min: Duration,
    max: Duration,
    failures: u32,
}

impl BackOff {
    pub(crate) const fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, failures: 0 }
    }

    /// The pause after one more failure: between half and all of what it has grown to.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        let whole = self.min.saturating_mul(1 << self.failures.min(30)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        whole / 2 + part(whole / 2, random)
    }

    /// It went well, or there is reason to believe that it will.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A part of a time, by chance.
pub(crate) fn part(of: Duration, random: u64) -> Duration {
    let thousandth = u32::try_from(random % 1_000).unwrap_or(0);
    of / 1_000 * thousandth
}

/// A number nobody can foresee well enough to matter: the standard library keys its hash maps with
/// it. For pauses, not for secrets.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{BACK_OFF_MAX, BACK_OFF_MIN};

    #[test]
    fn pauses_double_from_a_second_to_five_minutes() {
        let mut back_off = BackOff::new(BACK_OFF_MIN, BACK_OFF_MAX);
        for longest in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let (pause, longest) = (back_off.next(999), Duration::from_secs(longest));
            assert!((longest * 999 / 1_000..longest).contains(&pause), "{pause:?}, {longest:?}");
        }
        back_off.reset();
        assert_eq!(back_off.next(0), BACK_OFF_MIN / 2);
    }

    #[test]
    fn chance_takes_at_most_half_of_a_pause() {
        for random in [0, 1, 500, 999, u64::MAX] {
            let pause = BackOff::new(BACK_OFF_MIN, BACK_OFF_MAX).next(random);
            assert!((BACK_OFF_MIN / 2..=BACK_OFF_MIN).contains(&pause), "{pause:?}");
        }
    }

    #[test]
    fn a_thousand_failures_overflow_nothing() {
        let mut back_off = BackOff::new(BACK_OFF_MIN, BACK_OFF_MAX);
        assert!((0..1_000).all(|_| back_off.next(999) <= BACK_OFF_MAX));
    }
}
