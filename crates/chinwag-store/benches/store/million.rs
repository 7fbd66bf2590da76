//! What is asked of a store with a million messages: to open, for pages of a conversation, and for
//! words.
//!
//! The files are in the system's cache, and the database's own cache holds a thirtieth of them.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use chinwag_core::entry::{Position, Seq};
use chinwag_core::ids::{ConversationId, EntryId};
use chinwag_core::store::Store as _;
use chinwag_store::{DATABASE, Query, Reader};

use crate::filling::{PAGE, WORDS, made};
use crate::table::Answers;
use crate::words::{Dice, Language};
use crate::{Extent, open};

/// Lines of a screen, and hits of a page.
const LINES: usize = 50;

pub(crate) fn table(extent: Extent) -> String {
    let language = Language::new(WORDS);
    let folder = made(extent.stored_pages, &language);
    let count = extent.stored_pages * PAGE;
    let len = usize::try_from(folder.join(DATABASE).metadata().unwrap().len()).unwrap();
    let mut text = format!("{count} messages, {} bytes each\n\n", len / count);
    text += &Answers::head();
    text += &openings(&folder);
    let store = open(&folder);
    let reader = store.reader().unwrap();
    text += &pages(&reader, extent.questions, count);
    for words in 1..=3 {
        text += &searches(&reader, &language, extent.questions, words, None);
    }
    for words in 1..=3 {
        text += &searches(&reader, &language, extent.questions, words, Some(2));
    }
    text
}

fn openings(folder: &Path) -> String {
    let mut answers = Answers::default();
    for _ in 0..50 {
        let store = answers.time(|| {
            let store = open(folder);
            black_box(store.frontiers().unwrap());
            store
        });
        drop(store);
    }
    answers.line("open, and read what is here", "50 ms")
}

fn pages(reader: &Reader, questions: usize, count: usize) -> String {
    let conversation = ConversationId::from_bytes([1; 32]);
    let (mut newest, mut older, mut dice) = (Answers::default(), Answers::default(), Dice(13));
    let page = |before| {
        let page = reader.timeline(conversation, before, LINES).unwrap();
        assert_eq!(page.len(), LINES);
    };
    for _ in 0..questions {
        newest.time(|| page(None));
        let rank = u64::try_from(count / 20 + dice.up_to(count - count / 20)).unwrap();
        let before = Position { rank, seq: Seq::MIN, id: EntryId::from_bytes([0; 32]) };
        older.time(|| page(Some(before)));
    }
    newest.line("newest page of 50", "2 ms") + &older.line("page of 50 anywhere", "5 ms")
}

fn searches(
    reader: &Reader,
    language: &Language,
    questions: usize,
    count: usize,
    conversation: Option<u8>,
) -> String {
    let (mut answers, mut hits, mut dice) = (Answers::default(), 0, Dice(17));
    let id = conversation.map(|c| ConversationId::from_bytes([c; 32]));
    for _ in 0..questions {
        let words: Vec<String> = (0..count).map(|_| language.begun(&mut dice)).collect();
        let words = words.join(" ");
        let query = Query { words: &words, conversation: id, before: None, limit: LINES };
        let found = answers.time(|| reader.search(&query).unwrap());
        hits += found.hits.len();
    }
    let place = if conversation.is_some() { "in one conversation" } else { "everywhere" };
    let mut name = format!("search {count} words {place}");
    let _ = write!(name, ", {} hits", hits / questions);
    answers.line(&name, "p99 10 ms")
}
