//! What is said around users' reports: their picture, and what the detector measured.

use crate::tell::PlotWords;

/// The words around the picture of users' reports about a service, in buckets of so many minutes.
pub(in crate::tell) fn plot(service: &str, minutes: u32) -> PlotWords {
    let plain = |text: &str| text.to_owned();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    PlotWords {
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
    }
}

/// How many times the usual users' reports came, and how many spreads above it.
pub(in crate::tell) fn measure(times: &str, spreads: &str, method: &str) -> String {
    format!("users\u{2019} reports, {times} times the usual, {spreads} spreads above it ({method})")
}
