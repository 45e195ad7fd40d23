//! `GET /v1/incidents/{id}/timeline`: one incident's story, as JSON or as text, by `Accept` or by suffix.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dateline_events::Position;
use dateline_timelines::stretch::Stretch;
use dateline_timelines::tell::{self, Lang, Options, Screen};
use dateline_timelines::{PROJECTION_VERSION, document};
use serde::Deserialize;

use super::answer::{answer, matches_etag, written};
use super::axes::{ReadAxes, language};
use super::last_changes::{DependsOn, MadeOf};
use super::stretch::{self, Place};
use super::{Asked, Reader, Story};
use crate::shared::cache::tag;
use crate::shared::http::accept::preferred;
use crate::shared::http::{Problem, parameters};

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
    pub columns: Option<usize>,
    pub color: Option<bool>,
    pub entries_limit: Option<usize>,
    pub entries_cursor: Option<String>,
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
    let standing = reader.standing(found.asked.at());
    if found.asked.by_id && found.asked.id != id {
        // Whoever asked by suffix is sent on with it.
        let suffix = uri.path().rsplit_once("/timeline").map_or("", |(_, suffix)| suffix);
        return Ok(moved(&format!("/v1/incidents/{}/timeline{suffix}", found.asked.id), uri));
    }
    let etag = found.etag(form, &parameters);
    let media_type = if form == Form::Json { "application/json" } else { "text/plain; charset=utf-8" };
    let made = found.made_of(&parameters);
    if matches_etag(headers, &etag) {
        return Ok(found.asked.passing(made.of(answer(headers, standing, Some(&etag), media_type, Bytes::new()))));
    }
    stretch::limit(&parameters)?;
    screen(&parameters)?;
    let story = reader.story(&found.asked).await?;
    // Telling a thousand entries is work for a thread of its own.
    let asked = found.asked.clone();
    let body = tokio::task::spawn_blocking(move || write(&story, form, &found, &parameters)).await??;
    let mut response = answer(headers, standing, Some(&etag), media_type, body.bytes);
    stretch::link(&mut response, body.next.as_deref());
    Ok(asked.passing(made.of(response)))
}

/// A timeline, or a stretch of it, as it was told.
struct Body {
    bytes: Bytes,
    /// The address of the next stretch.
    next: Option<String>,
}

/// An incident found, with the language it is wanted in, and where its entries are to begin.
pub struct LocatedTimeline {
    pub asked: Asked,
    pub lang: Lang,
    pub place: Option<Place>,
}

/// Finds what was asked for, after waiting for `min_position`.
pub async fn look(reader: &Reader, id: &str, parameters: &Parameters, headers: &HeaderMap) -> Result<LocatedTimeline, Problem> {
    let lang = language(parameters.lang.as_deref(), headers)?;
    parameters::wait_for(&reader.timelines.views, parameters.min_position, parameters.wait_ms).await?;
    let views = &reader.timelines.views;
    let mut axes = ReadAxes::read(views, parameters.at.as_deref(), parameters.known_at.as_deref(), parameters.as_of.as_deref()).await?;
    let place = Place::read(views, parameters).await?;
    // The stretches after the first are of the same prefix, whatever comes meanwhile.
    axes.as_of = place.map(|place| place.as_of).or(axes.as_of);
    Ok(LocatedTimeline { asked: reader.timelines.find(id, axes).await?, lang, place })
}

impl LocatedTimeline {
    /// What an answer that is found like this is made of.
    pub fn made_of(&self, parameters: &Parameters) -> MadeOf {
        let asked = &self.asked;
        // Which position a time means can change with every event.
        let is_by_time = parameters.as_of.as_deref().is_some_and(|as_of| !as_of.is_empty() && as_of.parse::<Position>().is_err());
        let on = match (is_by_time, asked.by_id) {
            (true, _) => DependsOn::Position,
            (false, true) => DependsOn::Group(asked.number),
            (false, false) => DependsOn::Changes,
        };
        MadeOf { on, at: asked.at() }
    }

    /// A hash of everything that the representation depends on.
    fn tag(&self, form: Form, parameters: &Parameters) -> u128 {
        let asked = &self.asked;
        let told = (self.lang.tag(), &parameters.tz, parameters.claims, parameters.retracted, parameters.entries_limit, self.place);
        let laid_out = (form == Form::Text).then_some((parameters.columns, parameters.color));
        let made_from = (asked.number, asked.changed, asked.generation, asked.registry.1, asked.axes, asked.is_overdue);
        tag(&(made_from, form, told, laid_out, PROJECTION_VERSION))
    }

    /// The last event that changed the incident, the projection version, and a hash of the representation's parameters.
    pub fn etag(&self, form: Form, parameters: &Parameters) -> String {
        format!("W/\"{}-{PROJECTION_VERSION}-{:016x}\"", self.asked.changed, self.tag(form, parameters) as u64)
    }
}

fn write(story: &Story, form: Form, found: &LocatedTimeline, parameters: &Parameters) -> Result<Body, Problem> {
    let (asked, lang) = (&found.asked, found.lang);
    let stretch = stretch::of(story, found, parameters)?;
    let told = told(story, lang, stretch, parameters)?;
    let suffix = if form == Form::Text { "txt" } else { "json" };
    let next = stretch::next(stretch, found, &format!("/v1/incidents/{}/timeline.{suffix}", asked.id), parameters)?;
    let bytes = match form {
        Form::Text => {
            let screen = screen(parameters)?;
            let mut text = screen.map_or_else(|| tell::text(&told, TEXT_WIDTH), |screen| tell::text_on(&told, screen));
            if !stretch.is_whole() {
                let shown = tell::told_stretch(stretch, next.as_deref(), lang);
                text.push_str(&screen.map_or_else(|| format!("\n{shown}\n"), |screen| format!("\n{}", tell::paragraph_on(&shown, screen))));
            }
            Bytes::from(text)
        }
        Form::Json | Form::Page => written(&document::timeline(&story.timeline, stretch, &told, &story.registry.0, lang, next.as_deref()))?,
    };
    Ok(Body { bytes, next })
}

/// The screen that the text is for; None: it is a document, read anywhere.
fn screen(parameters: &Parameters) -> Result<Option<Screen>, Problem> {
    let color = parameters.color.unwrap_or(false);
    match parameters.columns {
        None if !color => Ok(None),
        None => Ok(Some(Screen { columns: TEXT_WIDTH, color })),
        Some(columns) if (Screen::COLUMNS_MIN..=Screen::COLUMNS_MAX).contains(&columns) => Ok(Some(Screen { columns, color })),
        Some(_) => Err(Problem::invalid_parameter(format!("columns: expected {} to {}", Screen::COLUMNS_MIN, Screen::COLUMNS_MAX))),
    }
}

/// Tells a stretch of a story as the parameters ask.
pub fn told(story: &Story, lang: Lang, stretch: Stretch, parameters: &Parameters) -> Result<tell::Told, Problem> {
    let zone = parameters.tz.clone().filter(|zone| !zone.is_empty());
    let (claims, retracted) = (parameters.claims.unwrap_or(false), parameters.retracted.unwrap_or(false));
    let options = Options { lang, zone, claims, retracted, stretch: Some(stretch) };
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
