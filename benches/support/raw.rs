//! Bare SQLite doing the same inserts: what the machine gives when nothing is asked of it but to keep the rows.

use std::path::Path;

use dateline_backends::NewEvent;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// The ledger's table and pragmas, without anything around them.
pub struct RawLedger {
    connection: Connection,
    position: i64,
}

impl RawLedger {
    /// A fresh file.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cache_size=-131072; PRAGMA wal_autocheckpoint=4000;
             CREATE TABLE events (position INTEGER PRIMARY KEY, source INTEGER NOT NULL, id TEXT NOT NULL, recorded INTEGER NOT NULL,
                                  salt BLOB, bytes BLOB, UNIQUE (source, id)) STRICT;",
        )?;
        Ok(Self { connection, position: 0 })
    }

    /// One commit.
    pub fn insert(&mut self, events: &[NewEvent]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO events VALUES (?1, 1, ?2, ?3, ?4, ?5)")?;
            for event in events {
                self.position += 1;
                insert.execute((self.position, &event.id, self.position, [7_u8; 32], &event.bytes))?;
            }
        }
        transaction.commit()
    }
}

/// Copies the views' tables of a projected file into a fresh one, row by row, in commits of a page of positions; answers how
/// many rows and how many seconds.
pub fn copy_views(from: &Path, to: &Path, positions: i64) -> rusqlite::Result<(usize, f64)> {
    let source = Connection::open(from)?;
    let target = Connection::open(to)?;
    target.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-131072; PRAGMA wal_autocheckpoint=16000;")?;
    let generation: i64 = source.query_row("SELECT number FROM generations WHERE state = 'serving'", [], |row| row.get(0))?;
    let mut statement = source.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name LIKE ?1")?;
    for sql in statement.query_map([format!("g{generation}_%")], |row| row.get::<_, String>(0))? {
        target.execute_batch(&sql?)?;
    }
    let tables = [
        ("events", "position"),
        ("attachments", "since"),
        ("heads", "since"),
        ("summaries", "since"),
        ("list_keys", "told_in"),
        ("changes", "since"),
        ("waiting", "event"),
    ];
    let mut columns = Vec::new();
    for (table, _) in tables {
        columns.push(source.prepare(&format!("SELECT * FROM g{generation}_{table}"))?.column_count());
    }
    let (mut rows, mut seconds) = (0, 0.0);
    for first in (1..=positions).step_by(1000) {
        let mut page: Vec<(usize, Vec<Value>)> = Vec::new();
        for (place, (table, key)) in tables.iter().enumerate() {
            let mut read = source.prepare_cached(&format!("SELECT * FROM g{generation}_{table} WHERE {key} BETWEEN ?1 AND ?2"))?;
            let mut found = read.query([first, first + 999])?;
            while let Some(row) = found.next()? {
                page.push((place, (0..columns[place]).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?));
            }
        }
        rows += page.len();
        let begun = std::time::Instant::now();
        let transaction = target.unchecked_transaction()?;
        for (place, values) in page {
            let marks = vec!["?"; values.len()].join(",");
            transaction
                .prepare_cached(&format!("INSERT OR REPLACE INTO g{generation}_{} VALUES ({marks})", tables[place].0))?
                .execute(params_from_iter(values))?;
        }
        transaction.commit()?;
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok((rows, seconds))
}
