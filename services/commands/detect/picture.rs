//! The plot of a trial: the part of the series to draw, its moments, and the words in English.

use dateline_series::Verdict;

use super::told::{at, length};
use super::trial::{Anomaly, Trial};
use dateline_timelines::tell::PlotWords;

use crate::shared::plot::{Mark, MarkKind, Plot, PlotBucket};

const DAY_S: i64 = 86_400;

/// A series up to so long is drawn whole, in seconds.
const WHOLE_S: i64 = 7 * DAY_S;

/// Anomalies that lie further apart than this are drawn in the whole series, in seconds.
const AROUND_MAX_S: i64 = 60 * DAY_S;

/// From when to when a plot is drawn, the last bucket included; Unix seconds.
pub type Window = (i64, i64);

/// Which part to draw where nobody said: a long series around its anomalies, unless they lie all over it.
pub fn window(trial: &Trial, anomalies: &[Anomaly]) -> Window {
    let whole = (trial.first_bucket(), trial.last_bucket());
    let begin = anomalies.iter().map(Anomaly::from).min();
    let end = anomalies.iter().map(|anomaly| anomaly.end.unwrap_or(whole.1)).max();
    match begin.zip(end) {
        Some((begin, end)) if whole.1 - whole.0 > WHOLE_S && end - begin <= AROUND_MAX_S => {
            ((begin - DAY_S).max(whole.0), (end + DAY_S).min(whole.1))
        }
        _ => whole,
    }
}

/// The plot of that part.
pub fn plot(trial: &Trial, anomalies: &[Anomaly], (from, to): Window) -> Plot {
    let bucket_s = i64::from(trial.bucket_seconds);
    let bucket = |verdict: &Verdict| PlotBucket {
        start_s: verdict.bucket,
        count: verdict.count,
        baseline: verdict.baseline,
        low: verdict.low,
        high: verdict.high,
    };
    let shown = |verdict: &&Verdict| (from.div_euclid(bucket_s) * bucket_s..=to).contains(&verdict.bucket);
    let mark = |at_s, kind| Mark { at_s, kind, label: String::new() };
    let mut marks = Vec::new();
    let mut drawn: Vec<&Anomaly> = anomalies.iter().filter(|one| one.from() <= to && one.end.unwrap_or(to) >= from).collect();
    // Where there is no room for all, the highest are marked.
    drawn.sort_by_key(|anomaly| std::cmp::Reverse(anomaly.peak.1));
    for anomaly in drawn {
        marks.push(mark(anomaly.from(), MarkKind::First));
        if anomaly.seen_at_bucket > anomaly.from() {
            marks.push(mark(anomaly.seen_at_bucket, MarkKind::Seen));
        }
        marks.push(mark(anomaly.peak.0, MarkKind::Peak));
        marks.extend(anomaly.end.map(|end| mark(end, MarkKind::End)));
    }
    Plot { bucket_seconds: trial.bucket_seconds, buckets: trial.verdicts.iter().filter(shown).map(bucket).collect(), marks }
}

/// The words around it.
pub fn words(trial: &Trial, anomalies: &[Anomaly], name: &str, (from, to): Window) -> PlotWords {
    let bucket = length(i64::from(trial.bucket_seconds));
    let told: Vec<String> = anomalies
        .iter()
        .filter(|one| one.from() <= to && one.end.unwrap_or(to) >= from)
        .map(|one| {
            let end = one.end.map_or_else(|| "not over".to_owned(), |end| format!("back to the usual {}", at(end)));
            format!("Anomaly from {}, peak {} at {}, {end}.", at(one.from()), one.peak.1, at(one.peak.0))
        })
        .collect();
    PlotWords {
        lang: "en".to_owned(),
        title: format!("{name}: reports, and what was usual"),
        description: format!("Reports in buckets of {bucket}, {} to {} UTC. {}", at(from), at(to), told.join(" ")),
        reports: format!("Reports in {bucket}"),
        zone: "UTC".to_owned(),
        zone_offset_s: 0,
        standing_out: "during an anomaly".to_owned(),
        baseline: "expected".to_owned(),
        range: "usual range".to_owned(),
        unknown: "not known".to_owned(),
        thinned: "each step: the highest of {}".to_owned(),
        first: "first".to_owned(),
        seen: "sure".to_owned(),
        peak: "peak".to_owned(),
        end: "usual again".to_owned(),
        months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].map(ToOwned::to_owned),
        digits: String::new(),
        lakhs: false,
    }
}
