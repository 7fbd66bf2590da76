//! One connection, from its first frame to its last.
//!
//! What always holds: its owner hears `Connected` before the first frame and one `Disconnected`
//! after the last; a connection that ends in good order loses no frame in either direction; and
//! what one peer can make us keep is bounded, whatever it sends and whatever it does not read.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chinwag_core::ids::DeviceId;
use chinwag_core::input::Link;
use chinwag_core::ticket::Address;
use iroh::TransportAddr;
use iroh::endpoint::{Connection, ConnectionError, Path, VarInt, WriteError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::event::{NetEvent, PeerPath};
use crate::lane::OnWire as _;
use crate::limits::{
    BULK_QUEUE_MAX, FAREWELL_WITHIN, FLUSH_WITHIN, LIVE_QUEUE_MAX, RETIRE_WITHIN, STALL_MAX,
};
use crate::queue::{NotTaken, Queue};
use crate::reading;
use crate::relays::written;
use crate::state::Shared;
use crate::why::{Ended, Why};
use chinwag_core::output::Lane;

/// One connection, as others see it.
pub(crate) struct Session {
    pub(crate) link: Link,
    pub(crate) device: DeviceId,
    pub(crate) is_dialled: bool,
    pub(crate) since: Instant,
    connection: Connection,
    live: Queue,
    bulk: Queue,
    ending: watch::Sender<Option<Ending>>,
    /// Its owner has heard of it.
    is_told: AtomicBool,
    /// Its owner has heard that it is gone.
    is_over: AtomicBool,
}

/// How a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In good order: everything under way arrives, in both directions.
    Retire(Why),
    /// What was sent goes out; nothing more is taken in.
    Shut(Why),
    /// At once.
    Cut(Why),
}

impl Ending {
    const fn why(self) -> Why {
        match self {
            Self::Retire(why) | Self::Shut(why) | Self::Cut(why) => why,
        }
    }

    /// What is more urgent replaces what is less.
    const fn urgency(self) -> u8 {
        match self {
            Self::Retire(_) => 1,
            Self::Shut(_) => 2,
            Self::Cut(_) => 3,
        }
    }
}

/// A frame was not sent, and will not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The connection is gone, or about to be.
    #[error("this connection is gone")]
    Gone,
    /// Too much waits already. The connection is closed for it.
    #[error("the other side does not read what is sent to it")]
    DoesNotRead,
    /// No frame is empty, and none longer than [`FRAME_MAX`](crate::limits::FRAME_MAX).
    #[error("a frame of {0} bytes can't be sent")]
    Length(usize),
}

impl Session {
    pub(crate) fn new(
        link: Link,
        device: DeviceId,
        is_dialled: bool,
        connection: Connection,
    ) -> Self {
        Self {
            link,
            device,
            is_dialled,
            since: Instant::now(),
            connection,
            live: Queue::new(Lane::Live, LIVE_QUEUE_MAX),
            bulk: Queue::new(Lane::Bulk, BULK_QUEUE_MAX),
            ending: watch::Sender::new(None),
            is_told: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }
    }

    /// Puts a frame into its lane. Never waits.
    pub(crate) fn send(&self, lane: Lane, frame: Vec<u8>) -> Result<(), NotSent> {
        let pushed = match lane {
            Lane::Live => self.live.push(0, frame),
            Lane::Bulk => self.bulk.push(self.live.pushed(), frame),
        };
        pushed.map_err(|not_taken| match not_taken {
            NotTaken::Closed => NotSent::Gone,
            NotTaken::Full => {
                self.end(Ending::Cut(Why::DoesNotRead));
                NotSent::DoesNotRead
            }
        })
    }

    /// Ends the connection. From here on nothing is taken to be sent.
    pub(crate) fn end(&self, ending: Ending) {
        self.live.close();
        self.bulk.close();
        self.ending.send_if_modified(|now| {
            let is_more = now.is_none_or(|now| ending.urgency() > now.urgency());
            if is_more {
                *now = Some(ending);
            }
            is_more
        });
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.borrow().is_some()
    }

    /// Whether its owner knows of it, and does not know that it is gone.
    pub(crate) fn is_missed(&self) -> bool {
        self.is_told.load(Ordering::Acquire) && !self.is_over()
    }

    /// Whether its end was told.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Closes it as it is.
    pub(crate) fn close(&self, why: Why) {
        self.connection.close(VarInt::from_u32(why.code()), b"");
    }

    /// Where the other side is.
    pub(crate) fn address(&self) -> Option<Address> {
        address_of(&self.connection)
    }

    pub(crate) fn look(&self) -> PeerPath {
        let paths = self.connection.paths();
        let path = paths.iter().find(Path::is_selected);
        let stats = self.connection.stats();
        PeerPath {
            device: self.device,
            link: self.link,
            address: self.address(),
            rtt: path.map(|path| path.rtt()),
            since: self.since.elapsed(),
            bytes_sent: stats.udp_tx.bytes,
            bytes_received: stats.udp_rx.bytes,
            is_dialled: self.is_dialled,
        }
    }
}

/// Where the other end of a connection is, or which relay leads there: the path in use, or the only one.
pub(crate) fn address_of(connection: &Connection) -> Option<Address> {
    let paths = connection.paths();
    let path = paths.iter().find(Path::is_selected).or_else(|| paths.iter().next())?;
    match path.remote_addr() {
        TransportAddr::Ip(address) => Some(Address::Direct(*address)),
        TransportAddr::Relay(url) => Some(Address::Relay(written(url))),
        _ => None,
    }
}

/// Lives the life of a connection, and tells of it.
pub(crate) async fn run(session: Arc<Session>, shared: Arc<Shared>) {
    let (link, device) = (session.link, session.device);
    let at = session.address();
    let is_dialled = session.is_dialled;
    shared.tell(NetEvent::Connected { link, device, is_dialled, at }).await;
    session.is_told.store(true, Ordering::Release);
    let why = carry(&session, &shared).await;
    session.end(Ending::Cut(Why::Done));
    {
        let mut state = shared.lock();
        if let Ended::ByUs(why) = why
            && why.is_serious()
        {
            state.shut_out(device);
        }
        state.remove(link);
    }
    shared.tell(NetEvent::Disconnected { link, why }).await;
    session.is_over.store(true, Ordering::Release);
}

/// Carries frames both ways until the connection has ended.
async fn carry(session: &Session, shared: &Shared) -> Ended {
    let mut reading = pin!(reading::read(&session.connection, session.link, shared));
    let mut writing = pin!(write(session));
    let mut ending = session.ending.subscribe();
    // It may have been told to end before.
    ending.mark_changed();
    let (mut reads, mut writes) = (true, true);
    let mut deadline = None;
    let too_old = session.since + shared.renew_after;
    while reads || writes {
        tokio::select! {
            _ = ending.changed() => {
                let now = *ending.borrow_and_update();
                match now {
                    Some(Ending::Cut(_)) => break,
                    Some(Ending::Shut(_)) => {
                        reads = false;
                        deadline = Some(Instant::now() + FLUSH_WITHIN);
                    }
                    Some(Ending::Retire(_)) => deadline = Some(Instant::now() + RETIRE_WITHIN),
                    None => {}
                }
            }
            read = &mut reading, if reads => {
                reads = false;
                match read {
                    // It is done: so are we, when what waits is sent.
                    Ok(()) => session.end(Ending::Retire(Why::Done)),
                    Err(Fault::Lost) => break,
                    Err(Fault::Theirs(why)) => session.end(Ending::Cut(why)),
                }
            }
            written = &mut writing, if writes => {
                writes = false;
                // When the connection is lost, what came before that is still read.
                if let Err(Fault::Theirs(why)) = written {
                    session.end(Ending::Cut(why));
                }
            }
            () = sleep_until(too_old), if !session.is_ending() => session.end(Ending::Retire(Why::Old)),
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => break,
        }
    }
    farewell(session).await
}

/// Closes the connection, or lets the other side close it, and says how it ended.
async fn farewell(session: &Session) -> Ended {
    let ending = *session.ending.borrow();
    // Who is done because the other side is lets it say why.
    if ending == Some(Ending::Retire(Why::Done)) {
        let _ = timeout(FAREWELL_WITHIN, session.connection.closed()).await;
    }
    let ours = ending.map_or(Why::Done, Ending::why);
    let ended = match session.connection.close_reason() {
        None => Ended::ByUs(ours),
        Some(error) => ended_by(&error, ours),
    };
    session.close(ours);
    ended
}

fn ended_by(error: &ConnectionError, ours: Why) -> Ended {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            Ended::ByPeer(Why::from_code(close.error_code.into_inner()))
        }
        ConnectionError::LocallyClosed => Ended::ByUs(ours),
        ConnectionError::TimedOut | ConnectionError::Reset => Ended::Vanished,
        other => Ended::Broken(other.to_string()),
    }
}

/// Why reading or writing came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is gone.
    Lost,
    /// The other side is at fault.
    Theirs(Why),
}

/// Sends what waits in both lanes until both are closed and everything was received.
async fn write(session: &Session) -> Result<(), Fault> {
    tokio::try_join!(
        write_lane(session, Lane::Live, &session.live),
        write_lane(session, Lane::Bulk, &session.bulk)
    )?;
    Ok(())
}

async fn write_lane(session: &Session, lane: Lane, queue: &Queue) -> Result<(), Fault> {
    let mut stream = session.connection.open_uni().await.map_err(|_| Fault::Lost)?;
    let priority = i32::from(lane == Lane::Live);
    stream.set_priority(priority).map_err(|_| Fault::Lost)?;
    let mut batch = vec![lane.number()];
    loop {
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let written = timeout(STALL_MAX, stream.write(rest)).await;
            let written = written.map_err(|_| Fault::Theirs(Why::DoesNotRead))?;
            let written = written.map_err(|error| match error {
                WriteError::Stopped(_) => Fault::Theirs(Why::WrongStream),
                _ => Fault::Lost,
            })?;
            rest = rest.get(written..).unwrap_or_default();
        }
        match queue.take().await {
            Some(next) => batch = next,
            None => break,
        }
    }
    stream.finish().map_err(|_| Fault::Lost)?;
    stream.stopped().await.map_err(|_| Fault::Lost)?;
    Ok(())
}
