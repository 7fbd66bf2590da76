//! Printing, on a thread of its own.
//!
//! A terminal can stand still and a pipe can be full. Whoever waited for them could neither hear
//! the network nor end. So printing is a queue: our own lines are few and never wait to get into
//! it, and what arrives from the network needs a permit first ([`Printer::permits`]), of which
//! there are so many, and without one waits where it is.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

/// Lines from the network that wait to be printed.
const PERMITS: usize = 32;

/// The right to have one thing from the network printed; given back when it is.
pub(crate) type Permit = OwnedSemaphorePermit;

/// A thread that prints pieces in order.
pub(crate) struct Printer<P> {
    pieces: mpsc::Sender<(P, Option<Permit>)>,
    state: Arc<State>,
    permits: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    /// Pieces that are not printed yet.
    waiting: AtomicUsize,
    /// Nobody can read what is printed any more.
    has_gone: AtomicBool,
    /// Why nothing more could be printed, until somebody asks.
    fault: Mutex<Option<io::Error>>,
    gone: Notify,
}

impl<P: Send + 'static> Printer<P> {
    /// Prints with `print`, which may take as long as it likes. Its first error is the end: there
    /// is nobody who reads.
    pub(crate) fn new(mut print: impl FnMut(P) -> io::Result<()> + Send + 'static) -> Self {
        let (pieces, to_print) = mpsc::channel::<(P, Option<Permit>)>();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for (piece, _permit) in to_print {
                if !shared.has_gone.load(Ordering::Relaxed)
                    && let Err(error) = print(piece)
                {
                    *shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    shared.note_gone();
                }
                shared.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        });
        watch_reader(&state);
        Self { pieces, state, permits: Arc::new(Semaphore::new(PERMITS)) }
    }

    /// Prints a piece after all before it.
    pub(crate) fn print(&self, piece: P, permit: Option<Permit>) {
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        // The thread lives as long as we do.
        let _ = self.pieces.send((piece, permit));
    }

    /// Where permits come from.
    pub(crate) fn permits(&self) -> Arc<Semaphore> {
        Arc::clone(&self.permits)
    }

    /// Returns when nobody can read what is printed any more.
    pub(crate) async fn gone(&self) {
        self.state.gone.notified().await;
    }

    /// What came of printing so far. An error is told once.
    pub(crate) fn what_came(&self) -> io::Result<()> {
        let mut fault = self.state.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take().map_or(Ok(()), Err)
    }

    /// Returns when everything is printed, or when nothing was for so long. False: something is
    /// left.
    pub(crate) async fn finish(&self, at_most_between: Duration) -> bool {
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

impl State {
    /// Notes that nobody reads any more.
    fn note_gone(&self) {
        self.has_gone.store(true, Ordering::Relaxed);
        self.gone.notify_one();
    }
}

/// Notices that the reader of standard output is gone although there is nothing to print.
#[cfg(unix)]
fn watch_reader(state: &Arc<State>) {
    use rustix::event::{PollFd, PollFlags, poll};

    let state = Arc::downgrade(state);
    thread::spawn(move || {
        let out = io::stdout();
        // Nothing is asked for, so only an error or a hang-up wakes us.
        let mut fds = [PollFd::new(&out, PollFlags::empty())];
        while let Err(rustix::io::Errno::INTR) = poll(&mut fds, None) {}
        if let Some(state) = state.upgrade() {
            state.note_gone();
        }
    });
}

/// Elsewhere it is noticed when something is printed.
#[cfg(not(unix))]
fn watch_reader(_state: &Arc<State>) {}
