//! The leaf of a record, and what opens it in a receipt.

use dateline_backends::{Ledger, LedgerError, Record};
use dateline_events::{LeafKind, commitment, leaf_bytes};

/// The leaf of a record. Where its text was destroyed, the redaction carries it; None where no redaction does.
pub async fn leaf_of(ledger: &Ledger, record: &Record) -> Result<Option<String>, LedgerError> {
    match (&record.salt, &record.bytes) {
        (Some(salt), Some(bytes)) => Ok(Some(leaf_bytes(record.recorded, LeafKind::of(bytes), &commitment(salt, bytes)))),
        _ => ledger.leaf_of_destroyed(record.position).await,
    }
}

/// What the `extra` line of a receipt holds: the leaf, and behind a line end the 32 bytes of salt that open its commitment; the leaf alone
/// where the text was destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The leaf, whose hash is in the tree.
    pub leaf: String,
    /// What opens its commitment.
    pub salt: Option<[u8; 32]>,
}

impl Opening {
    /// As it stands in a receipt.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.leaf.clone().into_bytes();
        if let Some(salt) = &self.salt {
            bytes.push(b'\n');
            bytes.extend_from_slice(salt);
        }
        bytes
    }

    /// Reads it; None where it is none. No leaf has a line end.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (leaf, salt) = bytes.split_at(end.unwrap_or(bytes.len()));
        let salt = if end.is_some() { Some(salt[1..].try_into().ok()?) } else { None };
        Some(Self { leaf: String::from_utf8(leaf.to_vec()).ok()?, salt })
    }

    /// Whether it opens to these bytes of an event: then they were in the ledger when the leaf was made.
    pub fn opens_to(&self, event: &[u8]) -> bool {
        #[derive(serde::Deserialize)]
        struct Leaf {
            rec: String,
        }
        let recorded = serde_json::from_str::<Leaf>(&self.leaf).ok().and_then(|leaf| dateline_events::Instant::parse(&leaf.rec));
        let (Some(recorded), Some(salt)) = (recorded, &self.salt) else { return false };
        leaf_bytes(recorded, LeafKind::of(event), &commitment(salt, event)) == self.leaf
    }
}

#[cfg(test)]
mod tests {
    use dateline_events::Instant;

    use super::*;

    #[test]
    fn an_opening_is_read_as_it_was_written_and_opens_to_its_own_event_alone() {
        let event = br#"{"specversion":"1.0","id":"1"}"#;
        for salt in [[7; 32], [b'\n'; 32]] {
            let leaf = leaf_bytes(Instant(1_795_396_177_123_456), LeafKind::Event, &commitment(&salt, event));
            let opening = Opening { leaf, salt: Some(salt) };
            assert_eq!(Opening::read(&opening.to_bytes()), Some(opening.clone()));
            assert!(opening.opens_to(event));
            assert!(!opening.opens_to(br#"{"specversion":"1.0","id":"2"}"#));
            let destroyed = Opening { salt: None, ..opening.clone() };
            assert_eq!(Opening::read(&destroyed.to_bytes()), Some(destroyed.clone()));
            assert!(!destroyed.opens_to(event));
            assert_eq!(Opening::read(&opening.to_bytes()[..opening.to_bytes().len() - 1]), None);
        }
    }
}
