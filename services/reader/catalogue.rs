//! `GET /v1/services` and `/v1/services/{slug}`: what is registered, and each service's latest incidents.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use dateline_backends::{ListQuery, Reached};
use dateline_timelines::rows::Nature;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Reader;
use super::answer::answer;
use super::last_changes::{DependsOn, MadeOf};
use super::timeline_reader::shown;
use crate::shared::http::{Problem, parameters};

/// So many services are listed at most.
const LIMIT_MAX: usize = 1_000;

/// So many incidents are named beside a service.
const LATEST: usize = 10;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    vendor: Option<String>,
    q: Option<String>,
    min_position: Option<u64>,
    wait_ms: Option<u64>,
}

pub async fn list(State(reader): State<Reader>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    parameters::wait_for(&reader.timelines.views, parameters.min_position, parameters.wait_ms).await?;
    let cursor = reader.timelines.views.reached().await?.position;
    let mut query = ListQuery::new(Nature::Registry, cursor, LIMIT_MAX);
    query.vendor = parameters.vendor.filter(|vendor| !vendor.is_empty());
    query.words = parameters::words(parameters.q.as_deref().unwrap_or_default());
    let found = reader.timelines.views.list(query).await?;
    let mut services: Vec<Value> = found.value.iter().map(shown).collect::<Result<_, _>>()?;
    services.sort_by_key(|service| service["slug"].as_str().map(ToOwned::to_owned));
    let (standing, made) = (reader.standing(found.reached()), MadeOf { on: DependsOn::Changes, at: Reached { position: cursor, ..found.reached() } });
    Ok(made.of(answer(&headers, standing, None, "application/json", Bytes::from(json!({"services": services}).to_string()))))
}

pub async fn one(State(reader): State<Reader>, Path(slug): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: parameters::Waiting = parameters::read(&uri)?;
    parameters::wait_for(&reader.timelines.views, parameters.min_position, parameters.wait_ms).await?;
    let cursor = reader.timelines.views.reached().await?.position;
    let of_service = |nature: Nature, limit: usize| {
        let mut query = ListQuery::new(nature, cursor, limit);
        query.services = Some(vec![slug.clone()]);
        query
    };
    let registered = reader.timelines.views.list(of_service(Nature::Registry, 1)).await?;
    let incidents = reader.timelines.views.list(of_service(Nature::Outage, LATEST)).await?.value;
    let service: Option<Value> = registered.value.first().map(shown).transpose()?;
    if service.is_none() && incidents.is_empty() {
        let detail = format!("nothing is registered or known of a service \"{slug}\"; /v1/services lists them");
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown-service", "No such service", detail));
    }
    let latest: Vec<Value> = incidents
        .iter()
        .map(|row| json!({"incident": row.id, "state": row.state, "started": row.started, "timeline": format!("/v1/incidents/{}/timeline", row.id)}))
        .collect();
    let body = json!({"slug": slug, "registered": service, "incidents": latest});
    let at = registered.reached();
    let made = MadeOf { on: DependsOn::Changes, at: Reached { position: cursor, ..at } };
    Ok(made.of(answer(&headers, reader.standing(at), None, "application/json", Bytes::from(body.to_string()))))
}
