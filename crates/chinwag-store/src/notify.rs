//! How much is told of a conversation to whoever looks elsewhere.
//!
//! No part of the history, and nothing that the node knows of: it is for the clients of this device, and
//! kept here so that whom somebody does not want to hear of is nowhere in the clear.

use chinwag_core::ids::ConversationId;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::sql;

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// Everything.
    #[default]
    All,
    /// Only what names us.
    Mentions,
    /// Nothing.
    None,
}

pub(crate) fn of(db: &Connection, conversation: ConversationId) -> Result<Notify, Fault> {
    let select = "SELECT level FROM notify WHERE conversation = ?1";
    let level: Option<i64> =
        sql::first(db, select, [conversation.as_bytes()], |row| Ok(row.get(0)?))?;
    Ok(match level {
        None => Notify::All,
        Some(1) => Notify::Mentions,
        Some(_) => Notify::None,
    })
}

/// There are no more rows than conversations of which somebody said so, and whoever says so names one that
/// is here.
pub(crate) fn put(
    db: &Connection,
    conversation: ConversationId,
    notify: Notify,
) -> Result<(), Fault> {
    let level = match notify {
        Notify::All => {
            let delete = "DELETE FROM notify WHERE conversation = ?1";
            return sql::run(db, delete, [conversation.as_bytes()]).map(drop);
        }
        Notify::Mentions => 1_i64,
        Notify::None => 2,
    };
    let put = "INSERT OR REPLACE INTO notify (conversation, level) VALUES (?1, ?2)";
    sql::run(db, put, (conversation.as_bytes(), level)).map(drop)
}
