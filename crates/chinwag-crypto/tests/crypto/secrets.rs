//! That secrets stay inside.

use chinwag_crypto::{Passphrase, RecoveryWords, SealKey, Secret, SigningKey, WordsError};
use zeroize::ZeroizeOnDrop;

use crate::harness::rng;

/// Whether every value of these types is wiped when it is dropped; asked of the compiler.
const _: () = {
    const fn is_wiped<T: ZeroizeOnDrop>() {}
    is_wiped::<Secret<32>>();
    is_wiped::<SigningKey>();
    is_wiped::<SealKey>();
    is_wiped::<RecoveryWords>();
    is_wiped::<Passphrase>();
    // What ours rely on.
    is_wiped::<ed25519_dalek::SigningKey>();
    is_wiped::<x_wing::DecapsulationKey>();
    is_wiped::<bip39::Mnemonic>();
    is_wiped::<chacha20poly1305::ChaCha20Poly1305>();
};

/// 167 in decimal, a7 in hexadecimal: neither is in anything that is printed below by chance.
fn seed() -> Secret<32> {
    Secret::new([0xa7; 32])
}

#[test]
fn no_secret_type_prints_anything_of_its_secret() {
    let words = RecoveryWords::from_seed(&seed());
    let printed = [
        (format!("{:?} {:#?}", seed(), seed()), "Secret(..) Secret(..)"),
        (format!("{0:?} {0:#?}", SealKey::from_seed(&seed())), "SealKey(..) SealKey(..)"),
        (
            format!("{0:?} {0:#?}", Passphrase::new(&[0xa7]).unwrap()),
            "Passphrase(..) Passphrase(..)",
        ),
        (format!("{words:?} {words:#?}"), "RecoveryWords(..) RecoveryWords(..)"),
        (
            format!("{0:?} {0:#?}", SigningKey::from_seed(&seed())),
            "SigningKey(PublicKey(c9571eeb)) SigningKey(PublicKey(c9571eeb))",
        ),
    ];
    for (text, expected) in printed {
        assert_eq!(text, expected);
        for of_the_secret in ["a7", "A7", "167"].into_iter().chain(words.words()) {
            assert!(!text.contains(of_the_secret), "{text}");
        }
    }
}

/// The same mistake among other words gives the same error: nothing of them can be in it.
#[test]
fn an_error_about_words_depends_on_the_wrong_word_alone() {
    let mistaken = |seed: u8, place: usize, typed: &'static str| {
        let right = RecoveryWords::from_seed(&Secret::new([seed; 32]));
        let mut words: Vec<&str> = right.words().collect();
        words[place] = typed;
        let error = RecoveryWords::parse(&words.join(" ")).unwrap_err();
        format!("{error} {error:?}")
    };
    assert_eq!(
        mistaken(3, 6, "abandn"),
        "word 7 is not on the list; did you mean abandon? \
         Unknown { position: 7, nearest: [\"abandon\"] }"
    );
    for seed in 0..50 {
        assert_eq!(mistaken(seed, 6, "abandn"), mistaken(3, 6, "abandn"));
        assert_eq!(mistaken(seed, 23, "qqqqqqqq"), mistaken(3, 23, "qqqqqqqq"));
    }
}

#[test]
fn secrets_are_equal_by_their_bytes() {
    assert_eq!(seed(), seed());
    for at in [0, 31] {
        let mut other = *seed().expose();
        other[at] ^= 1;
        assert_ne!(seed(), Secret::new(other));
    }
}

#[test]
fn keys_come_back_from_their_seeds() {
    let signing = SigningKey::generate(&mut rng());
    assert_eq!(SigningKey::from_seed(&signing.seed()).public(), signing.public());
    let sealing = SealKey::generate(&mut rng());
    assert_eq!(SealKey::from_seed(&sealing.seed()).public(), sealing.public());
    // Both drew their seed, and nothing else, from the same randomness.
    assert_eq!(signing.seed(), sealing.seed());
    assert_ne!(Secret::<32>::generate(&mut rng()), Secret::new([0; 32]));
}

#[test]
fn wrong_words_are_told_by_their_place_and_by_what_is_near() {
    let of = |typed: &str| RecoveryWords::parse(typed).map(|words| words.seed());
    let right = ["abandon"; 23].join(" ");
    assert_eq!(of(&format!("{right} art")), Ok(Secret::new([0; 32])));
    assert_eq!(of(&format!("\n {} \t\nArt ", right.to_uppercase())), Ok(Secret::new([0; 32])));
    assert_eq!(of(""), Err(WordsError::Count { found: 0 }));
    assert_eq!(of(&right), Err(WordsError::Count { found: 23 }));
    assert_eq!(of(&format!("{right} art art")), Err(WordsError::Count { found: 25 }));
    assert_eq!(of(&format!("{right} arm")), Err(WordsError::Checksum));
    assert_eq!(
        of(&format!("{right} artt")),
        Err(WordsError::Unknown { position: 24, nearest: vec!["art", "act", "arch"] })
    );
    assert_eq!(
        of(&format!("{right} {}", "a".repeat(1_000_000))),
        Err(WordsError::Unknown { position: 24, nearest: vec![] })
    );
}
