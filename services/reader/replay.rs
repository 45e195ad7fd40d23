//! A replay over HTTP: the ledger after a position, as NDJSON of the exact bytes. It ends cleanly only where it ends; one that breaks
//! off aborts the transfer, so that nobody takes a part for the whole.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dateline_backends::{Follower, Ledger, LedgerError, Record};
use dateline_events::{Instant, Position};
use futures_util::stream;
use serde_json::value::RawValue;

use super::Reader;
use super::answer::{Standing, stand};
use crate::shared::http::Problem;

/// A page that cannot be read just now is asked for so often, with such a pause before, in milliseconds.
const TRIES: u32 = 12;
const PAUSE_MS: u64 = 250;

/// What a replay is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Only what comes after this position.
    pub after: Position,
    /// So many records at most; None: up to the head as it is now.
    pub limit: Option<usize>,
    /// Whether a last line says how it ended.
    pub trailer: bool,
}

/// Why a replay cannot go on.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the ledger reached position {last} when the replay began, and gives nothing after {at} now")]
    Short { at: Position, last: Position },
    #[error("the record cannot be written as a line: {0}")]
    Line(#[from] serde_json::Error),
}

/// Streams the ledger after a position as NDJSON, page by page, up to the head as it was when asked. What fails before the first page
/// is a problem; what fails later aborts the transfer.
pub async fn replay(reader: &Reader, asked: Asked) -> Result<Response, Problem> {
    let head = reader.timelines.ledger.head().await?.position;
    let last = asked.limit.map_or(head, |limit| head.min(asked.after.saturating_add(limit as u64)));
    let ledger = reader.timelines.ledger.clone();
    let follower = ledger.follow(asked.after);
    let mut replay = Replay { ledger, follower, at: asked.after, last, trailer: asked.trailer, stage: Stage::Goes };
    let first = replay.page().await.map_err(problem)?;
    let lines = stream::unfold((first, replay), |(ready, replay)| async move {
        match ready {
            Some(page) => Some((Ok(page), (None, replay))),
            None => replay.next().await.map(|(chunk, replay)| (chunk, (None, replay))),
        }
    });
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    stand(response.headers_mut(), Standing { position: last, head });
    Ok(response)
}

fn problem(broken_off: BrokenOff) -> Problem {
    match broken_off {
        BrokenOff::Ledger(error) => error.into(),
        other => {
            tracing::error!(%other, "a replay cannot begin");
            Problem::internal(other.to_string())
        }
    }
}

#[derive(Debug)]
enum Stage {
    Goes,
    /// The last line was sent; the transfer is aborted next.
    BreaksOff(BrokenOff),
    Over,
}

/// A replay under way.
struct Replay {
    ledger: Ledger,
    follower: Follower,
    /// Everything up to here was handed out.
    at: Position,
    last: Position,
    trailer: bool,
    stage: Stage,
}

impl Replay {
    /// What comes next on the wire. An error aborts the transfer.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        let chunk = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Goes => match self.page().await {
                Ok(Some(page)) => {
                    self.stage = Stage::Goes;
                    Ok(page)
                }
                Ok(None) if self.trailer => Ok(self.last_line("end")),
                Ok(None) => return None,
                Err(error) => {
                    tracing::error!(after = self.at, last = self.last, %error, "a replay broke off");
                    if self.trailer {
                        self.stage = Stage::BreaksOff(error);
                        Ok(self.last_line("broken_off"))
                    } else {
                        abort(error).await
                    }
                }
            },
            Stage::BreaksOff(error) => abort(error).await,
            Stage::Over => return None,
        };
        Some((chunk, self))
    }

    fn last_line(&self, how: &str) -> Bytes {
        Bytes::from(format!("{{\"dateline\":\"{how}\",\"after\":{}}}\n", self.at))
    }

    /// The lines of the next page; None: everything up to the last position was handed out.
    async fn page(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        if self.at >= self.last {
            return Ok(None);
        }
        let mut tries = 1;
        let page = loop {
            // A server that finds its place again must not break off a replay of hours.
            match self.follower.try_next().await {
                Ok(Some(page)) => break page,
                Ok(None) | Err(LedgerError::Unreachable { .. } | LedgerError::Engine(_)) if tries < TRIES => {}
                Ok(None) => return Err(BrokenOff::Short { at: self.at, last: self.last }),
                Err(error) => return Err(error.into()),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
            self.follower = self.ledger.follow(self.at);
        };
        let mut lines = Vec::new();
        for record in page.records.iter().take_while(|record| record.position <= self.last) {
            lines.extend_from_slice(&line(record)?);
            self.at = record.position;
        }
        Ok(Some(Bytes::from(lines)))
    }
}

async fn abort(error: BrokenOff) -> io::Result<Bytes> {
    // Once not ready, so that the server sends what it has before it hears of the error.
    tokio::task::yield_now().await;
    Err(io::Error::other(error))
}

/// One record as a line: the exact bytes of the event as `event`; base64 as `event_base64` where they hold a line break, have white
/// space around them, or are no JSON.
pub fn line(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
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
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use dateline_backends::{LedgerOptions, LedgerRole, NewEvent};

    use super::*;

    #[tokio::test]
    async fn a_ledger_that_gives_less_than_it_had_reached_breaks_the_replay_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
        let ledger = Ledger::open(&url, LedgerOptions { role: LedgerRole::Writer, known_at_least: 0, number: 1 }).await.expect("a ledger");
        let event = NewEvent { source: "/tests".to_owned(), id: "1".to_owned(), bytes: b"{}".to_vec() };
        ledger.append(vec![event]).await.expect("a receipt");
        let (follower, stage) = (ledger.follow(0), Stage::Goes);
        let mut replay = Replay { ledger, follower, at: 0, last: 2, trailer: true, stage };
        let mut said = Vec::new();
        while let Some((chunk, next)) = replay.next().await {
            said.push(chunk.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|_| "aborted"));
            replay = next;
        }
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].as_ref().is_ok_and(|line| line.starts_with("{\"position\":1,")), "{said:?}");
        assert_eq!(said[1..], [Ok("{\"dateline\":\"broken_off\",\"after\":1}\n".to_owned()), Err("aborted")]);
    }
}
