//! The state store in one SQLite file. Compare and swap is one immediate transaction, so several processes may share the file.
//!
//! What the values mean is not known here.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::alone::{Alone, Connected};
use super::fault::{FileError, OfAFile as _};
use super::file::{self, Format};
use crate::clock::now;
use crate::state_store::{Revision, StateEntry, StateError};
use crate::threads::Threads;

const FORMAT: Format = Format {
    name: "state store",
    application: 0x4474_6c4b,
    schema: "CREATE TABLE keep (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
    // A value carries a checksum of key, value and revision; those that stand there when it comes get theirs then.
    // The table was called keep in earlier versions, as the file was.
    steps: &["ALTER TABLE keep ADD COLUMN sum INTEGER; UPDATE keep SET sum = row_sum(key, value, revision);", "ALTER TABLE keep RENAME TO state;"],
    page_bytes: 4096,
    synchronous: "FULL",
    cache_kib: 2048,
    checkpoint_pages: 1000,
};

/// Whether a row is what was put.
const SOUND: &str = "sum IS row_sum(key, value, revision)";

/// A state store in a file.
#[derive(Clone, Debug)]
pub struct StateStore {
    threads: Arc<Threads<Connected>>,
    alone: Arc<Alone>,
}

impl StateStore {
    pub(crate) async fn open(path: &str) -> Result<Self, StateError> {
        let path = PathBuf::from(path);
        let opened = tokio::task::spawn_blocking(move || -> Result<Self, FileError> {
            carry_over(&path)?;
            let alone = Alone::new(path, &FORMAT);
            let mut connected = Connected::new(&alone, file::open_to_write)?;
            connected.with(|connection| check(connection))?;
            Ok(Self { threads: Arc::new(Threads::start("dateline-state", vec![connected])?), alone })
        });
        Ok(opened.await.map_err(|error| StateError::Engine(error.to_string()))??)
    }

    pub(crate) fn file_at(path: &Path) -> Option<PathBuf> {
        let former = || Some(path.with_file_name(FORMER)).filter(|_| path.file_name() == Some(USUAL.as_ref()));
        if path.exists() { Some(path.to_owned()) } else { former().filter(|file| file.exists()) }
    }

    pub(crate) async fn get(&self, key: String) -> Result<Option<(Vec<u8>, Revision)>, StateError> {
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(&format!("SELECT {SOUND}, value, revision FROM state WHERE key = ?1"))?;
            let found = statement.query_row([&key], |row| Ok((row.get(0)?, (row.get(1)?, file::position(row, 2)?)))).optional()?;
            found.map(|(sound, entry): (bool, _)| if sound { Ok(entry) } else { Err(damaged(&key)) }).transpose()
        })
        .await
    }

    pub(crate) async fn put(&self, key: String, value: Vec<u8>, expected: Option<Revision>) -> Result<Revision, StateError> {
        let put = self.run(move |connection| put(connection, key, &value, expected)).await;
        self.alone.note(put == Err(StateError::Full));
        put
    }

    pub(crate) async fn delete(&self, key: String, expected: Revision) -> Result<(), StateError> {
        self.run(move |connection| delete(connection, key, expected)).await
    }

    pub(crate) async fn forget(&self, keys: Vec<String>) -> Result<bool, StateError> {
        self.run(move |connection| {
            for key in &keys {
                connection.execute("DELETE FROM state WHERE key = ?1", [key])?;
            }
            // Rows that moved between pages left copies behind, which overwriting what is deleted does not reach: the file is written anew.
            match connection.execute_batch("VACUUM") {
                Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Ok(false),
                written => {
                    written?;
                    Ok(file::empty_log(connection)?)
                }
            }
        })
        .await
    }

    pub(crate) async fn list(&self, prefix: String, after: String, limit: usize) -> Result<Vec<StateEntry>, StateError> {
        self.run(move |connection| list(connection, &prefix, &after, limit)).await
    }

    /// Whether there is no room for what should be kept.
    pub(crate) fn is_full(&self) -> bool {
        self.alone.is_full()
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static) -> Result<T, StateError> {
        self.threads.run(move |connected| connected.with(work)).await
    }
}

/// What the usual file is called, and what it was called in earlier versions.
const USUAL: &str = "state.db";
const FORMER: &str = "keep.db";

/// Gives a file of an earlier version its name of today. It is closed first, so that everything it holds stands in the one file that is
/// renamed: where another process has it open, that is refused. Of several who come at once one does it, and the others wait.
fn carry_over(path: &Path) -> Result<(), FileError> {
    let Some(former) = former_of(path) else { return Ok(()) };
    let refused = |detail: String| {
        FileError::Other(format!(
            "the state store {} of an earlier version could not be renamed to {}: {detail}. Stop every process of the earlier version, then start again",
            former.display(),
            path.display()
        ))
    };
    // The folder itself is locked: no further file is left behind.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let turn = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
    let _turn = turn.map_err(|error| refused(error.to_string()))?;
    let Some(former) = former_of(path) else { return Ok(()) };
    // It must not pass for a new one.
    if fs::metadata(&former).is_ok_and(|file| file.len() == 0) {
        return Err(FileError::Damaged("it is empty (0 bytes)".to_owned()).at(&former));
    }
    rename_closed(&former, path).map_err(refused)?;
    tracing::info!(from = %former.display(), to = %path.display(), "the state store of an earlier version was renamed");
    Ok(())
}

fn former_of(path: &Path) -> Option<PathBuf> {
    StateStore::file_at(path).filter(|file| file != path)
}

/// Puts everything into the one file, and renames that.
fn rename_closed(former: &Path, path: &Path) -> Result<(), String> {
    let fault = |error: rusqlite::Error| error.to_string();
    let connection = Connection::open_with_flags(former, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fault)?;
    let mode: String = connection.query_row("PRAGMA journal_mode=DELETE", [], |row| row.get(0)).map_err(fault)?;
    if mode != "delete" {
        return Err("it is in use".to_owned());
    }
    connection.close().map_err(|(_, error)| fault(error))?;
    fs::rename(former, path).map_err(|error| error.to_string())
}

/// The whole file is looked at when it is opened: a key that cannot be found any more must not pass for one that was never put.
fn check(connection: &Connection) -> Result<(), FileError> {
    if let Some(fault) = file::structure(connection)?.into_iter().next() {
        return Err(FileError::Damaged(fault));
    }
    let damaged: Option<String> =
        connection.query_row(&format!("SELECT key FROM state WHERE NOT ({SOUND}) LIMIT 1"), [], |row| row.get(0)).optional()?;
    damaged.map_or(Ok(()), |key| Err(FileError::Damaged(format!("the value of {key:?} is not what was put"))))
}

fn damaged(key: &str) -> StateError {
    StateError::Damaged { detail: format!("the value of {key:?} is not what was put") }
}

fn put(connection: &mut Connection, key: String, value: &[u8], expected: Option<Revision>) -> Result<Revision, StateError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = transaction.query_row("SELECT revision FROM state WHERE key = ?1", [&key], |row| file::position(row, 0)).optional()?;
    if found != expected {
        return Err(StateError::Changed { key, found });
    }
    // A key that was deleted may come again: its first revision is then above those that it had.
    let revision = found.unwrap_or_else(now_us) + 1;
    transaction.execute(
        "INSERT INTO state (key, value, revision, sum) VALUES (?1, ?2, ?3, row_sum(?1, ?2, ?3))
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision, sum = excluded.sum",
        params![key, value, file::number(revision)],
    )?;
    transaction.commit()?;
    Ok(revision)
}

fn delete(connection: &mut Connection, key: String, expected: Revision) -> Result<(), StateError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if transaction.execute("DELETE FROM state WHERE key = ?1 AND revision = ?2", params![key, file::number(expected)])? == 1 {
        return Ok(transaction.commit()?);
    }
    let found = transaction.query_row("SELECT revision FROM state WHERE key = ?1", [&key], |row| file::position(row, 0)).optional()?;
    Err(StateError::Changed { key, found })
}

fn list(connection: &Connection, prefix: &str, after: &str, limit: usize) -> Result<Vec<StateEntry>, StateError> {
    // The highest character closes the range: keys are ASCII.
    let end = format!("{prefix}\u{10ffff}");
    let select = format!("SELECT {SOUND}, key, value, revision FROM state WHERE key >= ?1 AND key < ?2 AND key > ?3 ORDER BY key LIMIT ?4");
    let mut statement = connection.prepare_cached(&select)?;
    let rows = statement.query_map(params![prefix, end, after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok((row.get(0)?, StateEntry { key: row.get(1)?, value: row.get(2)?, revision: file::position(row, 3)? }))
    })?;
    let sound = |(sound, entry): (bool, StateEntry)| if sound { Ok(entry) } else { Err(damaged(&entry.key)) };
    rows.map(|row| sound(row?)).collect()
}

/// Microseconds since 1970.
fn now_us() -> Revision {
    Revision::try_from(now().0).unwrap_or_default()
}
