//! What happened, what was said under which name, and where devices were last reached.

use chinwag_core::event_log::{Logged, LoggedEvent};
use chinwag_core::ids::{ClientId, DeviceId, EntryId};
use chinwag_core::ticket::Address;
use chinwag_core::time::Wall;
use chinwag_core::wire::codec::Encode as _;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::people::{addresses, encoded_addresses};
use crate::sql;

/// Where a device was last reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The device.
    pub device: DeviceId,
    /// Its addresses, the most recent first.
    pub addresses: Vec<Address>,
    /// When it was last connected.
    pub heard: Wall,
}

pub(crate) fn said(db: &Connection, client_id: ClientId) -> Result<Option<EntryId>, Fault> {
    let select = "SELECT entry FROM said WHERE client_id = ?1";
    sql::first(db, select, [client_id.as_bytes()], |row| sql::entry_id(row, 0))
}

pub(crate) fn put_said(db: &Connection, client_id: ClientId, entry: EntryId) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO said (client_id, entry) VALUES (?1, ?2)";
    sql::run(db, put, (client_id.as_bytes(), entry.as_bytes()))?;
    Ok(())
}

pub(crate) fn log_event(db: &Connection, at: Wall, event: &Logged) -> Result<(), Fault> {
    let put = "INSERT INTO events (at, event) VALUES (?1, ?2)";
    sql::run(db, put, (sql::from_u64(at.get()), event.to_bytes()))?;
    Ok(())
}

pub(crate) fn events(db: &Connection, after: u64, count: usize) -> Result<Vec<LoggedEvent>, Fault> {
    let select = "SELECT number, at, event FROM events WHERE number > ?1 ORDER BY number LIMIT ?2";
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    sql::all(db, select, (after, sql::limit(count)), |row| {
        let (number, at) = (number(row.get(0)?)?, Wall::new(sql::number(row, 1)?));
        Ok(LoggedEvent { number, at, event: sql::decoded(row, 2, "an event")? })
    })
}

pub(crate) fn event_numbers(db: &Connection) -> Result<Option<(u64, u64)>, Fault> {
    let select = "SELECT (SELECT number FROM events ORDER BY number LIMIT 1), number
                  FROM events ORDER BY number DESC LIMIT 1";
    sql::first(db, select, [], |row| Ok((number(row.get(0)?)?, number(row.get(1)?)?)))
}

pub(crate) fn forget_events(db: &Connection, up_to: u64) -> Result<(), Fault> {
    let up_to = i64::try_from(up_to).unwrap_or(i64::MAX);
    let delete = "DELETE FROM events WHERE number <= ?1
                  AND number < (SELECT number FROM events ORDER BY number DESC LIMIT 1)";
    sql::run(db, delete, [up_to])?;
    Ok(())
}

pub(crate) fn reached(db: &Connection) -> Result<Vec<Reached>, Fault> {
    let select = "SELECT device, addresses, heard FROM addresses ORDER BY device";
    sql::all(db, select, [], |row| {
        let (device, heard) = (sql::device(row, 0)?, Wall::new(sql::number(row, 2)?));
        Ok(Reached { device, addresses: addresses(sql::bytes(row, 1)?)?, heard })
    })
}

pub(crate) fn put_reached(db: &Connection, reached: &Reached) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO addresses (device, addresses, heard) VALUES (?1, ?2, ?3)";
    let heard = sql::from_u64(reached.heard.get());
    let addresses = encoded_addresses(&reached.addresses);
    sql::run(db, put, (reached.device.as_bytes(), addresses, heard))?;
    Ok(())
}

fn number(column: i64) -> Result<u64, Fault> {
    u64::try_from(column).map_err(|error| Fault::damaged("the number of an event", error))
}
