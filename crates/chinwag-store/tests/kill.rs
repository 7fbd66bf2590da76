//! A process that is killed at any moment has kept what it acknowledged, and its logs go on.
//!
//! The process is this one, started again: two people in it talk, each a real node over a real
//! store, and after each commit it says on a pipe what it promised. Then it is killed (`SIGKILL`),
//! and what was promised must be there. What a kill can't show is what a loss of power does: what a
//! process wrote stays with the system when the process dies. For that there is `power.rs`.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod pair;
mod world;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::RwLock;
use std::time::Duration;

use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::Command as Wish;
use chinwag_store::{Query, SqliteStore};
use pair::{Person, Promise, befriend, settle};
use tempfile::TempDir;
use world::*;

const KILLS: u64 = 200;

/// After so many kills there is a new folder, so that some kills are of the first start.
const KILLS_OF_A_FOLDER: u64 = 20;

/// Promises that a process makes at most before it is killed. Some are killed before the first.
const PROMISES_MAX: u64 = 24;

/// How long after its last promise that is waited for a process is killed, at most: about as long as
/// a few commits take, or its start.
const MOMENT_MAX_US: u64 = 8_000;

/// A process that starts has, for a moment, all files of this one, the locks included. So none is
/// started (writing) while a store is open here (reading).
static OPEN: RwLock<()> = RwLock::new(());

const FOLDER: &str = "CHINWAG_KILL_FOLDER";
const SEED: &str = "CHINWAG_KILL_SEED";

fn open(folder: &Path, name: &'static str, seed: u64) -> Person<SqliteStore> {
    let witness = folder.join(name).with_extension("witness");
    let opened = SqliteStore::open(&folder.join(name), Some(&witness), &store_key());
    let (store, opened) = opened.unwrap();
    assert!(!opened.is_copy, "a kill made a copy of the store of {name}");
    Person::open(name, store, seed).unwrap()
}

/// Two people who talk as long as they live.
struct Two {
    ana: Person<SqliteStore>,
    bo: Person<SqliteStore>,
}

impl Two {
    /// The seed is for new keys and salts, and another one each time.
    fn open(folder: &Path, seed: u64) -> Self {
        Self { ana: open(folder, "ana", 2 * seed), bo: open(folder, "bo", 2 * seed + 1) }
    }

    fn each(&mut self) -> [&mut Person<SqliteStore>; 2] {
        [&mut self.ana, &mut self.bo]
    }

    /// They say something, and do something of what else goes on.
    fn talk(&mut self, n: u64, seed: u64) {
        let (ana, bo) = (&mut self.ana, &mut self.bo);
        let said = ana.say(bo.account(), &format!("word{seed}x{n} of ana")).unwrap();
        settle(ana, bo).unwrap();
        match n % 6 {
            0 => drop(bo.say(ana.account(), &"an answer of bo ".repeat(90)).unwrap()),
            1 => drop(ana.command(Wish::Retract(said)).unwrap()),
            2 => drop(bo.command(react(said)).unwrap()),
            3 => drop(ana.store.index_some(5).unwrap()),
            4 => drop(bo.store.index_some(50).unwrap()),
            _ => ana.store.checkpoint().unwrap(),
        }
        settle(ana, bo).unwrap();
    }

    /// What was promised since the last time, of whom: what one was told that the other has is the
    /// other's promise.
    fn promises(&mut self) -> Vec<(usize, Promise)> {
        let mut promises = Vec::new();
        for (who, person) in self.each().into_iter().enumerate() {
            promises.extend(person.promised.drain(..).map(|promise| (who, promise)));
            promises.extend(person.delivered.drain(..).map(|promise| (1 - who, promise)));
        }
        promises
    }
}

fn react(to: EntryId) -> Wish {
    Wish::React { to, emoji: "👍".to_owned(), is_on: true }
}

#[test]
#[ignore = "the process that the other test starts and kills"]
fn talks_until_it_is_killed() {
    let (Ok(folder), Ok(seed)) = (std::env::var(FOLDER), std::env::var(SEED)) else { return };
    let seed = seed.parse().unwrap();
    let mut two = Two::open(Path::new(&folder), seed);
    say(&two.promises());
    befriend(&mut two.ana, &mut two.bo).unwrap();
    for n in 0.. {
        say(&two.promises());
        two.talk(n, seed);
    }
}

/// One line for each, on the stream that the test runner leaves alone.
fn say(promises: &[(usize, Promise)]) {
    let mut lines = String::new();
    for (who, promise) in promises {
        match promise {
            Promise::Account(id) => writeln!(lines, "{who} account {}", hex(id.as_bytes())),
            Promise::Entry(id) => writeln!(lines, "{who} entry {}", hex(id.as_bytes())),
            Promise::Log { conversation, author, height } => {
                let (log, author) = (hex(conversation.as_bytes()), hex(author.as_bytes()));
                writeln!(lines, "{who} log {log} {author} {height}")
            }
        }
        .unwrap();
    }
    std::io::stderr().write_all(lines.as_bytes()).unwrap();
}

/// `None`: it is something else, as what a process says that panics.
fn heard(line: &str) -> Option<(usize, Promise)> {
    let words: Vec<&str> = line.split(' ').collect();
    let promise = match words[1..] {
        ["account", id] => Promise::Account(AccountId::from_bytes(&unhex(id)).unwrap()),
        ["entry", id] => Promise::Entry(EntryId::from_bytes(unhex(id))),
        ["log", conversation, author, height] => Promise::Log {
            conversation: ConversationId::from_bytes(unhex(conversation)),
            author: DeviceId::from_bytes(&unhex(author)).unwrap(),
            height: height.parse().unwrap(),
        },
        _ => return None,
    };
    Some((words[0].parse().unwrap(), promise))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(digits: &str) -> [u8; 32] {
    std::array::from_fn(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap())
}

/// A process that talks, and what it promised.
struct Talking {
    process: Child,
    lines: BufReader<ChildStderr>,
    promises: Vec<(usize, Promise)>,
}

impl Talking {
    fn start(folder: &Path, seed: u64) -> Self {
        let none_is_open = OPEN.write().unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "talks_until_it_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(SEED, seed.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(none_is_open);
        let lines = BufReader::new(process.stderr.take().unwrap());
        Self { process, lines, promises: Vec::new() }
    }

    /// Waits for its next promise. `None`: there are no more.
    fn next(&mut self) -> Option<()> {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        // The last line may have been written in part; nobody has heard it.
        let line = line.strip_suffix('\n')?;
        match heard(line) {
            Some(promise) => self.promises.push(promise),
            None => panic!("the process ended by itself: {line}{}", self.rest()),
        }
        Some(())
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        rest
    }

    fn kill(mut self) -> Vec<(usize, Promise)> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while self.next().is_some() {}
        self.promises
    }
}

/// Lets a process talk and kills it at any moment. What comes back is what it promised.
fn talk_and_be_killed(folder: &Path, seed: u64) -> Vec<(usize, Promise)> {
    let moment = mixed(seed);
    let mut talking = Talking::start(folder, seed);
    for _ in 0..moment % PROMISES_MAX {
        talking.next().expect("the process ended by itself");
    }
    // Not to wait for something: the moment of the kill has to be any.
    std::thread::sleep(Duration::from_micros((moment >> 32) % MOMENT_MAX_US));
    talking.kill()
}

/// Numbers without a pattern, the same in each run (`SplitMix64`).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What was promised is there, and the two go on as if nothing had been.
fn must_be_whole(folder: &Path, seed: u64, promises: &[(usize, Promise)]) {
    let _is_open = OPEN.read().unwrap();
    let mut two = Two::open(folder, seed);
    for person in two.each() {
        person.store.check().unwrap();
    }
    for (who, promise) in promises {
        let person = &two.each()[*who];
        assert!(promise.is_kept_by(&person.store, &person.node), "{who}: {promise:?}");
    }
    befriend(&mut two.ana, &mut two.bo).unwrap();
    two.talk(0, seed);
    let Two { ana, bo } = &two;
    let conversation = ConversationId::direct(ana.account(), bo.account());
    assert_eq!(ana.digest(conversation), bo.digest(conversation));
    assert!(ana.alarms.is_empty() && bo.alarms.is_empty(), "{:?} {:?}", ana.alarms, bo.alarms);
    let words = format!("word{seed}x0");
    for store in [&ana.store, &bo.store] {
        let found = store.search(&Query { words: &words, limit: 9, ..Query::default() }).unwrap();
        assert_eq!(found.hits.len(), 1, "{words} is to be found once");
    }
}

/// Kills one process after the other over the same two stores, and says how many promises there
/// were.
fn kill_again_and_again(first_seed: u64) -> usize {
    let folder = TempDir::new().unwrap();
    let mut promises = Vec::new();
    for kill in 0..KILLS_OF_A_FOLDER {
        let seed = first_seed + 2 * kill;
        promises.append(&mut talk_and_be_killed(folder.path(), seed));
        must_be_whole(folder.path(), seed + 1, &promises);
    }
    promises.len()
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let first_seeds = (0..KILLS / KILLS_OF_A_FOLDER).map(|folder| 1_000 * folder);
    // All at once: they spend their time waiting for the disk.
    let promises: usize = std::thread::scope(|scope| {
        let start = |seed| scope.spawn(move || kill_again_and_again(seed));
        let folders: Vec<_> = first_seeds.map(start).collect();
        folders.into_iter().map(|folder| folder.join().unwrap()).sum()
    });
    eprintln!("{KILLS} kills, {promises} promises, all kept");
    assert!(promises > 1_000, "only {promises} promises were made: that is no test");
}
