//! One record held against its leaf: what the record gives, what the log has, and how they differ. Pure.

use std::borrow::Cow;

use dateline_backends::{REDACTION_SOURCE, Record};
use dateline_events::{EventKey, Instant, LeafKind, Position, commitment, leaf_bytes};
use dateline_proofs::{Hash, leaf_hash};
use serde::Deserialize;

use super::report::Class;
use super::source::{Beside, Found};

/// A record with everything that is worked out of it alone.
#[derive(Debug)]
pub struct Prepared {
    /// Where it stands.
    pub position: Position,
    /// When it was recorded.
    pub recorded: Instant,
    /// Its key.
    pub key: EventKey,
    /// What it carries.
    pub text: Text,
    /// How its names stand to its text, where they do not.
    pub misnamed: Option<&'static str>,
    /// What the ledger keeps beside it.
    pub beside: Beside,
}

/// What a record carries.
#[derive(Debug)]
pub enum Text {
    /// Bytes and salt, and the leaf that they give; the redaction that they are, if they are one.
    There {
        /// The leaf.
        leaf: String,
        /// Its hash.
        hash: Hash,
        /// What it says was destroyed.
        redaction: Option<Redaction>,
    },
    /// Neither: destroyed.
    Absent,
    /// One without the other.
    Half,
}

/// What a redaction says of the position that it speaks of.
#[derive(Debug, Clone, Deserialize)]
pub struct Redaction {
    /// The position.
    pub position: Position,
    /// Its key.
    pub key: String,
    /// Its whole leaf.
    pub leaf: String,
}

/// Works out what a record gives; the error is why it cannot be read.
pub fn prepare(found: Found) -> Result<Prepared, String> {
    let (record, beside) = match found {
        Found::Record(record, beside) => (record, beside),
        Found::Unreadable(why) => return Err(why),
    };
    let text = match (&record.salt, &record.bytes) {
        (Some(salt), Some(bytes)) => {
            let kind = LeafKind::of(bytes);
            let leaf = leaf_bytes(record.recorded, kind, &commitment(salt, bytes));
            let redaction = if kind == LeafKind::Redaction { redaction(&record, bytes) } else { None };
            Text::There { hash: leaf_hash(leaf.as_bytes()), leaf, redaction }
        }
        (None, None) => Text::Absent,
        _ => Text::Half,
    };
    Ok(Prepared { position: record.position, recorded: record.recorded, key: record.key, text, misnamed: misnamed(&record), beside })
}

fn redaction(record: &Record, bytes: &[u8]) -> Option<Redaction> {
    #[derive(Deserialize)]
    struct Whole {
        data: Redaction,
    }
    let said = serde_json::from_slice::<Whole>(bytes).ok()?.data;
    (record.source == REDACTION_SOURCE && record.id == said.position.to_string() && said.position < record.position).then_some(said)
}

/// Bytes that name neither source nor id (a poison event) are held against their leaf alone.
fn misnamed(record: &Record) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        source: Cow<'a, str>,
        #[serde(borrow)]
        id: Cow<'a, str>,
    }
    let bytes = record.bytes.as_deref()?;
    if EventKey::of(&record.source, &record.id) != record.key {
        return Some("the key is not that of source and id");
    }
    let named = serde_json::from_slice::<Named<'_>>(bytes).ok()?;
    (named.source != record.source || named.id != record.id).then_some("source or id are not those of the text")
}

/// How a record's leaf differs from the one in the log. A leaf says when, of what kind and, hidden, what: a text and its salt cannot be told
/// apart, nor can what was exchanged with another position.
pub fn difference(found: &str, in_the_log: &str) -> (Class, &'static str) {
    let (found, logged) = (Parts::of(found), Parts::of(in_the_log));
    match (found, logged) {
        (Some(found), Some(logged)) if found.c == logged.c && found.rec != logged.rec => {
            (Class::RecordedAltered, "the recorded time is not the one in its leaf")
        }
        _ => (Class::EventAltered, "text and salt do not give its leaf"),
    }
}

/// When a leaf says that its event was recorded.
pub fn recorded_of(leaf: &str) -> Option<Instant> {
    Parts::of(leaf).and_then(|parts| Instant::parse(&parts.rec))
}

#[derive(Deserialize)]
struct Parts {
    c: String,
    rec: String,
}

impl Parts {
    fn of(leaf: &str) -> Option<Self> {
        serde_json::from_str(leaf).ok()
    }
}
