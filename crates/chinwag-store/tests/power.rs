//! A loss of power at any operation of the disk leaves what was acknowledged, whole, and the log
//! goes on where others know it to be.
//!
//! The disk is in memory and loses what was not synced, sector by sector as a seed says; the
//! database on it is encrypted as the real one is. Every operation is cut once, and what recovers
//! from it is cut again. That the tests would notice a loss is a test as well: with commits that are
//! acknowledged before they are on the disk (`synchronous=NORMAL`).
//!
//! What is different from a real disk: there is no shared memory, so the database is locked for one
//! connection. What is written and synced, and in which order, is the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod pair;
mod world;

use std::ffi::CStr;
use std::path::Path;

use chinwag_core::ids::ConversationId;
use chinwag_core::input::Command;
use chinwag_core::log::CheckedRun;
use chinwag_core::store::{Store, StoreError};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::testing::MemStore;
use chinwag_core::time::Wall;
use chinwag_powercut::Disk;
use chinwag_store::testing::Knobs;
use chinwag_store::{OpenError, SqliteStore};
use pair::{Person, Promise, befriend, height_of, settle};
use world::*;

/// Commits of a life of the store alone.
const COMMITS: usize = 12;

/// Of the operations of a careless life, one in so many is cut: one loss is enough.
const CARELESS_STEP: usize = 11;

fn open(disk: &'static CStr, is_careless: bool) -> Result<SqliteStore, OpenError> {
    let knobs = Knobs {
        vfs: Some(disk),
        is_exclusive: true,
        is_careless,
        // Soon enough that one life has several of all there is.
        checkpoint_pages: Some(60),
    };
    SqliteStore::open_with(Path::new("/chinwag.db"), &store_key(), &knobs)
}

/// Turns the power on after a cut, and off again while the store recovers, and on again.
fn restart(disk: Disk, name: &'static CStr, seed: u64) {
    disk.restart(seed);
    disk.cut_at(seed % 23 + 1);
    drop(open(name, false).map(|store| store.check()));
    disk.restart(seed + 1);
}

/// A disk, and what is written on it again and again.
struct Desk {
    disk: Disk,
    name: &'static CStr,
    is_careless: bool,
    author: Author,
    runs: Vec<CheckedRun>,
}

impl Desk {
    fn new(name: &'static CStr, is_careless: bool) -> Self {
        let mut author = Author::new(1, conversation(1));
        let runs = (0..=COMMITS).map(|n| a_run(&mut author, n)).collect();
        Self { disk: Disk::register(name), name, is_careless, author, runs }
    }

    fn open(&self) -> Result<SqliteStore, OpenError> {
        open(self.name, self.is_careless)
    }

    /// How many operations a whole life takes.
    fn operations(&self) -> u64 {
        self.disk.wipe();
        assert_eq!(self.live(), COMMITS);
        self.disk.operations()
    }

    /// Writes until all is written or the power is gone, and says how many commits were
    /// acknowledged.
    fn live(&self) -> usize {
        let Ok(mut store) = self.open() else { return 0 };
        (0..COMMITS).take_while(|n| self.write(&mut store, *n).is_ok()).count()
    }

    /// One step of a life: a commit, and after it now and then what is done when there is time.
    fn write(&self, store: &mut SqliteStore, n: usize) -> Result<(), StoreError> {
        store.begin()?;
        store.append(&self.runs[n])?;
        let ids = self.author.ids();
        store.put_expiry(ids[n], Wall::new(n as u64))?;
        store.put_receipt(conversation(1), device(2), &Frontier::default())?;
        if n % 4 == 3 {
            store.delete_body(ids[n / 2])?;
        }
        store.commit()?;
        // What follows was not promised to anybody: that it fails takes nothing back.
        if n % 5 == 4 {
            let _ = store.index_some(7);
        }
        if n % 7 == 6 {
            let _ = store.checkpoint();
        }
        Ok(())
    }

    /// A life that ends with a cut at an operation, and what is there after it. How many of the
    /// commits that were acknowledged are lost?
    fn lost_after_a_cut_at(&self, operation: u64) -> usize {
        self.disk.wipe();
        self.disk.cut_at(operation);
        let kept = self.live();
        restart(self.disk, self.name, operation);
        self.lost(kept)
    }

    fn lost(&self, kept: usize) -> usize {
        let mut store = self.open().unwrap();
        store.check().unwrap();
        let there = self.commits_in(&store);
        // The one that was under way may be there too.
        assert!(there <= kept + 1, "{there} commits are there and {kept} were acknowledged");
        if there < COMMITS {
            self.write(&mut store, there).unwrap();
        }
        drop(store);
        let again = self.open().unwrap();
        assert_eq!(self.commits_in(&again), (there + 1).min(COMMITS));
        kept.saturating_sub(there)
    }

    /// How many commits are there; each is there with all that belongs to it.
    fn commits_in(&self, store: &SqliteStore) -> usize {
        let height = height_of(store, conversation(1), self.author.id());
        let ends = self.runs.iter().map(|run| run.tip().unwrap().seq.get());
        let there = ends.take_while(|end| *end <= height).count();
        let end = there.checked_sub(1).map_or(0, |last| self.runs[last].tip().unwrap().seq.get());
        assert_eq!(height, end, "a commit is there in part");
        there
    }
}

/// A run of 1 to 3 entries of 20 to 3,000 characters.
fn a_run(author: &mut Author, n: usize) -> CheckedRun {
    let from = author.written.len();
    for m in 0..=n % 3 {
        author.writes(n as u64, text(&"some words ".repeat(2 + (n * 97 + m * 31) % 270)));
    }
    author.run(from..author.written.len())
}

#[test]
fn a_loss_of_power_loses_nothing_that_was_acknowledged() {
    let desk = Desk::new(c"careful", false);
    let all = desk.operations();
    for operation in 1..=all {
        let lost = desk.lost_after_a_cut_at(operation);
        assert_eq!(lost, 0, "acknowledged, after a cut at operation {operation} of {all}");
    }
    eprintln!("{all} cuts of the store alone, nothing lost");
}

#[test]
fn a_store_that_acknowledges_too_early_is_found_out() {
    let desk = Desk::new(c"careless", true);
    let cuts: Vec<u64> = (1..=desk.operations()).step_by(CARELESS_STEP).collect();
    let found = cuts.iter().filter(|cut| desk.lost_after_a_cut_at(**cut) > 0).count();
    eprintln!("{} cuts of a careless store, a loss after {found}", cuts.len());
    assert!(found > 0);
}

#[test]
fn after_a_failed_write_nothing_is_answered_until_the_store_is_opened_again() {
    let desk = Desk::new(c"failing", false);
    desk.disk.wipe();
    let mut store = desk.open().unwrap();
    desk.write(&mut store, 0).unwrap();
    desk.disk.cut_at(1);
    assert!(desk.write(&mut store, 1).is_err());
    let refused = |error: StoreError| {
        assert!(error.0.starts_with("it has to be opened again: "), "{error}");
    };
    refused(store.begin().unwrap_err());
    refused(store.frontiers().unwrap_err());
    refused(store.commit().unwrap_err());
    drop(store);
    desk.disk.restart(7);
    assert_eq!(desk.lost(1), 0);
}

/// Ana, whose disk loses its power, and Bo, who remembers what she said.
struct Friends {
    disk: Disk,
    name: &'static CStr,
    is_careless: bool,
}

impl Friends {
    fn new(name: &'static CStr, is_careless: bool) -> Self {
        Self { disk: Disk::register(name), name, is_careless }
    }

    fn open_ana(&self, seed: u64) -> Result<Person<SqliteStore>, String> {
        let store = open(self.name, self.is_careless).map_err(|error| error.to_string())?;
        store.check().map_err(|error| error.to_string())?;
        Person::open("ana", store, seed).map_err(|error| error.to_string())
    }

    /// How many operations a whole life takes.
    fn operations(&self) -> u64 {
        self.disk.wipe();
        self.live();
        self.disk.operations()
    }

    /// A life up to its end or a loss of power: Bo, and what is promised of Ana.
    fn live(&self) -> (Person<MemStore>, Vec<Promise>) {
        let mut bo = Person::open("bo", MemStore::default(), 2).unwrap();
        let Ok(mut ana) = self.open_ana(1) else { return (bo, Vec::new()) };
        let _ = talk(&mut ana, &mut bo);
        // What had got out arrives.
        ana.hand_over(&mut bo).unwrap();
        let mut promised = std::mem::take(&mut ana.promised);
        promised.append(&mut bo.delivered);
        for (conversation, frontier) in bo.store.frontiers().unwrap() {
            let (author, height) = (ana.device(), frontier.height(ana.device()));
            promised.push(Promise::Log { conversation, author, height });
        }
        (bo, promised)
    }

    /// What is wrong after a life that ended with a cut at an operation.
    fn wrong_after_a_cut_at(&self, operation: u64) -> Vec<String> {
        self.disk.wipe();
        self.disk.cut_at(operation);
        let (mut bo, promised) = self.live();
        restart(self.disk, self.name, operation);
        let mut ana = self.open_ana(operation + 2).unwrap();
        let is_broken = |promise: &&Promise| !promise.is_kept_by(&ana.store, &ana.node);
        let broken = promised.iter().filter(is_broken);
        let mut wrong: Vec<String> = broken.map(|promise| format!("{promise:?}")).collect();
        talk(&mut ana, &mut bo).unwrap();
        wrong.append(&mut ana.alarms);
        wrong.append(&mut bo.alarms);
        let conversation = ConversationId::direct(ana.account(), bo.account());
        if ana.digest(conversation) != bo.digest(conversation) {
            wrong.push("they have different histories".to_owned());
        }
        wrong
    }
}

/// They become contacts if they are none, and say something. An error: the power is off.
fn talk(ana: &mut Person<SqliteStore>, bo: &mut Person<MemStore>) -> Result<(), StoreError> {
    befriend(ana, bo)?;
    for n in 0..4 {
        let said = ana.say(bo.account(), &format!("number {n} of what ana says"))?;
        let answer = bo.say(ana.account(), &"an answer of some length ".repeat(n * 20))?;
        settle(ana, bo)?;
        match n {
            1 => drop(ana.command(Command::Retract(said))?),
            2 => drop(ana.command(Command::React {
                to: answer,
                emoji: "👍".to_owned(),
                is_on: true,
            })?),
            _ => drop(ana.store.index_some(3)?),
        }
        settle(ana, bo)?;
    }
    ana.store.checkpoint()
}

#[test]
fn a_device_whose_power_was_cut_goes_on_where_others_know_it_to_be() {
    let friends = Friends::new(c"careful friends", false);
    let all = friends.operations();
    for operation in 1..=all {
        let wrong = friends.wrong_after_a_cut_at(operation);
        assert!(wrong.is_empty(), "{wrong:?}, after a cut at operation {operation} of {all}");
    }
    eprintln!("{all} cuts of a device, nothing lost");
}

#[test]
fn a_device_that_acknowledges_too_early_is_found_out() {
    let friends = Friends::new(c"careless friends", true);
    let cuts: Vec<u64> = (1..=friends.operations()).step_by(CARELESS_STEP).collect();
    let found = cuts.iter().filter(|cut| !friends.wrong_after_a_cut_at(**cut).is_empty()).count();
    eprintln!("{} cuts of a careless device, something wrong after {found}", cuts.len());
    assert!(found > 0);
}
