//! What can be set, with one default for every series, and the limits that cannot.

use serde::{Deserialize, Serialize};

/// How many buckets, the newest included, may still be restated; an older one is settled and what comes for it is not heard.
pub const RESTATED_BUCKETS_MAX: usize = 60;

/// The most reports a bucket counts; more are taken as this many.
pub const COUNT_MAX: u64 = u32::MAX as u64 - 1;

/// The shortest bucket, in seconds.
pub const BUCKET_SECONDS_MIN: u32 = 1;

/// The longest bucket, in seconds: an hour, so that a day has a shape.
pub const BUCKET_SECONDS_MAX: u32 = 3_600;

/// How a watch judges. The default is meant for every series; a change holds from the next telling on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds of known and settled buckets before there is a baseline.
    pub warm_up_seconds: u32,
    /// Spreads above the baseline that are within the usual: the allowance of the cumulative sum.
    pub allowance_spreads: f32,
    /// Spreads beyond the allowance, summed over the buckets of a rise, that make it an anomaly.
    pub sure_spreads: f32,
    /// Fewer reports than this in twenty minutes (in a bucket, when it is longer) never begin an anomaly.
    pub reports_min: u32,
    /// A count begins an anomaly only from this many times the baseline on.
    pub rise_min: f32,
    /// Seconds of known buckets within the usual that end an anomaly; up and down within them is one anomaly.
    pub fold_seconds: u32,
    /// Seconds without any known bucket after which a running anomaly is over for want of knowledge.
    pub silence_seconds: u32,
    /// Seconds of an anomaly before it is first told as lasting; each next time takes twice as long.
    pub lasting_seconds: u32,
    /// A new peak this many times the last one told is told at once.
    pub peak_growth_min: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            warm_up_seconds: 86_400,
            allowance_spreads: 2.0,
            sure_spreads: 4.0,
            reports_min: 15,
            rise_min: 3.0,
            fold_seconds: 2 * 3_600,
            silence_seconds: 86_400,
            lasting_seconds: 3_600,
            peak_growth_min: 2.0,
        }
    }
}
