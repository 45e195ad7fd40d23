//! Which incident does an event belong to? A deterministic rule, applied in ledger order, decided once.
//!
//! [`place`] works on one page of the ledger. It knows of the past only what [`Knowledge`] holds; where that does not
//! suffice it answers with its [`Needs`], and is called again when they are met. So it stays pure, and one page costs the
//! views one or two questions, not one an event.

mod heads;
mod knowledge;
mod late;
mod links;
mod moves;
mod place;
mod redacted;
mod references;
mod unattached;
mod waiting;

use std::sync::Arc;

use dateline_events::{Bounds, Event, EventKey, Instant, Kind, Position, When, hexadecimal};
use sha2::{Digest, Sha256};

use crate::rows::{EventRow, Nature, Needs, Rows};

pub use heads::SubjectHeads;
pub use knowledge::Knowledge;
pub use unattached::Unattached;

/// Six hours before the first sign and after the last, an event still belongs to an incident.
pub const MARGIN: i64 = 6 * Instant::HOUR;

/// After the restoration it belongs to it for two hours only.
pub const MARGIN_AFTER_RESTORATION: i64 = 2 * Instant::HOUR;

/// One record of the ledger, read: the row that the views keep, and the event where it could be read.
#[derive(Debug, Clone)]
pub struct ReadRecord {
    /// The row.
    pub row: EventRow,
    /// The event; None for poison, and where the text was destroyed.
    pub event: Option<Arc<Event>>,
}

impl ReadRecord {
    /// Reads again a row that the views hold.
    pub fn of_row(row: EventRow) -> Self {
        let event = row.bytes.as_deref().filter(|_| row.problem.is_none()).and_then(|bytes| Event::read(bytes).ok());
        Self { event: event.map(Arc::new), row }
    }

    /// A record whose text was destroyed: a tombstone, which the redaction's bytes stand in for.
    pub fn destroyed(position: Position, recorded: Instant, key: EventKey, redaction: &[u8]) -> Self {
        let read = Self::read(position, recorded, key, "", "", Some(redaction));
        if read.row.is_tombstone() { read } else { Self::read(position, recorded, key, "", "", None) }
    }

    /// The position and the key of what it redacts, where it is a redaction.
    pub fn redacts(&self) -> Option<(Position, EventKey)> {
        match &self.event.as_deref()?.kind {
            Kind::EventRedacted(redaction) if !self.row.is_tombstone() => Some((redaction.position, EventKey::parse(&redaction.key)?)),
            _ => None,
        }
    }

    /// Reads a record, whose key the ledger knows also where the text was destroyed. What cannot be read becomes a poison row that names the fault; it stops nobody.
    pub fn read(position: Position, recorded: Instant, key: EventKey, source: &str, id: &str, bytes: Option<&[u8]>) -> Self {
        let empty = || EventRow {
            position,
            recorded,
            source: source.to_owned(),
            id: id.to_owned(),
            key,
            kind: String::new(),
            subject: String::new(),
            target: None,
            bytes: bytes.map(<[u8]>::to_vec),
            problem: None,
        };
        let Some(bytes) = bytes else {
            return Self { row: empty(), event: None };
        };
        match Event::read(bytes) {
            Ok(event) => {
                let target = event.kind.target().map(|target| event.key_of(target));
                let row = EventRow { kind: event.kind.name().to_owned(), subject: event.subject.clone(), target, ..empty() };
                Self { row, event: Some(Arc::new(event)) }
            }
            Err(faults) => Self { row: EventRow { problem: Some(faults.to_string()), ..empty() }, event: None },
        }
    }
}

/// A page of records, placed.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// Every row but the summaries.
    pub rows: Rows,
    /// Events of earlier pages that had waited and were attached now.
    pub revived: Vec<EventRow>,
    /// The first position whose event could be read once, and cannot be read again: what is placed here is not to be believed then.
    pub unreadable: Option<Position>,
}

/// Places a page of records. Or says what must be known first.
pub fn place(records: &[ReadRecord], knowledge: &Knowledge) -> Result<Placement, Needs> {
    let mut pass = place::Pass::new(knowledge);
    for record in records {
        pass.take(record);
    }
    pass.finish()
}

/// What is certain to be needed for a page, asked for before the first try.
pub fn first_needs(records: &[ReadRecord], knowledge: &Knowledge) -> Needs {
    let mut needs = Needs::default();
    for event in records.iter().filter_map(|record| record.event.as_deref()) {
        needs.subjects.extend(event.services().map(ToOwned::to_owned));
        needs.subjects.extend(event.incidentid.as_deref().and_then(subject_of_id).map(ToOwned::to_owned));
        needs.keys.extend(named_by(event));
        needs.references.extend(reference_of(event));
    }
    for record in records {
        needs.keys.remove(&record.row.key);
    }
    knowledge.missing(&needs)
}

/// An incident's id, for ever: subject, UTC date of the opening event, 16 hexadecimal digits of SHA-256(source LF id).
pub fn incident_id(event: &Event, recorded: Instant) -> String {
    let bounds = own_bounds(event);
    let instant = bounds.earliest.or(bounds.latest).unwrap_or(recorded);
    let date = &instant.with_six_digits()[..10];
    format!("{}-{date}-{}", event.subject, digits_of(&event.source, &event.id))
}

fn digits_of(source: &str, id: &str) -> String {
    let digest = Sha256::new().chain_update(source).chain_update(b"\n").chain_update(id).finalize();
    hexadecimal(&digest[..8])
}

/// True where an incident with this id is opened by the event of this source and id.
pub fn is_opened_by(incident: &str, source: &str, id: &str) -> bool {
    incident.ends_with(&digits_of(source, id))
}

/// The id under which the registry of one service is kept; no incident can have it.
pub fn registry_id(subject: &str) -> String {
    format!("registry:{subject}")
}

/// The service in an incident's id.
pub fn subject_of_id(id: &str) -> Option<&str> {
    const SUFFIX: usize = "-2022-10-25-0123456789abcdef".len();
    let at = id.len().checked_sub(SUFFIX)?;
    id.is_char_boundary(at).then(|| &id[..at]).filter(|subject| !subject.is_empty())
}

fn own_bounds(event: &Event) -> Bounds {
    event.common.occurred.as_ref().map(When::own_bounds).unwrap_or_default()
}

/// The bounds by which events and incidents overlap: a missing one is taken equal to the other.
fn overlap_bounds(event: &Event) -> Option<(Instant, Instant)> {
    let bounds = own_bounds(event);
    Some((bounds.earliest.or(bounds.latest)?, bounds.latest.or(bounds.earliest)?))
}

fn nature_of(event: &Event) -> Nature {
    match &event.kind {
        Kind::ServiceRegistered(_) => Nature::Registry,
        kind if kind.is_maintenance() => Nature::Maintenance,
        _ => Nature::Outage,
    }
}

/// The events that an event names: in its kind's own members, and in its times.
fn named_by(event: &Event) -> Vec<EventKey> {
    let times = [&event.common.occurred, &event.common.stated].into_iter().flatten();
    let leaning = times.filter_map(When::relation).map(|(reference, ..)| reference);
    event.kind.refs().into_iter().chain(leaning).map(|reference| event.key_of(reference)).collect()
}

fn reference_of(event: &Event) -> Option<(String, String)> {
    event.common.reference.as_ref().map(|reference| (reference.page.clone(), reference.id.clone()))
}
