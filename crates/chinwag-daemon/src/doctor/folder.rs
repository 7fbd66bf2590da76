//! The data folder from outside: room, permissions, who has it. Its store is not opened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use chinwag_store::{LOCK, is_in_use};

use super::facts::{Folder, Lock};
use crate::home::{Home, KEY, SOCKET};

/// How the file begins that is written to see whether that is possible, and how long it takes. It is new, of
/// this process, and gone afterwards.
const PROBE: &str = "doctor";

/// Bytes that are written into it: a page of the database.
const PROBE_BYTES: usize = 4_096;

/// How often that is done; the quickest counts, as others write as well.
const PROBES: usize = 3;

/// Looks at a folder.
pub(super) fn look(home: &Home) -> Folder {
    let path = home.path();
    let is_foreign = is_foreign(path);
    let is_begun = !is_foreign && (home.has_data() || home.key_file().exists());
    let lock = lock(path);
    Folder {
        path: path.to_owned(),
        free: home.free(),
        is_foreign,
        written: is_begun.then(|| write(path).map_err(|error| error.to_string())),
        size: home.size(),
        open_to_others: if is_begun { open_to_others(path) } else { Vec::new() },
        lock,
        // Whoever has the folder may stand still, and then nobody answers there.
        has_dead_socket: lock == Lock::Free && !is_foreign && has_dead_socket(&home.socket()),
    }
}

/// Whether the folder is somebody else's, so that what is in it can't be seen from here.
fn is_foreign(folder: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    fs::metadata(folder).is_ok_and(|found| found.uid() != own)
}

/// How long it takes until a page that is written is safe.
fn write(folder: &Path) -> io::Result<Duration> {
    let path = folder.join(format!("{PROBE}-{}.partial", std::process::id()));
    // A new one: what has that name already is not ours, whatever it leads to.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let written = write_to(file);
    let _ = fs::remove_file(&path);
    written
}

fn write_to(mut file: File) -> io::Result<Duration> {
    let mut quickest = Duration::MAX;
    for _ in 0..PROBES {
        file.write_all(&[0; PROBE_BYTES])?;
        let begin = Instant::now();
        file.sync_data()?;
        quickest = quickest.min(begin.elapsed());
    }
    Ok(quickest)
}

/// What of it others than its owner may look into.
fn open_to_others(folder: &Path) -> Vec<String> {
    let names = ["", KEY, chinwag_store::DATABASE, SOCKET];
    if fs::metadata(folder).is_ok_and(|found| !is_open(&found)) {
        // Nobody comes as far as what is in it.
        return Vec::new();
    }
    let is_seen = |name: &&str| {
        let path = if name.is_empty() { folder.to_owned() } else { folder.join(name) };
        fs::symlink_metadata(path).is_ok_and(|found| is_open(&found))
    };
    names.into_iter().filter(is_seen).map(str::to_owned).collect()
}

/// Whether anybody but its owner may do anything with it.
fn is_open(found: &fs::Metadata) -> bool {
    found.mode() & 0o077 != 0
}

fn lock(folder: &Path) -> Lock {
    if !is_in_use(folder) {
        return Lock::Free;
    }
    let file = File::open(folder.join(LOCK)).and_then(|file| file.metadata());
    let locks = fs::read_to_string("/proc/locks").ok();
    Lock::Taken(file.ok().zip(locks).and_then(|(file, locks)| holder(&locks, &file)))
}

/// The process that has a file locked, by what Linux says of all locks: `1: FLOCK ADVISORY WRITE 4711
/// 08:01:131 0 EOF`.
fn holder(locks: &str, file: &fs::Metadata) -> Option<u32> {
    let (major, minor) = (rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
    let place = format!("{major:02x}:{minor:02x}:{}", file.ino());
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, kind, _, _, process, at, ..] = words.as_slice() else { return None };
        if *kind != "FLOCK" || *at != place {
            return None;
        }
        // 0 and below: a process of another machine or container.
        process.parse().ok().filter(|process| *process > 0)
    })
}

fn has_dead_socket(socket: &Path) -> bool {
    let connected = UnixStream::connect(socket);
    connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;

    fn home() -> (TempDir, Home) {
        let folder = TempDir::new().unwrap();
        let home = Home::at(folder.path()).unwrap();
        home.key().unwrap();
        (folder, home)
    }

    #[test]
    fn a_folder_is_looked_at_and_left_as_it_is() {
        let (_folder, home) = home();
        let before = fs::read_dir(home.path()).unwrap().count();
        let looked = look(&home);
        assert!(matches!(looked.written, Some(Ok(_))), "{looked:?}");
        assert!(looked.free.unwrap() > 0);
        assert_eq!((looked.lock, looked.has_dead_socket), (Lock::Free, false));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), before);
    }

    #[test]
    fn where_nothing_was_begun_nothing_is_written() {
        let folder = TempDir::new().unwrap();
        let looked = look(&Home::at(&folder.path().join("not/yet")).unwrap());
        assert_eq!(looked.written, None);
        assert!(looked.free.is_some(), "the disk is that of the nearest folder there is");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_others_may_look_into_is_named() {
        let (_folder, home) = home();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        mode(home.path(), 0o700).unwrap();
        assert_eq!(look(&home).open_to_others, Vec::<String>::new());
        mode(home.path(), 0o755).unwrap();
        mode(&home.path().join(KEY), 0o644).unwrap();
        assert_eq!(look(&home).open_to_others, ["", KEY]);
    }

    #[test]
    fn in_a_folder_that_is_shut_nothing_is_open() {
        let (_folder, home) = home();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        mode(&home.path().join(KEY), 0o644).unwrap();
        mode(home.path(), 0o700).unwrap();
        assert_eq!(look(&home).open_to_others, Vec::<String>::new());
    }

    #[test]
    fn a_file_that_has_the_name_of_ours_is_left_as_it_is() {
        let (folder, home) = home();
        let other = folder.path().join("other");
        fs::write(&other, "theirs").unwrap();
        let name = format!("{PROBE}-{}.partial", std::process::id());
        std::os::unix::fs::symlink(&other, home.path().join(&name)).unwrap();
        assert!(matches!(look(&home).written, Some(Err(_))));
        assert_eq!(fs::read_to_string(other).unwrap(), "theirs");
        assert!(fs::symlink_metadata(home.path().join(name)).is_ok());
    }

    #[test]
    fn whoever_has_the_folder_is_named_by_the_system() {
        let (_folder, home) = home();
        let held = File::create(home.path().join(LOCK)).unwrap();
        held.try_lock().unwrap();
        let looked = look(&home).lock;
        // Only Linux says who it is.
        let process = cfg!(target_os = "linux").then(std::process::id);
        assert_eq!(looked, Lock::Taken(process));
    }

    #[test]
    fn a_socket_that_nobody_listens_on_is_told_from_one_that_somebody_does() {
        let (_folder, home) = home();
        let listener = UnixListener::bind(home.socket()).unwrap();
        assert!(!look(&home).has_dead_socket);
        drop(listener);
        assert!(look(&home).has_dead_socket);
    }
}
