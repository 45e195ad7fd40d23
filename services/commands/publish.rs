//! `dateline publish`: a CloudEvent a line, in batches; every line is answered, and a line that was refused is named.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use dateline_events::{content_id, read_strict};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Progress, say};
use crate::shared::api_client::ApiClient;
use crate::shared::config::{Format, Settings};
use crate::shared::http::MAX_SENT_EVENT_BYTES;
use crate::shared::publisher::{Outcome, PublishQueue, Publisher};
use crate::shared::stores::Use;

/// A line is at most so long, in bytes.
const MAX_LINE_BYTES: u64 = MAX_SENT_EVENT_BYTES as u64;

/// In UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, Default)]
struct Count {
    lines: u64,
    fresh: u64,
    known: u64,
    refused: u64,
    /// Neither taken nor refused.
    not_taken: u64,
    last_position: u64,
    first_fresh: Option<u64>,
}

/// A line of a file.
struct Line {
    number: u64,
    event: Vec<u8>,
}

impl AsRef<[u8]> for Line {
    fn as_ref(&self) -> &[u8] {
        &self.event
    }
}

/// Publishes files; the answer is no where a line was refused.
pub async fn run(settings: &Settings, files: &[PathBuf], format: Format) -> anyhow::Result<Answer> {
    let api = Arc::new(ApiClient::open(settings, Use::Append).await?);
    let publisher = Publisher::patient(api.clone());
    let mut count = Count::default();
    for file in files {
        publish_file(&publisher, file, format, &mut count).await?;
    }
    api.settle().await?;
    let Count { lines, fresh, known, refused, not_taken, last_position, first_fresh } = count;
    match format {
        Format::Text => say(&format!("{fresh} new, {known} known already, {refused} refused; the last position is {last_position}\n"))?,
        Format::Json => {
            say(&format!("{}\n", json!({"lines": lines, "fresh": fresh, "known": known, "refused": refused, "last_position": last_position})))?;
        }
    }
    if let Some(first) = first_fresh {
        tell_unattached(&api, first, last_position, format).await?;
    }
    if not_taken > 0 {
        bail!("{not_taken} lines were not taken, and may be later; publish the file again: what is stored is known then");
    }
    Ok(if refused == 0 { Answer::Done } else { Answer::No })
}

/// So many events that no incident holds are told one by one.
const MAX_TOLD_UNATTACHED: usize = 20;

/// Who publishes waits so long for the views to say where the events were placed, in milliseconds.
const PLACED_WAIT_MS: u64 = 10_000;

/// Tells of what was published now and is in no incident: each with its reason. Where no reader answers, or not with this key, that is said.
async fn tell_unattached(api: &ApiClient, first: u64, last: u64, format: Format) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Listed {
        events: Vec<Unattached>,
    }
    #[derive(Deserialize)]
    struct Unattached {
        position: u64,
        source: String,
        id: String,
        unattached: Option<Why>,
    }
    #[derive(Deserialize)]
    struct Why {
        reason: String,
        detail: String,
    }
    let limit = MAX_TOLD_UNATTACHED + 1;
    let path = format!("/v1/events?state=unattached&after={}&limit={limit}&min_position={last}&wait_ms={PLACED_WAIT_MS}", first - 1);
    let answered = match api.answer(&path).await {
        Ok((status, body)) if status.is_success() => serde_json::from_slice::<Listed>(&body).context("the answer about unattached events")?,
        Ok((status, _)) => return not_known(&format!("this address answered {status}")),
        Err(error) => return not_known(&format!("{error:#}")),
    };
    let events: Vec<Unattached> = answered.events.into_iter().filter(|event| event.position <= last).collect();
    for event in events.iter().take(MAX_TOLD_UNATTACHED) {
        let (reason, detail) = event.unattached.as_ref().map_or(("", ""), |why| (why.reason.as_str(), why.detail.as_str()));
        match format {
            Format::Text => eprintln!("in no incident: {} of {} at position {} ({reason}): {detail}", event.id, event.source, event.position),
            Format::Json => say(&format!("{}\n", json!({"position": event.position, "source": event.source, "id": event.id, "unattached": reason})))?,
        }
    }
    if events.len() > MAX_TOLD_UNATTACHED && format == Format::Text {
        eprintln!("and more; GET /v1/events?state=unattached lists them all");
    }
    Ok(())
}

fn not_known(why: &str) -> anyhow::Result<()> {
    eprintln!("where the stored events were placed is not known: a reader says so at /v1/events/POSITION ({why})");
    Ok(())
}

async fn publish_file(publisher: &Publisher, file: &Path, format: Format, count: &mut Count) -> anyhow::Result<()> {
    let (input, bytes): (Box<dyn Read>, u64) = if file == Path::new("-") {
        (Box::new(std::io::stdin()), 0)
    } else {
        let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        let bytes = opened.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        (Box::new(opened), bytes)
    };
    let progress = Progress::new("publishing (bytes)", bytes);
    let mut queue = PublishQueue::new(publisher.clone());
    let (mut lines, mut read_bytes, mut number) = (BufReader::new(input), 0, 0_u64);
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line)?;
        if read as u64 > MAX_LINE_BYTES {
            bail!("{}, line {}: longer than {MAX_LINE_BYTES} bytes; is it NDJSON, one event a line?", file.display(), number + 1);
        }
        number += 1;
        read_bytes += read as u64;
        // A byte order mark before the first line is no part of it.
        let line = if number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line) } else { &line };
        let text = line.trim_ascii();
        let settled = if read == 0 {
            queue.flush().await?
        } else if text.is_empty() {
            continue;
        } else {
            count.lines += 1;
            queue.push(Line { number, event: with_id(text) }).await?
        };
        if !settled.is_empty() {
            progress.at(read_bytes, bytes.max(read_bytes));
            take(settled, queue.is_held(), file, format, count)?;
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

/// Counts what became of lines, and tells of those that are not stored; an error where the server takes nothing at all.
fn take(settled: Vec<(Line, Outcome)>, is_held: bool, file: &Path, format: Format, count: &mut Count) -> anyhow::Result<()> {
    let mut not_taken = None;
    for (Line { number, .. }, outcome) in settled {
        match outcome {
            Outcome::Fresh(position) | Outcome::Known(position) => {
                let is_fresh = matches!(outcome, Outcome::Fresh(_));
                if is_fresh {
                    count.first_fresh = Some(count.first_fresh.map_or(position, |first| first.min(position)));
                }
                *(if is_fresh { &mut count.fresh } else { &mut count.known }) += 1;
                count.last_position = count.last_position.max(position);
            }
            Outcome::Conflict(why) | Outcome::Refused(why) => {
                count.refused += 1;
                tell(file, number, "refused", &why, format)?;
            }
            Outcome::TryAgain(again) if is_held => {
                let (first, _, why) = not_taken.unwrap_or((number, number, again.why));
                not_taken = Some((first, number, why));
            }
            Outcome::TryAgain(again) => {
                count.not_taken += 1;
                tell(file, number, "not_taken", &again.why, format)?;
            }
        }
    }
    match not_taken {
        Some((first, last, why)) => bail!("{}, lines {first} to {last}: {why}", file.display()),
        None => Ok(()),
    }
}

fn tell(file: &Path, number: u64, what: &str, why: &str, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Text => eprintln!("{}, line {number}: {why}", file.display()),
        Format::Json => say(&format!("{}\n", json!({"file": file, "line": number, what: why})))?,
    }
    Ok(())
}
