//! A passphrase in front of a data folder: whether there is one, opening by it, and setting, changing and
//! removing it.
//!
//! What it protects is the key of the database, which is wrapped and stays the same: nothing is encrypted
//! anew. So whoever had the key before has it still. Deriving takes a moment and 64 MiB, and is done when a
//! folder is opened and never again: a node that runs has the key.

use std::path::Path;
use std::sync::Arc;

use chinwag_api::error::{ApiError, Kind};
pub use chinwag_crypto::{BadPassphrase, PASSPHRASE_MAX, Passphrase};
use chinwag_crypto::{CannotUnwrap, NoMemory, Secret, WrapCost, WrappedKey};
use chinwag_store::OpenError;

use crate::Settings;
use crate::home::Home;
use crate::key_file::Content;
use crate::refusals::cannot_open;

/// The key of a data folder that was unlocked. Copies share it; it is wiped with the last one.
#[derive(Clone, Debug)]
pub struct StoreKey(Arc<Secret<32>>);

impl StoreKey {
    pub(crate) fn of(key: Secret<32>) -> Self {
        Self(Arc::new(key))
    }

    pub(crate) fn copy(&self) -> Secret<32> {
        Secret::new(*self.0.expose())
    }
}

/// How the key of a data folder is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// There is no key yet.
    Nothing,
    /// By the permissions of its file alone.
    File,
    /// By a passphrase.
    Passphrase {
        /// KiB of memory that it costs to try one.
        memory_kib: u32,
        /// How often that memory is gone through.
        passes: u32,
        /// In how many lanes.
        lanes: u32,
    },
}

/// How this data folder is protected. Nothing is made, and nobody is kept from anything.
pub fn protection(data_dir: &Path) -> Result<Protection, ApiError> {
    let file = Home::at(data_dir)?.key_file();
    if !file.exists() {
        return Ok(Protection::Nothing);
    }
    Ok(match file.read()? {
        Content::Plain(_) => Protection::File,
        Content::Wrapped(wrapped) => {
            let cost = wrapped.cost();
            let (memory_kib, passes, lanes) = (cost.memory_kib(), cost.passes(), cost.lanes());
            Protection::Passphrase { memory_kib, passes, lanes }
        }
    })
}

/// What to say to whoever wants a data folder that another process has now. `None`: nobody has it.
pub fn in_use(data_dir: &Path) -> Result<Option<ApiError>, ApiError> {
    let home = Home::at(data_dir)?;
    let is_in_use = chinwag_store::is_in_use(home.path());
    Ok(is_in_use.then(|| cannot_open(&OpenError::InUse(home.path().to_owned()))))
}

/// Opens a folder by its passphrase. `None`: it is another one. An error: there is nothing to open by one,
/// it is damaged, or there is no memory.
pub async fn unlock(
    data_dir: &Path,
    passphrase: Arc<Passphrase>,
) -> Result<Option<StoreKey>, ApiError> {
    let home = Home::at(data_dir)?;
    let open = move || match home.key_file().read()? {
        Content::Plain(_) => Err(not_protected(home.path())),
        Content::Wrapped(wrapped) => match wrapped.unwrap(&passphrase) {
            Ok(key) => Ok(Some(StoreKey::of(key))),
            Err(CannotUnwrap::Passphrase) => Ok(None),
            Err(CannotUnwrap::Memory(error)) => Err(no_memory(error)),
        },
    };
    aside(open).await
}

/// Begins a folder that is protected from its beginning: its key is never on the disk as it is. An error:
/// there is a key already.
pub async fn begin(settings: &Settings, passphrase: Passphrase) -> Result<StoreKey, ApiError> {
    let mut home = Home::of(settings)?;
    if home.has_data() || home.key_file().exists() {
        let text = format!("there is data in {} already", home.path().display());
        return Err(ApiError::new(Kind::Refused, text).hint("chinwag passphrase set protects it"));
    }
    let begin = move || {
        let key = Secret::generate(&mut crate::randomness());
        let wrapped = wrap(&passphrase, &key)?;
        home.make()?;
        home.key_file().make_wrapped(&wrapped)?;
        Ok(StoreKey::of(key))
    };
    aside(begin).await
}

/// Puts a passphrase in front of a folder: a first one, or, with the key that the one before has
/// [unlocked](unlock), another one. An error: somebody has the folder open ([`Kind::Locked`]), the key does
/// not open it, or the file can't be written; then it is as it was.
pub async fn protect(
    settings: &Settings,
    unlocked: Option<StoreKey>,
    passphrase: Passphrase,
) -> Result<(), ApiError> {
    let is_first = unlocked.is_none();
    let home = Home::of(settings)?.with_key(unlocked);
    let protect = move || {
        let may_begin = |content: &Content| match content {
            Content::Wrapped(_) if is_first => Err(is_protected(home.path())),
            Content::Wrapped(_) | Content::Plain(_) => Ok(()),
        };
        may_begin(&home.key_file().read()?)?;
        let key = home.key()?;
        let wrapped = wrap(&passphrase, &key)?;
        let is_good = |content: Content| match content {
            Content::Wrapped(wrapped) => wrapped.unwrap(&passphrase).is_ok_and(|is| is == key),
            Content::Plain(_) => false,
        };
        replace(&home, &Content::Wrapped(wrapped), may_begin, is_good)
    };
    aside(protect).await
}

/// Takes the passphrase away from a folder that it has [unlocked](unlock): its key lies in its file as it
/// is again. Errors as with [`protect`].
pub async fn unprotect(settings: &Settings, unlocked: StoreKey) -> Result<(), ApiError> {
    let home = Home::of(settings)?.with_key(Some(unlocked.clone()));
    let is_good =
        move |content: Content| matches!(content, Content::Plain(key) if key == *unlocked.0);
    let remove = move || replace(&home, &Content::Plain(home.key()?), |_| Ok(()), is_good);
    aside(remove).await
}

/// Replaces the file of the key while the folder is ours, once the key has opened what it is for, and if what
/// is there by then may be replaced: somebody else may have been faster.
fn replace(
    home: &Home,
    content: &Content,
    may_begin: impl FnOnce(&Content) -> Result<(), ApiError>,
    is_good: impl FnOnce(Content) -> bool,
) -> Result<(), ApiError> {
    let _ours = crate::opening(home.clone())().map_err(|cannot| cannot.error)?;
    may_begin(&home.key_file().read()?)?;
    home.key_file().replace(content, is_good, |_| Ok(()))
}

fn wrap(passphrase: &Passphrase, key: &Secret<32>) -> Result<WrappedKey, ApiError> {
    WrappedKey::wrap(&mut crate::randomness(), passphrase, WrapCost::USUAL, key).map_err(no_memory)
}

/// Does what takes long where nobody waits behind it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?
}

/// What to say to whoever has no passphrase for a folder that is protected by one.
pub fn needed(folder: &Path) -> ApiError {
    let text = format!("{} is protected by a passphrase", folder.display());
    ApiError::new(Kind::Locked, text).hint(
        "type it on a terminal, or give it with --passphrase-fd or by passphrase_command in the config",
    )
}

fn is_protected(folder: &Path) -> ApiError {
    let text = format!("{} has a passphrase already", folder.display());
    ApiError::new(Kind::Refused, text).hint("chinwag passphrase change gives it another one")
}

fn not_protected(folder: &Path) -> ApiError {
    let text = format!("{} has no passphrase", folder.display());
    ApiError::new(Kind::Refused, text).hint("chinwag passphrase set gives it one")
}

fn no_memory(error: NoMemory) -> ApiError {
    ApiError::new(Kind::Limit, error.to_string()).hint("end what uses so much, and try again")
}
