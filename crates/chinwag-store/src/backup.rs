//! Backups: one file with everything, under a key of its own, written while the store is in use.
//!
//! A backup carries the mark that it is a copy. It is the state of one moment, and whole or not
//! there: it gets its name when all of it is on the disk.

use std::path::{Path, PathBuf};

use chinwag_crypto::Secret;
use rusqlite::{Connection, ErrorCode};

use crate::connection::{exporter, raw_key};
use crate::fault::OpenError;
use crate::folder::{private_file, sync_folder};
use crate::schema::version;

/// Instructions of SQLite between two looks whether the backup is still wanted: well below a
/// millisecond.
const LOOK_EVERY: std::ffi::c_int = 1_000;

/// Whether a backup is to end before it is done.
pub(crate) type IsOver = Box<dyn FnMut() -> bool + Send>;

/// Bytes of a page. Every backup is made of whole ones.
const PAGE: u64 = 4_096;

/// Writes the content of a backup into a new database with another key. An error that is the backup's
/// is told as such.
pub(crate) fn put_back(
    backup: &Path,
    backup_key: &Secret<32>,
    to: &Path,
    key: &Secret<32>,
) -> Result<(), OpenError> {
    let file = std::fs::metadata(backup).map_err(OpenError::at("read the backup", backup))?;
    if file.len() == 0 || file.len() % PAGE != 0 {
        return Err(OpenError::BadBackup(backup.to_owned()));
    }
    // A copy of a copy is written as any backup is.
    write(backup, backup_key, to, key, Box::new(|| false)).map_err(|error| match error {
        OpenError::Database { source, .. } if is_damage(&source) => {
            OpenError::BadBackup(backup.to_owned())
        }
        OpenError::Database { source, .. } => {
            OpenError::Database { doing: "read the backup", source }
        }
        OpenError::File { path, source, .. } => {
            OpenError::File { doing: "restore to", path, source }
        }
        other => other,
    })
}

/// Whether the database says that what it read was not written by it. What was just written can't be it.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
    )
}

/// Writes a backup of a database.
///
/// The pages can't be copied as they are: they are encrypted with another key. So each row is read
/// and written again, which leaves out what was deleted.
pub(crate) fn write(
    database: &Path,
    key: &Secret<32>,
    to: &Path,
    to_key: &Secret<32>,
    is_over: IsOver,
) -> Result<(), OpenError> {
    let partial = beside(to);
    let failed = |source| OpenError::File { doing: "write the backup", path: to.into(), source };
    remove(&partial).map_err(failed)?;
    private_file(&partial).map_err(failed)?;
    let written = exporter(database, key).and_then(|mut connection| {
        let looking = connection.progress_handler(LOOK_EVERY, Some(is_over));
        looking.map_err(OpenError::while_("write the backup"))?;
        export(&connection, &partial, to_key)
    });
    if let Err(error) = written {
        // What is there of it is of no use; that it stays there is not worse than the failure.
        let _ = remove(&partial);
        return Err(error);
    }
    put_in_place(&partial, to).map_err(failed)
}

fn export(connection: &Connection, to: &Path, key: &Secret<32>) -> Result<(), OpenError> {
    let doing = || OpenError::while_("write the backup");
    let to = to.to_str().ok_or_else(|| OpenError::Damaged("a path that is no text".into()))?;
    let attach = "ATTACH DATABASE ?1 AS backup KEY ?2";
    connection.execute(attach, (to, raw_key(key).as_str())).map_err(doing())?;
    let version = version(connection)?;
    let transaction = connection.unchecked_transaction().map_err(doing())?;
    transaction.query_row("SELECT sqlcipher_export('backup')", [], |_| Ok(())).map_err(doing())?;
    transaction.execute("UPDATE backup.store SET is_copy = 1", []).map_err(doing())?;
    transaction.pragma_update(Some("backup"), "user_version", version).map_err(doing())?;
    transaction.commit().map_err(doing())?;
    connection.execute("DETACH DATABASE backup", []).map_err(doing())?;
    Ok(())
}

fn put_in_place(partial: &Path, to: &Path) -> std::io::Result<()> {
    private_file(partial)?.sync_all()?;
    std::fs::rename(partial, to)?;
    to.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
