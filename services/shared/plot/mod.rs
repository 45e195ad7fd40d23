//! A plot of reports over time, as one SVG: the counts, what was usual, and the moments that matter. Pure, and no role: whoever has the
//! numbers hands them over with the words of their language, and gets text back. What must not be here: files, HTTP, clocks, languages.
//!
//! The SVG stands alone: no scripts, no addresses, no ids (several fit on one page), every word escaped, light and dark by the reader's
//! own preference. It can be shown as an image, or put into a page as it is.

mod draw;
mod flags;
mod sample;
mod scale;
mod write;
#[cfg(test)]
mod tests;

use dateline_timelines::tell::PlotWords;
use serde::{Deserialize, Serialize};

/// At most so many steps are drawn; more buckets are put together, the highest count of each step stays.
pub const POINTS_MAX: usize = 600;

/// At most so many marks are drawn, the first ones as they were given; in a plot of more than two weeks only notes and the highest peaks.
pub const MARKS_MAX: usize = 24;

/// A title is at most so long, in characters; the rest is cut.
pub const TITLE_CHARS_MAX: usize = 200;

/// A description is at most so long, in characters; the rest is cut.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;

/// Any other words are at most so long, in characters; the rest is cut.
pub const LABEL_CHARS_MAX: usize = 60;

/// No SVG is larger, in bytes.
pub const SVG_BYTES_MAX: usize = 128 * 1024;

/// What is drawn: numbers alone, in no language. Times are Unix seconds, counts and baselines are reports per bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// The length of a bucket, in seconds; zero is taken as one.
    pub bucket_seconds: u32,
    /// The buckets, in any order; those left out are not known, which is not zero.
    pub buckets: Vec<PlotBucket>,
    /// The moments to mark; those outside the buckets are not drawn.
    pub marks: Vec<Mark>,
}

/// One bucket.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlotBucket {
    /// Its start, Unix seconds.
    pub start_s: i64,
    /// Reports; None when nothing is known of it.
    pub count: Option<u64>,
    /// Reports expected; None without a baseline.
    pub baseline: Option<f64>,
    /// The least count within the usual.
    pub low: Option<f64>,
    /// The greatest count within the usual.
    pub high: Option<f64>,
}

/// One moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// When, Unix seconds; of a bucket, its start.
    pub at_s: i64,
    /// What it is.
    pub kind: MarkKind,
    /// What is written there; empty: the words for its kind with the time of day (of a peak, with its count).
    #[serde(default)]
    pub label: String,
}

/// What a moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The first bucket that stands out; from here to the next end the counts have the colour of alarm.
    First,
    /// When it was sure.
    Seen,
    /// The most reports in one bucket.
    Peak,
    /// The first bucket back within the usual.
    End,
    /// Anything else, such as the vendor's word.
    Note,
}

impl Plot {
    /// Draws it. Never fails: what cannot be drawn (a time beyond the years 1 to 9999, a baseline that is no number) is left out.
    pub fn svg(&self, words: &PlotWords) -> String {
        draw::draw(self, words)
    }
}
