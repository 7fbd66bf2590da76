//! History that comes over the wire: decoded, its chain checked, one signature a page, kept and
//! indexed. The limit is what nobody can do without: to hash the same bytes, and to insert the same
//! rows into the same tables.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use chinwag_core::body::{Body, Content};
use chinwag_core::entry::Header;
use chinwag_core::log::{Base, Run as LogRun};
use chinwag_core::store::Store;
use chinwag_core::testing::MemStore;
use chinwag_core::wire::codec::{Decode as _, Encode as _};
use chinwag_crypto::{Label, hash};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::history::Author;
use crate::table::{Run, Ways, timed};
use crate::words::{Dice, Language};
use crate::{Extent, KEY, open};

/// Entries of a page.
const PAGE: usize = 1_000;

/// A row as it is inserted without our code.
struct Row {
    seq: i64,
    rank: i64,
    id: [u8; 32],
    header: Vec<u8>,
    body: Vec<u8>,
    signature: Option<[u8; 64]>,
    words: String,
}

/// When the texts come into the index.
#[derive(Clone, Copy, PartialEq)]
enum Index {
    Never,
    AfterEachPage,
    AtTheEnd,
}

pub(crate) fn table(extent: Extent) -> String {
    let pages = pages(extent.pages);
    let rows: Vec<Vec<Row>> = pages.iter().map(|page| rows(page)).collect();
    let run = |took| Run { entries: extent.pages * PAGE, took };
    let bare = |is_indexed| run(bare(&pages, &rows, is_indexed));
    let ours = |index| run(ours(&pages, index));
    Ways::default()
        .way("bare rows and index", || bare(true))
        .way("bare rows", || bare(false))
        .way("ours, indexed after each page", || ours(Index::AfterEachPage))
        .way("ours, indexed at the end", || ours(Index::AtTheEnd))
        .way("ours, not indexed", || ours(Index::Never))
        .way("ours, in memory", || run(in_memory(&pages)))
        .measure(extent.rounds / 2, &[0, 1])
}

fn pages(count: usize) -> Vec<Vec<u8>> {
    let language = Language::new(20_000);
    let (mut author, mut dice) = (Author::new(1, 1), Dice(5));
    let mut page = |n: usize| {
        let rank = u64::try_from(n * PAGE).unwrap();
        author.run(rank, (0..PAGE).map(|_| language.message(&mut dice))).to_bytes()
    };
    (0..count).map(&mut page).collect()
}

fn rows(page: &[u8]) -> Vec<Row> {
    let LogRun { entries, signature } = LogRun::from_bytes(page).unwrap();
    let mut rows: Vec<Row> =
        entries.into_iter().map(|(header, body)| row(&header, body.unwrap())).collect();
    rows.last_mut().unwrap().signature = Some(*signature.as_bytes());
    rows
}

fn row(header: &Header, body: Vec<u8>) -> Row {
    let parsed = Body::from_bytes(header.kind, &body).unwrap();
    let Content::Text(text) = parsed.content() else { unreachable!() };
    Row {
        seq: header.seq().get().cast_signed() ^ i64::MIN,
        rank: header.rank.cast_signed() ^ i64::MIN,
        id: *header.id().as_bytes(),
        header: header.to_bytes(),
        signature: None,
        words: format!("\u{E001} {}", text.text),
        body,
    }
}

fn bare(pages: &[Vec<u8>], rows: &[Vec<Row>], is_indexed: bool) -> Duration {
    let folder = TempDir::new().unwrap();
    let db = database(&folder.path().join("bare"));
    let insert = || {
        let mut number = 0;
        for (page, rows) in pages.iter().zip(rows) {
            black_box(hash(Label::new("chinwag/bench/1"), page));
            db.execute_batch("BEGIN IMMEDIATE").unwrap();
            for row in rows {
                number += 1;
                insert_row(&db, number, row, is_indexed);
            }
            db.execute_batch("COMMIT").unwrap();
        }
    };
    timed(insert).0
}

/// A database like ours, without our code.
fn database(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    let digits: Vec<String> = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    db.pragma_update(None, "key", format!("x'{}'", digits.concat())).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA secure_delete = FAST;",
    )
    .unwrap();
    db.execute_batch(include_str!("../../migrations/0001_first.sql")).unwrap();
    db.execute_batch(
        "INSERT INTO conversations VALUES (1, zeroblob(32));
         INSERT INTO logs VALUES (1, 1, zeroblob(32), NULL);",
    )
    .unwrap();
    db
}

fn insert_row(db: &Connection, number: i64, row: &Row, is_indexed: bool) {
    let sql =
        "INSERT INTO entries (number, log, conversation, seq, rank, kind, has_line, is_hidden,
                                    target, id, header, signature, body)
               VALUES (?1, 1, 1, ?2, ?3, 1, 1, 0, NULL, ?4, ?5, ?6, ?7)";
    let values = (number, row.seq, row.rank, row.id, &row.header, row.signature, &row.body);
    db.prepare_cached(sql).unwrap().execute(values).unwrap();
    if is_indexed {
        let sql = "INSERT INTO texts (rowid, text) VALUES (?1, ?2)";
        db.prepare_cached(sql).unwrap().execute((number, &row.words)).unwrap();
    }
}

fn ours(pages: &[Vec<u8>], index: Index) -> Duration {
    let folder = TempDir::new().unwrap();
    let (mut store, mut log) = (open(folder.path()), Log::default());
    let work = || {
        for page in pages {
            log.take_in(&mut store, page);
            if index == Index::AfterEachPage {
                store.index_some(PAGE).unwrap();
            }
        }
        while index == Index::AtTheEnd && store.index_some(PAGE).unwrap() == PAGE {}
    };
    timed(work).0
}

fn in_memory(pages: &[Vec<u8>]) -> Duration {
    let (mut store, mut log) = (MemStore::default(), Log::default());
    timed(|| pages.iter().for_each(|page| log.take_in(&mut store, page))).0
}

/// The log that comes in, up to where it is here.
struct Log {
    author: Author,
    base: Base,
}

impl Default for Log {
    fn default() -> Self {
        Self { author: Author::new(1, 1), base: Base::Empty }
    }
}

impl Log {
    fn take_in(&mut self, store: &mut dyn Store, page: &[u8]) {
        let run = LogRun::from_bytes(page).unwrap();
        let run = run.check(self.author.conversation, self.author.id(), self.base).unwrap();
        self.base = Base::Head(run.tip().unwrap());
        store.begin().unwrap();
        store.append(&run).unwrap();
        store.commit().unwrap();
    }
}
