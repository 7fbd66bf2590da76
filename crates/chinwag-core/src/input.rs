//! What can happen to a node.

use crate::body::Content;
use crate::identity::Name;
use crate::ids::{AccountId, DeviceId};
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
    /// Make a ticket.
    Invite {
        /// Whether it may be used more than once.
        is_reusable: bool,
        /// How long it is good for, in seconds; `None`: until it is revoked.
        lifetime_s: Option<u32>,
        /// Where we can be reached.
        addresses: Vec<Address>,
    },
    /// Use a ticket: become contacts with whoever made it.
    Redeem(Ticket),
    /// Say something to a contact.
    Say {
        /// To whom.
        to: AccountId,
        /// What.
        content: Content,
    },
}
