//! The lab: what the stories and measurements with the real binary have in common. Never shipped.
//!
//! Everything here is real: processes of `chinwag` with data folders of their own ([`home`]), asked
//! over their sockets as any user interface asks; where a story needs a network of its own it gets
//! two namespaces with a cable between them ([`cable`]), and what goes over it can be looked at
//! ([`capture`]), and names lead where the story says ([`names`]). Waiting is for something seen, never for time to pass, and always has a bound.

pub mod cable;
pub mod capture;
pub mod home;
pub mod names;
pub mod nat;
pub mod relay;
pub mod talk;
pub mod terminal;

use std::time::{Duration, Instant};

/// How long anything may take that a person would hardly notice. Long, because the machine may be
/// busy with something else; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// How often is looked whether something is so.
const STEP: Duration = Duration::from_millis(10);

/// What `look` finds, as soon as it finds something. Panics, with what was waited for, when `within`
/// is over.
pub async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}, for {within:?}");
        tokio::time::sleep(STEP).await;
    }
}

/// Says past the capturing of the test runner that a story could not be told here.
pub fn skipped(why: &str) {
    use std::io::Write as _;
    // Nobody reads it: then nobody misses it.
    let _ = writeln!(std::io::stderr(), "SKIPPED {}: {why}", story());
}

/// The name of the story that is told on this thread.
fn story() -> String {
    std::thread::current().name().unwrap_or("a story").to_owned()
}

/// Whether we are the administrator here.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
