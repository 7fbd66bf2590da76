//! One entry after the other, each on the disk before the next: the limit is the disk's own, to
//! append a page to a file and wait until it is there.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;

use chinwag_core::log::CheckedRun;
use chinwag_core::store::Store;
use chinwag_crypto::Secret;
use chinwag_store::SqliteStore;
use chinwag_store::testing::Knobs;
use tempfile::TempDir;

use crate::history::Author;
use crate::table::{Run, Ways, timed};
use crate::words::{Dice, Language};
use crate::{Extent, KEY, open};

/// A page of the database, which is the least that a commit writes.
const PAGE: usize = 4_096;

/// Entries of a large commit.
const BATCH: usize = 64;

/// Somebody who never stops writing.
struct Writer {
    language: Language,
    author: Author,
    dice: Dice,
}

impl Writer {
    fn new() -> Self {
        Self { language: Language::new(20_000), author: Author::new(1, 1), dice: Dice(3) }
    }

    fn runs(&mut self, count: usize) -> Vec<CheckedRun> {
        let Self { language, author, dice } = self;
        let run = |_| author.checked(1, std::iter::once(language.message(dice)));
        (0..count).map(run).collect()
    }
}

pub(crate) fn table(extent: Extent) -> String {
    let folder = TempDir::new().unwrap();
    let careless = Knobs { is_careless: true, ..Knobs::default() };
    let careless_path = folder.path().join("careless");
    let careless = SqliteStore::open_with(&careless_path, &Secret::new(KEY), &careless).unwrap();
    let raw = RefCell::new(File::create(folder.path().join("raw")).unwrap());
    let store = RefCell::new((open(folder.path()), Writer::new()));
    let careless = RefCell::new((careless, Writer::new()));
    let append = || {
        let page = [0x5a; PAGE];
        let (took, ()) = timed(|| (0..extent.commits).for_each(|_| append(&raw, &page)));
        Run { entries: extent.commits, took }
    };
    let singles = |to: &RefCell<(SqliteStore, Writer)>| commit(to, extent.commits, 1);
    let batches = || commit(&store, extent.commits / 5 * BATCH, BATCH);
    // Makes the files as large as they are later.
    for _ in 0..2 {
        append();
        singles(&store);
        singles(&careless);
        batches();
    }
    Ways::default()
        .way("append 4 KiB, fdatasync", append)
        .way("commits of 1", || singles(&store))
        .way("commits of 64", batches)
        .way("commits of 1, not synced", || singles(&careless))
        .measure(2 * extent.rounds, &[0, 1])
}

fn append(file: &RefCell<File>, page: &[u8]) {
    let mut file = file.borrow_mut();
    file.write_all(page).unwrap();
    file.sync_data().unwrap();
}

fn commit(to: &RefCell<(SqliteStore, Writer)>, entries: usize, each: usize) -> Run {
    let (store, writer) = &mut *to.borrow_mut();
    let runs = writer.runs(entries);
    let commit = |runs: &[CheckedRun]| {
        store.begin().unwrap();
        for run in runs {
            store.append(run).unwrap();
        }
        store.commit().unwrap();
    };
    let (took, ()) = timed(|| runs.chunks(each).for_each(commit));
    Run { entries, took }
}
