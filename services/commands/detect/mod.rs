//! `dateline detect`: tries a series of counts from a file, as the detector would have heard it, and says what it would have said, when,
//! and why it would have been silent. It touches no ledger.

mod picture;
mod report;
mod told;
mod trial;

use std::path::Path;

use anyhow::{Context, bail};
use dateline_events::Instant;
use dateline_series::Settings;

use super::table::{self, Asked, Table};
use super::{Answer, Progress, say};
use crate::shared::config::{BucketFlag, DetectFlags, Format};
use picture::Window;
use trial::{Anomaly, Row, Trial};

/// Progress is told every so many rows.
const PROGRESS_ROWS: usize = 1_000;

/// Tries the series; the answer is no where it has no anomaly.
pub fn run(flags: &DetectFlags) -> anyhow::Result<Answer> {
    let asked = Asked::of(flags.time_column.as_ref(), flags.count_column.as_ref(), flags.tz.as_ref())?;
    let table = Table::read(&flags.file, &asked)?;
    let file = flags.file.display();
    // A series with holes that nobody chose would be judged as another one.
    if let Some(faults) = table.faults("nothing was judged") {
        bail!("{file}: {faults}");
    }
    let rows: Vec<Row> = table.rows.iter().map(|row| Row { at_s: row.at.0.div_euclid(Instant::SECOND), count: row.count }).collect();
    if rows.is_empty() {
        bail!("{file}: there is no row; expected lines such as 2020-07-14T19:40:00Z,41");
    }
    let bucket_seconds = match flags.bucket {
        BucketFlag::Auto => trial::bucket_seconds(&rows).with_context(|| file.to_string())?,
        BucketFlag::Minutes(minutes) => minutes * 60,
    };
    let all = rows.len() as u64;
    let progress = Progress::new("trying (rows)", all);
    let told = |done: usize| {
        if done.is_multiple_of(PROGRESS_ROWS) {
            progress.at(done as u64, all);
        }
    };
    let trial = trial::tried(rows, bucket_seconds, &Settings::default(), told).with_context(|| file.to_string())?;
    progress.end();
    let anomalies = trial.anomalies();
    let drawn = flags.plot.as_deref().map(|out| draw(flags, out, &trial, &anomalies)).transpose()?;
    match flags.format {
        Format::Text => in_words(flags, &trial, &anomalies, drawn)?,
        Format::Json => report::write(flags, &trial, &anomalies, drawn)?,
    }
    Ok(if anomalies.is_empty() { Answer::No } else { Answer::Done })
}

/// Writes the plot; answers which part of the series it shows.
fn draw(flags: &DetectFlags, out: &Path, trial: &Trial, anomalies: &[Anomaly]) -> anyhow::Result<Window> {
    let read = |name: &str, text: &Option<String>| {
        let read = |text| table::time(text, flags.tz.as_deref()).map(|instant| instant.0.div_euclid(Instant::SECOND));
        text.as_deref().map(|text| read(text).map_err(|why| anyhow::anyhow!("{name}: {why}"))).transpose()
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
