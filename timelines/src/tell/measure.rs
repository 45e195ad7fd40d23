//! What the detector says of itself and of what it measured, in each language: it becomes the text of an event. No words stand here.

use super::{bn, en};

/// The name of this program among the sources of an event, by tag of language.
pub const DATELINE: [(&str, &str); 2] = [("bn", bn::DATELINE), ("en", en::DATELINE)];

/// How many times the usual users' reports came, and how many spreads above it, by tag of language.
pub fn told_measure(height: f64, score: f64, method: &str) -> [(&'static str, String); 2] {
    let (times, spreads) = (format!("{height:.0}"), format!("{score:.1}"));
    [("bn", bn::measure(&times, &spreads, method)), ("en", en::measure(&times, &spreads, method))]
}
