//! What can happen to a node.

use crate::body::{Content, Text};
use crate::identity::Name;
use crate::ids::{AccountId, ClientId, ConversationId, DeviceId, EntryId};
use crate::membership::{GroupTicket, Right, Setting};
use crate::ticket::{Address, Ticket};

/// Names a command, so that its reply can be told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// Names a live connection. Never used twice while the node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(pub u64);

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody here wants something.
    Command(Token, Command),
    /// A connection to a device is there. Its other end has proven that it is that device.
    Connected {
        /// The connection.
        link: Link,
        /// The device.
        device: DeviceId,
        /// Whether we dialled: who does says first who they are.
        is_dialled: bool,
    },
    /// A connection is gone.
    Disconnected {
        /// The connection.
        link: Link,
    },
    /// Bytes of one message came.
    Frame {
        /// On which connection.
        link: Link,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The time of [`Node::deadline`](crate::node::Node::deadline) has come.
    Tick,
}

/// What somebody can want.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make an account with this device.
    Init {
        /// What the account is called.
        name: Name,
        /// What the device is called.
        device_name: Name,
    },
    /// Make this a device of an account that exists.
    Restore {
        /// The account's seed, which its recovery words stand for.
        account_seed: [u8; 32],
        /// What the device is called.
        device_name: Name,
    },
    /// Call our account something else.
    Rename(Name),
    /// A device of ours is no longer ours: what it writes from now on does not count.
    Revoke(DeviceId),
    /// Make a ticket.
    Invite {
        /// Whether it may be used more than once.
        is_reusable: bool,
        /// How long it is good for, in seconds; `None`: until it is revoked.
        lifetime_s: Option<u32>,
        /// Where we can be reached.
        addresses: Vec<Address>,
    },
    /// Take an invitation back, by the secret of its ticket.
    Uninvite([u8; 16]),
    /// Use a ticket: become contacts with whoever made it; or, if it is of another device of ours,
    /// find it. With a card that is [to ask](Self::Ask) without a word.
    Redeem(Ticket),
    /// Ask somebody whom we know by their device to become a contact.
    Ask {
        /// Who.
        account: AccountId,
        /// Their device.
        device: DeviceId,
        /// Where it may be found.
        addresses: Vec<Address>,
        /// One line for them.
        text: String,
    },
    /// Make a contact of somebody who asked.
    Accept(AccountId),
    /// Forget the request of somebody.
    Decline(AccountId),
    /// What we call somebody; `None`: by their own name.
    Call(AccountId, Option<Name>),
    /// Whether we compared the safety number with somebody.
    Verify(AccountId, bool),
    /// Whether somebody is kept from reaching us.
    Block(AccountId, bool),
    /// Say something to a contact.
    Say {
        /// To whom.
        to: AccountId,
        /// What.
        content: Content,
        /// A name for this saying, if whoever wants it may ask again because it did not hear the
        /// answer: the same name again is the same entry, not a second one.
        client_id: Option<ClientId>,
    },
    /// Begin a group. It answers with the entry that does; its conversation is the group.
    CreateGroup(Name),
    /// Let somebody into a group, or give them another right.
    Grant {
        /// The group.
        group: ConversationId,
        /// Who.
        account: AccountId,
        /// What they may.
        right: Right,
    },
    /// Take somebody's rights in a group away; or leave it, or step down.
    Remove {
        /// The group.
        group: ConversationId,
        /// Who.
        account: AccountId,
        /// What they may from then on.
        keeps: Option<Right>,
    },
    /// Join a group that we were let into, or that somebody invited us to. Whoever writes in one that is
    /// here does so anyway.
    JoinGroup(ConversationId),
    /// Make a ticket to a group: whoever has it may join, until it is revoked or ends.
    MakeTicket {
        /// The group.
        group: ConversationId,
        /// How long it is good for, in seconds; `None`: until it is revoked.
        lifetime_s: Option<u32>,
        /// Where we can be reached.
        addresses: Vec<Address>,
    },
    /// Take a ticket to a group back. Who joined by it stays.
    RevokeTicket {
        /// The group.
        group: ConversationId,
        /// The operation that made the ticket.
        ticket: EntryId,
    },
    /// Use a ticket to a group: join it, as soon as a member lets us in.
    UseTicket(GroupTicket),
    /// Want nothing of a group that somebody invited us to, or to which a ticket was taken.
    DeclineGroup(ConversationId),
    /// Change a setting of a group.
    SetGroup(ConversationId, Setting),
    /// Say something in a group.
    SayInGroup {
        /// The group.
        group: ConversationId,
        /// What.
        content: Content,
        /// A name for this saying, as in [`Say`](Self::Say).
        client_id: Option<ClientId>,
    },
    /// Change what a message of ours says.
    Edit {
        /// The message.
        of: EntryId,
        /// What it says now.
        text: Text,
    },
    /// React to a message, or no longer.
    React {
        /// The message.
        to: EntryId,
        /// The emoji.
        emoji: String,
        /// Whether the reaction begins or ends.
        is_on: bool,
    },
    /// Have a message of ours deleted everywhere.
    Retract(EntryId),
    /// What is here of the conversation with somebody is read.
    MarkRead(AccountId),
    /// What is here of a group is read.
    MarkReadIn(ConversationId),
    /// Whether we are typing in a group.
    TypingIn(ConversationId, bool),
    /// Whether we are typing to somebody.
    Typing(AccountId, bool),
    /// Whether somebody sits before this device.
    Presence(bool),
    /// Make bundles for the devices of a contact, of somebody in a group with us, or of our own: whatever they are not known to
    /// have. For an account whose ticket was redeemed, and that was [met](Self::Meet): a bundle
    /// that shows the invitation.
    Export(AccountId),
    /// Make bundles for all devices of the members of a group.
    ExportGroup(ConversationId),
    /// Open a bundle.
    Import(Vec<u8>),
    /// Write down who we are, for somebody who is to seal bundles for us: no secret.
    Introduce,
    /// Read who somebody is: a contact, somebody whose ticket was redeemed, or ourselves.
    Meet(Vec<u8>),
}
