//! Every limit of the classroom protocol, in one place.

use std::time::Duration;

/// Bytes of one message on the wire, header included. The existing programs call `recv(1024)` once
/// and take what it returns for the whole message.
pub const WIRE_MESSAGE_MAX: usize = 1_024;

/// Bytes of one received message. A longer one is handed on in several parts, none of it lost.
/// Holds 10,000 characters of any script.
pub const MESSAGE_MAX: usize = 48 * 1_024;

/// Bytes read from a connection at a time.
pub const READ_MAX: usize = 1_024;

/// Bytes that all connections together hold of unfinished messages. Beyond it a connection hands
/// on what it has as a part and goes on with an empty buffer. It reads no further until that is
/// taken.
pub const HELD_MAX: usize = 16 * 1_024 * 1_024;

/// Connections open at once. One more closes the one that has been quiet for the longest.
pub const CONNECTIONS_MAX: usize = 512;

/// What was heard and not yet taken by the owner of the listener; after that connections wait.
pub const EVENTS_MAX: usize = 32;

/// Connections that hand on what they heard at the same time; the others wait with their bytes
/// unread. A message as text can take three times its bytes.
pub const HANDING_ON_MAX: usize = 32;

/// Connections the kernel holds for us before we accept them.
pub const BACKLOG: i32 = 1_024;

/// Peers listed. One more takes the place of the one heard least recently among those of the
/// host that has most of them.
pub const PEERS_MAX: usize = 4_096;

/// Connections we open at once when something is told to many peers.
pub const DIALS_MAX: usize = 256;

/// Bytes of a team name that is ours.
pub const TEAM_MAX: usize = 64;

/// Bytes of a team name as a peer writes it. A longer one fits no dialect.
pub const TEAM_HEARD_MAX: usize = 256;

/// Bytes of a text to be sent: about a thousand wire messages.
pub const TEXT_MAX: usize = 1_024 * 1_024;

/// How long a connection may take to come about and to take our bytes.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Addresses of one host name that are tried.
pub const ADDRESSES_MAX: usize = 8;

/// How long one address of a host name is tried alone before the next is tried beside it
/// (RFC 8305 section 5, "Connection Attempt Delay").
pub const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// How long we wait for the other side to close or to answer after it has everything.
pub const CONFIRM_WAIT: Duration = Duration::from_millis(500);

/// The same for further parts of a text whose first part was not confirmed.
pub const CONFIRM_WAIT_AGAIN: Duration = Duration::from_millis(50);

/// Silence after which a message that ended in a newline is taken as complete although the
/// connection stays open. More than the 200 ms after which TCP sends again what was lost.
pub const QUIET_LINE: Duration = Duration::from_millis(500);

/// Silence after which a message without an end is taken as complete although the connection
/// stays open.
pub const QUIET_TEXT: Duration = Duration::from_secs(2);

/// How long a connection may stay open without anything that fits a dialect.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long a static peer may take to answer our `connect` at start: it is often away.
pub const GREET_TIMEOUT: Duration = Duration::from_secs(2);

/// How long saying `exit` to everybody may take in all.
pub const FAREWELL_MAX: Duration = Duration::from_secs(5);
