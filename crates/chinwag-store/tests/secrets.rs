//! Nothing can be read from the files without the key: no key, no name, no word and no ticket, in
//! whichever file and at whichever moment of a life.
//!
//! The life is that of a real node: contacts, tickets, messages, requests, bundles, the index of
//! the texts, a log that is alive, a crash, a backup and a journal. That the search finds what is
//! there to be found is seen with the same secrets in a database without a key, in its log, and
//! with what stands in the clear on purpose.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod pair;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chinwag_core::ids::ConversationId;
use chinwag_core::input::Command;
use chinwag_core::output::Answer;
use chinwag_core::store::{Request, Store};
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::MemStore;
use chinwag_core::ticket::Address;
use chinwag_core::time::Wall;
use chinwag_core::wire::codec::Encode as _;
use chinwag_crypto::Secret;
use chinwag_store::{DATABASE, Draft, SqliteStore};
use pair::{Person, befriend, settle};
use rusqlite::Connection;
use tempfile::TempDir;
use world::*;

/// What people call each other, and write.
const CALLED: &str = "Konstantinopel";
const WRITTEN: &str = "Wiedersehensfreude im Treppenhaus";
const EDITED: &str = "Donaudampfschiff im Treppenhaus";
const DRAFTED: &str = "Angefangenes vom Dachboden";
const ASKED: &str = "Hottentottenstotter";
const RELAY: &str = "https://relais.example.org/sehr-geheim";

/// What stands in the witness as it is.
const IN_THE_CLEAR: &[u8] = b"chinwagw";

const BACKUP_KEY: [u8; 32] = [0x77; 32];

/// What nobody may find, each with what it is.
type Secrets = Vec<(&'static str, Vec<u8>)>;

/// Ana, whose files are looked at, and a folder with nothing but them.
struct Desk {
    above: TempDir,
    ana: Person<SqliteStore>,
    bo: Person<MemStore>,
    /// Secrets that the store does not tell again.
    told: Secrets,
}

impl Desk {
    fn new() -> Self {
        let above = TempDir::new().unwrap();
        let (store, opened) = open(above.path()).unwrap();
        assert!(!opened.is_copy);
        let ana = Person::open("ana", store, 1).unwrap();
        let bo = Person::open("bo", MemStore::default(), 2).unwrap();
        Self { above, ana, bo, told: Vec::new() }
    }

    /// Ana's life so far: everything that the store keeps.
    fn live(&mut self) {
        let (ana, bo) = (&mut self.ana, &mut self.bo);
        befriend(ana, bo).unwrap();
        ana.command(Command::Call(bo.account(), Some(name(CALLED)))).unwrap().unwrap();
        for n in 0..60 {
            let said = ana.say(bo.account(), WRITTEN).unwrap();
            bo.say(ana.account(), WRITTEN).unwrap();
            if n % 9 == 0 {
                let text = chinwag_core::body::Text { text: EDITED.to_owned(), ..<_>::default() };
                ana.command(Command::Edit { of: said, text }).unwrap().unwrap();
            }
            settle(ana, bo).unwrap();
        }
        let conversation = ConversationId::direct(ana.account(), bo.account());
        for n in 0..20 {
            let text = format!("{DRAFTED} {}", "x".repeat(n));
            assert!(ana.store.put_draft(&Draft { conversation, text, about: None }).unwrap());
        }
        self.invite_and_ask();
        self.carry_bundles();
    }

    fn invite_and_ask(&mut self) {
        let ana = &mut self.ana;
        let ticket = ana.invite().unwrap();
        self.told.push(("the secret of an invite", ticket.secret.to_vec()));
        let other = chinwag_core::ticket::Ticket { device: device(3), ..ticket.clone() };
        ana.command(Command::Redeem(other.clone())).unwrap().unwrap();
        self.told.push(("a ticket", other.to_bytes()));
        let ask = Command::Ask {
            account: account(4),
            device: device(4),
            addresses: vec![Address::Relay(RELAY.to_owned())],
            text: ASKED.to_owned(),
        };
        ana.command(ask).unwrap().unwrap();
        let (account, device) = (account(5), device(5));
        let (name, text) = (name("Stranger"), ASKED.to_owned());
        let request =
            Request { account, device, name, text, received: Wall::new(9), is_declined: false };
        ana.store.put_request(&request).unwrap();
    }

    /// Bundles are sealed to keys for one each, and kept by whoever carries them.
    fn carry_bundles(&mut self) {
        let (ana, bo) = (&mut self.ana, &mut self.bo);
        ana.say(bo.account(), WRITTEN).unwrap();
        let exported = ana.command(Command::Export(bo.account())).unwrap().unwrap();
        let Answer::Bundles(bundles) = exported else { panic!("no bundles but {exported:?}") };
        for (_, bundle) in bundles {
            bo.command(Command::Import(bundle)).unwrap().unwrap();
        }
        bo.say(ana.account(), WRITTEN).unwrap();
        let exported = bo.command(Command::Export(ana.account())).unwrap().unwrap();
        let Answer::Bundles(bundles) = exported else { panic!("no bundles but {exported:?}") };
        for (_, bundle) in bundles {
            self.told.push(("a bundle", bundle[..64].to_vec()));
            ana.command(Command::Import(bundle)).unwrap().unwrap();
        }
    }

    fn folder(&self) -> PathBuf {
        folder(self.above.path())
    }

    fn secrets(&self) -> Secrets {
        let (ana, bo, store) = (&self.ana, &self.bo, &self.ana.store);
        let local = store.local().unwrap().unwrap();
        let conversation = ConversationId::direct(ana.account(), bo.account());
        let words = [CALLED, WRITTEN, EDITED, DRAFTED, ASKED, "Stranger", RELAY];
        let mut secrets: Secrets =
            words.into_iter().map(|word| ("a word", word.as_bytes().to_vec())).collect();
        // As the index has them.
        secrets.push(("a word of the index", b"wiedersehensfreude".to_vec()));
        secrets.push(("the end of a word of the index", b"dampfschiff".to_vec()));
        secrets.push(("the key", KEY.to_vec()));
        secrets.push(("the key in digits", raw_key().as_bytes()[2..66].to_vec()));
        secrets.push(("the backup's key", BACKUP_KEY.to_vec()));
        secrets.push(("the account's seed", local.account_seed.to_vec()));
        secrets.push(("the device's seed", local.device_seed.to_vec()));
        let ids = [ana.account(), bo.account()];
        secrets.extend(ids.map(|id| ("an account", id.as_bytes().to_vec())));
        let ids = [ana.device(), bo.device()];
        secrets.extend(ids.map(|id| ("a device", id.as_bytes().to_vec())));
        secrets.push(("a conversation", conversation.as_bytes().to_vec()));
        for prekey in store.prekeys().unwrap() {
            secrets.push(("the seed of a prekey", prekey.seed.to_vec()));
        }
        for prekey in store.peer_prekeys(bo.device()).unwrap() {
            secrets.push(("somebody's prekey", prekey.as_bytes()[..32].to_vec()));
        }
        let all = Range::new(chinwag_core::entry::Seq::MIN, chinwag_core::entry::Seq::MAX).unwrap();
        let entries = store.entries(conversation, ana.device(), all, 9, 9_999).unwrap();
        secrets.extend(entries.iter().map(|entry| ("an entry", entry.id.as_bytes().to_vec())));
        secrets.extend(self.told.iter().cloned());
        secrets
    }
}

fn folder(above: &Path) -> PathBuf {
    above.join("data")
}

fn open(above: &Path) -> Result<(SqliteStore, chinwag_store::Opened), chinwag_store::OpenError> {
    SqliteStore::open(&folder(above), Some(&above.join("witness")), &store_key())
}

/// All files below a folder.
fn files(above: &Path) -> Vec<PathBuf> {
    let (folders, mut found): (Vec<PathBuf>, Vec<PathBuf>) = std::fs::read_dir(above)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

/// The secrets that can be read from files, in letters of whichever size: what, and in which file.
fn found(above: &Path, secrets: &Secrets) -> Vec<String> {
    // One pass for all of them: by their first two bytes.
    let mut by_beginning: BTreeMap<[u8; 2], Vec<(&str, Vec<u8>)>> = BTreeMap::new();
    for (what, secret) in secrets {
        let secret = secret.to_ascii_lowercase();
        by_beginning.entry([secret[0], secret[1]]).or_default().push((what, secret));
    }
    let mut found = BTreeSet::new();
    for file in files(above) {
        let bytes = std::fs::read(&file).unwrap().to_ascii_lowercase();
        for (at, two) in bytes.windows(2).enumerate() {
            let candidates = by_beginning.get(&[two[0], two[1]]).into_iter().flatten();
            let here = candidates.filter(|(_, secret)| bytes[at..].starts_with(secret));
            found.extend(here.map(|(what, secret)| (*what, secret.clone(), file.clone())));
        }
    }
    found.into_iter().map(|(what, _, file)| format!("{what} in {}", file.display())).collect()
}

fn has_file(above: &Path, ending: &str) -> bool {
    let is_it = |path: &PathBuf| {
        path.to_string_lossy().ends_with(ending) && path.metadata().unwrap().len() > 0
    };
    files(above).iter().any(is_it)
}

#[test]
fn nothing_can_be_read_from_the_files_at_any_moment_of_a_life() {
    let mut desk = Desk::new();
    desk.live();
    let secrets = desk.secrets();
    let above = desk.above.path().to_owned();
    assert!(secrets.len() > 30, "{} secrets", secrets.len());
    let must_be_hidden = |moment: &str| {
        let found = found(&above, &secrets);
        assert!(found.is_empty(), "{moment}: {found:?}");
    };
    assert!(has_file(&above, "-wal") && has_file(&above, "-shm") && has_file(&above, "witness"));
    must_be_hidden("while the log is alive");
    while desk.ana.store.index_some(50).unwrap() == 50 {}
    let words = chinwag_store::Query { words: "wiedersehen", limit: 9, ..<_>::default() };
    assert_eq!(desk.ana.store.search(&words).unwrap().hits.len(), 9);
    must_be_hidden("with an index");
    std::fs::create_dir(above.join("backups")).unwrap();
    let backup = above.join("backups").join(DATABASE);
    desk.ana.store.backup(&backup, &Secret::new(BACKUP_KEY)).unwrap();
    must_be_hidden("with a backup");
    crash(&above, &desk.folder());
    must_be_hidden("after a crash");
    desk.ana.store.checkpoint().unwrap();
    assert!(desk.folder().join(DATABASE).metadata().unwrap().len() > 100_000);
    must_be_hidden("with an empty log");
    let journal = with_a_journal(&backup);
    assert!(has_file(&above, "-journal"));
    must_be_hidden("with a journal");
    drop((journal, desk.ana));
    must_be_hidden("when all is closed");
    let witness = found(&above, &vec![("what stands in the clear", IN_THE_CLEAR.to_vec())]);
    assert_eq!(witness.len(), 1, "{witness:?}");
}

/// What a crash leaves: the files as they are while the store is open, and what comes of them when
/// they are opened again.
fn crash(above: &Path, data: &Path) {
    let crashed = above.join("crashed");
    std::fs::create_dir(&crashed).unwrap();
    for file in files(data) {
        std::fs::copy(&file, crashed.join(file.file_name().unwrap())).unwrap();
    }
    assert!(has_file(&crashed, "-wal"));
    let (store, _) = SqliteStore::open(&crashed, None, &store_key()).unwrap();
    store.check().unwrap();
}

/// A transaction over a whole database that has not ended, with the journal of what was there.
fn with_a_journal(backup: &Path) -> Connection {
    let connection = Connection::open(backup).unwrap();
    let digits: String = BACKUP_KEY.iter().map(|_| "77").collect();
    connection.pragma_update(None, "key", format!("x'{digits}'")).unwrap();
    let all = "PRAGMA cache_size = 10; BEGIN; UPDATE entries SET header = zeroblob(300)";
    connection.execute_batch(all).unwrap();
    connection
}

#[test]
fn the_same_search_finds_what_is_there_without_a_key() {
    let mut desk = Desk::new();
    desk.live();
    let secrets = desk.secrets();
    let above = TempDir::new().unwrap();
    let path = above.path().join("plain");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE words (word)").unwrap();
    for (_, secret) in &secrets {
        connection.execute("INSERT INTO words VALUES (?1)", [secret]).unwrap();
    }
    // In the log while that is alive, and then in the database.
    for ending in ["plain-wal", "plain"] {
        let found = found(above.path(), &secrets);
        let here = found.iter().filter(|found| found.ends_with(ending)).count();
        assert_eq!(here, secrets.len(), "in {ending}");
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    }
}
