//! What was typed and not sent, conversation by conversation.
//!
//! No part of the history, and nothing that the node knows of: it is kept here so that it is nowhere in
//! the clear.

use chinwag_core::ids::{ConversationId, EntryId};
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
    /// What they are for; without: for a new message.
    pub about: Option<DraftAbout>,
}

/// What a draft is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftAbout {
    /// It answers this entry.
    Answer(EntryId),
    /// It is to be the words of this entry.
    Edit(EntryId),
}

pub(crate) fn all(db: &Connection) -> Result<Vec<Draft>, Fault> {
    let select = "SELECT conversation, text, about, is_edit FROM drafts ORDER BY conversation";
    sql::all(db, select, [], |row| {
        let is_edit: bool = row.get(3)?;
        let about = match sql::optional_bytes(row, 2)? {
            None => None,
            Some(_) if is_edit => Some(DraftAbout::Edit(sql::entry_id(row, 2)?)),
            Some(_) => Some(DraftAbout::Answer(sql::entry_id(row, 2)?)),
        };
        Ok(Draft { conversation: sql::conversation(row, 0)?, text: row.get(1)?, about })
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
        let (about, is_edit) = match &draft.about {
            None => (None, false),
            Some(DraftAbout::Answer(id)) => (Some(id.as_bytes()), false),
            Some(DraftAbout::Edit(id)) => (Some(id.as_bytes()), true),
        };
        let put = "INSERT OR REPLACE INTO drafts (conversation, text, about, is_edit)
                   VALUES (?1, ?2, ?3, ?4)";
        sql::run(db, put, (conversation, &draft.text, about, is_edit))?;
    }
    Ok(has_room)
}
