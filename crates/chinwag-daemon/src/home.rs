//! The data folder of one person: what is where, and the key of what is kept.
//!
//! In it are the database, its lock, the socket of the API, and the key; beside the system's other
//! state, outside of it, a witness that notices when the folder is put back from an older copy.
//! Folders are for their owner alone (0700), and so is every file (0600).

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_crypto::{Label, Secret, hash};
use chinwag_store::OpenError;
use etcetera::BaseStrategy as _;

use crate::key_file::{self, Content, KeyFile};
use crate::node_thread::CannotOpen;
use crate::passphrase::StoreKey;

/// Bytes that the path of a socket may have on every system (`sun_path` of `sockaddr_un`, less the
/// end).
pub const SOCKET_PATH_MAX: usize = 100;

/// Bytes that the database needs of the disk to be open at all: the index of its log has 32 KiB, and
/// what is written a few pages more.
const ROOM_MIN: u64 = 64 * 1_024;

/// Bytes with which a disk that was full has room again: more than a store that is opened anew gives back
/// itself.
const ROOM_AGAIN: u64 = 4 * 1_024 * 1_024;

pub(crate) const KEY: &str = "key";
const PLACE: &str = "place";
const PORT: &str = "port";
const LOG: &str = "log";
/// The name of the socket in a data folder.
pub const SOCKET: &str = "api.sock";

/// How long after its key a database may still be missing: somebody may be about to make it. Later,
/// it is lost.
const NEW_FOR: Duration = Duration::from_mins(1);

/// The key that backups of an account are encrypted with: its recovery words open them.
const BACKUP_KEY: Label = Label::new("chinwag/backup-key/1");

/// A data folder.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    path: PathBuf,
    /// Where the witness is, if not where the system says.
    state: Option<PathBuf>,
    /// The key of what is kept, if somebody has it at hand.
    key: Option<StoreKey>,
}

impl Home {
    /// The folder at this path, whether it is there or not: by whatever path it is named, it is the
    /// same folder.
    pub(crate) fn at(data_dir: &Path) -> Result<Self, ApiError> {
        let absolute =
            std::path::absolute(data_dir).map_err(|error| failed("look for", data_dir, &error))?;
        Ok(Self { path: absolute.canonicalize().unwrap_or(absolute), state: None, key: None })
    }

    /// The folder of these settings.
    pub(crate) fn of(settings: &crate::Settings) -> Result<Self, ApiError> {
        Ok(Self::at(&settings.data_dir)?.with_state_in(settings.state_dir.clone()))
    }

    /// The same, with its witness in another place than the system's.
    pub(crate) fn with_state_in(self, state: Option<PathBuf>) -> Self {
        Self { state, ..self }
    }

    /// The same with its key at hand: then no key is read.
    pub(crate) fn with_key(self, key: Option<StoreKey>) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a passphrase protects it. Whatever is wrong with its key is told by who opens it.
    pub(crate) fn has_passphrase(&self) -> bool {
        matches!(self.key_file().read(), Ok(Content::Wrapped(_)))
    }

    /// The folder of the log.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join(LOG)
    }

    /// Whether there is data here.
    pub(crate) fn has_data(&self) -> bool {
        self.path.join(chinwag_store::DATABASE).exists()
    }

    /// Makes the folder if it isn't there. An error: there are other things in it; it may be a folder
    /// that others need as it is.
    pub(crate) fn make(&mut self) -> Result<(), ApiError> {
        let doing = |error| failed("make the folder", &self.path, &error);
        let is_empty = match fs::read_dir(&self.path) {
            Ok(entries) => entries.flatten().all(|entry| key_file::is_partial(&entry.file_name())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(doing(error)),
        };
        // After that: whoever makes a store there at the same time begins with its key.
        let is_ours = || self.path.join(KEY).exists() || self.has_data();
        if !is_empty && !is_ours() {
            let text = format!("{} is not empty, and has no data of chinwag", self.path.display());
            let error = ApiError::new(Kind::Refused, text);
            return Err(error.hint("name a folder that is empty or not there yet"));
        }
        make_private(&self.path).map_err(doing)?;
        self.path = self.path.canonicalize().map_err(doing)?;
        Ok(())
    }

    /// Where the API listens: in the folder or, where that path is too long for a socket, in the
    /// folder for such things, under a name that stands for the path.
    pub(crate) fn socket(&self) -> PathBuf {
        let usual = self.path.join(SOCKET);
        if usual.as_os_str().len() <= SOCKET_PATH_MAX {
            return usual;
        }
        let label = Label::new("chinwag/socket/1");
        let name = hash(label, self.path.as_os_str().as_encoded_bytes()).to_hex();
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let folder = runtime.filter(|path| path.is_absolute()).unwrap_or_else(std::env::temp_dir);
        let short: String = name.chars().take(32).collect();
        folder.join(format!("chinwag-{}", rustix::process::getuid().as_raw())).join(short)
    }

    /// Where the witness of this folder is. `None`: it can't have one, or there is none although the
    /// folder is where it was; then whoever runs this has another home than the last time, and a folder
    /// that stays in its place is no copy.
    pub(crate) fn witness(&self) -> Option<PathBuf> {
        let folder = if let Some(state) = &self.state {
            state.clone()
        } else {
            let dirs = etcetera::choose_base_strategy().ok()?;
            dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).join("chinwag")
        };
        let name = hash(Label::new("chinwag/witness/1"), self.path.as_os_str().as_encoded_bytes());
        let folder = folder.join("witnesses");
        make_private(&folder).ok()?;
        let witness = folder.join(name.to_hex().chars().take(32).collect::<String>());
        let is_where_it_was = self.has_data() && self.place_of_last_time() == self.place();
        (witness.exists() || !is_where_it_was).then_some(witness)
    }

    /// Notes where the folder is, to know it again.
    pub(crate) fn put_place(&self) {
        if let Some(place) = self.place() {
            let _ = write_over(&self.path.join(PLACE), place.as_bytes());
        }
    }

    fn place_of_last_time(&self) -> Option<String> {
        fs::read_to_string(self.path.join(PLACE)).ok()
    }

    /// What tells this folder from a copy of it: the file system that it is on, and its number there.
    fn place(&self) -> Option<String> {
        use std::os::unix::fs::MetadataExt as _;
        let folder = fs::metadata(&self.path).ok()?;
        Some(format!("{}:{}", folder.dev(), folder.ino()))
    }

    /// The file of the key.
    pub(crate) fn key_file(&self) -> KeyFile {
        KeyFile::at(self.path.join(KEY))
    }

    /// The key of the database. It is made when there is none and nothing is encrypted with it yet; of
    /// several who come at once all get the same. An error of [`Kind::Locked`]: only a passphrase opens it.
    pub(crate) fn key(&self) -> Result<Secret<32>, ApiError> {
        if let Some(key) = &self.key {
            return Ok(key.copy());
        }
        let file = self.key_file();
        if !file.exists() && !self.has_data() {
            file.make(&Secret::<32>::generate(&mut crate::randomness()))?;
        }
        match file.read()? {
            Content::Plain(key) => Ok(key),
            Content::Wrapped(_) => Err(crate::passphrase::needed(&self.path)),
        }
    }

    /// Whether the key is so new that the database may not be there yet.
    pub(crate) fn is_new(&self) -> bool {
        let made = fs::metadata(self.path.join(KEY)).and_then(|key| key.modified());
        made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < NEW_FOR))
    }

    /// Why the store can't be opened. Of a disk without room the database says no more than that it
    /// failed, where its own smaller files have no room either: so that is looked at.
    pub(crate) fn cannot_open(&self, error: &OpenError) -> CannotOpen {
        let is_failure = matches!(error, OpenError::Database { source, .. }
            if source.to_string().contains("disk I/O error"));
        if is_failure && !self.has_room(ROOM_MIN) {
            return CannotOpen { error: crate::refusals::full(&self.path), may_pass: true };
        }
        CannotOpen::from(error)
    }

    /// Whether a disk that was full is so no more.
    pub(crate) fn has_room_again(&self) -> bool {
        self.has_room(ROOM_AGAIN)
    }

    /// Whether there is room for so many bytes.
    fn has_room(&self, bytes: u64) -> bool {
        self.free().is_some_and(|free| free >= bytes)
    }

    /// Bytes that are free on the disk where it is, or would be.
    pub(crate) fn free(&self) -> Option<u64> {
        let mut there = self.path.ancestors().filter(|folder| folder.exists());
        let disk = rustix::fs::statvfs(there.next()?).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Bytes of the database and its log.
    pub(crate) fn size(&self) -> u64 {
        let database = self.path.join(chinwag_store::DATABASE);
        let log = database.with_extension("db-wal");
        [database, log]
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|file| file.len())
            .sum()
    }

    /// The port that was listened on the last time.
    pub(crate) fn port(&self) -> Option<u16> {
        fs::read_to_string(self.path.join(PORT)).ok()?.trim().parse().ok()
    }

    /// Notes the port. That it can't be noted only means that it is another one next time.
    pub(crate) fn put_port(&self, port: u16) {
        let _ = write_over(&self.path.join(PORT), port.to_string().as_bytes());
    }
}

/// The key of backups of an account.
pub(crate) fn backup_key(account_seed: &[u8; 32]) -> Secret<32> {
    Secret::new(*hash(BACKUP_KEY, account_seed).as_bytes())
}

/// Something with a file went wrong.
pub(crate) fn failed(doing: &str, path: &Path, error: &io::Error) -> ApiError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Kind::Refused,
        io::ErrorKind::NotFound => Kind::NotFound,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::Limit,
        io::ErrorKind::NotADirectory => Kind::Usage,
        _ => Kind::Internal,
    };
    ApiError::new(kind, format!("cannot {doing} {}: {error}", path.display()))
}

pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path)?.permissions().mode();
        // Only what others may is taken away: a folder that is not to be written stays so.
        if mode & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))?;
        }
    }
    Ok(())
}

/// Writes a file for its owner alone, whole or not at all, in place of what was there.
fn write_over(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = write_beside(path, bytes)?;
    fs::rename(&partial, path)?;
    sync_parent(path)
}

/// Writes a file for its owner alone, whole or not at all. An error: there is one.
pub(crate) fn write_once(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = write_beside(path, bytes)?;
    let linked = fs::hard_link(&partial, path);
    let _ = fs::remove_file(&partial);
    linked?;
    sync_parent(path)
}

/// Writes a file beside another, under a name that nobody else uses.
pub(crate) fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let random = Secret::<32>::generate(&mut crate::randomness());
    let name = hash(Label::new("chinwag/partial/1"), random.expose()).to_hex();
    let partial = path.with_extension(format!("{}.partial", &name[..16]));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(partial)
}

pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent().filter(|_| cfg!(unix)) {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn whoever_comes_at_once_gets_the_same_key() {
        let folder = TempDir::new().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let ask = || *home.key().unwrap().expose();
            let all: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_folder_of_others_is_left_alone() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("letter"), "dear").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let error = Home::at(folder.path()).unwrap().make().unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }

    #[test]
    fn a_folder_that_somebody_is_about_to_begin_is_no_folder_of_others() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("key.0011223344556677.partial"), "half of it").unwrap();
        Home::at(folder.path()).unwrap().make().unwrap();
        fs::write(folder.path().join("letter.partial"), "dear").unwrap();
        assert_eq!(Home::at(folder.path()).unwrap().make().unwrap_err().kind(), Kind::Refused);
    }

    #[test]
    fn a_folder_is_the_same_by_whatever_path_it_is_named() {
        let place = TempDir::new().unwrap();
        let (folder, link) = (place.path().join("folder"), place.path().join("link"));
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        let dotted = folder.join("..").join("folder");
        for path in [&link, &dotted] {
            assert_eq!(Home::at(path).unwrap().path(), Home::at(&folder).unwrap().path());
        }
    }
}
