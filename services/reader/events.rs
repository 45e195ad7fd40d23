//! `GET /v1/events`, `/v1/events/{position}` and an incident's events: the record itself, exact bytes included.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use dateline_backends::EventState;
use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, IncidentNumber};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answer::{Standing, answer, stand};
use super::replay::{self, replay};
use super::timeline;
use super::{Asked, Reader};
use crate::shared::http::Problem;
use crate::shared::http::parameters::{self, Waiting};
use crate::shared::placed::Reason;

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
    parameters::wait_for(&reader.timelines.views, parameters.min_position, parameters.wait_ms).await?;
    let found = reader.timelines.views.event(position).await?;
    let Some((row, incidents)) = found.value else {
        return Err(Problem::not_found(format!("the views have read up to position {}; there is no position {position} yet", found.position)));
    };
    let ids = ids_of(&reader, &incidents).await?;
    if row.is_tombstone() {
        return Err(super::redacted::gone(&reader, &row, &ids).await?);
    }
    show(&reader, &headers, found.position, &Form::of(&row, &ids))
}

pub async fn list(State(reader): State<Reader>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    let limit = parameters.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid_parameter(format!("limit: expected 1 to {LIMIT_MAX}")));
    }
    parameters::wait_for(&reader.timelines.views, parameters.min_position, parameters.wait_ms).await?;
    match (&parameters.source, &parameters.id, parameters.state.as_deref()) {
        (Some(source), Some(id), None) => {
            let found = reader.timelines.views.event_by_key(EventKey::of(source, id)).await?;
            let Some((row, incidents)) = found.value else {
                return Err(Problem::not_found(format!(
                    "{source} has published no event with the id \"{id}\", as far as position {}",
                    found.position
                )));
            };
            let ids = ids_of(&reader, &incidents).await?;
            show(&reader, &headers, found.position, &List { events: vec![Form::of(&row, &ids)], next_after: None })
        }
        (None, None, Some(state)) => {
            let state = match state {
                "poison" => EventState::Poison,
                "unattached" => EventState::Unattached,
                other => return Err(Problem::invalid_parameter(format!("state: \"{other}\"; expected poison or unattached"))),
            };
            let found = reader.timelines.views.events_where(state, parameters.after.unwrap_or(0), limit).await?;
            let events = found.value.iter().map(|row| Form::of(row, &[])).collect();
            let next = (found.value.len() == limit).then(|| found.value.last().map(|row| row.position)).flatten();
            show(&reader, &headers, found.position, &List { events, next_after: Some(next) })
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
    let ids = ids_of(&reader, &[found.asked.number]).await?;
    let standing = Standing { position: found.asked.position, head: reader.timelines.head().max(found.asked.position) };
    let mut response = Response::new(Body::from_stream(events_of(reader, found.asked, ids)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    stand(response.headers_mut(), standing);
    Ok(response)
}

/// So many of an incident's events are read at once while they are streamed: at most 6.4 MB of them.
const STREAMED_AT_ONCE: usize = 100;

/// An incident's events as one JSON document, written page by page as the reader takes it. What fails on the way breaks the answer
/// off: it never ends as if it were whole.
fn events_of(reader: Reader, asked: Asked, ids: Vec<String>) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let as_of = asked.axes.as_of.unwrap_or(asked.position);
    stream::try_unfold(Some(0), move |after| {
        let (views, asked, ids) = (reader.timelines.views.clone(), asked.clone(), ids.clone());
        async move {
            let Some(after) = after else { return Ok::<_, std::io::Error>(None) };
            let page = views.group_page(asked.number, as_of, after, STREAMED_AT_ONCE).await.map_err(std::io::Error::other)?;
            if page.generation.number != asked.generation {
                return Err(std::io::Error::other("the views were rebuilt while the events were read"));
            }
            let group = page.value.ok_or_else(|| std::io::Error::other("the incident is not in the views any more"))?;
            let events = group.events;
            let mut text = Vec::new();
            if after == 0 {
                text.extend_from_slice(br#"{"incident":"#);
                serde_json::to_writer(&mut text, &asked.id)?;
                text.extend_from_slice(br#","events":["#);
            }
            for (place, (row, since)) in events.iter().enumerate() {
                if after > 0 || place > 0 {
                    text.push(b',');
                }
                serde_json::to_writer(&mut text, &Form { since: Some(*since), ..Form::of(row, &ids) })?;
            }
            let next = events.last().map(|(row, _)| row.position).filter(|_| events.len() == STREAMED_AT_ONCE);
            if next.is_none() {
                text.extend_from_slice(b"]}");
            }
            Ok(Some((Bytes::from(text), next)))
        }
    })
}

fn show(reader: &Reader, headers: &HeaderMap, position: Position, body: &impl Serialize) -> Result<Response, Problem> {
    let standing = Standing { position, head: reader.timelines.head().max(position) };
    let body = serde_json::to_vec(body).map_err(|error| Problem::internal(format!("an event cannot be written: {error}")))?;
    Ok(answer(headers, standing, None, "application/json", Bytes::from(body)))
}

/// The ids of the incidents that hold an event now.
async fn ids_of(reader: &Reader, incidents: &[IncidentNumber]) -> Result<Vec<String>, Problem> {
    let mut ids = Vec::new();
    for incident in incidents {
        let summary = reader.timelines.views.latest_summary(*incident, Position::MAX >> 1).await?.value;
        ids.extend(summary.map(|summary| summary.id));
    }
    Ok(ids)
}

/// Events as a list.
#[derive(Debug, Serialize)]
struct List<'a> {
    events: Vec<Form<'a>>,
    /// Where a list goes on; None of an event that was asked for by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<Option<Position>>,
}

/// An event as readers see it: written as it is, not by way of a JSON value, so that its bytes stay its own.
#[derive(Debug, Serialize)]
struct Form<'a> {
    position: Position,
    recorded: String,
    key: String,
    source: &'a str,
    id: &'a str,
    kind: &'a str,
    subject: &'a str,
    state: &'static str,
    problem: Option<&'a str>,
    /// Why no incident holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unattached: Option<Reason>,
    incidents: &'a [String],
    event: Option<&'a RawValue>,
    /// The position that attached it.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Position>,
}

impl<'a> Form<'a> {
    fn of(row: &'a EventRow, incidents: &'a [String]) -> Self {
        let state = match (&row.problem, &row.bytes) {
            _ if row.is_tombstone() => "redacted",
            (Some(_), _) => "poison",
            (None, None) => "redacted",
            (None, Some(_)) if incidents.is_empty() => "unattached",
            _ => "attached",
        };
        Self {
            position: row.position,
            recorded: row.recorded.with_six_digits(),
            key: row.key.to_string(),
            source: &row.source,
            id: &row.id,
            kind: if row.is_tombstone() { "" } else { &row.kind },
            subject: &row.subject,
            state,
            problem: row.problem.as_deref(),
            unattached: if state == "unattached" { Reason::of(row) } else { None },
            incidents,
            // What is no JSON is shown by its problem alone.
            event: row.bytes.as_deref().filter(|_| !row.is_tombstone()).and_then(|bytes| serde_json::from_slice(bytes).ok()),
            since: None,
        }
    }
}
