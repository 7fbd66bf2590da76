//! Names of things. Each is 32 bytes, and none can be taken for another.

use std::fmt;

use chinwag_crypto::{BadKey, Hash, Label, PublicKey, SealPublic, hash};

const DIRECT: Label = Label::new("chinwag/direct/1");
const SELF: Label = Label::new("chinwag/self/1");
const CLIENT: Label = Label::new("chinwag/client/1");
const PREKEY: Label = Label::new("chinwag/prekey/1");

/// A person: the public half of a long-lived signing key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(PublicKey);

/// A device: the public half of the key that signs its logs and ends its connections.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(PublicKey);

/// A conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(Hash);

/// An entry: the hash of its header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(Hash);

/// An operation of an account log: the hash of its unsigned encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(Hash);

/// A name that whoever gave a command gave to it, to give it again without doing it twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Hash);

/// A key that bundles are sealed to: the hash of its public half.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrekeyId(Hash);

impl PrekeyId {
    /// The id of this key.
    pub fn of(key: &SealPublic) -> Self {
        Self(hash(PREKEY, key.as_bytes()))
    }
}

impl ClientId {
    /// The id that this text stands for.
    pub fn of(text: &str) -> Self {
        Self(hash(CLIENT, text.as_bytes()))
    }
}

impl ConversationId {
    /// The conversation of an account with itself: what its devices share.
    pub fn own(account: AccountId) -> Self {
        Self(hash(SELF, account.as_bytes()))
    }

    /// The conversation of two accounts, the same whichever of them asks.
    pub fn direct(a: AccountId, b: AccountId) -> Self {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let both: Vec<u8> = [low.as_bytes().as_slice(), high.as_bytes()].concat();
        Self(hash(DIRECT, &both))
    }
}

macro_rules! key_id {
    ($name:ident, $prefix:literal) => {
        impl $name {
            /// The id that a key is.
            pub const fn new(key: PublicKey) -> Self {
                Self(key)
            }

            /// The id of these bytes. An error: they are no public key.
            pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, BadKey> {
                PublicKey::from_bytes(bytes).map(Self)
            }

            /// The key.
            pub const fn key(&self) -> &PublicKey {
                &self.0
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:?}"), self.0)
            }
        }
    };
}

macro_rules! hash_id {
    ($name:ident, $prefix:literal) => {
        impl $name {
            /// The id that a hash is.
            pub const fn new(hash: Hash) -> Self {
                Self(hash)
            }

            /// The id of these bytes.
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(Hash::from_bytes(bytes))
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:?}"), self.0)
            }
        }
    };
}

key_id!(AccountId, "account ");
key_id!(DeviceId, "device ");
hash_id!(ConversationId, "conversation ");
hash_id!(EntryId, "entry ");
hash_id!(OperationId, "operation ");
hash_id!(PrekeyId, "prekey ");
hash_id!(ClientId, "client id ");
