//! BLAKE3 in its key derivation mode, with the label as the context.

use std::fmt;

use crate::Label;

/// A 32-byte BLAKE3 hash.
///
/// Hashes are public: they are compared in the ordinary way and shown with their first bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// A hash that somebody else computed. Any 32 bytes are one.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As it stands on the wire.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// All of it, as 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        Hex(&self.0).to_string()
    }
}

/// The first eight hexadecimal digits.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", beginning(&self.0))
    }
}

/// Hashes `bytes` under a label.
///
/// ```
/// # use chinwag_crypto::{Label, hash};
/// const BODY: Label = Label::new("chinwag/body/1");
/// const HEADER: Label = Label::new("chinwag/header/1");
/// assert_ne!(hash(BODY, b"hello"), hash(HEADER, b"hello"));
/// ```
pub fn hash(label: Label, bytes: &[u8]) -> Hash {
    Hash(blake3::derive_key(label.as_str(), bytes))
}

/// The same hash as [`hash`] gives, for bytes that come in pieces. Where they were cut makes no
/// difference: fields that must stay apart need their lengths with them.
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// Begins a hash under a label.
    pub fn new(label: Label) -> Self {
        Self(blake3::Hasher::new_derive_key(label.as_str()))
    }

    /// Goes on with these bytes.
    pub fn update(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// The hash of everything so far.
    pub fn finish(&self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher(..)")
    }
}

/// The first four bytes of something public, to tell it from others in a trace.
pub(crate) fn beginning(bytes: &[u8]) -> Hex<'_> {
    Hex(bytes.get(..4).unwrap_or(bytes))
}

/// Shown as lower-case hexadecimal digits.
pub(crate) struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
