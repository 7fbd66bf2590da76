//! The schema and its versions. A store of an older version is brought up to date in one
//! transaction; one of a newer version is left alone.

use rusqlite::{Connection, TransactionBehavior};

use crate::fault::OpenError;

/// What leads from each version to the next. A line here is for ever: stores are out there.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_events.sql"),
    include_str!("../migrations/0003_changes.sql"),
    include_str!("../migrations/0004_drafts.sql"),
    include_str!("../migrations/0005_declined.sql"),
    include_str!("../migrations/0006_invitations.sql"),
    include_str!("../migrations/0007_drafts.sql"),
    include_str!("../migrations/0008_notify.sql"),
    include_str!("../migrations/0009_group_tickets.sql"),
];

/// Brings a store to the newest version.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let doing = "bring the store up to date";
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(OpenError::while_(doing))?;
    let found = version(&transaction)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    let done = usize::try_from(found)
        .map_err(|_| OpenError::Damaged(format!("its version is {found}")))?;
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration).map_err(OpenError::while_(doing))?;
    }
    if found < known {
        transaction.pragma_update(None, "user_version", known).map_err(OpenError::while_(doing))?;
    }
    transaction.commit().map_err(OpenError::while_(doing))
}

/// How SQLite goes about a statement.
#[cfg(test)]
pub(crate) fn plan(sql: &str) -> String {
    let mut db = crate::connection::in_memory().unwrap();
    migrate(&mut db).unwrap();
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let unbound = (0..statement.parameter_count()).map(|_| None::<i64>);
    let rows = statement.query_map(rusqlite::params_from_iter(unbound), |row| row.get(3));
    rows.unwrap().collect::<Result<Vec<String>, _>>().unwrap().join("; ")
}

/// The version of a store.
pub(crate) fn version(connection: &Connection) -> Result<i64, OpenError> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(OpenError::while_("read the store's version"))
}
