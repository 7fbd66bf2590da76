//! Exit codes, which scripts rely on, and failures that carry one.

use std::fmt;
use std::process::ExitCode;

/// How a command ended. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Something in here went wrong.
    Internal = 1,
    /// The command line or the config is wrong.
    Usage = 2,
    /// What was named does not exist.
    NotFound = 3,
    /// Not permitted.
    Refused = 4,
    /// The peer can't be reached.
    Unreachable = 6,
    /// Too large.
    Limit = 7,
    /// Another program has what is needed.
    Locked = 8,
    /// Some of it was done.
    Partial = 9,
    /// Interrupted from the keyboard.
    Interrupted = 130,
    /// Ended by a signal.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that failed: why, with what code, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) exit: Exit,
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure with this code.
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), exit, hint: None }
    }

    /// A failure with this code and only a sentence.
    pub(crate) fn saying(exit: Exit, sentence: impl fmt::Display) -> Self {
        Self::new(exit, anyhow::Error::msg(sentence.to_string()))
    }

    /// Adds what to do next.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
