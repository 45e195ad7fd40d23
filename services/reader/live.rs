//! Live streams (SSE): one message a position, with its id; heartbeats and "caught up" carry none, so that a reader who comes
//! back with `Last-Event-ID` misses nothing and gets nothing twice. Who comes back with a position of another ledger is told so.

mod pages;

use std::convert::Infallible;
use std::sync::Arc;
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
use crate::shared::http::{Problem, parameters};
use pages::Page;

pub use pages::Pages;

/// A stream that catches up lets others run after so many messages: a hundred that did not kept everybody waiting for seconds.
const MESSAGES_AT_ONCE: usize = 16;

/// A silent stream says so often that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Changes that cannot be read just now are asked for so often again, with such a pause before: 3 s in all.
const TRIES: u32 = 12;
const PAUSE: Duration = Duration::from_millis(250);

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
    let own = reader.timelines.views.find_incident(&id).await?.value.unwrap_or(found.asked.number);
    start(reader, &headers, parameters.after, Some(own)).await
}

async fn start(reader: Reader, headers: &HeaderMap, after: Option<Position>, incident: Option<IncidentNumber>) -> Result<Response, Problem> {
    let cursor = reader.timelines.views.reached().await?.position;
    let last_seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let after = match last_seen {
        Some(text) => text.parse().map_err(|_| Problem::invalid_parameter(format!("Last-Event-ID: \"{text}\" is no position")))?,
        None => after.unwrap_or(cursor),
    };
    let standing = Standing { position: cursor, head: reader.timelines.head().max(cursor) };
    // Behind the cursor other readers may have read on; behind the ledger's end nobody has.
    let is_of_another = after > standing.head;
    let reset = is_of_another.then(|| reset(cursor, after));
    let after = if is_of_another { cursor } else { after };
    let live = Live { reader, incident, after, reset, page: None, told: 0, caught_up: false };
    let mut response = Sse::new(messages(live)).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here")).into_response();
    stand(response.headers_mut(), standing);
    Ok(response)
}

struct Live {
    reader: Reader,
    /// The incident asked for, by its own number: merges and splits change the group that tells it.
    incident: Option<IncidentNumber>,
    after: Position,
    /// What is said before anything else.
    reset: Option<Message>,
    /// The page that is being told, shared with all who stand at the same place, and how many of its changes were.
    page: Option<Arc<Page>>,
    told: usize,
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
            if live.told % MESSAGES_AT_ONCE == MESSAGES_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            if let Some(message) = live.next_message() {
                return Some((Ok(message), live));
            }
            match live.read_patiently().await {
                Ok(page) if page.changes.is_empty() && !live.caught_up => {
                    live.caught_up = true;
                    live.after = live.after.max(page.position);
                    let data = json!({"position": page.position}).to_string();
                    return Some((Ok(Message::default().event("caught-up").data(data)), live));
                }
                Ok(page) if page.changes.is_empty() => {
                    live.after = live.after.max(page.position);
                    live.wait().await;
                }
                Ok(page) => {
                    live.after = page.changes.last().map_or(live.after, |change| change.position);
                    (live.page, live.told) = (Some(page), 0);
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
    /// The next page of changes. What cannot be read just now is asked for again: a stream that ends costs its reader a new one.
    async fn read_patiently(&self) -> Result<Arc<Page>, ViewsError> {
        let mut tries = 0;
        loop {
            match self.read().await {
                Err(error) if tries < TRIES && !*self.reader.stop.borrow() => {
                    tracing::debug!(%error, tries, "a live stream waits for the views");
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                read => return read,
            }
        }
    }

    /// The next page of changes.
    async fn read(&self) -> Result<Arc<Page>, ViewsError> {
        self.reader.pages.read(&self.reader.timelines.views, self.incident, self.after).await
    }

    /// The next change of the page that is to be told.
    fn next_message(&mut self) -> Option<Message> {
        let page = self.page.clone()?;
        while let Some(change) = page.changes.get(self.told) {
            self.told += 1;
            if let Some(message) = message(&page, change) {
                return Some(message);
            }
        }
        self.page = None;
        None
    }

    /// Waits for the views to move on, or for this process to stop. Who else writes them is looked for behind this watch.
    async fn wait(&mut self) {
        let mut reached = self.reader.timelines.views.watch_reached();
        let mut stop = self.reader.stop.clone();
        tokio::select! {
            _ = reached.wait_for(|reached| reached.position > self.after) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

fn message(page: &Page, change: &Change) -> Option<Message> {
    if page.wanted.as_ref().is_some_and(|wanted| !wanted.contains(&change.position)) {
        return None;
    }
    let incidents: Vec<&str> = change.incidents.iter().map(|(_, id)| id.as_str()).filter(|id| !id.starts_with("registry:")).collect();
    if incidents.is_empty() {
        return None;
    }
    let data = json!({"position": change.position, "incidents": incidents}).to_string();
    Some(Message::default().event("change").id(change.position.to_string()).data(data))
}
