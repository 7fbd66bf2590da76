//! The data folder of one person: what is where, and the key of what is kept.
//!
//! In it are the database, its lock, the socket of the API, and the key; beside the system's other
//! state, outside of it, a witness that notices when the folder is put back from an older copy.
//! Folders are for their owner alone (0700), and so is every file (0600).

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use chinwag_api::error::{ApiError, Kind};
use chinwag_crypto::{Label, Secret, hash};
use etcetera::BaseStrategy as _;

/// Bytes that the path of a socket may have on every system (`sun_path` of `sockaddr_un`, less the
/// end).
const SOCKET_PATH_MAX: usize = 100;

const KEY: &str = "key";
const PORT: &str = "port";
const LOG: &str = "log";
const SOCKET: &str = "api.sock";

/// The key that backups of an account are encrypted with: its recovery words open them.
const BACKUP_KEY: Label = Label::new("chinwag/backup-key/1");

/// A data folder.
#[derive(Clone, Debug)]
pub(crate) struct Home(PathBuf);

/// Where the data of this person is, unless they say otherwise.
pub fn usual_data_dir() -> Option<PathBuf> {
    let dirs = etcetera::choose_base_strategy().ok()?;
    Some(dirs.data_dir().join("chinwag"))
}

impl Home {
    /// The folder at this path, whether it is there or not.
    pub(crate) fn at(data_dir: &Path) -> Result<Self, ApiError> {
        let absolute =
            std::path::absolute(data_dir).map_err(|error| failed("look for", data_dir, &error))?;
        Ok(Self(absolute))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the log.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join(LOG)
    }

    /// Whether there is data here.
    pub(crate) fn has_data(&self) -> bool {
        self.0.join(chinwag_store::DATABASE).exists()
    }

    /// Makes the folder if it isn't there.
    pub(crate) fn make(&self) -> Result<(), ApiError> {
        make_private(&self.0).map_err(|error| failed("make the folder", &self.0, &error))
    }

    /// Where the API listens: in the folder or, where that path is too long for a socket, in the
    /// folder for such things, under a name that stands for the path.
    pub(crate) fn socket(&self) -> PathBuf {
        let usual = self.0.join(SOCKET);
        if usual.as_os_str().len() <= SOCKET_PATH_MAX {
            return usual;
        }
        let label = Label::new("chinwag/socket/1");
        let name = hash(label, self.0.as_os_str().as_encoded_bytes()).to_hex();
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let folder = runtime.filter(|path| path.is_absolute()).unwrap_or_else(std::env::temp_dir);
        let short: String = name.chars().take(32).collect();
        folder.join(format!("chinwag-{}", rustix::process::getuid().as_raw())).join(short)
    }

    /// Where the witness of this folder is.
    pub(crate) fn witness(&self) -> Option<PathBuf> {
        let dirs = etcetera::choose_base_strategy().ok()?;
        let state = dirs.state_dir().unwrap_or_else(|| dirs.data_dir());
        let name = hash(Label::new("chinwag/witness/1"), self.0.as_os_str().as_encoded_bytes());
        let folder = state.join("chinwag").join("witnesses");
        make_private(&folder).ok()?;
        Some(folder.join(name.to_hex().chars().take(32).collect::<String>()))
    }

    /// The key of the database; made when there is none and nothing is encrypted with it yet.
    pub(crate) fn key(&self) -> Result<Secret<32>, ApiError> {
        let path = self.0.join(KEY);
        match read_key(&path) {
            Ok(key) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.has_data() => {
                let key = Secret::generate(&mut crate::randomness());
                write_new(&path, key.expose())
                    .map_err(|error| failed("write the key", &path, &error))?;
                Ok(key)
            }
            Err(error) => Err(failed("read the key", &path, &error).hint(
                "without its key the data can't be read: put the key back, or restore a backup",
            )),
        }
    }

    /// The port that was listened on the last time.
    pub(crate) fn port(&self) -> Option<u16> {
        fs::read_to_string(self.0.join(PORT)).ok()?.trim().parse().ok()
    }

    /// Notes the port. That it can't be noted only means that it is another one next time.
    pub(crate) fn put_port(&self, port: u16) {
        let path = self.0.join(PORT);
        let _ = fs::remove_file(&path);
        let _ = write_new(&path, port.to_string().as_bytes());
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
        _ => Kind::Internal,
    };
    ApiError::new(kind, format!("cannot {doing} {}: {error}", path.display()))
}

pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn read_key(path: &Path) -> io::Result<Secret<32>> {
    let mut key = [0; 32];
    let mut file = fs::File::open(path)?;
    file.read_exact(&mut key)?;
    Ok(Secret::new(key))
}

/// Writes a file for its owner alone, whole or not at all.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let partial = path.with_extension("partial");
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    if let Some(folder) = path.parent().filter(|_| cfg!(unix)) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}
