//! When an intake is known to have been up, in buckets: what nobody reported then was quiet, and what lies between is not known.

use serde::{Deserialize, Serialize};

use super::service::BUCKET_S;

/// So many stretches are remembered: one ends whenever no intake was up for a bucket.
const MAX_STRETCHES: usize = 2_000;

/// Of a service on which nobody reported for longer, the buckets before are not looked at any more: 28 days.
pub const CATCH_UP_BUCKETS: i64 = 28 * 288;

const BUCKET: i64 = BUCKET_S as i64;

/// Stretches of buckets by their first and last start, in Unix seconds, ascending; the last bucket of all is still open.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticks(Vec<(i64, i64)>);

impl Ticks {
    /// The bucket that is open, by its start.
    pub fn open_s(&self) -> Option<i64> {
        self.0.last().map(|(_, last)| *last)
    }

    /// An intake was up then; true where that opens another bucket.
    pub fn up_at(&mut self, seconds: i64) -> bool {
        let start = seconds.div_euclid(BUCKET) * BUCKET;
        match self.0.last_mut() {
            Some((_, last)) if start <= *last => return false,
            Some((_, last)) if start == *last + BUCKET => *last = start,
            _ => self.0.push((start, start)),
        }
        if self.0.len() > MAX_STRETCHES {
            self.0.remove(0);
        }
        true
    }

    /// The buckets after one that are over, oldest first.
    pub fn over_after(&self, after_s: i64) -> impl Iterator<Item = i64> {
        let open = self.open_s().unwrap_or(i64::MIN);
        let from = after_s.max(open.saturating_sub(CATCH_UP_BUCKETS * BUCKET));
        let stretches = self.0.iter().skip_while(move |(_, last)| *last <= from);
        let starts = stretches.flat_map(move |(first, last)| {
            let first = if *first > from { *first } else { from + BUCKET - (from - *first).rem_euclid(BUCKET) };
            (0..).map(move |number| first + number * BUCKET).take_while(move |start| start <= last)
        });
        starts.take_while(move |start| *start < open)
    }
}
