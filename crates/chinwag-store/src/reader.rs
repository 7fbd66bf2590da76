//! A second connection, for screens: pages of a conversation and search while the node writes.
//!
//! Each question is answered from one state of the store, the last that was committed. Nothing is
//! held between questions, so a slow screen keeps nobody from tidying up.

use std::path::Path;

use chinwag_core::entry::Position;
use chinwag_core::ids::{ConversationId, EntryId};
use chinwag_core::store::{StoreError, StoredEntry, add_changes};
use chinwag_crypto::Secret;
use rusqlite::Connection;

use crate::connection;
use crate::entries;
use crate::fault::{Fault, OpenError};
use crate::folder::DATABASE;
use crate::search::{self, Found, Query};

/// A connection that only reads.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// A reader of the store in this folder, which the store's owner has open.
    pub fn open(folder: &Path, key: &Secret<32>) -> Result<Self, OpenError> {
        Self::of(&folder.join(DATABASE), key)
    }

    pub(crate) fn of(database: &Path, key: &Secret<32>) -> Result<Self, OpenError> {
        Ok(Self { connection: connection::reader(database, key)? })
    }

    /// As [`Store::timeline`](chinwag_core::store::Store::timeline).
    pub fn timeline(
        &self,
        conversation: ConversationId,
        before: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.read("read a conversation", |db| entries::timeline(db, conversation, before, count))
    }

    /// As [`Store::entry`](chinwag_core::store::Store::entry).
    pub fn entry(&self, id: EntryId) -> Result<Option<StoredEntry>, StoreError> {
        self.read("read an entry", |db| entries::entry(db, id))
    }

    /// As [`Store::references`](chinwag_core::store::Store::references).
    pub fn references(&self, of: EntryId, count: usize) -> Result<Vec<StoredEntry>, StoreError> {
        self.read("read what refers to an entry", |db| {
            let mut references = entries::references(db, of, None, count)?;
            if references.len() >= count {
                add_changes(&mut references, entries::last_changes(db, of)?);
            }
            Ok(references)
        })
    }

    /// Texts with these words, the newest first.
    pub fn search(&self, query: &Query<'_>) -> Result<Found, StoreError> {
        self.read("search", |db| search::search(db, query))
    }

    fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let answer = || {
            let transaction = self.connection.unchecked_transaction()?;
            let answer = read(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        answer().map_err(|fault: Fault| StoreError(format!("cannot {doing}: {fault}")))
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader(..)")
    }
}
