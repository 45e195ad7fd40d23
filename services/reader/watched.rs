//! `GET /v1/watch/pages/{page}`: a vendor's status page as it stood at any moment, from what a watcher read of it.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use dateline_backends::now;
use dateline_events::{Instant, Position};
use dateline_status_pages::Nature;
use dateline_status_pages::watched::{PageItem, PagePost, Presence, Watched};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Reader;
use super::answer::{Standing, answer};
use super::axes::ReadAxes;
use super::histories::{PageHistory, PageIncident, Place};
use super::incidents::next_address;
use crate::shared::http::{Problem, parameters};

/// So many incidents stand on one answer by default, and at most.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    known_at: Option<String>,
    as_of: Option<String>,
    presence: Option<String>,
    nature: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
    min_position: Option<u64>,
    wait_ms: Option<u64>,
}

/// Where the next page begins, and of which prefix of the ledger it is. Opaque to readers.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Token {
    opened: Option<i64>,
    number: Position,
    place: usize,
    as_of: Position,
}

/// What is asked of a page.
#[derive(Debug, Clone, Copy)]
struct Question {
    known_at: Option<Instant>,
    as_of: Option<Position>,
    now: Instant,
    everything: bool,
    nature: Option<Nature>,
    below: Option<Place>,
    limit: usize,
}

pub async fn page(State(reader): State<Reader>, Path(page): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    let views = &reader.timelines.views;
    parameters::wait_for(views, parameters.min_position, parameters.wait_ms).await?;
    let token: Option<Token> = parameters.cursor.as_deref().map(read_token).transpose()?;
    let mut axes = ReadAxes::read(views, None, parameters.known_at.as_deref(), parameters.as_of.as_deref()).await?;
    let limit = limit(parameters.limit)?;
    let everything = match parameters.presence.as_deref() {
        None | Some("") => false,
        Some("all") => true,
        Some(other) => return Err(Problem::invalid_parameter(format!("presence: \"{other}\"; expected all, or leave it out"))),
    };
    let nature = match parameters.nature.as_deref() {
        None | Some("") => None,
        Some("outage") => Some(Nature::Outage),
        Some("maintenance") => Some(Nature::Maintenance),
        Some(other) => return Err(Problem::invalid_parameter(format!("nature: \"{other}\"; expected outage or maintenance, or leave it out"))),
    };
    let history = reader.histories.of(views, &page).await?;
    if history.is_empty() {
        return Err(Problem::not_found(format!(
            "no watcher has read a page of \"{page}\"; a page is named by its service's slug, /v1/services lists them, and a watcher or an import brings one in"
        )));
    }
    // The pages after the first are of the same prefix, whatever comes meanwhile.
    axes.as_of = token.as_ref().map(|token| token.as_of).or(axes.as_of);
    let below = token.map(|token| (token.opened.map(Instant), token.number, token.place));
    let question = Question { known_at: axes.known_at, as_of: axes.as_of, now: now(), everything, nature, below, limit };
    let position = history.position;
    let work = move || incidents(&history, question);
    let found = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(format!("the page could not be put together: {error}")))?;
    let (incidents, next) = found;
    let body = json!({"page": page, "known_at": axes.known_at, "as_of": axes.as_of, "position": position, "incidents": incidents});
    let standing = Standing { position, head: reader.timelines.head().max(position) };
    let mut response = answer(&headers, standing, None, "application/json", Bytes::from(body.to_string()));
    let next = next.map(|(opened, number, place)| {
        write_token(&Token { opened: opened.map(|opened| opened.0), number, place, as_of: axes.as_of.unwrap_or(position) })
    });
    link_next(&mut response, &uri, next.transpose()?.as_deref());
    Ok(response)
}

/// The incidents that stood on the page, and the place of the last one where there are more.
fn incidents(history: &PageHistory, question: Question) -> (Vec<Value>, Option<Place>) {
    let Question { known_at, as_of, now, .. } = question;
    let is_asked = |watched: &Watched| question.nature.is_none_or(|nature| watched.nature == nature);
    let is_shown = |watched: &Watched| match watched.presence(known_at, as_of, now) {
        Some(Presence::Absent) => question.everything,
        shown => shown.is_some(),
    };
    let mut found = history.below(question.below).filter(|(.., watched)| is_asked(watched) && is_shown(watched));
    let mut last = None;
    let mut incidents = Vec::new();
    for (place, incident, watched) in found.by_ref().take(question.limit) {
        last = Some(place);
        incidents.extend(watched.at(known_at, as_of, now).map(|item| form(incident, watched, &item)));
    }
    (incidents, last.filter(|_| found.next().is_some()))
}

fn form(incident: &PageIncident, watched: &Watched, item: &PageItem) -> Value {
    json!({
        "id": watched.id,
        "incident": incident.id,
        "reference_page": watched.page,
        "url": watched.url,
        "nature": watched.nature,
        "presence": item.presence,
        "name": item.name,
        "status": item.status,
        "severity": item.severity,
        "impact": item.impact,
        "started_at": seconds(item.started_at),
        "ended_at": seconds(item.ended_at),
        "scheduled": item.scheduled.map(|(from, until)| [seconds(Some(from)), seconds(Some(until))]),
        "updates": item.posts.iter().map(|post| update(watched, post)).collect::<Vec<_>>(),
    })
}

fn update(watched: &Watched, post: &PagePost) -> Value {
    json!({
        "id": post.id,
        "status": post.status,
        "text": post.words,
        "at": seconds(post.at),
        "position": post.position,
        "event": {"source": watched.source, "id": post.event},
    })
}

/// A time as pages give it: RFC 3339 in UTC, to the second.
pub fn seconds(instant: Option<Instant>) -> Option<String> {
    instant.map(|instant| Instant(instant.0.div_euclid(Instant::SECOND) * Instant::SECOND).to_string())
}

/// How many of a list are wanted.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid_parameter(format!("limit: expected 1 to {LIMIT_MAX}")));
    }
    Ok(limit)
}

/// Names the next page in the header.
pub fn link_next(response: &mut Response, uri: &Uri, next: Option<&str>) {
    if let Some(next) = next_address(uri, next)
        && let Ok(link) = HeaderValue::from_str(&format!("<{next}>; rel=\"next\""))
    {
        response.headers_mut().insert(header::LINK, link);
    }
}

/// Where a page of a list begins, as readers hold it.
pub fn write_token(token: &impl Serialize) -> Result<String, Problem> {
    let written = serde_json::to_vec(token).map_err(|error| Problem::internal(format!("the cursor of the next page cannot be written: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(written))
}

/// Reads what [`write_token`] wrote.
pub fn read_token<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::invalid_parameter("cursor: not one that this server gave out; begin again from the first page"))
}
