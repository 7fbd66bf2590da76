//! What can go wrong, and what it says to whoever has to deal with it.

use std::fmt::Display;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why a store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the data folder {0} is in use by another process: quit that one first")]
    InUse(PathBuf),
    /// The key is not the one it was made with, or the file is not a store at all.
    #[error("the store {0} does not open with this key: it has another one, or is damaged")]
    WrongKey(PathBuf),
    /// It should be there, and is not, or is empty.
    #[error("the database {0} is missing or empty, although there was one")]
    Missing(PathBuf),
    /// A later version wrote it.
    #[error(
        "the store is of version {found} and this program knows versions up to {known}: use the \
         newer program"
    )]
    Newer {
        /// Its version.
        found: i64,
        /// The newest that we know.
        known: i64,
    },
    /// A file can't be made, read or written.
    #[error("cannot {doing} {path}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database says no.
    #[error("cannot {doing}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// A file that is to be restored is no backup as it was written.
    #[error("the backup {0} is damaged, or not whole")]
    BadBackup(PathBuf),
    /// There is something in the store that no version of ours wrote.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

impl OpenError {
    /// For `map_err`: the database fails while we are `doing` something.
    pub(crate) fn while_(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |source| Self::Database { doing, source }
    }

    /// For `map_err`: the system fails while we are `doing` something with a file.
    pub(crate) fn at(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { doing, path: path.into(), source }
    }
}

/// What went wrong within one operation of an open store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The database says no.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// What is in the store can't be read.
    #[error("{what} in the store is damaged: {why}")]
    Damaged {
        /// What it should be.
        what: &'static str,
        /// Why it is none.
        why: String,
    },
    /// What is asked for can't be.
    #[error("{0}")]
    Refused(String),
}

impl Fault {
    /// A value in the store that can't be read.
    pub(crate) fn damaged(what: &'static str, why: impl Display) -> Self {
        Self::Damaged { what, why: why.to_string() }
    }

    /// Whether nothing that the connection says can be relied on any more. After a failed write or
    /// sync the system may have dropped what it could not write, and would report success next
    /// time: the only way on is to open the store again and look.
    pub(crate) fn is_final(&self) -> bool {
        let Self::Sqlite(error) = self else { return matches!(self, Self::Damaged { .. }) };
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::DiskFull
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::CannotOpen
                    | ErrorCode::OutOfMemory
            )
        )
    }
}
