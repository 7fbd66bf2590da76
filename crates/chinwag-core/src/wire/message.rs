//! What two devices say to each other on a live connection.

use chinwag_crypto::Hash;

use crate::entry::Header;
use crate::identity::SignedOperation;
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::log::Run;
use crate::sync::frontier::Frontier;
use crate::sync::ranges::Range;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{BODY_MAX, FRAME_MAX, OPERATIONS_MAX, PAGE_MAX, REQUEST_MAX};

/// The version of this protocol.
pub const VERSION: u16 = 1;

/// A message between devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The first on every connection: who we are.
    Hello(Hello),
    /// What is known of the other's account: it sends its log if that is not all.
    Known {
        /// The digest of the other's account log as it is known here.
        digest: Hash,
    },
    /// The sender's account log, or what is new in it.
    Operations(Vec<SignedOperation>),
    /// A stranger's request to become a contact.
    Request {
        /// One line of text.
        text: String,
    },
    /// What the sender has of a conversation: all of it at first, then what came in addition. It
    /// is the receipt for everything in it.
    Have {
        /// The conversation.
        conversation: ConversationId,
        /// What is there.
        frontier: Frontier,
    },
    /// What the sender would like to have.
    Want {
        /// The conversation.
        conversation: ConversationId,
        /// Whose entries.
        author: DeviceId,
        /// Which.
        range: Range,
    },
    /// Consecutive entries of one log: asked for, or new.
    Entries {
        /// The conversation.
        conversation: ConversationId,
        /// Whose entries.
        author: DeviceId,
        /// The entries, of which the last is signed.
        run: Run,
    },
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The protocol version they speak.
    pub version: u16,
    /// Whose device it is.
    pub account: AccountId,
    /// The digest of that account's log.
    pub digest: Hash,
    /// The secret of the ticket that brought them here, the first time.
    pub secret: Option<[u8; 16]>,
}

impl Message {
    const HELLO: u8 = 1;
    const KNOWN: u8 = 2;
    const OPERATIONS: u8 = 3;
    const REQUEST: u8 = 4;
    const HAVE: u8 = 5;
    const WANT: u8 = 6;
    const ENTRIES: u8 = 7;

    /// Reads a message. An error is the sender's fault.
    pub fn read(frame: &[u8]) -> Result<Self, DecodeError> {
        if frame.len() > FRAME_MAX {
            let found = u64::try_from(frame.len()).unwrap_or(u64::MAX);
            return Err(DecodeError::OverLimit { what: "a frame", found, max: FRAME_MAX });
        }
        Self::from_bytes(frame)
    }
}

impl Encode for Message {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Hello(hello) => {
                to.u8(Self::HELLO);
                hello.encode(to);
            }
            Self::Known { digest } => {
                to.u8(Self::KNOWN);
                to.fixed(digest.as_bytes());
            }
            Self::Operations(operations) => {
                to.u8(Self::OPERATIONS);
                to.count_u16(operations.len());
                for operation in operations {
                    operation.encode(to);
                }
            }
            Self::Request { text } => {
                to.u8(Self::REQUEST);
                to.count_u16(text.len());
                to.fixed(text.as_bytes());
            }
            Self::Have { conversation, frontier } => {
                to.u8(Self::HAVE);
                to.fixed(conversation.as_bytes());
                frontier.encode(to);
            }
            Self::Want { conversation, author, range } => {
                to.u8(Self::WANT);
                to.fixed(conversation.as_bytes());
                to.fixed(author.as_bytes());
                range.encode(to);
            }
            Self::Entries { conversation, author, run } => {
                to.u8(Self::ENTRIES);
                to.fixed(conversation.as_bytes());
                to.fixed(author.as_bytes());
                run.encode(to);
            }
        }
    }
}

impl Decode for Message {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match from.u8("a message")? {
            Self::HELLO => Self::Hello(Hello::decode(from)?),
            Self::KNOWN => Self::Known { digest: from.hash("a digest")? },
            Self::OPERATIONS => {
                let count = from.count_u16("operations", OPERATIONS_MAX)?;
                let operations = (0..count).map(|_| SignedOperation::decode(from));
                Self::Operations(operations.collect::<Result<_, _>>()?)
            }
            Self::REQUEST => {
                let len = from.count_u16("a contact request", REQUEST_MAX)?;
                Self::Request { text: from.text("a contact request", len)?.to_owned() }
            }
            Self::HAVE => Self::Have {
                conversation: ConversationId::new(from.hash("a conversation id")?),
                frontier: Frontier::decode(from)?,
            },
            Self::WANT => Self::Want {
                conversation: ConversationId::new(from.hash("a conversation id")?),
                author: DeviceId::new(from.key("an author")?),
                range: Range::decode(from)?,
            },
            Self::ENTRIES => Self::Entries {
                conversation: ConversationId::new(from.hash("a conversation id")?),
                author: DeviceId::new(from.key("an author")?),
                run: Run::decode(from)?,
            },
            kind => {
                let what = "kind of message";
                return Err(DecodeError::Unknown { what, found: kind.into() });
            }
        })
    }
}

impl Encode for Hello {
    fn encode(&self, to: &mut Writer) {
        to.u16(self.version);
        to.fixed(self.account.as_bytes());
        to.fixed(self.digest.as_bytes());
        to.bool(self.secret.is_some());
        if let Some(secret) = &self.secret {
            to.fixed(secret);
        }
    }
}

impl Decode for Hello {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: from.u16("a version")?,
            account: AccountId::new(from.key("an account")?),
            digest: from.hash("a digest")?,
            secret: if from.bool("a secret")? { Some(from.array("a secret")?) } else { None },
        })
    }
}

impl Encode for Run {
    fn encode(&self, to: &mut Writer) {
        to.count_u16(self.entries.len());
        for (header, body) in &self.entries {
            header.encode(to);
            to.bool(body.is_some());
            if let Some(body) = body {
                to.count_u32(body.len());
                to.fixed(body);
            }
        }
        to.fixed(self.signature.as_bytes());
    }
}

impl Decode for Run {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count_u16("entries", PAGE_MAX)?;
        let mut entries = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            let header = Header::decode(from)?;
            let body = if from.bool("a body")? {
                let len = from.count_u32("a body", BODY_MAX)?;
                Some(from.fixed("a body", len)?.to_vec())
            } else {
                None
            };
            entries.push((header, body));
        }
        Ok(Self { entries, signature: from.signature("a signature")? })
    }
}
