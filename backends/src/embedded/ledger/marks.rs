//! What the ledger remembers beside its events: that API keys were made, so that a state store that was lost does not open the door.
//!
//! One row of one table, made where it is missing: a ledger from before has no marks and is read as it is. Nothing unsets a mark.

use rusqlite::{Connection, OptionalExtension};

use crate::ledger_error::LedgerError;

const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS marks (row INTEGER NOT NULL PRIMARY KEY CHECK (row = 1), keys_made INTEGER NOT NULL CHECK (keys_made = 1)) STRICT;";

/// Makes the table where it is missing; for the writer alone.
pub(super) fn prepare(connection: &Connection) -> Result<(), LedgerError> {
    // Asked for first: where it is there, nothing is written.
    if is_there(connection)? { Ok(()) } else { Ok(connection.execute_batch(CREATE)?) }
}

/// Whether it is marked that keys were made.
pub(super) fn keys_made(connection: &Connection) -> Result<bool, LedgerError> {
    if !is_there(connection)? {
        return Ok(false);
    }
    Ok(connection.query_row("SELECT keys_made FROM marks WHERE row = 1", [], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Marks that keys were made; may be repeated.
pub(super) fn mark_keys_made(connection: &Connection) -> Result<(), LedgerError> {
    connection.execute("INSERT INTO marks (row, keys_made) VALUES (1, 1) ON CONFLICT DO NOTHING", [])?;
    Ok(())
}

fn is_there(connection: &Connection) -> Result<bool, LedgerError> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'marks')", [], |row| row.get(0))?)
}
