//! Texts that were destroyed: a tombstone takes their place in the rows, and views that saw such a text are not gone on with.
//!
//! Rows are never changed, so what views hold of a text goes with all of them: they are made anew beside, without it, and swapped in. That
//! costs a rebuild for each redaction of something that was projected already, and gives what any rebuild gives.

use std::collections::BTreeMap;

use dateline_events::{EventKey, Position};
use dateline_timelines::correlate::ReadRecord;
use dateline_timelines::rows::Needs;

use super::{ProjectError, Projector};

/// Positions whose texts count as destroyed, each with the bytes of its redaction.
pub type Destroyed = BTreeMap<Position, Vec<u8>>;

impl Projector {
    /// Puts tombstones where texts are gone, or count as gone.
    ///
    /// # Errors
    /// [`ProjectError::Redacted`] where a redaction among them speaks of a text that these views hold.
    pub(super) async fn with_tombstones(&mut self, mut records: Vec<ReadRecord>) -> Result<Vec<ReadRecord>, ProjectError> {
        let mut redacted = self.destroyed.clone();
        let mut earlier: Vec<(Position, EventKey)> = Vec::new();
        for record in &records {
            let Some((target, key)) = record.redacts().filter(|(target, _)| *target < record.row.position) else { continue };
            redacted.insert(target, record.row.bytes.clone().unwrap_or_default());
            if target <= self.folded {
                earlier.push((target, key));
            }
        }
        self.must_not_be_held(&earlier, &redacted).await?;
        for record in &mut records {
            let position = record.row.position;
            let redaction = match redacted.get(&position) {
                Some(bytes) => Some(bytes.clone()),
                None if record.row.bytes.is_none() => self.ledger.redaction_of(position).await?.map(|(_, bytes)| bytes),
                None => None,
            };
            if let Some(bytes) = redaction {
                *record = ReadRecord::destroyed(position, record.row.recorded, record.row.key, &bytes);
            }
        }
        Ok(records)
    }

    /// None of these texts is in the views.
    async fn must_not_be_held(&mut self, targets: &[(Position, EventKey)], redacted: &Destroyed) -> Result<(), ProjectError> {
        if targets.is_empty() {
            return Ok(());
        }
        self.settle().await?;
        let needs = Needs { keys: targets.iter().map(|(_, key)| *key).collect(), ..Needs::default() };
        let known = self.views.load(self.generation, needs).await?.known;
        let held = known.iter().map(|known| &known.event).filter(|row| row.bytes.is_some() && !row.is_tombstone());
        let held: Destroyed = held.filter_map(|row| Some((row.position, redacted.get(&row.position)?.clone()))).collect();
        if held.is_empty() { Ok(()) } else { Err(ProjectError::Redacted(held)) }
    }
}
