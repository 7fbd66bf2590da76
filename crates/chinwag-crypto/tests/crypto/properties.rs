//! What holds for all keys and bytes.

use chinwag_crypto::{
    BadSignature, CannotOpen, Hasher, Label, PublicKey, RecoveryWords, SEAL_OVERHEAD, SafetyNumber,
    SealKey, SealPublic, Secret, Signature, SigningKey, hash, open, seal,
};
use proptest::collection::vec;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const LABEL: Label = Label::new("chinwag/test/1");
const OTHER_LABEL: Label = Label::new("chinwag/test/2");

fn signing_key() -> impl Strategy<Value = SigningKey> {
    any::<[u8; 32]>().prop_map(|seed| SigningKey::from_seed(&Secret::new(seed)))
}

fn seal_key() -> impl Strategy<Value = SealKey> {
    any::<[u8; 32]>().prop_map(|seed| SealKey::from_seed(&Secret::new(seed)))
}

fn randomness() -> impl Strategy<Value = ChaCha20Rng> {
    any::<[u8; 32]>().prop_map(ChaCha20Rng::from_seed)
}

fn flip(bytes: &mut [u8], bit: prop::sample::Index) {
    let bit = bit.index(bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
}

proptest! {
    #[test]
    fn what_was_signed_verifies_and_with_any_bit_flipped_does_not(
        key in signing_key(),
        message in vec(any::<u8>(), 1..200),
        bit: prop::sample::Index,
    ) {
        let signature = key.sign(LABEL, &message);
        let public = key.public();
        prop_assert_eq!(public.verify(LABEL, &message, &signature), Ok(()));
        prop_assert_eq!(public.verify(OTHER_LABEL, &message, &signature), Err(BadSignature));
        prop_assert_eq!(public.verify(LABEL, &message[1..], &signature), Err(BadSignature));

        let mut flipped = message.clone();
        flip(&mut flipped, bit);
        prop_assert_eq!(public.verify(LABEL, &flipped, &signature), Err(BadSignature));

        let mut flipped = *signature.as_bytes();
        flip(&mut flipped, bit);
        let flipped = Signature::from_bytes(&flipped);
        prop_assert_eq!(public.verify(LABEL, &message, &flipped), Err(BadSignature));

        let mut flipped = *public.as_bytes();
        flip(&mut flipped, bit);
        if let Ok(flipped) = PublicKey::from_bytes(&flipped) {
            prop_assert_eq!(flipped.verify(LABEL, &message, &signature), Err(BadSignature));
        }
    }

    #[test]
    fn every_public_key_is_accepted_by_its_own_parser(key in signing_key()) {
        prop_assert_eq!(PublicKey::from_bytes(key.public().as_bytes()), Ok(key.public()));
    }

    #[test]
    fn a_hash_does_not_depend_on_the_cuts_and_does_on_the_label(
        pieces in vec(vec(any::<u8>(), 0..2_000), 0..5),
    ) {
        let mut hasher = Hasher::new(LABEL);
        for piece in &pieces {
            hasher.update(piece);
        }
        let whole = pieces.concat();
        prop_assert_eq!(hasher.finish(), hash(LABEL, &whole));
        prop_assert_ne!(hasher.finish(), hash(OTHER_LABEL, &whole));
    }

    #[test]
    fn a_safety_number_has_60_digits_and_no_sides(a in signing_key(), b in signing_key()) {
        let number = SafetyNumber::of(&a.public(), &b.public());
        prop_assert_eq!(&number, &SafetyNumber::of(&b.public(), &a.public()));
        prop_assert_eq!(number.digits().len(), 60);
        prop_assert!(number.digits().bytes().all(|digit| digit.is_ascii_digit()));
        prop_assert_eq!(number.to_string().replace(' ', ""), number.digits());
        prop_assert!(number.to_string().split(' ').all(|group| group.len() == 5));
        prop_assert_ne!(number, SafetyNumber::of(&a.public(), &a.public()));
    }

    #[test]
    fn a_seed_comes_back_from_its_words(seed: [u8; 32]) {
        let words = RecoveryWords::from_seed(&Secret::new(seed));
        let typed = words.words().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words.words().count(), 24);
        prop_assert_eq!(RecoveryWords::parse(&typed).unwrap().seed(), Secret::new(seed));
    }

    #[test]
    fn any_bytes_into_every_parser_are_a_value_or_an_error(
        bytes in vec(any::<u8>(), 0..1_300),
        signature: [u8; 64],
        key: [u8; 32],
        text in ".{0,300}",
    ) {
        if let Ok(key) = PublicKey::from_bytes(&key) {
            let verdict = key.verify(LABEL, &bytes, &Signature::from_bytes(&signature));
            prop_assert_eq!(verdict, Err(BadSignature));
        }
        prop_assert!(SealPublic::from_bytes(&bytes).is_err());
        prop_assert!(RecoveryWords::parse(&text).is_err());
        prop_assert!(RecoveryWords::parse(&String::from_utf8_lossy(&bytes)).is_err());
    }
}

proptest! {
    // Unoptimised, each of these takes tens of milliseconds.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_sealed_opens_and_with_anything_changed_does_not(
        key in seal_key(),
        mut rng in randomness(),
        associated in vec(any::<u8>(), 1..50),
        plaintext in vec(any::<u8>(), 0..200),
        bit: prop::sample::Index,
    ) {
        let sealed = seal(&mut rng, &key.public(), LABEL, &associated, &plaintext).unwrap();
        prop_assert_eq!(sealed.len(), plaintext.len() + SEAL_OVERHEAD);
        prop_assert_eq!(open(&key, LABEL, &associated, &sealed), Ok(plaintext));
        prop_assert_eq!(open(&key, OTHER_LABEL, &associated, &sealed), Err(CannotOpen));
        let other = SealKey::generate(&mut rng);
        prop_assert_eq!(open(&other, LABEL, &associated, &sealed), Err(CannotOpen));

        let mut changed = associated.clone();
        flip(&mut changed, bit);
        prop_assert_eq!(open(&key, LABEL, &changed, &sealed), Err(CannotOpen));

        for part in [0..sealed.len(), 0..1_088, 1_088..1_120, 1_120..sealed.len()] {
            let mut changed = sealed.clone();
            flip(&mut changed[part], bit);
            prop_assert_eq!(open(&key, LABEL, &associated, &changed), Err(CannotOpen));
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_twice_alike(key in seal_key(), mut rng in randomness()) {
        let mut sealed = || seal(&mut rng, &key.public(), LABEL, b"", b"hello").unwrap();
        prop_assert_ne!(sealed(), sealed());
    }

    #[test]
    fn any_bytes_are_refused_by_open(
        key in seal_key(),
        sealed in vec(any::<u8>(), 0..2 * SEAL_OVERHEAD),
    ) {
        prop_assert_eq!(open(&key, LABEL, b"", &sealed), Err(CannotOpen));
    }
}

#[test]
fn a_sealed_text_cut_short_anywhere_does_not_open() {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let key = SealKey::generate(&mut rng);
    let sealed = seal(&mut rng, &key.public(), LABEL, b"", b"hello").unwrap();
    let borders = [0, 1, 1_087, 1_088, 1_119, 1_120, 1_121, 1_135, SEAL_OVERHEAD];
    for length in borders.into_iter().chain([sealed.len() - 1]) {
        assert_eq!(open(&key, LABEL, b"", &sealed[..length]), Err(CannotOpen), "{length}");
    }
    assert_eq!(open(&key, LABEL, b"", &[&*sealed, b"!"].concat()), Err(CannotOpen));
}
