//! What a trial found, in words.

use std::fmt::Write;

use dateline_series::{Verdict, Why};
use time::OffsetDateTime;

use super::trial::{Anomaly, Trial};

/// What two of the numbers are.
const SCALES: &str = " (height: multiple of the baseline, one under 1 taken as 1; score: spreads above it)";

/// The whole answer.
pub fn text(trial: &Trial, anomalies: &[Anomaly], silent: &[&Verdict]) -> String {
    let mut text = heard(trial);
    let many = anomalies.len();
    text += &match many {
        0 => "\nNo anomaly: nothing here rose beyond what this series' own past explains.\n".to_owned(),
        1 => format!("\n1 anomaly{SCALES}\n"),
        _ => format!("\n{many} anomalies{SCALES}\n"),
    };
    for anomaly in anomalies {
        text += &found(anomaly, i64::from(trial.bucket_seconds));
    }
    if !silent.is_empty() {
        text += "\nThe highest buckets that did not speak\n";
        for verdict in silent {
            text += &line(verdict);
        }
    }
    text
}

/// How much was read.
fn heard(trial: &Trial) -> String {
    let Trial { rows, restated_rows, put_in_order, bucket_seconds, verdicts, .. } = trial;
    let mut text = format!(
        "{rows} rows, {} buckets of {}, {} to {} UTC",
        verdicts.len(),
        length(i64::from(*bucket_seconds)),
        at(trial.first_bucket()),
        at(trial.last_bucket()),
    );
    match trial.unknown_buckets() {
        0 => {}
        1 => text += "; 1 between them is not known",
        many => {
            let _ = write!(text, "; {many} between them are not known");
        }
    }
    if *restated_rows > 0 {
        let _ = write!(text, "; {restated_rows} rows restate a time");
    }
    text += match trial.baseline_from() {
        None => "\nno baseline to the end: it takes a day of settled buckets",
        Some(_) => "\n",
    };
    if let Some(from) = trial.baseline_from() {
        let _ = write!(text, "a baseline from {} on", at(from));
    }
    if *put_in_order {
        text += "\nthe rows stood in another order than that of time, and were put in it";
    }
    text + "\n"
}

fn found(anomaly: &Anomaly, bucket_s: i64) -> String {
    let delay = (anomaly.seen_at_bucket - anomaly.first_bucket) / bucket_s;
    let seen = match delay {
        0 => "seen at once".to_owned(),
        1 => format!("seen {}, one bucket later", clock(anomaly.seen_at_bucket)),
        _ => format!("seen {}, {delay} buckets later", clock(anomaly.seen_at_bucket)),
    };
    let moved = anomaly.moved_to.map(|bucket| format!("; restated counts move it to {}", at(bucket))).unwrap_or_default();
    let Anomaly { count, baseline, height, score, peak: (peak_at, peak), .. } = anomaly;
    let end = match anomaly.end {
        Some(end) => format!("back to the usual {} ({})", at(end), length(end - anomaly.from())),
        None => "not over where the series ends".to_owned(),
    };
    format!(
        "{}  {seen}{moved}\n                  {count} reports, baseline {}, height {height:.0}, score {score:.1}\n                  \
         peak {peak} at {}; {end}\n",
        at(anomaly.first_bucket),
        few(*baseline),
        clock(*peak_at),
    )
}

/// A verdict in a line.
pub fn line(verdict: &Verdict) -> String {
    let count = verdict.count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let usual = match (verdict.baseline, verdict.high) {
        (Some(baseline), Some(high)) => format!("; {} expected, up to {} is usual", few(baseline), few(high)),
        _ => String::new(),
    };
    format!("{}  {count:>8}  {}{usual}\n", at(verdict.bucket), why(&verdict.why))
}

fn why(why: &Why) -> String {
    match why {
        Why::NoBaseline { known_seconds, needed_seconds } => {
            format!("no baseline yet: {} settled of {} needed", length(*known_seconds as i64), length(*needed_seconds as i64))
        }
        Why::TooLate => "too late: could no longer be restated".to_owned(),
        Why::Unknown => "nothing was told".to_owned(),
        Why::Usual => "usual".to_owned(),
        Why::TooFew => "above the usual, but too few reports, or too small a multiple of the baseline".to_owned(),
        Why::Rising => "above the usual, but not long or far enough to be sure".to_owned(),
        Why::StandsOut { first_bucket } => format!("an anomaly, which began {}", at(*first_bucket)),
        Why::AlreadyTold { first_bucket } => format!("in the anomaly of {}", at(*first_bucket)),
    }
}

/// A bucket's start in UTC; with its second where it has one.
pub fn at(at_s: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(at_s) else { return at_s.to_string() };
    format!("{:04}-{:02}-{:02} {}", at.year(), u8::from(at.month()), at.day(), clock(at_s))
}

fn clock(at_s: i64) -> String {
    let of_day = at_s.rem_euclid(86_400);
    let minute = format!("{:02}:{:02}", of_day / 3_600, of_day / 60 % 60);
    if of_day % 60 == 0 { minute } else { format!("{minute}:{:02}", of_day % 60) }
}

/// A length of time.
pub fn length(seconds: i64) -> String {
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let told: Vec<String> = units.into_iter().filter(|(many, _)| *many > 0).map(|(many, unit)| format!("{many} {unit}")).collect();
    if told.is_empty() { "0 s".to_owned() } else { told.join(" ") }
}

/// A number of reports that need not be whole: a digit behind the point where that matters.
fn few(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}
