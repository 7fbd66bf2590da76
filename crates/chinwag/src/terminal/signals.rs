//! The wishes of others: signals. That the terminal hangs up is said by the same signal as the wish that a
//! config is read again: it is the one while the terminal is there, and the other when it is gone.

use crate::exit::{Exit, Failure};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// That we end, with this exit code.
    End(Exit),
    /// That the config is read again.
    Reload,
}

/// Ctrl-C outside of the line editor, and the wish of others that we end.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    /// Whether we belong to a terminal; who does not is not hung up on.
    #[cfg(unix)]
    has_terminal: bool,
}

/// Asks for something before anything is done. A signal ends it, as a failure with its code.
pub(crate) async fn unless_ended<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut signals = Signals::new()?;
    tokio::select! {
        done = work => done,
        exit = signals.received() => Err(Failure::saying(exit, "nothing was done")),
    }
}

/// Whether we belong to a terminal that is there.
#[cfg(unix)]
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

#[cfg(unix)]
impl Signals {
    /// From here on signals no longer end the program by themselves.
    pub(crate) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let stream = |kind| signal(kind).map_err(|error| Failure::new(Exit::Internal, error));
        Ok(Self {
            interrupt: stream(SignalKind::interrupt())?,
            terminate: stream(SignalKind::terminate())?,
            hang_up: stream(SignalKind::hangup())?,
            has_terminal: has_terminal(),
        })
    }

    /// The next wish, for whoever can read a config again.
    pub(crate) async fn wished(&mut self) -> Wish {
        tokio::select! {
            _ = self.interrupt.recv() => Wish::End(Exit::Interrupted),
            _ = self.terminate.recv() => Wish::End(Exit::Terminated),
            _ = self.hang_up.recv() => {
                let is_gone = self.has_terminal && !has_terminal();
                if is_gone { Wish::End(Exit::Terminated) } else { Wish::Reload }
            }
        }
    }

    /// The next one, as the exit code that it asks for.
    pub(crate) async fn received(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.hang_up.recv() => Exit::Terminated,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Nothing to prepare.
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// The next wish.
    pub(crate) async fn wished(&mut self) -> Wish {
        Wish::End(self.received().await)
    }

    /// The next one, as the exit code that it asks for.
    pub(crate) async fn received(&mut self) -> Exit {
        let _ = tokio::signal::ctrl_c().await;
        Exit::Interrupted
    }
}
