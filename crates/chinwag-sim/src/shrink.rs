//! What a failure needs: parts of the life are left out one by one, for as long as it still fails in
//! the same way.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::coverage::Coverage;
use crate::scenario::LeftOut;
use crate::sim::{Life, Outcome, live};

/// Lives that are lived in order to make one smaller.
const TRIES_MAX: usize = 200;

/// Lives a life; a panic in it is a failure as any other.
pub fn lived(life: &Life<'_>) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| live(life))).unwrap_or_else(|_| Outcome {
        trace: 0,
        inputs: 0,
        coverage: Coverage::default(),
        failure: Some("a panic".to_owned()),
        devices: 0,
        peace_s: 0,
    })
}

/// The smallest part of a failing life that was found to fail still, and how. The life must fail.
pub fn shrink(life: &Life<'_>, first: Outcome) -> (LeftOut, Outcome) {
    let mut smallest = Smallest {
        life: *life,
        left_out: life.left_out.clone(),
        outcome: first,
        tries_left: TRIES_MAX,
    };
    smallest.without_people();
    smallest.without_parts();
    smallest.shorter();
    smallest.without_parts();
    (smallest.left_out, smallest.outcome)
}

/// A failure without its numbers and names: another sort of failure is another fault.
fn sort_of(outcome: &Outcome) -> Option<String> {
    let (_, what) = outcome.failure.as_ref()?.split_once(": ")?;
    let is_word = |word: &&str| word.chars().all(char::is_alphabetic);
    let words: Vec<&str> = what.split_whitespace().filter(is_word).take(8).collect();
    Some(words.join(" "))
}

struct Smallest<'a> {
    life: Life<'a>,
    left_out: LeftOut,
    outcome: Outcome,
    tries_left: usize,
}

impl Smallest<'_> {
    /// Takes this instead if it fails as well.
    fn takes(&mut self, left_out: LeftOut) -> bool {
        if self.tries_left == 0 || left_out == self.left_out {
            return false;
        }
        self.tries_left -= 1;
        let outcome = lived(&Life { left_out: &left_out, is_verbose: false, ..self.life });
        let fails = outcome.failure.is_some() && sort_of(&outcome) == sort_of(&self.outcome);
        if fails {
            (self.left_out, self.outcome) = (left_out, outcome);
        }
        fails
    }

    fn without_people(&mut self) {
        for who in (0..self.outcome.devices).rev() {
            let mut left_out = self.left_out.clone();
            left_out.people.insert(who);
            self.takes(left_out);
        }
    }

    fn without_parts(&mut self) {
        for part in self.life.scenario.parts() {
            let mut left_out = self.left_out.clone();
            left_out.parts.insert(part.to_owned());
            self.takes(left_out);
        }
    }

    /// Halves the time until it is too short.
    fn shorter(&mut self) {
        let (mut enough, mut too_short) = (self.outcome.peace_s, 0);
        while enough > too_short + 1 {
            let after_s = u64::midpoint(enough, too_short);
            let left_out = LeftOut { after_s: Some(after_s), ..self.left_out.clone() };
            if self.takes(left_out) {
                enough = after_s;
            } else {
                too_short = after_s;
            }
        }
    }
}
