//! `GET /v1/incidents/{id}/timeline`: one incident's story, as JSON or as text, by `Accept` or by suffix.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dateline_timelines::tell::{self, Lang, Options};
use dateline_timelines::{PROJECTION_VERSION, document};
use serde::Deserialize;

use super::answer::{Standing, answer, matches_etag, preferred};
use super::axes::{ReadAxes, language};
use super::{Asked, Reader, Story, cache};
use crate::http::{Problem, parameters};

/// The width of a timeline as text, in columns.
const TEXT_WIDTH: usize = 110;

/// The parameters of a timeline.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    pub at: Option<String>,
    pub known_at: Option<String>,
    pub as_of: Option<String>,
    pub lang: Option<String>,
    pub tz: Option<String>,
    pub claims: Option<bool>,
    pub retracted: Option<bool>,
    pub min_position: Option<u64>,
    pub wait_ms: Option<u64>,
}

/// The forms that a timeline takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    Json,
    Text,
    Page,
}

pub async fn json(state: State<Reader>, path: Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    respond(&state, &path, &headers, &uri, Form::Json).await
}

pub async fn text(state: State<Reader>, path: Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    respond(&state, &path, &headers, &uri, Form::Text).await
}

pub async fn by_accept(state: State<Reader>, path: Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let form = match preferred(&headers, &["application/json", "text/plain"]) {
        Some("text/plain") => Form::Text,
        Some(_) => Form::Json,
        None => {
            let detail = format!("a timeline is application/json or text/plain; the page is at /incidents/{}", path.0);
            return Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "Not in this form", detail));
        }
    };
    respond(&state, &path, &headers, &uri, form).await
}

async fn respond(reader: &Reader, id: &str, headers: &HeaderMap, uri: &Uri, form: Form) -> Result<Response, Problem> {
    reader.gate.reader(headers).await?;
    let parameters: Parameters = parameters::read(uri)?;
    let found = look(reader, id, &parameters, headers).await?;
    let standing = Standing { position: found.asked.position, head: reader.desk.head().max(found.asked.position) };
    if found.asked.by_id && found.asked.id != id {
        // Whoever asked by suffix is sent on with it.
        let suffix = uri.path().rsplit_once("/timeline").map_or("", |(_, suffix)| suffix);
        return Ok(moved(&format!("/v1/incidents/{}/timeline{suffix}", found.asked.id), uri));
    }
    let etag = found.etag(form, &parameters);
    let media_type = if form == Form::Json { "application/json" } else { "text/plain; charset=utf-8" };
    if matches_etag(headers, &etag) {
        return Ok(answer(headers, standing, Some(&etag), media_type, Bytes::new()));
    }
    let name = found.name(form, &parameters);
    let body = match reader.cache.get(name) {
        Some(body) => body,
        None => {
            let story = reader.desk.fold(&found.asked).await?;
            let body = write(&story, form, found.lang, &parameters)?;
            reader.cache.put(name, body.clone());
            body
        }
    };
    Ok(answer(headers, standing, Some(&etag), media_type, body))
}

/// An incident found, with the language it is wanted in.
pub struct Found {
    pub asked: Asked,
    pub lang: Lang,
}

/// Finds what was asked for, after waiting for `min_position`.
pub async fn look(reader: &Reader, id: &str, parameters: &Parameters, headers: &HeaderMap) -> Result<Found, Problem> {
    let lang = language(parameters.lang.as_deref(), headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))?;
    parameters::wait_for(&reader.desk.views, parameters.min_position, parameters.wait_ms).await?;
    let axes = ReadAxes::read(&reader.desk.views, parameters.at.as_deref(), parameters.known_at.as_deref(), parameters.as_of.as_deref()).await?;
    Ok(Found { asked: reader.desk.find(id, axes).await?, lang })
}

impl Found {
    /// Everything that the representation depends on.
    pub fn name(&self, form: Form, parameters: &Parameters) -> u128 {
        let asked = &self.asked;
        let told = (self.lang.tag(), &parameters.tz, parameters.claims.unwrap_or(false), parameters.retracted.unwrap_or(false));
        cache::name(&(asked.number, asked.changed, asked.generation, asked.registry.1, asked.axes, form, told, PROJECTION_VERSION))
    }

    /// The last event that changed the incident, the projection version, and a hash of the representation's parameters.
    pub fn etag(&self, form: Form, parameters: &Parameters) -> String {
        format!("W/\"{}-{PROJECTION_VERSION}-{:016x}\"", self.asked.changed, self.name(form, parameters) as u64)
    }
}

fn write(story: &Story, form: Form, lang: Lang, parameters: &Parameters) -> Result<Bytes, Problem> {
    let told = told(story, lang, parameters)?;
    Ok(match form {
        Form::Text => Bytes::from(tell::text(&told, TEXT_WIDTH)),
        Form::Json | Form::Page => Bytes::from(document::timeline(&story.timeline, &told, &story.registry.0, lang).to_string()),
    })
}

/// Tells a story as the parameters ask.
pub fn told(story: &Story, lang: Lang, parameters: &Parameters) -> Result<tell::Told, Problem> {
    let zone = parameters.tz.clone().filter(|zone| !zone.is_empty());
    let options = Options { lang, zone, claims: parameters.claims.unwrap_or(false), retracted: parameters.retracted.unwrap_or(false) };
    tell::tell(&story.timeline, &story.registry.0, &options).map_err(|error| Problem::invalid_parameter(format!("tz: {error}")))
}

/// The incident was merged into another: the same question, asked of that one.
pub fn moved(to: &str, uri: &Uri) -> Response {
    let place = uri.query().map_or_else(|| to.to_owned(), |query| format!("{to}?{query}"));
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    if let Ok(value) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}
