//! What can go wrong with a request.
//!
//! Faults of the protocol have the codes of JSON-RPC 2.0; everything else has [`CODE`] and a
//! [`Kind`], which does not change and stands for one exit code of the command line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The code of every error of ours: JSON-RPC leaves −32000 to −32099 to servers.
pub const CODE: i64 = -32_000;

/// The line was no JSON.
pub const PARSE_ERROR: i64 = -32_700;
/// The JSON was no request.
pub const INVALID_REQUEST: i64 = -32_600;
/// Nobody knows the method.
pub const METHOD_NOT_FOUND: i64 = -32_601;
/// The parameters don't fit the method.
pub const INVALID_PARAMS: i64 = -32_602;

/// An answer that is an error, as JSON-RPC 2.0 writes it (section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Which error.
    pub code: i64,
    /// One sentence for people.
    pub message: String,
    /// The rest, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
}

/// What programs want to know of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorData {
    /// What went wrong.
    pub kind: Kind,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// What to do next, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What went wrong. Each stands for an exit code of the command line. That a contact can't be reached is
/// no error here: what was to be sent is saved, and the answer says how far it has come. Only what is for
/// the classroom is sent at once or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Something in the program. Exit code 1.
    Internal,
    /// The request makes no sense. Exit code 2.
    Usage,
    /// What was named does not exist. Exit code 3.
    NotFound,
    /// What was named fits more than one. Exit code 3.
    Ambiguous,
    /// Not permitted. Exit code 4.
    Refused,
    /// There is no account here yet. Exit code 5.
    NoAccount,
    /// The safety number with somebody was not compared, and had to be. Exit code 5.
    Unverified,
    /// A classroom program can't be reached. Exit code 6.
    Unreachable,
    /// Over a limit. Exit code 7.
    Limit,
    /// Another process has what is needed, or it is locked. Exit code 8.
    Locked,
    /// The node ends, and what was asked for was not done: the next one can do it. Exit code 1.
    Ended,
    /// A kind that this version does not know. Exit code 1.
    #[serde(other)]
    Unknown,
}

impl Kind {
    /// The exit code of the command line.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Internal | Self::Ended | Self::Unknown => 1,
            Self::Usage => 2,
            Self::NotFound | Self::Ambiguous => 3,
            Self::Refused => 4,
            Self::NoAccount | Self::Unverified => 5,
            Self::Unreachable => 6,
            Self::Limit => 7,
            Self::Locked => 8,
        }
    }

    const fn is_retryable(self) -> bool {
        matches!(self, Self::Internal | Self::Locked | Self::Unreachable | Self::Ended)
    }
}

impl ApiError {
    /// An error of ours.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let data = ErrorData { kind, retryable: kind.is_retryable(), hint: None };
        Self { code: CODE, message: message.into(), data: Some(data) }
    }

    /// A fault of the protocol.
    pub fn protocol(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(data) = &mut self.data {
            data.hint = Some(hint.into());
        }
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.data.as_ref().map_or(Kind::Usage, |data| data.kind)
    }

    /// What to do next, if there is something.
    pub fn what_next(&self) -> Option<&str> {
        self.data.as_ref()?.hint.as_deref()
    }
}
