//! `dateline import reports`: a series of users' reports as totals of a history, through the intake's own door. The same file again
//! is the same flushes, by their content.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::http::StatusCode;
use dateline_events::reports::REPORT_WINDOW_MINUTES_MAX;
use dateline_events::{Instant, is_slug};
use serde_json::{Value, json};

use super::super::{Answer, Progress, say};
use super::table::Table;
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
    table: Table,
}

/// Imports; the answer is no where a file was refused.
pub async fn run(settings: &Settings, flags: &ImportFlags) -> anyhow::Result<Answer> {
    let api = if flags.dry_run { None } else { Some(ApiClient::open(settings, Use::Append).await?) };
    let mut summary = Summary::default();
    for path in &flags.files {
        let table = Table::read(path)?;
        let series = match series(path, flags, table) {
            Ok(series) => series,
            Err(why) => {
                summary.refuse(&format!("{}: {why}", path.display()), flags.format)?;
                continue;
            }
        };
        summary.files += 1;
        summary.rows += series.table.rows;
        summary.bins += series.table.bins.len();
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
fn series<'a>(path: &'a Path, flags: &'a ImportFlags, table: Table) -> Result<Series<'a>, String> {
    let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next()).unwrap_or_default();
    let service = flags.service.as_deref().unwrap_or(stem);
    if !is_slug(service) {
        return Err(format!("{service:?} is no slug: name the service with --service"));
    }
    if !table.faults.is_empty() {
        let mut told = String::from("nothing of it was sent");
        for (line, why) in &table.faults {
            let _ = write!(told, "\n  line {line}: {why}");
        }
        if table.further > 0 {
            let _ = write!(told, "\n  and {} more", table.further);
        }
        return Err(told);
    }
    let window_minutes = match flags.bin_minutes.as_str() {
        "auto" => table.bin_minutes().ok_or("how long a bin is cannot be seen from its rows: say it with --bin-minutes")?,
        text => {
            let minutes = text.parse().ok().filter(|minutes| (1..=REPORT_WINDOW_MINUTES_MAX).contains(minutes));
            minutes.ok_or_else(|| format!("--bin-minutes {text}: expected auto, or 1 to {REPORT_WINDOW_MINUTES_MAX}"))?
        }
    };
    Ok(Series { service, window_minutes, table })
}

/// Sends it in parts that are the same whenever the same file is sent.
async fn send(api: &ApiClient, series: &Series<'_>, flags: &ImportFlags, summary: &mut Summary) -> anyhow::Result<()> {
    let bins: Vec<(i64, u64)> = series.table.bins.iter().map(|(minute, number)| (*minute, *number)).collect();
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
        progress.at(((part + 1) * REQUEST_BINS).min(series.table.bins.len()) as u64, series.table.bins.len() as u64);
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
