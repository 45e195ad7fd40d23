//! A replay over HTTP: the ledger after a position, as NDJSON of the exact bytes.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dateline_backends::{LedgerError, Record};
use dateline_events::{Instant, Position};
use futures_util::stream;
use serde_json::value::RawValue;

use super::Reader;
use super::answer::{Standing, stand};
use crate::http::Problem;

/// A page of a replay that cannot be read just now is asked for so often, with such a pause before, in milliseconds.
const REPLAY_TRIES: u32 = 12;
const REPLAY_PAUSE_MS: u64 = 250;

/// Streams the ledger after a position as NDJSON, page by page, up to the head as it was when asked.
pub async fn replay(reader: &Reader, after: Position, limit: Option<usize>) -> Result<Response, Problem> {
    let head = reader.desk.ledger.head().await?.position;
    let last = limit.map_or(head, |limit| head.min(after.saturating_add(limit as u64)));
    let ledger = reader.desk.ledger.clone();
    let follower = ledger.follow(after);
    let lines = stream::try_unfold((follower, after), move |(follower, at)| {
        let ledger = ledger.clone();
        async move {
            let mut follower = follower;
            if at >= last {
                return Ok::<_, std::io::Error>(None);
            }
            let mut tries = 1;
            let page = loop {
                match follower.try_next().await {
                    // A server that finds its place again must not break off a replay of hours.
                    Err(LedgerError::Unreachable { .. } | LedgerError::Engine(_)) if tries < REPLAY_TRIES => {
                        tries += 1;
                        tokio::time::sleep(Duration::from_millis(REPLAY_PAUSE_MS)).await;
                        follower = ledger.follow(at);
                    }
                    page => break page.map_err(std::io::Error::other)?,
                }
            };
            let Some(page) = page else { return Ok(None) };
            let mut text = Vec::new();
            let mut at = at;
            for record in page.records.iter().filter(|record| record.position <= last) {
                text.extend_from_slice(&line(record));
                at = record.position;
            }
            Ok(Some((Bytes::from(text), (follower, at.max(page.records.last().map_or(at, |record| record.position))))))
        }
    });
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    *response.status_mut() = StatusCode::OK;
    stand(response.headers_mut(), Standing { position: last, head });
    Ok(response)
}

/// One record as a line: the exact bytes of the event as `event`; base64 as `event_base64` where they hold a line break, have white space around them, or are no JSON.
pub fn line(record: &Record) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Line<'a> {
        position: Position,
        recorded: String,
        key: String,
        source: &'a str,
        id: &'a str,
        salt: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        event: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        event_base64: Option<String>,
    }
    let bytes = record.bytes.as_deref();
    let one_line = bytes.filter(|bytes| !bytes.contains(&b'\n') && !bytes.contains(&b'\r'));
    // White space around the document would be lost.
    let whole = |event: &&RawValue| bytes.is_some_and(|bytes| bytes.len() == event.get().len());
    let event = one_line.and_then(|bytes| serde_json::from_slice::<&RawValue>(bytes).ok()).filter(whole);
    let recorded: Instant = record.recorded;
    let line = Line {
        position: record.position,
        recorded: recorded.with_six_digits(),
        key: record.key.to_string(),
        source: &record.source,
        id: &record.id,
        salt: record.salt.map(|salt| STANDARD.encode(salt)),
        event,
        event_base64: if event.is_none() { bytes.map(|bytes| STANDARD.encode(bytes)) } else { None },
    };
    let mut text = serde_json::to_vec(&line).unwrap_or_default();
    text.push(b'\n');
    text
}
