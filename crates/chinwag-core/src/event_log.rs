//! What happened here, kept in order, so that whoever was not looking can catch up.
//!
//! An event that is kept says which thing it is about and nothing of what that thing says: an entry
//! by its id, a contact by its account. So the log keeps no words, and what was deleted is deleted.
//! What only matters while it happens (somebody types, is connected) is not kept.
//!
//! This encoding is of this store alone and never goes on the wire.

use crate::entry::Seq;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::output::Event;
use crate::sync::frontier::Frontier;
use crate::time::Wall;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};

const VERSION: u8 = 1;

/// An event in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its number: one more than that of the one before.
    pub number: u64,
    /// When it happened, by the local clock.
    pub at: Wall,
    /// What happened.
    pub event: Logged,
}

/// What is kept of an [`Event`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logged {
    /// An entry is here.
    Entry(EntryId),
    /// The body of a message is gone.
    Deleted(EntryId),
    /// A device has all entries of a log up to this one.
    Delivered {
        /// The conversation.
        conversation: ConversationId,
        /// Whose entries.
        author: DeviceId,
        /// How many.
        height: u64,
        /// To which device.
        to: DeviceId,
    },
    /// An account has read more of a conversation.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// Who.
        account: AccountId,
        /// Up to where, log by log.
        frontier: Frontier,
    },
    /// What is held of an account has changed: it may be a contact now.
    Contact(AccountId),
    /// A stranger would like to become a contact.
    Request(AccountId),
    /// Somebody invites us to a group.
    Invited(ConversationId),
    /// Somebody has written two entries at one place.
    Fork {
        /// The conversation.
        conversation: ConversationId,
        /// Whose log.
        author: DeviceId,
        /// The place.
        at: Seq,
    },
    /// We go on as another device.
    Retired {
        /// What we were.
        old: DeviceId,
        /// What we are.
        new: DeviceId,
    },
}

impl Logged {
    /// What is kept of an event. `None`: it only matters while it happens, or is no business of a
    /// screen.
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Entry { id, header, .. } => {
                let is_seen = header.kind.is_shown() || header.kind.is_reference();
                return is_seen.then_some(Self::Entry(*id));
            }
            Event::Deleted { id } => Self::Deleted(*id),
            Event::Delivered { conversation, author, height, to } => {
                let (conversation, author) = (*conversation, *author);
                Self::Delivered { conversation, author, height: *height, to: *to }
            }
            Event::Read { conversation, account, frontier } => {
                let (conversation, account) = (*conversation, *account);
                Self::Read { conversation, account, frontier: frontier.clone() }
            }
            Event::Contact { account } | Event::ContactChanged { account } => {
                Self::Contact(*account)
            }
            Event::Request { account, .. } => Self::Request(*account),
            Event::Fork { conversation, author, at } => {
                Self::Fork { conversation: *conversation, author: *author, at: *at }
            }
            Event::Retired { old, new } => Self::Retired { old: *old, new: *new },
            Event::Invited { group, .. } => Self::Invited(*group),
            Event::Peer { .. } | Event::Typing { .. } | Event::Presence { .. } => return None,
        })
    }
}

impl Encode for Logged {
    fn encode(&self, to: &mut Writer) {
        to.u8(VERSION);
        match self {
            Self::Entry(id) => {
                to.u8(1);
                to.fixed(id.as_bytes());
            }
            Self::Deleted(id) => {
                to.u8(2);
                to.fixed(id.as_bytes());
            }
            Self::Delivered { conversation, author, height, to: device } => {
                to.u8(3);
                to.fixed(conversation.as_bytes());
                to.fixed(author.as_bytes());
                to.u64(*height);
                to.fixed(device.as_bytes());
            }
            Self::Read { conversation, account, frontier } => {
                to.u8(4);
                to.fixed(conversation.as_bytes());
                to.fixed(account.as_bytes());
                frontier.encode(to);
            }
            Self::Contact(account) => {
                to.u8(5);
                to.fixed(account.as_bytes());
            }
            Self::Request(account) => {
                to.u8(6);
                to.fixed(account.as_bytes());
            }
            Self::Fork { conversation, author, at } => {
                to.u8(7);
                to.fixed(conversation.as_bytes());
                to.fixed(author.as_bytes());
                to.u64(at.get());
            }
            Self::Invited(group) => {
                to.u8(9);
                to.fixed(group.as_bytes());
            }
            Self::Retired { old, new } => {
                to.u8(8);
                to.fixed(old.as_bytes());
                to.fixed(new.as_bytes());
            }
        }
    }
}

impl Decode for Logged {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.version("a logged event", VERSION)?;
        Ok(match from.u8("a kind of event")? {
            1 => Self::Entry(EntryId::new(from.hash("an entry id")?)),
            2 => Self::Deleted(EntryId::new(from.hash("an entry id")?)),
            3 => Self::Delivered {
                conversation: conversation(from)?,
                author: device(from)?,
                height: from.u64("a height")?,
                to: device(from)?,
            },
            4 => Self::Read {
                conversation: conversation(from)?,
                account: account(from)?,
                frontier: Frontier::decode(from)?,
            },
            5 => Self::Contact(account(from)?),
            6 => Self::Request(account(from)?),
            7 => Self::Fork {
                conversation: conversation(from)?,
                author: device(from)?,
                at: Seq::new(from.u64("a place")?)
                    .ok_or(DecodeError::NotCanonical { what: "a place" })?,
            },
            8 => Self::Retired { old: device(from)?, new: device(from)? },
            9 => Self::Invited(conversation(from)?),
            _ => return Err(DecodeError::NotCanonical { what: "a kind of event" }),
        })
    }
}

fn conversation(from: &mut Reader<'_>) -> Result<ConversationId, DecodeError> {
    from.hash("a conversation id").map(ConversationId::new)
}

fn device(from: &mut Reader<'_>) -> Result<DeviceId, DecodeError> {
    from.key("a device").map(DeviceId::new)
}

fn account(from: &mut Reader<'_>) -> Result<AccountId, DecodeError> {
    from.key("an account").map(AccountId::new)
}
