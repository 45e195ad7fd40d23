//! When an anomaly begins and ends: a pure walk over buckets in order.
//!
//! It begins by a one-sided cumulative sum (Page 1954): what lies beyond the allowance is summed, and the bucket where the sum left zero
//! is where the change began. It ends when the count stayed within the usual for the folding time.

use serde::{Deserialize, Serialize};

use crate::settings::Settings;
use crate::window::Slot;

/// One stretch of buckets that stand out. Buckets are numbers, not times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Where the sum left zero.
    pub first: i64,
    /// The bucket that made it sure.
    pub sure: i64,
    /// The last bucket above the usual.
    pub last_high: i64,
    pub peak: u64,
    /// The first bucket of the quiet after `last_high`, and how many known ones it has.
    pub quiet_from: Option<i64>,
    quiet_known: u32,
    /// True once it will not go on.
    pub over: bool,
}

/// What the walk carries from bucket to bucket.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub struct Walk {
    sum: f32,
    sum_first: i64,
    gap: u32,
    pub episode: Option<Episode>,
}

/// What one step found, for the verdict on its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Unknown,
    NoBaseline,
    Usual,
    TooFew,
    Rising,
    Begins(i64),
    Continues(i64),
}

impl Walk {
    /// Takes the next bucket; `complete` says that a later one was told of, so that its count may speak downwards as well.
    /// What it returns beside is the episode that ended here.
    pub fn step(&mut self, bucket: i64, slot: &Slot, complete: bool, bucket_seconds: u32, settings: &Settings) -> (Step, Option<Episode>) {
        let Some(count) = slot.count() else {
            return (Step::Unknown, self.silence(1, bucket_seconds, settings));
        };
        self.gap = 0;
        if !slot.has_baseline() {
            self.sum = 0.0;
            return (Step::NoBaseline, None);
        }
        let beyond = slot.score - settings.allowance_spreads;
        if let Some(episode) = &mut self.episode {
            let first = episode.first;
            if beyond > 0.0 {
                (episode.last_high, episode.quiet_from, episode.quiet_known) = (bucket, None, 0);
                episode.peak = episode.peak.max(count);
            } else if complete {
                episode.quiet_from.get_or_insert(bucket);
                episode.quiet_known += 1;
            }
            let quiet_seconds = u64::from(episode.quiet_known) * u64::from(bucket_seconds);
            let ended = (quiet_seconds >= u64::from(settings.fold_seconds) && episode.quiet_known > 0).then(|| self.end()).flatten();
            let step = if beyond > 0.0 { Step::Continues(first) } else { Step::Usual };
            return (step, ended);
        }
        if self.sum <= 0.0 {
            self.sum_first = bucket;
        }
        self.sum = (self.sum + beyond).max(0.0);
        if beyond <= 0.0 {
            return (Step::Usual, None);
        }
        if !tall(count, slot, settings) {
            // Too small to speak, and little reason to speak later: half of what makes sure.
            self.sum = self.sum.min(settings.sure_spreads / 2.0);
            return (Step::TooFew, None);
        }
        if self.sum <= settings.sure_spreads {
            return (Step::Rising, None);
        }
        let first = self.sum_first;
        self.sum = 0.0;
        self.episode = Some(Episode { first, sure: bucket, last_high: bucket, peak: count, quiet_from: None, quiet_known: 0, over: false });
        (Step::Begins(first), None)
    }

    /// Passes over buckets of which nothing is known; returns the episode that ends for want of knowledge.
    pub fn silence(&mut self, buckets: u32, bucket_seconds: u32, settings: &Settings) -> Option<Episode> {
        self.gap = self.gap.saturating_add(buckets);
        if u64::from(self.gap) * u64::from(bucket_seconds) < u64::from(settings.silence_seconds) {
            return None;
        }
        self.sum = 0.0;
        self.end()
    }

    fn end(&mut self) -> Option<Episode> {
        let episode = self.episode.take()?;
        Some(Episode { quiet_from: episode.quiet_from.or(Some(episode.last_high + 1)), over: true, ..episode })
    }
}

/// Enough reports, and enough of a multiple, to begin an anomaly.
fn tall(count: u64, slot: &Slot, settings: &Settings) -> bool {
    let baseline = crate::surprise::count_at(slot.expected.place);
    count >= u64::from(settings.reports_min) && count as f32 >= settings.rise_min * baseline
}
