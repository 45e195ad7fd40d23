//! SQLite files: how they are opened, what format they must have, how SQLite's numbers are read.
//!
//! Nothing here knows a table of a door.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant as Clock};

use dateline_events::{Instant, Position};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, TransactionBehavior};

use super::fault::{FileError, OfAFile as _};
use super::private;
use super::sum;

/// How long a connection waits for a lock of another one, and how often it tries what SQLite does not wait for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// Whoever empties a log waits so long for readers: behind it others wait who write.
const EMPTYING_WAITS: Duration = Duration::from_millis(250);

/// A reader's page cache, in KiB; a process has about nine readers, and behind them the system keeps the same pages. Nothing is mapped into
/// memory: where a disk fails under a mapped page, the process is killed.
const READER_CACHE_KIB: i64 = 4 * 1024;

/// Faults of a structure that are told.
const MAX_FAULTS: u32 = 100;

/// Prepared statements that a connection keeps.
const CACHED_STATEMENTS: usize = 128;

/// What marks a file as one of ours, and the version of its tables.
#[derive(Debug)]
pub(super) struct Format {
    /// What a person calls the file.
    pub name: &'static str,
    /// SQLite's `application_id`.
    pub application: i32,
    /// What creates the tables of version 1.
    pub schema: &'static str,
    /// What makes version 2 of version 1, version 3 of that, and so on: run once, by whoever opens the file to write.
    pub steps: &'static [&'static str],
    /// The page size of a new file, in bytes.
    pub page_bytes: u32,
    /// `FULL` for what must survive loss of power, `NORMAL` for what can be derived again.
    pub synchronous: &'static str,
    /// The writer's page cache, in KiB.
    pub cache_kib: u32,
    /// The writer copies the log into the file when it has so many pages.
    pub checkpoint_pages: u32,
}

impl Format {
    /// The version of its tables that this program writes: SQLite's `user_version`.
    pub(super) fn version(&self) -> i32 {
        i32::try_from(self.steps.len()).unwrap_or(i32::MAX).saturating_add(1)
    }

    /// What makes an older version of this one.
    fn steps_from(&self, version: i32) -> &'static [&'static str] {
        let done = usize::try_from(version.saturating_sub(1)).unwrap_or(usize::MAX);
        self.steps.get(done..).unwrap_or_default()
    }
}

/// Opens a file for writing; creates it, its folder and its tables where they are missing.
pub(super) fn open_to_write(path: &Path, format: &Format) -> Result<Connection, FileError> {
    write_at(path, format).map_err(|error| error.at(path))
}

fn write_at(path: &Path, format: &Format) -> Result<Connection, FileError> {
    private::make(path).map_err(|error| FileError::Other(format!("cannot create the {} {}: {error}", format.name, path.display())))?;
    let mut connection = Connection::open(path)?;
    settle(&connection)?;
    connection.pragma_update(None, "page_size", format.page_bytes)?;
    use_log(&connection)?;
    connection.pragma_update(None, "synchronous", format.synchronous)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "cache_size", -i64::from(format.cache_kib))?;
    connection.query_row(&format!("PRAGMA wal_autocheckpoint={}", format.checkpoint_pages), [], |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if marks(&transaction)? == (0, 0) && is_empty(&transaction)? {
        transaction.execute_batch(format.schema)?;
        transaction.pragma_update(None, "application_id", format.application)?;
        transaction.pragma_update(None, "user_version", 1)?;
    }
    let version = check(&transaction, path, format)?;
    for step in format.steps_from(version) {
        transaction.execute_batch(step)?;
    }
    if version != format.version() {
        transaction.pragma_update(None, "user_version", format.version())?;
    }
    transaction.commit()?;
    Ok(connection)
}

/// Turns the write-ahead log on. Of several who open a new file at once, SQLite tells all but one that it is busy, and waits for nobody.
fn use_log(connection: &Connection) -> Result<(), FileError> {
    let begun = Clock::now();
    loop {
        match connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && begun.elapsed() < BUSY_TIMEOUT => {
                std::thread::sleep(TRY_AGAIN);
            }
            done => return Ok(done?),
        }
    }
}

/// Opens a file for reading; it must be there.
pub(super) fn open_to_read(path: &Path, format: &Format) -> Result<Connection, FileError> {
    read_at(path, format).map_err(|error| error.at(path))
}

fn read_at(path: &Path, format: &Format) -> Result<Connection, FileError> {
    if !path.exists() {
        return Err(FileError::Other(format!("there is no {} at {}: start the process that writes it first", format.name, path.display())));
    }
    let connection = if private::is_sealed(path) {
        sealed(path)?
    } else {
        private::settle(path);
        Connection::open(path)?
    };
    settle(&connection)?;
    connection.pragma_update(None, "query_only", "ON")?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    check(&connection, path, format)?;
    Ok(connection)
}

/// Opens a file that nobody may write, without a file beside it. What a log beside it holds would not be seen, so there must be none.
fn sealed(path: &Path) -> Result<Connection, FileError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(Path::new(&log)).is_ok_and(|log| log.len() > 0) {
        return Err(FileError::Other(format!(
            "{} cannot be written, and its log {} holds what is not in it yet: copy both to where they can be written, and read them there",
            path.display(),
            Path::new(&log).display()
        )));
    }
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(address, flags)?)
}

/// Opens a file that is there so that it is held alone and needs no other file beside it. One that is empty, or of an older version, must be
/// written first, and for that there is no room.
pub(super) fn open_alone(path: &Path, format: &Format) -> Result<Connection, FileError> {
    alone_at(path, format).map_err(|error| error.at(path))
}

fn alone_at(path: &Path, format: &Format) -> Result<Connection, FileError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Before anything is read: who has shared the file once goes on sharing it.
    connection.query_row("PRAGMA locking_mode=EXCLUSIVE", [], |_| Ok(()))?;
    settle(&connection)?;
    connection.pragma_update(None, "synchronous", format.synchronous)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "cache_size", -i64::from(format.cache_kib))?;
    let is_new = marks(&connection)? == (0, 0) && is_empty(&connection)?;
    if is_new || check(&connection, path, format)? != format.version() {
        return Err(FileError::Full);
    }
    Ok(connection)
}

/// Brings the log into the file and cuts it to nothing, so that no copy of what was overwritten is left in it. False: a reader holds it.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(EMPTYING_WAITS)?;
    let busy: rusqlite::Result<i64> = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(busy? == 0)
}

fn settle(connection: &Connection) -> Result<(), FileError> {
    sum::register(connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    // Else SQLite plans by the values that are bound, and every statement is prepared again whenever its bindings are cleared.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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

/// Answers the version of the file's tables, which may be an older one.
fn check(connection: &Connection, path: &Path, format: &Format) -> Result<i32, FileError> {
    let (application, version) = marks(connection)?;
    if application != format.application {
        if check_definitions(connection, &[format.schema]).is_ok() {
            return Err(FileError::Damaged("it holds the tables of one of ours, and is marked as something else".to_owned()));
        }
        return Err(FileError::Other(format!("{} is not a Dateline {}: give another path", path.display(), format.name)));
    }
    if !(1..=format.version()).contains(&version) {
        return Err(FileError::Other(format!(
            "{} is a {} of version {version}, this program reads version {}: use the program that wrote it",
            path.display(),
            format.name,
            format.version()
        )));
    }
    let steps = format.steps.iter().take(usize::try_from(version - 1).unwrap_or(0));
    check_definitions(connection, &[format.schema].into_iter().chain(steps.copied()).collect::<Vec<_>>())?;
    Ok(version)
}

/// The tables and indexes are those that these scripts make: a damaged definition would let SQLite take one thing for another.
pub(super) fn check_definitions(connection: &Connection, scripts: &[&str]) -> Result<(), FileError> {
    let model = Connection::open_in_memory()?;
    sum::register(&model)?;
    for script in scripts {
        model.execute_batch(script)?;
    }
    let mut expected = model.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")?;
    let mut found = connection.prepare("SELECT count(*) FROM sqlite_schema WHERE type = ?1 AND name = ?2 AND tbl_name = ?3 AND sql IS ?4")?;
    let mut rows = expected.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, name, table, sql): (String, String, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let there: i64 = found.query_row((&kind, &name, &table, &sql), |row| row.get(0))?;
        if there != 1 {
            return Err(FileError::Damaged(format!("the definition of the {kind} {name} is not the one that was written")));
        }
    }
    Ok(())
}

/// What SQLite finds the matter with a file: its pages, their order, and every index beside its table; in its words, at most
/// [`MAX_FAULTS`] times. It reads the whole file.
pub(super) fn structure(connection: &Connection) -> Result<Vec<String>, FileError> {
    let look = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MAX_FAULTS})"))?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    match look().map_err(FileError::from) {
        Ok(told) => Ok(told.into_iter().filter(|told| told != "ok").collect()),
        Err(FileError::Damaged(detail)) => Ok(vec![detail]),
        Err(error) => Err(error),
    }
}

/// A position as SQLite keeps it.
pub(super) fn number(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A position as SQLite kept it; a negative one was never written.
pub(super) fn position(row: &Row<'_>, column: usize) -> rusqlite::Result<Position> {
    let number: i64 = row.get(column)?;
    Position::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A position as SQLite kept it, where there is one.
pub(super) fn some_position(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Position>> {
    row.get::<_, Option<i64>>(column)?.map(|_| position(row, column)).transpose()
}

/// A time as SQLite kept it.
pub(super) fn instant(microseconds: Option<i64>) -> Option<Instant> {
    microseconds.map(Instant)
}

/// A time as SQLite keeps it.
pub(super) fn microseconds(instant: Option<Instant>) -> Option<i64> {
    instant.map(|instant| instant.0)
}
