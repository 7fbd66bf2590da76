//! The stores that lives are lived over: in memory, and on SQLite. The same life must go the same
//! way on both.

use chinwag_core::store::{Store, StoreError};
use chinwag_core::testing::MemStore;
use chinwag_store::SqliteStore;

/// Which store the nodes of a life have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Memory.
    Memory,
    /// SQLite, in memory: what it does, and not what it keeps.
    Sqlite,
}

/// A store that fails when it is told to, and of which backups can be made.
pub(crate) trait Kept: Store + std::fmt::Debug {
    /// Makes the next commit fail.
    fn fail_next_commit(&mut self) -> Result<(), StoreError>;
    /// A copy of all that is committed.
    fn backup(&self) -> Result<Box<dyn Kept>, StoreError>;
}

impl Kept for MemStore {
    fn fail_next_commit(&mut self) -> Result<(), StoreError> {
        self.fail_commit_in(0);
        Ok(())
    }

    fn backup(&self) -> Result<Box<dyn Kept>, StoreError> {
        Ok(Box::new(self.clone()))
    }
}

impl Kept for SqliteStore {
    fn fail_next_commit(&mut self) -> Result<(), StoreError> {
        self.fail_commit_in(0)
    }

    fn backup(&self) -> Result<Box<dyn Kept>, StoreError> {
        Ok(Box::new(self.copy()?))
    }
}

impl Over {
    /// An empty store.
    pub(crate) fn empty(self) -> Box<dyn Kept> {
        match self {
            Self::Memory => Box::new(MemStore::default()),
            Self::Sqlite => Box::new(SqliteStore::in_memory().expect("a database in memory")),
        }
    }
}
