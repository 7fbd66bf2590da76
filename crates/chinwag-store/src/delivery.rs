//! Who has what, who has read what, what disappears when, and who has forked.

use chinwag_core::fork::Fork;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::time::Wall;
use chinwag_core::wire::codec::Encode as _;
use chinwag_core::wire::limits::AUTHORS_MAX;
use rusqlite::Connection;

use crate::entries::find;
use crate::fault::Fault;
use crate::sql;

pub(crate) fn forks(db: &Connection) -> Result<Vec<Fork>, Fault> {
    let select = "SELECT fork FROM forks ORDER BY conversation, author";
    sql::all(db, select, [], |row| sql::decoded(row, 0, "the proof of a fork"))
}

pub(crate) fn put_fork(db: &Connection, fork: &Fork) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO forks (conversation, author, fork) VALUES (?1, ?2, ?3)";
    let (conversation, author) = (fork.conversation(), fork.author());
    sql::run(db, put, (conversation.as_bytes(), author.as_bytes(), fork.to_bytes()))?;
    Ok(())
}

pub(crate) fn receipts(
    db: &Connection,
) -> Result<Vec<(ConversationId, DeviceId, Frontier)>, Fault> {
    let select =
        "SELECT conversation, device, frontier FROM receipts ORDER BY conversation, device";
    sql::all(db, select, [], |row| {
        let frontier = sql::decoded(row, 2, "a receipt")?;
        Ok((sql::conversation(row, 0)?, sql::device(row, 1)?, frontier))
    })
}

pub(crate) fn put_receipt(
    db: &Connection,
    conversation: ConversationId,
    device: DeviceId,
    frontier: &Frontier,
) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO receipts (conversation, device, frontier)
               VALUES (?1, ?2, ?3)";
    let frontier = sayable(frontier).to_bytes();
    sql::run(db, put, (conversation.as_bytes(), device.as_bytes(), frontier))?;
    Ok(())
}

pub(crate) fn reads(db: &Connection) -> Result<Vec<(ConversationId, AccountId, Frontier)>, Fault> {
    let select = "SELECT conversation, account, frontier FROM reads ORDER BY conversation, account";
    sql::all(db, select, [], |row| {
        let frontier = sql::decoded(row, 2, "what was read")?;
        Ok((sql::conversation(row, 0)?, sql::account(row, 1)?, frontier))
    })
}

pub(crate) fn put_read(
    db: &Connection,
    conversation: ConversationId,
    account: AccountId,
    frontier: &Frontier,
) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO reads (conversation, account, frontier)
               VALUES (?1, ?2, ?3)";
    let frontier = sayable(frontier).to_bytes();
    sql::run(db, put, (conversation.as_bytes(), account.as_bytes(), frontier))?;
    Ok(())
}

/// As much of a frontier as its encoding can say. The core makes no other ones; if it did, less
/// would be safe and a store that can't be read again would not.
fn sayable(frontier: &Frontier) -> Frontier {
    let mut within = Frontier::default();
    for (author, ranges) in frontier.iter().filter(|(_, r)| !r.is_empty()).take(AUTHORS_MAX) {
        within.merge(author, ranges);
    }
    within
}

pub(crate) fn put_expiry(db: &Connection, id: EntryId, due: Wall) -> Result<(), Fault> {
    let Some(found) = find(db, id)?.filter(|found| found.has_body) else { return Ok(()) };
    let put = "INSERT INTO expiries (entry, due, id) VALUES (?1, ?2, ?3)
               ON CONFLICT (entry) DO UPDATE SET due = min(due, excluded.due)";
    sql::run(db, put, (found.number, sql::from_u64(due.get()), id.as_bytes()))?;
    Ok(())
}

pub(crate) fn remove_expiry(db: &Connection, entry: i64) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM expiries WHERE entry = ?1", [entry])?;
    Ok(())
}

pub(crate) fn next_expiry(db: &Connection) -> Result<Option<Wall>, Fault> {
    sql::first(db, NEXT_EXPIRY, [], |row| sql::number(row, 0).map(Wall::new))
}

const NEXT_EXPIRY: &str = "SELECT due FROM expiries ORDER BY due LIMIT 1";

pub(crate) fn expired(db: &Connection, now: Wall, count: usize) -> Result<Vec<EntryId>, Fault> {
    let params = (sql::from_u64(now.get()), sql::limit(count));
    sql::all(db, EXPIRED, params, |row| sql::entry_id(row, 0))
}

const EXPIRED: &str = "SELECT id FROM expiries WHERE due <= ?1 ORDER BY due, id LIMIT ?2";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::plan;

    #[test]
    fn what_is_due_is_read_off_an_index() {
        // The first row of an index, not all of them: SQLite calls that a scan as well.
        assert_eq!(plan(NEXT_EXPIRY), "SCAN expiries USING COVERING INDEX expiries_by_due");
        let due = "SEARCH expiries USING COVERING INDEX expiries_by_due (due<?)";
        assert_eq!(plan(EXPIRED), due);
    }
}
