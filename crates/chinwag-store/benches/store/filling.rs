//! The store with a million messages, which is made once and kept in the target folder, as long as
//! nothing about it changes.

use std::path::{Path, PathBuf};

use chinwag_core::store::Store as _;
use chinwag_crypto::{Label, hash};
use chinwag_store::SqliteStore;

use crate::history::Author;
use crate::open;
use crate::table::timed;
use crate::words::{Dice, Language};

/// Entries of a commit while it is filled.
pub(crate) const PAGE: usize = 1_000;

/// Entries of a run: conversations grow bit by bit.
const RUN: usize = 10;

/// Conversations; the first has half of all messages.
const CONVERSATIONS: u8 = 20;

/// Devices that write in each.
const DEVICES: u8 = 3;

/// Words of the language.
pub(crate) const WORDS: u32 = 50_000;

/// What the store depends on: when one of these changes it is made anew.
const MADE_OF: [&str; 5] = [
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../src/search.rs"),
    include_str!("words.rs"),
    include_str!("history.rs"),
    include_str!("filling.rs"),
];

/// The folder of the large store, which is made if it isn't there.
pub(crate) fn made(pages: usize, language: &Language) -> PathBuf {
    let made_of = hash(Label::new("chinwag/bench/1"), MADE_OF.concat().as_bytes());
    let digits: String = format!("{made_of:?}").chars().filter(char::is_ascii_hexdigit).collect();
    let above = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = above.join(format!("store-{pages}-{digits}"));
    if !folder.exists() {
        eprintln!("making {}", folder.display());
        let partial = above.join("store-partial");
        let _ = std::fs::remove_dir_all(&partial);
        make(&partial, pages, language);
        std::fs::rename(&partial, &folder).unwrap();
    }
    folder
}

fn make(folder: &Path, pages: usize, language: &Language) {
    let mut store = open(folder);
    let (took, ()) = timed(|| fill(&mut store, pages, language));
    eprintln!("filled in {:.0} s, with the making of the messages", took.as_secs_f64());
    let (took, ()) = timed(|| while store.index_some(PAGE).unwrap() == PAGE {});
    eprintln!("indexed in {:.0} s", took.as_secs_f64());
    store.checkpoint().unwrap();
}

fn fill(store: &mut SqliteStore, pages: usize, language: &Language) {
    let mut dice = Dice(11);
    let logs = |c: u8| (1..=DEVICES).map(move |device| Author::new(device, c));
    let mut authors: Vec<Author> = (1..=CONVERSATIONS).flat_map(logs).collect();
    let mut rank = 0;
    for _ in 0..pages {
        store.begin().unwrap();
        for _ in 0..PAGE / RUN {
            let author = &mut authors[some_log(&mut dice)];
            let messages: Vec<String> = (0..RUN).map(|_| language.message(&mut dice)).collect();
            store.append(&author.checked(rank, messages.into_iter())).unwrap();
            rank += u64::try_from(RUN).unwrap();
        }
        store.commit().unwrap();
    }
}

fn some_log(dice: &mut Dice) -> usize {
    let is_first = dice.up_to(2) == 0;
    let conversation = if is_first { 0 } else { dice.up_to(CONVERSATIONS.into()) };
    conversation * usize::from(DEVICES) + dice.up_to(DEVICES.into())
}
