//! The listening socket: accepts, reads, answers, and hands on what was heard.
//!
//! One task accepts; one task a connection reads. Every number is bounded: connections, bytes
//! held, events not yet taken. When a bound is reached the connection that has been quiet for the
//! longest gives way, after what it said has been handed on.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::dialect::Silence;
use crate::limits::{
    BACKLOG, CONNECTIONS_MAX, EVENTS_MAX, HANDING_ON_MAX, HELD_MAX, QUIET_LINE, QUIET_TEXT,
    READ_MAX, SILENCE_MAX,
};
use crate::receiver::{Closing, Heard, Output, Receiver};

/// How long accepting pauses when the system gives us no more sockets.
const NO_SOCKETS_PAUSE: Duration = Duration::from_millis(20);

/// Something heard, and how.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where the connection really came from.
    pub origin: SocketAddr,
    /// When, by our clock.
    pub at: SystemTime,
    /// What.
    pub heard: Heard,
}

/// Why we can't listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has the port.
    #[error("port {} is already in use on {}", .0.port(), .0.ip())]
    InUse(SocketAddr),
    /// The address is not one of this machine's.
    #[error("{} is not an address of this machine", .0.ip())]
    NotOurs(SocketAddr),
    /// Ports below 1024 are for the system on most machines.
    #[error("this user may not listen on port {}", .0.port())]
    NotAllowed(SocketAddr),
    /// Anything else.
    #[error("can't listen on {0}")]
    Other(SocketAddr, #[source] io::Error),
}

/// A listening socket and the tasks behind it. Dropping it ends them all.
#[derive(Debug)]
pub struct Listener {
    local: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Listener {
    /// Listens on `port` of `ip`, or of every address of this machine if there is none. Must be
    /// called within a tokio runtime. What is heard comes out of the receiver, in order for each
    /// connection; while nobody takes it, connections wait.
    pub fn bind(
        ip: Option<IpAddr>,
        port: u16,
    ) -> Result<(Self, mpsc::Receiver<Incoming>), BindError> {
        let socket = match ip {
            Some(ip) => listening(SocketAddr::new(ip, port))?,
            None => listening_everywhere(port)?,
        };
        let wanted = SocketAddr::new(ip.unwrap_or(Ipv4Addr::UNSPECIFIED.into()), port);
        let other = |error| BindError::Other(wanted, error);
        let local = socket.local_addr().map_err(other)?;
        let socket = TcpListener::from_std(socket).map_err(other)?;
        let (events, incoming) = mpsc::channel(EVENTS_MAX);
        let (stop, stopped) = watch::channel(false);
        let shared = Shared {
            our_port: local.port(),
            events,
            held: Arc::new(AtomicUsize::new(0)),
            handing_on: Arc::new(Semaphore::new(HANDING_ON_MAX)),
            stopped,
        };
        let accepting = tokio::spawn(accept_all(socket, shared));
        Ok((Self { local, stop, accepting }, incoming))
    }

    /// Where it listens: the unspecified address for all of them.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Stops accepting, hands on what the open connections have said so far, closes them, and
    /// returns when all that is done. The events must still be taken meanwhile.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The only error is that the task panicked, and then there is nothing left to wait for.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What every connection's task has.
#[derive(Clone)]
struct Shared {
    our_port: u16,
    events: mpsc::Sender<Incoming>,
    held: Arc<AtomicUsize>,
    handing_on: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

fn listening_everywhere(port: u16) -> Result<std::net::TcpListener, BindError> {
    let v6 = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port);
    match listening(v6) {
        // No IPv6 on this machine.
        Err(BindError::Other(..) | BindError::NotOurs(..)) => {
            listening(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))
        }
        other => other,
    }
}

fn listening(address: SocketAddr) -> Result<std::net::TcpListener, BindError> {
    let listen = || -> io::Result<std::net::TcpListener> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        if address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED) {
            socket.set_only_v6(false)?;
        }
        // Elsewhere it would let two programs share the port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    listen().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        io::ErrorKind::AddrNotAvailable => BindError::NotOurs(address),
        io::ErrorKind::PermissionDenied => BindError::NotAllowed(address),
        _ => BindError::Other(address, error),
    })
}

async fn accept_all(socket: TcpListener, shared: Shared) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut stopped = shared.stopped.clone();
    let mut open = Open::default();
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Ok((stream, origin)) = accepted else {
            // The system is out of sockets, or the peer is gone already.
            open.close_quietest();
            tokio::time::sleep(NO_SOCKETS_PAUSE).await;
            continue;
        };
        if slots.available_permits() == 0 {
            open.close_quietest();
        }
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Ok(slot) = slot else { break };
        let origin = SocketAddr::new(origin.ip().to_canonical(), origin.port());
        let give_way = open.add();
        tasks.spawn(Connection::new(stream, origin, give_way, shared.clone()).run(slot));
    }
    drop(socket);
    while tasks.join_next().await.is_some() {}
}

/// The open connections, as far as choosing the quietest needs.
#[derive(Default)]
struct Open {
    next: u64,
    by_id: BTreeMap<u64, Arc<GiveWay>>,
}

/// How the acceptor asks a connection to end, and the connection shows how long it has been quiet.
struct GiveWay {
    wanted: Notify,
    heard_ms: AtomicUsize,
    since: Instant,
}

impl GiveWay {
    fn heard_now(&self) {
        let ms = usize::try_from(self.since.elapsed().as_millis()).unwrap_or(usize::MAX);
        self.heard_ms.store(ms, Ordering::Relaxed);
    }

    fn last_heard(&self) -> Instant {
        self.since + Duration::from_millis(self.heard_ms.load(Ordering::Relaxed) as u64)
    }
}

impl Open {
    fn add(&mut self) -> Arc<GiveWay> {
        self.by_id.retain(|_, connection| Arc::strong_count(connection) > 1);
        let connection = Arc::new(GiveWay {
            wanted: Notify::new(),
            heard_ms: AtomicUsize::new(0),
            since: Instant::now(),
        });
        self.by_id.insert(self.next, Arc::clone(&connection));
        self.next += 1;
        connection
    }

    fn close_quietest(&mut self) {
        let living = self.by_id.iter().filter(|(_, c)| Arc::strong_count(c) > 1);
        if let Some(id) = living.min_by_key(|(_, c)| c.last_heard()).map(|(id, _)| *id)
            && let Some(connection) = self.by_id.remove(&id)
        {
            connection.wanted.notify_one();
        }
    }
}

/// One connection's reader.
struct Connection {
    stream: TcpStream,
    origin: SocketAddr,
    receiver: Receiver,
    give_way: Arc<GiveWay>,
    shared: Shared,
    /// Our part of what all connections hold.
    held: usize,
    /// It does not take what it asks for: it gets no more answers, and is closed.
    is_deaf: bool,
    /// It gives way to others, or we stop.
    must_end: bool,
}

/// What happens to a connection.
enum Happening {
    Bytes(usize),
    Ended(Closing),
    Silent(Silence),
    MustEnd,
}

impl Connection {
    fn new(stream: TcpStream, origin: SocketAddr, give_way: Arc<GiveWay>, shared: Shared) -> Self {
        let receiver = Receiver::new(origin, shared.our_port);
        Self {
            stream,
            origin,
            receiver,
            give_way,
            shared,
            held: 0,
            is_deaf: false,
            must_end: false,
        }
    }

    async fn run(mut self, _slot: OwnedSemaphorePermit) {
        let mut bytes = [0; READ_MAX];
        loop {
            let ended = match self.wait(&mut bytes).await {
                Happening::Bytes(len) => {
                    self.give_way.heard_now();
                    self.receiver.push(bytes.get(..len).unwrap_or_default());
                    false
                }
                Happening::Silent(silence) => {
                    self.receiver.fall_silent(silence);
                    false
                }
                Happening::Ended(closing) => {
                    self.receiver.close(closing);
                    true
                }
                Happening::MustEnd => {
                    self.must_end = true;
                    self.read_what_is_there(&mut bytes);
                    self.receiver.close(Closing::Finished);
                    true
                }
            };
            if self.hand_on().await.is_err() || ended {
                return;
            }
            if self.is_deaf || self.must_end {
                // What it has begun to say is still heard.
                self.must_end = true;
                self.receiver.close(Closing::Finished);
                let _ = self.hand_on().await;
                return;
            }
        }
    }

    async fn wait(&mut self, bytes: &mut [u8]) -> Happening {
        let (silence, patience) = match self.receiver.awaits() {
            Some(Silence::Brief) => (Some(Silence::Brief), QUIET_LINE),
            Some(silence) => (Some(silence), QUIET_TEXT.saturating_sub(QUIET_LINE)),
            None => (None, SILENCE_MAX),
        };
        let may_stay = silence.is_none() && self.receiver.is_understood();
        let mut stopped = self.shared.stopped.clone();
        tokio::select! {
            biased;
            read = tokio::io::AsyncReadExt::read(&mut self.stream, bytes) => match read {
                Ok(0) => Happening::Ended(Closing::Finished),
                Ok(len) => Happening::Bytes(len),
                Err(_) => Happening::Ended(Closing::Broken),
            },
            () = self.give_way.wanted.notified() => Happening::MustEnd,
            _ = stopped.wait_for(|stopped| *stopped) => Happening::MustEnd,
            () = tokio::time::sleep(patience), if !may_stay => match silence {
                Some(silence) => Happening::Silent(silence),
                None => Happening::MustEnd,
            },
        }
    }

    /// One last read that does not wait: a connection that gives way may have just spoken.
    fn read_what_is_there(&mut self, bytes: &mut [u8]) {
        if let Ok(len) = self.stream.try_read(bytes) {
            self.receiver.push(bytes.get(..len).unwrap_or_default());
        }
    }

    /// Hands on what was heard and writes what is expected back, one thing at a turn, so that those
    /// who talk without end keep nobody waiting for long. An error: nobody listens.
    async fn hand_on(&mut self) -> Result<(), mpsc::error::SendError<Incoming>> {
        loop {
            let _turn = self.turn().await;
            let Some(output) = self.receiver.poll() else { break };
            self.account();
            match output {
                Output::Heard(heard) => self.send(heard).await?,
                Output::Answer(answer) => self.answer(&answer),
            }
        }
        if self.account() > HELD_MAX {
            let _turn = self.turn().await;
            if let Some(part) = self.receiver.part() {
                self.account();
                self.send(part).await?;
            }
        }
        Ok(())
    }

    /// Waits for a turn, of which there are [`HANDING_ON_MAX`] at a time. Who has to end goes first:
    /// somebody waits for the place.
    async fn turn(&mut self) -> Option<OwnedSemaphorePermit> {
        if self.must_end {
            return None;
        }
        tokio::select! {
            turn = Arc::clone(&self.shared.handing_on).acquire_owned() => turn.ok(),
            () = self.give_way.wanted.notified() => {
                self.must_end = true;
                None
            }
        }
    }

    async fn send(&self, heard: Heard) -> Result<(), mpsc::error::SendError<Incoming>> {
        let incoming = Incoming { origin: self.origin, at: SystemTime::now(), heard };
        self.shared.events.send(incoming).await
    }

    /// An answer is a few bytes. Who has no room for them does not read, and is not waited for:
    /// what was said has been heard.
    fn answer(&mut self, answer: &[u8]) {
        self.is_deaf |= self.stream.try_write(answer).ok() != Some(answer.len());
    }

    /// Brings our part of what all connections hold up to date; the whole of it.
    fn account(&mut self) -> usize {
        let now = self.receiver.held();
        let before = std::mem::replace(&mut self.held, now);
        let all = &self.shared.held;
        all.fetch_add(now, Ordering::Relaxed);
        all.fetch_sub(before, Ordering::Relaxed).saturating_sub(before)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}
