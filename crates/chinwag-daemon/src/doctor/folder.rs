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

/// The file that is written to see whether that is possible, and how long it takes. It is gone afterwards.
const PROBE: &str = "doctor.partial";

/// Bytes that are written into it: a page of the database.
const PROBE_BYTES: usize = 4_096;

/// How often that is done; the quickest counts, as others write as well.
const PROBES: usize = 3;

/// Looks at a folder.
pub(super) fn look(home: &Home) -> Folder {
    let path = home.path();
    let is_begun = home.has_data() || home.key_file().exists();
    Folder {
        path: path.to_owned(),
        free: home.free(),
        written: is_begun.then(|| write(path).map_err(|error| error.to_string())),
        size: home.size(),
        open_to_others: if is_begun { open_to_others(path) } else { Vec::new() },
        lock: lock(path),
        has_dead_socket: has_dead_socket(&home.socket()),
    }
}

/// How long it takes until a page that is written is safe.
fn write(folder: &Path) -> io::Result<Duration> {
    let path = folder.join(PROBE);
    let written = write_at(&path);
    let _ = fs::remove_file(&path);
    written
}

fn write_at(path: &Path) -> io::Result<Duration> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
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
    let is_open = |name: &&str| {
        let path = if name.is_empty() { folder.to_owned() } else { folder.join(name) };
        fs::symlink_metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0)
    };
    names.into_iter().filter(is_open).map(str::to_owned).collect()
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
