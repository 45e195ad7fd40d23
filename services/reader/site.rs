//! The pages: finds what was asked for as the API does, and hands it to `pages` to lay out.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dateline_events::{Bounds, Instant, percent_encoded};
use dateline_timelines::fold::Summary;
use dateline_timelines::rows::Nature;
use dateline_timelines::tell::{self, Lang, Options, PageWords, Told};

use super::answer::{Standing, answer, matches_etag};
use super::answers::Passing;
use super::last_changes::{DependsOn, MadeOf};
use super::pages::{self, IncidentView, ListItem, ListView};
use super::timeline::{self, LocatedTimeline};
use super::{Reader, Story, incidents, reports, stretch};
use crate::shared::http::{Problem, parameters};

/// So many ready choices of `known_at` are offered: the first ones, when knowledge moves fast, and the last.
const FIRST_MOMENTS: usize = 5;
const LAST_MOMENTS: usize = 3;

/// A headline in the list is cut behind so many columns; it stands whole on its incident's page.
const TITLE_COLUMNS_MAX: usize = 110;

/// The states that the list offers to narrow to.
const STATES: [(&str, dateline_timelines::model::State); 7] = {
    use dateline_timelines::model::State;
    [
        ("detected", State::Detected),
        ("acknowledged", State::Acknowledged),
        ("investigating", State::Investigating),
        ("identified", State::Identified),
        ("monitoring", State::Monitoring),
        ("restored", State::Restored),
        ("subsided", State::Subsided),
    ]
};

pub async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], pages::STYLE)
}

pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], pages::SCRIPT)
}

pub async fn list(State(reader): State<Reader>, headers: HeaderMap, uri: Uri) -> Response {
    let page = match list_page(&reader, &headers, &uri).await {
        Ok(page) => page,
        Err(problem) => return broken(&problem),
    };
    dressed(page)
}

pub async fn incident(State(reader): State<Reader>, Path(id): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    match incident_page(&reader, &id, &headers, &uri).await {
        Ok(page) => dressed(page),
        Err(problem) => broken(&problem),
    }
}

async fn list_page(reader: &Reader, headers: &HeaderMap, uri: &Uri) -> Result<Response, Problem> {
    reader.gate.reader(headers).await?;
    let parameters: incidents::Parameters = parameters::read(uri)?;
    let listed = incidents::find(reader, &parameters, headers).await?;
    let told = incidents::tell_all(reader, &listed, parameters.tz.as_deref()).await?;
    let mut items = Vec::with_capacity(listed.items.len());
    for (item, told) in listed.items.iter().zip(told) {
        let carried = with(uri, &[("cursor", None), ("q", None), ("state", None), ("limit", None), ("service", None)]);
        items.push(ListItem {
            href: format!("/incidents/{}{carried}", item.row.id),
            title: tell::title_on(&told.title, told.kicker.is_some(), TITLE_COLUMNS_MAX),
            state: told.state.to_owned(),
            state_label: told.state_label.to_owned(),
            reports_only: told.reports_only,
            lines: lines(&item.summary, told, listed.lang),
            maintenance: item.row.nature == Nature::Maintenance,
        });
    }
    let state_href = |state: Option<&str>| format!("/{}", with(uri, &[("state", state), ("cursor", None)]));
    let all = PageWords::of(listed.lang).all_states;
    let mut filters = vec![(all.to_owned(), state_href(None), parameters.state.is_none())];
    filters.extend(STATES.iter().map(|(word, state)| {
        let label = tell::told_state(*state, listed.lang).to_owned();
        (label, state_href(Some(word)), parameters.state.as_deref() == Some(*word))
    }));
    let axes = listed.axes;
    let still_moving = axes.at.is_none() && axes.known_at.is_none() && axes.as_of.is_none();
    let view = ListView {
        lang: listed.lang,
        zone_note: parameters.tz.clone().unwrap_or_default(),
        query: parameters.q.clone().unwrap_or_default(),
        filters,
        languages: languages(uri, "/", listed.lang),
        known_at: parameters.known_at.clone(),
        as_of: parameters.as_of.clone(),
        hidden: members(uri, &["q", "cursor"]),
        items,
        live_href: still_moving.then(|| format!("/v1/live?after={}", listed.standing.position)),
        next: incidents::next_address(uri, listed.next.as_deref()),
        position: listed.standing.position,
        head: listed.standing.head,
    };
    let html = pages::list(&view).map_err(|error| laid_out(&error))?;
    Ok(listed.passing(listed.made_of().of(answer(headers, listed.standing, None, HTML, Bytes::from(html)))))
}

async fn incident_page(reader: &Reader, id: &str, headers: &HeaderMap, uri: &Uri) -> Result<Response, Problem> {
    reader.gate.reader(headers).await?;
    let mut parameters: timeline::Parameters = parameters::read(uri)?;
    let mut found = timeline::look(reader, id, &without_local(&parameters), headers).await?;
    if found.asked.by_id && found.asked.id != id {
        return Ok(timeline::moved(&format!("/incidents/{}", found.asked.id), uri));
    }
    if let Some(local) = parameters.known_at.clone().filter(|text| is_local(text)) {
        // The form sends the reader's own clock time: it is read in the zone that the page is told in.
        let zone = zone_of(reader, &found, &parameters).await?;
        let instant =
            Instant::from_local(&local, &zone).ok_or_else(|| Problem::invalid_parameter(format!("known_at: \"{local}\" is no time in {zone}")))?;
        parameters.known_at = Some(instant.to_string());
        found = timeline::look(reader, id, &parameters, headers).await?;
    }
    let standing = reader.standing(found.asked.at());
    let etag = found.etag(timeline::Form::Page, &parameters);
    // Both the position and the ledger's end stand on it.
    let made = MadeOf { on: DependsOn::Position, at: found.asked.at() };
    if matches_etag(headers, &etag) {
        return Ok(made.of(answer(headers, standing, Some(&etag), HTML, Bytes::new())));
    }
    let story = reader.story(&found.asked).await?;
    let stretch = stretch::of(&story, &found, &parameters)?;
    let told = timeline::told(&story, found.lang, stretch, &parameters)?;
    let next = stretch::next(stretch, &found, &format!("/incidents/{}", found.asked.id), &parameters)?;
    let moments = moments(reader, &found, &story, &told, uri).await?;
    let plot = plot(reader, &found, &story).await;
    let shown = (!stretch.is_whole()).then(|| tell::told_stretch(stretch, None, found.lang));
    let view = IncidentView { plot, shown, next, ..view(&found, &story, &told, &parameters, standing, moments, uri) };
    let html = pages::incident(&view).map_err(|error| laid_out(&error))?;
    let mut response = answer(headers, standing, Some(&etag), HTML, Bytes::from(html));
    stretch::link(&mut response, view.next.as_deref());
    // The plot is no event's: where there is none yet, there may be one soon.
    response.extensions_mut().insert(Passing);
    Ok(made.of(response))
}

/// The first lines of an incident in the list; that of its times names their zone, which need not be its neighbours'.
fn lines(summary: &Summary, told: Told, lang: Lang) -> Vec<String> {
    let Summary { acknowledged, restored, subsided, .. } = summary;
    let first_seen = summary.first_seen.as_ref().filter(|_| summary.nature == Nature::Outage);
    let mut bounds = [first_seen, acknowledged.as_ref(), restored.as_ref(), subsided.as_ref()].into_iter().flatten().map(|told| told.occurred);
    let zone = bounds.find_map(|bounds| bounds.earliest.or(bounds.latest)).and_then(|at| told.clock.zone_words(at, lang));
    let of_times = usize::from(told.kicker.is_some());
    let mut lines: Vec<String> = told.summary.into_iter().take(of_times + 2).collect();
    if let (Some(line), Some(zone)) = (lines.get_mut(of_times), zone) {
        line.push_str(&format!(" · {zone}"));
    }
    lines
}

const HTML: &str = "text/html; charset=utf-8";

fn view<'a>(
    found: &LocatedTimeline,
    story: &Story,
    told: &'a Told,
    parameters: &timeline::Parameters,
    standing: Standing,
    moments: Vec<pages::Choice>,
    uri: &Uri,
) -> IncidentView<'a> {
    let id = &found.asked.id;
    let axes = found.asked.axes;
    let claims = parameters.claims.unwrap_or(false);
    let api = |suffix: &str| {
        format!("/v1/incidents/{id}/timeline.{suffix}{}", with(uri, &[("known_at", axes.known_at.map(|instant| instant.to_string()).as_deref())]))
    };
    let under_an_axis = axes.at.is_some() || axes.known_at.is_some() || axes.as_of.is_some();
    IncidentView {
        plot: None,
        shown: None,
        next: None,
        begin_href: found.place.map(|_| format!("/incidents/{id}{}", with(uri, &[("entries_cursor", None)]))),
        told,
        incident: id.clone(),
        lang: found.lang,
        languages: languages(uri, &format!("/incidents/{id}"), found.lang),
        claims,
        claims_href: format!("/incidents/{id}{}", with(uri, &[("claims", (!claims).then_some("true"))])),
        known_at: axes.known_at.and_then(|instant| instant.to_local_minute(&told.zone)),
        at: parameters.at.clone(),
        as_of: parameters.as_of.clone().or_else(|| found.place.map(|place| place.as_of.to_string())),
        moments,
        form_action: format!("/incidents/{id}"),
        hidden: members(uri, &["known_at", "entries_cursor"]),
        text_href: api("txt"),
        json_href: api("json"),
        cite_href: format!("/v1/incidents/{id}/cite{}", with(uri, &[("claims", None)])),
        live_href: (!under_an_axis).then(|| format!("/v1/incidents/{id}/live?after={}", standing.position)),
        position: standing.position,
        head: standing.head,
        changed: story.timeline.changed,
    }
}

/// The plot of users' reports about the incident's first sign. Under an axis it would tell what was not known then.
async fn plot(reader: &Reader, found: &LocatedTimeline, story: &Story) -> Option<String> {
    let axes = found.asked.axes;
    let first = story.timeline.first_seen.as_ref().and_then(|milestone| milestone.occurred.earliest);
    let (Some(service), Some(first)) = (story.timeline.services.first(), first) else { return None };
    if axes.at.is_some() || axes.known_at.is_some() || axes.as_of.is_some() {
        return None;
    }
    // The page is whole without it.
    let plot = match reports::find(reader, service, Some(first.0.div_euclid(Instant::SECOND))).await {
        Ok(plot) => plot,
        Err(problem) => {
            tracing::warn!(service, detail = problem.detail, "a page is shown without the plot of its reports");
            None
        }
    };
    plot.map(|_| format!("/v1/services/{service}/reports.svg?at={first}&lang={}", found.lang.tag()))
}

/// "Now", and the times by which something more was certainly stated.
async fn moments(reader: &Reader, found: &LocatedTimeline, story: &Story, told: &Told, uri: &Uri) -> Result<Vec<pages::Choice>, Problem> {
    let mut asked = found.asked.clone();
    asked.axes.known_at = None;
    asked.axes.at = None;
    let whole = if asked.axes == found.asked.axes { story.clone() } else { reader.story(&asked).await? };
    let items = whole.timeline.entries.iter().flat_map(|entry| std::iter::once(&entry.item).chain(entry.inside.iter().map(|(_, item)| item)));
    let stated: BTreeSet<Instant> = items.filter_map(|item| item.stated.latest).collect();
    let first_day: Option<Bounds> = whole.timeline.first_seen.as_ref().map(|milestone| milestone.occurred);
    let known_at = found.asked.axes.known_at;
    let href = |instant: Option<Instant>| {
        format!(
            "/incidents/{}{}",
            found.asked.id,
            with(uri, &[("known_at", instant.map(|instant| instant.to_string()).as_deref()), ("entries_cursor", None)])
        )
    };
    let now = PageWords::of(found.lang).now;
    let mut choices = vec![(now.to_owned(), href(None), known_at.is_none())];
    let last = stated.len().saturating_sub(LAST_MOMENTS);
    let shown = stated.into_iter().enumerate().filter(|(place, _)| *place < FIRST_MOMENTS || *place >= last);
    let shown: Vec<Instant> = shown.map(|(_, instant)| instant).collect();
    let clock = told.clock.clone().beside(first_day, shown.iter().copied());
    for instant in shown {
        let label = clock.bounds(Bounds { earliest: None, latest: Some(instant) }, found.lang);
        choices.push((label, href(Some(instant)), known_at == Some(instant)));
    }
    Ok(choices)
}

async fn zone_of(reader: &Reader, found: &LocatedTimeline, parameters: &timeline::Parameters) -> Result<String, Problem> {
    if let Some(zone) = parameters.tz.clone().filter(|zone| !zone.is_empty()) {
        return Ok(zone);
    }
    let story = reader.story(&found.asked).await?;
    let options = Options { lang: found.lang, ..Options::default() };
    Ok(tell::tell(&story.timeline, &story.registry.0, &options).map(|told| told.zone).unwrap_or_else(|_| "UTC".to_owned()))
}

fn is_local(text: &str) -> bool {
    text.len() == 16 && text.as_bytes().get(10) == Some(&b'T')
}

/// The same parameters without a `known_at` that only the page's zone can explain.
fn without_local(parameters: &timeline::Parameters) -> timeline::Parameters {
    let mut parameters = parameters.clone();
    parameters.known_at = parameters.known_at.filter(|text| !is_local(text));
    parameters
}

fn languages(uri: &Uri, path: &str, current: Lang) -> Vec<pages::LanguageChoice> {
    let choice =
        |lang: Lang| (lang.tag().to_owned(), lang.name().to_owned(), format!("{path}{}", with(uri, &[("lang", Some(lang.tag()))])), lang == current);
    [Lang::En, Lang::Bn, Lang::BnBd].map(choice).to_vec()
}

/// The members of the query, decoded, without some.
fn members(uri: &Uri, without: &[&str]) -> Vec<(String, String)> {
    let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).map(|query| query.0).unwrap_or_default();
    read.into_iter().filter(|(name, value)| !without.contains(&name.as_str()) && !value.is_empty()).collect()
}

/// The query with some members replaced or taken out, with its question mark; empty when nothing is left.
fn with(uri: &Uri, changes: &[(&str, Option<&str>)]) -> String {
    let names: Vec<&str> = changes.iter().map(|(name, _)| *name).collect();
    let mut pairs = members(uri, &names);
    pairs.extend(changes.iter().filter_map(|(name, value)| value.map(|value| ((*name).to_owned(), value.to_owned()))));
    let encoded: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value))).collect();
    if encoded.is_empty() { String::new() } else { format!("?{}", encoded.join("&")) }
}

fn laid_out(error: &askama::Error) -> Problem {
    tracing::error!(%error, "a page could not be laid out");
    Problem::internal("the page could not be laid out; the timeline is whole under /v1/incidents")
}

/// The headers that every page carries.
fn dressed(mut page: Response) -> Response {
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(pages::CONTENT_SECURITY_POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    page
}

fn broken(problem: &Problem) -> Response {
    let html = pages::problem(Lang::En, &problem.title, &problem.detail).unwrap_or_else(|_| problem.title.clone());
    let status = StatusCode::from_u16(problem.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(header::CONTENT_TYPE, HTML)], html).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"dateline\""));
    }
    dressed(response)
}
