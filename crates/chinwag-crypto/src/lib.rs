//! Signing, hashing, sealing, safety numbers, recovery words and wrapped keys: keys and bytes, and nothing that
//! has a meaning in a chat.
//!
//! What it is: thin types around well-kept crates, so that a key cannot be taken for a hash, a
//! signature for one purpose cannot pass for another ([`Label`]), and a secret is neither printed
//! nor left behind in memory ([`Secret`]). The byte formats are in `docs/protocol/crypto.md`.
//!
//! What it is not: cryptography of our own. No algorithm is written here, and neither is a
//! protocol: who signs what, and for whom something is sealed, is decided elsewhere.
//!
//! What always holds: no input or output, no clock, no randomness but what the caller hands in
//! ([`CryptoRng`]), and no panic, whatever the bytes. The same arguments give the same result.

#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used
)]

mod error;
mod fingerprint;
mod hash;
mod label;
mod seal;
mod secret;
mod signing;
mod words;
mod wrapped;

pub use error::{
    BadKey, BadPassphrase, BadSignature, BadWrappedKey, CannotOpen, CannotUnwrap, NoMemory,
    SealError, WordsError,
};
pub use fingerprint::SafetyNumber;
pub use hash::{Hash, Hasher, hash};
pub use label::Label;
pub use rand_core::CryptoRng;
pub use seal::{SEAL_OVERHEAD, SEAL_PUBLIC_LEN, SealKey, SealPublic, open, seal};
pub use secret::Secret;
pub use signing::{PublicKey, Signature, SigningKey};
pub use words::RecoveryWords;
pub use wrapped::{PASSPHRASE_MAX, Passphrase, WRAPPED_KEY_LEN, WrapCost, WrappedKey};
