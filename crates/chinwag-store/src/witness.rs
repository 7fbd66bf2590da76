//! The witness: a small file outside of the data folder that has seen how often a store was opened.
//!
//! A data folder that was put back from an older copy knows a lower number than its witness, and
//! one that was carried elsewhere has none. Both are copies, and their device may be alive, or have
//! written more than they know.
//!
//! The number goes up in three steps: it is written beside the witness, then committed in the
//! store, then put in the witness's place. Whichever step was the last before a crash, one of the
//! two files has the store's number. So a crash never makes an original look like a copy.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::fault::OpenError;
use crate::folder::{private_file, sync_folder};

/// Begins the file, so that it is not taken for something else.
const MAGIC: &[u8; 8] = b"chinwagw";

/// What a witness has seen, and what a store says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Of which store.
    pub(crate) store: [u8; 16],
    /// How often that was opened beside a witness.
    pub(crate) openings: u64,
}

/// A witness by its path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Witness<'a>(pub(crate) &'a Path);

impl Seen {
    fn to_bytes(self) -> Vec<u8> {
        [MAGIC.as_slice(), &self.store, &self.openings.to_be_bytes()].concat()
    }

    /// `None`: these bytes are no witness, or only a part of one.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (store, openings) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
        Some(Self { store: *store, openings: u64::from_be_bytes(openings.try_into().ok()?) })
    }
}

impl Witness<'_> {
    /// Whether a store that says this of itself is the one that was opened here the last time.
    pub(crate) fn knows(self, store: Seen) -> Result<bool, OpenError> {
        // Never opened beside a witness: there is nothing to compare.
        let is_new = store.openings == 0;
        Ok(is_new || read(self.0)? == Some(store) || read(&self.next())? == Some(store))
    }

    /// The first step: writes what is going to be true, beside what was.
    pub(crate) fn prepare(self, before: Seen, next: Seen) -> Result<(), OpenError> {
        // The last opening may have ended before its third step.
        if read(&self.next())? == Some(before) {
            self.confirm()?;
        }
        let path = self.next();
        let write = || {
            let mut file = private_file(&path)?;
            file.set_len(0)?;
            file.write_all(&next.to_bytes())?;
            file.sync_all()
        };
        write().map_err(OpenError::at("write the witness", &path))
    }

    /// The third step: what was prepared takes the place of what was.
    pub(crate) fn confirm(self) -> Result<(), OpenError> {
        let rename = || {
            std::fs::rename(self.next(), self.0)?;
            self.0.parent().map_or(Ok(()), sync_folder)
        };
        rename().map_err(OpenError::at("write the witness", self.0))
    }

    fn next(self) -> PathBuf {
        let mut name = self.0.as_os_str().to_owned();
        name.push(".next");
        name.into()
    }
}

fn read(path: &Path) -> Result<Option<Seen>, OpenError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Seen::from_bytes(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpenError::at("read the witness", path)(error)),
    }
}

/// Counts an opening of a store, beside its witness if it has one, and says whether the store is a
/// copy.
pub(crate) fn count_opening(db: &Connection, path: Option<&Path>) -> Result<bool, OpenError> {
    let doing = "count this opening of the store";
    let (before, is_marked) = seen(db).map_err(OpenError::while_(doing))?;
    let Some(witness) = path.map(Witness) else { return Ok(is_marked) };
    let is_known = witness.knows(before)?;
    // A copy gets a name of its own, so that the original, should it come back, is not taken for
    // what the witness has seen here.
    let store =
        if is_known { before.store } else { new_id(db).map_err(OpenError::while_(doing))? };
    let next = Seen { store, openings: before.openings.saturating_add(1) };
    witness.prepare(before, next)?;
    let is_copy = is_marked || !is_known;
    write(db, next, is_copy).map_err(OpenError::while_(doing))?;
    witness.confirm()?;
    Ok(is_copy)
}

fn seen(db: &Connection) -> rusqlite::Result<(Seen, bool)> {
    db.query_row("SELECT id, openings, is_copy FROM store", [], |row| {
        let openings: i64 = row.get(1)?;
        let seen = Seen { store: row.get(0)?, openings: openings.unsigned_abs() };
        Ok((seen, row.get(2)?))
    })
}

fn new_id(db: &Connection) -> rusqlite::Result<[u8; 16]> {
    db.query_row("SELECT randomblob(16)", [], |row| row.get(0))
}

fn write(db: &Connection, next: Seen, is_copy: bool) -> rusqlite::Result<()> {
    let openings = i64::try_from(next.openings).unwrap_or(i64::MAX);
    let update = "UPDATE store SET id = ?1, openings = ?2, is_copy = ?3";
    db.execute(update, (next.store, openings, is_copy)).map(drop)
}
