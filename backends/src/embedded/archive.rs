//! The archive in one SQLite file, synced at every commit. Several processes may share it.
//!
//! What the bytes say is not known here.

use std::path::PathBuf;
use std::sync::Arc;

use dateline_events::{Instant, Position};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::alone::{Alone, Connected};
use super::fault::FileError;
use super::file::{self, Format, number, position};
use crate::archive::{self, ArchiveError};
use crate::ledger::{MAX_PAGE_BYTES, Record};
use crate::threads::Threads;

const FORMAT: Format = Format {
    name: "archive",
    application: 0x4474_6c41,
    schema: "CREATE TABLE archive (position INTEGER PRIMARY KEY, key TEXT NOT NULL, recorded INTEGER NOT NULL, salt BLOB, bytes BLOB) STRICT;",
    steps: &[],
    page_bytes: 4096,
    synchronous: "FULL",
    cache_kib: 8 * 1024,
    checkpoint_pages: 4000,
};

const COLUMNS: &str = "SELECT position, key, recorded, salt, bytes FROM archive";

/// An archive in a file.
#[derive(Clone, Debug)]
pub struct Archive {
    threads: Arc<Threads<Connected>>,
}

impl Archive {
    pub(crate) async fn open(path: &str) -> Result<Self, ArchiveError> {
        let path = PathBuf::from(path);
        let opened = tokio::task::spawn_blocking(move || -> Result<Self, FileError> {
            let connected = Connected::new(&Alone::new(path, &FORMAT), file::open_to_write)?;
            Ok(Self { threads: Arc::new(Threads::start("dateline-archive", vec![connected])?) })
        });
        Ok(opened.await.map_err(|error| ArchiveError::Engine(error.to_string()))??)
    }

    pub(crate) async fn head(&self) -> Result<Position, ArchiveError> {
        self.run(|connection| head(connection)).await
    }

    pub(crate) async fn put(&self, records: Vec<Record>) -> Result<Position, ArchiveError> {
        self.run(move |connection| put(connection, &records)).await
    }

    pub(crate) async fn page(&self, after: Position, limit: usize) -> Result<Vec<Record>, ArchiveError> {
        self.run(move |connection| page(connection, after, limit)).await
    }

    pub(crate) async fn get(&self, at: Position) -> Result<Option<Record>, ArchiveError> {
        self.run(move |connection| get(connection, at)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, ArchiveError> + Send + 'static,
    ) -> Result<T, ArchiveError> {
        self.threads.run(move |connected| connected.with(work)).await
    }

    pub(crate) async fn destroy(&self, at: Position) -> Result<bool, ArchiveError> {
        self.run(move |connection| destroy(connection, at)).await
    }
}

fn head(connection: &Connection) -> Result<Position, ArchiveError> {
    Ok(connection.query_row("SELECT max(position) FROM archive", [], |row| file::some_position(row, 0))?.unwrap_or(0))
}

fn put(connection: &mut Connection, records: &[Record]) -> Result<Position, ArchiveError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let new = archive::behind(head(&transaction)?, records)?;
    for record in &records[..records.len() - new.len()] {
        let held = get(&transaction, record.position)?.ok_or(ArchiveError::Differs { position: record.position, what: "position" })?;
        archive::compare(&held, record)?;
    }
    {
        let mut insert = transaction.prepare_cached("INSERT INTO archive (position, key, recorded, salt, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for record in new {
            insert.execute(params![number(record.position), record.key.as_str(), record.recorded.0, record.salt, record.bytes])?;
        }
    }
    let last = head(&transaction)?;
    transaction.commit()?;
    Ok(last)
}

fn page(connection: &Connection, after: Position, limit: usize) -> Result<Vec<Record>, ArchiveError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE position > ?1 ORDER BY position LIMIT ?2"))?;
    let mut rows = statement.query(params![number(after), i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let (mut records, mut bytes) = (Vec::new(), 0);
    while bytes < MAX_PAGE_BYTES {
        let Some(row) = rows.next()? else { break };
        let record = record(row)??;
        bytes += record.bytes.as_ref().map_or(0, Vec::len);
        records.push(record);
    }
    Ok(records)
}

fn get(connection: &Connection, at: Position) -> Result<Option<Record>, ArchiveError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE position = ?1"))?;
    statement.query_row([number(at)], record).optional()?.transpose()
}

fn destroy(connection: &Connection, at: Position) -> Result<bool, ArchiveError> {
    let changed = connection.execute("UPDATE archive SET bytes = NULL, salt = NULL WHERE position = ?1", [number(at)])?;
    if file::empty_log(connection)? { Ok(changed > 0) } else { Err(ArchiveError::Busy { position: at }) }
}

fn record(row: &Row<'_>) -> rusqlite::Result<Result<Record, ArchiveError>> {
    let (at, recorded, salt, bytes) = (position(row, 0)?, Instant(row.get(2)?), row.get(3)?, row.get::<_, Option<Vec<u8>>>(4)?);
    let key = archive::key(row.get_ref(1)?.as_str()?);
    Ok(key.and_then(|key| {
        let (source, id) = archive::source_and_id(at, &key, bytes.as_deref())?;
        Ok(Record { position: at, recorded, key, salt, source, id, bytes })
    }))
}
