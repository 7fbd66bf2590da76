//! Every limit of the network, in one place. What a frame may hold is the core's to say:
//! [`FRAME_MAX`].

use std::time::Duration;

pub use chinwag_core::wire::limits::FRAME_MAX;

/// The name of the protocol in the handshake. Another version has another name.
pub const ALPN: &[u8] = b"chinwag/1";

/// Bytes that wait to be sent in the live lane of one connection, each frame counted with
/// [`FRAME_COST`] on top. One more and the connection is closed: the other side does not read.
pub const LIVE_QUEUE_MAX: usize = 4 * FRAME_MAX;

/// The same for the bulk lane: as many of the longest frames as a peer may ask for at once, twice.
pub const BULK_QUEUE_MAX: usize = 16 * FRAME_MAX;

/// What a waiting frame costs besides its bytes, so that short frames are bounded as well.
pub const FRAME_COST: usize = 64;

/// Bytes of frames that are handed to QUIC at once.
pub const BATCH_MAX: usize = 64 * 1_024;

/// Bytes of a frame that is received without asking for room. Longer ones share
/// [`RECEIVED_MAX`].
pub const SMALL_FRAME_MAX: usize = 64 * 1_024;

/// Bytes of longer frames, from all connections together, that are half received or wait for the
/// owner of the network. The next one is not read before there is room.
pub const RECEIVED_MAX: usize = 16 * FRAME_MAX;

/// Frames of the bulk lanes of all connections that wait for the owner at the same time: so many a
/// live frame can be behind.
pub const BULK_WAITING_MAX: usize = 4;

/// How long a frame may take from its length to its last byte, plus a second for each
/// [`FRAME_BYTES_PER_SECOND`]: nobody holds room for nothing.
pub const FRAME_WITHIN: Duration = Duration::from_secs(30);

/// The slowest that a long frame may come.
pub const FRAME_BYTES_PER_SECOND: usize = 16 * 1_024;

/// How long a peer may take none of what is to be sent to it.
pub const STALL_MAX: Duration = Duration::from_mins(1);

/// What QUIC keeps of a stream that we have not read yet: one frame of a lane waits here while
/// the owner is busy.
pub const STREAM_WINDOW: u32 = 1_280 * 1_024;

/// What QUIC keeps of a connection that was not read or not confirmed, in each direction. More
/// than two streams have, so that a full bulk lane leaves room for the live one.
pub const CONNECTION_WINDOW: u32 = 4 * 1_024 * 1_024;

/// Silence after which a connection counts as lost. With [`KEEP_ALIVE_EVERY`] before it, because
/// asking begins it anew, this is what it takes to notice that a peer has vanished: 14 s.
pub const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Silence after which a direct way is given up, where a relay may be another one: what was sent goes that
/// way then. Longer than [`KEEP_ALIVE_EVERY`], which is what is sent when nothing else is.
pub const WAY_SILENCE_MAX: Duration = Duration::from_millis(4_500);

/// Silence after which we ask whether the peer is still there.
pub const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(4);

/// How long an attempt to connect may take.
pub const DIAL_WITHIN: Duration = Duration::from_secs(10);

/// How long all addresses are tried together before each is tried by itself as well.
pub const APART_AFTER: Duration = Duration::from_secs(2);

/// Addresses that are tried by themselves in one attempt: each takes an endpoint of its own.
pub const APART_MAX: usize = 4;

/// Endpoints of all attempts together that addresses are tried by themselves with.
pub const APART_ALL_MAX: usize = 64;

/// Sockets of all attempts together with which the system is asked why nobody answers. With a thousand
/// devices that are away there would be more than a process may open.
pub const PROBES_MAX: usize = 128;

/// Addresses of one device that are kept and tried.
pub const ADDRESSES_MAX: usize = 16;

/// Relays that may be used.
pub const RELAYS_MAX: usize = 8;

/// Relays of one device that are kept and tried.
pub const RELAYS_PER_DEVICE_MAX: usize = 4;

/// How long to wait for a place at a relay before we say where we can be reached. Where nothing but TCP
/// comes through iroh takes three seconds to find that out.
pub const HOME_RELAY_WITHIN: Duration = Duration::from_secs(5);

/// Devices that we try to stay connected to.
pub const WANTED_MAX: usize = 8_192;

/// Devices of the local network that we keep the addresses of.
pub const NEARBY_MAX: usize = 256;

/// How often we ask who is on the local network.
pub const LAN_QUERY_EVERY: Duration = Duration::from_secs(3);

/// When we ask beside that, after each change of our addresses and at the start: at once, and once more in case that
/// one of these packets was lost. Not before what listens is ready, and not more often than mDNS allows (RFC 6762, 5.2).
pub const LAN_ASKED_AFTER: [Duration; 2] =
    [Duration::from_millis(50), Duration::from_millis(1_100)];

/// Connections open at once, of all devices.
pub const LINKS_MAX: usize = 512;

/// Connections of one device. Below what the core takes, so that there is always room for a new
/// one: the oldest is closed.
pub const LINKS_PER_DEVICE_MAX: usize = 3;

/// Handshakes that others began and that are not complete.
pub const HANDSHAKES_MAX: usize = 64;

/// Handshakes after which whoever comes has to show first that its address is its own.
pub const HANDSHAKES_UNCHECKED_MAX: usize = 16;

/// The first pause after an attempt that failed; each one after it is twice as long.
pub const BACK_OFF_MIN: Duration = Duration::from_secs(1);

/// The longest pause between two attempts.
pub const BACK_OFF_MAX: Duration = Duration::from_mins(5);

/// For how long after a connection was lost the pauses stay short while nobody answers: whatever is in the
/// way may be gone in a moment, a link that is down, a machine that sleeps or a relay that is started anew.
pub const MISSED_FOR: Duration = Duration::from_mins(10);

/// The longest pause in that time.
pub const MISSED_PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long a connection has to last for the pauses to begin anew after it.
pub const STEADY_AFTER: Duration = Duration::from_secs(30);

/// The longest pause before the first attempt after a connection was lost. It is random, so that
/// two who lost each other rarely dial at the same moment.
pub const REDIAL_WITHIN: Duration = Duration::from_millis(500);

/// How long a connection is kept after a better one to the same device is there.
pub const OVERLAP: Duration = Duration::from_secs(2);

/// How long a connection that is given up in good order may take to hand over what is under way.
pub const RETIRE_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection that is closed may take to hand over what was sent before.
pub const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// How long we wait for the other side to close a connection that both are done with.
pub const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// How long all connections together may take to end when the network is stopped.
pub const STOP_WITHIN: Duration = Duration::from_millis(500);

/// How long the endpoint may take to tell everybody after that.
pub const ENDPOINT_CLOSE_WITHIN: Duration = Duration::from_millis(300);

/// How often a remembered port is tried before any other is taken.
pub const PORT_TRIES: u32 = 10;

/// The pause between two of these tries.
pub const PORT_PAUSE: Duration = Duration::from_millis(50);

/// How old a session gets at most. Its dialler replaces it before, at [`RENEW_AT`] of this.
pub const RENEW_AFTER: Duration = Duration::from_hours(1);

/// At how many hundredths of its greatest age a session is renewed: between these.
pub const RENEW_AT: (u32, u32) = (75, 90);

/// The first pause for a device that did what nobody may do; each further one is twice as long.
pub const SHUT_OUT_MIN: Duration = Duration::from_secs(10);

/// The longest such pause.
pub const SHUT_OUT_MAX: Duration = Duration::from_hours(1);

/// Devices that are shut out at the same time. One more takes the place of the one that comes
/// back next.
pub const SHUT_OUTS_MAX: usize = 1_024;

/// How long one step may take when the way to a relay is examined: to find its address, to connect, to be
/// answered.
pub const EXAMINED_STEP_WITHIN: Duration = Duration::from_millis(2_500);

/// Addresses of one relay that are tried when the way to it is examined.
pub const EXAMINED_ADDRESSES_MAX: usize = 4;

/// Bytes of a relay's answer that are read when the way to it is examined.
pub const EXAMINED_HEAD_MAX: usize = 16 * 1_024;

/// How long connections may take to end before packets are sent to our own address outside.
pub const HAIRPIN_AFTER: Duration = Duration::from_secs(1);

/// How often a packet is sent to our own address outside.
pub const HAIRPIN_TRIES: u32 = 3;

/// How long is waited each time.
pub const HAIRPIN_EVERY: Duration = Duration::from_millis(300);

/// How many routers such a packet passes at most: a relay that lies of where it sees us has it sent to
/// nobody who is far away.
pub const HAIRPIN_HOPS: u32 = 6;

const _: () = assert!(SILENCE_MAX.as_secs() + KEEP_ALIVE_EVERY.as_secs() < 15);
const _: () = assert!(WAY_SILENCE_MAX.as_millis() > KEEP_ALIVE_EVERY.as_millis());
const _: () = assert!(CONNECTION_WINDOW > 2 * STREAM_WINDOW);
