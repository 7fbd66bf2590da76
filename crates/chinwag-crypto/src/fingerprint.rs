//! Two keys as a number that people can compare.

use std::fmt;

use crate::{Label, PublicKey};

const LABEL: Label = Label::new("chinwag/safety-number/1");

/// Groups of five digits, and bytes that each is made of.
const GROUPS_PER_KEY: usize = 6;
const BYTES_PER_GROUP: usize = 5;
const GROUP_OF_DIGITS: u64 = 100_000;

/// 60 digits that two people compare; the same whichever side computes it.
///
/// Each key gives 30 of them: 30 bytes of BLAKE3's extended output, every five bytes as one
/// big-endian number, modulo 100,000. The smaller half stands first.
///
/// **Bias.** 2⁴⁰ is 27,776 more than a multiple of 100,000, so the groups below 27,776 come in
/// 10,995,117 of 2⁴⁰ cases and the others in 10,995,116: one part in eleven million, which costs
/// less than a millionth of a bit of the 99.7 that 30 digits have.
///
/// **No slow hash.** Whoever shows one person another key in place of the right one must find a key
/// with the *same* 30 digits: 10³⁰ to try, about 2⁹⁹. The halves must fit one by one, so there is
/// no shortcut by collecting pairs. A thousand rounds would make that 10³³. Where people compare
/// only two groups, 10¹⁰ keys are to be tried, and a thousand rounds would not save them: all
/// groups count, which is what the QR code is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SafetyNumber(String);

impl SafetyNumber {
    /// The number of two keys, in either order.
    pub fn of(a: &PublicKey, b: &PublicKey) -> Self {
        let mut halves = [half(a), half(b)];
        halves.sort();
        Self(halves.concat())
    }

    /// The 60 digits, without spaces.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

/// Twelve groups of five digits, with spaces between.
impl fmt::Display for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digit) in self.0.chars().enumerate() {
            if place > 0 && place % 5 == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

fn half(key: &PublicKey) -> String {
    let mut bytes = [0; GROUPS_PER_KEY * BYTES_PER_GROUP];
    let mut hasher = blake3::Hasher::new_derive_key(LABEL.as_str());
    hasher.update(key.as_bytes()).finalize_xof().fill(&mut bytes);
    let (groups, _) = bytes.as_chunks::<BYTES_PER_GROUP>();
    groups.iter().copied().map(group).collect()
}

fn group(bytes: [u8; BYTES_PER_GROUP]) -> String {
    let number = bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    format!("{:05}", number % GROUP_OF_DIGITS)
}
