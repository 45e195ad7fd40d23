//! A replay from a server over HTTP. Where the transfer breaks off it goes on behind the last whole line, so that no line is doubled
//! and none is lost.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, bail};
use axum::http::StatusCode;
use dateline_events::{Instant, Position};
use http_body_util::{BodyExt, Collected};
use serde::Deserialize;

use super::{Until, is_beyond};
use crate::commands::Progress;
use crate::shared::api_client::{ApiClient, problem_text};
use crate::shared::https::next_piece;

/// A transfer that brings no further line is begun again so often, after a pause that doubles, in milliseconds. It takes 50 s.
const RESUMED_IN_VAIN_MAX: u32 = 10;
const PAUSE_MS_MIN: u64 = 100;
const PAUSE_MS_MAX: u64 = 10_000;

/// A server that sends nothing for so long has broken off, in seconds.
const SILENCE_S_MAX: u64 = 30;

/// A line is at most so long, in bytes: an event has 64 KiB.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// The names of what a line may be: a record, or the end of a replay.
#[derive(Deserialize)]
struct Line<'a> {
    position: Option<Position>,
    recorded: Option<&'a str>,
    /// How the replay ended.
    dateline: Option<&'a str>,
}

/// How one transfer ended.
enum Ended {
    Whole,
    BrokenOff(String),
}

/// Writes the lines up to then, and goes on for as long as the server brings further ones.
pub async fn replay(api: &ApiClient, until: Option<Until>, out: &mut impl Write) -> anyhow::Result<()> {
    let mut reading = Reading { api, until, out, after: 0, was_answered: false, progress: Progress::new("replaying", 0) };
    let mut in_vain = 0;
    loop {
        let before = reading.after;
        let why = match reading.transfer().await? {
            Ended::Whole => break,
            Ended::BrokenOff(why) => why,
        };
        in_vain = if reading.after > before { 1 } else { in_vain + 1 };
        if in_vain > RESUMED_IN_VAIN_MAX {
            bail!("the replay broke off after position {}, and {RESUMED_IN_VAIN_MAX} times more without a further line: {why}", reading.after);
        }
        tracing::warn!(after = reading.after, %why, "the replay broke off and goes on from there");
        tokio::time::sleep(Duration::from_millis(PAUSE_MS_MAX.min(PAUSE_MS_MIN << in_vain))).await;
    }
    reading.progress.end();
    Ok(())
}

struct Reading<'a, W> {
    api: &'a ApiClient,
    until: Option<Until>,
    out: &'a mut W,
    /// Everything up to here was written.
    after: Position,
    /// Whether the server ever answered.
    was_answered: bool,
    progress: Progress,
}

impl<W: Write> Reading<'_, W> {
    /// One transfer, from where the last one ended. An error is what another transfer would not mend.
    async fn transfer(&mut self) -> anyhow::Result<Ended> {
        let mut answer = match self.api.stream(&format!("/v1/events?after={}&trailer=1", self.after)).await {
            Ok(answer) => answer,
            Err(error) if self.was_answered => return Ok(Ended::BrokenOff(format!("{error:#}"))),
            Err(error) => return Err(error),
        };
        self.was_answered = true;
        let status = answer.status();
        if !status.is_success() {
            let why = problem_text(status, &answer.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default());
            let passes = status.is_server_error() || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
            return if passes { Ok(Ended::BrokenOff(why)) } else { Err(anyhow::Error::msg(why)) };
        }
        let head = answer.headers().get("dateline-head").and_then(|value| value.to_str().ok()?.parse::<Position>().ok());
        let head = head.context("the server does not say where its ledger ends: no Dateline-Head")?;
        if head < self.after {
            return Ok(Ended::BrokenOff(format!("the server's ledger ends at position {head}, and position {} was read from it", self.after)));
        }
        let mut held = Vec::new();
        loop {
            let chunk = match tokio::time::timeout(Duration::from_secs(SILENCE_S_MAX), next_piece(&mut answer)).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(Ended::BrokenOff("it ended without its last line".to_owned())),
                Ok(Err(error)) => return Ok(Ended::BrokenOff(format!("{error:#}"))),
                Err(_) => return Ok(Ended::BrokenOff(format!("the server sent nothing for {SILENCE_S_MAX} s"))),
            };
            held.extend_from_slice(&chunk);
            let Some(whole) = held.iter().rposition(|byte| *byte == b'\n') else {
                if held.len() > LINE_BYTES_MAX {
                    bail!("the server sent a line of more than {LINE_BYTES_MAX} bytes");
                }
                continue;
            };
            for line in held[..=whole].split_inclusive(|byte| *byte == b'\n') {
                if let Some(ended) = self.line(line)? {
                    self.out.flush().or_else(nobody_reads)?;
                    return Ok(ended);
                }
            }
            self.out.flush().or_else(nobody_reads)?;
            held.drain(..=whole);
            self.progress.at(self.after, head);
        }
    }

    /// Takes one whole line; Some: the transfer is over.
    fn line(&mut self, line: &[u8]) -> anyhow::Result<Option<Ended>> {
        let told: Line<'_> = serde_json::from_slice(line).context("the server's answer is not NDJSON")?;
        match told.dateline {
            Some("end") => return Ok(Some(Ended::Whole)),
            Some("broken_off") => return Ok(Some(Ended::BrokenOff("the server says that it broke off".to_owned()))),
            Some(other) => bail!("the replay ends with \"{other}\", which is not known here"),
            None => {}
        }
        let position = told.position.context("a line without a position")?;
        if position != self.after + 1 {
            bail!("the server sent position {position} after position {}", self.after);
        }
        let recorded = told.recorded.and_then(Instant::parse).context("a line without a recorded time")?;
        if is_beyond(self.until, position, recorded) {
            return Ok(Some(Ended::Whole));
        }
        match self.out.write_all(line) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Some(Ended::Whole)),
            written => written?,
        }
        self.after = position;
        // Whoever asks up to a position need not wait for what comes after it.
        Ok(matches!(self.until, Some(Until::Position(last)) if last == position).then_some(Ended::Whole))
    }
}

fn nobody_reads(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
