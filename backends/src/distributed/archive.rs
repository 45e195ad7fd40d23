//! The archive in a PostgreSQL database: a table in the schema `dateline`, outside all generations of views, synced at every commit.
//!
//! What the bytes say is not known here.

use std::sync::Arc;

use dateline_events::{Instant, Position};
use postgres::Row;

use super::database::{DatabaseError, OpenTransaction, Purpose, READ, Session, WRITE, check_sessions, limit, number, position};
use super::database_address;
use crate::address::Address;
use crate::archive::{self, ArchiveError};
use crate::ledger::{MAX_PAGE_BYTES, Record};
use crate::threads::Threads;

/// The version of the table.
const FORMAT_VERSION: i32 = 1;

/// The one question is what stands at and after a position: the key answers it.
const CREATE: &str = "CREATE TABLE dateline.archive (
    position bigint PRIMARY KEY, key text COLLATE \"C\" NOT NULL, recorded bigint NOT NULL, salt bytea, bytes bytea
);";

const COLUMNS: &str = "SELECT position, key, recorded, salt, bytes FROM";

/// One archiver writes at a time: "archive" as a number.
const ARCHIVER_LOCK: i64 = 0x0061_7263_6869_7665;

/// An archive in a database.
#[derive(Clone, Debug)]
pub struct Archive {
    threads: Arc<Threads<Session>>,
}

impl Archive {
    pub(crate) async fn open(address: Address) -> Result<Self, ArchiveError> {
        let opened = tokio::task::spawn_blocking(move || -> Result<Self, ArchiveError> {
            let config = Arc::new(database_address::read(&address)?);
            check_sessions(&config)?;
            let mut session = Session::new(config, Purpose::WritePrecious);
            session.transaction(WRITE, |transaction| transaction.prepare_schema("archive", FORMAT_VERSION, CREATE))?;
            Ok(Self { threads: Arc::new(Threads::start("dateline-archive", vec![session])?) })
        });
        opened.await.map_err(|error| ArchiveError::Engine(error.to_string()))?
    }

    pub(crate) async fn head(&self) -> Result<Position, ArchiveError> {
        self.threads.run(|session| session.transaction(READ, head)).await
    }

    /// May be sent again after a lost answer: what was stored is compared then.
    pub(crate) async fn put(&self, records: Vec<Record>) -> Result<Position, ArchiveError> {
        self.threads.run(move |session| session.transaction(WRITE, |transaction| put(transaction, &records))).await
    }

    pub(crate) async fn page(&self, after: Position, rows: usize) -> Result<Vec<Record>, ArchiveError> {
        self.threads.run(move |session| session.transaction(READ, |transaction| page(transaction, after, rows))).await
    }

    pub(crate) async fn get(&self, at: Position) -> Result<Option<Record>, ArchiveError> {
        let text = format!("{COLUMNS} dateline.archive WHERE position = $1");
        self.threads
            .run(move |session| session.transaction(READ, |transaction| transaction.first(&text, &[&number(at)])?.as_ref().map(record).transpose()))
            .await
    }

    pub(crate) async fn destroy(&self, at: Position) -> Result<bool, ArchiveError> {
        self.threads.run(move |session| destroy(session, at)).await
    }
}

fn head(transaction: &mut OpenTransaction<'_>) -> Result<Position, ArchiveError> {
    let last = transaction.first("SELECT position FROM dateline.archive ORDER BY position DESC LIMIT 1", &[])?;
    Ok(last.map(|row| row.try_get(0)).transpose()?.map_or(0, position))
}

fn put(transaction: &mut OpenTransaction<'_>, records: &[Record]) -> Result<Position, ArchiveError> {
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ARCHIVER_LOCK])?;
    let new = archive::behind(head(transaction)?, records)?;
    let known = &records[..records.len() - new.len()];
    let positions = |records: &[Record]| records.iter().map(|record| number(record.position)).collect::<Vec<_>>();
    if !known.is_empty() {
        let text = format!("{COLUMNS} dateline.archive WHERE position = ANY($1) ORDER BY position");
        let mut held = transaction.query(&text, &[&positions(known)])?.iter().map(record).collect::<Result<Vec<_>, _>>()?.into_iter().peekable();
        for record in known {
            let same = held.next_if(|held| held.position == record.position);
            archive::compare(&same.ok_or(ArchiveError::Differs { position: record.position, what: "position" })?, record)?;
        }
    }
    if !new.is_empty() {
        let keys: Vec<&str> = new.iter().map(|record| record.key.as_str()).collect();
        let recorded: Vec<i64> = new.iter().map(|record| record.recorded.0).collect();
        let salts: Vec<Option<&[u8]>> = new.iter().map(|record| record.salt.as_ref().map(<[u8; 32]>::as_slice)).collect();
        let bytes: Vec<Option<&[u8]>> = new.iter().map(|record| record.bytes.as_deref()).collect();
        let insert = "INSERT INTO dateline.archive (position, key, recorded, salt, bytes)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], $5::bytea[])";
        transaction.execute(insert, &[&positions(new), &keys, &recorded, &salts, &bytes])?;
    }
    head(transaction)
}

fn page(transaction: &mut OpenTransaction<'_>, after: Position, rows: usize) -> Result<Vec<Record>, ArchiveError> {
    // A row stands on the page when those before it have not reached the limit of bytes yet.
    let text = format!(
        "{COLUMNS} (SELECT *, coalesce(sum(length(bytes)) OVER (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
             FROM (SELECT * FROM dateline.archive WHERE position > $1 ORDER BY position LIMIT $2) page) counted
         WHERE before < $3 ORDER BY position"
    );
    let found = transaction.query(&text, &[&number(after), &limit(rows), &limit(MAX_PAGE_BYTES)])?;
    found.iter().map(record).collect()
}

fn destroy(session: &mut Session, at: Position) -> Result<bool, ArchiveError> {
    let update = "UPDATE dateline.archive SET bytes = NULL, salt = NULL WHERE position = $1 AND (bytes IS NOT NULL OR salt IS NOT NULL)";
    let there = session.transaction(WRITE, |transaction| {
        transaction.execute(update, &[&number(at)])?;
        Ok::<_, DatabaseError>(transaction.first("SELECT FROM dateline.archive WHERE position = $1", &[&number(at)])?.is_some())
    })?;
    if there {
        session.statement(|transaction| {
            // It visits what changed since the last one; how long that takes is not ours to limit.
            transaction.batch("SET statement_timeout = 0")?;
            let vacuumed = transaction.batch("VACUUM dateline.archive");
            transaction.batch(Purpose::WritePrecious.settings())?;
            vacuumed
        })?;
    }
    Ok(there)
}

fn record(row: &Row) -> Result<Record, ArchiveError> {
    let (bytes, salt): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.try_get(4)?, row.try_get(3)?);
    let salt = salt.map(<[u8; 32]>::try_from).transpose();
    let salt = salt.map_err(|salt| ArchiveError::Engine(format!("a salt of {} bytes: the archive was changed by someone else", salt.len())))?;
    let (at, key) = (position(row.try_get(0)?), archive::key(row.try_get(1)?)?);
    let (source, id) = archive::source_and_id(at, &key, bytes.as_deref())?;
    Ok(Record { position: at, recorded: Instant(row.try_get(2)?), key, salt, source, id, bytes })
}
