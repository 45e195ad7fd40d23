//! The log of reports in one SQLite file of its own: one thread that writes, one that reads. Several processes may share it.
//!
//! What a flush says is not known here.

use std::path::PathBuf;
use std::sync::Arc;

use dateline_events::reports::FlushName;
use dateline_events::{Instant, Position};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::alone::{Alone, Connected};
use super::fault::{FileError, OfAFile as _};
use super::file::{self, Format};
use crate::clock::now;
use crate::reports::{Appended, FlushPage, KeptFlush, MAX_REPORTS_PAGE_BYTES, ReportsError};
use crate::threads::Threads;

/// One append trims at most so many flushes, so that none waits long for it.
const MAX_TRIMMED_FLUSHES: u32 = 100;

const FORMAT: Format = Format {
    name: "log of reports",
    application: 0x4474_6c52,
    // AUTOINCREMENT: a position is not given out again when everything was trimmed.
    schema: "CREATE TABLE flushes (
                 position INTEGER PRIMARY KEY AUTOINCREMENT,
                 run BLOB NOT NULL,
                 number INTEGER NOT NULL,
                 recorded INTEGER NOT NULL,
                 bytes BLOB NOT NULL,
                 UNIQUE (run, number)
             ) STRICT;",
    steps: &[],
    page_bytes: 4096,
    synchronous: "FULL",
    cache_kib: 4096,
    checkpoint_pages: 1000,
};

/// A log of reports in a file.
#[derive(Clone, Debug)]
pub struct Reports {
    writer: Arc<Threads<Writing>>,
    reader: Arc<Threads<Connected>>,
}

/// What the writing thread owns.
struct Writing {
    path: PathBuf,
    alone: Arc<Alone>,
    kept_s: u64,
    /// None after a failure: what a failed sync left in the log is never built upon.
    connection: Option<Connection>,
}

impl Reports {
    pub(crate) async fn open(path: &str, kept_s: u64) -> Result<Self, ReportsError> {
        let path = PathBuf::from(path);
        let opened = tokio::task::spawn_blocking(move || -> Result<Self, FileError> {
            let alone = Alone::new(path.clone(), &FORMAT);
            let connection = match open(&path) {
                Ok(connection) => Some(connection),
                Err(FileError::Full) => {
                    alone.hold()?;
                    None
                }
                Err(error) => return Err(error),
            };
            let reading = Connected::new(&alone, file::open_to_read)?;
            let writer = Arc::new(Threads::start("dateline-reports-write", vec![Writing { path, alone, kept_s, connection }])?);
            Ok(Self { writer, reader: Arc::new(Threads::start("dateline-reports-read", vec![reading])?) })
        });
        Ok(opened.await.map_err(|error| ReportsError::Engine(error.to_string()))??)
    }

    pub(crate) async fn append(&self, name: FlushName, bytes: Vec<u8>) -> Result<Appended, ReportsError> {
        self.writer.run(move |writing| writing.append(name, &bytes)).await
    }

    pub(crate) async fn read(&self, after: Position, limit: usize) -> Result<FlushPage, ReportsError> {
        self.reader.run(move |connected| connected.with(|connection| read(connection, after, limit))).await
    }

    pub(crate) async fn head(&self) -> Result<Position, ReportsError> {
        self.reader.run(|connected| connected.with(|connection| Ok(head(connection)?))).await
    }

    pub(crate) async fn limit_pages(&self, pages: u32) -> Result<(), ReportsError> {
        let limit = move |connection: &Connection| connection.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()));
        self.writer.run(move |writing| Ok(writing.connection.as_ref().map_or(Ok(()), limit)?)).await
    }
}

/// Opens the file to write, and brings what its log holds into it before anything is appended.
fn open(path: &std::path::Path) -> Result<Connection, FileError> {
    let connection = file::open_to_write(path, &FORMAT)?;
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    emptied.map_err(|error| FileError::from(error).at(path))?;
    Ok(connection)
}

impl Writing {
    fn append(&mut self, name: FlushName, bytes: &[u8]) -> Result<Appended, ReportsError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.alone.let_go(|| open(&self.path))?,
        };
        let appended = append(&mut connection, name, bytes, self.kept_s);
        // A full disk fails before anything is synced; after any other failure the file is opened anew.
        if matches!(appended, Ok(_) | Err(ReportsError::Full | ReportsError::Differs { .. } | ReportsError::OutOfOrder { .. })) {
            self.connection = Some(connection);
        }
        appended
    }
}

fn append(connection: &mut Connection, name: FlushName, bytes: &[u8], kept_s: u64) -> Result<Appended, ReportsError> {
    let (run, number) = (name.run.0.to_be_bytes(), file::number(name.number));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = transaction
        .prepare_cached("SELECT position, bytes = ?3 FROM flushes WHERE run = ?1 AND number = ?2")?
        .query_row(params![run, number, bytes], |row| Ok((file::position(row, 0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((position, true)) => return Ok(Appended { position, fresh: false }),
        Some((position, false)) => return Err(ReportsError::Differs { run: name.run, number: name.number, position }),
        None => {}
    }
    let mut highest = transaction.prepare_cached("SELECT max(number) FROM flushes WHERE run = ?1")?;
    let last = highest.query_row([run], |row| file::some_position(row, 0))?;
    drop(highest);
    if let Some(last) = last.filter(|last| *last > name.number) {
        return Err(ReportsError::OutOfOrder { run: name.run, number: name.number, last });
    }
    let now = now_s();
    let mut insert = transaction.prepare_cached("INSERT INTO flushes (run, number, recorded, bytes) VALUES (?1, ?2, ?3, ?4) RETURNING position")?;
    let position = insert.query_row(params![run, number, file::number(now), bytes], |row| file::position(row, 0))?;
    drop(insert);
    let trim = "DELETE FROM flushes WHERE position IN
                    (SELECT position FROM (SELECT position, recorded FROM flushes WHERE position < ?1 ORDER BY position LIMIT ?3) WHERE recorded < ?2)";
    let until = file::number(now.saturating_sub(kept_s));
    transaction.prepare_cached(trim)?.execute(params![file::number(position), until, MAX_TRIMMED_FLUSHES])?;
    transaction.commit()?;
    Ok(Appended { position, fresh: true })
}

fn now_s() -> u64 {
    u64::try_from(now().0 / Instant::SECOND).unwrap_or_default()
}

fn head(connection: &Connection) -> rusqlite::Result<Position> {
    let mut statement = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'flushes'")?;
    Ok(statement.query_row([], |row| file::position(row, 0)).optional()?.unwrap_or(0))
}

fn read(connection: &mut Connection, after: Position, limit: usize) -> Result<FlushPage, ReportsError> {
    // One transaction: nothing is trimmed between the three questions.
    let transaction = connection.transaction()?;
    let head = head(&transaction)?;
    let first = transaction.prepare_cached("SELECT min(position) FROM flushes")?.query_row([], |row| file::some_position(row, 0))?;
    let mut flushes = Vec::new();
    {
        let mut statement = transaction.prepare_cached("SELECT position, bytes FROM flushes WHERE position > ?1 ORDER BY position LIMIT ?2")?;
        let mut rows = statement.query(params![file::number(after), i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut bytes_read = 0;
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(1)?;
            bytes_read += bytes.len();
            flushes.push(KeptFlush { position: file::position(row, 0)?, bytes });
            if bytes_read >= MAX_REPORTS_PAGE_BYTES {
                break;
            }
        }
    }
    Ok(FlushPage { first: first.unwrap_or(head + 1), head, flushes })
}
