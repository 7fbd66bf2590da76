//! What the network tells its owner.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use chinwag_core::ids::DeviceId;
use chinwag_core::input::Link;
use chinwag_core::ticket::Address;
use tokio::sync::OwnedSemaphorePermit;

use crate::why::{Ended, Why};
use chinwag_core::output::Lane;

/// Something that happened. Of one connection come first `Connected`, then its frames, then one
/// `Disconnected`.
#[derive(Debug)]
pub enum NetEvent {
    /// A connection is there. The other side has proven that it is that device.
    Connected {
        /// The connection.
        link: Link,
        /// The device.
        device: DeviceId,
        /// Whether we dialled.
        is_dialled: bool,
        /// Where the other side is, or by which relay it is reached, as far as is known by now.
        at: Option<Address>,
    },
    /// A connection is gone.
    Disconnected {
        /// The connection.
        link: Link,
        /// Why.
        why: Ended,
    },
    /// A frame came.
    Frame {
        /// On which connection.
        link: Link,
        /// In which lane.
        lane: Lane,
        /// Its bytes.
        bytes: Vec<u8>,
        /// The room it takes. Dropped with the event, or when the bytes are done with.
        held: Held,
    },
    /// An attempt to connect to a wanted device is over.
    Attempt {
        /// The device.
        device: DeviceId,
        /// Where it was looked for.
        at: Vec<Address>,
        /// How it went.
        outcome: Outcome,
    },
    /// A device is on the local network, or its addresses there are others now.
    Nearby {
        /// The device. Anybody may say so: nothing is proven before a connection is there.
        device: DeviceId,
        /// Where it says it is.
        addresses: Vec<SocketAddr>,
    },
    /// A device is no longer on the local network.
    NearbyGone {
        /// The device.
        device: DeviceId,
    },
    /// The local network can't be asked: no other device will be found there.
    LanUnavailable {
        /// What the system says.
        why: String,
    },
    /// Our own addresses are others now: tickets that have the old ones may lead nowhere.
    AddressesChanged(Vec<Address>),
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a connection.
    Connected,
    /// There is none.
    Failed {
        /// Why.
        why: DialFault,
        /// When it is tried again, if nothing new is learned before.
        next_in: Duration,
    },
}

/// Why an attempt failed, in words for whoever waits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialFault {
    /// There is nowhere to look for the device.
    #[error("no address of this device is known")]
    NoAddress,
    /// What is known of the device is a relay that may not be used; and nothing else leads there.
    #[error("this device is at the relay {0}, which is not among the relays in the config")]
    RelayNotInUse(String),
    /// The device can only be reached by relays, and we are not connected to them.
    #[error("the relay {0} can't be reached")]
    RelayAway(String),
    /// The device can only be reached by a relay, and does not answer there.
    #[error("nobody answers at the relay {0}: that device is off, or not connected to it")]
    NotAtRelay(String),
    /// The device is this one.
    #[error("this is our own device")]
    Ourselves,
    /// Nobody answered, and nothing else was heard either.
    #[error(
        "nobody answers: that device is off or asleep, or something in between lets nothing through"
    )]
    NobodyAnswers,
    /// There is a machine, and it says that nothing listens at that port.
    #[error("the machine is there, and Chinwag does not run at that port")]
    NobodyListens,
    /// There is no way to any of its addresses.
    #[error("there is no way to its addresses from here: we are offline, or in another network")]
    NoRoute,
    /// Somebody answered who is not that device.
    #[error("another device answers there")]
    WrongDevice,
    /// The other side speaks no protocol, or no key exchange, that we do.
    #[error("what answers there is no Chinwag that we can talk to: {0}")]
    Incompatible(String),
    /// The other side closed the connection before it was there.
    #[error("it was turned down: {0}")]
    TurnedDown(Why),
    /// The device is shut out for what it did.
    #[error("this device did what nobody may do, and is left alone for a while")]
    ShutOut,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl DialFault {
    /// Whether nobody said anything: it may be otherwise in a moment.
    pub(crate) const fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::NobodyAnswers | Self::NoRoute | Self::RelayAway(_) | Self::NotAtRelay(_)
        )
    }
}

/// Room that a received frame takes: while it is held, no other frame gets it.
#[derive(Default)]
pub struct Held {
    _permits: Vec<OwnedSemaphorePermit>,
}

impl Held {
    pub(crate) fn new(permits: Vec<OwnedSemaphorePermit>) -> Self {
        Self { _permits: permits }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

/// One live connection, as somebody looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerPath {
    /// The device.
    pub device: DeviceId,
    /// The connection.
    pub link: Link,
    /// Where the other side is, or by which relay it is reached; `None` while paths change.
    pub address: Option<Address>,
    /// The time to it and back.
    pub rtt: Option<Duration>,
    /// How long the connection has been there.
    pub since: Duration,
    /// Bytes sent, with all overhead of QUIC.
    pub bytes_sent: u64,
    /// Bytes received, with all overhead of QUIC.
    pub bytes_received: u64,
    /// Whether we dialled.
    pub is_dialled: bool,
}
