//! Times in a flush are an intake's word. One whose clock runs a week ahead would have every bucket of that week over and quiet, so no time
//! is believed that lies ahead of this machine's own clock. Everything behind this stays pure.

use dateline_backends::now;
use dateline_events::Instant;
use dateline_events::reports::Flush;

use super::service::AHEAD_MINUTES_MAX;

/// Takes out of a flush what lies too far ahead of the minute that it is now; answers how many minutes the farthest of it lies ahead.
pub fn bound(flush: &mut Flush, now_minute: i64) -> Option<i64> {
    let latest = now_minute.saturating_add(AHEAD_MINUTES_MAX);
    let farthest = flush.counts.iter().map(|count| count.minute).chain(flush.written).max().filter(|farthest| *farthest > latest)?;
    flush.written = flush.written.filter(|written| *written <= latest);
    flush.counts.retain(|count| count.minute <= latest);
    Some(farthest.saturating_sub(now_minute))
}

/// The minute that it is now, since 1970.
pub fn now_minute() -> i64 {
    now().0 / (60 * Instant::SECOND)
}
