//! What a trial found, for programs.

use std::io::{ErrorKind, Write};
use std::path::Path;

use dateline_events::Instant;
use dateline_series::{Finding, Verdict};
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::json;

use super::picture::Window;
use super::trial::{Anomaly, Trial};
use crate::shared::config::DetectFlags;

/// The members of a finding and of a verdict that name a bucket by its start.
const BUCKETS: [&str; 4] = ["bucket", "first_bucket", "seen_at_bucket", "told_bucket"];

/// The answer for programs. Times are RFC 3339, in UTC; a bucket is named by its start.
#[derive(Debug, Serialize)]
struct Report<'a> {
    rows: usize,
    restated_rows: usize,
    put_in_order: bool,
    bucket_seconds: u32,
    buckets: usize,
    unknown_buckets: u64,
    first_bucket: Instant,
    last_bucket: Instant,
    baseline_from: Option<Instant>,
    anomalies: usize,
    findings: Vec<Timed<'a, Finding>>,
    silent: Vec<Timed<'a, Verdict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdicts: Option<Vec<Timed<'a, Verdict>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plot: Option<Drawn<'a>>,
}

#[derive(Debug, Serialize)]
struct Drawn<'a> {
    file: &'a Path,
    from: Instant,
    to: Instant,
}

/// What a watch said, with times for its Unix seconds.
#[derive(Debug)]
struct Timed<'a, T>(&'a T);

impl<T: Serialize> Serialize for Timed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut said = serde_json::to_value(self.0).map_err(S::Error::custom)?;
        for name in BUCKETS {
            if let Some(bucket) = said.get_mut(name)
                && let Some(at_s) = bucket.as_i64()
            {
                *bucket = json!(at(at_s));
            }
        }
        said.serialize(serializer)
    }
}

fn at(at_s: i64) -> Instant {
    Instant(at_s.saturating_mul(Instant::SECOND))
}

/// Writes the answer to stdout.
pub fn write(flags: &DetectFlags, trial: &Trial, anomalies: &[Anomaly], drawn: Option<Window>) -> anyhow::Result<()> {
    let told = Report {
        rows: trial.rows,
        restated_rows: trial.restated_rows,
        put_in_order: trial.put_in_order,
        bucket_seconds: trial.bucket_seconds,
        buckets: trial.verdicts.len(),
        unknown_buckets: trial.unknown_buckets(),
        first_bucket: at(trial.first_bucket()),
        last_bucket: at(trial.last_bucket()),
        baseline_from: trial.baseline_from().map(at),
        anomalies: anomalies.len(),
        findings: trial.findings.iter().map(Timed).collect(),
        silent: trial.silent(anomalies).into_iter().map(Timed).collect(),
        verdicts: flags.verdicts.then(|| trial.verdicts.iter().map(Timed).collect()),
        plot: drawn.zip(flags.plot.as_deref()).map(|((from, to), file)| Drawn { file, from: at(from), to: at(to) }),
    };
    // Millions of verdicts are written as they go, not held a second time.
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer(&mut out, &told).map_err(std::io::Error::from).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
