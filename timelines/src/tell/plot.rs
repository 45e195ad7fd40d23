//! The words around a plot of users' reports.

use super::Lang;
use super::bn::digits;

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
        let plain = |text: &str| text.to_owned();
        if lang == Lang::En {
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            return Self {
                lang: plain("en"),
                title: format!("{service}: users’ reports"),
                description: format!("How many users reported that {service} fails, in steps of {minutes} minutes, beside what is usual."),
                reports: format!("Reports in {minutes} min"),
                zone: plain("UTC"),
                zone_offset_s: 0,
                standing_out: plain("more than usual"),
                baseline: plain("usual"),
                range: plain("usual range"),
                unknown: plain("not known"),
                thinned: plain("each step: the highest of {}"),
                first: plain("first"),
                seen: plain("sure"),
                peak: plain("peak"),
                end: plain("as usual"),
                months: months.map(plain),
                digits: plain("0123456789"),
                lakhs: false,
            };
        }
        let months = ["জানু", "ফেব্রু", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টে", "অক্টো", "নভে", "ডিসে"];
        let bengali = digits(&minutes.to_string());
        Self {
            lang: plain("bn"),
            title: format!("{service}: ব্যবহারকারীদের অভিযোগ"),
            description: format!("{service} কাজ না করার কথা কতজন ব্যবহারকারী জানিয়েছেন, প্রতি {bengali} মিনিটে, স্বাভাবিকের পাশে।"),
            reports: format!("{bengali} মিনিটে অভিযোগ"),
            zone: plain("ইউটিসি"),
            zone_offset_s: 0,
            standing_out: plain("স্বাভাবিকের বেশি"),
            baseline: plain("স্বাভাবিক"),
            range: plain("স্বাভাবিক সীমা"),
            unknown: plain("জানা নেই"),
            thinned: plain("প্রতি ধাপে {}টির সর্বোচ্চ"),
            first: plain("শুরু"),
            seen: plain("নিশ্চিত"),
            peak: plain("সর্বোচ্চ"),
            end: plain("স্বাভাবিক"),
            months: months.map(plain),
            digits: plain("০১২৩৪৫৬৭৮৯"),
            lakhs: true,
        }
    }
}
