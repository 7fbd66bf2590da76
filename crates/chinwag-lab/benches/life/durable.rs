//! What it takes to have something on the disk, without anything of ours.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Bytes of an append: a page of the database.
const APPEND: usize = 4_096;

/// Bytes of a row: about what a message of 100 bytes is as an entry, with its keys and its signature.
const ROW: usize = 512;

/// A file and a database of its own, not encrypted.
pub(crate) struct Disk {
    file: File,
    database: Connection,
}

impl Disk {
    pub(crate) fn within(folder: &Path) -> Self {
        let file = File::create(folder.join("appended")).unwrap();
        let database = Connection::open(folder.join("bare.db")).unwrap();
        let begin = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE entry (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;";
        database.execute_batch(begin).unwrap();
        Self { file, database }
    }

    /// An append that is synced.
    pub(crate) fn append(&mut self) -> Duration {
        let begun = Instant::now();
        self.file.write_all(&[0x55; APPEND]).unwrap();
        self.file.sync_data().unwrap();
        begun.elapsed()
    }

    /// A transaction with one row.
    pub(crate) fn commit(&mut self) -> Duration {
        let begun = Instant::now();
        let insert = "INSERT INTO entry (bytes) VALUES (?1)";
        self.database.prepare_cached(insert).unwrap().execute([&[0x55_u8; ROW][..]]).unwrap();
        begun.elapsed()
    }
}
