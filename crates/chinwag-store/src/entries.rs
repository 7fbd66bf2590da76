//! Entries: added once, found by their place, by their id, and by where they are shown.
//!
//! An entry's header, body and signature are kept as they came. The columns beside them say the
//! same again, for the indexes; they are written here and nowhere else.

use chinwag_core::body::{Kind, target};
use chinwag_core::entry::{Position, Seq, Tip};
use chinwag_core::ids::{ConversationId, DeviceId, EntryId};
use chinwag_core::log::{CheckedEntry, CheckedRun};
use chinwag_core::store::StoredEntry;
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::wire::codec::Encode as _;
use chinwag_crypto::Signature;
use rusqlite::{Connection, Row};

use crate::delivery::remove_expiry;
use crate::fault::Fault;
use crate::search;
use crate::sql;

/// The entries that fulfil a condition, as [`read`] wants them.
macro_rules! select {
    ($condition:literal) => {
        concat!("SELECT id, header, signature, body FROM entries WHERE ", $condition)
    };
}
pub(crate) use select;

/// A log's number, and from where on it is hidden.
struct Log {
    number: i64,
    conversation: i64,
    hidden_from: Option<u64>,
}

/// Where an entry is, and what there is to know before its body is deleted.
pub(crate) struct Found {
    pub(crate) number: i64,
    pub(crate) has_body: bool,
}

pub(crate) fn read(row: &Row<'_>) -> Result<StoredEntry, Fault> {
    let signature = match sql::optional_bytes(row, 2)? {
        Some(_) => Some(Signature::from_bytes(&sql::array(row, 2)?)),
        None => None,
    };
    Ok(StoredEntry {
        id: sql::entry_id(row, 0)?,
        header: sql::decoded(row, 1, "the header of an entry")?,
        signature,
        body: sql::optional_bytes(row, 3)?.map(<[u8]>::to_vec),
    })
}

pub(crate) fn frontiers(db: &Connection) -> Result<Vec<(ConversationId, Frontier)>, Fault> {
    let select = "SELECT conversations.id, author, first, last
                  FROM ranges JOIN logs ON logs.number = log
                  JOIN conversations ON conversations.number = conversation
                  ORDER BY conversations.id, log, first";
    let rows = sql::all(db, select, [], |row| {
        Ok((sql::conversation(row, 0)?, sql::device(row, 1)?, range(row, 2)?))
    })?;
    let mut frontiers: Vec<(ConversationId, Frontier)> = Vec::new();
    for (conversation, author, range) in rows {
        if frontiers.last().is_none_or(|(last, _)| *last != conversation) {
            frontiers.push((conversation, Frontier::default()));
        }
        if let Some((_, frontier)) = frontiers.last_mut() {
            frontier.insert(author, range);
        }
    }
    Ok(frontiers)
}

pub(crate) fn tip(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
    seq: Seq,
) -> Result<Option<Tip>, Fault> {
    let Some(log) = log(db, conversation, author)? else { return Ok(None) };
    sql::first(db, TIP, (log.number, sql::from_u64(seq.get())), |row| {
        Ok(Tip { seq, id: sql::entry_id(row, 0)?, rank: sql::number(row, 1)? })
    })
}

const TIP: &str = "SELECT id, rank FROM entries WHERE log = ?1 AND seq = ?2";

pub(crate) fn append(db: &Connection, run: &CheckedRun) -> Result<(), Fault> {
    let (Some(first), Some(last)) = (run.entries().first(), run.entries().last()) else {
        return Ok(());
    };
    let Some(places) = Range::new(first.header().seq(), last.header().seq()) else {
        return Ok(());
    };
    let log = log_to_write(db, first.header().conversation, first.header().author)?;
    add_range(db, &log, places)?;
    for entry in run.entries() {
        let is_last = entry.id() == last.id();
        add(db, &log, entry, run.signature().filter(|_| is_last))?;
    }
    Ok(())
}

fn add(
    db: &Connection,
    log: &Log,
    entry: &CheckedEntry,
    signature: Option<&Signature>,
) -> Result<(), Fault> {
    let header = entry.header();
    let seq = header.seq().get();
    let of = entry.body().and_then(|body| target(header.kind, body));
    let mut statement = db.prepare_cached(
        "INSERT INTO entries
             (log, conversation, seq, rank, kind, has_line, is_hidden, target,
              id, header, signature, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    statement.execute((
        log.number,
        log.conversation,
        sql::from_u64(seq),
        sql::from_u64(header.rank),
        header.kind.number(),
        header.kind.is_shown(),
        log.hidden_from.is_some_and(|from| seq >= from),
        of.as_ref().map(EntryId::as_bytes),
        entry.id().as_bytes(),
        header.to_bytes(),
        signature.map(Signature::as_bytes),
        entry.body(),
    ))?;
    Ok(())
}

/// Notes that places of a log are here, together with the ranges that they touch.
fn add_range(db: &Connection, log: &Log, places: Range) -> Result<(), Fault> {
    let (mut from, mut to) = (places.from(), places.to());
    for next_to in touching(db, log, places)? {
        if next_to.from() <= places.to() && places.from() <= next_to.to() {
            let place = next_to.from().max(places.from());
            return Err(Fault::Refused(format!("place {place} of a log is taken")));
        }
        let gone = "DELETE FROM ranges WHERE log = ?1 AND first = ?2";
        sql::run(db, gone, (log.number, sql::from_u64(next_to.from().get())))?;
        (from, to) = (from.min(next_to.from()), to.max(next_to.to()));
    }
    let add = "INSERT INTO ranges (log, first, last) VALUES (?1, ?2, ?3)";
    sql::run(db, add, (log.number, sql::from_u64(from.get()), sql::from_u64(to.get())))?;
    Ok(())
}

/// The ranges of a log that overlap with one or touch it, in order.
fn touching(db: &Connection, log: &Log, places: Range) -> Result<Vec<Range>, Fault> {
    // From the last one backwards: they don't overlap, so the first that ends before is the end.
    let mut statement = db.prepare_cached(RANGES)?;
    let after = places.to().get().saturating_add(1);
    let mut rows = statement.query((log.number, sql::from_u64(after)))?;
    let mut touching = Vec::new();
    while let Some(row) = rows.next()? {
        let range = range(row, 0)?;
        if range.to().get().saturating_add(1) < places.from().get() {
            break;
        }
        touching.push(range);
    }
    touching.reverse();
    Ok(touching)
}

const RANGES: &str =
    "SELECT first, last FROM ranges WHERE log = ?1 AND first <= ?2 ORDER BY first DESC";

pub(crate) fn entries(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
    range: Range,
    count: usize,
    bytes: usize,
) -> Result<Vec<StoredEntry>, Fault> {
    let Some(log) = log(db, conversation, author)? else { return Ok(Vec::new()) };
    let mut statement = db.prepare_cached(OF_LOG)?;
    let (from, to) = (sql::from_u64(range.from().get()), sql::from_u64(range.to().get()));
    let mut rows = statement.query((log.number, from, to, sql::limit(count)))?;
    let mut left = Some(bytes);
    let mut entries = Vec::new();
    while let (Some(bytes), Some(row)) = (left, rows.next()?) {
        let entry = read(row)?;
        left = bytes.checked_sub(entry.body.as_ref().map_or(0, Vec::len));
        entries.push(entry);
    }
    Ok(entries)
}

const OF_LOG: &str = select!("log = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq LIMIT ?4");

pub(crate) fn entry(db: &Connection, id: EntryId) -> Result<Option<StoredEntry>, Fault> {
    sql::first(db, WITH_ID, [id.as_bytes()], read)
}

const WITH_ID: &str = select!("substr(id, 1, 8) = substr(?1, 1, 8) AND id = ?1");

/// Finds an entry by its id.
pub(crate) fn find(db: &Connection, id: EntryId) -> Result<Option<Found>, Fault> {
    sql::first(db, FIND, [id.as_bytes()], |row| {
        Ok(Found { number: row.get(0)?, has_body: row.get(1)? })
    })
}

const FIND: &str = "SELECT number, body IS NOT NULL FROM entries
                    WHERE substr(id, 1, 8) = substr(?1, 1, 8) AND id = ?1";

/// The first two entries whose ids begin with these bytes.
pub(crate) fn beginning(db: &Connection, prefix: &[u8]) -> Result<Vec<EntryId>, Fault> {
    let lowest: Vec<u8> = prefix.iter().copied().chain(std::iter::repeat(0)).take(8).collect();
    let highest: Vec<u8> = prefix.iter().copied().chain(std::iter::repeat(255)).take(8).collect();
    let select = "SELECT id FROM entries WHERE substr(id, 1, 8) BETWEEN ?1 AND ?2
                  ORDER BY substr(id, 1, 8) LIMIT 2";
    sql::all(db, select, (lowest, highest), |row| sql::entry_id(row, 0))
}

pub(crate) fn count_shown(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
    range: Range,
    max: usize,
) -> Result<usize, Fault> {
    let select = "SELECT count(*) FROM (
                      SELECT 1 FROM entries
                      WHERE log = (SELECT logs.number FROM logs
                                   JOIN conversations ON conversations.number = logs.conversation
                                   WHERE conversations.id = ?1 AND author = ?2)
                      AND seq BETWEEN ?3 AND ?4 AND has_line = 1 AND is_hidden = 0 LIMIT ?5)";
    let (from, to) = (sql::from_u64(range.from().get()), sql::from_u64(range.to().get()));
    let params = (conversation.as_bytes(), author.as_bytes(), from, to, sql::limit(max));
    let count: Option<i64> = sql::first(db, select, params, |row| Ok(row.get(0)?))?;
    Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
}

pub(crate) fn texts_with(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
    range: Range,
    byte: u8,
    looked_at: usize,
) -> Result<Vec<EntryId>, Fault> {
    let Some(log) = log(db, conversation, author)? else { return Ok(Vec::new()) };
    let (from, to) = (sql::from_u64(range.from().get()), sql::from_u64(range.to().get()));
    let params = (log.number, from, to, sql::limit(looked_at), [byte]);
    sql::all(db, TEXTS_WITH, params, |row| sql::entry_id(row, 0))
}

// Kinds 1 and 2 are texts and edits.
const TEXTS_WITH: &str = "SELECT CASE kind WHEN 2 THEN target ELSE id END FROM (
                              SELECT id, kind, target, body FROM entries
                              WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 AND is_hidden = 0
                              ORDER BY seq DESC LIMIT ?4)
                          WHERE (kind = 1 OR kind = 2 AND target IS NOT NULL)
                          AND instr(body, ?5) > 0";

pub(crate) fn put_signature(
    db: &Connection,
    id: EntryId,
    signature: &Signature,
) -> Result<(), Fault> {
    let Some(found) = find(db, id)? else { return Ok(()) };
    let put = "UPDATE entries SET signature = ?2 WHERE number = ?1";
    sql::run(db, put, (found.number, signature.as_bytes()))?;
    Ok(())
}

pub(crate) fn delete_body(db: &Connection, id: EntryId) -> Result<(), Fault> {
    let Some(found) = find(db, id)? else { return Ok(()) };
    search::forget_one(db, found.number)?;
    sql::run(db, "UPDATE entries SET body = NULL WHERE number = ?1", [found.number])?;
    remove_expiry(db, found.number)
}

pub(crate) fn hide(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
    from: Seq,
) -> Result<(), Fault> {
    let log = log_to_write(db, conversation, author)?;
    let from = log.hidden_from.map_or(from.get(), |before| before.min(from.get()));
    let from = sql::from_u64(from);
    sql::run(db, "UPDATE logs SET hidden_from = ?2 WHERE number = ?1", (log.number, from))?;
    search::forget_log(db, log.number, from)?;
    sql::run(db, HIDE, (log.number, from))?;
    Ok(())
}

pub(crate) fn forget_from(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
    from: Seq,
) -> Result<(), Fault> {
    let log = log_to_write(db, conversation, author)?;
    let places = (log.number, sql::from_u64(from.get()));
    search::forget_log(db, places.0, places.1)?;
    let expiries = "DELETE FROM expiries
        WHERE entry IN (SELECT number FROM entries WHERE log = ?1 AND seq >= ?2)";
    sql::run(db, expiries, places)?;
    sql::run(db, "DELETE FROM entries WHERE log = ?1 AND seq >= ?2", places)?;
    sql::run(db, "DELETE FROM ranges WHERE log = ?1 AND first >= ?2", places)?;
    let cut = "UPDATE ranges SET last = ?2 - 1 WHERE log = ?1 AND last >= ?2";
    sql::run(db, cut, places)?;
    // The next entries get the numbers of these, and are not in the index of texts yet.
    let indexed = "UPDATE store
        SET indexed_to = min(indexed_to, (SELECT coalesce(max(number), 0) FROM entries))";
    sql::run(db, indexed, [])?;
    Ok(())
}

const HIDE: &str =
    "UPDATE entries SET is_hidden = 1 WHERE log = ?1 AND seq >= ?2 AND is_hidden = 0";

/// The conditions of these statements stand there as they do in the indexes: that is how SQLite
/// knows that it may use them.
pub(crate) fn timeline(
    db: &Connection,
    conversation: ConversationId,
    before: Option<Position>,
    count: usize,
) -> Result<Vec<StoredEntry>, Fault> {
    let Some(conversation) = conversation_number(db, conversation)? else { return Ok(Vec::new()) };
    let count = sql::limit(count);
    let Some(before) = before else {
        return sql::all(db, NEWEST, (conversation, count), read);
    };
    let (rank, seq) = (sql::from_u64(before.rank), sql::from_u64(before.seq.get()));
    let params = (conversation, count, rank, seq, before.id.as_bytes());
    sql::all(db, BEFORE, params, read)
}

pub(crate) fn timeline_after(
    db: &Connection,
    conversation: ConversationId,
    after: Position,
    count: usize,
) -> Result<Vec<StoredEntry>, Fault> {
    let Some(conversation) = conversation_number(db, conversation)? else { return Ok(Vec::new()) };
    let (rank, seq) = (sql::from_u64(after.rank), sql::from_u64(after.seq.get()));
    let params = (conversation, sql::limit(count), rank, seq, after.id.as_bytes());
    sql::all(db, AFTER, params, read)
}

const NEWEST: &str = select!(
    "conversation = ?1 AND has_line = 1 AND is_hidden = 0
     ORDER BY rank DESC, seq DESC, id DESC LIMIT ?2"
);

const BEFORE: &str = select!(
    "conversation = ?1 AND has_line = 1 AND is_hidden = 0 AND (rank, seq, id) < (?3, ?4, ?5)
     ORDER BY rank DESC, seq DESC, id DESC LIMIT ?2"
);

const AFTER: &str = select!(
    "conversation = ?1 AND has_line = 1 AND is_hidden = 0 AND (rank, seq, id) > (?3, ?4, ?5)
     ORDER BY rank, seq, id LIMIT ?2"
);

pub(crate) fn references(
    db: &Connection,
    of: EntryId,
    after: Option<Position>,
    count: usize,
) -> Result<Vec<StoredEntry>, Fault> {
    let Some(after) = after else {
        return sql::all(db, REFERENCES, (of.as_bytes(), sql::limit(count)), read);
    };
    let (rank, seq) = (sql::from_u64(after.rank), sql::from_u64(after.seq.get()));
    let params = (of.as_bytes(), sql::limit(count), rank, seq, after.id.as_bytes());
    sql::all(db, REFERENCES_AFTER, params, read)
}

const REFERENCES: &str = select!("target = ?1 AND is_hidden = 0 ORDER BY rank, seq, id LIMIT ?2");

const REFERENCES_AFTER: &str = select!(
    "target = ?1 AND is_hidden = 0 AND (rank, seq, id) > (?3, ?4, ?5)
     ORDER BY rank, seq, id LIMIT ?2"
);

/// Of each log that has edits or retractions of an entry, the last one of either, in their order.
pub(crate) fn last_changes(db: &Connection, of: EntryId) -> Result<Vec<StoredEntry>, Fault> {
    let found: Vec<(i64, i64)> =
        sql::all(db, LAST_CHANGES, [of.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut changes = Vec::with_capacity(found.len());
    for place in found {
        changes.extend(sql::first(db, AT_PLACE, place, read)?);
    }
    changes.sort_unstable_by_key(StoredEntry::position);
    Ok(changes)
}

const LAST_CHANGES: &str = "SELECT log, max(seq) FROM entries
                            WHERE target = ?1 AND is_hidden = 0 AND kind <> 3
                            GROUP BY log, kind";

const AT_PLACE: &str = select!("log = ?1 AND seq = ?2");

pub(crate) fn latest(
    db: &Connection,
    conversation: ConversationId,
    kind: Kind,
    before: Option<Position>,
) -> Result<Option<StoredEntry>, Fault> {
    let Some(conversation) = conversation_number(db, conversation)? else { return Ok(None) };
    let is_text = kind == Kind::TEXT;
    let Some(before) = before else {
        let select = if is_text { LATEST_TEXT } else { LATEST };
        return sql::first(db, select, (conversation, kind.number()), read);
    };
    let select = if is_text { LATEST_TEXT_BEFORE } else { LATEST_BEFORE };
    let (rank, seq) = (sql::from_u64(before.rank), sql::from_u64(before.seq.get()));
    let params = (conversation, kind.number(), rank, seq, before.id.as_bytes());
    sql::first(db, select, params, read)
}

const LATEST: &str = select!(
    "conversation = ?1 AND kind = ?2 AND kind <> 1 AND is_hidden = 0
     ORDER BY rank DESC, seq DESC, id DESC LIMIT 1"
);

const LATEST_BEFORE: &str = select!(
    "conversation = ?1 AND kind = ?2 AND kind <> 1 AND is_hidden = 0
     AND (rank, seq, id) < (?3, ?4, ?5)
     ORDER BY rank DESC, seq DESC, id DESC LIMIT 1"
);

const LATEST_TEXT: &str = select!(
    "conversation = ?1 AND kind = ?2 AND has_line = 1 AND is_hidden = 0
     ORDER BY rank DESC, seq DESC, id DESC LIMIT 1"
);

const LATEST_TEXT_BEFORE: &str = select!(
    "conversation = ?1 AND kind = ?2 AND has_line = 1 AND is_hidden = 0
     AND (rank, seq, id) < (?3, ?4, ?5)
     ORDER BY rank DESC, seq DESC, id DESC LIMIT 1"
);

/// The number of a conversation of which there are logs.
pub(crate) fn conversation_number(
    db: &Connection,
    id: ConversationId,
) -> Result<Option<i64>, Fault> {
    sql::first(db, CONVERSATION, [id.as_bytes()], |row| Ok(row.get(0)?))
}

const CONVERSATION: &str = "SELECT number FROM conversations WHERE id = ?1";

fn log(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
) -> Result<Option<Log>, Fault> {
    let Some(conversation) = conversation_number(db, conversation)? else { return Ok(None) };
    sql::first(db, LOG, (conversation, author.as_bytes()), |row| {
        let hidden_from: Option<i64> = row.get(1)?;
        let hidden_from = hidden_from.map(sql::to_u64);
        Ok(Log { number: row.get(0)?, conversation, hidden_from })
    })
}

const LOG: &str = "SELECT number, hidden_from FROM logs WHERE conversation = ?1 AND author = ?2";

/// The same, and makes it if it isn't there.
fn log_to_write(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
) -> Result<Log, Fault> {
    if let Some(log) = log(db, conversation, author)? {
        return Ok(log);
    }
    let add = "INSERT INTO conversations (id) VALUES (?1) ON CONFLICT (id) DO NOTHING";
    sql::run(db, add, [conversation.as_bytes()])?;
    let add = "INSERT INTO logs (conversation, author)
               SELECT number, ?2 FROM conversations WHERE id = ?1";
    sql::run(db, add, (conversation.as_bytes(), author.as_bytes()))?;
    log(db, conversation, author)?.ok_or_else(|| Fault::damaged("a log", "it is not there"))
}

/// The range in two columns from `first` on.
fn range(row: &Row<'_>, first: usize) -> Result<Range, Fault> {
    let (from, to) = (sql::number(row, first)?, sql::number(row, first + 1)?);
    let range = Seq::new(from).zip(Seq::new(to)).and_then(|(from, to)| Range::new(from, to));
    range.ok_or_else(|| Fault::damaged("a range", format!("it goes from {from} to {to}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::plan;

    #[test]
    fn hot_queries_go_by_an_index_and_sort_at_most_what_has_the_same_place() {
        let by_position = "SEARCH entries USING INDEX entries_by_position (conversation=?";
        let last = "; USE TEMP B-TREE FOR LAST TERM OF ORDER BY";
        assert_eq!(plan(NEWEST), format!("{by_position}){last}"));
        let before = " AND (rank,seq)<(?,?))";
        assert_eq!(plan(BEFORE), format!("{by_position}{before}{last}"));
        let after = " AND (rank,seq)>(?,?))";
        assert_eq!(plan(AFTER), format!("{by_position}{after}{last}"));
        assert_eq!(plan(LATEST_TEXT), format!("{by_position}){last}"));
        let by_kind = "SEARCH entries USING INDEX entries_by_kind (conversation=? AND kind=?)";
        assert_eq!(plan(LATEST), format!("{by_kind}{last}"));
        let by_kind = "SEARCH entries USING INDEX entries_by_kind (conversation=? AND kind=?";
        assert_eq!(plan(LATEST_BEFORE), format!("{by_kind}{before}{last}"));
        assert_eq!(plan(LATEST_TEXT_BEFORE), format!("{by_position}{before}{last}"));
        let by_target = "SEARCH entries USING INDEX entries_by_target (target=?)";
        assert_eq!(plan(REFERENCES), format!("{by_target}{last}"));
        let by_target = "SEARCH entries USING INDEX entries_by_target (target=?";
        let after = " AND (rank,seq)>(?,?))";
        assert_eq!(plan(REFERENCES_AFTER), format!("{by_target}{after}{last}"));
        let by_id = "SEARCH entries USING INDEX entries_by_id (<expr>=?)";
        assert_eq!(plan(WITH_ID), by_id);
        let by_place = "SEARCH entries USING INDEX entries_by_place (log=? AND seq>? AND seq<?)";
        assert_eq!(plan(OF_LOG), by_place);
        assert!(plan(TEXTS_WITH).contains(by_place) && !plan(TEXTS_WITH).contains("TEMP B-TREE"));
    }

    #[test]
    fn what_each_entry_asks_when_it_comes_in_neither_scans_nor_sorts() {
        for sql in
            [LAST_CHANGES, AT_PLACE, TIP, RANGES, FIND, HIDE, CONVERSATION, LOG, WITH_ID, OF_LOG]
        {
            let plan = plan(sql);
            assert!(plan.starts_with("SEARCH") && !plan.contains("SCAN"), "{sql}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
