//! Search: which texts have words that begin with these, the newest first.
//!
//! Texts come into the index after they were acknowledged, when there is time: up to a mark, which
//! is kept with them. What is behind the mark is looked through as it is, so a search misses
//! nothing. What was deleted or hidden is taken out of the index at once.
//!
//! In the index an entry has its number with a minus before it: so the newest comes first. FTS5 can
//! go through a list of entries backwards as well, but must read each of its pages to the end to do
//! so. Within one transaction numbers must grow, or it writes to the disk after each of them.
//!
//! A word is what FTS5's tokenizer `unicode61` says it is, here and there: whoever searches and
//! whoever is found goes through the same one. It does not split scripts without blanks.

use chinwag_core::body::{Body, Content, Kind, target};
use chinwag_core::ids::{ConversationId, EntryId};
use chinwag_core::store::StoredEntry;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::entries::{self, conversation_number};
use crate::fault::Fault;
use crate::sql;

/// Words that are searched for; what follows is not looked at.
pub const WORDS_MAX: usize = 8;

/// Entries without index that one search looks through; it goes on with the next page.
pub const UNINDEXED_MAX: usize = 1_000;

/// Characters of what somebody typed that are looked at.
const TYPED_MAX: usize = 400;

/// Private-use characters: they stand for conversations, and are taken out of texts.
const MARKS: std::ops::RangeInclusive<char> = '\u{E000}'..='\u{F8FF}';
const FIRST_MARK: u32 = 0xE000;
const MARK_COUNT: u32 = 6_400;

/// What is searched for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    /// The words, as somebody typed them. Those of two and more characters may be beginnings.
    pub words: &'a str,
    /// Only in this conversation.
    pub conversation: Option<ConversationId>,
    /// Where the page before ended: its [`Found::next`].
    pub before: Option<i64>,
    /// How many hits there may be.
    pub limit: usize,
}

/// A page of hits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The newest first, in the order in which the entries came here.
    pub hits: Vec<Hit>,
    /// Where the next page begins; without one this was the last. A page may have fewer hits than
    /// there may be, or none, and not be the last.
    pub next: Option<i64>,
}

/// A text, or an edit of one, with the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The entry. Whether an edit counts is for the reader to say, as when it is shown.
    pub entry: StoredEntry,
    /// Where a page begins that goes on behind it.
    pub number: i64,
}

impl Hit {
    /// The entry that has the line in which the words are: for an edit the one that it changes.
    pub fn shown_by(&self) -> EntryId {
        let body = self.entry.body.as_deref().unwrap_or_default();
        target(self.entry.header.kind, body).unwrap_or(self.entry.id)
    }
}

/// An entry that may have a text.
struct Candidate {
    number: i64,
    words: Option<String>,
}

/// The candidates that fulfil a condition, as [`candidate`] wants them.
macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "SELECT number, conversation, kind, is_hidden, body FROM entries WHERE ",
            $condition
        )
    };
}

fn candidate(row: &Row<'_>) -> Result<Candidate, Fault> {
    let kind = Kind::new(row.get(2)?);
    let is_hidden: bool = row.get(3)?;
    let body = if is_hidden { None } else { sql::optional_bytes(row, 4)? };
    let conversation: i64 = row.get(1)?;
    let words = body.and_then(|body| text(kind, body)).map(|text| marked(conversation, &text));
    Ok(Candidate { number: row.get(0)?, words })
}

/// The text of a body that has one.
fn text(kind: Kind, body: &[u8]) -> Option<String> {
    if !matches!(kind, Kind::TEXT | Kind::EDIT) {
        return None;
    }
    match Body::from_bytes(kind, body).ok()?.content() {
        Content::Text(text) | Content::Edit { text, .. } => Some(text.text.clone()),
        _ => None,
    }
}

/// A text as it goes into the index, and as it must be given again to be taken out of it.
fn marked(conversation: i64, text: &str) -> String {
    mark(conversation) + " " + &text.replace(|c| MARKS.contains(&c), " ")
}

/// The word that stands for a conversation: its number, in digits that nobody types. Nearly always
/// one, which costs no place in the index of beginnings.
fn mark(conversation: i64) -> String {
    let mut left = conversation.unsigned_abs();
    let mut word = String::new();
    loop {
        let digit = u32::try_from(left % u64::from(MARK_COUNT)).unwrap_or_default();
        word.extend(char::from_u32(FIRST_MARK + digit));
        left /= u64::from(MARK_COUNT);
        if left == 0 {
            return word;
        }
    }
}

pub(crate) fn search(db: &Connection, query: &Query<'_>) -> Result<Found, Fault> {
    let Some(expression) = expression(db, query)? else { return Ok(Found::default()) };
    let mut hits = Vec::new();
    let reached = load_unindexed(db, query.before.unwrap_or(i64::MAX))?;
    let collected = collect(db, IN_UNINDEXED, &expression, query, &mut hits);
    sql::run(db, "INSERT INTO temp.unindexed (unindexed) VALUES ('delete-all')", [])?;
    collected?;
    if reached.is_none() {
        collect(db, IN_INDEX, &expression, query, &mut hits)?;
    }
    let next = if hits.len() < query.limit { reached } else { hits.last().map(|(n, _)| *n) };
    Ok(Found {
        hits: hits.into_iter().map(|(number, entry)| Hit { entry, number }).collect(),
        next,
    })
}

const IN_INDEX: &str = "SELECT -rowid FROM texts WHERE texts MATCH ?1 AND rowid > -?2
                        ORDER BY rowid";

const IN_UNINDEXED: &str = "SELECT -rowid FROM temp.unindexed WHERE unindexed MATCH ?1
                            AND rowid > -?2 ORDER BY rowid";

/// Adds hits until there are as many as there may be.
fn collect(
    db: &Connection,
    sql: &str,
    expression: &str,
    query: &Query<'_>,
    hits: &mut Vec<(i64, StoredEntry)>,
) -> Result<(), Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query((expression, query.before.unwrap_or(i64::MAX)))?;
    while hits.len() < query.limit {
        let Some(row) = rows.next()? else { break };
        let number: i64 = row.get(0)?;
        let select = entries::select!("number = ?1");
        let entry = sql::first(db, select, [number], entries::read)?;
        hits.extend(entry.map(|entry| (number, entry)));
    }
    Ok(())
}

/// Makes what was typed into an expression of FTS5. `None`: it has no words, or nothing can be
/// found.
fn expression(db: &Connection, query: &Query<'_>) -> Result<Option<String>, Fault> {
    let mut terms = Vec::new();
    if let Some(conversation) = query.conversation {
        let Some(number) = conversation_number(db, conversation)? else { return Ok(None) };
        terms.push(format!("\"{}\"", mark(number)));
    }
    let words = words(db, query.words)?;
    if words.is_empty() {
        return Ok(None);
    }
    // A single letter would begin a great part of all words.
    let term = |word: String| match word.chars().nth(1) {
        Some(_) => format!("\"{word}\"*"),
        None => format!("\"{word}\""),
    };
    terms.extend(words.into_iter().map(term));
    Ok(Some(terms.join(" ")))
}

/// The words of a text as the index has them: through a table of its own, because the tokenizer
/// can't be asked in another way.
fn words(db: &Connection, typed: &str) -> Result<Vec<String>, Fault> {
    db.execute_batch(SCRATCH)?;
    let text: String = typed.chars().filter(|c| !MARKS.contains(c)).take(TYPED_MAX).collect();
    sql::run(db, "INSERT INTO temp.typed (rowid, text) VALUES (1, ?1)", [text])?;
    let select = "SELECT term FROM temp.typed_words ORDER BY \"offset\" LIMIT ?1";
    let words = sql::all(db, select, [sql::limit(WORDS_MAX)], |row| Ok(row.get(0)?));
    sql::run(db, "INSERT INTO temp.typed (typed) VALUES ('delete-all')", [])?;
    words
}

/// Tables in memory that a connection searches with; their tokenizer is that of the index.
const SCRATCH: &str = "
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.typed USING fts5 (
        text, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.typed_words USING fts5vocab (temp, typed, instance);
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.unindexed USING fts5 (
        text, content = '', columnsize = 0, detail = none,
        tokenize = 'unicode61 remove_diacritics 2'
    );
";

/// Puts the newest entries behind the mark into an index of their own. What comes back, if those
/// were not all: where the next page has to begin.
fn load_unindexed(db: &Connection, before: i64) -> Result<Option<i64>, Fault> {
    let params = (indexed_to(db)?, before, sql::limit(UNINDEXED_MAX));
    let candidates = sql::all(db, UNINDEXED, params, candidate)?;
    let add = "INSERT INTO temp.unindexed (rowid, text) VALUES (-?1, ?2)";
    for Candidate { number, words } in &candidates {
        if let Some(words) = words {
            sql::run(db, add, (number, words))?;
        }
    }
    let is_full = candidates.len() == UNINDEXED_MAX;
    Ok(candidates.last().filter(|_| is_full).map(|last| last.number))
}

const UNINDEXED: &str = candidates!("number > ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3");

/// Puts the next entries into the index, and says how many there were: fewer than `max` if there
/// are no more.
pub(crate) fn index_some(db: &Connection, max: usize) -> Result<usize, Fault> {
    let from = indexed_to(db)?;
    let last: Option<Option<i64>> =
        sql::first(db, NEXT, (from, sql::limit(max)), |row| Ok(row.get(0)?))?;
    let Some(to) = last.flatten() else { return Ok(0) };
    let mut statement = db.prepare_cached(TO_INDEX)?;
    let mut rows = statement.query((from, to))?;
    let mut add = db.prepare_cached("INSERT INTO texts (rowid, text) VALUES (-?1, ?2)")?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let Candidate { number, words } = candidate(row)?;
        if let Some(words) = words {
            add.execute((number, words))?;
        }
        count += 1;
    }
    sql::run(db, "UPDATE store SET indexed_to = ?1", [to])?;
    Ok(count)
}

/// The last of the next entries that come into the index.
const NEXT: &str = "SELECT max(number) FROM
                    (SELECT number FROM entries WHERE number > ?1 ORDER BY number LIMIT ?2)";

const TO_INDEX: &str = candidates!("number > ?1 AND number <= ?2 ORDER BY number DESC");

fn indexed_to(db: &Connection) -> Result<i64, Fault> {
    let mut statement = db.prepare_cached("SELECT indexed_to FROM store")?;
    let indexed_to = statement.query_row([], |row| row.get(0)).optional()?;
    indexed_to.ok_or_else(|| Fault::damaged("the mark of the index", "it is not there"))
}

/// Takes the text of an entry that is going to be deleted out of the index.
pub(crate) fn forget_one(db: &Connection, number: i64) -> Result<(), Fault> {
    let select = candidates!("number = ?1 AND number <= (SELECT indexed_to FROM store)");
    forget(db, select, [number])
}

/// Takes the texts of a log that is going to be hidden out of the index.
pub(crate) fn forget_log(db: &Connection, log: i64, from: i64) -> Result<(), Fault> {
    forget(db, OF_LOG, (log, from))
}

const OF_LOG: &str = candidates!(
    "log = ?1 AND seq >= ?2 AND number <= (SELECT indexed_to FROM store) ORDER BY seq DESC"
);

/// FTS5 wants to be told what it has to forget: as it was when it came in.
fn forget(db: &Connection, select: &str, params: impl rusqlite::Params) -> Result<(), Fault> {
    let mut statement = db.prepare_cached(select)?;
    let mut rows = statement.query(params)?;
    let delete = "INSERT INTO texts (texts, rowid, text) VALUES ('delete', -?1, ?2)";
    while let Some(row) = rows.next()? {
        if let Candidate { number, words: Some(words) } = candidate(row)? {
            sql::run(db, delete, (number, words))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::plan;

    #[test]
    fn search_goes_through_the_index_from_the_newest_on_and_sorts_nothing() {
        // 64: in the order of the rowids. M1: these words. >: from this rowid on.
        let found = "SCAN texts VIRTUAL TABLE INDEX 64:M1>";
        assert!(plan(IN_INDEX).starts_with(found), "{}", plan(IN_INDEX));
        assert!(!plan(IN_INDEX).contains("TEMP"), "{}", plan(IN_INDEX));
        let by_number = "SEARCH entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
        assert_eq!(plan(UNINDEXED), by_number);
        assert_eq!(plan(TO_INDEX), by_number);
        let next = "CO-ROUTINE (subquery-1); SEARCH entries USING INTEGER PRIMARY KEY (rowid>?)";
        assert!(plan(NEXT).starts_with(next), "{}", plan(NEXT));
        let of_log = "SEARCH entries USING INDEX entries_by_place (log=? AND seq>?)";
        assert!(plan(OF_LOG).starts_with(of_log), "{}", plan(OF_LOG));
        assert!(!plan(OF_LOG).contains("TEMP"), "{}", plan(OF_LOG));
    }
}
