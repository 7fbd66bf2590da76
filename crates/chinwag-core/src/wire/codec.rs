//! The one encoding: fixed widths, big-endian, lengths before what they measure. There is exactly
//! one encoding of a value, and decoding accepts no other, so that bytes can be hashed and signed
//! in place of what they mean. `docs/protocol/encoding.md` has it in words.

use chinwag_crypto::{Hash, PublicKey, Signature};

/// Why bytes are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end within the value.
    #[error("{what} ends {missing} bytes early")]
    Short {
        /// What was being read.
        what: &'static str,
        /// How many bytes are missing at least.
        missing: usize,
    },
    /// There are bytes after the value.
    #[error("{0} bytes follow where nothing should")]
    Trailing(usize),
    /// A length or count is over its limit.
    #[error("{what} of {found} is over the limit of {max}")]
    OverLimit {
        /// What is too long.
        what: &'static str,
        /// The length or count.
        found: u64,
        /// The limit.
        max: usize,
    },
    /// A value that no encoder writes.
    #[error("{what} is not as it is always written")]
    NotCanonical {
        /// What it is.
        what: &'static str,
    },
    /// A number that stands for nothing.
    #[error("{found} is no known {what}")]
    Unknown {
        /// What it should be.
        what: &'static str,
        /// The number.
        found: u64,
    },
    /// A text that is not UTF-8.
    #[error("{what} is not UTF-8")]
    NotUtf8 {
        /// Which text.
        what: &'static str,
    },
    /// 32 bytes that are no public key.
    #[error("{what} is no public key")]
    BadKey {
        /// Which key.
        what: &'static str,
    },
}

/// A value that can be written.
pub trait Encode {
    /// Writes the value.
    fn encode(&self, to: &mut Writer);

    /// The value's encoding.
    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.encode(&mut writer);
        writer.finish()
    }
}

/// A value that can be read.
pub trait Decode: Sized {
    /// Reads the value from the front of the bytes.
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads the value that these bytes are, all of them.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::decode(&mut reader)?;
        reader.end()?;
        Ok(value)
    }
}

/// Collects an encoding.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// The bytes written.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Bytes as they are, whose number both sides know.
    pub fn fixed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A number of one byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// A number of two bytes.
    pub fn u16(&mut self, value: u16) {
        self.fixed(&value.to_be_bytes());
    }

    /// A number of four bytes.
    pub fn u32(&mut self, value: u32) {
        self.fixed(&value.to_be_bytes());
    }

    /// A number of eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.fixed(&value.to_be_bytes());
    }

    /// A yes or no.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// A count or length of at most 255. What is longer can't be: its type has a smaller limit.
    pub fn count_u8(&mut self, count: usize) {
        self.u8(u8::try_from(count).unwrap_or(u8::MAX));
    }

    /// A count or length of at most 65,535.
    pub fn count_u16(&mut self, count: usize) {
        self.u16(u16::try_from(count).unwrap_or(u16::MAX));
    }

    /// A count or length.
    pub fn count_u32(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

/// Reads an encoding from its front.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is left.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// There must be nothing left.
    pub const fn end(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::Trailing(left)),
        }
    }

    /// The next `len` bytes.
    pub fn fixed(&mut self, what: &'static str, len: usize) -> Result<&'a [u8], DecodeError> {
        let missing = || DecodeError::Short { what, missing: len - self.rest.len() };
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(missing)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let missing = || DecodeError::Short { what, missing: N - self.rest.len() };
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(missing)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// A number of one byte.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_be_bytes)
    }

    /// A number of two bytes.
    pub fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// A number of four bytes.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// A number of eight bytes.
    pub fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(u64::from_be_bytes)
    }

    /// A yes or no.
    pub fn bool(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        match self.u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::NotCanonical { what }),
        }
    }

    /// The version byte before a value.
    pub fn version(&mut self, what: &'static str, known: u8) -> Result<(), DecodeError> {
        match self.u8(what)? {
            version if version == known => Ok(()),
            version => Err(DecodeError::Unknown { what, found: version.into() }),
        }
    }

    /// A count or length of one byte, within a limit.
    pub fn count_u8(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError> {
        let found = self.u8(what)?;
        within(what, found.into(), max)
    }

    /// A count or length of two bytes, within a limit.
    pub fn count_u16(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError> {
        let found = self.u16(what)?;
        within(what, found.into(), max)
    }

    /// A count or length of four bytes, within a limit.
    pub fn count_u32(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError> {
        let found = self.u32(what)?;
        within(what, found.into(), max)
    }

    /// A text of `len` bytes.
    pub fn text(&mut self, what: &'static str, len: usize) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.fixed(what, len)?).map_err(|_| DecodeError::NotUtf8 { what })
    }

    /// A public key.
    pub fn key(&mut self, what: &'static str) -> Result<PublicKey, DecodeError> {
        PublicKey::from_bytes(&self.array(what)?).map_err(|_| DecodeError::BadKey { what })
    }

    /// A hash.
    pub fn hash(&mut self, what: &'static str) -> Result<Hash, DecodeError> {
        self.array(what).map(Hash::from_bytes)
    }

    /// A signature, unchecked.
    pub fn signature(&mut self, what: &'static str) -> Result<Signature, DecodeError> {
        Ok(Signature::from_bytes(&self.array(what)?))
    }
}

fn within(what: &'static str, found: u64, max: usize) -> Result<usize, DecodeError> {
    let over = DecodeError::OverLimit { what, found, max };
    usize::try_from(found).ok().filter(|count| *count <= max).ok_or(over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_too_much_is_said() {
        let mut reader = Reader::new(&[0, 1, 2]);
        assert_eq!(reader.u16("a"), Ok(1));
        assert_eq!(reader.u32("b"), Err(DecodeError::Short { what: "b", missing: 3 }));
        assert_eq!(reader.end(), Err(DecodeError::Trailing(1)));
        assert_eq!(reader.u8("c"), Ok(2));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn a_yes_is_written_in_one_way() {
        assert_eq!(Reader::new(&[1]).bool("a"), Ok(true));
        assert_eq!(Reader::new(&[2]).bool("a"), Err(DecodeError::NotCanonical { what: "a" }));
    }

    #[test]
    fn a_count_may_be_its_limit_and_no_more() {
        assert_eq!(Reader::new(&[0, 9]).count_u16("a", 9), Ok(9));
        let over = DecodeError::OverLimit { what: "a", found: 10, max: 9 };
        assert_eq!(Reader::new(&[0, 10]).count_u16("a", 9), Err(over));
    }
}
