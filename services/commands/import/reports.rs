//! `dateline import reports`: a series of users' reports as totals of a history, through the intake's own door. The same file again
//! is the same flushes, by their content.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::http::StatusCode;
use dateline_events::reports::{REPORT_TOTAL_MAX, REPORT_WINDOW_MINUTES_MAX};
use dateline_events::{Instant, is_slug};
use serde_json::{Value, json};

use super::super::table::{Asked, Table};
use super::super::{Answer, Progress, say};
use crate::shared::api_client::{Answered, ApiClient};
use crate::shared::config::{Format, ImportFlags, Settings};
use crate::shared::stores::Use;

/// So many bins go in one request, which becomes one flush: whatever the names, they fit.
const REQUEST_BINS: usize = 500;

/// A part that cannot be taken just now is sent so often, with a pause between, in milliseconds.
const TRIES: u32 = 10;
const AGAIN_MS: u64 = 2_000;

/// What an import did.
#[derive(Debug, Default)]
struct Summary {
    files: usize,
    rows: usize,
    bins: usize,
    flushes: usize,
    known: usize,
    last_position: u64,
    refused: Vec<String>,
}

/// One file, ready to be sent.
struct Series<'a> {
    service: &'a str,
    window_minutes: u32,
    rows: usize,
    bins: Bins,
}

/// The highest number said of each bin, by the minute since 1970 that it begins with.
type Bins = BTreeMap<i64, u64>;

/// Imports; the answer is no where a file was refused.
pub async fn run(settings: &Settings, flags: &ImportFlags) -> anyhow::Result<Answer> {
    let api = if flags.dry_run { None } else { Some(ApiClient::open(settings, Use::Append).await?) };
    let mut summary = Summary::default();
    let asked = Asked::of(flags.time_column.as_ref(), flags.count_column.as_ref(), flags.zone.as_ref())?;
    for path in &flags.files {
        let table = Table::read(path, &asked)?;
        let series = match series(path, flags, table) {
            Ok(series) => series,
            Err(why) => {
                summary.refuse(&format!("{}: {why}", path.display()), flags.format)?;
                continue;
            }
        };
        summary.files += 1;
        summary.rows += series.rows;
        summary.bins += series.bins.len();
        let Some(api) = &api else { continue };
        if let Err(error) = send(api, &series, flags, &mut summary).await {
            bail!("{}: {error:#}; what was sent before stays, and a new run goes on", path.display());
        }
    }
    match flags.format {
        Format::Text => say(&summary.text(flags.dry_run))?,
        Format::Json => say(&format!("{}\n", summary.json()))?,
    }
    Ok(if summary.refused.is_empty() { Answer::Done } else { Answer::No })
}

/// A file that can be sent; else everything that is wrong with it.
fn series<'a>(path: &'a Path, flags: &'a ImportFlags, mut table: Table) -> Result<Series<'a>, String> {
    let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next()).unwrap_or_default();
    let service = flags.service.as_deref().unwrap_or(stem);
    if !is_slug(service) {
        return Err(format!("{service:?} is no slug: name the service with --service"));
    }
    let bins = bins(&mut table);
    if let Some(faults) = table.faults("nothing of it was sent") {
        return Err(faults);
    }
    let window_minutes = match flags.bin_minutes.as_str() {
        "auto" => bin_minutes(&bins).ok_or("how long a bin is cannot be seen from its rows: say it with --bin-minutes")?,
        text => {
            let minutes = text.parse().ok().filter(|minutes| (1..=REPORT_WINDOW_MINUTES_MAX).contains(minutes));
            minutes.ok_or_else(|| format!("--bin-minutes {text}: expected auto, or 1 to {REPORT_WINDOW_MINUTES_MAX}"))?
        }
    };
    Ok(Series { service, window_minutes, rows: table.rows.len(), bins })
}

/// The rows as bins; a number that no total may be is a fault of its line.
fn bins(table: &mut Table) -> Bins {
    let (mut bins, mut too_large) = (Bins::new(), Vec::new());
    for row in &table.rows {
        if row.count > REPORT_TOTAL_MAX {
            too_large.push((row.line, format!("the count {} is more than {REPORT_TOTAL_MAX}", row.count)));
        }
        let bin = bins.entry(row.at.0.div_euclid(Instant::MINUTE)).or_insert(row.count);
        *bin = row.count.max(*bin);
    }
    too_large.into_iter().for_each(|(line, why)| table.fault(line, why));
    bins
}

/// The most frequent distance between two bins, in minutes; the shorter of two as frequent. None where no two are a day apart or less.
fn bin_minutes(bins: &Bins) -> Option<u32> {
    let mut distances: BTreeMap<i64, usize> = BTreeMap::new();
    for (first, second) in bins.keys().zip(bins.keys().skip(1)) {
        *distances.entry(second - first).or_default() += 1;
    }
    let likely = distances.into_iter().filter(|(minutes, _)| *minutes <= i64::from(REPORT_WINDOW_MINUTES_MAX));
    let most = likely.max_by_key(|(minutes, times)| (*times, std::cmp::Reverse(*minutes)))?;
    u32::try_from(most.0).ok()
}

/// Sends it in parts that are the same whenever the same file is sent.
async fn send(api: &ApiClient, series: &Series<'_>, flags: &ImportFlags, summary: &mut Summary) -> anyhow::Result<()> {
    let bins: Vec<(i64, u64)> = series.bins.iter().map(|(minute, number)| (*minute, *number)).collect();
    let progress = Progress::new("importing (bins)", bins.len() as u64);
    for (part, bins) in bins.chunks(REQUEST_BINS).enumerate() {
        let lines: Vec<String> = bins.iter().map(|(minute, number)| line(series, flags, *minute, *number)).collect();
        let answered = send_part(api, lines.join("\n")).await?;
        if answered.status != StatusCode::OK {
            bail!(answered.problem());
        }
        let answer: Value = serde_json::from_slice(&answered.body)?;
        if answer["accepted"].as_u64() != Some(bins.len() as u64) {
            bail!("of {} bins {} were accepted", bins.len(), answer["accepted"]);
        }
        summary.flushes += 1;
        summary.known += usize::from(answer["fresh"].as_bool() == Some(false));
        let position = answer["position"].as_u64().context("the server's answer has no position")?;
        summary.last_position = summary.last_position.max(position);
        progress.at(((part + 1) * REQUEST_BINS).min(series.bins.len()) as u64, series.bins.len() as u64);
    }
    progress.end();
    Ok(())
}

/// A part is a flush of its own that is named after what it says: sent again it is the same. So a log that is slow is asked again.
async fn send_part(api: &ApiClient, lines: String) -> anyhow::Result<Answered> {
    let mut tries = 1;
    loop {
        let answer = api.post("/v1/reports?history=true", "application/x-ndjson", lines.clone().into_bytes()).await?;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE || tries == TRIES {
            return Ok(answer);
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(AGAIN_MS)).await;
    }
}

fn line(series: &Series<'_>, flags: &ImportFlags, minute: i64, total: u64) -> String {
    let time = Instant(minute.saturating_mul(Instant::MINUTE));
    let mut report = json!({
        "service": series.service, "symptom": flags.symptom, "channel": flags.channel, "time": time, "total": total,
        "window_minutes": series.window_minutes,
    });
    if let Some(region) = &flags.region {
        report["region"] = json!(region);
    }
    report.to_string()
}

impl Summary {
    fn refuse(&mut self, why: &str, format: Format) -> anyhow::Result<()> {
        match format {
            Format::Text => eprintln!("{why}"),
            Format::Json => say(&format!("{}\n", json!({"refused": why})))?,
        }
        self.refused.push(why.to_owned());
        Ok(())
    }

    fn text(&self, dry_run: bool) -> String {
        let Self { files, rows, bins, flushes, known, last_position, refused } = self;
        let restated = rows - bins;
        let mut text = format!("{files} files, {rows} rows, {bins} bins ({restated} rows said a bin again); ");
        let _ = match dry_run {
            true => writeln!(text, "nothing was sent (--dry-run)"),
            false => writeln!(text, "{} flushes new, {known} known already; the last position is {last_position}", flushes - known),
        };
        if !refused.is_empty() {
            let _ = writeln!(text, "{} files refused", refused.len());
        }
        text
    }

    fn json(&self) -> Value {
        let Self { files, rows, bins, flushes, known, last_position, refused } = self;
        json!({
            "files": files, "rows": rows, "bins": bins, "restated": rows - bins, "flushes": flushes, "known": known,
            "last_position": last_position, "refused": refused.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    //! The bin's length from the rows; of a bin that is said again the highest number.

    use super::super::super::table::{Row, Table};
    use super::{Bins, Instant, REPORT_TOTAL_MAX, bin_minutes, bins};

    fn of(rows: &[(i64, u64)]) -> (Bins, Table) {
        let row =
            |(number, (minute, count)): (usize, &(i64, u64))| Row { line: number as u64 + 1, at: Instant(minute * Instant::MINUTE), count: *count };
        let mut table = Table::default();
        table.rows = rows.iter().enumerate().map(row).collect();
        (bins(&mut table), table)
    }

    #[test]
    fn the_most_frequent_distance_is_the_bin_and_the_highest_number_holds() {
        let (found, _) = of(&[(40, 299), (20, 5), (20, 9), (20, 7), (60, 1), (160, 1)]);
        assert_eq!((bin_minutes(&found), found[&20], found.len()), (Some(20), 9, 4));
        assert_eq!(bin_minutes(&of(&[]).0), None);
        assert_eq!(of(&[(0, REPORT_TOTAL_MAX)]).1.faults("refused"), None);
        let refused = of(&[(0, REPORT_TOTAL_MAX + 1)]).1.faults("refused");
        assert!(refused.is_some_and(|told| told.contains("line 1: the count")));
    }
}
