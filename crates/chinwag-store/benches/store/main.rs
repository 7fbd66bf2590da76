//! What the store costs, beside what the machine and SQLite cost by themselves.
//!
//! `cargo bench -p chinwag-store` runs all of it, in about five minutes the first time and two
//! after that; with `-- --quick` a short run; with `-- durable` the tables that have that word in
//! their title. How to read it, and what came out: `docs/performance.md`.
//!
//! Where ways are compared, a round runs each of them once, one after the other, and a ratio is
//! taken within its round, so that what else the machine does weighs on all of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench may break off"
)]

mod durable;
mod filling;
mod history;
mod million;
mod table;
mod taking_in;
mod words;

use std::env;
use std::path::Path;

use chinwag_crypto::Secret;
use chinwag_store::SqliteStore;

/// How long to measure.
#[derive(Clone, Copy)]
struct Extent {
    /// How often each way of a table is run.
    rounds: usize,
    /// Commits of one run.
    commits: usize,
    /// Pages of 1,000 entries that are taken in in one run.
    pages: usize,
    /// The same in the large store.
    stored_pages: usize,
    /// Questions that are asked of it, each sort.
    questions: usize,
}

impl Extent {
    const FULL: Self =
        Self { rounds: 7, commits: 100, pages: 100, stored_pages: 1_000, questions: 2_000 };
    const QUICK: Self = Self { rounds: 4, commits: 20, pages: 5, stored_pages: 20, questions: 200 };
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // `cargo test --all-targets` runs benches too, without asking for a measurement.
    if has("--test") || !has("--bench") {
        return;
    }
    let extent = if has("--quick") { Extent::QUICK } else { Extent::FULL };
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    for (title, measure) in TABLES {
        if words.iter().all(|word| title.contains(word.as_str())) {
            println!("\n{title}\n");
            print!("{}", measure(extent));
        }
    }
}

type Measure = fn(Extent) -> String;

const TABLES: [(&str, Measure); 3] = [
    ("durable: one entry after the other, each on the disk before the next", durable::table),
    ("taking in: history in pages of 1,000 entries, from bytes", taking_in::table),
    ("million: what is asked of a large store", million::table),
];

const KEY: [u8; 32] = [7; 32];

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, None, &Secret::new(KEY)).unwrap().0
}
