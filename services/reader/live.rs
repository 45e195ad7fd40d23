//! Live streams (SSE): one message a position, with its id; heartbeats and "caught up" carry none, so that a reader who comes
//! back with `Last-Event-ID` misses nothing and gets nothing twice. Who comes back with a position of another ledger is told so.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use dateline_backends::{Change, ViewsError};
use dateline_events::Position;
use dateline_timelines::rows::IncidentNumber;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;

use super::answer::{Standing, stand};
use super::{Reader, timeline};
use crate::http::{Problem, parameters};

/// A silent stream says so often that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// So many changes are read at once.
const PAGE: usize = 500;

/// A stream that waits looks for changes made by another process so often.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// The position after which to begin; by default now.
    after: Option<Position>,
}

pub async fn everything(State(reader): State<Reader>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    start(reader, &headers, parameters.after, None).await
}

pub async fn of_incident(State(reader): State<Reader>, Path(id): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    let found = timeline::look(&reader, &id, &timeline::Parameters::default(), &headers).await?;
    // By its own number, not that of the group that tells it now: a split may part them again.
    let own = reader.desk.views.find_incident(&id).await?.value.unwrap_or(found.asked.number);
    start(reader, &headers, parameters.after, Some(own)).await
}

async fn start(reader: Reader, headers: &HeaderMap, after: Option<Position>, incident: Option<IncidentNumber>) -> Result<Response, Problem> {
    let cursor = reader.desk.views.cursor(reader.desk.views.serving().await?).await?;
    let last_seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let after = match last_seen {
        Some(text) => text.parse().map_err(|_| Problem::invalid_parameter(format!("Last-Event-ID: \"{text}\" is no position")))?,
        None => after.unwrap_or(cursor),
    };
    let standing = Standing { position: cursor, head: reader.desk.head().max(cursor) };
    // Behind the cursor other readers may have read on; behind the ledger's end nobody has.
    let is_of_another = after > standing.head;
    let reset = is_of_another.then(|| reset(cursor, after));
    let after = if is_of_another { cursor } else { after };
    let live = Live { reader, incident, wanted: None, after, reset, pending: Vec::new().into_iter(), caught_up: false };
    let mut response = Sse::new(messages(live)).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here")).into_response();
    stand(response.headers_mut(), standing);
    Ok(response)
}

struct Live {
    reader: Reader,
    /// The incident asked for, by its own number: merges and splits change the group that tells it.
    incident: Option<IncidentNumber>,
    /// The positions of the page that changed it; None: all are wanted.
    wanted: Option<BTreeSet<Position>>,
    after: Position,
    /// What is said before anything else.
    reset: Option<Message>,
    pending: std::vec::IntoIter<Change>,
    caught_up: bool,
}

fn messages(live: Live) -> impl Stream<Item = Result<Message, Infallible>> {
    stream::unfold(live, |mut live| async move {
        loop {
            if *live.reader.stop.borrow() {
                return None;
            }
            if let Some(reset) = live.reset.take() {
                return Some((Ok(reset), live));
            }
            if let Some(change) = live.pending.next() {
                if let Some(message) = live.message(&change) {
                    return Some((Ok(message), live));
                }
                continue;
            }
            match live.reader.desk.views.changes(live.after, PAGE).await {
                Ok(found) if found.value.is_empty() && !live.caught_up => {
                    live.caught_up = true;
                    live.after = live.after.max(found.position);
                    let data = json!({"position": found.position}).to_string();
                    return Some((Ok(Message::default().event("caught-up").data(data)), live));
                }
                Ok(found) if found.value.is_empty() => {
                    live.after = live.after.max(found.position);
                    live.wait().await;
                }
                Ok(found) => {
                    let before = live.after;
                    live.after = found.value.last().map_or(live.after, |change| change.position);
                    live.pending = found.value.into_iter();
                    if let Err(error) = live.look_for_changes(before).await {
                        return broken(&error);
                    }
                }
                Err(error) => return broken(&error),
            }
        }
    })
}

/// The reader's position is none of this ledger: it loads everything again, and comes back from here on.
fn reset(cursor: Position, after: Position) -> Message {
    let data = json!({"position": cursor, "after": after}).to_string();
    Message::default().event("reset").id(cursor.to_string()).data(data)
}

fn broken<T>(error: &ViewsError) -> Option<T> {
    tracing::warn!(%error, "a live stream ends because the views cannot answer; the reader will come back");
    None
}

impl Live {
    fn message(&self, change: &Change) -> Option<Message> {
        if self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(&change.position)) {
            return None;
        }
        let incidents: Vec<&str> = change.incidents.iter().map(|(_, id)| id.as_str()).filter(|id| !id.starts_with("registry:")).collect();
        if incidents.is_empty() {
            return None;
        }
        let data = json!({"position": change.position, "incidents": incidents}).to_string();
        Some(Message::default().event("change").id(change.position.to_string()).data(data))
    }

    /// The positions of a page that changed the incident, whichever group told it then: the versions of its summary, from the
    /// last one backwards. A merge or a split within the page is followed too.
    async fn look_for_changes(&mut self, after: Position) -> Result<(), ViewsError> {
        let Some(incident) = self.incident else { return Ok(()) };
        let (mut positions, mut until) = (BTreeSet::new(), self.after);
        while until > after {
            let found = self.reader.desk.views.versions_of(incident, until).await?.value;
            let Some(summary) = found.filter(|summary| summary.since > after) else { break };
            positions.insert(summary.since);
            until = summary.since - 1;
        }
        self.wanted = Some(positions);
        Ok(())
    }

    /// Waits for the views to move on, or for the house to stop.
    async fn wait(&mut self) {
        let mut cursor = self.reader.desk.views.watch_cursor();
        if *cursor.borrow_and_update() > self.after {
            return;
        }
        let mut stop = self.reader.stop.clone();
        tokio::select! {
            _ = cursor.changed() => {}
            _ = stop.wait_for(|stop| *stop) => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}
