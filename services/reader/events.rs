//! `GET /v1/events`, `/v1/events/{position}` and an incident's events: the record itself, exact bytes included.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;
use dateline_backends::EventState;
use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, IncidentNumber};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Reader;
use super::answer::{Standing, answer};
use super::replay::{self, replay};
use super::timeline;
use crate::http::Problem;
use crate::http::parameters::{self, Waiting};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

/// The parameters of the list of events: by source and id, by state, or everything after a position.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    source: Option<String>,
    id: Option<String>,
    state: Option<String>,
    after: Option<Position>,
    limit: Option<usize>,
    /// 1: the last line of a replay says how it ended.
    trailer: Option<u8>,
    min_position: Option<u64>,
    wait_ms: Option<u64>,
}

/// The parameters of an incident's events: the record has no language and no zone, and is narrowed by what was recorded only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OfIncident {
    as_of: Option<String>,
    min_position: Option<u64>,
    wait_ms: Option<u64>,
}

pub async fn one(State(reader): State<Reader>, Path(position): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Waiting = parameters::read(&uri)?;
    let position: Position =
        position.parse().map_err(|_| Problem::invalid_parameter(format!("\"{position}\" is no position; expected 1, 2, 3 …")))?;
    parameters::wait_for(&reader.desk.views, parameters.min_position, parameters.wait_ms).await?;
    let found = reader.desk.views.event(position).await?;
    let Some((row, incidents)) = found.value else {
        return Err(Problem::not_found(format!("the views have read up to position {}; there is no position {position} yet", found.position)));
    };
    show(&reader, &headers, found.position, json!(form(&reader, &row, &incidents).await?)).await
}

pub async fn list(State(reader): State<Reader>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    let limit = parameters.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid_parameter(format!("limit: expected 1 to {LIMIT_MAX}")));
    }
    parameters::wait_for(&reader.desk.views, parameters.min_position, parameters.wait_ms).await?;
    match (&parameters.source, &parameters.id, parameters.state.as_deref()) {
        (Some(source), Some(id), None) => {
            let found = reader.desk.views.event_by_key(EventKey::of(source, id)).await?;
            let Some((row, incidents)) = found.value else {
                return Err(Problem::not_found(format!(
                    "{source} has published no event with the id \"{id}\", as far as position {}",
                    found.position
                )));
            };
            show(&reader, &headers, found.position, json!({"events": [form(&reader, &row, &incidents).await?]})).await
        }
        (None, None, Some(state)) => {
            let state = match state {
                "poison" => EventState::Poison,
                "unattached" => EventState::Unattached,
                other => return Err(Problem::invalid_parameter(format!("state: \"{other}\"; expected poison or unattached"))),
            };
            let found = reader.desk.views.events_where(state, parameters.after.unwrap_or(0), limit).await?;
            let mut events = Vec::new();
            for row in &found.value {
                events.push(form(&reader, row, &[]).await?);
            }
            let next = (found.value.len() == limit).then(|| found.value.last().map(|row| row.position)).flatten();
            show(&reader, &headers, found.position, json!({"events": events, "next_after": next})).await
        }
        (None, None, None) if parameters.after.is_some() => {
            reader.gate.auditor(&headers).await?;
            let trailer = match parameters.trailer {
                None | Some(0) => false,
                Some(1) => true,
                Some(other) => return Err(Problem::invalid_parameter(format!("trailer: {other}; expected 1, or none"))),
            };
            replay(&reader, replay::Asked { after: parameters.after.unwrap_or(0), limit: parameters.limit, trailer }).await
        }
        _ => Err(Problem::invalid_parameter("ask by source and id, by state (poison, unattached), or with after=POSITION for a replay as NDJSON")),
    }
}

pub async fn of_incident(State(reader): State<Reader>, Path(id): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: OfIncident = parameters::read(&uri)?;
    let axes =
        timeline::Parameters { as_of: parameters.as_of, min_position: parameters.min_position, wait_ms: parameters.wait_ms, ..Default::default() };
    let found = timeline::look(&reader, &id, &axes, &headers).await?;
    if found.asked.by_id && found.asked.id != id {
        return Ok(timeline::moved(&format!("/v1/incidents/{}/events", found.asked.id), &uri));
    }
    let as_of = found.asked.axes.as_of.unwrap_or(found.asked.position);
    let group = reader.desk.views.group_events(found.asked.number, as_of).await?;
    let mut events = Vec::new();
    for (row, since) in group.value.map(|group| group.events).unwrap_or_default() {
        let mut members = form(&reader, &row, &[found.asked.number]).await?;
        members["since"] = json!(since);
        events.push(members);
    }
    show(&reader, &headers, group.position, json!({"incident": found.asked.id, "events": events})).await
}

async fn show(reader: &Reader, headers: &HeaderMap, position: Position, body: Value) -> Result<Response, Problem> {
    let standing = Standing { position, head: reader.desk.head().max(position) };
    Ok(answer(headers, standing, None, "application/json", Bytes::from(body.to_string())))
}

async fn form(reader: &Reader, row: &EventRow, incidents: &[IncidentNumber]) -> Result<Value, Problem> {
    let mut ids = Vec::new();
    for incident in incidents {
        let summary = reader.desk.views.versions_of(*incident, Position::MAX >> 1).await?.value;
        ids.extend(summary.map(|summary| summary.id));
    }
    let state = match (&row.problem, &row.bytes) {
        (Some(_), _) => "poison",
        (None, None) => "redacted",
        (None, Some(_)) if incidents.is_empty() => "unattached",
        _ => "attached",
    };
    let event = row.bytes.as_deref().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    Ok(json!({
        "position": row.position, "recorded": row.recorded.with_six_digits(), "key": row.key.to_string(), "source": row.source, "id": row.id,
        "kind": row.kind, "subject": row.subject, "state": state, "problem": row.problem, "incidents": ids, "event": event,
    }))
}
