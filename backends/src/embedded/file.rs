//! SQLite files: how they are opened, what format they must have, how SQLite's numbers are read.
//!
//! Nothing here knows a table of a door.

use std::path::Path;
use std::time::Duration;

use dateline_events::{Instant, Position};
use rusqlite::{Connection, TransactionBehavior};

use super::fault::FileError;

/// How long a connection waits for a lock of another one.
const BUSY_TIMEOUT_MS: u64 = 10_000;

/// How much of a file readers map into memory, in bytes.
const READER_MAP_BYTES: i64 = 64 << 20;

/// Prepared statements that a connection keeps.
const CACHED_STATEMENTS: usize = 128;

/// What marks a file as one of ours, and the version of its tables.
pub(super) struct Format {
    /// What a person calls the file.
    pub name: &'static str,
    /// SQLite's `application_id`.
    pub application: i32,
    /// SQLite's `user_version`.
    pub version: i32,
    /// What creates the tables.
    pub schema: &'static str,
    /// The page size of a new file, in bytes.
    pub page_bytes: u32,
    /// `FULL` for what must survive loss of power, `NORMAL` for what can be derived again.
    pub synchronous: &'static str,
    /// The writer's page cache, in KiB.
    pub cache_kib: u32,
    /// The writer copies the log into the file when it has so many pages.
    pub checkpoint_pages: u32,
}

/// Opens a file for writing; creates it, its folder and its tables where they are missing.
pub(super) fn open_to_write(path: &Path, format: &Format) -> Result<Connection, FileError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| FileError::Other(format!("cannot create the folder {}: {error}", folder.display())))?;
    }
    let mut connection = Connection::open(path)?;
    settle(&connection)?;
    connection.pragma_update(None, "page_size", format.page_bytes)?;
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", format.synchronous)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "cache_size", -i64::from(format.cache_kib))?;
    connection.query_row(&format!("PRAGMA wal_autocheckpoint={}", format.checkpoint_pages), [], |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if marks(&transaction)? == (0, 0) && is_empty(&transaction)? {
        transaction.execute_batch(format.schema)?;
        transaction.pragma_update(None, "application_id", format.application)?;
        transaction.pragma_update(None, "user_version", format.version)?;
    }
    check(&transaction, path, format)?;
    transaction.commit()?;
    Ok(connection)
}

/// Opens a file for reading; it must be there.
pub(super) fn open_to_read(path: &Path, format: &Format) -> Result<Connection, FileError> {
    if !path.exists() {
        return Err(FileError::Other(format!("there is no {} at {}: start the process that writes it first", format.name, path.display())));
    }
    let connection = Connection::open(path)?;
    settle(&connection)?;
    connection.pragma_update(None, "query_only", "ON")?;
    connection.query_row(&format!("PRAGMA mmap_size={READER_MAP_BYTES}"), [], |_| Ok(()))?;
    check(&connection, path, format)?;
    Ok(connection)
}

fn settle(connection: &Connection) -> Result<(), FileError> {
    connection.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

fn marks(connection: &Connection) -> Result<(i32, i32), FileError> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((read("application_id")?, read("user_version")?))
}

fn is_empty(connection: &Connection) -> Result<bool, FileError> {
    Ok(connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?)
}

fn check(connection: &Connection, path: &Path, format: &Format) -> Result<(), FileError> {
    let (application, version) = marks(connection)?;
    if application != format.application {
        return Err(FileError::Other(format!("{} is not a Dateline {}: give another path", path.display(), format.name)));
    }
    if version != format.version {
        return Err(FileError::Other(format!(
            "{} is a {} of version {version}, this program reads version {}: use the program that wrote it",
            path.display(),
            format.name,
            format.version
        )));
    }
    Ok(())
}

/// A position as SQLite keeps it.
pub(super) fn number(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A position as SQLite kept it.
pub(super) fn position(number: i64) -> Position {
    Position::try_from(number).unwrap_or_default()
}

/// A time as SQLite kept it.
pub(super) fn instant(microseconds: Option<i64>) -> Option<Instant> {
    microseconds.map(Instant)
}

/// A time as SQLite keeps it.
pub(super) fn microseconds(instant: Option<Instant>) -> Option<i64> {
    instant.map(|instant| instant.0)
}
