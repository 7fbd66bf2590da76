//! The file of a data folder in which its key is: the 32 bytes themselves, or wrapped by a passphrase.
//! Which of the two is told by what it begins with; the bytes are in `docs/protocol/crypto.md`.
//!
//! What always holds: there is one such file, and it is replaced as a whole. Whatever is cut off at any
//! moment, the power too, the file that was there or the one that was to be is there, and each of them
//! opens the same database.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use chinwag_api::error::{ApiError, Kind};
use chinwag_crypto::{Secret, WRAPPED_KEY_LEN, WrappedKey};
use zeroize::Zeroizing;

use crate::home::{failed, sync_parent, write_beside, write_once};

const KEY_LEN: usize = 32;

/// The file of a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
}

/// What is in it.
#[derive(Debug)]
pub(crate) enum Content {
    /// The key itself.
    Plain(Secret<32>),
    /// The key, wrapped by a passphrase.
    Wrapped(WrappedKey),
}

/// What has been done of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// What others left behind is gone.
    Swept,
    /// The new file is on the disk, under another name, and was read again.
    Written,
    /// It has the name of the old one.
    Renamed,
    /// The disk knows that as well.
    Durable,
}

/// Whether this is the name of a key that somebody is about to write.
pub(crate) fn is_partial(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.strip_prefix(crate::home::KEY)
        .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".partial"))
}

impl KeyFile {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Writes a first key. Of several who come at once one does; all read what it wrote.
    pub(crate) fn make(&self, key: &Secret<32>) -> Result<(), ApiError> {
        match self.write_first(key.expose()) {
            Err(_) if self.exists() => Ok(()),
            written => written.map_err(|error| self.not_written(&error)),
        }
    }

    /// Writes a first key, wrapped. An error: there is one.
    pub(crate) fn make_wrapped(&self, wrapped: &WrappedKey) -> Result<(), ApiError> {
        self.write_first(&wrapped.to_bytes()).map_err(|error| self.not_written(&error))
    }

    fn write_first(&self, bytes: &[u8]) -> io::Result<()> {
        write_once(&self.path, bytes)
    }

    fn not_written(&self, error: &io::Error) -> ApiError {
        failed("write the key", &self.path, error)
    }

    /// What is in it. It is looked at as it is: nothing is computed.
    pub(crate) fn read(&self) -> Result<Content, ApiError> {
        read(&self.path).map_err(|error| {
            let text = format!("cannot read the key {}: {error}", self.path.display());
            ApiError::new(Kind::Internal, text).hint(
                "without its key the data can't be read: put the key back, or restore a backup",
            )
        })
    }

    /// Puts another file in the place of this one, which must hold the same key; to be called by who has
    /// the folder. `is_good` is asked of the new file as it is on the disk, before it counts. An error:
    /// the old one counts, or, if the system failed at the very end, the new one.
    pub(crate) fn replace(
        &self,
        content: &Content,
        is_good: impl FnOnce(Content) -> bool,
        mut after: impl FnMut(Step) -> io::Result<()>,
    ) -> Result<(), ApiError> {
        let old = fs::OpenOptions::new().read(true).write(true).open(&self.path);
        let replace = || {
            let mut old = old?;
            self.sweep();
            after(Step::Swept)?;
            let partial = write_beside(&self.path, &content.to_bytes())?;
            // By its age is known whether a database may still be missing.
            fs::File::open(&partial)?.set_modified(old.metadata()?.modified()?)?;
            if !is_good(read(&partial)?) {
                let _ = fs::remove_file(&partial);
                return Err(io::Error::other("what was written does not read back"));
            }
            after(Step::Written)?;
            fs::rename(&partial, &self.path)?;
            after(Step::Renamed)?;
            sync_parent(&self.path)?;
            after(Step::Durable)?;
            wipe_if_gone(&mut old);
            Ok(())
        };
        replace().map_err(|error: io::Error| self.not_written(&error))
    }

    /// Removes what somebody began to write and did not end, which may hold the key itself. To be called by
    /// who has the folder, once there is a key in it.
    pub(crate) fn sweep(&self) {
        let Some(folder) = self.path.parent().filter(|_| self.exists()) else { return };
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten().filter(|entry| is_partial(&entry.file_name())) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Content {
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Plain(key) => key.expose().to_vec(),
            Self::Wrapped(wrapped) => wrapped.to_bytes(),
        })
    }
}

/// Reads no more than a key can have.
fn read(path: &Path) -> io::Result<Content> {
    let mut bytes = Zeroizing::new([0; WRAPPED_KEY_LEN + 1]);
    let mut file = fs::File::open(path)?;
    let mut len = 0;
    while len < bytes.len() {
        match file.read(&mut bytes[len..])? {
            0 => break,
            read => len += read,
        }
    }
    let bytes = &bytes[..len];
    let is_wrapped = WrappedKey::is_meant_by(bytes) || len > KEY_LEN;
    if is_wrapped {
        return WrappedKey::from_bytes(bytes).map(Content::Wrapped).map_err(io::Error::other);
    }
    let key: [u8; KEY_LEN] = bytes
        .try_into()
        .map_err(|_| io::Error::other(format!("it has {len} bytes, and a key has {KEY_LEN}")))?;
    Ok(Content::Plain(Secret::new(key)))
}

/// Writes over what a file held that has no name any more: where the disk writes in place, the key is then
/// gone from it. A file that has another name, in somebody's backup by links, is left as it is.
fn wipe_if_gone(file: &mut fs::File) {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(facts) = file.metadata() else { return };
    let len = usize::try_from(facts.len()).unwrap_or(0).min(WRAPPED_KEY_LEN);
    if facts.nlink() == 0 && file.rewind().is_ok() {
        let _ = file.write_all(&vec![0; len]).and_then(|()| file.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use chinwag_crypto::{Passphrase, WrapCost};
    use tempfile::TempDir;

    use super::*;

    const STEPS: [Step; 4] = [Step::Swept, Step::Written, Step::Renamed, Step::Durable];

    fn fox() -> Passphrase {
        Passphrase::new(b"fox").unwrap()
    }

    fn key() -> Secret<32> {
        Secret::new([0xa7; 32])
    }

    fn wrapped() -> Content {
        let cost = WrapCost::new(8, 1, 1).unwrap();
        let wrapped = WrappedKey::wrap(&mut crate::randomness(), &fox(), cost, &key()).unwrap();
        Content::Wrapped(wrapped)
    }

    /// The key in it, by the passphrase if it needs one.
    fn opened(content: Content) -> Secret<32> {
        match content {
            Content::Plain(key) => key,
            Content::Wrapped(wrapped) => wrapped.unwrap(&fox()).unwrap(),
        }
    }

    /// A folder with this key file.
    fn folder(content: &Content) -> (TempDir, KeyFile) {
        let folder = TempDir::new().unwrap();
        let file = KeyFile::at(folder.path().join(crate::home::KEY));
        file.write_first(&content.to_bytes()).unwrap();
        (folder, file)
    }

    fn names(folder: &TempDir) -> usize {
        fs::read_dir(folder.path()).unwrap().count()
    }

    fn holds_plain_key(folder: &TempDir) -> bool {
        let files = fs::read_dir(folder.path()).unwrap();
        files.flatten().any(|file| {
            let bytes = fs::read(file.path()).unwrap();
            bytes.windows(KEY_LEN).any(|part| part == key().expose())
        })
    }

    #[test]
    fn wherever_a_replacement_is_cut_off_the_key_is_there_and_the_next_owner_tidies_up() {
        for is_set in [true, false] {
            for cut in STEPS {
                let (old, new) = if is_set {
                    (Content::Plain(key()), wrapped())
                } else {
                    (wrapped(), Content::Plain(key()))
                };
                let (folder, file) = folder(&old);
                let cutting = |step| {
                    if step == cut { Err(io::Error::other("the power is off")) } else { Ok(()) }
                };
                let error = file.replace(&new, |_| true, cutting).unwrap_err();
                assert!(error.message.contains("the power is off"), "{error:?}");
                let content = file.read().unwrap();
                let is_new = matches!(cut, Step::Renamed | Step::Durable);
                assert_eq!(matches!(content, Content::Wrapped(_)), is_set == is_new, "{cut:?}");
                assert_eq!(opened(content), key());
                file.sweep();
                assert_eq!(names(&folder), 1, "{cut:?}");
                assert_eq!(holds_plain_key(&folder), is_set != is_new, "{cut:?}");
            }
        }
    }

    #[test]
    fn what_does_not_read_back_never_counts() {
        let (folder, file) = folder(&Content::Plain(key()));
        file.replace(&wrapped(), |_| false, |_| Ok(())).unwrap_err();
        assert!(matches!(file.read(), Ok(Content::Plain(_))));
        assert_eq!(names(&folder), 1);
    }

    #[test]
    fn a_key_that_was_wrapped_is_gone_from_the_file_that_it_was_in() {
        let (folder, file) = folder(&Content::Plain(key()));
        let mut held = fs::File::open(&file.path).unwrap();
        file.replace(&wrapped(), |new| opened(new) == key(), |_| Ok(())).unwrap();
        let mut bytes = Vec::new();
        held.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [0; KEY_LEN]);
        assert!(!holds_plain_key(&folder));
    }

    #[test]
    fn a_key_that_somebody_else_has_linked_stays_theirs() {
        let (folder, file) = folder(&Content::Plain(key()));
        let theirs = folder.path().join("in a backup");
        fs::hard_link(&file.path, &theirs).unwrap();
        file.replace(&wrapped(), |_| true, |_| Ok(())).unwrap();
        assert_eq!(fs::read(theirs).unwrap(), key().expose());
    }

    #[test]
    fn what_is_no_key_file_is_told_as_such() {
        let wrapped = wrapped().to_bytes().to_vec();
        let long = [wrapped.clone(), vec![0; 1_000_000]].concat();
        for (bytes, why) in [
            (&b""[..], "it has 0 bytes"),
            (&[7; 31], "it has 31 bytes"),
            (&[7; 33], "a wrapped key has 96 bytes, not 33"),
            (&wrapped[..32], "a wrapped key has 96 bytes, not 32"),
            (&wrapped[..95], "a wrapped key has 96 bytes, not 95"),
            (&long, "a wrapped key has 96 bytes, not 97"),
        ] {
            let folder = TempDir::new().unwrap();
            let file = KeyFile::at(folder.path().join(crate::home::KEY));
            fs::write(&file.path, bytes).unwrap();
            let error = file.read().unwrap_err();
            assert!(error.message.contains(why), "{error:?}");
        }
    }

    #[test]
    fn a_replaced_key_is_as_old_as_it_was() {
        let (_folder, file) = folder(&Content::Plain(key()));
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
        fs::File::open(&file.path).unwrap().set_modified(long_ago).unwrap();
        file.replace(&wrapped(), |_| true, |_| Ok(())).unwrap();
        let modified = fs::metadata(&file.path).unwrap().modified().unwrap();
        assert!(modified.elapsed().unwrap() > std::time::Duration::from_mins(59));
    }
}
