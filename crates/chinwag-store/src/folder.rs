//! The data folder: who may see it, and who has it open.
//!
//! Nobody but its owner can read it, and one process at a time has it. The lock goes with the
//! process, so a crash leaves none behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::fault::OpenError;

/// The name of the database in its folder.
pub const DATABASE: &str = "chinwag.db";

/// The name of the lock in that folder: whoever has it locked has the folder.
pub const LOCK: &str = "lock";

/// A data folder that is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes a folder, which is made if it isn't there.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        make_private_folder(path)?;
        let lock = take_lock(path)?;
        let folder = Self { path: path.to_owned(), _lock: lock };
        // SQLite gives the files beside the database the same permissions.
        let database = folder.database();
        private_file(&database).map_err(OpenError::at(opening(&database), &database))?;
        sync_folder(path).map_err(OpenError::at("write to", path))?;
        Ok(folder)
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }
}

/// Whether somebody has this folder open now. Nothing is made, and whoever asks has it no longer
/// than the question takes.
pub fn is_in_use(folder: &Path) -> bool {
    let lock = File::open(folder.join(LOCK));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

fn take_lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let lock = private_file(&path).map_err(OpenError::at(opening(&path), &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(OpenError::at("lock", path)(error)),
    }
}

/// What it is to open a file that is made where there is none.
fn opening(path: &Path) -> &'static str {
    if path.exists() { "open for writing" } else { "create" }
}

/// Makes a folder that only its owner may look into.
fn make_private_folder(path: &Path) -> Result<(), OpenError> {
    std::fs::create_dir_all(path).map_err(OpenError::at("create the folder", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::metadata(path)
            .map_err(OpenError::at("look at the folder", path))?
            .permissions();
        if let Some(private) = without_others(permissions.mode()) {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(private))
                .map_err(OpenError::at("make private the folder", path))?;
        }
    }
    Ok(())
}

/// The mode of what is for its owner alone, if it has another. What its owner may do with it is theirs
/// to say: a folder that is not to be written is not made so.
#[cfg(unix)]
fn without_others(mode: u32) -> Option<u32> {
    (mode & 0o077 != 0).then_some(mode & 0o700)
}

/// Opens a file that only its owner may read, and creates it if it isn't there.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = options.mode(0o600).open(path)?;
        if let Some(private) = without_others(file.metadata()?.permissions().mode()) {
            file.set_permissions(std::fs::Permissions::from_mode(private))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Makes sure that a folder still names its new files after a loss of power.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    // Elsewhere folders can't be opened as files, and need not be.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
