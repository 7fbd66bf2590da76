//! What it takes to send a message and to know that it arrived.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chinwag_classroom::address::{Destination, Host};
use chinwag_classroom::{Dialect, Sender};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::bare::{self, Awaiting, Manner};
use crate::receiving;
use crate::table::{Extent, Run, Table, Unit, Ways};

/// Messages that are under way at once where a user does not wait for one before the next.
const AT_ONCE: usize = 8;

pub(crate) fn to_a_bare_sink(extent: Extent) -> Table {
    let (tally, awaiting) = Awaiting::new();
    let port = bare::sink(tally);
    let (to, connections) = (Sink { port, awaiting: &awaiting }, extent.connections);
    let runtime = runtime();
    Ways::counting(Unit::Messages)
        .way("bare, closes", || bare_run(to, connections, Manner::Closes))
        .way("bare, waits for the close", || bare_run(to, connections, Manner::Waits))
        .way("ours", || our_run(&runtime, &ours(), to, connections, 1))
        .way("ours, 8 at once", || our_run(&runtime, &ours(), to, connections, AT_ONCE))
        .way("ours, does not wait", || {
            our_run(&runtime, &ours().without_confirmation(), to, connections, 1)
        })
        .measure(extent.rounds)
}

pub(crate) fn to_our_listener(extent: Extent) -> Table {
    let ((bare_tally, bare), (our_tally, heard)) = (Awaiting::new(), Awaiting::new());
    let to_bare = Sink { port: bare::sink(bare_tally), awaiting: &bare };
    let to_ours = Sink { port: receiving::listen(our_tally), awaiting: &heard };
    let (runtime, connections) = (runtime(), extent.connections);
    Ways::counting(Unit::Messages)
        .way("bare to bare, closes", || bare_run(to_bare, connections, Manner::Closes))
        .way("bare to bare, waits for the close", || bare_run(to_bare, connections, Manner::Waits))
        .way("ours to ours", || our_run(&runtime, &ours(), to_ours, connections, 1))
        .way("ours to ours, 8 at once", || {
            our_run(&runtime, &ours(), to_ours, connections, AT_ONCE)
        })
        .way("ours to ours, does not wait", || {
            our_run(&runtime, &ours().without_confirmation(), to_ours, connections, 1)
        })
        .measure(extent.rounds)
}

/// One thread, as the program has it.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Who receives.
#[derive(Clone, Copy)]
struct Sink<'a> {
    port: u16,
    awaiting: &'a Awaiting,
}

fn bare_run(sink: Sink<'_>, messages: usize, manner: Manner) -> Run {
    let (to, message) = (bare::fresh(sink.port), bare::message());
    let mut each = Vec::with_capacity(messages);
    let took = sink.awaiting.time(messages, |burst| {
        for _ in 0..burst {
            let start = Instant::now();
            bare::send(to, &message, manner);
            each.push(start.elapsed());
        }
    });
    Run { done: messages, took, each }
}

fn ours() -> Sender {
    Sender::new(bare::me())
}

fn our_run(
    runtime: &Runtime,
    sender: &Sender,
    sink: Sink<'_>,
    messages: usize,
    at_once: usize,
) -> Run {
    let to = bare::fresh(sink.port);
    let mut each = Vec::with_capacity(messages);
    let took = sink.awaiting.time(messages, |burst| {
        each.extend(runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..at_once {
                tasks.spawn(send_many(sender.clone(), to, burst / at_once));
            }
            tasks.join_all().await.concat()
        }));
    });
    Run { done: messages, took, each }
}

async fn send_many(sender: Sender, to: SocketAddr, messages: usize) -> Vec<Duration> {
    let to = Destination { host: Host::Ip(to.ip()), port: to.port().try_into().unwrap() };
    let (text, mut each) = (bare::text(), Vec::with_capacity(messages));
    for _ in 0..messages {
        let start = Instant::now();
        // That all of them arrive is seen at the other end.
        sender.send_text(&to, Dialect::Plain, &text).await.unwrap();
        each.push(start.elapsed());
    }
    each
}
