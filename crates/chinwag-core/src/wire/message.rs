//! What two devices say to each other: on a live connection, or sealed in a bundle.

use std::collections::BTreeMap;

use chinwag_crypto::{Hash, SEAL_PUBLIC_LEN, SealPublic, Signature};

use crate::entry::Header;
use crate::fork::Fork;
use crate::identity::SignedOperation;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::log::Run;
use crate::sync::frontier::Frontier;
use crate::sync::ranges::{Range, Ranges};
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{
    ACCOUNTS_MAX, BODY_MAX, FRAME_MAX, OPERATIONS_MAX, PAGE_MAX, PREKEYS_MAX, REQUEST_MAX,
};

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
    /// Operations of the sender's account, of the receiver's, or, between devices of one account,
    /// of their contacts'.
    Operations {
        /// The operations, each after those it follows.
        operations: Vec<SignedOperation>,
        /// Whether that is all for now.
        is_last: bool,
    },
    /// Between devices of one account: what is known of their contacts' accounts.
    Accounts(BTreeMap<AccountId, Hash>),
    /// What the sender has of a conversation: all of it at first, then what came in addition. It
    /// is the receipt for everything in it.
    Have(Have),
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
    /// The proof that somebody has written two entries at one place.
    Fork(Box<Fork>),
    /// What the sender's account has read of a conversation.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// Up to where, log by log.
        frontier: Frontier,
    },
    /// Whether the sender is typing in a conversation. Never kept.
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// Whether they are.
        is_on: bool,
    },
    /// Whether somebody sits before the sender's device. Never kept.
    Presence {
        /// Whether they do.
        is_active: bool,
    },
    /// The sender has used up the keys for bundles that it was given.
    PrekeysWanted,
    /// Keys to seal bundles for the sender with, one each.
    Prekeys(Vec<SealPublic>),
    /// Whether the receiver is to send what is new of a group by itself, or only to name it.
    Feed {
        /// The group.
        conversation: ConversationId,
        /// Whose entries; `None`: those of all of whom the sender did not say anything.
        author: Option<DeviceId>,
        /// Whether it is to.
        is_on: bool,
    },
}

/// What somebody has of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Have {
    /// The conversation.
    pub conversation: ConversationId,
    /// What is there.
    pub frontier: Frontier,
    /// The last entry before the first gap of each log in it that begins with its first entry: two
    /// who have different ones have found a fork. A log that has none here is not said to be there:
    /// to claim less than one has is safe.
    pub heads: BTreeMap<DeviceId, EntryId>,
    /// Whether that is all that is there; otherwise it is all of the logs in it.
    pub is_whole: bool,
    /// Whether the sender wants to hear what the other has.
    pub wants_answer: bool,
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
    /// What brings them here.
    pub wish: Wish,
}

/// What brings somebody here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// They are known.
    Nothing,
    /// A ticket: its secret.
    Redeem([u8; 16]),
    /// They would like to become a contact, and say this.
    Request(String),
    /// They have a ticket to a group: the proof of it, which only this device can use, and not the
    /// ticket.
    Join {
        /// The group.
        group: ConversationId,
        /// The operation that made the ticket.
        ticket: EntryId,
        /// The signature by its key of who joins: see
        /// [`prove_ticket`](crate::membership::prove_ticket).
        proof: Signature,
    },
}

impl Message {
    const HELLO: u8 = 1;
    const KNOWN: u8 = 2;
    const OPERATIONS: u8 = 3;
    const ACCOUNTS: u8 = 4;
    const HAVE: u8 = 5;
    const WANT: u8 = 6;
    const ENTRIES: u8 = 7;
    const FORK: u8 = 8;
    const READ: u8 = 9;
    const TYPING: u8 = 10;
    const PRESENCE: u8 = 11;
    const PREKEYS_WANTED: u8 = 12;
    const PREKEYS: u8 = 13;
    const FEED: u8 = 14;

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
            Self::Operations { operations, is_last } => {
                to.u8(Self::OPERATIONS);
                to.bool(*is_last);
                to.count_u16(operations.len());
                for operation in operations {
                    operation.encode(to);
                }
            }
            Self::Accounts(digests) => {
                to.u8(Self::ACCOUNTS);
                to.count_u16(digests.len());
                for (account, digest) in digests {
                    to.fixed(account.as_bytes());
                    to.fixed(digest.as_bytes());
                }
            }
            Self::Have(have) => {
                to.u8(Self::HAVE);
                have.encode(to);
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
            Self::Fork(fork) => {
                to.u8(Self::FORK);
                fork.encode(to);
            }
            Self::Read { conversation, frontier } => {
                to.u8(Self::READ);
                to.fixed(conversation.as_bytes());
                frontier.encode(to);
            }
            Self::Typing { conversation, is_on } => {
                to.u8(Self::TYPING);
                to.fixed(conversation.as_bytes());
                to.bool(*is_on);
            }
            Self::Presence { is_active } => {
                to.u8(Self::PRESENCE);
                to.bool(*is_active);
            }
            Self::PrekeysWanted => to.u8(Self::PREKEYS_WANTED),
            Self::Prekeys(keys) => {
                to.u8(Self::PREKEYS);
                to.count_u8(keys.len());
                for key in keys {
                    to.fixed(key.as_bytes());
                }
            }
            Self::Feed { conversation, author, is_on } => {
                to.u8(Self::FEED);
                to.fixed(conversation.as_bytes());
                to.bool(author.is_some());
                if let Some(author) = author {
                    to.fixed(author.as_bytes());
                }
                to.bool(*is_on);
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
                let is_last = from.bool("the last operations")?;
                let count = from.count_u16("operations", OPERATIONS_MAX)?;
                let operations = (0..count).map(|_| SignedOperation::decode(from));
                Self::Operations { operations: operations.collect::<Result<_, _>>()?, is_last }
            }
            Self::ACCOUNTS => Self::Accounts(decode_digests(from)?),
            Self::HAVE => Self::Have(Have::decode(from)?),
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
            Self::FORK => Self::Fork(Box::new(Fork::decode(from)?)),
            Self::READ => Self::Read {
                conversation: ConversationId::new(from.hash("a conversation id")?),
                frontier: Frontier::decode(from)?,
            },
            Self::TYPING => Self::Typing {
                conversation: ConversationId::new(from.hash("a conversation id")?),
                is_on: from.bool("typing")?,
            },
            Self::PRESENCE => Self::Presence { is_active: from.bool("presence")? },
            Self::PREKEYS_WANTED => Self::PrekeysWanted,
            Self::PREKEYS => {
                let count = from.count_u8("prekeys", PREKEYS_MAX)?;
                let keys = (0..count).map(|_| decode_prekey(from));
                Self::Prekeys(keys.collect::<Result<_, _>>()?)
            }
            Self::FEED => {
                let conversation = ConversationId::new(from.hash("a conversation id")?);
                let author = from.bool("an author")?.then(|| from.key("an author")).transpose()?;
                let is_on = from.bool("a feed")?;
                Self::Feed { conversation, author: author.map(DeviceId::new), is_on }
            }
            kind => {
                let what = "kind of message";
                return Err(DecodeError::Unknown { what, found: kind.into() });
            }
        })
    }
}

fn decode_digests(from: &mut Reader<'_>) -> Result<BTreeMap<AccountId, Hash>, DecodeError> {
    let count = from.count_u16("accounts", ACCOUNTS_MAX)?;
    let mut digests = BTreeMap::new();
    for _ in 0..count {
        let account = AccountId::new(from.key("an account")?);
        if digests.last_key_value().is_some_and(|(last, _)| *last >= account) {
            return Err(DecodeError::NotCanonical { what: "the order of accounts" });
        }
        digests.insert(account, from.hash("a digest")?);
    }
    Ok(digests)
}

fn decode_prekey(from: &mut Reader<'_>) -> Result<SealPublic, DecodeError> {
    SealPublic::from_bytes(from.fixed("a prekey", SEAL_PUBLIC_LEN)?)
        .map_err(|_| DecodeError::BadKey { what: "a prekey" })
}

impl Encode for Hello {
    fn encode(&self, to: &mut Writer) {
        to.u16(self.version);
        to.fixed(self.account.as_bytes());
        to.fixed(self.digest.as_bytes());
        match &self.wish {
            Wish::Nothing => to.u8(0),
            Wish::Redeem(secret) => {
                to.u8(1);
                to.fixed(secret);
            }
            Wish::Request(text) => {
                to.u8(2);
                to.count_u16(text.len());
                to.fixed(text.as_bytes());
            }
            Wish::Join { group, ticket, proof } => {
                to.u8(3);
                to.fixed(group.as_bytes());
                to.fixed(ticket.as_bytes());
                to.fixed(proof.as_bytes());
            }
        }
    }
}

impl Decode for Hello {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: from.u16("a version")?,
            account: AccountId::new(from.key("an account")?),
            digest: from.hash("a digest")?,
            wish: Wish::decode(from)?,
        })
    }
}

impl Decode for Wish {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match from.u8("a wish")? {
            0 => Self::Nothing,
            1 => Self::Redeem(from.array("a secret")?),
            2 => {
                let len = from.count_u16("a contact request", REQUEST_MAX)?;
                Self::Request(from.text("a contact request", len)?.to_owned())
            }
            3 => Self::Join {
                group: ConversationId::new(from.hash("a conversation id")?),
                ticket: EntryId::new(from.hash("a ticket")?),
                proof: from.signature("a proof")?,
            },
            found => return Err(DecodeError::Unknown { what: "wish", found: found.into() }),
        })
    }
}

impl Have {
    /// What can be said: of a log that begins with its first entry nothing without a head.
    fn said(&self) -> Frontier {
        let mut said = self.frontier.clone();
        for (author, ranges) in self.frontier.iter() {
            if ranges.height() > 0 && !self.heads.contains_key(&author) {
                said.replace(author, Ranges::default());
            }
        }
        said
    }
}

impl Encode for Have {
    fn encode(&self, to: &mut Writer) {
        to.fixed(self.conversation.as_bytes());
        to.bool(self.is_whole);
        to.bool(self.wants_answer);
        let said = self.said();
        said.encode(to);
        for (author, _) in said.iter().filter(|(_, ranges)| ranges.height() > 0) {
            self.heads.get(&author).into_iter().for_each(|head| to.fixed(head.as_bytes()));
        }
    }
}

impl Decode for Have {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let conversation = ConversationId::new(from.hash("a conversation id")?);
        let is_whole = from.bool("whether it is all")?;
        let wants_answer = from.bool("a wish for an answer")?;
        let frontier = Frontier::decode(from)?;
        let begun = frontier.iter().filter(|(_, ranges)| ranges.height() > 0);
        let heads = begun.map(|(author, _)| Ok((author, EntryId::new(from.hash("a head")?))));
        let heads = heads.collect::<Result<_, DecodeError>>()?;
        Ok(Self { conversation, frontier, heads, is_whole, wants_answer })
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

#[cfg(test)]
mod tests {
    use chinwag_crypto::{Secret, SigningKey};

    use super::*;
    use crate::entry::Seq;

    #[test]
    fn a_log_without_a_head_is_not_said_to_be_there() {
        let device = |n| DeviceId::new(SigningKey::from_seed(&Secret::new([n; 32])).public());
        let mut frontier = Frontier::default();
        frontier.insert(device(1), Range::up_to(Seq::MIN));
        frontier.insert(device(2), Range::up_to(Seq::MIN));
        let heads = BTreeMap::from([(device(1), EntryId::from_bytes([1; 32]))]);
        let conversation = ConversationId::from_bytes([7; 32]);
        let have = Have { conversation, frontier, heads, is_whole: true, wants_answer: false };
        let Ok(Message::Have(read)) = Message::read(&Message::Have(have.clone()).to_bytes()) else {
            panic!("it can't be read back");
        };
        assert_eq!(read.heads, have.heads);
        assert_eq!(read.frontier.iter().map(|(author, _)| author).collect::<Vec<_>>(), [device(1)]);
    }
}
