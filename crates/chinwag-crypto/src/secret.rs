//! Bytes that nobody else may see.

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret bytes: printed never, wiped when dropped, compared in constant time.
///
/// They lie in one place on the heap, so that moving a `Secret` leaves no copy behind. There is no
/// `Clone` and no serialisation: whoever needs the bytes says [`expose`](Self::expose), and can be
/// found by that word.
pub struct Secret<const N: usize> {
    bytes: Box<[u8; N]>,
}

impl<const N: usize> Secret<N> {
    /// Takes these bytes in. The caller's own copies are the caller's to wipe.
    pub fn new(mut bytes: [u8; N]) -> Self {
        let secret = Self { bytes: Box::new(bytes) };
        bytes.zeroize();
        secret
    }

    /// Draws `N` bytes.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Self { bytes: Box::new([0; N]) };
        rng.fill_bytes(secret.bytes.as_mut_slice());
        secret
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8; N] {
        &self.bytes
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.as_slice().ct_eq(other.bytes.as_slice()).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}
