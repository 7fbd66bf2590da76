//! Search as somebody who types words sees it, and pages for a screen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod world;

use chinwag_core::ids::EntryId;
use chinwag_core::store::Store;
use chinwag_store::{Found, Query, SqliteStore, UNINDEXED_MAX};
use tempfile::TempDir;
use world::*;

/// A store in which somebody looks for something.
struct Desk {
    folder: TempDir,
    store: SqliteStore,
    author: Author,
}

impl Desk {
    fn with(texts: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let (store, _) = SqliteStore::open(folder.path(), None, &store_key()).unwrap();
        let author = Author::new(1, conversation(1));
        let mut desk = Self { folder, store, author };
        for words in texts {
            desk.says(words);
        }
        desk
    }

    fn says(&mut self, words: &str) -> Vec<EntryId> {
        let rank = self.author.written.len() as u64;
        let run = self.author.new_run(rank, text(words));
        self.store.append(&run).unwrap();
        self.author.ids()
    }

    fn indexed(mut self) -> Self {
        while self.store.index_some(100).unwrap() == 100 {}
        self
    }

    /// Which of the texts, by their place from 0, have these words.
    fn finds(&self, words: &str) -> Vec<usize> {
        self.places(&self.store.search(&Query { words, limit: 99, ..Query::default() }).unwrap())
    }

    fn places(&self, found: &Found) -> Vec<usize> {
        let ids = self.author.ids();
        let place = |id: EntryId| ids.iter().position(|known| *known == id).unwrap();
        found.hits.iter().map(|hit| place(hit.entry.id)).collect()
    }
}

/// Tells the same story of texts that are in the index and of texts that are not yet.
fn indexed_or_not(texts: &[&str], story: impl Fn(&Desk)) {
    story(&Desk::with(texts));
    story(&Desk::with(texts).indexed());
}

#[test]
fn words_are_found_by_how_they_begin_the_newest_first() {
    let texts = ["The ship is in the harbour", "harvest time", "no such word", "HARBOURS"];
    indexed_or_not(&texts, |desk| {
        assert_eq!(desk.finds("har"), [3, 1, 0]);
        assert_eq!(desk.finds("harbour"), [3, 0]);
        assert_eq!(desk.finds("harbour shi"), [0]);
        assert_eq!(desk.finds("ship harv"), [0; 0]);
        assert_eq!(desk.finds("arbour"), [0; 0]);
    });
}

#[test]
fn accents_and_case_make_no_difference() {
    indexed_or_not(&["Ein Café in Zürich", "ein cafe in ZURICH"], |desk| {
        assert_eq!(desk.finds("CAFÉ zü"), [1, 0]);
        assert_eq!(desk.finds("cafe zur"), [1, 0]);
    });
}

#[test]
fn one_letter_is_a_whole_word() {
    indexed_or_not(&["plan b", "plan bee", "東"], |desk| {
        assert_eq!(desk.finds("b"), [0]);
        assert_eq!(desk.finds("plan b"), [0]);
        assert_eq!(desk.finds("東"), [2]);
    });
}

#[test]
fn whatever_is_typed_is_a_search() {
    let texts = ["\"quoted\" AND NOT (this) OR that*", "हिन्दी में लिखा", "NEAR col:umn ^first"];
    indexed_or_not(&texts, |desk| {
        for words in ["", " ", "\"", "*", "()", "AND", "NOT", "a\" OR \"b", "^", ":", "\0", "-x"] {
            desk.finds(words);
        }
        assert_eq!(desk.finds("\"quo"), [0]);
        assert_eq!(desk.finds("NOT this"), [0]);
        assert_eq!(desk.finds("हिन्दी"), [1]);
        assert_eq!(desk.finds("col:umn"), [2]);
        assert_eq!(desk.finds(&"near ".repeat(10_000)), [2]);
        assert_eq!(desk.finds(&"x".repeat(100_000)), [0; 0]);
    });
}

#[test]
fn nothing_is_found_by_what_stands_for_a_conversation() {
    let texts = ["in \u{E001} and \u{E002}", "\u{E001}"];
    indexed_or_not(&texts, |desk| {
        assert_eq!(desk.finds("\u{E001}"), [0; 0]);
        assert_eq!(desk.finds("\u{E001} and"), [0]);
        let other =
            Query { conversation: Some(conversation(2)), limit: 9, words: "and", before: None };
        assert_eq!(desk.store.search(&other).unwrap().hits, []);
    });
}

#[test]
fn a_search_may_be_in_one_conversation() {
    let mut desk = Desk::with(&["here"]);
    let mut others: Vec<Author> = (2..30).map(|n| Author::new(2, conversation(n))).collect();
    for other in &mut others {
        desk.store.append(&other.new_run(1, text("here and elsewhere"))).unwrap();
    }
    for desk in [desk, Desk::with(&["here"]).indexed()] {
        let query =
            Query { words: "here", conversation: Some(conversation(1)), limit: 99, before: None };
        assert_eq!(desk.places(&desk.store.search(&query).unwrap()), [0]);
    }
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let texts: Vec<String> = (0..50).map(|n| format!("text {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut half = Desk::with(&texts);
    half.store.index_some(20).unwrap();
    for desk in [Desk::with(&texts), half, Desk::with(&texts).indexed()] {
        let (mut before, mut places) = (None, Vec::new());
        loop {
            let query = Query { words: "text", before, limit: 7, conversation: None };
            let found = desk.store.search(&query).unwrap();
            assert!(found.hits.len() <= 7);
            places.extend(desk.places(&found));
            before = found.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(places, (0..50).rev().collect::<Vec<_>>());
    }
}

#[test]
fn a_long_backlog_is_looked_through_page_by_page() {
    let mut desk = Desk::with(&["needle"]);
    let mut other = Author::new(2, conversation(2));
    for _ in 0..2 * UNINDEXED_MAX + 10 {
        other.writes(1, text("hay"));
    }
    for from in (0..other.written.len()).step_by(500) {
        desk.store.append(&other.run(from..(from + 500).min(other.written.len()))).unwrap();
    }
    let search = |before| {
        let query = Query { words: "needle", before, limit: 9, conversation: None };
        desk.store.search(&query).unwrap()
    };
    let first = search(None);
    assert!(first.hits.is_empty() && first.next.is_some());
    let second = search(first.next);
    assert!(second.hits.is_empty() && second.next.is_some());
    let third = search(second.next);
    assert_eq!((desk.places(&third), third.next), (vec![0], None));
}

#[test]
fn what_is_deleted_or_hidden_is_found_no_more() {
    let texts = ["needle one", "needle two", "needle three", "needle four"];
    for is_indexed in [false, true] {
        let mut desk = Desk::with(&texts);
        if is_indexed {
            desk = desk.indexed();
        }
        desk.store.delete_body(desk.author.ids()[1]).unwrap();
        assert_eq!(desk.finds("needle"), [3, 2, 0]);
        desk.store.hide(conversation(1), desk.author.id(), seq(3)).unwrap();
        assert_eq!(desk.finds("needle"), [0]);
        // Deleted after it was hidden: it is out already.
        desk.store.delete_body(desk.author.ids()[3]).unwrap();
        desk.store.hide(conversation(1), desk.author.id(), seq(1)).unwrap();
        assert_eq!(desk.indexed().finds("needle"), [0; 0]);
    }
}

#[test]
fn a_deleted_text_leaves_no_word_in_the_index() {
    let mut desk = Desk::with(&["common secretword", "common otherword"]).indexed();
    desk.store.delete_body(desk.author.ids()[0]).unwrap();
    let folder = desk.folder;
    drop(desk.store);
    let connection =
        rusqlite::Connection::open(folder.path().join(chinwag_store::DATABASE)).unwrap();
    connection.pragma_update(None, "key", raw_key()).unwrap();
    let vocabulary = "CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, texts, row)";
    connection.execute_batch(vocabulary).unwrap();
    let mut statement = connection.prepare("SELECT term FROM temp.words").unwrap();
    let words: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().flatten().collect();
    assert_eq!(words, ["common", "otherword", "\u{E001}"]);
    // Not even in the pages that the index consists of.
    let mut statement = connection.prepare("SELECT block FROM texts_data").unwrap();
    let blocks: Vec<Vec<u8>> =
        statement.query_map([], |row| row.get(0)).unwrap().flatten().collect();
    let is_in = |word: &[u8]| blocks.iter().any(|b| b.windows(word.len()).any(|w| w == word));
    assert!(is_in(b"otherword") && !is_in(b"secretword") && !is_in(b"secre"));
}

#[test]
fn a_hit_on_an_edit_leads_to_what_it_changes() {
    let mut desk = Desk::with(&["the old wording"]);
    let of = desk.author.ids()[0];
    let run = desk.author.new_run(5, edit(of, "the new phrasing"));
    desk.store.append(&run).unwrap();
    let desk = desk.indexed();
    let found =
        desk.store.search(&Query { words: "phrasing", limit: 9, ..Query::default() }).unwrap();
    assert_eq!(found.hits[0].shown_by(), of);
    assert_eq!(found.hits[0].entry.id, desk.author.ids()[1]);
    let found =
        desk.store.search(&Query { words: "wording", limit: 9, ..Query::default() }).unwrap();
    assert_eq!(found.hits[0].shown_by(), of);
}

#[test]
fn the_index_goes_on_after_the_store_is_opened_again() {
    let mut desk = Desk::with(&["needle one", "needle two", "needle three"]);
    assert_eq!(desk.store.index_some(2).unwrap(), 2);
    drop(desk.store);
    let (store, _) = SqliteStore::open(desk.folder.path(), None, &store_key()).unwrap();
    desk.store = store;
    assert_eq!(desk.finds("needle"), [2, 1, 0]);
    assert_eq!(desk.store.index_some(9).unwrap(), 1);
    assert_eq!(desk.store.index_some(9).unwrap(), 0);
    assert_eq!(desk.finds("needle"), [2, 1, 0]);
}

#[test]
fn a_reader_sees_what_was_committed_while_more_is_written() {
    let mut desk = Desk::with(&["needle one", "needle two"]).indexed();
    let reader = desk.store.reader().unwrap();
    let query = Query { words: "needle", limit: 9, ..Query::default() };
    desk.store.begin().unwrap();
    desk.says("needle three");
    assert_eq!(desk.places(&reader.search(&query).unwrap()), [1, 0]);
    assert_eq!(reader.timeline(conversation(1), None, 9).unwrap().len(), 2);
    desk.store.commit().unwrap();
    assert_eq!(desk.places(&reader.search(&query).unwrap()), [2, 1, 0]);
    let page = reader.timeline(conversation(1), None, 9).unwrap();
    assert_eq!(page.len(), 3);
    assert_eq!(reader.entry(page[0].id).unwrap().as_ref(), Some(&page[0]));
    assert_eq!(reader.references(page[0].id, 9).unwrap(), []);
    // A reader holds nobody up.
    desk.store.checkpoint().unwrap();
    let log = desk.folder.path().join(format!("{}-wal", chinwag_store::DATABASE));
    assert_eq!(log.metadata().unwrap().len(), 0);
}
