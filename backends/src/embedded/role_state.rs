//! The role state in one SQLite file, synced at every commit. Several processes may share it.
//!
//! What the values mean is not known here.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::alone::{Alone, Connected};
use super::fault::FileError;
use super::file::{self, Format};
use crate::role_state::RoleStateError;
use crate::threads::Threads;

/// A row begins with `room`, as long as a page: so the value behind it lies on pages of its own, which SQLite clears when they are freed
/// (`secure_delete`). What is small enough to share a page with other rows is copied when rows move from page to page, and the former
/// copy is not cleared: of values of some hundred bytes, up to 5 in 1,000 that were deleted still stood in a file without that room.
const FORMAT: Format = Format {
    name: "role state",
    application: 0x4474_6c52,
    schema: "CREATE TABLE role_state (
        room BLOB NOT NULL DEFAULT (zeroblob(1024)), key TEXT NOT NULL PRIMARY KEY, sum INTEGER NOT NULL, value BLOB NOT NULL
    ) STRICT;",
    steps: &[],
    page_bytes: 1024,
    synchronous: "FULL",
    cache_kib: 2048,
    checkpoint_pages: 4000,
};

/// Whether a row is what was put.
const SOUND: &str = "sum IS row_sum(key, value)";

/// A role state in a file.
#[derive(Clone, Debug)]
pub struct RoleState {
    threads: Arc<Threads<Connected>>,
}

impl RoleState {
    pub(crate) async fn open(path: &str) -> Result<Self, RoleStateError> {
        let path = PathBuf::from(path);
        let opened = tokio::task::spawn_blocking(move || -> Result<Self, FileError> {
            let connected = Connected::new(&Alone::new(path, &FORMAT), file::open_to_write)?;
            Ok(Self { threads: Arc::new(Threads::start("dateline-role", vec![connected])?) })
        });
        Ok(opened.await.map_err(|error| RoleStateError::Engine(error.to_string()))??)
    }

    pub(crate) async fn get(&self, key: String) -> Result<Option<Vec<u8>>, RoleStateError> {
        self.run(move |connection| get(connection, &key)).await
    }

    pub(crate) async fn put(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), RoleStateError> {
        self.run(move |connection| put(connection, &entries)).await
    }

    pub(crate) async fn list(&self, prefix: String, after: String, limit: usize) -> Result<Vec<String>, RoleStateError> {
        self.run(move |connection| list(connection, &prefix, &after, limit)).await
    }

    pub(crate) async fn delete(&self, keys: Vec<String>) -> Result<(), RoleStateError> {
        self.run(move |connection| delete(connection, &keys)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, RoleStateError> + Send + 'static,
    ) -> Result<T, RoleStateError> {
        self.threads.run(move |connected| connected.with(work)).await
    }
}

fn get(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, RoleStateError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {SOUND}, value FROM role_state WHERE key = ?1"))?;
    match statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()? {
        None => Ok(None),
        Some((true, value)) => Ok(Some(value)),
        Some((false, _)) => Err(RoleStateError::Damaged { detail: format!("the value of {key:?} is not what was put") }),
    }
}

fn put(connection: &mut Connection, entries: &[(String, Vec<u8>)]) -> Result<(), RoleStateError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut put = transaction.prepare_cached(
            "INSERT INTO role_state (key, value, sum) VALUES (?1, ?2, row_sum(?1, ?2))
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, sum = excluded.sum",
        )?;
        for (key, value) in entries {
            put.execute(params![key, value])?;
        }
    }
    Ok(transaction.commit()?)
}

fn list(connection: &Connection, prefix: &str, after: &str, limit: usize) -> Result<Vec<String>, RoleStateError> {
    // The least text after another one is that with a zero behind it. The highest character closes the range: keys are ASCII.
    let (from, end) = (format!("{after}\0").max(prefix.to_owned()), format!("{prefix}\u{10ffff}"));
    let mut statement = connection.prepare_cached("SELECT key FROM role_state WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3")?;
    let keys = statement.query_map(params![from, end, i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

fn delete(connection: &mut Connection, keys: &[String]) -> Result<(), RoleStateError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut delete = transaction.prepare_cached("DELETE FROM role_state WHERE key = ?1")?;
        for key in keys {
            delete.execute([key])?;
        }
    }
    transaction.commit()?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 { Ok(()) } else { Err(RoleStateError::Busy) }
}
