//! A checksum a row: the CRC-32 of its values with their types and lengths, as the SQL function `row_sum`.
//!
//! It finds what a disk did to a row. Whoever changes a row on purpose computes it anew.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// Gives a connection the function `row_sum(value, …)`.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("row_sum", -1, flags, |values| Ok(of(values)))
}

fn of(values: &Context<'_>) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    for place in 0..values.len() {
        match values.get_raw(place) {
            ValueRef::Null => hasher.update(&[0]),
            ValueRef::Integer(number) => add(&mut hasher, 1, &number.to_le_bytes()),
            ValueRef::Real(number) => add(&mut hasher, 2, &number.to_le_bytes()),
            ValueRef::Text(text) => add(&mut hasher, 3, text),
            ValueRef::Blob(bytes) => add(&mut hasher, 4, bytes),
        }
    }
    i64::from(hasher.finalize())
}

fn add(hasher: &mut crc32fast::Hasher, kind: u8, bytes: &[u8]) {
    hasher.update(&[kind]);
    hasher.update(&bytes.len().to_le_bytes());
    hasher.update(bytes);
}
