//! Ed25519 (RFC 8032), with a label before every message.

use std::cell::RefCell;
use std::fmt;

use ed25519_dalek::{Signer, VerifyingKey};
use rand_core::CryptoRng;
use zeroize::ZeroizeOnDrop;

use crate::hash::beginning;
use crate::{BadKey, BadSignature, Label, Secret};

/// Keys of others that each thread remembers as points.
const REMEMBERED: usize = 256;

thread_local! {
    /// Good keys that were met last, each in the slot that its first byte names. To find the point
    /// that a key stands for takes as long as half a signature's check, and every entry of a page
    /// and every line of a frontier names one of the same few keys.
    static POINTS: RefCell<Vec<Option<VerifyingKey>>> = const { RefCell::new(Vec::new()) };
}

/// A private key for signing. Wiped when dropped; prints only its public key.
pub struct SigningKey(Box<ed25519_dalek::SigningKey>);

impl SigningKey {
    /// The key that belongs to a seed (what RFC 8032 calls the private key).
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Self(Box::new(ed25519_dalek::SigningKey::from_bytes(seed.expose())))
    }

    /// A new key.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self::from_seed(&Secret::generate(rng))
    }

    /// What [`from_seed`](Self::from_seed) makes this key from.
    pub fn seed(&self) -> Secret<32> {
        Secret::new(self.0.to_bytes())
    }

    /// The key that others verify with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message under a label. The same three always give the same signature.
    pub fn sign(&self, label: Label, message: &[u8]) -> Signature {
        Signature(self.0.sign(&labelled(label, message)).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public())
    }
}

/// By the key inside, which wipes itself.
impl ZeroizeOnDrop for SigningKey {}

/// A public key to verify with: a point of the curve, canonically encoded, not of small order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes a key that came from elsewhere. Rejects what is no point, the points of small order,
    /// and every encoding of a point but the canonical one, so that a key has one name.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, BadKey> {
        if remembered(bytes).is_some() {
            return Ok(Self(*bytes));
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| BadKey::NotAKey)?;
        if key.is_weak() {
            return Err(BadKey::SmallOrder);
        }
        if VerifyingKey::from(key.to_edwards()) != key {
            return Err(BadKey::NotCanonical);
        }
        remember(key);
        Ok(Self(*bytes))
    }

    /// As it stands on the wire.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks that the owner of this key signed this message under this label.
    ///
    /// Strict: there is one valid encoding of a signature, and every implementation that checks
    /// as `docs/protocol/crypto.md` says comes to the same verdict.
    pub fn verify(
        &self,
        label: Label,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        let key = match remembered(&self.0) {
            Some(key) => key,
            None => VerifyingKey::from_bytes(&self.0).map_err(|_| BadSignature)?,
        };
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&labelled(label, message), &signature).map_err(|_| BadSignature)
    }
}

fn slot(bytes: &[u8; 32]) -> usize {
    let [first, ..] = bytes;
    usize::from(*first) % REMEMBERED
}

/// The point of a key that this thread has found good before.
fn remembered(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    POINTS.with_borrow(|points| {
        let known = points.get(slot(bytes))?.as_ref()?;
        (known.as_bytes() == bytes).then_some(*known)
    })
}

fn remember(key: VerifyingKey) {
    POINTS.with_borrow_mut(|points| {
        points.resize(REMEMBERED, None);
        if let Some(place) = points.get_mut(slot(key.as_bytes())) {
            *place = Some(key);
        }
    });
}

/// The first eight hexadecimal digits.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", beginning(&self.0))
    }
}

/// 64 bytes that claim to be a signature; [`PublicKey::verify`] tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// A signature that came from elsewhere.
    pub const fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(*bytes)
    }

    /// As it stands on the wire.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// The first eight hexadecimal digits.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", beginning(&self.0))
    }
}

/// What is signed: one byte with the label's length, the label, the message.
///
/// The length makes it unambiguous where the label ends. Ed25519ctx (RFC 8032 section 5.1) would
/// do the same inside the algorithm; few libraries have it, and hardly any with strict checks.
fn labelled(label: Label, message: &[u8]) -> Vec<u8> {
    let label = label.as_str().as_bytes();
    // The lowest byte is all of it: a label has at most 255.
    let [length, ..] = label.len().to_le_bytes();
    [&[length], label, message].concat()
}
