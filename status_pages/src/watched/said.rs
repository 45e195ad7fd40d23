//! A watcher's events, brought into the few things that a page says of an incident: one part each, and the acts on it.
//! Which acts are in effect is not asked here.

use std::collections::HashMap;
use std::sync::Arc;

use dateline_events::kinds::EditKind;
use dateline_events::{Bounds, Event, EventKey, Instant, Kind, Position, Role, Severity, When};

use super::{WATCHERS, Watched};
use crate::observation::Nature;

/// An event of an incident, as read from the ledger.
#[derive(Debug, Clone)]
pub struct ReadEvent {
    /// Its position.
    pub position: Position,
    /// When the ledger took it.
    pub recorded: Instant,
    /// What it says.
    pub event: Arc<Event>,
}

/// Something that the page said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Base {
    pub position: Position,
    pub id: String,
    pub part: Part,
    /// The page's own id of the post.
    pub post: Option<String>,
    pub stated: Bounds,
    pub values: Values,
    /// The places of its corrections among the acts, the one stated last at the end.
    pub corrections: Vec<usize>,
}

/// Which part of what a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Start,
    Name,
    Severity,
    Post,
    /// How it stands, where the page says otherwise than its newest post.
    State,
    End,
    /// It stands on the list no more.
    Left,
}

/// What can be read of a part.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Values {
    pub at: Option<Instant>,
    pub words: Option<String>,
    pub status: Option<String>,
    pub window: Option<(Instant, Instant)>,
    pub severity: Option<Severity>,
    pub name: Option<String>,
}

/// A correction or a retraction by the same watcher.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Act {
    pub position: Position,
    pub recorded: Instant,
    pub stated: Bounds,
    pub announced: bool,
    pub on: On,
    /// The place of the base that it is about in the end.
    pub root: usize,
    /// For a retraction: how many others stand between it and the base, which it takes back (an even number) or brings back. None
    /// where it takes back a correction, and for corrections.
    pub depth: Option<u32>,
    pub deed: Deed,
}

/// What an act is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// What the page said.
    Base,
    /// Another act, by its place; a lower one.
    Act(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    Correct { edit_kind: EditKind, patch: Box<Patch> },
    Retract,
}

/// The values that a correction gives; the outer None leaves what stood there.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Patch {
    pub at: Option<Option<Instant>>,
    pub words: Option<Option<String>>,
    pub status: Option<Option<String>>,
    pub window: Option<Option<(Instant, Instant)>>,
    pub severity: Option<Option<Severity>>,
    pub name: Option<Option<String>>,
}

/// A history for each watcher and each of its page's own ids.
pub(super) fn histories(mut events: Vec<ReadEvent>) -> Vec<Watched> {
    events.retain(|read| read.event.source.starts_with(WATCHERS));
    events.sort_by_key(|read| read.position);
    events.dedup_by_key(|read| read.position);
    let mut histories: Vec<Watched> = Vec::new();
    let mut by_reference: HashMap<(String, String), usize> = HashMap::new();
    let mut bases: HashMap<EventKey, (usize, Arc<Event>)> = HashMap::new();
    for read in &events {
        // A page speaks only where it was read: whoever may not say so says nothing of it.
        let is_read = read.event.own_voice().is_none();
        let (Some(part), Some(reference), true) = (part_of(&read.event), &read.event.common.reference, is_read) else { continue };
        let known = by_reference.entry((read.event.source.clone(), reference.id.clone())).or_insert_with(|| {
            histories.push(opened(read, &reference.page, &reference.id));
            histories.len() - 1
        });
        histories[*known].bases.push(base(read, part));
        bases.insert(read.event.key(), (*known, read.event.clone()));
    }
    for read in events.iter().filter(|read| matches!(read.event.kind, Kind::IncidentTitled(_))) {
        let Some(target) = target_of(&read.event) else { continue };
        let Some((history, _)) = bases.get(&target).cloned() else { continue };
        histories[history].bases.push(base(read, Part::Name));
        bases.insert(read.event.key(), (history, read.event.clone()));
    }
    for history in &mut histories {
        history.bases.sort_by_key(|base| base.position);
    }
    add_acts(&events, &bases, &mut histories);
    histories
}

fn opened(read: &ReadEvent, page: &str, id: &str) -> Watched {
    let event = &read.event;
    let vendor = event.common.sources.iter().find(|source| source.role == Role::ReadIn).cloned();
    Watched {
        source: event.source.clone(),
        page: page.to_owned(),
        id: id.to_owned(),
        url: vendor.as_ref().and_then(|source| source.url.clone()),
        nature: if event.kind.is_maintenance() { Nature::Maintenance } else { Nature::Outage },
        vendor,
        opened: event.common.occurred.as_ref().and_then(start_of),
        bases: Vec::new(),
        acts: Vec::new(),
    }
}

/// The act's target, where it is an event of the same watcher: nobody else can change what its page said.
fn target_of(event: &Event) -> Option<EventKey> {
    let target = event.kind.target()?;
    (event.resolve(target).0 == event.source).then(|| event.key_of(target))
}

/// The acts by position, so that what an act on an act is about has come before it.
fn add_acts(events: &[ReadEvent], bases: &HashMap<EventKey, (usize, Arc<Event>)>, histories: &mut [Watched]) {
    let mut places: HashMap<EventKey, (usize, usize)> = HashMap::new();
    let mut roots: HashMap<EventKey, usize> = HashMap::new();
    for (number, history) in histories.iter().enumerate() {
        for (place, base) in history.bases.iter().enumerate() {
            let key = EventKey::of(&history.source, &base.id);
            if bases.get(&key).is_some_and(|(of, _)| *of == number) {
                roots.insert(key, place);
            }
        }
    }
    for read in events {
        let Some(target) = target_of(&read.event) else { continue };
        let base = bases.get(&target).and_then(|(history, event)| Some((*history, *roots.get(&target)?, event)));
        let deed = match &read.event.kind {
            Kind::EventRetracted(_) => Some(Deed::Retract),
            Kind::EventCorrected(correction) => base.and_then(|(.., original)| {
                let patched = original.patched(&correction.patch).ok()?;
                let patch = Box::new(Patch::of(&correction.patch, &patched));
                Some(Deed::Correct { edit_kind: correction.edit_kind, patch })
            }),
            _ => None,
        };
        let Some(deed) = deed else { continue };
        let is_retraction = deed == Deed::Retract;
        let (history, on, root, depth) = match (base, places.get(&target)) {
            (Some((history, root, _)), _) => (history, On::Base, root, is_retraction.then_some(0)),
            (None, Some((history, act))) => {
                let earlier = &histories[*history].acts[*act];
                (*history, On::Act(*act), earlier.root, earlier.depth.map(|depth| depth + 1))
            }
            (None, None) => continue,
        };
        let announced = match &read.event.kind {
            Kind::EventRetracted(act) => act.announced,
            Kind::EventCorrected(act) => act.announced,
            _ => None,
        };
        places.insert(read.event.key(), (history, histories[history].acts.len()));
        histories[history].acts.push(Act {
            position: read.position,
            recorded: read.recorded,
            stated: read.event.stated_bounds(read.recorded).0,
            announced: announced.unwrap_or(true),
            on,
            root,
            depth,
            deed,
        });
    }
    for history in histories {
        let mut order: Vec<usize> = (0..history.acts.len()).filter(|act| matches!(history.acts[*act].deed, Deed::Correct { .. })).collect();
        order.sort_by_key(|act| (history.acts[*act].stated.latest, history.acts[*act].position));
        for act in order {
            let root = history.acts[act].root;
            history.bases[root].corrections.push(act);
        }
    }
}

fn base(read: &ReadEvent, part: Part) -> Base {
    let reference = read.event.common.reference.as_ref();
    Base {
        position: read.position,
        id: read.event.id.clone(),
        part,
        post: reference.filter(|_| part == Part::Post).and_then(|reference| reference.update.clone()),
        stated: read.event.stated_bounds(read.recorded).0,
        values: Values::of(&read.event),
        corrections: Vec::new(),
    }
}

fn part_of(event: &Event) -> Option<Part> {
    let reference = event.common.reference.as_ref()?;
    let is_post = reference.update.is_some();
    match &event.kind {
        _ if event.kind.is_act() => None,
        _ if reference.absent => Some(Part::Left),
        _ if event.id.strip_prefix(&reference.id).is_some_and(|part| part.starts_with("/status/")) => Some(Part::State),
        _ if is_post => Some(Part::Post),
        Kind::AnomalyDetected(_) | Kind::MaintenanceAnnounced(_) => Some(Part::Start),
        Kind::ScopeChanged(scope) => scope.severity.map(|_| Part::Severity),
        Kind::ServiceRestored(_) | Kind::MaintenanceCompleted(_) => Some(Part::End),
        Kind::VendorAcknowledged(_) | Kind::VendorUpdated(_) | Kind::MaintenanceStarted(_) => Some(Part::Post),
        _ => None,
    }
}

impl Values {
    fn of(event: &Event) -> Self {
        let (window, text) = match &event.kind {
            Kind::MaintenanceAnnounced(work) => (work.scheduled.as_ref(), work.text.as_ref()),
            Kind::MaintenanceStarted(work) => (work.scheduled.as_ref(), work.text.as_ref()),
            Kind::MaintenanceCompleted(work) => (work.scheduled.as_ref(), work.text.as_ref()),
            _ => (None, None),
        };
        let said = event.kind.statement().map(|statement| statement.quotation.text.as_str());
        Self {
            at: event.common.occurred.as_ref().and_then(start_of),
            words: said.or_else(|| text.map(|text| text.told_in("en"))).map(ToOwned::to_owned),
            status: page_word(event).or_else(|| status_word(event)),
            window: window.map(|window| (window.0.start(), window.1.start())),
            severity: if let Kind::ScopeChanged(scope) = &event.kind { scope.severity } else { None },
            name: if let Kind::IncidentTitled(titled) = &event.kind { Some(titled.title.told_in("en").to_owned()) } else { None },
        }
    }
}

fn page_word(event: &Event) -> Option<String> {
    event.common.reference.as_ref()?.status.clone()
}

/// The field's word, where the page has none of its own.
fn status_word(event: &Event) -> Option<String> {
    let word = match &event.kind {
        Kind::VendorUpdated(updated) => serde_json::to_value(updated.status?),
        Kind::ScopeChanged(scope) => serde_json::to_value(scope.severity?),
        _ => return None,
    };
    word.ok()?.as_str().map(ToOwned::to_owned)
}

impl Patch {
    /// The members that a correction names, with what they are in the event as corrected by it.
    fn of(named: &serde_json::Map<String, serde_json::Value>, patched: &Event) -> Self {
        let values = Values::of(patched);
        let has = |members: &[&str]| members.iter().any(|member| named.contains_key(*member));
        // A page's own word stands until the page gives another one.
        let names_status = has(&["reference"]) || has(&["status", "severity"]) && page_word(patched).is_none();
        Self {
            at: has(&["occurred"]).then_some(values.at),
            words: has(&["statement", "text"]).then_some(values.words),
            status: names_status.then_some(values.status),
            window: has(&["scheduled"]).then_some(values.window),
            severity: has(&["severity"]).then_some(values.severity),
            name: has(&["title"]).then_some(values.name),
        }
    }

    /// Puts its values in the place of others.
    pub(super) fn apply(&self, values: &mut Values) {
        put(&self.at, &mut values.at);
        put(&self.words, &mut values.words);
        put(&self.status, &mut values.status);
        put(&self.window, &mut values.window);
        put(&self.severity, &mut values.severity);
        put(&self.name, &mut values.name);
    }
}

fn put<T: Clone>(given: &Option<Option<T>>, place: &mut Option<T>) {
    if let Some(given) = given {
        place.clone_from(given);
    }
}

/// The moment that a time names; of an interval its beginning.
fn start_of(when: &When) -> Option<Instant> {
    when.value().map(|(start, _)| start).or_else(|| when.own_bounds().earliest)
}
