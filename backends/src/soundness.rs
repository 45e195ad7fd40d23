//! What a ledger knows of its own soundness: which position is not what it wrote, how far it has looked, what it took as it found it.
//!
//! How a change is found is the engines' business; what is done about it, that of whoever asks.

use dateline_events::Position;

use crate::ledger::Record;
use crate::ledger_error::LedgerError;

/// How a record stands to the leaf hash that was stored beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commitment {
    /// It is what was committed to.
    Holds,
    /// Nothing to hold it against: its text was destroyed, or nothing was stored beside it yet.
    Absent,
    /// It is something else.
    Broken,
}

/// A record as a scan finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRecord {
    /// The record.
    pub record: Record,
    /// How it stands to its leaf hash.
    pub commitment: Commitment,
    /// The leaf hash that was stored beside it.
    pub leaf: Option<[u8; 32]>,
}

impl CheckedRecord {
    /// A record that nothing was stored beside.
    pub(crate) fn uncommitted(record: Record) -> Self {
        Self { record, commitment: Commitment::Absent, leaf: None }
    }
}

/// What a ledger found out about itself since it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Soundness {
    /// The first position, or the file, that is not what was written; it stays until the process ends.
    pub fault: Option<LedgerError>,
    /// The disk failed lately.
    pub disk: Option<LedgerError>,
    /// There is no room for what should be stored.
    pub full: bool,
    /// The scrub has looked at everything up to here.
    pub scrubbed: Position,
    /// Up to here events are older than their commitments, which were made of what was found.
    pub taken_as_found: Position,
    /// So many positions have no commitment yet.
    pub unfilled: u64,
}
