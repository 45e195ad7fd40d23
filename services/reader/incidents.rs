//! `GET /v1/incidents` and `GET /v1/incidents/{id}`: lists with filters and cursor pages, and one incident in short.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use dateline_backends::{Group, ListQuery, Order, Reached};
use dateline_events::{Instant, Position};
use dateline_timelines::document;
use dateline_timelines::fold::{Fold, Summary};
use dateline_timelines::model::{Axes, State as IncidentState, Timeline};
use dateline_timelines::rows::{IncidentNumber, Nature, SummaryRow};
use dateline_timelines::stretch::Stretch;
use dateline_timelines::tell::{self, Lang, Options};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{Standing, answer, matches_etag, written};
use super::answers::Passing;
use super::axes::{ReadAxes, language};
use super::last_changes::{DependsOn, MadeOf};
use super::listed::LinksForm;
use super::named::{services_named, services_of};
use super::timeline::{self, moved};
use super::timeline_reader::{Registered, folded, summary_of};
use super::watched::{link_next, read_token, write_token};
use super::{Reader, Story, listed};
use crate::shared::http::{Problem, parameters};

/// So many incidents stand on a page by default, and at most.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// So many candidates are looked at for a list whose choice rows alone do not make.
const MAX_CANDIDATES: usize = 1_000;

/// So many words are searched for.
const MAX_WORDS: usize = 8;

/// Under `known_at`, starts and ends that were told this far from what is told now are found; in microseconds (31 days).
const MAX_MOVED_MICROSECONDS: i64 = 31 * 24 * 60 * 60 * 1_000_000;

/// Past the end of any ledger: as of now.
const NOW: Position = Position::MAX >> 1;

/// The states that a list may be narrowed to.
const STATES: [&str; 11] = [
    "detected",
    "acknowledged",
    "investigating",
    "identified",
    "monitoring",
    "restored",
    "subsided",
    "scheduled",
    "in_progress",
    "completed",
    "unknown",
];

/// The parameters of a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    pub service: Option<String>,
    pub vendor: Option<String>,
    pub region: Option<String>,
    pub symptom: Option<String>,
    pub state: Option<String>,
    pub nature: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub at: Option<String>,
    pub known_at: Option<String>,
    pub as_of: Option<String>,
    pub q: Option<String>,
    pub lang: Option<String>,
    pub tz: Option<String>,
    pub sort: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<usize>,
    pub min_position: Option<u64>,
    pub wait_ms: Option<u64>,
}

/// Where the next page begins, and of which state of the ledger it is a page. Opaque to readers.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Token {
    started: Option<i64>,
    number: IncidentNumber,
    as_of: Position,
    generation: u32,
}

/// A page of a list.
pub struct Listed {
    pub items: Vec<ListedIncident>,
    pub next: Option<String>,
    pub standing: Standing,
    pub lang: Lang,
    pub axes: ReadAxes,
    generation: u32,
}

impl Listed {
    /// Marks an answer that time alone may change: the window of planned work will be over.
    pub fn passing(&self, mut response: Response) -> Response {
        if self.axes.is_now() && self.items.iter().any(|item| item.summary.awaits_an_end()) {
            response.extensions_mut().insert(Passing);
        }
        response
    }

    /// Its position stands in it.
    pub fn made_of(&self) -> MadeOf {
        MadeOf { on: DependsOn::Position, at: Reached { generation: self.generation, position: self.standing.position } }
    }
}

/// One incident of a list.
pub struct ListedIncident {
    pub row: SummaryRow,
    pub summary: Summary,
    /// For lists under `at`: whether it certainly went on then.
    pub ongoing: Option<&'static str>,
}

pub async fn list(State(reader): State<Reader>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    let listed = find(&reader, &parameters, &headers).await?;
    let told = tell_all(&reader, &listed, parameters.tz.as_deref()).await?;
    let mut response = answer(&headers, listed.standing, None, "application/json", written(&listed::form(&listed, &told))?);
    link_next(&mut response, &uri, listed.next.as_deref());
    Ok(listed.passing(listed.made_of().of(response)))
}

pub async fn summary(State(reader): State<Reader>, Path(id): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: timeline::Parameters = parameters::read(&uri)?;
    let found = timeline::look(&reader, &id, &parameters, &headers).await?;
    if found.asked.by_id && found.asked.id != id {
        return Ok(moved(&format!("/v1/incidents/{}", found.asked.id), &uri));
    }
    let asked = &found.asked;
    let (standing, made) = (reader.standing(asked.at()), found.made_of(&parameters));
    let etag = found.etag(timeline::Form::Json, &parameters).replace("W/\"", "W/\"s");
    if matches_etag(&headers, &etag) {
        return Ok(asked.passing(made.of(answer(&headers, standing, Some(&etag), "application/json", Bytes::new()))));
    }
    let story = in_short(&reader, &found).await?;
    let none = Stretch { from: 0, until: 0, of: 0 };
    let told = timeline::told(&story, found.lang, none, &parameters)?;
    let mut events = BTreeMap::new();
    for told in document::told_positions(&story.timeline) {
        let event = reader.timelines.views.event(told).await?.value;
        events.extend(event.map(|(row, _)| (told, (row.source, row.id))));
    }
    let document = document::in_short(&story.timeline, &told, &story.registry.0, &events);
    let body = written(&SummaryForm { document, events: asked.summary.events, links: LinksForm::of(&asked.id) })?;
    Ok(asked.passing(made.of(answer(&headers, standing, Some(&etag), "application/json", body))))
}

/// An incident in short.
#[derive(Serialize)]
struct SummaryForm<D> {
    #[serde(flatten)]
    document: D,
    events: usize,
    links: LinksForm,
}

/// An incident without its entries: as the row of lists has it, which nobody has to fold. Under `at` and `known_at` it was otherwise, and
/// is folded.
pub async fn in_short(reader: &Reader, found: &timeline::LocatedTimeline) -> Result<Story, Problem> {
    let asked = &found.asked;
    if asked.axes.at.is_some() || asked.axes.known_at.is_some() {
        return reader.story(asked).await;
    }
    let axes = Axes { at: None, known_at: None, as_of: asked.axes.as_of };
    let timeline = Timeline { merged: reader.timelines.merged(asked).await?, axes, ..asked.summary.outline(&asked.id) };
    Ok(Story { timeline: Arc::new(timeline), registry: asked.registry.clone() })
}

/// Finds a page of incidents.
pub async fn find(reader: &Reader, parameters: &Parameters, headers: &HeaderMap) -> Result<Listed, Problem> {
    let views = &reader.timelines.views;
    let lang = language(parameters.lang.as_deref(), headers)?;
    parameters::wait_for(views, parameters.min_position, parameters.wait_ms).await?;
    let token: Option<Token> = parameters.cursor.as_deref().map(read_token).transpose()?;
    let mut axes = ReadAxes::read(views, parameters.at.as_deref(), parameters.known_at.as_deref(), parameters.as_of.as_deref()).await?;
    // Where nothing has to be looked up before, the list itself says how far it is true.
    let is_looked_up = [&parameters.vendor, &parameters.q].into_iter().flatten().any(|text| !text.is_empty());
    let chosen = Chosen::by(parameters, &axes)?;
    let before = axes.as_of.is_some() || token.is_some() || chosen.is_some() || is_looked_up;
    let reached = if before { Some(views.reached().await?) } else { None };
    if let Some(token) = &token {
        if reached.is_some_and(|reached| token.generation != reached.generation) {
            return Err(Problem::invalid_parameter("cursor: the views were rebuilt since this page was asked for; begin again from the first page"));
        }
        axes.as_of = Some(token.as_of);
    }
    let as_of = axes.as_of.or(reached.map(|reached| reached.position));
    let limit = parameters.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid_parameter(format!("limit: expected 1 to {LIMIT_MAX}")));
    }
    let mut query = query_of(reader, parameters, as_of.unwrap_or(NOW)).await?;
    query.limit = limit + 1;
    query.after = token.as_ref().map(|token| (token.started.map(Instant), token.number));
    if let Some(at) = axes.at {
        query.from = Some(at);
        query.to = Some(at.plus(1));
    }
    let (mut items, reached) = match (chosen, reached) {
        (Some(chosen), Some(reached)) => (chosen.among(reader, query, limit).await?, reached),
        _ => {
            let answer = views.list(query).await?;
            let reached = reached.unwrap_or(answer.reached());
            let listed = |row: SummaryRow| {
                let summary = seen_from(summary_of(&row)?, axes.looked_from());
                Ok(ListedIncident { summary, row, ongoing: None })
            };
            (answer.value.into_iter().map(listed).collect::<Result<Vec<_>, Problem>>()?, reached)
        }
    };
    let as_of = as_of.unwrap_or(reached.position);
    let next = (items.len() > limit).then(|| items.get(limit - 1)).flatten().map(|last| {
        write_token(&Token { started: last.row.started.map(|started| started.0), number: last.row.group, as_of, generation: reached.generation })
    });
    let next = next.transpose()?;
    items.truncate(limit);
    Ok(Listed { items, next, standing: reader.standing(reached), lang, axes, generation: reached.generation })
}

async fn query_of(reader: &Reader, parameters: &Parameters, as_of: Position) -> Result<ListQuery, Problem> {
    let nature = match parameters.nature.as_deref() {
        None | Some("outage") => Nature::Outage,
        Some("maintenance") => Nature::Maintenance,
        Some(other) => return Err(Problem::invalid_parameter(format!("nature: \"{other}\"; expected outage or maintenance"))),
    };
    let mut query = ListQuery::new(nature, as_of, LIMIT_DEFAULT);
    let words = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    query.services = words(&parameters.service).map(|service| vec![service]);
    if let Some(vendor) = words(&parameters.vendor) {
        narrow(&mut query.services, services_of(reader, &vendor, as_of).await?);
    }
    query.region = words(&parameters.region);
    query.symptom = words(&parameters.symptom);
    query.states = states_of(parameters)?;
    query.words = parameters::words(parameters.q.as_deref().unwrap_or_default());
    if query.words.len() > MAX_WORDS {
        return Err(Problem::invalid_parameter(format!("q: {} words, at most {MAX_WORDS}", query.words.len())));
    }
    let named = services_named(reader, &query.words, as_of).await?;
    query.words.retain(|word| !named.iter().any(|(name, _)| name == word));
    for (_, slugs) in named {
        narrow(&mut query.services, slugs);
    }
    query.from = parameters.from.as_deref().map(|text| parameters::instant("from", text)).transpose()?;
    query.to = parameters.to.as_deref().map(|text| parameters::instant("to", text)).transpose()?;
    query.order = match parameters.sort.as_deref() {
        None | Some("-started") => Order::LatestFirst,
        Some("started") => Order::EarliestFirst,
        Some(other) => return Err(Problem::invalid_parameter(format!("sort: \"{other}\"; expected started or -started"))),
    };
    Ok(query)
}

/// The states that a list is narrowed to.
fn states_of(parameters: &Parameters) -> Result<Option<Vec<String>>, Problem> {
    let states = parameters.state.as_deref().filter(|states| !states.is_empty());
    let states: Option<Vec<String>> = states.map(|states| states.split(',').map(ToOwned::to_owned).collect());
    match states.iter().flatten().find(|state| !STATES.contains(&state.as_str())) {
        Some(other) => {
            Err(Problem::invalid_parameter(format!("state: \"{other}\"; expected one or more of {}, with commas between", STATES.join(", "))))
        }
        None => Ok(states),
    }
}

/// Narrows a set further; what is in both may be nothing, and then nothing is found.
fn narrow(services: &mut Option<Vec<String>>, to: Vec<String>) {
    *services = Some(match services.take() {
        Some(services) => services.into_iter().filter(|slug| to.contains(slug)).collect(),
        None => to,
    });
}

/// A summary as it is told to whoever looks from an instant: of planned work whose window is over, nobody knows how it stands.
fn seen_from(mut summary: Summary, now: Instant) -> Summary {
    if summary.is_overdue(now) {
        summary.state = IncidentState::Unknown;
    }
    summary
}

/// A choice that rows alone do not make: they narrow to candidates, and each is looked at as it was known, or as it stood.
struct Chosen {
    known_at: Option<Instant>,
    at: Option<Instant>,
    now: Instant,
    states: Option<Vec<String>>,
}

/// The states that time alone changes, and what they are once a planned window is over.
const STATES_THAT_PASS: [&str; 3] = ["scheduled", "in_progress", "unknown"];

impl Chosen {
    /// None where the rows make the choice.
    fn by(parameters: &Parameters, axes: &ReadAxes) -> Result<Option<Self>, Problem> {
        let states = states_of(parameters)?;
        let is_maintenance = parameters.nature.as_deref() == Some("maintenance");
        let passes = is_maintenance && states.iter().flatten().any(|state| STATES_THAT_PASS.contains(&state.as_str()));
        let is_needed = axes.known_at.is_some() || axes.at.is_some() || passes;
        Ok(is_needed.then(|| Self { known_at: axes.known_at, at: axes.at, now: axes.looked_from(), states }))
    }

    /// A page of what fits, out of the candidates.
    async fn among(self, reader: &Reader, mut query: ListQuery, limit: usize) -> Result<Vec<ListedIncident>, Problem> {
        let after = query.after.take();
        query.states = None;
        let asked = query.clone();
        if self.known_at.is_some() {
            // What is known now of start and end only narrows to candidates: by then it was told otherwise, or not at all.
            (query.region, query.symptom, query.words) = (None, None, Vec::new());
            query.from = query.from.map(|from| from.plus(-MAX_MOVED_MICROSECONDS));
            query.to = query.to.map(|to| to.plus(MAX_MOVED_MICROSECONDS));
        }
        query.limit = MAX_CANDIDATES + 1;
        let candidates = reader.timelines.views.list(query).await?.value;
        if candidates.len() > MAX_CANDIDATES {
            let detail = format!("more than {MAX_CANDIDATES} incidents would have to be looked at; narrow it by service, vendor, from or to");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too-many-candidates", "Narrow it, please", detail));
        }
        let mut found = Vec::new();
        for row in candidates {
            found.extend(self.looked_at(reader, row, &asked).await?);
        }
        let key = |item: &ListedIncident| (item.row.started, item.row.group);
        found.sort_by_key(key);
        if asked.order == Order::LatestFirst {
            found.reverse();
        }
        if let Some(after) = after {
            found.retain(|item| if asked.order == Order::LatestFirst { key(item) < after } else { key(item) > after });
        }
        found.truncate(limit + 1);
        Ok(found)
    }

    /// One candidate as it was known and stood; None where it does not fit.
    async fn looked_at(&self, reader: &Reader, row: SummaryRow, asked: &ListQuery) -> Result<Option<ListedIncident>, Problem> {
        let is_of_the_past = self.known_at.is_some() || self.at.is_some();
        let seen = if is_of_the_past { self.seen_then(reader, &row, asked).await? } else { Some(Seen::now(&row)?) };
        let Some(seen) = seen else { return Ok(None) };
        let summary = seen_from(seen.summary, self.now);
        let is_known = !summary.services.is_empty();
        let is_in_state = self.states.as_ref().is_none_or(|states| states.iter().any(|state| state == summary.state.as_str()));
        let fits = is_known && is_in_state && (self.known_at.is_none() || fitted_then(&summary, seen.started, &seen.words, asked));
        Ok(fits.then_some(ListedIncident { row: SummaryRow { started: seen.started, ..row }, summary, ongoing: seen.ongoing }))
    }

    /// A candidate as it was known, and as it stood; None where it did not go on then.
    async fn seen_then(&self, reader: &Reader, row: &SummaryRow, asked: &ListQuery) -> Result<Option<Seen>, Problem> {
        let _room = reader.timelines.room_for(summary_of(row)?.events).await?;
        let Some(group) = reader.timelines.views.group_events(row.group, asked.as_of).await?.value else { return Ok(None) };
        let (fold, at) = (folded_then(group, self.known_at, row.since).await?, self.at);
        let look = move || {
            let summary = fold.summary();
            let started = summary.first_seen.as_ref().and_then(|milestone| milestone.certain().earliest).or_else(|| fold.first_start());
            let words = fold.headlines().join(" ").to_lowercase() + &summary.services.join(" ");
            let Some(at) = at else { return Some(Seen { summary, started, words, ongoing: None }) };
            let ongoing = ongoing(&summary, at)?;
            Some(Seen { summary: Summary { state: fold.state_at(at), ..summary }, started, words, ongoing: Some(ongoing) })
        };
        Ok(tokio::task::spawn_blocking(look).await?)
    }
}

/// A candidate as it is looked at.
struct Seen {
    summary: Summary,
    started: Option<Instant>,
    /// Its headlines and services, for words that are sought.
    words: String,
    /// Under `at`: whether it certainly went on then.
    ongoing: Option<&'static str>,
}

impl Seen {
    /// As it stands: the row was chosen by its words already.
    fn now(row: &SummaryRow) -> Result<Self, Problem> {
        Ok(Self { summary: summary_of(row)?, started: row.started, words: String::new(), ongoing: None })
    }
}

/// True where what was known of an incident then is what is asked for.
fn fitted_then(summary: &Summary, started: Option<Instant>, words: &str, asked: &ListQuery) -> bool {
    let ended = summary.over().and_then(|over| over.latest);
    let is_outside =
        asked.to.is_some_and(|to| started.is_none_or(|started| started >= to)) || asked.from.zip(ended).is_some_and(|(from, ended)| ended <= from);
    let is_there = asked.region.as_ref().is_none_or(|region| summary.regions.contains(region));
    let shows = asked.symptom.as_ref().is_none_or(|symptom| summary.symptoms.iter().any(|own| json!(own) == json!(symptom)));
    !is_outside && is_there && shows && asked.words.iter().all(|word| words.contains(word))
}

/// Folds a group as it was known; on a thread of its own, so that others are answered meanwhile.
async fn folded_then(group: Group, known_at: Option<Instant>, changed: Position) -> Result<Fold, Problem> {
    let work = move || folded(group, known_at, changed);
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(format!("the fold failed: {error}")))?
}

/// Whether an incident went on at an instant: [first seen, restored) holds it, for certain or by its bounds only.
fn ongoing(summary: &Summary, at: Instant) -> Option<&'static str> {
    let seen = summary.first_seen.as_ref()?.certain();
    let over = summary.over();
    let begun_possibly = seen.earliest.is_none_or(|earliest| earliest <= at);
    let over_certainly = over.is_some_and(|over| over.latest.is_some_and(|latest| latest <= at)) || summary.was_over_for_a_while(at, true);
    if !begun_possibly || over_certainly {
        return None;
    }
    let begun_certainly = seen.latest.is_some_and(|latest| latest <= at);
    // Reports that subsided without anybody saying that it is over leave that open.
    let subsided = summary.subsided.as_ref().is_some_and(|end| end.certain().latest.is_some_and(|latest| latest <= at));
    let over_possibly =
        subsided || summary.was_over_for_a_while(at, false) || over.is_some_and(|over| over.earliest.is_none_or(|earliest| earliest <= at));
    Some(if begun_certainly && !over_possibly { "certain" } else { "possible" })
}

/// The incidents of a list in words, in their order.
pub async fn tell_all(reader: &Reader, listed: &Listed, zone: Option<&str>) -> Result<Vec<tell::Told>, Problem> {
    let as_of = listed.axes.as_of.unwrap_or(listed.standing.position);
    let services: Vec<&[String]> = listed.items.iter().map(|item| item.summary.services.as_slice()).collect();
    let registries = reader.timelines.registries(&services, as_of).await?;
    let zone = zone.filter(|zone| !zone.is_empty()).map(ToOwned::to_owned);
    let options = Options { lang: listed.lang, zone, ..Options::default() };
    let tell = |(item, registered): (&ListedIncident, &Arc<Registered>)| tell::tell(&item.summary.outline(&item.row.id), &registered.0, &options);
    let told: Result<Vec<_>, _> = listed.items.iter().zip(&registries).map(tell).collect();
    told.map_err(|error| Problem::invalid_parameter(format!("tz: {error}")))
}

/// The address of the next page: this one with another cursor.
pub fn next_address(uri: &Uri, next: Option<&str>) -> Option<String> {
    let next = next?;
    let others = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<&str> = others.collect();
    let query = if query.is_empty() { String::new() } else { format!("{}&", query.join("&")) };
    Some(format!("{}?{query}cursor={next}", uri.path()))
}
