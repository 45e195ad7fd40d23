//! `dateline publish`: a CloudEvent a line, in batches; every line is answered, and a line that was refused is named.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use axum::http::StatusCode;
use dateline_events::{content_id, read_strict};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Progress, say};
use crate::shared::api_client::{ApiClient, problem_text, status_of};
use crate::shared::config::{Format, Settings};
use crate::shared::stores::Use;

/// So many lines go in one request.
const BATCH_LINES: usize = 500;

/// A request's body stays below this, in bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// A line is at most so long, in bytes; an event has at most 64 KiB, and a line may be written widely.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// In UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, Default)]
struct Count {
    lines: u64,
    fresh: u64,
    known: u64,
    refused: u64,
    last_position: u64,
}

/// Publishes files; the answer is no where a line was refused.
pub async fn run(settings: &Settings, files: &[PathBuf], format: Format) -> anyhow::Result<Answer> {
    let api = ApiClient::open(settings, Use::Append).await?;
    let mut count = Count::default();
    for file in files {
        publish_file(&api, file, format, &mut count).await?;
    }
    api.settle().await?;
    let Count { lines, fresh, known, refused, last_position } = count;
    match format {
        Format::Text => say(&format!("{fresh} new, {known} known already, {refused} refused; the last position is {last_position}\n"))?,
        Format::Json => {
            say(&format!("{}\n", json!({"lines": lines, "fresh": fresh, "known": known, "refused": refused, "last_position": last_position})))?;
        }
    }
    Ok(if refused == 0 { Answer::Done } else { Answer::No })
}

async fn publish_file(api: &ApiClient, file: &Path, format: Format, count: &mut Count) -> anyhow::Result<()> {
    let (input, bytes): (Box<dyn Read>, u64) = if file == Path::new("-") {
        (Box::new(std::io::stdin()), 0)
    } else {
        let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        let bytes = opened.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        (Box::new(opened), bytes)
    };
    let progress = Progress::new("publishing (bytes)", bytes);
    let mut lines = BufReader::new(input);
    let (mut batch, mut batch_bytes, mut read_bytes, mut number) = (Vec::new(), 0, 0, 0_u64);
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line)?;
        if read as u64 > MAX_LINE_BYTES {
            bail!("{}, line {}: longer than {MAX_LINE_BYTES} bytes; is it NDJSON, one event a line?", file.display(), number + 1);
        }
        if read > 0 {
            number += 1;
            read_bytes += read as u64;
            // A byte order mark before the first line is no part of it.
            let line = if number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line) } else { &line };
            let text = line.trim_ascii();
            if !text.is_empty() {
                let line = with_id(text);
                batch_bytes += line.len();
                batch.push((number, line));
            }
        }
        if !batch.is_empty() && (read == 0 || batch.len() >= BATCH_LINES || batch_bytes >= BATCH_BYTES) {
            send(api, file, std::mem::take(&mut batch), format, count).await?;
            batch_bytes = 0;
            progress.at(read_bytes, bytes.max(read_bytes));
        }
        if read == 0 {
            progress.end();
            return Ok(());
        }
    }
}

/// A line without an id gets one made of its content, so that the same file again is the same events, whatever became of the first try.
fn with_id(line: &[u8]) -> Vec<u8> {
    #[derive(serde::Deserialize)]
    struct Id {
        #[serde(default, deserialize_with = "is_there")]
        id: bool,
    }
    let lacks_id = line.starts_with(b"{") && serde_json::from_slice::<Id>(line).is_ok_and(|found| !found.id);
    // What cannot be read strictly is refused at the door, which says why.
    let Some(Value::Object(members)) = lacks_id.then(|| read_strict(line).ok()).flatten() else { return line.to_vec() };
    let separator = if members.is_empty() { "" } else { "," };
    let mut with_id = format!("{{\"id\":\"{}\"{separator}", content_id(&members)).into_bytes();
    with_id.extend_from_slice(&line[1..]);
    with_id
}

/// True for a member that is there, whatever it says.
fn is_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

async fn send(api: &ApiClient, file: &Path, batch: Vec<(u64, Vec<u8>)>, format: Format, count: &mut Count) -> anyhow::Result<()> {
    count.lines += batch.len() as u64;
    // A line that is no JSON would spoil the array it stands in: it is sent alone, for its own answer.
    let (sound, broken): (Vec<_>, Vec<_>) = batch.into_iter().partition(|(_, line)| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok());
    for (number, line) in broken {
        let (status, body) = api.post("/v1/events", "application/cloudevents+json", line).await?;
        refuse(file, number, &problem_text(status, &body), format, count)?;
    }
    let mut waiting = sound;
    while !waiting.is_empty() {
        let sent = waiting.len();
        waiting = send_batch(api, file, waiting, format, count).await?;
        if waiting.len() == sent {
            bail!("{}: the server answers none of {sent} lines", file.display());
        }
    }
    Ok(())
}

/// Answers the lines of which the server says only that they were refused, because too many were at once.
async fn send_batch(
    api: &ApiClient,
    file: &Path,
    lines: Vec<(u64, Vec<u8>)>,
    format: Format,
    count: &mut Count,
) -> anyhow::Result<Vec<(u64, Vec<u8>)>> {
    let body = [b"[".to_vec(), lines.iter().map(|(_, line)| line.as_slice()).collect::<Vec<_>>().join(&b","[..]), b"]".to_vec()].concat();
    let (status, answer) = api.post("/v1/events", "application/cloudevents-batch+json", body).await?;
    if status != StatusCode::CREATED && status != StatusCode::MULTI_STATUS {
        bail!("{}, lines {} to {}: {}", file.display(), lines[0].0, lines[lines.len() - 1].0, problem_text(status, &answer));
    }
    let answer: Value = serde_json::from_slice(&answer)?;
    let items = answer["items"].as_array().filter(|items| items.len() == lines.len()).context("the server did not answer every line")?;
    let mut left_out = Vec::new();
    for ((number, line), item) in lines.into_iter().zip(items) {
        match (item.get("receipt"), item.get("problem")) {
            (Some(receipt), _) => {
                let fresh = receipt["fresh"].as_bool().context("a receipt does not say whether it is fresh")?;
                *(if fresh { &mut count.fresh } else { &mut count.known }) += 1;
                count.last_position = count.last_position.max(receipt["position"].as_u64().context("a receipt has no position")?);
            }
            (None, Some(problem)) => {
                let status = status_of(item)?;
                if status.is_server_error() {
                    bail!("{}, line {number}: {}; send the file again", file.display(), problem_text(status, problem.to_string().as_bytes()));
                }
                refuse(file, number, &problem_text(status, problem.to_string().as_bytes()), format, count)?;
            }
            (None, None) => left_out.push((number, line)),
        }
    }
    Ok(left_out)
}

fn refuse(file: &Path, number: u64, why: &str, format: Format, count: &mut Count) -> anyhow::Result<()> {
    count.refused += 1;
    match format {
        Format::Text => eprintln!("{}, line {number}: {why}", file.display()),
        Format::Json => say(&format!("{}\n", json!({"file": file, "line": number, "refused": why})))?,
    }
    Ok(())
}
