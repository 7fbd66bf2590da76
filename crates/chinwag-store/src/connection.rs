//! Connections to the database: with which key, and with which promises.

use std::fmt::{Display, Write as _};
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use chinwag_crypto::Secret;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use zeroize::Zeroizing;

use crate::fault::{Fault, OpenError};
use crate::testing::Knobs;

/// Statements that are kept ready. There are fewer than that in this crate.
const STATEMENTS: usize = 128;

/// How long a connection waits for another one: for a checkpoint or a recovery, as there is one
/// writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Pages of the log after which they are written into the database: 16 MiB. With the usual 4 MiB
/// each page of an index is written again and again while many entries come in.
const CHECKPOINT_PAGES: i64 = 4_000;

/// Bytes that the log may keep of its disk space when it is empty.
const LOG_LEFT: i64 = 64 * 1_024 * 1_024;

/// The cache, in KiB; negative because SQLite wants it so.
const CACHE_KIB: i64 = -16_000;

/// The connection that writes.
pub(crate) fn writer(
    path: &Path,
    key: &Secret<32>,
    knobs: &Knobs<'_>,
) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(path, flags, knobs)?;
    unlock(&connection, path, key)?;
    promise(&connection, knobs).map_err(OpenError::while_("set up the store"))?;
    Ok(connection)
}

/// A connection that reads while another one writes.
pub(crate) fn reader(path: &Path, key: &Secret<32>) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(path, flags, &Knobs::default())?;
    unlock(&connection, path, key)?;
    for_everybody(&connection).map_err(OpenError::while_("set up a reader of the store"))?;
    Ok(connection)
}

/// A connection that may write elsewhere: a backup is written by one that only reads here.
pub(crate) fn exporter(path: &Path, key: &Secret<32>) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(path, flags, &Knobs::default())?;
    unlock(&connection, path, key)?;
    for_everybody(&connection).map_err(OpenError::while_("set up a backup of the store"))?;
    Ok(connection)
}

/// Does something that is not to wait for other connections.
pub(crate) fn without_waiting<T>(
    connection: &Connection,
    act: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, Fault> {
    connection.busy_timeout(Duration::ZERO)?;
    let done = act();
    connection.busy_timeout(BUSY_TIMEOUT)?;
    done
}

/// A database that is only in memory, without a key.
pub(crate) fn in_memory() -> Result<Connection, OpenError> {
    let doing = "set up a store in memory";
    set_up();
    let connection = Connection::open_in_memory().map_err(OpenError::while_(doing))?;
    for_everybody(&connection).map_err(OpenError::while_(doing))?;
    set(&connection, "foreign_keys", true).map_err(OpenError::while_(doing))?;
    Ok(connection)
}

/// A key as SQLCipher takes it when nothing is to be derived from it.
pub(crate) fn raw_key(key: &Secret<32>) -> Zeroizing<String> {
    // Its whole length at once, so that no smaller piece of memory keeps a part of it.
    let mut text = Zeroizing::new(String::with_capacity(3 + 2 * 32));
    text.push_str("x'");
    for byte in key.expose() {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\'');
    text
}

/// Sets up SQLite for this process. It is done by whoever comes first, and SQLCipher's part of that
/// is not protected against who comes at the same time: two threads that opened their first
/// connection together corrupted the heap.
fn set_up() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        if let Ok(connection) = Connection::open_in_memory() {
            // What it logs goes to standard error, which is not ours. Any other word than this is
            // taken for the name of a file to log into.
            let _ = set(&connection, "cipher_log", "off");
        }
    });
}

fn open(path: &Path, flags: OpenFlags, knobs: &Knobs<'_>) -> Result<Connection, OpenError> {
    set_up();
    let opened = match knobs.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    };
    let connection = opened.map_err(OpenError::while_("open the store"))?;
    if knobs.is_exclusive {
        // Before anything is read: it is how SQLite reads a log without shared memory.
        set(&connection, "locking_mode", "EXCLUSIVE")
            .map_err(OpenError::while_("open the store"))?;
    }
    Ok(connection)
}

/// Gives the connection its key and looks whether that is the right one.
fn unlock(connection: &Connection, path: &Path, key: &Secret<32>) -> Result<(), OpenError> {
    let keyed = connection.pragma_update(None, "key", raw_key(key).as_str());
    keyed.map_err(OpenError::while_("give the store its key"))?;
    let read = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    read.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::WrongKey(path.to_owned()),
        _ => OpenError::Database { doing: "read the store", source: error },
    })
}

/// What makes "committed" mean "survives a loss of power", and what goes with it.
fn promise(connection: &Connection, knobs: &Knobs<'_>) -> rusqlite::Result<()> {
    for_everybody(connection)?;
    set(connection, "journal_mode", "WAL")?;
    let synchronous = if knobs.is_careless { "NORMAL" } else { "FULL" };
    set(connection, "synchronous", synchronous)?;
    set(connection, "foreign_keys", true)?;
    set(connection, "journal_size_limit", LOG_LEFT)?;
    let pages = knobs.checkpoint_pages.unwrap_or(CHECKPOINT_PAGES);
    set(connection, "wal_autocheckpoint", pages)?;
    set(connection, "secure_delete", "FAST")?;
    // On macOS an ordinary sync leaves data in the drive's cache; elsewhere this is nothing.
    set(connection, "fullfsync", true)?;
    set(connection, "checkpoint_fullfsync", true)
}

fn for_everybody(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(BUSY_TIMEOUT)?;
    set(connection, "temp_store", "MEMORY")?;
    set(connection, "mmap_size", 0)?;
    set(connection, "cache_size", CACHE_KIB)
}

/// Sets something about a connection; whether SQLite answers with the new value depends on what.
fn set(connection: &Connection, name: &str, value: impl Display) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("PRAGMA {name} = {value}"))
}
