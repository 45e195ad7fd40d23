//! The keep in one SQLite file. Compare and swap is one immediate transaction, so several processes may share the file.
//!
//! What the values mean is not known here.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::fault::FileError;
use super::file::{self, Format};
use crate::keep::{KeepEntry, KeepError, MAX_LISTED_KEYS, Revision};
use crate::threads::Threads;

const FORMAT: Format = Format {
    name: "keep",
    application: 0x4474_6c4b,
    schema: "CREATE TABLE keep (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
    steps: &[],
    page_bytes: 4096,
    synchronous: "FULL",
    cache_kib: 2048,
    checkpoint_pages: 1000,
};

/// A keep in a file.
#[derive(Clone, Debug)]
pub struct Keep {
    threads: Arc<Threads<Connection>>,
}

impl Keep {
    pub(crate) async fn open(path: &str) -> Result<Self, KeepError> {
        let path = PathBuf::from(path);
        let opened = tokio::task::spawn_blocking(move || -> Result<Self, FileError> {
            let connection = file::open_to_write(&path, &FORMAT)?;
            Ok(Self { threads: Arc::new(Threads::start("dateline-keep", vec![connection])?) })
        });
        Ok(opened.await.map_err(|error| KeepError::Engine(error.to_string()))??)
    }

    pub(crate) async fn get(&self, key: String) -> Result<Option<(Vec<u8>, Revision)>, KeepError> {
        self.threads
            .run(move |connection| {
                let mut statement = connection.prepare_cached("SELECT value, revision FROM keep WHERE key = ?1")?;
                Ok(statement.query_row([key], |row| Ok((row.get(0)?, file::position(row, 1)?))).optional()?)
            })
            .await
    }

    pub(crate) async fn put(&self, key: String, value: Vec<u8>, expected: Option<Revision>) -> Result<Revision, KeepError> {
        self.threads.run(move |connection| put(connection, key, &value, expected)).await
    }

    pub(crate) async fn list(&self, prefix: String) -> Result<Vec<KeepEntry>, KeepError> {
        self.threads.run(move |connection| list(connection, prefix)).await
    }
}

fn put(connection: &mut Connection, key: String, value: &[u8], expected: Option<Revision>) -> Result<Revision, KeepError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = transaction.query_row("SELECT revision FROM keep WHERE key = ?1", [&key], |row| file::position(row, 0)).optional()?;
    if found != expected {
        return Err(KeepError::Changed { key, found });
    }
    let revision = found.unwrap_or(0) + 1;
    transaction.execute(
        "INSERT INTO keep (key, value, revision) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision",
        params![key, value, file::number(revision)],
    )?;
    transaction.commit()?;
    Ok(revision)
}

fn list(connection: &Connection, prefix: String) -> Result<Vec<KeepEntry>, KeepError> {
    // The highest character closes the range: keys are ASCII.
    let end = format!("{prefix}\u{10ffff}");
    let mut statement = connection.prepare_cached("SELECT key, value, revision FROM keep WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3")?;
    let limit = i64::try_from(MAX_LISTED_KEYS + 1).unwrap_or(i64::MAX);
    let rows = statement
        .query_map(params![prefix, end, limit], |row| Ok(KeepEntry { key: row.get(0)?, value: row.get(1)?, revision: file::position(row, 2)? }))?;
    let entries = rows.collect::<Result<Vec<_>, _>>()?;
    if entries.len() > MAX_LISTED_KEYS { Err(KeepError::TooMany(prefix)) } else { Ok(entries) }
}
