//! A redaction, as far as a ledger must understand it: which position it speaks of, and the leaf that stays in the tree.
//!
//! Why a text was destroyed, and on whose word, is not looked at here.

use dateline_events::{EventKey, Instant, LeafKind, Position};
use serde::Deserialize;

use crate::ledger::Record;

/// Who publishes redactions: the ledger itself. The id of a redaction is the position that it speaks of, so that a text is redacted once.
pub const REDACTION_SOURCE: &str = "/ledger/redactions";

/// A redaction, as far as the ledger must understand it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Redaction {
    /// The position whose text was destroyed.
    pub position: Position,
    /// Its key.
    pub key: String,
    /// Its whole leaf.
    pub leaf: String,
}

impl Redaction {
    /// The redaction that these bytes are, if they are one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Whole {
            data: Redaction,
        }
        if LeafKind::of(bytes) != LeafKind::Redaction {
            return None;
        }
        serde_json::from_slice::<Whole>(bytes).ok().map(|whole| whole.data)
    }

    /// When the ledger had taken what was destroyed: the leaf says so.
    pub(crate) fn recorded(&self) -> Option<Instant> {
        #[derive(Deserialize)]
        struct Leaf {
            rec: String,
        }
        Instant::parse(&serde_json::from_str::<Leaf>(&self.leaf).ok()?.rec)
    }

    /// What is left of the position; None where this says nothing that a ledger could have written.
    pub(crate) fn left(&self) -> Option<Record> {
        let (key, recorded) = (EventKey::parse(&self.key)?, self.recorded()?);
        Some(Record { position: self.position, recorded, key, salt: None, source: String::new(), id: String::new(), bytes: None })
    }
}
