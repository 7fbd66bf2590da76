//! Any bytes as keys and signatures.
//!
//! 32 bytes of a public key, 64 of a signature, and the rest a message; all of it together a
//! sealing key.
//!
//! What must hold: no panic; a key that is accepted is written back as it was read; nothing
//! verifies, because nobody signed it; a key that is accepted can be sealed to and compared.

use chinwag_crypto::{
    BadKey, BadSignature, Label, PublicKey, SEAL_OVERHEAD, SEAL_PUBLIC_LEN, SafetyNumber,
    SealPublic, Secret, Signature, SigningKey, seal,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const LABEL: Label = Label::new("chinwag/fuzz/1");

/// Panics when it does not hold for this input.
pub fn check(input: &[u8]) {
    sealing_key(input);
    if let Some((key, rest)) = input.split_first_chunk::<32>() {
        own_signature_altered(key, rest);
        if let Some((signature, message)) = rest.split_first_chunk::<64>() {
            public_key(key, signature, message);
        }
    }
}

fn public_key(bytes: &[u8; 32], signature: &[u8; 64], message: &[u8]) {
    let Ok(key) = PublicKey::from_bytes(bytes) else { return };
    assert_eq!(key.as_bytes(), bytes);
    let signature = Signature::from_bytes(signature);
    assert_eq!(key.verify(LABEL, message, &signature), Err(BadSignature));
    assert_eq!(SafetyNumber::of(&key, &key).digits().len(), 60);
}

/// A good signature, and the same with some of its bytes changed.
fn own_signature_altered(seed: &[u8; 32], rest: &[u8]) {
    let Some((change, message)) = rest.split_first_chunk::<64>() else { return };
    let key = SigningKey::from_seed(&Secret::new(*seed));
    let good = key.sign(LABEL, message);
    assert_eq!(key.public().verify(LABEL, message, &good), Ok(()));
    let mut altered = *good.as_bytes();
    altered.iter_mut().zip(change).for_each(|(byte, change)| *byte ^= change);
    let altered = Signature::from_bytes(&altered);
    assert_eq!(key.public().verify(LABEL, message, &altered).is_ok(), altered == good);
}

fn sealing_key(bytes: &[u8]) {
    match SealPublic::from_bytes(bytes) {
        Ok(key) => {
            assert_eq!(key.as_bytes(), bytes);
            let mut rng = ChaCha20Rng::from_seed([1; 32]);
            let sealed = seal(&mut rng, &key, LABEL, b"", b"hello").unwrap();
            assert_eq!(sealed.len(), SEAL_OVERHEAD + 5);
        }
        Err(BadKey::Length { found }) => {
            assert_eq!(found, bytes.len());
            assert_ne!(found, SEAL_PUBLIC_LEN);
        }
        Err(_) => assert_eq!(bytes.len(), SEAL_PUBLIC_LEN),
    }
}
