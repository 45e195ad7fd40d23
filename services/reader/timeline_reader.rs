//! Finds what a reader asks for and folds it: the one way from the views to a timeline, for HTTP, pages and commands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use dateline_backends::{Group, Ledger, ListQuery, MAX_FILTER_VALUES, MAX_LISTED_ROWS, Reached, Views};
use dateline_events::{EventKey, Instant, Position};
use dateline_timelines::correlate::{ReadRecord, is_opened_by, subject_of_id};
use dateline_timelines::fold::{Fold, Summary};
use dateline_timelines::model::{Registry, State, Timeline};
use dateline_timelines::rows::{IncidentNumber, Nature, SummaryRow};
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answers::Passing;
use super::axes::ReadAxes;
use super::last_changes::LastChanges;
use crate::shared::cache::{Cache, Large};
use crate::shared::http::Problem;

/// So many services of one vendor are named beside an incident's own.
const MAX_SIBLINGS: usize = 50;

/// An id that no incident has is looked for in so many incidents, among so many events of each.
const JOINED_LATER_INCIDENTS_MAX: usize = 10;
const JOINED_LATER_EVENTS_MAX: usize = 500;

/// A date in an id: 2022-10-25.
const DAY_CHARS: usize = 10;

/// So many links of an incident are told by the titles of what they lead to; the others by the events that they name.
const MAX_LINKED: usize = 50;

/// So many events are folded at once, by all who ask; one incident of more is folded alone. An event takes a few thousand bytes.
const EVENTS_FOLDED_AT_ONCE: u32 = 100_000;

/// Who must wait longer for room to fold in is told to come again.
const FOLDING_WAITS: Duration = Duration::from_secs(10);

/// So many bytes of what is registered are kept.
const REGISTRIES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is registered of the services of one incident takes about so many; in memory a few times what it takes as text.
const REGISTRY_BYTES: usize = 4 * 1024;
const REGISTRY_BYTES_A_BYTE: usize = 3;

/// The way from the views to a timeline. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TimelineReader {
    /// The ledger; asked for its head only, and replayed.
    pub ledger: Ledger,
    /// The views.
    pub views: Views,
    /// What changed last.
    pub changes: LastChanges,
    registries: Cache<RegistryName, Arc<Registered>>,
    /// Room for events to be folded in.
    room: Arc<Semaphore>,
}

/// What is registered of services and of others of the same vendors, and the last position that changed it.
pub type Registered = (Registry, Position);

/// The generation, the last change of the registry, and the services.
type RegistryName = ((u32, Position), Vec<String>);

/// An incident as found, before it is folded: what its answer depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The group's number.
    pub number: IncidentNumber,
    /// Its id.
    pub id: String,
    /// The position of its last change under `as_of`.
    pub changed: Position,
    /// The generation of views that answered.
    pub generation: u32,
    /// False where it was asked for by its service.
    pub by_id: bool,
    /// How far the answer is true.
    pub position: Position,
    /// The axes.
    pub axes: ReadAxes,
    /// What is registered of its services, and since when.
    pub registry: Arc<Registered>,
    /// What lists show of it under `as_of`; under another axis it was otherwise.
    pub summary: Arc<Summary>,
    /// True for planned work whose window is over, and whose end nobody told: how it stands is not known.
    pub is_overdue: bool,
}

impl Asked {
    /// Marks an answer that time alone may change: the window of planned work will be over.
    pub fn passing(&self, mut response: Response) -> Response {
        if self.axes.is_now() && self.summary.awaits_an_end() {
            response.extensions_mut().insert(Passing);
        }
        response
    }

    /// The state of the views that answered.
    pub fn at(&self) -> Reached {
        Reached { generation: self.generation, position: self.position }
    }
}

/// A timeline with what is needed to tell it.
#[derive(Debug, Clone)]
pub struct Story {
    /// The timeline.
    pub timeline: Arc<Timeline>,
    /// What is registered of its services.
    pub registry: Arc<Registered>,
}

impl TimelineReader {
    /// A reader of a ledger and its views.
    pub fn new(ledger: Ledger, views: Views) -> Self {
        let registries = Cache::new(REGISTRIES_BYTES_MAX, REGISTRY_BYTES, Large::Dropped);
        Self { ledger, views, changes: LastChanges::default(), registries, room: Arc::new(Semaphore::new(EVENTS_FOLDED_AT_ONCE as usize)) }
    }

    /// Finds an incident by id, or the latest of a service by its slug. Says where it went if it was merged into another.
    pub async fn find(&self, which: &str, axes: ReadAxes) -> Result<Asked, Problem> {
        let found = self.views.find_incident(which).await?;
        let as_of = axes.as_of.unwrap_or(found.position);
        let by_id = found.value.is_some() || subject_of_id(which).is_some();
        let number = match found.value.filter(|_| !which.starts_with("registry:")) {
            Some(number) => number,
            None if by_id => self.joined_later(which, as_of).await?.ok_or_else(|| unknown(which))?,
            None => self.latest_of(which, as_of).await?.ok_or_else(|| unknown(which))?,
        };
        let row = self.views.latest_summary(number, as_of).await?;
        let Some(summary) = row.value else {
            return Err(unknown(which));
        };
        let services: Vec<String> = summary.services.split_whitespace().map(ToOwned::to_owned).collect();
        let registry = self.registry(&services, as_of).await?;
        // The views may have moved on between the questions: the answer is true for the position that was asked about.
        let position = if axes.as_of.is_some() { row.position } else { as_of };
        let mut shown = summary_of(&summary)?;
        let is_overdue = shown.is_overdue(axes.looked_from());
        if is_overdue {
            shown.state = State::Unknown;
        }
        let (number, id, changed) = (summary.group, summary.id, summary.since);
        Ok(Asked { number, id, changed, generation: row.generation.number, by_id, position, axes, registry, summary: Arc::new(shown), is_overdue })
    }

    /// The incident that holds the event which would have opened one with this id, by the rules of an earlier version. Looked for among the
    /// service's incidents that had begun by the id's day.
    async fn joined_later(&self, id: &str, as_of: Position) -> Result<Option<IncidentNumber>, Problem> {
        let Some(service) = subject_of_id(id).filter(|service| dateline_events::is_slug(service)) else { return Ok(None) };
        let day = id.get(service.len() + 1..).and_then(|rest| rest.get(..DAY_CHARS));
        let Some(day) = day.and_then(|day| Instant::parse(&format!("{day}T00:00:00Z"))) else { return Ok(None) };
        let mut query = ListQuery::new(Nature::Outage, as_of, JOINED_LATER_INCIDENTS_MAX);
        query.services = Some(vec![service.to_owned()]);
        query.to = Some(day.plus(24 * Instant::HOUR));
        for row in self.views.list(query).await?.value {
            let Some(group) = self.views.group_page(row.group, as_of, 0, JOINED_LATER_EVENTS_MAX).await?.value else { continue };
            if group.events.iter().any(|(event, _)| is_opened_by(id, &event.source, &event.id)) {
                return Ok(Some(row.group));
            }
        }
        Ok(None)
    }

    /// The latest incident of a service, outages before planned work.
    async fn latest_of(&self, service: &str, as_of: Position) -> Result<Option<IncidentNumber>, Problem> {
        if !dateline_events::is_slug(service) {
            return Ok(None);
        }
        for nature in [Nature::Outage, Nature::Maintenance] {
            let mut query = ListQuery::new(nature, as_of, 1);
            query.services = Some(vec![service.to_owned()]);
            if let Some(row) = self.views.list(query).await?.value.into_iter().next() {
                return Ok(Some(row.group));
            }
        }
        Ok(None)
    }

    /// Folds what was found.
    pub async fn fold(&self, asked: &Asked) -> Result<Story, Problem> {
        let as_of = asked.axes.as_of.unwrap_or(asked.position);
        // Whoever leaves the room first lets the next one in: the events are in memory as long as this is held.
        let _room = self.room_for(asked.summary.events).await?;
        let group = self.views.group_events(asked.number, as_of).await?.value.ok_or_else(|| unknown(&asked.id))?;
        let axes = asked.axes;
        let merged: Vec<String> = group.ids.iter().filter(|id| **id != asked.id).cloned().collect();
        let (id, changed) = (asked.id.clone(), asked.changed);
        // Folding thousands of events is work for a thread of its own, not for the one that answers everybody.
        let work = move || {
            let fold = folded(group, axes.known_at, changed)?;
            Ok::<_, Problem>(fold.timeline(&id, &merged, axes.at, axes.as_of))
        };
        let mut timeline = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(format!("the fold failed: {error}")))??;
        for linked in timeline.linked.iter_mut().take(MAX_LINKED) {
            linked.incident = self.holder_of(linked.other, as_of).await?.map(Box::new);
        }
        Ok(Story { timeline: Arc::new(timeline), registry: asked.registry.clone() })
    }

    /// The incident that holds an event, without its entries, as of a position.
    async fn holder_of(&self, event: EventKey, as_of: Position) -> Result<Option<Timeline>, Problem> {
        let Some((_, incidents)) = self.views.event_by_key(event).await?.value else { return Ok(None) };
        let Some(incident) = incidents.first() else { return Ok(None) };
        let row = self.views.latest_summary(*incident, as_of).await?.value;
        row.map(|row| Ok(summary_of(&row)?.outline(&row.id))).transpose()
    }

    /// Room to fold so many events in; given back when dropped.
    pub async fn room_for(&self, events: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let events = u32::try_from(events).unwrap_or(u32::MAX).clamp(1, EVENTS_FOLDED_AT_ONCE);
        let room = Arc::clone(&self.room).acquire_many_owned(events);
        match tokio::time::timeout(FOLDING_WAITS, room).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(closed)) => Err(Problem::internal(closed.to_string())),
            Err(_) => {
                let detail = format!("large incidents are being told, and there was no room for this one within {} s", FOLDING_WAITS.as_secs());
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much is told at once", detail).retry(5))
            }
        }
    }

    /// The ids of the incidents that were merged into one.
    pub async fn merged(&self, asked: &Asked) -> Result<Vec<String>, Problem> {
        let as_of = asked.axes.as_of.unwrap_or(asked.position);
        let group = self.views.group_page(asked.number, as_of, 0, 1).await?.value.ok_or_else(|| unknown(&asked.id))?;
        Ok(group.ids.into_iter().filter(|id| *id != asked.id).collect())
    }

    /// What is registered of services and of others of the same vendors, as of a position; and the last position that changed it.
    pub async fn registry(&self, services: &[String], as_of: Position) -> Result<Arc<Registered>, Problem> {
        Ok(self.registries(&[services], as_of).await?.pop().unwrap_or_default())
    }

    /// The same for several incidents, in their order: the views are asked once for all of them, and only for what is not known already.
    pub async fn registries(&self, incidents: &[&[String]], as_of: Position) -> Result<Vec<Arc<Registered>>, Problem> {
        let last = self.changes.registry_as_of(as_of, *self.views.watch_reached().borrow());
        let kept = |services: &&[String]| self.registries.get(&(last?, services.to_vec()));
        let known: Vec<Option<Arc<Registered>>> = incidents.iter().map(kept).collect();
        let unknown: Vec<&[String]> = incidents.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(services, _)| *services).collect();
        let mut asked = self.ask_registries(&unknown, as_of, last).await?.into_iter();
        Ok(known.into_iter().map(|known| known.or_else(|| asked.next()).unwrap_or_default()).collect())
    }

    async fn ask_registries(&self, incidents: &[&[String]], as_of: Position, last: Option<(u32, Position)>) -> Result<Vec<Arc<Registered>>, Problem> {
        let all: BTreeSet<&String> = incidents.iter().copied().flatten().collect();
        let all: Vec<String> = all.into_iter().cloned().collect();
        let mut own: Vec<SummaryRow> = Vec::new();
        for services in all.chunks(MAX_FILTER_VALUES) {
            let mut query = ListQuery::new(Nature::Registry, as_of, MAX_LISTED_ROWS);
            query.services = Some(services.to_vec());
            own.extend(self.views.list(query).await?.value);
        }
        let vendors: BTreeSet<&String> = own.iter().map(|row| &row.vendor).filter(|vendor| !vendor.is_empty()).collect();
        let mut of_vendors: Vec<SummaryRow> = Vec::new();
        for vendor in vendors {
            let mut query = ListQuery::new(Nature::Registry, as_of, MAX_SIBLINGS);
            query.vendor = Some(vendor.clone());
            of_vendors.extend(self.views.list(query).await?.value);
        }
        let registered = incidents.iter().map(|services| {
            let (registered, bytes) = registry_of(services, &own, &of_vendors)?;
            let registered = Arc::new(registered);
            if let Some(last) = last {
                self.registries.put((last, services.to_vec()), Arc::clone(&registered), bytes * REGISTRY_BYTES_A_BYTE);
            }
            Ok(registered)
        });
        registered.collect()
    }

    /// The ledger behind the views.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger's last position, as far as this process knows: no reader waits for the ledger, or fails with it.
    pub fn head(&self) -> Position {
        self.ledger.watch_head().borrow().position()
    }
}

/// Of all rows that were found, those that belong to these services: their own, then others of the same vendors.
/// With the bytes of those rows.
fn registry_of(services: &[String], own: &[SummaryRow], of_vendors: &[SummaryRow]) -> Result<(Registered, usize), Problem> {
    let is_own = |row: &SummaryRow| services.iter().any(|slug| row.services.trim() == slug);
    let mut rows: Vec<&SummaryRow> = own.iter().filter(|row| is_own(row)).collect();
    let siblings = of_vendors.iter().filter(|row| !is_own(row) && rows.iter().any(|own| own.vendor == row.vendor));
    let siblings: Vec<&SummaryRow> = siblings.collect();
    rows.extend(siblings);
    rows.sort_by_key(|row| row.group);
    let changed = rows.iter().map(|row| row.since).max().unwrap_or(0);
    let bytes = rows.iter().map(|row| row.json.len()).sum();
    let services = rows.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(((Registry { services }, changed), bytes))
}

/// What a row shows. A row that cannot be read back is damage, and told: left out, it would be a lie.
pub fn shown<T: DeserializeOwned>(row: &SummaryRow) -> Result<T, Problem> {
    serde_json::from_str(&row.json).map_err(|error| {
        tracing::error!(group = row.group, since = row.since, %error, "a row of the views cannot be read");
        Problem::internal(format!("the row of {} at position {} cannot be read; `dateline rebuild` makes the views anew", row.id, row.since))
    })
}

/// What lists show of an incident.
pub fn summary_of(row: &SummaryRow) -> Result<Summary, Problem> {
    let summary: Summary = shown(row)?;
    Ok(Summary { events: row.events.unwrap_or(summary.events), changed: row.since, ..summary })
}

/// Folds a group as it was known by an instant; None: as it is known now.
pub fn folded(group: Group, known_at: Option<Instant>, changed: Position) -> Result<Fold, Problem> {
    let mut fold = Fold::known_at(known_at);
    for (row, since) in group.events {
        let (position, recorded, is_readable) = (row.position, row.recorded, row.problem.is_none() && row.bytes.is_some());
        match ReadRecord::of_row(row).event {
            Some(event) => fold.apply(position, since, recorded, event),
            None if is_readable => return Err(Problem::internal(format!("the views' copy of the event at position {position} cannot be read"))),
            // Poison, or its text was destroyed.
            None => {}
        }
    }
    fold.touch(changed);
    Ok(fold)
}

pub fn unknown(which: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown-incident",
        "No such incident",
        format!("no incident has the id \"{which}\", and no service of that slug has one, under the axes asked for; /v1/incidents lists them"),
    )
}
