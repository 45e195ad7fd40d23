//! What vendors changed on their pages without notice: of one incident, and of a vendor's whole history, the newest first.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use dateline_backends::{ListQuery, now};
use dateline_events::{Instant, Position};
use dateline_status_pages::watched::{Edit, Edited, WATCHERS, Watched};
use dateline_timelines::model::Registry;
use dateline_timelines::rows::Nature;
use dateline_timelines::tell::{Lang, ToldEdit, told_date, told_edit, told_line, told_vendor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Reader;
use super::answer::{Standing, answer};
use super::axes::{ReadAxes, language};
use super::histories::{PageHistory, watched};
use super::timeline;
use super::timeline_reader::unknown;
use super::watched::{limit, link_next, read_token, write_token};
use crate::shared::http::{Problem, parameters};

/// The most services of one vendor whose pages are looked through.
const MAX_SERVICES: usize = 32;

/// The parameters of an incident's edits.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OfIncident {
    known_at: Option<String>,
    as_of: Option<String>,
    lang: Option<String>,
    tz: Option<String>,
    min_position: Option<u64>,
    wait_ms: Option<u64>,
}

/// The parameters of a vendor's edits.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfVendor {
    known_at: Option<String>,
    as_of: Option<String>,
    kind: Option<String>,
    minor: Option<bool>,
    lang: Option<String>,
    tz: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
    min_position: Option<u64>,
    wait_ms: Option<u64>,
}

/// Where the next page begins: below so many edits of a position. Opaque to readers.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Token {
    position: Position,
    given: usize,
    as_of: Position,
}

/// An edit with what is needed to show it.
#[derive(Debug, Clone)]
pub struct LocatedEdit {
    pub edit: Edit,
    pub told: ToldEdit,
    /// Dateline's id of the incident.
    pub incident: String,
    /// The headline of then, on one line.
    pub name: Option<String>,
    /// The day by which it was made known, in full.
    pub date: String,
    source: String,
    page: String,
    id: String,
    url: Option<String>,
}

/// A vendor's edits.
pub struct Listed {
    pub edits: Vec<LocatedEdit>,
    pub standing: Standing,
    pub lang: Lang,
    /// The vendor's name.
    pub vendor: String,
    axes: ReadAxes,
    zone: String,
    next: Option<String>,
}

pub async fn of_incident(State(reader): State<Reader>, Path(id): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let asked: OfIncident = parameters::read(&uri)?;
    let parameters = timeline::Parameters {
        known_at: asked.known_at,
        as_of: asked.as_of,
        lang: asked.lang,
        tz: asked.tz,
        min_position: asked.min_position,
        wait_ms: asked.wait_ms,
        ..Default::default()
    };
    let found = timeline::look(&reader, &id, &parameters, &headers).await?;
    if found.asked.by_id && found.asked.id != id {
        return Ok(timeline::moved(&format!("/v1/incidents/{}/edits", found.asked.id), &uri));
    }
    let (asked, lang, zone) = (found.asked, found.lang, zone(parameters.tz.as_deref()));
    let axes = asked.axes;
    let as_of = axes.as_of.unwrap_or(asked.position);
    let group = reader.timelines.views.group_events(asked.number, as_of).await?.value.ok_or_else(|| unknown(&asked.id))?;
    let (incident, registry, told_zone) = (asked.id.clone(), asked.registry.clone(), zone.clone());
    let work = move || {
        let histories = watched(group, |source| source.starts_with(WATCHERS));
        let edits = histories.iter().flat_map(|history| history.edits(axes.known_at, axes.as_of).into_iter().map(move |edit| (history, edit)));
        let mut edits: Vec<(&Watched, Edit)> = edits.collect();
        edits.sort_by_key(|(_, edit)| (edit.stated.latest, edit.position));
        edits.into_iter().map(|(history, edit)| tell(history, edit, &incident, axes, &registry.0, &told_zone, lang)).collect::<Result<Vec<_>, _>>()
    };
    let edits = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(format!("the edits could not be found: {error}")))??;
    let body = json!({
        "incident": asked.id, "edits": edits.iter().map(form).collect::<Vec<_>>(), "axes": axes_form(axes), "position": asked.position,
        "lang": lang.tag(), "tz": zone,
    });
    let standing = Standing { position: asked.position, head: reader.timelines.head().max(asked.position) };
    Ok(answer(&headers, standing, None, "application/json", Bytes::from(body.to_string())))
}

pub async fn of_vendor(State(reader): State<Reader>, Path(slug): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: OfVendor = parameters::read(&uri)?;
    let listed = find(&reader, &slug, parameters, &headers).await?;
    let body = json!({
        "vendor": slug, "edits": listed.edits.iter().map(form).collect::<Vec<_>>(), "axes": axes_form(listed.axes),
        "position": listed.standing.position, "lang": listed.lang.tag(), "tz": listed.zone,
    });
    let mut response = answer(&headers, listed.standing, None, "application/json", Bytes::from(body.to_string()));
    link_next(&mut response, &uri, listed.next.as_deref());
    Ok(response)
}

/// Finds a page of what a vendor edited, over all its services, the newest first.
pub async fn find(reader: &Reader, slug: &str, parameters: OfVendor, headers: &HeaderMap) -> Result<Listed, Problem> {
    let views = &reader.timelines.views;
    let lang = language(parameters.lang.as_deref(), headers)?;
    parameters::wait_for(views, parameters.min_position, parameters.wait_ms).await?;
    let token: Option<Token> = parameters.cursor.as_deref().map(read_token).transpose()?;
    let mut axes = ReadAxes::read(views, None, parameters.known_at.as_deref(), parameters.as_of.as_deref()).await?;
    axes.as_of = token.as_ref().map(|token| token.as_of).or(axes.as_of);
    let limit = limit(parameters.limit)?;
    let kinds = kinds(parameters.kind.as_deref())?;
    let without_minor = parameters.minor == Some(false);
    let zone = zone(parameters.tz.as_deref());
    let services = services_of(reader, slug).await?;
    let cursor = views.reached().await?.position;
    let registry = reader.timelines.registry(&services, cursor).await?;
    let mut pages = Vec::new();
    for service in &services {
        pages.push(reader.histories.of(views, service).await?);
    }
    let position = pages.iter().map(|page| page.position).min().unwrap_or(cursor);
    let vendor = vendor_name(&registry.0, &pages, slug, lang);
    let told_zone = zone.clone();
    let work = move || {
        let wanted = |edit: &Edit| kinds.as_ref().is_none_or(|kinds| kinds.contains(&edit.what)) && !(without_minor && edit.minor);
        let (edits, next) = newest(&pages, axes, &wanted, token.as_ref(), limit);
        let told = edits.into_iter().map(|(incident, history, edit)| tell(history, edit, incident, axes, &registry.0, &told_zone, lang));
        told.collect::<Result<Vec<_>, _>>().map(|told| (told, next))
    };
    let found = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(format!("the edits could not be found: {error}")))?;
    let (edits, next) = found?;
    let next = next
        .map(|(position_below, given)| write_token(&Token { position: position_below, given, as_of: axes.as_of.unwrap_or(position) }))
        .transpose()?;
    let standing = Standing { position, head: reader.timelines.head().max(position) };
    Ok(Listed { edits, standing, lang, vendor, axes, zone, next })
}

/// A place below which the next page begins: so many edits of a position were given.
type Below = (Position, usize);

/// The newest edits below a token, and where the next page begins.
fn newest<'a>(
    pages: &'a [Arc<PageHistory>],
    axes: ReadAxes,
    wanted: &dyn Fn(&Edit) -> bool,
    token: Option<&Token>,
    limit: usize,
) -> (Vec<(&'a str, &'a Watched, Edit)>, Option<Below>) {
    let histories = pages.iter().flat_map(|page| page.below(None));
    let mut all: Vec<(&str, &Watched, Edit)> = Vec::new();
    for (_, incident, history) in histories {
        let edits = history.edits(axes.known_at, axes.as_of).into_iter().filter(|edit| wanted(edit));
        all.extend(edits.map(|edit| (incident.id.as_str(), history, edit)));
    }
    // Sorting is stable: what one event changed stays in its order.
    all.sort_by_key(|(.., edit)| std::cmp::Reverse(edit.position));
    let mut skipped = 0;
    all.retain(|(.., edit)| match token {
        Some(token) if edit.position > token.position => false,
        Some(token) if edit.position == token.position => {
            skipped += 1;
            skipped > token.given
        }
        _ => true,
    });
    let is_more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| is_more).map(|(.., last)| {
        let here = all.iter().filter(|(.., edit)| edit.position == last.position).count();
        let before = token.filter(|token| token.position == last.position).map_or(0, |token| token.given);
        (last.position, before + here)
    });
    (all, next)
}

fn tell(history: &Watched, edit: Edit, incident: &str, axes: ReadAxes, registry: &Registry, zone: &str, lang: Lang) -> Result<LocatedEdit, Problem> {
    let of_zone = |error| Problem::invalid_parameter(format!("tz: {error}"));
    let told = told_edit(history, &edit, registry, zone, lang).map_err(of_zone)?;
    Ok(LocatedEdit {
        told,
        date: told_date(published(&edit), zone, lang).map_err(of_zone)?,
        incident: incident.to_owned(),
        name: history.at(axes.known_at, axes.as_of, now()).and_then(|item| item.name).map(|name| told_line(&name)),
        source: history.source.clone(),
        page: history.page.clone(),
        id: history.id.clone(),
        url: history.url.clone(),
        edit,
    })
}

fn form(found: &LocatedEdit) -> Value {
    let edit = &found.edit;
    json!({
        "kind": edit.what,
        "about": edit.about,
        "minor": edit.minor,
        "announced": edit.announced,
        "incident": found.incident,
        "reference": {"page": found.page, "id": found.id},
        "url": found.url,
        "post": edit.post,
        "event": {"source": found.source, "id": edit.target_id},
        "target": edit.target,
        "position": edit.position,
        "recorded": edit.recorded.with_six_digits(),
        "stated": {"earliest": edit.stated.earliest, "latest": edit.stated.latest},
        "elapsed": edit.elapsed,
        "before": edit.before,
        "after": edit.after,
        "told": found.told.sentence,
    })
}

fn axes_form(axes: ReadAxes) -> Value {
    json!({"at": axes.at, "known_at": axes.known_at, "as_of": axes.as_of})
}

/// UTC, unless another zone is asked for: edits of many services have no zone in common.
fn zone(asked: Option<&str>) -> String {
    asked.filter(|zone| !zone.is_empty()).unwrap_or("UTC").to_owned()
}

/// The kinds asked for; None: all.
fn kinds(asked: Option<&str>) -> Result<Option<Vec<Edited>>, Problem> {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else { return Ok(None) };
    let kind = |word: &str| {
        Edited::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| {
            let known = Edited::ALL.map(Edited::as_str).join(", ");
            Problem::invalid_parameter(format!("kind: \"{word}\"; expected one or more of {known}, with commas between"))
        })
    };
    asked.split(',').map(kind).collect::<Result<_, _>>().map(Some)
}

/// The services of a vendor; where none is registered under the slug, the service of that slug.
async fn services_of(reader: &Reader, slug: &str) -> Result<Vec<String>, Problem> {
    let views = &reader.timelines.views;
    let unknown =
        || Problem::not_found(format!("nothing is known of a vendor or a service \"{slug}\"; /v1/services lists the services with their vendors"));
    if !dateline_events::is_slug(slug) {
        return Err(unknown());
    }
    let cursor = views.reached().await?.position;
    let mut query = ListQuery::new(Nature::Registry, cursor, MAX_SERVICES + 1);
    query.vendor = Some(slug.to_owned());
    let registered: BTreeSet<String> = views.list(query).await?.value.iter().map(|row| row.services.trim().to_owned()).collect();
    if registered.len() > MAX_SERVICES {
        let detail = format!("the vendor has more than {MAX_SERVICES} services; ask for the edits of each incident, or of a service by its slug");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too-many-services", "Narrow it, please", detail));
    }
    if !registered.is_empty() {
        return Ok(registered.into_iter().collect());
    }
    if views.ever_listed(slug, 0, 1).await?.value.is_empty() {
        return Err(unknown());
    }
    Ok(vec![slug.to_owned()])
}

/// As the registry calls it, else as its own page does.
fn vendor_name(registry: &Registry, pages: &[Arc<PageHistory>], slug: &str, lang: Lang) -> String {
    let on_page = pages.iter().flat_map(|page| page.below(None)).find_map(|(.., history)| history.vendor.as_ref()?.name.as_ref());
    told_vendor(slug, on_page, registry, lang)
}

/// The instant that a feed says an edit was made known by.
pub fn published(edit: &Edit) -> Instant {
    edit.stated.latest.unwrap_or(edit.recorded)
}
