//! What time it is, in one place; schedules and dialects have it handed in.

use std::time::{SystemTime, UNIX_EPOCH};

use dateline_events::Instant;

/// Now, by the clock of this machine.
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
