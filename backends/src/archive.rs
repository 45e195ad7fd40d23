//! The contract of the archive: a second, unchangeable copy of the ledger's records, outside all generations of views (LEDGER.md).
//!
//! It is a follower's table: insert only, in order, stopping at the first difference. `ledger check` and `ledger restore` read it.

use dateline_events::{EventKey, Position};
use serde::Deserialize;
use thiserror::Error;

use crate::address::Address;
use crate::ledger::{MAX_PAGE_RECORDS, Record};
use crate::{distributed, embedded};

/// The archive. Cheap to clone; every verb may be called concurrently, from several processes too. An answer to `put` means
/// that the records survive loss of power.
#[derive(Clone, Debug)]
pub enum Archive {
    /// One SQLite file: `sqlite:PATH`.
    Embedded(embedded::Archive),
    /// A table of a PostgreSQL database: `postgres://USER@HOST/DATABASE`.
    Distributed(distributed::Archive),
}

/// Why the archive did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArchiveError {
    /// The archive holds something else at this position. Nothing was stored.
    #[error(
        "the archive holds another {what} at position {position} than the ledger: append nothing, keep both, and find out which of them was changed"
    )]
    Differs {
        /// Where.
        position: Position,
        /// Which part of the record.
        what: &'static str,
    },
    /// The records leave out positions between the archive's end and their first, or among themselves. Nothing was stored.
    #[error("the archive goes on at position {expected}, not {given}: read the ledger again from there")]
    Gap {
        /// What would come next.
        expected: Position,
        /// What came.
        given: Position,
    },
    /// More was given than one call takes.
    #[error("{given} {what} in one call, at most {limit}: send less at a time")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// How many there were.
        given: usize,
        /// How many may be.
        limit: usize,
    },
    /// A reader kept the old text alive; it is not destroyed yet.
    #[error("a reader still holds the old text of position {position}: ask again when long reads have ended")]
    Busy {
        /// The position.
        position: Position,
    },
    /// The disk is full; nothing was stored.
    #[error("the disk of the archive is full: nothing was stored; free some space, then the archiver goes on")]
    Full,
    /// What the file holds is not what was written.
    #[error("the archive's file is damaged ({detail}): put a backup in its place, or move it away, and the archive is filled anew from the ledger")]
    Damaged {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The disk failed to read or to write.
    #[error("the disk of the archive fails ({detail}): see what the system says of it, and copy what it still gives to another one")]
    Disk {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The address of an archive was not understood.
    #[error("{0:?} is no address of an archive: write sqlite:PATH or postgres://USER@HOST/DATABASE?password_file=PATH{hint}", hint = .0.hint())]
    Address(Address),
    /// The engine failed in a way that has no name here.
    #[error("the engine of the archive failed: {0}")]
    Engine(String),
}

impl Archive {
    /// Opens the archive at an address (`sqlite:PATH` or `postgres://…`, as for the views), and creates it where there is none.
    pub async fn open(address: impl Into<Address>) -> Result<Self, ArchiveError> {
        let address = address.into();
        match address.parts() {
            ("sqlite", path) => embedded::Archive::open(path).await.map(Self::Embedded),
            ("postgres" | "postgresql", _) => distributed::Archive::open(address).await.map(Self::Distributed),
            _ => Err(ArchiveError::Address(address)),
        }
    }

    /// The last position that it holds; 0 while it is empty.
    pub async fn head(&self) -> Result<Position, ArchiveError> {
        match self {
            Self::Embedded(archive) => archive.head().await,
            Self::Distributed(archive) => archive.head().await,
        }
    }

    /// Adds consecutive records that begin at the latest behind its end; at most [`MAX_PAGE_RECORDS`]. Those that it holds are
    /// compared, so that a second archiver does no harm; a text that was destroyed here is never taken back.
    /// Answers the last position that it holds then.
    pub async fn put(&self, records: Vec<Record>) -> Result<Position, ArchiveError> {
        check(&records)?;
        match self {
            Self::Embedded(archive) => archive.put(records).await,
            Self::Distributed(archive) => archive.put(records).await,
        }
    }

    /// The records after a position, in order: at most `limit` (and [`MAX_PAGE_RECORDS`]); a page ends with the record that
    /// reaches [`crate::MAX_PAGE_BYTES`].
    pub async fn page(&self, after: Position, limit: usize) -> Result<Vec<Record>, ArchiveError> {
        let limit = limit.min(MAX_PAGE_RECORDS);
        match self {
            Self::Embedded(archive) => archive.page(after, limit).await,
            Self::Distributed(archive) => archive.page(after, limit).await,
        }
    }

    /// The record at a position.
    pub async fn get(&self, position: Position) -> Result<Option<Record>, ArchiveError> {
        match self {
            Self::Embedded(archive) => archive.get(position).await,
            Self::Distributed(archive) => archive.get(position).await,
        }
    }

    /// Destroys bytes and salt of a position, for a redaction; may be repeated. False: the archive has not come so far. Its
    /// archiver may have the text in hand already, so ask again when [`Archive::head`] has passed the position.
    ///
    /// A file holds no copy when this answers. A database vacuums the table first, which frees the old version for reuse; what
    /// its write-ahead log and its backups hold goes when they are recycled, and a transaction left open there delays it.
    pub async fn destroy(&self, position: Position) -> Result<bool, ArchiveError> {
        match self {
            Self::Embedded(archive) => archive.destroy(position).await,
            Self::Distributed(archive) => archive.destroy(position).await,
        }
    }
}

/// The records stand one behind the other, from 1 on, and are not too many.
fn check(records: &[Record]) -> Result<(), ArchiveError> {
    if records.len() > MAX_PAGE_RECORDS {
        return Err(ArchiveError::TooMany { what: "records", given: records.len(), limit: MAX_PAGE_RECORDS });
    }
    let first = records.first().map_or(1, |record| record.position.max(1));
    let gap = (first..).zip(records).find(|(expected, record)| record.position != *expected);
    gap.map_or(Ok(()), |(expected, record)| Err(ArchiveError::Gap { expected, given: record.position }))
}

/// Of consecutive records, those that the archive does not hold yet.
pub(crate) fn behind(head: Position, records: &[Record]) -> Result<&[Record], ArchiveError> {
    let Some(first) = records.first() else { return Ok(records) };
    let known = (head + 1).checked_sub(first.position).ok_or(ArchiveError::Gap { expected: head + 1, given: first.position })?;
    Ok(&records[usize::try_from(known).unwrap_or(usize::MAX).min(records.len())..])
}

/// Compares what the archive holds with what comes again.
pub(crate) fn compare(held: &Record, given: &Record) -> Result<(), ArchiveError> {
    // Destroyed here by a redaction: whoever read the ledger before it still has the text.
    let destroyed = held.bytes.is_none() && held.salt.is_none();
    let differences = [
        ("key", held.key != given.key),
        ("recorded time", held.recorded != given.recorded),
        ("salt", !destroyed && held.salt != given.salt),
        ("text", !destroyed && held.bytes != given.bytes),
    ];
    let difference = differences.into_iter().find(|(_, differs)| *differs);
    difference.map_or(Ok(()), |(what, _)| Err(ArchiveError::Differs { position: given.position, what }))
}

/// The key as an engine kept it.
pub(crate) fn key(text: &str) -> Result<EventKey, ArchiveError> {
    EventKey::parse(text).ok_or_else(|| ArchiveError::Engine(format!("{text:?} is no key: the archive was changed by someone else")))
}

/// Source and id stand in the bytes, and must be those of the key; empty where the text is destroyed, and of a text that names none (poison):
/// the key alone stands for them then.
pub(crate) fn source_and_id(position: Position, key: &EventKey, bytes: Option<&[u8]>) -> Result<(String, String), ArchiveError> {
    #[derive(Deserialize)]
    struct Named {
        source: String,
        id: String,
    }
    let named = bytes.and_then(|bytes| serde_json::from_slice::<Named>(bytes).ok());
    let Some(Named { source, id }) = named else { return Ok(Default::default()) };
    if EventKey::of(&source, &id) != *key {
        return Err(ArchiveError::Damaged { detail: format!("the text at position {position} is not that of the event that was put there") });
    }
    Ok((source, id))
}
