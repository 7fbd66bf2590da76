//! Printing, on a thread of its own.
//!
//! A terminal can stand still and a pipe can be full. Whoever waited for them could neither hear
//! the network nor end. So printing is a queue: our own lines are few and never wait to get into
//! it, and what arrives from the network takes a ticket first ([`Printer::room`]), of which there
//! are so many, and without one waits where it is.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

/// Lines from the network that wait to be printed.
const ROOM: usize = 64;

/// The right to have one thing from the network printed; given back when it is.
pub(super) type Ticket = OwnedSemaphorePermit;

/// A thread that prints pieces in order.
pub(super) struct Printer<P> {
    pieces: mpsc::Sender<(P, Option<Ticket>)>,
    state: Arc<State>,
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    /// Pieces that are not printed yet.
    waiting: AtomicUsize,
    /// Nobody can read what is printed any more.
    is_gone: AtomicBool,
    gone: Notify,
}

impl<P: Send + 'static> Printer<P> {
    /// Prints with `print`, which may take as long as it likes. Its first error is the end: there
    /// is nobody who reads.
    pub(super) fn new(mut print: impl FnMut(P) -> io::Result<()> + Send + 'static) -> Self {
        let (pieces, to_print) = mpsc::channel::<(P, Option<Ticket>)>();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for (piece, _ticket) in to_print {
                if !shared.is_gone.load(Ordering::Relaxed) && print(piece).is_err() {
                    shared.is_gone.store(true, Ordering::Relaxed);
                    shared.gone.notify_one();
                }
                shared.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        });
        Self { pieces, state, room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Prints a piece after all before it.
    pub(super) fn print(&self, piece: P, ticket: Option<Ticket>) {
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        // The thread lives as long as we do.
        let _ = self.pieces.send((piece, ticket));
    }

    /// Where tickets come from.
    pub(super) fn room(&self) -> Arc<Semaphore> {
        Arc::clone(&self.room)
    }

    /// Returns when nobody can read what is printed any more.
    pub(super) async fn gone(&self) {
        self.state.gone.notified().await;
    }

    /// Returns when everything is printed, or when nothing was for so long. False: something is
    /// left.
    pub(super) async fn finish(&self, at_most_between: Duration) -> bool {
        const STEP: Duration = Duration::from_millis(2);
        let mut left = self.state.waiting.load(Ordering::Relaxed);
        let mut since = Instant::now();
        while left > 0 && since.elapsed() < at_most_between {
            sleep(STEP).await;
            let now = self.state.waiting.load(Ordering::Relaxed);
            if now != left {
                (left, since) = (now, Instant::now());
            }
        }
        left == 0
    }
}
