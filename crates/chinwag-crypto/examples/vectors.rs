//! Prints the known answers of every format of ours: what `testdata/vectors.json` holds.
//!
//! ```text
//! cargo run -p chinwag-crypto --example vectors > crates/chinwag-crypto/testdata/vectors.json
//! ```

use chinwag_crypto::{
    CryptoRng, Label, Passphrase, PublicKey, RecoveryWords, SafetyNumber, SealKey, Secret,
    SigningKey, WrapCost, WrappedKey, hash, seal,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

const ENTRY: Label = Label::new("chinwag/entry/1");
const BUNDLE: Label = Label::new("chinwag/bundle/1");
const SHORTEST: Label = Label::new("a");

fn main() {
    println!("{:#}", vectors(&mut ChaCha20Rng::from_seed([1; 32])));
}

/// All of them. The same randomness gives the same document.
pub(crate) fn vectors(rng: &mut ChaCha20Rng) -> Value {
    json!({
        "about": "Known answers of the formats in docs/protocol/crypto.md. Binary is hexadecimal.",
        "signing": [
            signing(rng, ENTRY, b""),
            signing(rng, ENTRY, b"hello"),
            signing(rng, SHORTEST, &[0; 300]),
        ],
        "hashing": [
            hashing(ENTRY, b""),
            hashing(BUNDLE, b""),
            hashing(ENTRY, b"hello"),
            hashing(SHORTEST, &[0xff; 2_000]),
        ],
        "sealing": [
            sealing(rng, BUNDLE, b"", b""),
            sealing(rng, BUNDLE, b"to whom", "grüße".as_bytes()),
            sealing(rng, SHORTEST, &[0; 100], &[0; 300]),
        ],
        "safety_numbers": [safety_number(rng), safety_number(rng), safety_number(rng)],
        "recovery_words": [recovery_words(rng), recovery_words(rng)],
        "wrapped_keys": [
            wrapped_key(rng, "correct horse battery staple".as_bytes(), WrapCost::USUAL),
            wrapped_key(rng, "grüße".as_bytes(), cost(64, 2, 2)),
            wrapped_key(rng, &[0xff; 1_024], cost(8, 1, 1)),
        ],
    })
}

fn signing(rng: &mut dyn CryptoRng, label: Label, message: &[u8]) -> Value {
    let key = SigningKey::generate(rng);
    json!({
        "seed": hex(key.seed().expose()),
        "public": hex(key.public().as_bytes()),
        "label": label.as_str(),
        "message": hex(message),
        "signature": hex(key.sign(label, message).as_bytes()),
    })
}

fn hashing(label: Label, bytes: &[u8]) -> Value {
    json!({ "label": label.as_str(), "bytes": hex(bytes), "hash": hash(label, bytes).to_hex() })
}

fn sealing(rng: &mut ChaCha20Rng, label: Label, associated: &[u8], plaintext: &[u8]) -> Value {
    let key = SealKey::generate(rng);
    let public = key.public();
    let mut randomness = [0; 64];
    rng.clone().fill_bytes(&mut randomness);
    let sealed = seal(rng, &public, label, associated, plaintext).unwrap();
    json!({
        "seed": hex(key.seed().expose()),
        "public": hex(public.as_bytes()),
        "label": label.as_str(),
        "associated": hex(associated),
        "plaintext": hex(plaintext),
        "randomness": hex(&randomness),
        "sealed": hex(&sealed),
    })
}

fn safety_number(rng: &mut dyn CryptoRng) -> Value {
    let [a, b]: [PublicKey; 2] = [(); 2].map(|()| SigningKey::generate(rng).public());
    let number = SafetyNumber::of(&a, &b);
    json!({
        "a": hex(a.as_bytes()),
        "b": hex(b.as_bytes()),
        "digits": number.digits(),
        "shown": number.to_string(),
    })
}

fn recovery_words(rng: &mut dyn CryptoRng) -> Value {
    let seed = Secret::generate(rng);
    let words = RecoveryWords::from_seed(&seed);
    let account = SigningKey::from_seed(&seed).public();
    json!({
        "seed": hex(seed.expose()),
        "words": words.words().collect::<Vec<_>>().join(" "),
        "public": hex(account.as_bytes()),
    })
}

fn wrapped_key(rng: &mut ChaCha20Rng, passphrase: &[u8], cost: WrapCost) -> Value {
    let key = Secret::generate(rng);
    let mut salt = [0; 16];
    rng.clone().fill_bytes(&mut salt);
    let typed = Passphrase::new(passphrase).unwrap();
    let wrapped = WrappedKey::wrap(rng, &typed, cost, &key).unwrap();
    json!({
        "passphrase": hex(passphrase),
        "memory_kib": cost.memory_kib(),
        "passes": cost.passes(),
        "lanes": cost.lanes(),
        "salt": hex(&salt),
        "key": hex(key.expose()),
        "wrapped": hex(&wrapped.to_bytes()),
    })
}

fn cost(memory_kib: u32, passes: u32, lanes: u32) -> WrapCost {
    WrapCost::new(memory_kib, passes, lanes).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}
