//! What watched pages said, kept ready: a page of ten thousand incidents is asked again and again, at one moment after another.
//! Filled when it is first asked for, brought up to date before each answer, dropped with the generation that it was read from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::StatusCode;
use dateline_backends::{Answer, Group, ListQuery, MAX_LISTED_ROWS, Views};
use dateline_events::{Instant, Position};
use dateline_status_pages::watched::{ReadEvent, WATCHERS, Watched};
use dateline_timelines::correlate::{ReadRecord, subject_of_id};
use dateline_timelines::rows::{IncidentNumber, Nature};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::shared::cache::{Cache, Large};
use crate::shared::http::Problem;

/// The most incidents of one page; a larger one is refused.
pub const MAX_INCIDENTS: usize = 50_000;

/// So many bytes are kept in all pages together, or the largest alone.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// A page takes about so many.
const PAGE_BYTES: usize = 1024 * 1024;

/// So many bytes an event takes beside its own, as part of a page.
const BYTES_AN_EVENT: usize = 512;

/// So many incidents are asked for at once.
const ASKED_AT_ONCE: usize = 4;

/// So many incidents are read by one piece of work on a thread of its own.
const READ_AT_ONCE: usize = 256;

/// A fill that the views overtake by a new generation is begun again so often.
const MAX_TRIES: usize = 3;

/// Past the end of any ledger: as of now.
const NOW: Position = Position::MAX >> 1;

/// The histories of the pages lately asked for, by service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Histories(Cache<String, Filled>);

impl Default for Histories {
    fn default() -> Self {
        Self(Cache::new(BYTES_MAX, PAGE_BYTES, Large::Alone))
    }
}

#[derive(Debug, Clone)]
struct Filled {
    generation: u32,
    history: Arc<PageHistory>,
}

/// All that was read of one page.
#[derive(Debug, Clone, Default)]
pub struct PageHistory {
    /// How far it is true.
    pub position: Position,
    incidents: BTreeMap<IncidentNumber, Arc<PageIncident>>,
    order: BTreeSet<Place>,
    bytes: usize,
}

/// One incident of a page.
#[derive(Debug)]
pub struct PageIncident {
    /// Dateline's id of it.
    pub id: String,
    /// What the page said; several, where several of the page's incidents are told as one.
    pub watched: Vec<Watched>,
    /// So many bytes it takes, estimated by those of its events.
    bytes: usize,
}

/// An incident's place in the list of a page, by when it was first said to begin: it holds still whatever is changed later.
pub type Place = (Option<Instant>, IncidentNumber, usize);

impl PageHistory {
    /// The incidents below a place, the latest first.
    pub fn below(&self, place: Option<Place>) -> impl Iterator<Item = (Place, &PageIncident, &Watched)> {
        let all = match place {
            Some(place) => self.order.range(..place),
            None => self.order.range::<Place, _>(..),
        };
        all.rev().filter_map(|place| {
            let incident = self.incidents.get(&place.1)?;
            Some((*place, incident.as_ref(), incident.watched.get(place.2)?))
        })
    }

    /// True where no watcher has read anything of it.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn remove(&mut self, number: IncidentNumber) {
        let Some(incident) = self.incidents.remove(&number) else { return };
        for (place, watched) in incident.watched.iter().enumerate() {
            self.order.remove(&(watched.opened, number, place));
        }
        self.bytes -= incident.bytes;
    }

    fn insert(&mut self, number: IncidentNumber, incident: PageIncident) {
        self.remove(number);
        if incident.watched.is_empty() {
            return;
        }
        for (place, watched) in incident.watched.iter().enumerate() {
            self.order.insert((watched.opened, number, place));
        }
        self.bytes += incident.bytes;
        self.incidents.insert(number, Arc::new(incident));
    }
}

impl Histories {
    /// The history of a service's page as it is now; empty where no watcher has read one.
    pub async fn of(&self, views: &Views, service: &str) -> Result<Arc<PageHistory>, Problem> {
        // Whoever asks for what does not exist takes nobody's place.
        let is_known = dateline_events::is_slug(service) && !views.ever_listed(service, 0, 1).await?.value.is_empty();
        if !is_known {
            let position = views.reached().await?.position;
            return Ok(Arc::new(PageHistory { position, ..PageHistory::default() }));
        }
        let (views, name) = (views.clone(), service.to_owned());
        let reading = move |before| async move {
            let filled = read_on(&views, &name, before).await?;
            let bytes = filled.history.bytes;
            Ok::<_, Problem>((filled, bytes))
        };
        // Whatever is kept is brought up to date before each answer.
        Ok(self.0.get_or_make(service.to_owned(), |_| false, reading).await?.history)
    }
}

/// The page as it is now, read from where it was left.
async fn read_on(views: &Views, service: &str, mut before: Option<Filled>) -> Result<Filled, Problem> {
    for _ in 0..MAX_TRIES {
        let generation = views.reached().await?.generation;
        let mut history = match before.take() {
            Some(filled) if filled.generation == generation => filled.history,
            _ => Arc::new(fill(views, service, generation).await?),
        };
        if bring_up_to_date(views, service, generation, &mut history).await? {
            return Ok(Filled { generation, history });
        }
    }
    let detail = "the views were rebuilt while they were read; ask again a little later";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "views-unavailable", "The views cannot answer", detail).retry(1))
}

/// Reads everything that was ever listed of a service.
async fn fill(views: &Views, service: &str, generation: u32) -> Result<PageHistory, Problem> {
    let mut history = PageHistory { position: NOW, ..PageHistory::default() };
    let mut numbers = Vec::new();
    loop {
        let answer = views.ever_listed(service, numbers.last().copied().unwrap_or(0), MAX_LISTED_ROWS).await?;
        // What changes meanwhile comes after this position, and is read again.
        history.position = history.position.min(answer.position);
        let is_last = answer.value.len() < MAX_LISTED_ROWS;
        numbers.extend(answer.value);
        if numbers.len() > MAX_INCIDENTS {
            let detail =
                format!("the page of \"{service}\" has more than {MAX_INCIDENTS} incidents, too many to hold ready; ask incident by incident");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "page-too-large", "The page is too large", detail));
        }
        if is_last {
            break;
        }
    }
    load(views, service, generation, &numbers, &mut history).await?;
    Ok(history)
}

/// Reads again what changed since; false where another generation serves by now.
async fn bring_up_to_date(views: &Views, service: &str, generation: u32, history: &mut Arc<PageHistory>) -> Result<bool, Problem> {
    loop {
        let answer = views.changes(history.position, MAX_LISTED_ROWS).await?;
        if answer.generation.number != generation {
            return Ok(false);
        }
        let is_last = answer.value.len() < MAX_LISTED_ROWS;
        let until = if is_last { answer.position } else { answer.value.last().map_or(answer.position, |change| change.position) };
        let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
        for (number, id) in answer.value.into_iter().flat_map(|change| change.incidents) {
            if subject_of_id(&id) == Some(service) || history.incidents.contains_key(&number) {
                own.insert(number);
            } else if !id.starts_with("registry:") {
                others.insert(id);
            }
        }
        own.extend(of_service(views, service, others.into_iter().collect()).await?);
        let own: Vec<IncidentNumber> = own.into_iter().collect();
        if !own.is_empty() || history.position != until {
            // A reader that still holds the last state keeps it as it is.
            let changed = Arc::make_mut(history);
            if !load(views, service, generation, &own, changed).await? {
                return Ok(false);
            }
            changed.position = until;
        }
        if is_last {
            return Ok(true);
        }
    }
}

/// Incidents opened by another service that this one is told in: after a merge.
async fn of_service(views: &Views, service: &str, ids: Vec<String>) -> Result<Vec<IncidentNumber>, Problem> {
    let mut found = Vec::new();
    for ids in ids.chunks(MAX_LISTED_ROWS - 1) {
        for nature in [Nature::Outage, Nature::Maintenance] {
            let mut query = ListQuery::new(nature, NOW, MAX_LISTED_ROWS);
            (query.services, query.ids) = (Some(vec![service.to_owned()]), Some(ids.to_vec()));
            found.extend(views.list(query).await?.value.into_iter().map(|row| row.group));
        }
    }
    Ok(found)
}

/// Reads incidents anew; false where another generation answered.
async fn load(views: &Views, service: &str, generation: u32, numbers: &[IncidentNumber], history: &mut PageHistory) -> Result<bool, Problem> {
    for numbers in numbers.chunks(READ_AT_ONCE) {
        let asked = stream::iter(numbers.iter().copied()).map(|number| async move { (number, views.group_events(number, NOW).await) });
        let answers: Vec<(IncidentNumber, Answer<Option<Group>>)> =
            asked.buffered(ASKED_AT_ONCE).map(|(number, answer)| answer.map(|answer| (number, answer))).try_collect().await?;
        if answers.iter().any(|(_, answer)| answer.generation.number != generation) {
            return Ok(false);
        }
        let source = format!("{WATCHERS}{service}");
        let read_all = move |(number, answer): (IncidentNumber, Answer<Option<Group>>)| match answer.value {
            // What was merged into it is told there, and nowhere else any more.
            Some(group) => (group.members.clone().into_iter().chain([number]).collect::<Vec<_>>(), read(group, &source)),
            None => (vec![number], None),
        };
        let work = move || answers.into_iter().map(read_all).collect::<Vec<_>>();
        let read = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(format!("the page could not be read: {error}")))?;
        for (numbers, group) in read {
            numbers.into_iter().for_each(|number| history.remove(number));
            if let Some((group, incident)) = group {
                history.insert(group, incident);
            }
        }
    }
    Ok(true)
}

/// What the page's watcher read of a group; None where the group's own incident is not among its members: nobody is told in it.
fn read(group: Group, source: &str) -> Option<(IncidentNumber, PageIncident)> {
    let number = group.number;
    let id = group.members.iter().zip(&group.ids).find(|(member, _)| **member == number).map(|(_, id)| id.clone())?;
    let own = group.events.iter().filter(|(row, _)| row.source == source).map(|(row, _)| row.bytes.as_ref().map_or(0, Vec::len));
    let bytes = own.map(|bytes| 2 * bytes + BYTES_AN_EVENT).sum();
    Some((number, PageIncident { id, watched: watched(group, |publisher| publisher == source), bytes }))
}

/// What watchers read of a group of incidents; of the publishers that are wanted.
pub fn watched(group: Group, is_wanted: impl Fn(&str) -> bool) -> Vec<Watched> {
    let rows = group.events.into_iter().map(|(row, _)| row).filter(|row| is_wanted(&row.source));
    let events = rows.filter_map(|row| {
        let (position, recorded) = (row.position, row.recorded);
        Some(ReadEvent { position, recorded, event: ReadRecord::of_row(row).event? })
    });
    Watched::all(events.collect())
}
