//! Exit codes, which scripts rely on, and failures that carry one.

use std::fmt;
use std::process::ExitCode;

use chinwag_api::client::CallError;
use chinwag_api::error::{ApiError, Kind};

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
    /// There is no account yet, or the keys of somebody were not compared.
    NoAccount = 5,
    /// The peer can't be reached.
    Unreachable = 6,
    /// Too large.
    Limit = 7,
    /// Another program has what is needed, or a passphrase is.
    Locked = 8,
    /// Some of it was done.
    Partial = 9,
    /// It was examined, and something is wrong.
    Wrong = 10,
    /// Interrupted from the keyboard.
    Interrupted = 130,
    /// Ended by a signal.
    Terminated = 143,
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Internal | Kind::Ended | Kind::Unknown => Self::Internal,
            Kind::Usage => Self::Usage,
            Kind::NotFound | Kind::Ambiguous => Self::NotFound,
            Kind::Refused => Self::Refused,
            Kind::NoAccount | Kind::Unverified => Self::NoAccount,
            Kind::Unreachable => Self::Unreachable,
            Kind::Limit => Self::Limit,
            Kind::Locked => Self::Locked,
        }
    }
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
    /// Why, with its causes, where there is one line for it.
    pub(crate) fn in_one_line(&self) -> String {
        let causes: Vec<String> = self.error.chain().map(ToString::to_string).collect();
        causes.join(": ")
    }

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

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let hint = error.what_next().map(str::to_owned);
        Self { exit: error.kind().into(), hint, ..Self::new(Exit::Internal, error) }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Api(error) => error.into(),
            CallError::Gone => Self::new(Exit::Internal, error)
                .hint("whether it was done is not known: look before you try again"),
            CallError::Unreadable(_) => Self::new(Exit::Internal, error)
                .hint("is the daemon of another version? `chinwag status` tells"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_the_exit_code_that_the_contract_says() {
        let kinds = [
            Kind::Internal,
            Kind::Usage,
            Kind::NotFound,
            Kind::Ambiguous,
            Kind::Refused,
            Kind::NoAccount,
            Kind::Unverified,
            Kind::Unreachable,
            Kind::Limit,
            Kind::Locked,
            Kind::Ended,
            Kind::Unknown,
        ];
        for kind in kinds {
            assert_eq!(Exit::from(kind) as u8, kind.exit_code(), "{kind:?}");
        }
    }

    #[test]
    fn an_error_of_the_daemon_keeps_its_hint() {
        let error = ApiError::new(Kind::NotFound, "nobody is called bob").hint("chinwag contacts");
        let failure = Failure::from(error);
        assert_eq!(failure.exit, Exit::NotFound);
        assert_eq!(failure.hint.as_deref(), Some("chinwag contacts"));
        assert_eq!(failure.error.to_string(), "nobody is called bob");
    }
}
