//! `GET /v1/watch/pages/{page}/events`: what a page's watcher published of its incidents, exact bytes included. A watcher that lost what
//! it remembered of a page makes it again from this.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;
use dateline_events::Position;
use dateline_status_pages::watched::WATCHERS;
use dateline_timelines::rows::IncidentNumber;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Reader;
use super::answer::{Standing, answer};
use crate::shared::http::{Problem, parameters};

/// The events of so many incidents stand on one answer.
const INCIDENTS_AT_ONCE: usize = 100;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Only incidents behind this one: `next_after` of the answer before.
    after: Option<IncidentNumber>,
    wait_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct PageEvents<'a> {
    page: &'a str,
    events: Vec<Form<'a>>,
    next_after: Option<IncidentNumber>,
}

#[derive(Debug, Serialize)]
struct Form<'a> {
    position: Position,
    event: &'a RawValue,
}

/// Waits until the views hold what the ledger is known to hold, so that nothing published lately is missing.
pub async fn list(State(reader): State<Reader>, Path(page): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    let (views, head) = (&reader.timelines.views, reader.timelines.head());
    parameters::wait_for(views, Some(head), parameters.wait_ms).await?;
    let incidents = views.ever_listed(&page, parameters.after.unwrap_or(0), INCIDENTS_AT_ONCE).await?;
    let source = format!("{WATCHERS}{page}");
    let mut rows = Vec::new();
    for number in &incidents.value {
        let group = views.group_events(*number, Position::MAX >> 1).await?.value;
        rows.extend(group.into_iter().flat_map(|group| group.events).map(|(row, _)| row).filter(|row| row.source == source));
    }
    // Incidents that were merged have the same events.
    rows.sort_by_key(|row| row.position);
    rows.dedup_by_key(|row| row.position);
    let form = |(position, bytes)| Some(Form { position, event: serde_json::from_slice(bytes).ok()? });
    let events = rows.iter().filter_map(|row| form((row.position, row.bytes.as_deref()?))).collect();
    let next_after = incidents.value.last().copied().filter(|_| incidents.value.len() == INCIDENTS_AT_ONCE);
    let body = serde_json::to_vec(&PageEvents { page: &page, events, next_after })
        .map_err(|error| Problem::internal(format!("the events of a page cannot be written: {error}")))?;
    let standing = Standing { position: incidents.position, head: head.max(incidents.position) };
    Ok(answer(&headers, standing, None, "application/json", Bytes::from(body)))
}
