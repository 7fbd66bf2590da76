//! What happens, as it is told to whoever subscribed.
//!
//! Most events are kept: they have a [cursor](Event::cursor), and whoever comes back with the last
//! one it saw misses nothing. Signals (somebody types, is there, is connected) are told when they
//! happen and not kept; they have no cursor.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    Contact, Conversation, GroupInvitation, Id, Message, MessageState, NotifyLevel, Reach, Request,
    Time,
};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Where to go on after it; without: it is a signal, and not kept.
    pub cursor: Option<String>,
    /// When it happened here.
    pub at: Time,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum What {
    /// A message is here, ours or another's, on whatever device it was written. It is shown as it is
    /// now: with the edits and reactions that came since.
    Message {
        /// The message.
        message: Message,
    },
    /// A message looks different: it was edited, reacted to, retracted, or its time is over.
    MessageChanged {
        /// The message as it is now.
        message: Message,
    },
    /// Messages of ours came further.
    MessageState {
        /// In which conversation.
        conversation: Id,
        /// The last message of those that came so far; those before it of the same device of ours
        /// did as well.
        through: Id,
        /// How far; in a group: how far that message has come to all members.
        state: MessageState,
        /// By whom.
        contact: Id,
        /// On which device, where that is known.
        device: Option<Id>,
        /// In a group: how many members have that message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reach: Option<Reach>,
    },
    /// We have read a conversation, on one of our devices.
    ConversationRead {
        /// Which.
        conversation: Id,
    },
    /// Somebody is a contact now, or what we hold of them has changed.
    Contact {
        /// As they are now.
        contact: Contact,
    },
    /// A stranger would like to become a contact.
    Request {
        /// Their request.
        request: Request,
    },
    /// Somebody invites us to a group.
    GroupInvitation {
        /// To which, and who does.
        invitation: GroupInvitation,
    },
    /// Somebody has written two entries at one place of their log: nothing that this device of
    /// theirs writes from there on counts.
    Fork {
        /// In which conversation.
        conversation: Id,
        /// Whose device.
        contact: Id,
        /// The device.
        device: Id,
    },
    /// This device had been copied, and goes on as another one of the same account.
    Retired {
        /// What it was.
        old: Id,
        /// What it is.
        new: Id,
    },
    /// Events up to here are not kept any more: read anew what you need.
    Gap {
        /// The cursor that was asked for.
        after: String,
    },
    /// Signal: a device of somebody is connected, or no longer.
    Peer {
        /// Whose.
        contact: Id,
        /// What they are called.
        name: String,
        /// The device.
        device: Id,
        /// Whether it is connected.
        connected: bool,
    },
    /// Signal: it was set how much of a conversation is told to whoever looks elsewhere.
    ConversationNotify {
        /// Of which.
        conversation: Id,
        /// How much.
        level: NotifyLevel,
    },
    /// Signal: somebody is typing, or no longer.
    Typing {
        /// Where.
        conversation: Id,
        /// Who.
        contact: Id,
        /// What they are called.
        name: String,
        /// Whether they are.
        on: bool,
    },
    /// Signal: something happened in the classroom, which is not private: a peer was heard or left, or
    /// something was said or read.
    Classroom {
        /// The conversation as it is now.
        conversation: Box<Conversation>,
        /// What was said, by them or by us.
        message: Option<Message>,
    },
    /// Signal: more has changed in the classroom than was told: list its conversations, and what is
    /// shown of them, anew.
    ClassroomChanged {},
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}
