//! HPKE (RFC 9180) in base mode, one message at a time: the KEM X-Wing (X25519 and ML-KEM-768
//! together), HKDF-SHA256, ChaCha20-Poly1305.
//!
//! Whoever has the public key can seal; only the private key opens. Nothing tells who sealed: a
//! sender signs inside.

use std::fmt;

use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use x_wing::{Decapsulator, KeyExport};
use zeroize::ZeroizeOnDrop;

use crate::hash::beginning;
use crate::{BadKey, CannotOpen, Label, SealError, Secret};

type Kem = hpke::kem::XWing;
type Kdf = hpke::kdf::HkdfSha256;
type Aead = hpke::aead::ChaCha20Poly1305;

/// Length of a [`SealPublic`] in bytes: 1,184 of ML-KEM-768 and 32 of X25519.
pub const SEAL_PUBLIC_LEN: usize = x_wing::ENCAPSULATION_KEY_SIZE;

/// How much longer the sealed text is than the plain one: the encapsulated key and a tag of 16.
pub const SEAL_OVERHEAD: usize = ENCAPSULATED_LEN + 16;

/// 1,088 bytes of ML-KEM-768 and 32 of X25519.
const ENCAPSULATED_LEN: usize = x_wing::CIPHERTEXT_SIZE;

/// A private key to open with. Wiped when dropped; prints nothing.
///
/// It is held as its seed and expanded for each use: 32 bytes to wipe instead of several thousand.
pub struct SealKey(Secret<32>);

impl SealKey {
    /// A new key.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self(Secret::generate(rng))
    }

    /// The key that belongs to a seed (what X-Wing calls the decapsulation key).
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Self(Secret::new(*seed.expose()))
    }

    /// What [`from_seed`](Self::from_seed) makes this key from.
    pub fn seed(&self) -> Secret<32> {
        Secret::new(*self.0.expose())
    }

    /// The key that others seal with. Computed anew each time.
    pub fn public(&self) -> SealPublic {
        let key = x_wing::DecapsulationKey::from(*self.0.expose());
        SealPublic(Box::new(key.encapsulation_key().to_bytes().into()))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// By the secret inside.
impl ZeroizeOnDrop for SealKey {}

/// A public key to seal with: well-formed, though nothing shows that anybody can open with it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealPublic(Box<[u8; SEAL_PUBLIC_LEN]>);

impl SealPublic {
    /// Takes a key that came from elsewhere. Rejects another length than [`SEAL_PUBLIC_LEN`], and
    /// coefficients that are not reduced (FIPS 203 section 7.2).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadKey> {
        let exact: &[u8; SEAL_PUBLIC_LEN] =
            bytes.try_into().map_err(|_| BadKey::Length { found: bytes.len() })?;
        x_wing::EncapsulationKey::try_from(bytes).map_err(|_| BadKey::NotAKey)?;
        Ok(Self(Box::new(*exact)))
    }

    /// As it stands on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// The first eight hexadecimal digits.
impl fmt::Debug for SealPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealPublic({})", beginning(self.as_bytes()))
    }
}

/// Seals `plaintext` so that only the private key of `to` opens it, and only with the same label
/// and the same `associated` bytes, which are not contained in the result.
///
/// The result is the encapsulated key followed by the ciphertext, [`SEAL_OVERHEAD`] bytes longer
/// than the plaintext. Draws 64 bytes.
pub fn seal(
    rng: &mut dyn CryptoRng,
    to: &SealPublic,
    label: Label,
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    seal_to(rng, to, label, associated, plaintext)
        .map_err(|_| SealError { length: plaintext.len() })
}

/// Opens what [`seal`] made for this key, with this label and these associated bytes.
pub fn open(
    key: &SealKey,
    label: Label,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, CannotOpen> {
    let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED_LEN).ok_or(CannotOpen)?;
    open_parts(key, label, associated, encapsulated, ciphertext).map_err(|_| CannotOpen)
}

fn seal_to(
    mut rng: &mut dyn CryptoRng,
    to: &SealPublic,
    label: Label,
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, hpke::HpkeError> {
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(
        &OpModeS::Base,
        &Deserializable::from_bytes(to.as_bytes())?,
        label.as_str().as_bytes(),
        plaintext,
        associated,
        &mut rng,
    )?;
    Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

fn open_parts(
    key: &SealKey,
    label: Label,
    associated: &[u8],
    encapsulated: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, hpke::HpkeError> {
    hpke::single_shot_open::<Aead, Kdf, Kem>(
        &OpModeR::Base,
        &Deserializable::from_bytes(key.0.expose())?,
        &Deserializable::from_bytes(encapsulated)?,
        label.as_str().as_bytes(),
        ciphertext,
        associated,
    )
}
