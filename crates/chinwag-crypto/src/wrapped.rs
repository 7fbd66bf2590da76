//! A key wrapped by a passphrase: Argon2id (RFC 9106) makes a key of the passphrase, and
//! ChaCha20-Poly1305 closes the 32 bytes with it.
//!
//! What it costs to try a passphrase stands in the wrapped key itself, within limits, so that a file
//! from elsewhere cannot ask for more memory or time than they allow. The bytes are in
//! `docs/protocol/crypto.md`.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{BadPassphrase, BadWrappedKey, CannotUnwrap, Label, NoMemory, Secret};

/// Bytes of a passphrase: a page of text, and no file that was taken for one.
pub const PASSPHRASE_MAX: usize = 1_024;

/// Length of a [`WrappedKey`] in bytes.
pub const WRAPPED_KEY_LEN: usize = HEADER_LEN + SEALED_LEN;

const LABEL: Label = Label::new("chinwag/wrapped-key/1");
const MAGIC: &[u8; MAGIC_LEN] = b"chinwag wrapped key";
const MAGIC_LEN: usize = 19;
const VERSION: u8 = 1;
const SALT_LEN: usize = 16;
/// Magic, version, three numbers and the salt.
const HEADER_LEN: usize = MAGIC_LEN + 1 + 3 * 4 + SALT_LEN;
const KEY_LEN: usize = 32;
/// The key and the tag of ChaCha20-Poly1305.
const SEALED_LEN: usize = KEY_LEN + 16;

/// What somebody knows, and nobody else. Wiped when dropped; prints nothing, compared in constant time
/// but for the length.
///
/// It is taken as the bytes that were typed: nothing is trimmed, folded or normalised.
pub struct Passphrase(Box<[u8]>);

impl Passphrase {
    /// Takes the bytes of one, 1 to [`PASSPHRASE_MAX`]. The caller's own copy is the caller's to wipe.
    pub fn new(bytes: &[u8]) -> Result<Self, BadPassphrase> {
        match bytes.len() {
            0 => Err(BadPassphrase::Empty),
            1..=PASSPHRASE_MAX => Ok(Self(bytes.into())),
            _ => Err(BadPassphrase::Long),
        }
    }

    /// Another one that is the same: who needs it twice says so.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(self.0.clone())
    }
}

impl PartialEq for Passphrase {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Passphrase {}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl Drop for Passphrase {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Passphrase {}

/// What it costs to try one passphrase: the parameters of Argon2id, within the limits below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrapCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl WrapCost {
    /// KiB of memory at most: 256 MiB.
    pub const MEMORY_KIB_MAX: u32 = 256 * 1_024;
    /// KiB of memory at least, for each lane (RFC 9106 section 3.1).
    pub const MEMORY_KIB_MIN: u32 = 8;
    /// Passes over the memory at most.
    pub const PASSES_MAX: u32 = 16;
    /// Lanes at most.
    pub const LANES_MAX: u32 = 4;
    /// KiB gone through at most, in all passes together: as much as four passes over the most memory.
    /// It bounds the time, to about a second.
    pub const WORK_KIB_MAX: u32 = 4 * Self::MEMORY_KIB_MAX;

    /// What new keys are wrapped with: 64 MiB, three passes, one lane (RFC 9106 section 4, the second
    /// recommended option, with one lane in place of four: it runs on one processor).
    pub const USUAL: Self = Self { memory_kib: 64 * 1_024, passes: 3, lanes: 1 };

    /// These parameters, if they are within the limits.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, BadWrappedKey> {
        let is_fit = (1..=Self::LANES_MAX).contains(&lanes)
            && (1..=Self::PASSES_MAX).contains(&passes)
            && memory_kib >= Self::MEMORY_KIB_MIN.saturating_mul(lanes)
            && memory_kib <= Self::MEMORY_KIB_MAX
            && memory_kib.saturating_mul(passes) <= Self::WORK_KIB_MAX;
        let cost = Self { memory_kib, passes, lanes };
        if is_fit { Ok(cost) } else { Err(BadWrappedKey::Cost { memory_kib, passes, lanes }) }
    }

    /// KiB of memory.
    pub fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// How often the memory is gone through.
    pub fn passes(&self) -> u32 {
        self.passes
    }

    /// In how many lanes.
    pub fn lanes(&self) -> u32 {
        self.lanes
    }
}

/// A 32-byte key that only a passphrase opens. Nothing of it is secret but what it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    cost: WrapCost,
    salt: [u8; SALT_LEN],
    sealed: [u8; KEY_LEN],
    tag: [u8; 16],
}

impl WrappedKey {
    /// Wraps a key. Draws 16 bytes, of which the key that wraps is made each time anew, so that it
    /// closes one text and no other.
    pub fn wrap(
        rng: &mut dyn CryptoRng,
        passphrase: &Passphrase,
        cost: WrapCost,
        key: &Secret<32>,
    ) -> Result<Self, NoMemory> {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let cipher = cipher(passphrase, cost, &salt)?;
        let mut wrapped = Self { cost, salt, sealed: *key.expose(), tag: [0; 16] };
        let associated = wrapped.associated();
        let tag = cipher.encrypt_inout_detached(
            &Nonce::default(),
            &associated,
            wrapped.sealed.as_mut_slice().into(),
        );
        // An error is for texts over 256 GiB.
        wrapped.tag = tag.map_err(|_| NoMemory { memory_kib: cost.memory_kib })?.into();
        Ok(wrapped)
    }

    /// The key inside. An error: another passphrase, altered bytes, or no memory to derive in.
    pub fn unwrap(&self, passphrase: &Passphrase) -> Result<Secret<32>, CannotUnwrap> {
        let cipher = cipher(passphrase, self.cost, &self.salt)?;
        let mut key = self.sealed;
        let opened = cipher.decrypt_inout_detached(
            &Nonce::default(),
            &self.associated(),
            key.as_mut_slice().into(),
            &Tag::from(self.tag),
        );
        let secret = Secret::new(key);
        key.zeroize();
        opened.map(|()| secret).map_err(|_| CannotUnwrap::Passphrase)
    }

    /// Reads one. Whatever the bytes, this costs nothing, and what it accepts costs at most what
    /// [`WrapCost`] allows.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadWrappedKey> {
        let length = BadWrappedKey::Length { found: bytes.len() };
        let exact: &[u8; WRAPPED_KEY_LEN] = bytes.try_into().map_err(|_| length)?;
        let (magic, rest) = exact.split_first_chunk::<MAGIC_LEN>().ok_or(length)?;
        let (&version, rest) = rest.split_first().ok_or(length)?;
        let (memory_kib, rest) = number(rest).ok_or(length)?;
        let (passes, rest) = number(rest).ok_or(length)?;
        let (lanes, rest) = number(rest).ok_or(length)?;
        let (&salt, rest) = rest.split_first_chunk::<SALT_LEN>().ok_or(length)?;
        let (&sealed, rest) = rest.split_first_chunk::<KEY_LEN>().ok_or(length)?;
        let &tag = rest.first_chunk::<16>().ok_or(length)?;
        if magic != MAGIC {
            return Err(BadWrappedKey::Magic);
        }
        if version != VERSION {
            return Err(BadWrappedKey::Version { found: version });
        }
        let cost = WrapCost::new(memory_kib, passes, lanes)?;
        Ok(Self { cost, salt, sealed, tag })
    }

    /// As it stands in a file: [`WRAPPED_KEY_LEN`] bytes, one form for each wrapped key.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header();
        bytes.extend_from_slice(&self.sealed);
        bytes.extend_from_slice(&self.tag);
        bytes
    }

    /// Whether bytes mean to be one, whatever else is wrong with them.
    pub fn is_meant_by(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// What it costs to try a passphrase.
    pub fn cost(&self) -> WrapCost {
        self.cost
    }

    /// All that stands before what is sealed.
    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(WRAPPED_KEY_LEN);
        header.extend_from_slice(MAGIC);
        header.push(VERSION);
        for number in [self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            header.extend_from_slice(&number.to_be_bytes());
        }
        header.extend_from_slice(&self.salt);
        header
    }

    /// What is authenticated beside the key: the label, and the whole header.
    fn associated(&self) -> Vec<u8> {
        let mut associated = LABEL.as_str().as_bytes().to_vec();
        associated.extend(self.header());
        associated
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedKey").field("cost", &self.cost).finish_non_exhaustive()
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// What closes and opens, made of the passphrase. The memory in which it was made is wiped.
fn cipher(
    passphrase: &Passphrase,
    cost: WrapCost,
    salt: &[u8; SALT_LEN],
) -> Result<ChaCha20Poly1305, NoMemory> {
    let no_memory = NoMemory { memory_kib: cost.memory_kib };
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_LEN));
    // The limits of a cost are narrower than these.
    let params = params.map_err(|_| no_memory)?;
    let mut memory: Vec<Block> = Vec::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| no_memory)?;
    memory.resize(params.block_count(), Block::new());
    let mut key = Key::default();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let derived = argon2.hash_password_into_with_memory(&passphrase.0, salt, &mut key, &mut memory);
    memory.iter_mut().for_each(Zeroize::zeroize);
    let cipher = derived.map(|()| ChaCha20Poly1305::new(&key));
    key.as_mut_slice().zeroize();
    cipher.map_err(|_| no_memory)
}
