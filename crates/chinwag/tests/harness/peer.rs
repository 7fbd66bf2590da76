//! Stand-ins for other people's programs, in a few lines each: what they put on the wire and what
//! they make of what comes.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::port::Port;
use super::{PATIENCE, Seen};

/// One message as it stands on the wire.
pub(crate) fn message(from: SocketAddr, team: &str, text: &str) -> Vec<u8> {
    format!("{from} {team} {text}").into_bytes()
}

/// Says this on a connection of its own, and waits until the other side has taken it to its end.
#[track_caller]
pub(crate) fn say(to: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the other side closes the connection");
    assert!(answer.is_empty(), "answered by {answer:?}");
}

/// Says this, if the other side takes it within a moment.
pub(crate) fn say_or_give_up(to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
    const MOMENT: Duration = Duration::from_millis(500);
    let mut stream = TcpStream::connect_timeout(&to, MOMENT)?;
    stream.write_all(bytes)?;
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(MOMENT))?;
    stream.read(&mut [0]).map(drop)
}

/// Somebody who listens and remembers every connection's bytes, in the order of the connections.
pub(crate) struct Ear {
    address: SocketAddr,
    heard: Arc<Seen<VecDeque<Vec<u8>>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    port: Option<Port>,
}

impl Ear {
    pub(crate) fn opens() -> Self {
        let port = Port::free();
        let mut ear = Self::opens_at(port.here());
        ear.port = Some(port);
        ear
    }

    /// At an address that the caller has for itself.
    pub(crate) fn opens_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let heard = Arc::new(Seen::new(VecDeque::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (writes, ends) = (Arc::clone(&heard), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let mut bytes = Vec::new();
                // An error: it vanished. What came before counts.
                let _ = stream.read_to_end(&mut bytes);
                // First remembered, then closed: who waits for the close finds it here.
                writes.change(|heard| heard.push_back(bytes));
            }
        });
        Self { address, heard, is_over, thread: Some(thread), port: None }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn port(&self) -> &Port {
        self.port.as_ref().unwrap()
    }

    /// The bytes of the next connection, as text.
    #[track_caller]
    pub(crate) fn hears(&self) -> String {
        let heard = self.heard.wait(PATIENCE, VecDeque::pop_front);
        String::from_utf8(heard.expect("a connection")).expect("whole characters")
    }

    /// Whether a connection was there that nobody has asked for.
    pub(crate) fn heard_more(&self) -> bool {
        self.heard.look(|heard| !heard.is_empty())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Somebody whose port is open as far as the system goes, but who never takes a connection.
pub(crate) struct Deaf {
    pub(crate) port: Port,
    _listener: Socket,
    _waiting: Vec<TcpStream>,
}

impl Deaf {
    /// The system completes connections, and nobody ever reads them.
    pub(crate) fn that_never_reads() -> Self {
        let port = Port::free();
        let listener = listen(port.here(), 128);
        Self { port, _listener: listener, _waiting: Vec::new() }
    }

    /// The system does not even complete them: too many are waiting already. `None` where the
    /// system completes them all the same.
    pub(crate) fn that_never_answers() -> Option<Self> {
        const TRIES: usize = 64;
        const LONG: Duration = Duration::from_millis(400);
        let port = Port::free();
        let listener = listen(port.here(), 0);
        let mut waiting = Vec::new();
        for _ in 0..TRIES {
            match TcpStream::connect_timeout(&port.here(), LONG) {
                Ok(stream) => waiting.push(stream),
                Err(_) => return Some(Self { port, _listener: listener, _waiting: waiting }),
            }
        }
        None
    }
}

/// A listening socket with this many connections waiting at most.
pub(crate) fn listen(address: SocketAddr, backlog: i32) -> Socket {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket.listen(backlog).unwrap();
    socket
}
