//! A seed as 24 words that a person writes down (BIP39, the English list).

use std::fmt;

use bip39::{Language, Mnemonic};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Secret, WordsError};

/// Words for a seed of 32 bytes.
const COUNT: usize = 24;

/// How many words are suggested for one that is not on the list.
const SUGGESTIONS_MAX: usize = 3;

/// How many letters may differ between a word and a suggestion for it.
const EDITS_MAX: usize = 2;

/// The longest word that anything is suggested for, in bytes. No word of the list has more than 8
/// letters; the limit keeps the search short whatever was typed.
const SUGGESTED_FOR_MAX: usize = 16;

/// 24 BIP39 words for a 32-byte seed. Wiped when dropped; prints nothing.
pub struct RecoveryWords(Box<Mnemonic>);

impl RecoveryWords {
    /// The words of a seed.
    #[expect(clippy::expect_used, reason = "BIP39 takes 32 bytes, and the type says there are 32")]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        let words = Mnemonic::from_entropy_in(Language::English, seed.expose());
        Self(Box::new(words.expect("32 bytes of entropy")))
    }

    /// Reads what a person typed: in capitals or not, with whatever blanks and line ends between.
    pub fn parse(typed: &str) -> Result<Self, WordsError> {
        let typed = Zeroizing::new(typed.to_ascii_lowercase());
        check_words(&typed)?;
        Mnemonic::parse_in_normalized(Language::English, &typed)
            .map(|words| Self(Box::new(words)))
            .map_err(|_| WordsError::Checksum)
    }

    /// The seed of the words.
    pub fn seed(&self) -> Secret<32> {
        let (mut entropy, _) = self.0.to_entropy_array();
        let [seed @ .., _] = &entropy;
        let secret = Secret::new(*seed);
        entropy.zeroize();
        secret
    }

    /// The words, in order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.0.words()
    }
}

impl fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryWords(..)")
    }
}

/// By the words inside, which wipe themselves.
impl ZeroizeOnDrop for RecoveryWords {}

/// That there are 24 words and each is on the list.
fn check_words(typed: &str) -> Result<(), WordsError> {
    let found = typed.split_whitespace().count();
    if found != COUNT {
        return Err(WordsError::Count { found });
    }
    for (position, word) in (1..).zip(typed.split_whitespace()) {
        if Language::English.find_word(word).is_none() {
            return Err(WordsError::Unknown { position, nearest: nearest(word) });
        }
    }
    Ok(())
}

/// The words of the list that take the fewest edits to become this one, the nearest first.
fn nearest(word: &str) -> Vec<&'static str> {
    if word.len() > SUGGESTED_FOR_MAX {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = Language::English
        .word_list()
        .iter()
        .map(|known| (strsim::osa_distance(word, known), *known))
        .filter(|(edits, _)| *edits <= EDITS_MAX)
        .collect();
    near.sort_unstable();
    near.into_iter().take(SUGGESTIONS_MAX).map(|(_, known)| known).collect()
}
