//! `testdata/vectors.json`: that it is what the example prints, and that it is true.

use chinwag_crypto::{
    Hasher, Passphrase, PublicKey, RecoveryWords, SafetyNumber, SealKey, Secret, Signature,
    SigningKey, WrapCost, WrappedKey, hash, open, seal,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;

use crate::harness::{Given, array, bytes, cases, label, text};

#[path = "../../examples/vectors.rs"]
#[expect(dead_code, reason = "an example has a main")]
mod example;

fn file() -> Value {
    serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap()
}

#[test]
fn the_file_is_what_the_example_prints() {
    assert_eq!(file(), example::vectors(&mut ChaCha20Rng::from_seed([1; 32])));
}

#[test]
fn signatures_are_as_in_the_file() {
    for case in cases(&file(), "signing") {
        let key = SigningKey::from_seed(&Secret::new(array(case, "seed")));
        let public = PublicKey::from_bytes(&array(case, "public")).unwrap();
        let signature = Signature::from_bytes(&array(case, "signature"));
        let message = bytes(case, "message");
        assert_eq!(key.public(), public);
        assert_eq!(key.sign(label(case), &message), signature);
        assert_eq!(public.verify(label(case), &message, &signature), Ok(()));
    }
}

#[test]
fn hashes_are_as_in_the_file() {
    for case in cases(&file(), "hashing") {
        let bytes = bytes(case, "bytes");
        assert_eq!(hash(label(case), &bytes).to_hex(), text(case, "hash"));
        let mut hasher = Hasher::new(label(case));
        for piece in bytes.chunks(7) {
            hasher.update(piece);
        }
        assert_eq!(hasher.finish().to_hex(), text(case, "hash"));
    }
}

#[test]
fn sealed_texts_are_as_in_the_file() {
    for case in cases(&file(), "sealing") {
        let key = SealKey::from_seed(&Secret::new(array(case, "seed")));
        let [associated, plaintext, sealed] =
            ["associated", "plaintext", "sealed"].map(|field| bytes(case, field));
        let mut randomness = Given(bytes(case, "randomness"));
        assert_eq!(key.public().as_bytes(), bytes(case, "public"));
        assert_eq!(
            seal(&mut randomness, &key.public(), label(case), &associated, &plaintext),
            Ok(sealed.clone())
        );
        assert_eq!(open(&key, label(case), &associated, &sealed), Ok(plaintext));
    }
}

#[test]
fn safety_numbers_are_as_in_the_file() {
    for case in cases(&file(), "safety_numbers") {
        let [a, b] = ["a", "b"].map(|side| PublicKey::from_bytes(&array(case, side)).unwrap());
        let number = SafetyNumber::of(&a, &b);
        assert_eq!(number.digits(), text(case, "digits"));
        assert_eq!(number.to_string(), text(case, "shown"));
        assert_eq!(number, SafetyNumber::of(&b, &a));
    }
}

#[test]
fn recovery_words_are_as_in_the_file() {
    for case in cases(&file(), "recovery_words") {
        let seed = Secret::new(array(case, "seed"));
        assert!(RecoveryWords::from_seed(&seed).words().eq(text(case, "words").split(' ')));
        let read = RecoveryWords::parse(text(case, "words")).unwrap();
        assert_eq!(read.seed(), seed);
        assert_eq!(SigningKey::from_seed(&read.seed()).public().as_bytes(), &array(case, "public"));
    }
}

#[test]
fn wrapped_keys_are_as_in_the_file() {
    for case in cases(&file(), "wrapped_keys") {
        let [memory_kib, passes, lanes] = ["memory_kib", "passes", "lanes"]
            .map(|field| u32::try_from(case[field].as_u64().unwrap()).unwrap());
        let cost = WrapCost::new(memory_kib, passes, lanes).unwrap();
        let passphrase = Passphrase::new(&bytes(case, "passphrase")).unwrap();
        let key = Secret::new(array(case, "key"));
        let mut randomness = Given(bytes(case, "salt"));
        let wrapped = WrappedKey::wrap(&mut randomness, &passphrase, cost, &key).unwrap();
        assert_eq!(wrapped.to_bytes(), bytes(case, "wrapped"));
        let read = WrappedKey::from_bytes(&bytes(case, "wrapped")).unwrap();
        assert_eq!((read.cost(), read.unwrap(&passphrase)), (cost, Ok(key)));
    }
}
