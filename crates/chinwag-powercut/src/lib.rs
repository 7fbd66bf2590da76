//! A disk in memory that loses what was not synced when its power is cut: a file system for
//! SQLite, for tests. It is never shipped.
//!
//! What always holds: what was synced before the cut is there after it, and of what was written
//! since, each sector is there or not by itself, as the seed says. A file that was created and
//! never synced may be gone; one that was deleted may be back. That is what disks and file systems
//! are allowed to do, and what killing a process never shows.
//!
//! It has no shared memory: a database with a write-ahead log needs `locking_mode=EXCLUSIVE`.

mod disk;
mod vfs;

pub use disk::Disk;
