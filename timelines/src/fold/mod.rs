//! The fold: one incident's events, one by one, into its timeline and its summary.
//!
//! Every event's contribution can be taken out again, so that a correction, a retraction or a verdict costs no more than
//! the events it touches, and an incident of 100,000 events is not folded 100,000 times. What a timeline says and what a
//! summary says come from the same claims and rules (`claims`); a test holds the one against the other.

mod acts;
mod claims;
mod contribution;
mod durations;
mod ends;
mod entries;
mod negative;
mod order;
mod places;
mod state;
mod statuses;
mod summary;
mod timeline;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dateline_events::{Bounds, Event, EventKey, Instant, Kind, Position};

use crate::model::{Correction, RegisteredService, Retraction, Weighing};
use contribution::{Aggregates, Contribution};

pub use summary::{Summary, SummaryMilestone};

/// So many headlines of an incident are searched in, the first by position.
const MAX_HEADLINES: usize = 32;

/// One incident's events, folded.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    known_at: Option<Instant>,
    held: BTreeMap<Position, Held>,
    by_key: HashMap<EventKey, Position>,
    /// Acts by the event that they are about, whether it has come or not.
    acts_on: HashMap<EventKey, BTreeSet<Position>>,
    /// Where headlines were given.
    titles: BTreeSet<Position>,
    /// Where a service was registered.
    registrations: BTreeSet<Position>,
    /// The first events with a headline of their own.
    headed: BTreeSet<Position>,
    aggregates: Aggregates,
    changed: Position,
}

/// One event in the fold.
#[derive(Debug, Clone)]
struct Held {
    recorded: Instant,
    /// True for what did not wait: the first such event that speaks of the world opened the incident.
    opens: bool,
    original: Arc<Event>,
    effective: Effective,
    /// Shared with the sums, which may need it again.
    contribution: Option<Arc<Contribution>>,
}

/// An event as the acts in effect have it.
#[derive(Debug, Clone)]
struct Effective {
    event: Arc<Event>,
    stated: Bounds,
    /// True where the upper bound of `stated` is only when it was retrieved: it orders nothing.
    stated_open: bool,
    visible: Visible,
    corrections: Vec<Correction>,
    retraction: Option<Box<Retraction>>,
    verdict: Option<Box<Weighing>>,
    without_effect: Vec<Position>,
}

impl Held {
    /// True for what stands in for a text that was destroyed: its redaction, at the position of the text.
    fn is_tombstone(&self, position: Position) -> bool {
        matches!(&self.original.kind, Kind::EventRedacted(redaction) if redaction.position == position)
    }

    /// True for what somebody said and was taken back.
    fn is_taken_back(&self) -> bool {
        self.effective.retraction.is_some() && !self.original.kind.is_act() && self.effective.visible == Visible::Certain
    }
}

/// Whether an event was stated by `known_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visible {
    Certain,
    Possible,
    No,
}

impl Fold {
    /// An empty fold of everything that is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty fold of only what was certainly stated by an instant.
    pub fn known_at(instant: Option<Instant>) -> Self {
        Self { known_at: instant, ..Self::default() }
    }

    /// How many events it holds.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// True when it holds none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes one event in. The order of calls does not matter to the result, except for `changed`, which is the highest `since`:
    /// the position whose event brought this one into the incident (its own, unless it had waited).
    pub fn apply(&mut self, position: Position, since: Position, recorded: Instant, event: Arc<Event>) {
        self.changed = self.changed.max(since).max(position);
        if self.held.contains_key(&position) {
            return;
        }
        let key = event.key();
        self.by_key.insert(key, position);
        if let Some(target) = event.kind.target() {
            self.acts_on.entry(event.key_of(target)).or_default().insert(position);
        }
        if event.common.headline.is_some() && !event.kind.is_act() {
            self.headed.insert(position);
            if self.headed.len() > MAX_HEADLINES {
                self.headed.pop_last();
            }
        }
        match event.kind {
            Kind::IncidentTitled(_) => drop(self.titles.insert(position)),
            Kind::ServiceRegistered(_) => drop(self.registrations.insert(position)),
            _ => {}
        }
        let effective = Effective {
            event: event.clone(),
            stated: Bounds::default(),
            stated_open: false,
            visible: Visible::No,
            corrections: Vec::new(),
            retraction: None,
            verdict: None,
            without_effect: Vec::new(),
        };
        let opens = since == position && !event.kind.is_act();
        self.held.insert(position, Held { recorded, opens, original: event, effective, contribution: None });
        self.refresh(position);
        self.refresh_targets(position);
    }

    /// Marks that something outside its own events (a merge, a split, an event moved away) changed the incident.
    pub fn touch(&mut self, since: Position) {
        self.changed = self.changed.max(since);
    }

    /// An act changes the event that it is about; where that is an act too, the one that it is about, and so on.
    /// An act on an act comes after it, so the chain goes down in position and ends.
    fn refresh_targets(&mut self, position: Position) {
        let mut position = position;
        while let Some(target) = self.target_of(position) {
            self.refresh(target);
            position = target;
        }
    }

    fn target_of(&self, position: Position) -> Option<Position> {
        let act = &self.held.get(&position)?.original;
        let target = *self.by_key.get(&act.key_of(act.kind.target()?))?;
        let target_is_act = self.held.get(&target)?.original.kind.is_act();
        (!target_is_act || target < position).then_some(target)
    }

    /// Works out anew how one event stands, and what it contributes.
    fn refresh(&mut self, position: Position) {
        let Some(effective) = self.effective_of(position) else { return };
        let contribution = Contribution::of(position, &effective).map(Arc::new);
        let Some(held) = self.held.get_mut(&position) else { return };
        held.effective = effective;
        let before = std::mem::replace(&mut held.contribution, contribution);
        let after = held.contribution.clone();
        self.aggregates.replace(before, after);
    }

    /// The event at a position with every correction in effect applied.
    pub fn effective_event(&self, position: Position) -> Option<Arc<Event>> {
        self.event_at(position).map(|held| held.effective.event.clone())
    }

    /// True where the event at a position is held and not retracted.
    pub fn is_in_effect(&self, position: Position) -> bool {
        self.event_at(position).is_some_and(|held| held.effective.retraction.is_none())
    }

    /// The service that it registers, where it is a registry: the last registration that stands.
    pub fn registration(&self) -> Option<RegisteredService> {
        let standing = self.registrations.iter().rev().filter_map(|position| self.event_at(*position));
        let (subject, service) = standing.filter(|held| held.effective.retraction.is_none()).find_map(|held| match &held.effective.event.kind {
            Kind::ServiceRegistered(service) => Some((&held.effective.event.subject, service)),
            _ => None,
        })?;
        Some(RegisteredService {
            slug: subject.clone(),
            names: service.names.clone(),
            genitives: service.genitives.clone(),
            vendor: service.vendor.clone(),
            parent: service.parent.clone(),
            homepage: service.homepage.clone(),
            status_page: service.status_page.clone(),
        })
    }

    /// The earliest bound of any sign that stands.
    pub fn first_start(&self) -> Option<Instant> {
        let starts = &self.aggregates.starts;
        let first_end = starts.range((true, Instant(i64::MIN), 0)..).next();
        starts.first().into_iter().chain(first_end).map(|(_, instant, _)| *instant).min()
    }

    /// The words that it can be searched by: its title, and the headlines that stand, by position.
    pub fn headlines(&self) -> Vec<&str> {
        let titles = self.title().into_iter().flat_map(|title| title.all());
        let standing = self.headed.iter().filter_map(|position| self.event_at(*position)).filter(|held| held.contribution.is_some());
        titles.chain(standing.filter_map(|held| held.effective.event.common.headline.as_ref()).flat_map(|headline| headline.all())).collect()
    }

    fn event_at(&self, position: Position) -> Option<&Held> {
        self.held.get(&position)
    }

    /// The event that a reference in `event` names, if the fold holds it.
    fn named(&self, event: &Event, reference: &dateline_events::Ref) -> Option<Position> {
        self.by_key.get(&event.key_of(reference)).copied()
    }
}
