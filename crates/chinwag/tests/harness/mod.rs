//! The words in which the stories of this folder are told: real programs, on a terminal
//! ([`terminal`]) or behind pipes ([`pipes`]), with a data folder of their own ([`home`]), and
//! stand-ins for other people's programs ([`peer`]).
//!
//! What always holds: every program runs with an empty home and an empty environment, listens on
//! loopback only, and ends with the value that started it. Waiting is for something seen, never
//! for time to pass, and always has a bound; what was seen instead is in the message.

#![allow(dead_code, reason = "each file of stories uses the words it needs")]

pub(crate) mod home;
pub(crate) mod peer;
pub(crate) mod pipes;
pub(crate) mod port;
pub(crate) mod terminal;

use std::ffi::OsStr;
use std::process::Child;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

/// How long anything may take that a person would hardly notice. Long, because the machine may be
/// busy with something else; nothing waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_chinwag");

/// The control byte that begins every escape sequence.
pub(crate) const ESCAPE: char = '\u{1b}';

/// Something that one thread changes while another waits for what it is to become.
pub(crate) struct Seen<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Seen<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.lock())
    }

    /// What `look` finds, as soon as it finds something; `None` when `patience` is over.
    pub(crate) fn wait<R>(
        &self,
        patience: Duration,
        mut look: impl FnMut(&mut T) -> Option<R>,
    ) -> Option<R> {
        let deadline = Instant::now() + patience;
        let mut value = self.lock();
        loop {
            if let Some(found) = look(&mut value) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.changed.wait_timeout(value, left);
            value = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The environment of a program: nothing of ours, and a home of its own.
pub(crate) fn environment(home: &TempDir) -> Vec<(&'static str, &OsStr)> {
    let home = home.path().as_os_str();
    vec![
        ("HOME", home),
        ("XDG_CONFIG_HOME", home),
        ("TERM", OsStr::new("xterm-256color")),
        ("TZ", OsStr::new("UTC")),
        // A name that nobody knows is not to be asked for again and again.
        ("RES_OPTIONS", OsStr::new("timeout:1 attempts:1")),
    ]
}

/// A program that is killed when the story is over.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn new(child: Child) -> Self {
        Self(child)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Its exit code, once it has ended; `None` if it does not end within `patience`.
    pub(crate) fn ends_within(&mut self, patience: Duration) -> Option<i32> {
        const STEP: Duration = Duration::from_millis(5);
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return Some(
                    status.code().expect("a program that ends by itself, not by a signal"),
                );
            }
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(STEP);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Errors: it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many more files and sockets this process may open, by a careful guess.
pub(crate) fn sockets_to_spare() -> usize {
    const IN_USE: u64 = 300;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let spare = limit.map_or(u64::MAX, |limit| limit.saturating_sub(IN_USE));
    usize::try_from(spare).unwrap_or(usize::MAX)
}

/// Says on the terminal of whoever runs the tests that a story could not be told here.
pub(crate) fn skipped(story: &str, why: &str) {
    use std::io::Write;
    // Past the capturing of `print!`, which would hide it.
    let _ = writeln!(std::io::stderr(), "SKIPPED {story}: {why}");
}

/// The same where a program is missing that the project's own machines have: there it is a failure.
#[track_caller]
pub(crate) fn missing(story: &str, program: &str) {
    assert!(std::env::var_os("CI").is_none(), "{program} is missing");
    skipped(story, &format!("{program} is missing"));
}
