//! Any text as recovery words.
//!
//! The input is read as text. It also says which words of the list were typed: two bytes a word.
//!
//! What must hold: no panic and no long search; words that are accepted come back from their seed;
//! an error names a place among the 24, and at most three words of the list.

use chinwag_crypto::{RecoveryWords, Secret, WordsError};

/// Panics when it does not hold for this input.
pub fn check(input: &[u8]) {
    read(&String::from_utf8_lossy(input));
    read(&of_the_list(input));
    if let Some(seed) = input.first_chunk::<32>() {
        there_and_back(seed);
    }
}

fn read(typed: &str) {
    match RecoveryWords::parse(typed) {
        Ok(words) => {
            let again = RecoveryWords::from_seed(&words.seed());
            assert!(words.words().eq(again.words()));
        }
        Err(WordsError::Unknown { position, nearest }) => {
            assert!((1..=24).contains(&position));
            assert!(nearest.len() <= 3);
        }
        Err(WordsError::Count { found }) => assert_ne!(found, 24),
        Err(WordsError::Checksum) => {}
    }
}

/// Words of the list, so that the checksum decides; taken from seeds of one byte repeated.
fn of_the_list(input: &[u8]) -> String {
    let (picks, _) = input.as_chunks::<2>();
    let picked = picks.iter().map(|&[seed, place]| {
        let words = RecoveryWords::from_seed(&Secret::new([seed; 32]));
        words.words().nth(usize::from(place) % 24).unwrap()
    });
    picked.take(24).collect::<Vec<_>>().join(" ")
}

fn there_and_back(seed: &[u8; 32]) {
    let words = RecoveryWords::from_seed(&Secret::new(*seed));
    let typed = words.words().collect::<Vec<_>>().join("\n");
    assert_eq!(RecoveryWords::parse(&typed).unwrap().seed().expose(), seed);
}
