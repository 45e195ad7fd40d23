//! When an anomaly begins and ends: a pure walk over buckets in order.
//!
//! It begins by a one-sided cumulative sum (Page 1954): what lies beyond the allowance is summed over the buckets of a rise, and the first
//! of them that stands out is where the anomaly began, however many later ones it took to be sure. It ends when the count stayed within the usual for the folding time.

use serde::{Deserialize, Serialize};

use crate::settings::Settings;
use crate::surprise::count_at;
use crate::window::Slot;

/// The time in which an anomaly must have its least number of reports.
const RECENT_SECONDS: f32 = 1_200.0;

/// One stretch of buckets that stand out. Buckets are numbers, not times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The first bucket of the rise that stands out.
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
    /// The first bucket of the running sum that stands out by itself.
    sum_first: Option<i64>,
    gap: u32,
    /// Reports of late: in one bucket of twenty minutes, or in about as many shorter ones.
    recent: f32,
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
            (self.sum, self.sum_first) = (0.0, None);
            return (Step::NoBaseline, None);
        }
        self.recent = self.recent * (1.0 - bucket_seconds as f32 / RECENT_SECONDS).max(0.0) + count as f32;
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
        self.sum = (self.sum + beyond).max(0.0);
        if self.sum <= 0.0 {
            self.sum_first = None;
        }
        if beyond <= 0.0 {
            return (Step::Usual, None);
        }
        let tall = self.recent >= settings.reports_min as f32 && count as f32 >= settings.rise_min * count_at(slot.expected.place);
        if tall || beyond >= settings.sure_spreads / 2.0 {
            self.sum_first.get_or_insert(bucket);
        }
        if !tall {
            // Too small to speak, and little reason to speak later: half of what makes sure.
            self.sum = self.sum.min(settings.sure_spreads / 2.0);
            return (Step::TooFew, None);
        }
        if self.sum <= settings.sure_spreads {
            return (Step::Rising, None);
        }
        let first = self.sum_first.unwrap_or(bucket);
        (self.sum, self.sum_first) = (0.0, None);
        self.episode = Some(Episode { first, sure: bucket, last_high: bucket, peak: count, quiet_from: None, quiet_known: 0, over: false });
        (Step::Begins(first), None)
    }

    /// The first bucket of a rise that is not sure yet.
    pub fn sum_first(&self) -> Option<i64> {
        self.sum_first
    }

    /// Passes over buckets of which nothing is known; returns the episode that ends for want of knowledge.
    pub fn silence(&mut self, buckets: u32, bucket_seconds: u32, settings: &Settings) -> Option<Episode> {
        self.gap = self.gap.saturating_add(buckets);
        let silent_seconds = u64::from(self.gap) * u64::from(bucket_seconds);
        if silent_seconds as f32 >= RECENT_SECONDS {
            self.recent = 0.0;
        }
        if silent_seconds < u64::from(settings.silence_seconds) {
            return None;
        }
        (self.sum, self.sum_first) = (0.0, None);
        self.end()
    }

    fn end(&mut self) -> Option<Episode> {
        let episode = self.episode.take()?;
        Some(Episode { quiet_from: episode.quiet_from.or(Some(episode.last_high + 1)), over: true, ..episode })
    }
}
