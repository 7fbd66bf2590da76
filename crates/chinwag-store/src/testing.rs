//! For tests and the simulator only: what no program may ask of a store.

use std::ffi::CStr;

/// How a store differs from what it promises. The default is not at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Knobs<'a> {
    /// The file system below the database, by the name it is registered with.
    pub vfs: Option<&'a CStr>,
    /// One connection that never lets go of the database: for a file system without shared memory.
    pub is_exclusive: bool,
    /// Commits are acknowledged before they are on the disk: to see that a test notices.
    pub is_careless: bool,
    /// Pages of the log after which they are written into the database.
    pub checkpoint_pages: Option<i64>,
}
