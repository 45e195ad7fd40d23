//! `dateline detect`: tries a series of counts from a file, as the detector would have heard it, and says what it would have said, when,
//! and why it would have been silent. It touches no ledger.

mod picture;
mod rows;
mod told;
mod trial;

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, bail};
use dateline_series::{Finding, Settings, Verdict};
use serde::Serialize;

use super::{Answer, Progress, say};
use crate::shared::config::{BucketFlag, DetectFlags, Format};
use picture::Window;
use trial::{Anomaly, Trial};

/// Progress is told every so many rows.
const PROGRESS_ROWS: usize = 1_000;

/// Tries the series; the answer is no where it has no anomaly.
pub fn run(flags: &DetectFlags) -> anyhow::Result<Answer> {
    let rows = rows::read(&flags.file)?;
    let file = flags.file.display();
    if rows.is_empty() {
        bail!("{file}: there is no row; expected lines such as 2020-07-14T19:40:00Z,41");
    }
    let bucket_seconds = match flags.bucket {
        BucketFlag::Auto => trial::bucket_seconds(&rows).with_context(|| file.to_string())?,
        BucketFlag::Minutes(minutes) => minutes * 60,
    };
    let progress = Progress::new("trying (rows)", rows.len() as u64);
    let told = |done: usize| {
        if done.is_multiple_of(PROGRESS_ROWS) {
            progress.at(done as u64, rows.len() as u64);
        }
    };
    let trial = trial::tried(&rows, bucket_seconds, &Settings::default(), told).with_context(|| file.to_string())?;
    progress.end();
    let anomalies = trial.anomalies();
    let drawn = flags.plot.as_deref().map(|out| draw(flags, out, &trial, &anomalies)).transpose()?;
    match flags.format {
        Format::Text => in_words(flags, &trial, &anomalies, drawn)?,
        Format::Json => in_json(flags, &trial, &anomalies, drawn)?,
    }
    Ok(if anomalies.is_empty() { Answer::No } else { Answer::Done })
}

/// Writes the plot; answers which part of the series it shows.
fn draw(flags: &DetectFlags, out: &Path, trial: &Trial, anomalies: &[Anomaly]) -> anyhow::Result<Window> {
    let read = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| rows::seconds(text).map_err(|why| anyhow::anyhow!("{name}: {why}"))).transpose()
    };
    let usual = picture::window(trial, anomalies);
    let window = (read("--from", &flags.from)?.unwrap_or(usual.0), read("--to", &flags.to)?.unwrap_or(usual.1));
    let plot = picture::plot(trial, anomalies, window);
    if plot.buckets.is_empty() {
        let (first, last) = (told::at(trial.first_bucket()), told::at(trial.last_bucket()));
        bail!("no bucket lies from {} to {}; the series has those from {first} to {last}", told::at(window.0), told::at(window.1));
    }
    let name = flags.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.trim_end_matches(".gz").trim_end_matches(".csv");
    let words = picture::words(trial, anomalies, if name == "-" { "Standard input" } else { name }, window);
    std::fs::write(out, plot.svg(&words)).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(window)
}

fn in_words(flags: &DetectFlags, trial: &Trial, anomalies: &[Anomaly], drawn: Option<Window>) -> anyhow::Result<()> {
    say(&told::text(trial, anomalies, &trial.silent(anomalies)))?;
    if flags.verdicts {
        say("\nEvery bucket\n")?;
        say(&trial.verdicts.iter().map(told::line).collect::<String>())?;
    }
    if let (Some((from, to)), Some(out)) = (drawn, &flags.plot) {
        say(&format!("\n{}: {} to {} UTC; --from and --to choose another part\n", out.display(), told::at(from), told::at(to)))?;
    }
    Ok(())
}

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

fn in_json(flags: &DetectFlags, trial: &Trial, anomalies: &[Anomaly], drawn: Option<Window>) -> anyhow::Result<()> {
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
