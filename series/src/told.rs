//! What was said, so that nothing is said twice and nothing is unsaid.

use serde::{Deserialize, Serialize};

use crate::episode::Episode;

/// An anomaly that was told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RememberedAnomaly {
    /// Its first bucket as it was told; it stays the anomaly's name.
    pub first: i64,
    /// Its first bucket as it was last corrected.
    pub corrected: i64,
    /// The peak last told.
    pub peak: u64,
    /// How many times the lasting time has been doubled.
    pub doublings: u8,
    /// The end, once told.
    pub subsided: Option<i64>,
}

impl RememberedAnomaly {
    /// True when what was told is (a part of) this episode.
    pub fn is_of(&self, episode: &Episode) -> bool {
        self.first >= episode.first && (!episode.over || self.first <= episode.last_high)
    }
}
