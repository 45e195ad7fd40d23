//! What a trial found, for programs.

use std::io::{ErrorKind, Write};
use std::path::Path;

use dateline_series::{Finding, Verdict};
use serde::Serialize;

use super::picture::Window;
use super::trial::{Anomaly, Trial};
use crate::shared::config::DetectFlags;

/// The answer for programs. Buckets are Unix seconds.
#[derive(Debug, Serialize)]
struct Report<'a> {
    rows: usize,
    restated_rows: usize,
    late_rows: usize,
    bucket_seconds: u32,
    buckets: usize,
    unknown_buckets: u64,
    first_bucket: i64,
    last_bucket: i64,
    baseline_from: Option<i64>,
    anomalies: usize,
    findings: &'a [Finding],
    silent: Vec<&'a Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdicts: Option<&'a [Verdict]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plot: Option<Drawn<'a>>,
}

#[derive(Debug, Serialize)]
struct Drawn<'a> {
    file: &'a Path,
    from: i64,
    to: i64,
}

/// Writes the answer to stdout.
pub fn write(flags: &DetectFlags, trial: &Trial, anomalies: &[Anomaly], drawn: Option<Window>) -> anyhow::Result<()> {
    let told = Report {
        rows: trial.rows,
        restated_rows: trial.restated_rows,
        late_rows: trial.late_rows,
        bucket_seconds: trial.bucket_seconds,
        buckets: trial.verdicts.len(),
        unknown_buckets: trial.unknown_buckets(),
        first_bucket: trial.first_bucket(),
        last_bucket: trial.last_bucket(),
        baseline_from: trial.baseline_from(),
        anomalies: anomalies.len(),
        findings: &trial.findings,
        silent: trial.silent(anomalies),
        verdicts: flags.verdicts.then_some(&trial.verdicts),
        plot: drawn.zip(flags.plot.as_deref()).map(|((from, to), file)| Drawn { file, from, to }),
    };
    // Millions of verdicts are written as they go, not held a second time.
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer(&mut out, &told).map_err(std::io::Error::from).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
