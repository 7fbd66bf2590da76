//! The machine's own limit: threads, blocking sockets, and nothing that is ours.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use chinwag_classroom::limits::{BACKLOG, READ_MAX};
use chinwag_classroom::{Act, Claim, Dialect};
use socket2::{Domain, Socket, Type};

/// Bytes of a message on the wire.
const MESSAGE_LEN: usize = 100;

/// Connections before the sink must have taken all of them: fewer than the kernel keeps for it
/// ([`BACKLOG`]). One more than that is dropped and tried again after a second (RFC 6298 section
/// 2.1), and then that second is what is measured.
const BURST: usize = 400;

/// A message that has not arrived by then is lost, and the measurement with it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who sends, in all of this.
pub(crate) fn me() -> Claim {
    Claim { address: "127.0.0.1:4000".parse().unwrap(), team: "red".into() }
}

/// A text that is [`MESSAGE_LEN`] bytes on the wire.
pub(crate) fn text() -> String {
    let header = Dialect::Plain.write(&me(), &Act::Text(String::new())).body.len();
    "x".repeat(MESSAGE_LEN - header)
}

/// The bytes of that text's message.
pub(crate) fn message() -> Vec<u8> {
    let message = Dialect::Plain.write(&me(), &Act::Text(text())).body;
    assert_eq!(message.len(), MESSAGE_LEN);
    message
}

/// Another address of this machine, every time: a connection leaves its ports behind for a minute,
/// and an address has only some 28,000 of them.
pub(crate) fn fresh(port: u16) -> SocketAddr {
    static USED: AtomicU32 = AtomicU32::new(0);
    let base = u32::from(Ipv4Addr::new(127, 2, 0, 1));
    let ip = Ipv4Addr::from(base + USED.fetch_add(1, Ordering::Relaxed));
    SocketAddr::new(ip.into(), port)
}

/// How the bare sender ends a message.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Closes, as the classroom programs do: whether it arrived is not known.
    Closes,
    /// Says that this was all, and waits until the other side has closed: it arrived.
    Waits,
}

/// Connects, writes, and ends.
pub(crate) fn send(to: SocketAddr, message: &[u8], manner: Manner) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(message).unwrap();
    if let Manner::Waits = manner {
        stream.shutdown(Shutdown::Write).unwrap();
        while stream.read(&mut [0; 512]).unwrap() > 0 {}
    }
}

/// Counts what arrived, and says when it was as much as somebody waits for.
pub(crate) struct Tally {
    arrived: AtomicUsize,
    awaited: AtomicUsize,
    reached: mpsc::Sender<Instant>,
}

/// The other end of a tally.
pub(crate) struct Awaiting {
    tally: Arc<Tally>,
    reached: mpsc::Receiver<Instant>,
}

impl Awaiting {
    pub(crate) fn new() -> (Arc<Tally>, Self) {
        let (reached, awaiting) = mpsc::channel();
        let (arrived, awaited) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let tally = Arc::new(Tally { arrived, awaited, reached });
        (Arc::clone(&tally), Self { tally, reached: awaiting })
    }

    /// The time of so many messages, from the first connect until the last has arrived. `send`
    /// is to send as many as it is told.
    pub(crate) fn time(&self, messages: usize, mut send: impl FnMut(usize)) -> Duration {
        let bursts = (0..messages).step_by(BURST).map(|sent| BURST.min(messages - sent));
        bursts.map(|burst| self.until_arrived(burst, || send(burst))).sum()
    }

    /// The time until what `send` sends, so many messages, has arrived.
    pub(crate) fn until_arrived(&self, messages: usize, send: impl FnOnce()) -> Duration {
        let arrived = self.tally.arrived.load(Ordering::SeqCst);
        self.tally.awaited.store(arrived + messages, Ordering::SeqCst);
        let start = Instant::now();
        send();
        self.reached.recv_timeout(PATIENCE).expect("every message arrives") - start
    }
}

impl Tally {
    pub(crate) fn count(&self) {
        let arrived = self.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        if arrived == self.awaited.load(Ordering::SeqCst) {
            // Whoever awaited it may be gone: then the measurement is over.
            let _ = self.reached.send(Instant::now());
        }
    }
}

/// A thread that accepts, reads to the end, and closes; its port.
pub(crate) fn sink(tally: Arc<Tally>) -> u16 {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into()).unwrap();
    socket.listen(BACKLOG).unwrap();
    let listener = TcpListener::from(socket);
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut bytes = [0; READ_MAX];
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.read(&mut bytes).unwrap() > 0 {}
            drop(stream);
            tally.count();
        }
    });
    port
}
