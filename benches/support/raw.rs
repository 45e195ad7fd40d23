//! Bare SQLite doing the same inserts: what the machine gives when nothing is asked of it but to keep the rows.

use std::path::Path;
use std::time::Instant;

use dateline_backends::NewEvent;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Positions that the projector commits together.
const PAGE: i64 = 1_000;

/// The tables of the views that the generated events fill, and the position that brought a row.
const VIEWS: [(&str, &str); 7] = [
    ("events", "position"),
    ("attachments", "since"),
    ("waiting", "event"),
    ("heads", "number"),
    ("summaries", "since"),
    ("list_keys", "told_in"),
    ("changes", "since"),
];

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
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000;
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

/// Copies the rows of the serving generation into a fresh file with the same tables and indexes, in commits of a page of positions.
/// Answers how many rows, and the seconds that the inserting took: reading them is not counted.
pub fn copy_views(from: &Path, to: &Path, positions: i64) -> rusqlite::Result<(usize, f64)> {
    let source = Connection::open(from)?;
    let serving: i64 = source.query_row("SELECT number FROM generations WHERE state = 'serving'", [], |row| row.get(0))?;
    let target = Connection::open(to)?;
    target.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; PRAGMA cache_size=-49152; PRAGMA wal_autocheckpoint=16000;",
    )?;
    let mut statement = source.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND substr(tbl_name, 1, length(?1)) = ?1")?;
    for sql in statement.query_map([format!("g{serving}_")], |row| row.get::<_, String>(0))? {
        target.execute_batch(&sql?)?;
    }
    let mut columns = Vec::new();
    for (table, _) in VIEWS {
        columns.push(source.prepare(&format!("SELECT * FROM g{serving}_{table}"))?.column_count());
    }
    let inserts: Vec<String> = VIEWS
        .iter()
        .zip(&columns)
        .map(|((table, _), columns)| format!("INSERT INTO g{serving}_{table} VALUES ({})", vec!["?"; *columns].join(",")))
        .collect();
    let (mut rows, mut seconds) = (0, 0.0);
    for first in (1..=positions).step_by(PAGE as usize) {
        let mut page: Vec<Vec<Vec<Value>>> = Vec::new();
        for ((table, key), columns) in VIEWS.iter().zip(&columns) {
            let mut read = source.prepare_cached(&format!("SELECT * FROM g{serving}_{table} WHERE {key} BETWEEN ?1 AND ?2"))?;
            let found = read.query_map([first, first + PAGE - 1], |row| (0..*columns).map(|at| row.get(at)).collect())?;
            page.push(found.collect::<rusqlite::Result<_>>()?);
        }
        rows += page.iter().map(Vec::len).sum::<usize>();
        let begun = Instant::now();
        let transaction = target.unchecked_transaction()?;
        for (insert, found) in inserts.iter().zip(page) {
            let mut insert = transaction.prepare_cached(insert)?;
            for values in found {
                insert.execute(params_from_iter(values))?;
            }
        }
        transaction.commit()?;
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok((rows, seconds))
}
