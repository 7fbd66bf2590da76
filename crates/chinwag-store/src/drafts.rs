//! What was typed and not sent, conversation by conversation.
//!
//! No part of the history, and nothing that the node knows of: it is kept here so that it is nowhere in
//! the clear.

use chinwag_core::ids::ConversationId;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::sql;

/// Bytes of one draft.
pub const DRAFT_MAX: usize = 128 * 1024;

/// Drafts that are kept.
pub const DRAFTS_MAX: usize = 1_000;

/// Bytes of all drafts. They are read in one piece.
pub const DRAFTS_BYTES_MAX: usize = 1024 * 1024;

/// What was typed in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The conversation.
    pub conversation: ConversationId,
    /// The words.
    pub text: String,
}

pub(crate) fn all(db: &Connection) -> Result<Vec<Draft>, Fault> {
    let select = "SELECT conversation, text FROM drafts ORDER BY conversation";
    sql::all(db, select, [], |row| {
        Ok(Draft { conversation: sql::conversation(row, 0)?, text: row.get(1)? })
    })
}

/// False: there is no room, and nothing was changed.
pub(crate) fn put(db: &Connection, draft: &Draft) -> Result<bool, Fault> {
    let conversation = draft.conversation.as_bytes();
    if draft.text.is_empty() {
        sql::run(db, "DELETE FROM drafts WHERE conversation = ?1", [conversation])?;
        return Ok(true);
    }
    let select = "SELECT count(*), coalesce(sum(length(CAST(text AS BLOB))), 0) FROM drafts
                  WHERE conversation <> ?1";
    let others = sql::first(db, select, [conversation], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (count, bytes): (i64, i64) = others.unwrap_or_default();
    let is_within = |others: i64, ours: usize, most: usize| {
        usize::try_from(others).is_ok_and(|others| others.saturating_add(ours) <= most)
    };
    let has_room = draft.text.len() <= DRAFT_MAX
        && is_within(count, 1, DRAFTS_MAX)
        && is_within(bytes, draft.text.len(), DRAFTS_BYTES_MAX);
    if has_room {
        let put = "INSERT OR REPLACE INTO drafts (conversation, text) VALUES (?1, ?2)";
        sql::run(db, put, (conversation, &draft.text))?;
    }
    Ok(has_room)
}
