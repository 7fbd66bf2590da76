//! Values as columns: how numbers, keys and encodings go into the database and come out again.
//!
//! What is read was written by us. A column that can't be read is a damaged store, never a value
//! made up in its place.

use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::wire::codec::Decode;
use rusqlite::{Connection, Params, Row};

use crate::fault::Fault;

const TOP_BIT: u64 = 1 << 63;

/// A number as a column that sorts as the number does.
pub(crate) const fn from_u64(number: u64) -> i64 {
    i64::from_be_bytes((number ^ TOP_BIT).to_be_bytes())
}

/// The number in such a column.
pub(crate) const fn to_u64(column: i64) -> u64 {
    u64::from_be_bytes(column.to_be_bytes()) ^ TOP_BIT
}

/// A limit as SQL wants it.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// All rows of a statement, each read by `read`.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(read(row)?);
    }
    Ok(values)
}

/// The first row of a statement, if there is one.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Runs a statement and says how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, Fault> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// The bytes in a column.
pub(crate) fn bytes<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], Fault> {
    Ok(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?)
}

/// The bytes in a column that may be empty.
pub(crate) fn optional_bytes<'a>(
    row: &'a Row<'_>,
    column: usize,
) -> Result<Option<&'a [u8]>, Fault> {
    Ok(row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?)
}

/// The bytes in a column, which are so many.
pub(crate) fn array<const N: usize>(row: &Row<'_>, column: usize) -> Result<[u8; N], Fault> {
    let found = bytes(row, column)?;
    found.try_into().map_err(|_| Fault::damaged("a column", format!("{} bytes", found.len())))
}

/// The value whose encoding is in a column.
pub(crate) fn decoded<T: Decode>(
    row: &Row<'_>,
    column: usize,
    what: &'static str,
) -> Result<T, Fault> {
    T::from_bytes(bytes(row, column)?).map_err(|error| Fault::damaged(what, error))
}

/// The shifted number in a column.
pub(crate) fn number(row: &Row<'_>, column: usize) -> Result<u64, Fault> {
    Ok(to_u64(row.get(column)?))
}

/// The account in a column.
pub(crate) fn account(row: &Row<'_>, column: usize) -> Result<AccountId, Fault> {
    AccountId::from_bytes(&array(row, column)?).map_err(|e| Fault::damaged("an account", e))
}

/// The device in a column.
pub(crate) fn device(row: &Row<'_>, column: usize) -> Result<DeviceId, Fault> {
    DeviceId::from_bytes(&array(row, column)?).map_err(|error| Fault::damaged("a device", error))
}

/// The conversation in a column.
pub(crate) fn conversation(row: &Row<'_>, column: usize) -> Result<ConversationId, Fault> {
    array(row, column).map(ConversationId::from_bytes)
}

/// The entry in a column.
pub(crate) fn entry_id(row: &Row<'_>, column: usize) -> Result<EntryId, Fault> {
    array(row, column).map(EntryId::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_columns_as_they_do_themselves() {
        let numbers = [0, 1, 2, TOP_BIT - 1, TOP_BIT, u64::MAX - 1, u64::MAX];
        let columns = numbers.map(from_u64);
        assert!(columns.is_sorted());
        assert_eq!(columns.map(to_u64), numbers);
    }
}
