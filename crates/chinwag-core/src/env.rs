//! Everything a step may use from outside. Nothing else exists.

use chinwag_crypto::CryptoRng;

use crate::store::Store;
use crate::time::{Mono, Wall};

/// The world as one step sees it.
pub struct Env<'a> {
    /// How long the node has been running.
    pub mono: Mono,
    /// What time it is, as far as this machine knows.
    pub wall: Wall,
    /// Randomness.
    pub rng: &'a mut dyn CryptoRng,
    /// What is kept.
    pub store: &'a mut dyn Store,
}

impl Env<'_> {
    /// Random bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}
