//! The words around a plot of users' reports. No words stand here.

use super::{Lang, bn, en};

/// The words around a plot, in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlotWords {
    /// The language, BCP 47.
    pub lang: String,
    /// The headline, and the plot's name for those who hear it.
    pub title: String,
    /// What the plot shows, for those who hear it.
    pub description: String,
    /// The caption of the counts, with the bucket's length: "Reports in 20 minutes".
    pub reports: String,
    /// The caption of times: "UTC", "Kolkata time".
    pub zone: String,
    /// How far that zone's clock is ahead of UTC, in seconds; one for the whole plot.
    pub zone_offset_s: i32,
    /// In the legend: the counts between a first bucket and an end.
    pub standing_out: String,
    /// In the legend: the baseline.
    pub baseline: String,
    /// In the legend: the range around it.
    pub range: String,
    /// In the legend: buckets of which nothing is known.
    pub unknown: String,
    /// In the legend, where buckets are put together: "each step: the highest of {}".
    pub thinned: String,
    /// For a mark without a label: the first bucket, when it was sure, the peak, the end.
    pub first: String,
    /// See `first`.
    pub seen: String,
    /// See `first`.
    pub peak: String,
    /// See `first`.
    pub end: String,
    /// The months, short, from January on.
    pub months: [String; 12],
    /// The ten digits from zero on; anything else than ten characters is taken as 0123456789.
    pub digits: String,
    /// True to group digits as in India: 12,34,567.
    pub lakhs: bool,
}

impl PlotWords {
    /// Those around the picture of users' reports about a service, in buckets of so many minutes.
    pub fn of_reports(service: &str, minutes: u32, lang: Lang) -> Self {
        let minutes = minutes.max(1);
        match lang {
            Lang::En => en::plot(service, minutes),
            Lang::Bn | Lang::BnBd => bn::plot(service, minutes),
        }
    }
}
