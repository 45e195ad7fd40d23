//! What a watch says: findings, which stay on the record, and the verdict on a bucket, which explains.

use serde::{Deserialize, Serialize};

/// One thing found. Buckets are named by their start in Unix seconds; counts and baselines are reports per bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// More reports than this series' own past explains.
    Anomaly {
        /// The first bucket that stands out, which names the anomaly; not the one that made it sure.
        first_bucket: i64,
        /// The newest bucket when it was found.
        seen_at_bucket: i64,
        /// Reports in the bucket that made it sure.
        count: u64,
        /// Reports expected in that bucket.
        baseline: f64,
        /// Half the width of the usual range around that baseline, at one spread: reports.
        spread: f64,
        /// Spreads above the baseline, on the stabilised scale.
        score: f64,
        /// The count as a multiple of the baseline, a baseline under one report taken as one.
        height: f64,
    },
    /// Restated counts moved the beginning of an anomaly already told to an earlier bucket.
    Earlier {
        /// The first bucket as it was told.
        told_bucket: i64,
        /// The first bucket as it is now known.
        first_bucket: i64,
    },
    /// The anomaly goes on: told at a new peak and after one hour, two, four …
    Lasting {
        /// The first bucket, as it was told.
        first_bucket: i64,
        /// The newest bucket.
        bucket: i64,
        /// Reports in the newest bucket.
        count: u64,
        /// Reports expected in it.
        baseline: f64,
        /// The most reports in one bucket since the first.
        peak: u64,
    },
    /// The count came back within the usual and stayed there.
    Subsided {
        /// The first bucket, as it was told.
        first_bucket: i64,
        /// The first bucket back within the usual; after a silence, the first one not known.
        bucket: i64,
        /// Reports in the newest bucket.
        count: u64,
        /// Reports expected in it.
        baseline: f64,
        /// The most reports in one bucket of the anomaly.
        peak: u64,
    },
}

/// Why a bucket did or did not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// Too little was heard of this series to expect anything.
    NoBaseline {
        /// Seconds of settled, known buckets so far.
        known_seconds: u64,
        /// Seconds needed.
        needed_seconds: u64,
    },
    /// The bucket is older than what may still be restated.
    TooLate,
    /// Nothing was told of this bucket.
    Unknown,
    /// Not above the usual.
    Usual,
    /// Above the usual, but fewer reports, or a smaller multiple of the baseline, than an anomaly begins with.
    TooFew,
    /// Above the usual, not yet long or far enough to be sure.
    Rising,
    /// Makes an anomaly sure.
    StandsOut {
        /// The first bucket of that anomaly, Unix seconds.
        first_bucket: i64,
    },
    /// Belongs to an anomaly that began earlier.
    AlreadyTold {
        /// The first bucket of that anomaly, Unix seconds.
        first_bucket: i64,
    },
}

/// The judgement of one bucket, with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The bucket's start, Unix seconds.
    pub bucket: i64,
    /// Reports; None when nothing was told.
    pub count: Option<u64>,
    /// Reports expected; None without a baseline.
    pub baseline: Option<f64>,
    /// The least count within the usual.
    pub low: Option<f64>,
    /// The greatest count within the usual.
    pub high: Option<f64>,
    /// Spreads above (or, negative, below) the baseline.
    pub score: Option<f64>,
    /// Why it did or did not speak.
    #[serde(flatten)]
    pub why: Why,
}
