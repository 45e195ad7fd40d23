//! What became of the events that were made of a page.

use serde::Deserialize;

use crate::shared::publisher::{Outcome, TryAgain};

/// So many refusals are told one by one; the rest is counted.
const MAX_TOLD_REFUSALS: usize = 1_000;

/// What became of the events.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// Stored now.
    pub fresh: usize,
    /// Said already.
    pub known: usize,
    /// Refused, with the event's id and the reason: the first of them.
    pub refused: Vec<(String, String)>,
    /// The ids of all that were refused: nothing was said by them.
    pub rejected: Vec<String>,
}

impl Published {
    /// Counts what became of an event; an error where it is sent again, as all behind it.
    pub fn count(&mut self, event: &[u8], outcome: Outcome) -> Result<(), TryAgain> {
        match outcome {
            Outcome::Fresh(_) => self.fresh += 1,
            // The id is the watcher's own: what stands there was said by an earlier reading.
            Outcome::Known(_) | Outcome::Conflict(_) => self.known += 1,
            Outcome::Refused(why) => {
                let id = id_of(event);
                if self.refused.len() < MAX_TOLD_REFUSALS {
                    self.refused.push((id.clone(), why));
                }
                self.rejected.push(id);
            }
            Outcome::TryAgain(again) => return Err(again),
        }
        Ok(())
    }
}

/// Every event was made by a watcher, and has an id.
fn id_of(event: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    serde_json::from_slice::<Id>(event).map_or_else(|error| format!("(an event without an id: {error})"), |event| event.id)
}
