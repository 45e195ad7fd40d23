//! What time it is, in one place; schedules and dialects have it handed in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dateline_events::Instant;

/// Now, by the clock of this machine.
pub fn now() -> Instant {
    // A clock before 1970 is told as 1970: earlier than every page was read, and so no reading is believed.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
