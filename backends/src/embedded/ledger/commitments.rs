//! A leaf hash beside each row: bytes, salt and recorded time are held against it, source and id against the bytes.
//!
//! It finds rot and clumsy edits. Whoever alters a row and computes its leaf anew is not found here.

use std::borrow::Cow;

use dateline_events::{Instant, LeafHasher, LeafKind, Position, commitment};
use rusqlite::{CachedStatement, Connection, params};
use serde::Deserialize;

use crate::embedded::file::{number, position};
use crate::ledger::Record;
use crate::soundness::Commitment;

/// The step that gives a ledger its commitments. What stands in it by then is filled in later, page by page: `filled` says how far,
/// `until` where it ends.
pub(super) const STEP: &str = "CREATE TABLE commitments (position INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT;
    CREATE TABLE taken_as_found (number INTEGER PRIMARY KEY CHECK (number = 1), filled INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;
    INSERT INTO taken_as_found (number, filled, until) SELECT 1, 0, coalesce(max(position), 0) FROM events;";

/// The positions that had no commitment when they were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TakenAsFound {
    /// They have one up to here.
    pub filled: Position,
    /// The last of them.
    pub until: Position,
}

/// Which positions were older than their commitments; None in a file that has no commitments yet.
pub(super) fn taken_as_found(connection: &Connection) -> rusqlite::Result<Option<TakenAsFound>> {
    if !has_commitments(connection)? {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached("SELECT filled, until FROM taken_as_found WHERE number = 1")?;
    statement.query_row([], |row| Ok(Some(TakenAsFound { filled: position(row, 0)?, until: position(row, 1)? })))
}

/// Whether the file is of a version that has them.
pub(super) fn has_commitments(connection: &Connection) -> rusqlite::Result<bool> {
    let version: i32 = connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    Ok(version > 1)
}

/// Stores the leaf hashes of events that are recorded at one time, inside the transaction that is open.
pub(super) struct Commitments<'a> {
    hasher: LeafHasher,
    insert: CachedStatement<'a>,
}

impl<'a> Commitments<'a> {
    pub(super) fn at(connection: &'a Connection, recorded: Instant) -> rusqlite::Result<Self> {
        let insert = connection.prepare_cached("INSERT INTO commitments (position, leaf) VALUES (?1, ?2)")?;
        Ok(Self { hasher: LeafHasher::at(recorded), insert })
    }

    pub(super) fn insert(&mut self, position: Position, kind: LeafKind, commitment: &[u8; 32]) -> rusqlite::Result<()> {
        self.insert.execute(params![number(position), self.hasher.hash(kind, commitment)])?;
        Ok(())
    }
}

/// Holds rows against their leaves; rows that were recorded at one time share what they share.
pub(super) struct Holding {
    hasher: LeafHasher,
    /// What has no leaf yet; None where nothing has.
    unfilled: Option<TakenAsFound>,
}

impl Holding {
    pub(super) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self { hasher: LeafHasher::at(Instant(0)), unfilled: taken_as_found(connection)? })
    }

    /// The leaf hash of a row; None of one that was destroyed.
    pub(super) fn leaf(&mut self, record: &Record) -> Option<[u8; 32]> {
        let (salt, bytes) = (record.salt.as_ref()?, record.bytes.as_ref()?);
        if self.hasher.recorded() != record.recorded {
            self.hasher = LeafHasher::at(record.recorded);
        }
        Some(self.hasher.hash(LeafKind::of(bytes), &commitment(salt, bytes)))
    }

    pub(super) fn hold(&mut self, record: &Record, leaf: Option<&[u8; 32]>) -> Commitment {
        let Some(found) = self.leaf(record) else {
            // A redaction destroys both, or neither.
            return if record.salt.is_none() && record.bytes.is_none() { Commitment::Absent } else { Commitment::Broken };
        };
        let not_yet = self.unfilled.is_none_or(|unfilled| record.position > unfilled.filled && record.position <= unfilled.until);
        match leaf {
            Some(leaf) if *leaf == found && names_itself(record) => Commitment::Holds,
            None if not_yet => Commitment::Absent,
            _ => Commitment::Broken,
        }
    }
}

/// Whether source and id are those of the bytes. Bytes that name none (a poison event) are held against their leaf alone.
fn names_itself(record: &Record) -> bool {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        source: Cow<'a, str>,
        #[serde(borrow)]
        id: Cow<'a, str>,
    }
    let named = record.bytes.as_deref().and_then(|bytes| serde_json::from_slice::<Named<'_>>(bytes).ok());
    named.is_none_or(|named| named.source == record.source && named.id == record.id)
}
