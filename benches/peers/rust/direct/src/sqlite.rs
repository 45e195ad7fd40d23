//! Bare SQLite: one table with Dateline's columns, a transaction a call, one connection behind a lock. Nothing waits together.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::shared::{self, Failure, Said};

/// One file, WAL, `synchronous=FULL`.
pub struct Store(Arc<Mutex<Connection>>);

/// Waits for the lock.
pub struct Caller(Arc<Mutex<Connection>>);

impl Store {
    /// Creates the file.
    pub fn open(path: &str) -> Result<Self, Failure> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000;
             CREATE TABLE events (position INTEGER PRIMARY KEY, source INTEGER NOT NULL, id TEXT NOT NULL, recorded INTEGER NOT NULL,
                                  salt BLOB, bytes BLOB, UNIQUE (source, id)) STRICT;",
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, _: usize) -> Result<Caller, Failure> {
        Ok(Caller(Arc::clone(&self.0)))
    }

    async fn replay(&self) -> Result<u64, Failure> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut select = connection.prepare("SELECT position, id, recorded, salt, bytes FROM events ORDER BY position")?;
        let mut rows = select.query([])?;
        let mut last = 0;
        while let Some(row) = rows.next()? {
            let (position, _id, _recorded): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (_salt, _bytes): ([u8; 32], Vec<u8>) = (row.get(3)?, row.get(4)?);
            if position != last + 1 {
                return Err(format!("position {position} follows {last}").into());
            }
            last = position;
        }
        Ok(last as u64)
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        tokio::task::block_in_place(|| {
            let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached("INSERT INTO events (source, id, recorded, salt, bytes) VALUES (1, ?1, ?2, ?3, ?4)")?;
                for event in said {
                    insert.execute((event.id.to_string(), 1_700_000_000_000_000_i64, [7_u8; 32], event.document.as_bytes()))?;
                }
            }
            transaction.commit()?;
            Ok(())
        })
    }
}
