//! The store as files: who may open them, and what a copy of them is. What can be read from them
//! is in `secrets.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod world;

use std::path::{Path, PathBuf};

use chinwag_core::store::{Local, Store};
use chinwag_crypto::Secret;
use chinwag_store::{DATABASE, OpenError, Reader, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;
use world::*;

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, None, &store_key()).unwrap().0
}

/// The reason why a store can't be opened, in words.
fn refused(folder: &Path, key: &Secret<32>) -> String {
    match SqliteStore::open(folder, None, key) {
        Ok(_) => panic!("the store opened"),
        Err(error) => error.to_string(),
    }
}

/// The database without our help, but with the key.
fn raw(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join(DATABASE)).unwrap();
    connection.pragma_update(None, "key", raw_key()).unwrap();
    connection
}

fn write_ten(store: &mut SqliteStore) -> Author {
    let mut author = Author::new(1, conversation(1));
    for n in 1..=10 {
        author.writes(n, text(&format!("number {n} of the messages")));
    }
    store.begin().unwrap();
    store.append(&author.all()).unwrap();
    store.commit().unwrap();
    author
}

fn local(device: u8) -> Local {
    Local { account_seed: [1; 32], device_seed: [device; 32] }
}

#[test]
fn a_new_folder_gets_the_newest_schema() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    let version: i64 =
        raw(folder.path()).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 9);
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    raw(folder.path()).pragma_update(None, "user_version", 99).unwrap();
    let says = refused(folder.path(), &store_key());
    assert_eq!(
        says,
        "the store is of version 99 and this program knows versions up to 9: use the newer program"
    );
    let version: i64 =
        raw(folder.path()).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_version_that_there_never_was_is_damage() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    raw(folder.path()).pragma_update(None, "user_version", -1).unwrap();
    assert_eq!(refused(folder.path(), &store_key()), "the store is damaged: its version is -1");
}

#[test]
fn a_wrong_key_opens_nothing_and_harms_nothing() {
    let folder = TempDir::new().unwrap();
    write_ten(&mut open(folder.path()));
    let says = refused(folder.path(), &Secret::new([1; 32]));
    let path = folder.path().join(DATABASE);
    let path = path.display();
    assert_eq!(
        says,
        format!("the store {path} does not open with this key: it has another one, or is damaged")
    );
    assert!(matches!(
        Reader::open(folder.path(), &Secret::new([1; 32])),
        Err(OpenError::WrongKey(_))
    ));
    assert_eq!(open(folder.path()).timeline(conversation(1), None, 99).unwrap().len(), 10);
}

#[test]
fn a_file_that_is_no_store_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(DATABASE);
    let other = "this is a letter to my aunt\n".repeat(400);
    std::fs::write(&path, &other).unwrap();
    assert!(refused(folder.path(), &store_key()).contains("does not open with this key"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path());
    let path = folder.path().display();
    assert_eq!(
        refused(folder.path(), &store_key()),
        format!("the data folder {path} is in use by another process: quit that one first")
    );
    drop(first);
    open(folder.path());
}

#[test]
fn a_folder_that_can_not_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let says = refused(&file.join("below"), &store_key());
    assert_eq!(says, format!("cannot create the folder {}", file.join("below").display()));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_look_into_the_folder_or_read_its_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let above = TempDir::new().unwrap();
    let folder = above.path().join("data");
    let mut store = open(&folder);
    write_ten(&mut store);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files = names(&folder);
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

fn names(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_damaged_page_is_noticed_and_nothing_is_answered_after_it() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    let mut author = Author::new(1, conversation(1));
    for n in 0..500 {
        author.writes(n, text(&"words ".repeat(50)));
    }
    store.append(&author.all()).unwrap();
    store.check().unwrap();
    drop(store);
    let path = folder.path().join(DATABASE);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let store = open(folder.path());
    let first = store.check().unwrap_err().to_string();
    assert!(first.starts_with("the store failed: cannot check the store: "), "{first}");
    let second = store.local().unwrap_err().to_string();
    assert!(second.starts_with("the store failed: it has to be opened again: "), "{second}");
}

/// A data folder and its witness beside it.
struct Home {
    above: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { above: TempDir::new().unwrap() }
    }

    fn folder(&self) -> PathBuf {
        self.above.path().join("data")
    }

    fn witness(&self) -> PathBuf {
        self.above.path().join("witness")
    }

    /// Opens the store and says whether it is a copy.
    fn opened(&self) -> (SqliteStore, bool) {
        let opened = SqliteStore::open(&self.folder(), Some(&self.witness()), &store_key());
        let (store, opened) = opened.unwrap();
        (store, opened.is_copy)
    }

    fn is_copy(&self) -> bool {
        self.opened().1
    }

    /// Keeps the folder as it is.
    fn keep(&self) -> TempDir {
        let kept = TempDir::new().unwrap();
        copy(&self.folder(), kept.path());
        kept
    }

    /// Puts a folder back that was kept.
    fn put_back(&self, kept: &TempDir) {
        std::fs::remove_dir_all(self.folder()).unwrap();
        std::fs::create_dir(self.folder()).unwrap();
        copy(kept.path(), &self.folder());
    }
}

fn copy(from: &Path, to: &Path) {
    for file in names(from) {
        std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

#[test]
fn a_store_that_is_opened_again_and_again_is_no_copy() {
    let home = Home::new();
    for _ in 0..5 {
        assert!(!home.is_copy());
    }
}

#[test]
fn a_folder_that_is_put_back_from_before_is_a_copy() {
    let home = Home::new();
    home.is_copy();
    let kept = home.keep();
    assert!(!home.is_copy());
    home.put_back(&kept);
    assert!(home.is_copy());
}

#[test]
fn a_folder_that_is_carried_elsewhere_is_a_copy() {
    let home = Home::new();
    home.is_copy();
    std::fs::remove_file(home.witness()).unwrap();
    assert!(home.is_copy());
}

#[test]
fn a_folder_whose_witness_saw_another_store_is_a_copy() {
    let (home, other) = (Home::new(), Home::new());
    home.is_copy();
    other.is_copy();
    std::fs::copy(other.witness(), home.witness()).unwrap();
    assert!(home.is_copy());
}

#[test]
fn the_original_that_comes_back_after_its_copy_is_a_copy_too() {
    let home = Home::new();
    home.is_copy();
    let kept = home.keep();
    home.is_copy();
    home.is_copy();
    let original = home.keep();
    home.put_back(&kept);
    assert!(home.is_copy());
    home.opened().0.put_local(&local(9)).unwrap();
    home.is_copy();
    home.put_back(&original);
    assert!(home.is_copy());
}

#[test]
fn a_new_store_beside_the_witness_of_a_deleted_one_is_no_copy() {
    let home = Home::new();
    home.is_copy();
    std::fs::remove_dir_all(home.folder()).unwrap();
    assert!(!home.is_copy());
    assert!(!home.is_copy());
}

#[test]
fn a_copy_stays_one_until_it_has_another_device() {
    let home = Home::new();
    home.opened().0.put_local(&local(1)).unwrap();
    std::fs::remove_file(home.witness()).unwrap();
    assert!(home.is_copy());
    assert!(home.is_copy());
    let (mut store, _) = home.opened();
    // Another account with the same device is not what makes it safe.
    store.put_local(&Local { account_seed: [2; 32], ..local(1) }).unwrap();
    drop(store);
    assert!(home.is_copy());
    let (mut store, _) = home.opened();
    store.begin().unwrap();
    store.put_local(&local(2)).unwrap();
    // It ends before the commit.
    drop(store);
    let (mut store, is_copy) = home.opened();
    assert!(is_copy);
    assert_eq!(store.local().unwrap().unwrap().device_seed, [1; 32]);
    store.begin().unwrap();
    store.put_local(&local(2)).unwrap();
    store.commit().unwrap();
    drop(store);
    assert!(!home.is_copy());
}

/// The three steps of an opening, with a crash after each of them and within the first.
#[test]
fn a_crash_while_a_store_is_opened_makes_no_copy_of_it() {
    let home = Home::new();
    home.is_copy();
    let (store_before, witness_before) = (home.keep(), std::fs::read(home.witness()).unwrap());
    home.is_copy();
    let (store_after, witness_after) = (home.keep(), std::fs::read(home.witness()).unwrap());
    let next = home.above.path().join("witness.next");
    let states = [
        (&store_before, &witness_before, &witness_after[..0]),
        (&store_before, &witness_before, &witness_after[..9]),
        (&store_before, &witness_before, &witness_after[..]),
        (&store_after, &witness_before, &witness_after[..]),
    ];
    for (store, witness, prepared) in states {
        home.put_back(store);
        std::fs::write(home.witness(), witness).unwrap();
        std::fs::write(&next, prepared).unwrap();
        assert!(!home.is_copy());
        assert!(!home.is_copy());
    }
    // A crash after the crash, within the first step of the next opening.
    home.put_back(&store_after);
    std::fs::write(home.witness(), &witness_after).unwrap();
    std::fs::write(&next, &witness_after[..20]).unwrap();
    assert!(!home.is_copy());
}

#[test]
fn a_witness_that_can_not_be_written_is_an_error_and_harms_nothing() {
    let home = Home::new();
    home.is_copy();
    let nowhere = home.above.path().join("nowhere").join("witness");
    // There is a witness, so its absence there would be noticed; a new folder has none to miss.
    let other = Home::new();
    let opened = SqliteStore::open(&other.folder(), Some(&nowhere), &store_key());
    let says = opened.unwrap_err().to_string();
    assert_eq!(says, format!("cannot write the witness {}.next", nowhere.display()));
    assert!(!home.is_copy());
    assert!(!other.is_copy());
}

#[test]
fn a_backup_is_a_whole_store_with_its_own_key_and_knows_that_it_is_a_copy() {
    let home = Home::new();
    let (mut store, _) = home.opened();
    store.put_local(&local(1)).unwrap();
    let author = write_ten(&mut store);
    store.delete_body(author.ids()[3]).unwrap();
    store.index_some(99).unwrap();
    let restored = Home::new();
    std::fs::create_dir(restored.folder()).unwrap();
    let to = restored.folder().join(DATABASE);
    let key = Secret::new([0x77; 32]);
    // Within a transaction, and while somebody reads: the backup is of what was committed.
    store.begin().unwrap();
    store.delete_body(author.ids()[4]).unwrap();
    store.backup(&to, &key).unwrap();
    store.rollback();
    assert_eq!(names(&restored.folder()), [to]);
    assert!(matches!(
        SqliteStore::open(&restored.folder(), None, &store_key()),
        Err(OpenError::WrongKey(_))
    ));
    let (backup, opened) =
        SqliteStore::open(&restored.folder(), Some(&restored.witness()), &key).unwrap();
    assert!(opened.is_copy);
    backup.check().unwrap();
    let all = |store: &SqliteStore| store.timeline(conversation(1), None, 99).unwrap();
    assert_eq!(all(&backup), all(&store));
    assert_eq!(backup.frontiers(), store.frontiers());
    let query = chinwag_store::Query { words: "messages", limit: 99, ..Default::default() };
    assert_eq!(backup.search(&query), store.search(&query));
    assert_eq!(backup.search(&query).unwrap().hits.len(), 9);
    drop(backup);
    drop(store);
    // The original is none.
    assert!(!home.is_copy());
}

#[test]
fn a_backup_takes_the_place_of_an_older_one_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    let to = folder.path().join("backup");
    let key = store_key();
    store.backup(&to, &key).unwrap();
    let before = std::fs::metadata(&to).unwrap().len();
    let mut author = Author::new(1, conversation(1));
    for n in 0..300 {
        author.writes(n, text(&"words ".repeat(50)));
    }
    store.append(&author.all()).unwrap();
    store.backup(&to, &key).unwrap();
    assert!(std::fs::metadata(&to).unwrap().len() > before);
    let nowhere = folder.path().join("nowhere").join("backup");
    let says = store.backup(&nowhere, &key).unwrap_err().to_string();
    assert_eq!(says, format!("cannot write the backup {}", nowhere.display()));
}

#[test]
fn a_store_in_memory_can_be_copied_and_both_go_on() {
    let mut store = SqliteStore::in_memory().unwrap();
    let mut author = write_ten(&mut store);
    let mut copy = store.copy().unwrap();
    let run = author.new_run(11, text("later"));
    store.append(&run).unwrap();
    let count = |store: &SqliteStore| store.timeline(conversation(1), None, 99).unwrap().len();
    assert_eq!((count(&store), count(&copy)), (11, 10));
    copy.append(&run).unwrap();
    assert_eq!(count(&copy), 11);
    store.begin().unwrap();
    assert!(store.copy().is_err());
}

/// So many that a backup of them is looked after at least once while it is written.
fn write_many(store: &mut SqliteStore) {
    let mut author = Author::new(1, conversation(1));
    for n in 1..=2_000 {
        author.writes(n, text("one of many"));
    }
    for from in (0..2_000).step_by(500) {
        store.append(&author.run(from..from + 500)).unwrap();
    }
}

#[test]
fn a_backup_that_is_no_longer_wanted_leaves_no_file() {
    let home = Home::new();
    let (mut store, _) = home.opened();
    store.put_local(&local(1)).unwrap();
    write_many(&mut store);
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let asks = std::sync::Arc::clone(&asked);
    let is_over = move || asks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
    let own_key = store_key();
    let written =
        SqliteStore::backup_beside(&home.folder(), &own_key, &to, &Secret::new([1; 32]), is_over);
    assert!(written.is_err());
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) > 1, "it was being written");
    assert_eq!(names(folder.path()), [] as [PathBuf; 0]);
    store.check().unwrap();
}

#[test]
fn the_log_is_written_into_the_database_without_waiting_for_a_reader() {
    let home = Home::new();
    let (mut store, _) = home.opened();
    store.put_local(&local(1)).unwrap();
    write_many(&mut store);
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let (reads, is_reading) = std::sync::mpsc::channel();
    let (goes_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let source = home.folder();
    let backup = std::thread::spawn(move || {
        // In the midst of the backup, until the story lets it go on.
        let is_over = move || {
            let _ = reads.send(());
            let _ = may_go_on.recv();
            false
        };
        SqliteStore::backup_beside(&source, &store_key(), &to, &Secret::new([1; 32]), is_over)
    });
    is_reading.recv().unwrap();
    store.put_local(&local(2)).unwrap();
    let begun = std::time::Instant::now();
    store.checkpoint().unwrap();
    // A connection that waits for another one does so for ten seconds.
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(goes_on);
    backup.join().unwrap().unwrap();
}

#[test]
fn a_draft_is_kept_over_a_restart_and_there_is_room_for_so_many() {
    use chinwag_store::{DRAFT_MAX, DRAFTS_BYTES_MAX, DRAFTS_MAX, Draft, DraftAbout};
    let draft = |n: u8, text: &str| Draft {
        conversation: conversation(n),
        text: text.to_owned(),
        about: None,
    };
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    assert!(store.put_draft(&draft(1, "half a thought")).unwrap());
    assert!(store.put_draft(&draft(2, "another")).unwrap());
    assert!(store.put_draft(&draft(2, "")).unwrap());
    assert!(!store.put_draft(&draft(1, &"x".repeat(DRAFT_MAX + 1))).unwrap());
    drop(store);
    let mut store = open(folder.path());
    assert_eq!(store.drafts().unwrap(), [draft(1, "half a thought")]);
    // What they are for is kept as well, and forgotten with them.
    let entry = chinwag_core::ids::EntryId::from_bytes([9; 32]);
    for about in [DraftAbout::Answer(entry), DraftAbout::Edit(entry)] {
        let about = Draft { about: Some(about), ..draft(1, "half a thought") };
        assert!(store.put_draft(&about).unwrap());
        assert_eq!(store.drafts().unwrap(), [about]);
    }
    assert!(store.put_draft(&draft(1, "half a thought")).unwrap());
    assert_eq!(store.drafts().unwrap(), [draft(1, "half a thought")]);
    let most = u8::try_from(DRAFTS_BYTES_MAX / DRAFT_MAX).unwrap();
    for n in 2..=most {
        assert!(store.put_draft(&draft(n, &"x".repeat(DRAFT_MAX))).unwrap(), "{n}");
    }
    assert!(!store.put_draft(&draft(most + 1, &"x".repeat(DRAFT_MAX))).unwrap());
    let nth = |n: usize| {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        let conversation = chinwag_core::ids::ConversationId::from_bytes(bytes);
        Draft { conversation, text: "a".to_owned(), about: None }
    };
    for n in store.drafts().unwrap().len()..DRAFTS_MAX {
        assert!(store.put_draft(&nth(n)).unwrap(), "{n}");
    }
    assert!(!store.put_draft(&nth(DRAFTS_MAX)).unwrap());
    assert_eq!(store.drafts().unwrap().len(), DRAFTS_MAX);
}

#[test]
fn how_much_is_told_of_a_conversation_is_kept_over_a_restart() {
    use chinwag_store::Notify;
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    let told = |store: &SqliteStore| [1, 2, 3].map(|n| store.notify(conversation(n)).unwrap());
    assert_eq!(told(&store), [Notify::All; 3]);
    store.put_notify(conversation(1), Notify::None).unwrap();
    store.put_notify(conversation(2), Notify::None).unwrap();
    store.put_notify(conversation(2), Notify::Mentions).unwrap();
    drop(store);
    let mut store = open(folder.path());
    assert_eq!(told(&store), [Notify::None, Notify::Mentions, Notify::All]);
    store.put_notify(conversation(1), Notify::All).unwrap();
    drop(store);
    assert_eq!(told(&open(folder.path())), [Notify::All, Notify::Mentions, Notify::All]);
}

#[test]
fn texts_with_a_sign_are_found_among_the_newest_and_edits_as_what_they_are_of() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    let mut author = Author::new(1, conversation(1));
    let mut ids = Vec::new();
    for n in 1..=6 {
        ids.push(author.writes(n, text(if n % 3 == 0 { "for @ana" } else { "for nobody" })));
    }
    author.writes(7, edit(ids[0], "for @ana after all"));
    author.writes(8, reaction(ids[1]));
    author.writes(9, unknown(900));
    store.append(&author.all()).unwrap();
    let found = |from, to, looked_at| {
        let log = (author.conversation(), author.id());
        store.texts_with(log.0, log.1, range(from, to), b'@', looked_at).unwrap()
    };
    assert_eq!(found(1, 9, 9), [ids[0], ids[5], ids[2]]);
    assert_eq!(found(4, 9, 9), [ids[0], ids[5]]);
    assert_eq!(found(1, 9, 4), [ids[0], ids[5]], "no further back than that");
    assert_eq!(store.texts_with(conversation(2), author.id(), range(1, 9), b'@', 9).unwrap(), []);
    store.delete_body(ids[5]).unwrap();
    assert_eq!(
        store.texts_with(author.conversation(), author.id(), range(1, 9), b'@', 9).unwrap(),
        [ids[0], ids[2]]
    );
}
