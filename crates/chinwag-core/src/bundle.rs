//! Bundles: the stored carrier. What a session would say, sealed for one device, to be carried by
//! a file, a stick or a pipe.
//!
//! A carrier sees for whom it is, to which key it is sealed, and how long it is within a class of
//! lengths. Who it is from, and that, is signed inside.

use chinwag_crypto::{
    CryptoRng, Label, SEAL_OVERHEAD, SealKey, SealPublic, Signature, SigningKey, open, seal,
};

use crate::ids::{AccountId, DeviceId, PrekeyId};
use crate::violation::Violation;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{BUNDLE_MAX, BUNDLE_MESSAGES_MAX, FRAME_MAX};
use crate::wire::message::Message;

const BUNDLE: Label = Label::new("chinwag/bundle/1");
const MAGIC: &[u8] = b"chinwag bundle";
const VERSION: u8 = 1;

/// Bytes before what is sealed: magic, version, recipient, key.
const OUTSIDE_LEN: usize = MAGIC.len() + 1 + 32 + 32;

/// Bytes of the shortest content: the rest is padding.
const CONTENT_MIN: usize = 1_024;

/// What a device says to another, for as long as it takes to get there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Whose device it is from.
    pub account: AccountId,
    /// The device it is from.
    pub device: DeviceId,
    /// The device it is for.
    pub to: DeviceId,
    /// What is said, as on a connection.
    pub messages: Vec<Message>,
}

/// A bundle as a carrier has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    to: DeviceId,
    prekey: PrekeyId,
    outside: &'a [u8],
    inside: &'a [u8],
}

/// Why something is no bundle for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It is no bundle, or one of another version.
    #[error("this is no bundle: {0}")]
    NoBundle(DecodeError),
    /// It is too long to be made or opened.
    #[error("a bundle of {0} bytes is over the limit of {BUNDLE_MAX}")]
    TooLong(usize),
    /// It is for another device.
    #[error("this bundle is for another device")]
    OtherDevice,
    /// The key to open it with is no longer there.
    #[error(
        "the key of this bundle is gone: it was opened before, or is too old; ask for a new one"
    )]
    NoKey,
    /// It is sealed to a key that was given to another device than the one it is from.
    #[error("the key of this bundle was given to somebody else: ask for a new one")]
    NotTheirKey,
    /// It was changed on the way, or is not what it says.
    #[error("this bundle was damaged or changed on its way: ask for a new one")]
    Changed,
    /// What it says is against the protocol.
    #[error("this bundle says what its sender may not say: {0}")]
    Violation(Violation),
}

impl Bundle {
    /// Signs the bundle and seals it to a key of the device that it is for.
    pub fn seal(
        &self,
        device: &SigningKey,
        prekey: &SealPublic,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, BundleError> {
        let id = PrekeyId::of(prekey);
        let (outside, content) = (outside(self.to, id), self.signed(device, id));
        let whole = OUTSIDE_LEN + SEAL_OVERHEAD + content.len();
        if whole > BUNDLE_MAX || self.messages.len() > BUNDLE_MESSAGES_MAX {
            return Err(BundleError::TooLong(whole));
        }
        let sealed = seal(rng, prekey, BUNDLE, &outside, &content)
            .map_err(|_| BundleError::TooLong(whole))?;
        Ok([outside, sealed].concat())
    }

    /// What is sealed: what is said, the signature of whoever says it to whoever has this key, and
    /// padding.
    pub fn signed(&self, device: &SigningKey, prekey: PrekeyId) -> Vec<u8> {
        let mut content = self.content();
        let signed = [outside(self.to, prekey).as_slice(), &content].concat();
        content.extend_from_slice(device.sign(BUNDLE, &signed).as_bytes());
        content.resize(padded(content.len()), 0);
        content
    }

    fn content(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.fixed(self.account.as_bytes());
        to.fixed(self.device.as_bytes());
        to.count_u16(self.messages.len());
        for message in &self.messages {
            let bytes = message.to_bytes();
            to.count_u32(bytes.len());
            to.fixed(&bytes);
        }
        to.finish()
    }
}

fn outside(to: DeviceId, prekey: PrekeyId) -> Vec<u8> {
    let mut outside = MAGIC.to_vec();
    outside.push(VERSION);
    outside.extend_from_slice(to.as_bytes());
    outside.extend_from_slice(prekey.as_bytes());
    outside
}

/// The length that a content of so many bytes is padded to: its highest four bits stay, what is
/// below is rounded up. That costs at most an eighth.
fn padded(len: usize) -> usize {
    let len = len.max(CONTENT_MIN);
    let unit = 1_usize << len.ilog2().saturating_sub(3);
    len.next_multiple_of(unit)
}

impl<'a> Sealed<'a> {
    /// Reads what a carrier can read.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BundleError> {
        if bytes.len() > BUNDLE_MAX {
            return Err(BundleError::TooLong(bytes.len()));
        }
        let mut from = Reader::new(bytes);
        let (to, prekey) = read_outside(&mut from).map_err(BundleError::NoBundle)?;
        let inside = from.rest();
        let outside = bytes.get(..OUTSIDE_LEN).unwrap_or_default();
        Ok(Self { to, prekey, outside, inside })
    }

    /// For whom it is.
    pub const fn to(&self) -> DeviceId {
        self.to
    }

    /// To which key it is sealed.
    pub const fn prekey(&self) -> PrekeyId {
        self.prekey
    }

    /// Opens it, and checks who it is from.
    pub fn open(&self, key: &SealKey) -> Result<Bundle, BundleError> {
        let content =
            open(key, BUNDLE, self.outside, self.inside).map_err(|_| BundleError::Changed)?;
        self.read(&content)
    }

    /// Reads what was [signed](Bundle::signed) and then sealed, and checks who it is from.
    pub fn read(&self, content: &[u8]) -> Result<Bundle, BundleError> {
        let mut from = Reader::new(content);
        let (bundle, signature) =
            read_content(&mut from, self.to).map_err(BundleError::NoBundle)?;
        let rest = from.rest();
        let signed_len = content.len() - rest.len();
        let is_padding = rest.iter().all(|byte| *byte == 0) && padded(signed_len) == content.len();
        let said = content.get(..signed_len - signature.as_bytes().len()).unwrap_or_default();
        let signed = [self.outside, said].concat();
        let is_theirs = bundle.device.key().verify(BUNDLE, &signed, &signature).is_ok();
        if is_padding && is_theirs { Ok(bundle) } else { Err(BundleError::Changed) }
    }
}

fn read_outside(from: &mut Reader<'_>) -> Result<(DeviceId, PrekeyId), DecodeError> {
    if from.fixed("the beginning of a bundle", MAGIC.len())? != MAGIC {
        return Err(DecodeError::NotCanonical { what: "the beginning of a bundle" });
    }
    from.version("version of a bundle", VERSION)?;
    let to = DeviceId::new(from.key("a recipient")?);
    Ok((to, PrekeyId::new(from.hash("a prekey id")?)))
}

fn read_content(from: &mut Reader<'_>, to: DeviceId) -> Result<(Bundle, Signature), DecodeError> {
    let account = AccountId::new(from.key("an account")?);
    let device = DeviceId::new(from.key("a device")?);
    let count = from.count_u16("messages", BUNDLE_MESSAGES_MAX)?;
    let mut messages = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        let len = from.count_u32("a message", FRAME_MAX)?;
        messages.push(Message::from_bytes(from.fixed("a message", len)?)?);
    }
    Ok((Bundle { account, device, to, messages }, from.signature("a signature")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_hides_lengths_in_classes_and_costs_an_eighth() {
        for len in (0..5_000).chain(999_000..1_000_000) {
            let to = padded(len);
            assert!(to >= len && (to == CONTENT_MIN || to <= len + len / 8), "{len} to {to}");
        }
        let classes: std::collections::BTreeSet<_> = (1_024..2_048).map(padded).collect();
        assert_eq!(classes.len(), 9);
    }
}
