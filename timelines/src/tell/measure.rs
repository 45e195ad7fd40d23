//! What the detector says of itself and of what it measured, in each language: it becomes the text of an event.

use super::bn::digits;

/// The name of this program among the sources of an event, by tag of language.
pub const DATELINE: [(&str, &str); 2] = [("bn", "ডেটলাইন"), ("en", "Dateline")];

/// How many times the usual users' reports came, and how many spreads above it, by tag of language.
pub fn told_measure(height: f64, score: f64, method: &str) -> [(&'static str, String); 2] {
    let (times, spreads) = (format!("{height:.0}"), format!("{score:.1}"));
    let (times_bn, spreads_bn) = (digits(&times), digits(&spreads));
    [
        ("bn", format!("ব্যবহারকারীদের অভিযোগ, স্বাভাবিকের {times_bn} গুণ, {spreads_bn} বিচ্যুতি ওপরে ({method})")),
        ("en", format!("users\u{2019} reports, {times} times the usual, {spreads} spreads above it ({method})")),
    ]
}
