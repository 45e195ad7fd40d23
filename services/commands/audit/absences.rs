//! Texts that are not there, each of which a later redaction must cover. Pure.

use std::collections::BTreeMap;

use dateline_events::{EventKey, Position};
use dateline_proofs::{Hash, leaf_hash};

use super::leaves::Redaction;
use super::report::{Class, Report};

/// So many absences wait for their redactions at once; they take about 100 bytes each. What is beyond is told as not covered.
pub const ABSENCES_MAX: usize = 1_000_000;

/// Absences that no redaction covers yet.
#[derive(Debug, Default)]
pub struct Absences {
    waiting: BTreeMap<Position, (EventKey, Option<Hash>)>,
}

impl Absences {
    /// Notes one with its key, and the hash of its leaf where the log has it.
    pub fn add(&mut self, position: Position, key: EventKey, leaf: Option<Hash>, report: &mut Report) {
        if self.waiting.len() < ABSENCES_MAX {
            self.waiting.insert(position, (key, leaf));
        } else {
            report.at(Class::AbsenceUncovered, position, format!("more than {ABSENCES_MAX} texts before it wait for their redactions"));
        }
    }

    /// Takes a redaction; one of a text that is still there covers nothing.
    pub fn cover(&mut self, redaction: &Redaction, is_sealed: bool, report: &mut Report) {
        let Some((key, leaf)) = self.waiting.remove(&redaction.position) else { return };
        let has_key = redaction.key == key.as_str();
        let has_leaf = leaf.is_none_or(|leaf| leaf == leaf_hash(redaction.leaf.as_bytes()));
        match (has_key, has_leaf) {
            (true, true) => {
                report.redacted += 1;
                report.redacted_by_unsealed += u64::from(!is_sealed);
            }
            (false, _) => report.at(Class::RedactionDiffers, redaction.position, "its redaction carries another key"),
            (true, false) => report.at(Class::RedactionDiffers, redaction.position, "its redaction carries another leaf"),
        }
    }

    /// The end was reached.
    pub fn end(self, report: &mut Report) {
        for position in self.waiting.into_keys() {
            report.at(Class::AbsenceUncovered, position, "its text is not there, and no redaction speaks of it");
        }
    }
}
