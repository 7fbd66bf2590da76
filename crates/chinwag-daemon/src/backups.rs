//! Backups, on a connection and a thread of their own: a large store takes minutes to write, and
//! nobody waits for that but who wants the backup.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chinwag_api::error::{ApiError, Kind};
use chinwag_crypto::Secret;
use chinwag_store::SqliteStore;
use tokio::sync::Mutex as Turn;

use crate::home::Home;
use crate::refusals::{cannot_open, ended};

/// Who writes backups. Copies share the turn: one is written at a time.
#[derive(Clone, Debug)]
pub(crate) struct Backups {
    home: Arc<Home>,
    turn: Arc<Turn<()>>,
    /// Whether none is to be written any more.
    is_over: Arc<AtomicBool>,
    /// Held while one is written, whoever still waits for it.
    writing: Arc<Mutex<()>>,
}

impl Backups {
    pub(crate) fn of(home: Home) -> Self {
        let (turn, is_over, writing) = Default::default();
        Self { home: Arc::new(home), turn, is_over, writing }
    }

    /// Writes a backup of what is committed now to a path where there is nothing. It is written to its
    /// end though whoever wanted it goes, unless the node stops: then there is none.
    pub(crate) async fn write(&self, to: PathBuf, key: Secret<32>) -> Result<(), ApiError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let this = self.clone();
        let write = move || {
            let written = this.write_now(&to, &key);
            drop(turn);
            written
        };
        let written = tokio::task::spawn_blocking(write).await;
        written.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?
    }

    fn write_now(&self, to: &Path, key: &Secret<32>) -> Result<(), ApiError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_over.load(Ordering::Acquire) {
            return Err(ended());
        }
        must_be_new(to)?;
        let own_key = self.home.key()?;
        let is_over = Arc::clone(&self.is_over);
        let is_over = move || is_over.load(Ordering::Acquire);
        let written = SqliteStore::backup_beside(self.home.path(), &own_key, to, key, is_over);
        let is_over = self.is_over.load(Ordering::Acquire);
        written.map_err(|error| if is_over { ended() } else { cannot_open(&error) })
    }

    /// From now on none is written, and one that is being written ends where it is.
    pub(crate) fn stop(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// The same, once that has happened.
    pub(crate) async fn close(&self) {
        self.stop();
        let writing = Arc::clone(&self.writing);
        let wait = move || drop(writing.lock().unwrap_or_else(PoisonError::into_inner));
        // Errors: the thread was not begun, as there is no runtime left.
        let _ = tokio::task::spawn_blocking(wait).await;
    }
}

/// A backup takes the place of nothing.
fn must_be_new(path: &Path) -> Result<(), ApiError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let error = ApiError::new(Kind::Refused, format!("{} is there already", path.display()));
    Err(error.hint("give another name, or remove it first"))
}
