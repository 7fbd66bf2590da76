//! What it takes until a message that came is in its owner's hands.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;

use chinwag_classroom::{Heard, Listener};

use crate::bare::{self, Awaiting, Manner, Tally};
use crate::sending::runtime;
use crate::table::{Extent, Run, Table, Unit, Ways};

/// Peers that stay connected, beside the one that sends.
const OTHERS: usize = 300;

pub(crate) fn from_one(extent: Extent) -> Table {
    flooded(1, extent)
}

pub(crate) fn from_four(extent: Extent) -> Table {
    flooded(4, extent)
}

fn flooded(senders: usize, extent: Extent) -> Table {
    let ([bare, ours, crowded], messages) = (Sink::three(), extent.connections);
    let others = crowded.with_others();
    let table = Ways::counting(Unit::Messages)
        .way("bare sink", || bare.flood(senders, messages))
        .way("our listener", || ours.flood(senders, messages))
        .way("our listener, 300 others connected", || crowded.flood(senders, messages))
        .measure(extent.rounds);
    drop(others);
    table
}

/// Nothing else is under way, so this is how long a person's message takes.
pub(crate) fn one_at_a_time(extent: Extent) -> Table {
    let ([bare, ours, crowded], messages) = (Sink::three(), extent.connections);
    let others = crowded.with_others();
    let table = Ways::counting(Unit::Messages)
        .way("bare sink", || bare.lockstep(messages))
        .way("our listener", || ours.lockstep(messages))
        .way("our listener, 300 others connected", || crowded.lockstep(messages))
        .measure(extent.rounds);
    drop(others);
    table
}

/// Who receives.
struct Sink {
    port: u16,
    awaiting: Awaiting,
}

impl Sink {
    /// A bare one and two of ours.
    fn three() -> [Self; 3] {
        [bare::sink, listen, listen].map(|spawn| {
            let (tally, awaiting) = Awaiting::new();
            Self { port: spawn(tally), awaiting }
        })
    }

    /// Opens connections on which something was said and that stay open.
    fn with_others(&self) -> Vec<TcpStream> {
        let (to, line) = (bare::fresh(self.port), [bare::message(), b"\n".to_vec()].concat());
        let mut others = Vec::with_capacity(OTHERS);
        self.awaiting.until_arrived(OTHERS, || {
            for _ in 0..OTHERS {
                let mut stream = TcpStream::connect(to).unwrap();
                stream.write_all(&line).unwrap();
                others.push(stream);
            }
        });
        others
    }

    fn flood(&self, senders: usize, messages: usize) -> Run {
        let port = self.port;
        let took = self.awaiting.time(messages, |burst| {
            thread::scope(|scope| {
                for _ in 0..senders {
                    scope.spawn(|| send_many(bare::fresh(port), burst / senders));
                }
            });
        });
        Run { done: messages, took, each: Vec::new() }
    }

    fn lockstep(&self, messages: usize) -> Run {
        let (to, message) = (bare::fresh(self.port), bare::message());
        let send = || bare::send(to, &message, Manner::Closes);
        let each: Vec<_> = (0..messages).map(|_| self.awaiting.until_arrived(1, send)).collect();
        Run { done: messages, took: each.iter().sum(), each }
    }
}

fn send_many(to: SocketAddr, messages: usize) {
    let message = bare::message();
    for _ in 0..messages {
        bare::send(to, &message, Manner::Closes);
    }
}

/// A thread with our listener and an owner who takes what is heard; its port.
pub(crate) fn listen(tally: Arc<Tally>) -> u16 {
    let (bound, port) = mpsc::channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let (listener, mut incoming) = Listener::bind(None, 0).unwrap();
            bound.send(listener.local_addr().port()).unwrap();
            while let Some(event) = incoming.recv().await {
                let understood =
                    matches!(event.heard, Heard::Message { .. } | Heard::Connect { .. });
                assert!(understood, "{event:?}");
                tally.count();
            }
        });
    });
    port.recv().unwrap()
}
