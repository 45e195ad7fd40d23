//! How long something took, as far as its two intervals tell.

use serde::{Deserialize, Serialize};

/// A range of seconds between two intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// At least.
    pub seconds_min: i64,
    /// At most.
    pub seconds_max: i64,
}
