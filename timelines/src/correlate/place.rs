//! The rules, one event after the other: named by the event, by what it points at, by the vendor's reference, by time;
//! else it opens an incident or waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dateline_events::{Event, EventKey, Instant, Kind, Position};

use super::heads::reach;
use super::knowledge::Knowledge;
use super::late::{follow, is_postmortem};
use super::links::Links;
use super::{Placement, ReadRecord, incident_id, named_by, nature_of, overlap_bounds, reference_of, registry_id, subject_of_id};
use crate::rows::{AttachmentRow, Course, EventRow, HeadRow, IncidentNumber, KnownEvent, Nature, Needs, ReferenceRow, Rows, WaitingRow};

/// One try at a page: what is known, and what this page adds to it.
pub(super) struct Pass<'a> {
    pub(super) knowledge: &'a Knowledge,
    pub(super) needs: Needs,
    pub(super) rows: Rows,
    /// Heads that this page made or changed.
    pub(super) heads: BTreeMap<IncidentNumber, HeadRow>,
    pub(super) references: HashMap<(String, String), IncidentNumber>,
    /// The links that this page made or changed.
    pub(super) links: Links,
    /// Events of this page, and what holds them; also events of the past that this page attached or moved.
    pub(super) events: HashMap<EventKey, KnownEvent>,
    /// The acts of this page by what they are about, each by its place among the page's events.
    pub(super) acts: HashMap<EventKey, Vec<usize>>,
    pub(super) waiting: BTreeMap<Position, (WaitingRow, Arc<EventRow>)>,
    /// Waiting events of the past that this page attached.
    pub(super) no_longer_waiting: BTreeSet<Position>,
    /// The records of those, for whoever folds them.
    pub(super) revived: Vec<EventRow>,
    /// The position whose event is being placed.
    pub(super) now: Position,
    /// The first row whose event was read when it came, and cannot be read again.
    unreadable: Option<Position>,
}

/// Where an event belongs.
enum Place {
    In(Vec<IncidentNumber>),
    Opens,
    Waits,
}

/// What an attachment brought about, for those who wait.
pub(super) struct Attached {
    pub(super) key: EventKey,
    pub(super) incidents: Vec<IncidentNumber>,
    pub(super) opened_or_widened: bool,
    pub(super) new_reference: Option<(String, String)>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(knowledge: &'a Knowledge) -> Self {
        Self {
            knowledge,
            needs: Needs::default(),
            rows: Rows::default(),
            heads: BTreeMap::new(),
            references: HashMap::new(),
            links: Links::default(),
            events: HashMap::new(),
            acts: HashMap::new(),
            waiting: BTreeMap::new(),
            no_longer_waiting: BTreeSet::new(),
            revived: Vec::new(),
            now: 0,
            unreadable: None,
        }
    }

    /// Reads again the event of a row that was placed before; None of poison, and of a text that was destroyed.
    pub(super) fn read_again(&mut self, row: &EventRow) -> Option<Event> {
        let bytes = row.bytes.as_deref().filter(|_| row.problem.is_none())?;
        match Event::read(bytes) {
            Ok(event) => Some(event),
            Err(_) => {
                self.unreadable.get_or_insert(row.position);
                None
            }
        }
    }

    /// Takes the next record of the ledger.
    pub(super) fn take(&mut self, record: &ReadRecord) {
        self.now = record.row.position;
        if let Some(target) = record.row.target {
            self.acts.entry(target).or_default().push(self.rows.events.len());
        }
        self.rows.events.push(record.row.clone());
        self.events.insert(record.row.key, KnownEvent { event: record.row.clone(), incidents: Vec::new() });
        let Some(event) = record.event.as_deref() else { return };
        if let Kind::EventRedacted(redaction) = &event.kind {
            self.take_redacted(&record.row, event, redaction);
            return;
        }
        match self.try_to_attach(&record.row, event) {
            Some(attached) => self.after_attachment(&attached),
            None => self.wait(&record.row, event),
        }
    }

    pub(super) fn finish(mut self) -> Result<Placement, Needs> {
        let missing = self.knowledge.missing(&self.needs);
        if !missing.is_empty() {
            return Err(missing);
        }
        self.rows.heads.sort_by_key(|head| (head.since, head.number));
        Ok(Placement { rows: self.rows, revived: self.revived, unreadable: self.unreadable })
    }

    /// Attaches an event if it has a place, and says what that brought about.
    pub(super) fn try_to_attach(&mut self, row: &EventRow, event: &Event) -> Option<Attached> {
        let (incidents, opened) = match self.place_of(event) {
            Place::In(incidents) => (incidents, false),
            Place::Opens => (vec![self.open(row, event)], true),
            Place::Waits => return None,
        };
        for incident in &incidents {
            self.attach(row.position, *incident);
        }
        if let Some(known) = self.known_mut(row.key) {
            known.incidents.clone_from(&incidents);
            known.incidents.sort_unstable();
        }
        let widened = incidents.first().is_some_and(|incident| self.widen(*incident, event));
        let new_reference = incidents.first().and_then(|incident| self.bring_reference(*incident, event));
        self.follow_acts(row, event);
        Some(Attached { key: row.key, incidents, opened_or_widened: opened || widened, new_reference })
    }

    pub(super) fn attach(&mut self, event: Position, incident: IncidentNumber) {
        self.rows.attachments.push(AttachmentRow { since: self.now, event, incident, present: true });
    }

    fn place_of(&mut self, event: &Event) -> Place {
        if let Kind::ServiceRegistered(_) = event.kind {
            let registry = self.head_by_id(&registry_id(&event.subject), &event.subject);
            return registry.map_or(Place::Opens, |head| Place::In(vec![head.number]));
        }
        if let Some(id) = &event.incidentid
            && !event.kind.is_act()
        {
            let subject = subject_of_id(id).unwrap_or(&event.subject).to_owned();
            let head = self.head_by_id(id, &subject).filter(|head| head.nature != Nature::Registry);
            return head.map_or(Place::Waits, |head| Place::In(vec![head.number]));
        }
        if let Kind::IncidentLinked(link) = &event.kind {
            let ends = [self.incident_holding(event.key_of(&link.from)), self.incident_holding(event.key_of(&link.to))];
            return match ends {
                [Some(from), Some(to)] if self.is_registry(from) || self.is_registry(to) => Place::Waits,
                [Some(from), Some(to)] if from == to => Place::In(vec![from]),
                [Some(from), Some(to)] => Place::In(vec![from, to]),
                _ => Place::Waits,
            };
        }
        if event.kind.is_act() {
            let target = event.kind.target().map(|target| event.key_of(target));
            return target.and_then(|key| self.incident_holding(key)).map_or(Place::Waits, |incident| Place::In(vec![incident]));
        }
        self.place_in_the_world(event)
    }

    fn place_in_the_world(&mut self, event: &Event) -> Place {
        for key in named_by(event) {
            if self.shares_a_service(key, event)
                && let Some(incident) = self.incident_holding(key)
                && !self.is_registry(incident)
            {
                return Place::In(vec![incident]);
            }
        }
        let reference = reference_of(event);
        if let Some(incident) = reference.as_ref().and_then(|reference| self.incident_with(reference)) {
            return Place::In(vec![incident]);
        }
        if let Some(incident) = self.incident_by_time(event, reference.as_ref()) {
            return Place::In(vec![incident]);
        }
        if let Some(incident) = self.incident_left_open(event) {
            return Place::In(vec![incident]);
        }
        let has_bound = overlap_bounds(event).is_some();
        if is_postmortem(&event.kind) {
            Place::Waits
        } else if reference.is_some() || (event.kind.can_open() && has_bound) {
            Place::Opens
        } else {
            Place::Waits
        }
    }

    /// True where the event with this key is known, and both speak of one service at least.
    fn shares_a_service(&mut self, key: EventKey, event: &Event) -> bool {
        let Some(row) = self.known(key).map(|known| known.event.clone()) else { return false };
        if event.services().any(|service| service == row.subject) {
            return true;
        }
        let Some(other) = self.read_again(&row) else { return false };
        other.services().any(|service| event.services().any(|own| own == service))
    }

    /// Rule 4: the incident of the same nature whose widened span overlaps, found by the subject, else by the next service that the event
    /// names; of several the nearest start, then the lowest position.
    fn incident_by_time(&mut self, event: &Event, reference: Option<&(String, String)>) -> Option<IncidentNumber> {
        event.services().find_map(|service| self.incident_of_service_by_time(service, event, reference))
    }

    fn incident_of_service_by_time(&mut self, service: &str, event: &Event, reference: Option<&(String, String)>) -> Option<IncidentNumber> {
        let (earliest, latest) = overlap_bounds(event)?;
        let nature = nature_of(event);
        self.needs.subjects.insert(service.to_owned());
        let carries_another = |head: &HeadRow| reference.is_some_and(|(page, _)| head.references.iter().any(|(other, _)| other == page));
        let fits = |head: &&HeadRow| {
            let overlaps = reach(head).is_some_and(|(start, end)| start < latest.max(earliest.plus(1)) && earliest < end);
            head.nature == nature && overlaps && !carries_another(head)
        };
        let past = self.knowledge.subjects.get(service);
        let past = past.into_iter().flat_map(|heads| heads.near(earliest, latest)).filter(|head| !self.heads.contains_key(&head.number));
        let here = self.heads.values().filter(|head| head.is_of(service));
        let distance = |head: &&HeadRow| (head.span_start.map_or(u64::MAX, |start| start.0.abs_diff(earliest.0)), head.number);
        past.chain(here).filter(fits).min_by_key(distance).map(|head| head.number)
    }

    fn open(&mut self, row: &EventRow, event: &Event) -> IncidentNumber {
        let nature = nature_of(event);
        let id = if nature == Nature::Registry { registry_id(&event.subject) } else { incident_id(event, row.recorded) };
        let head = HeadRow {
            number: row.position,
            since: self.now,
            id,
            subject: event.subject.clone(),
            services: event.services().skip(1).map(ToOwned::to_owned).collect(),
            nature,
            span_start: None,
            span_end: None,
            disrupted_until: None,
            restored_until: None,
            course: Course::default(),
            courses: Vec::new(),
            references: Vec::new(),
        };
        self.put_head(head);
        row.position
    }

    /// A sign widens the span; other kinds never do. True when it did.
    fn widen(&mut self, incident: IncidentNumber, event: &Event) -> bool {
        if !event.kind.is_sign() {
            return false;
        }
        let Some(mut head) = self.head(incident) else { return false };
        let before = head.clone();
        follow(&mut head, event);
        if let Some((earliest, latest)) = overlap_bounds(event) {
            let later = |old: Option<Instant>| Some(old.map_or(latest, |old| old.max(latest)));
            head.span_start = Some(head.span_start.map_or(earliest, |old| old.min(earliest)));
            head.span_end = later(head.span_end);
            if event.kind.restores() {
                head.restored_until = later(head.restored_until);
            } else if is_disruption(&event.kind) {
                head.disrupted_until = later(head.disrupted_until);
            }
        }
        let widened = reach(&head) != reach(&before);
        if head != before {
            head.since = self.now;
            self.put_head(head);
        }
        widened
    }

    pub(super) fn bring_reference(&mut self, incident: IncidentNumber, event: &Event) -> Option<(String, String)> {
        let reference = reference_of(event)?;
        if self.incident_with(&reference).is_some() {
            return None;
        }
        self.references.insert(reference.clone(), incident);
        let (page, id) = reference.clone();
        self.rows.references.push(ReferenceRow { page, reference: id, incident, since: self.now });
        if let Some(mut head) = self.head(incident) {
            head.references.push(reference.clone());
            head.since = self.now;
            self.put_head(head);
        }
        Some(reference)
    }

    pub(super) fn put_head(&mut self, head: HeadRow) {
        // One version a position: several changes by one event are one change. Rows come in order of position, so those of this one
        // stand last.
        let first_of_now = self.rows.heads.iter().rposition(|row| row.since < head.since).map_or(0, |at| at + 1);
        match self.rows.heads.iter_mut().skip(first_of_now).find(|row| row.number == head.number) {
            Some(row) => row.clone_from(&head),
            None => self.rows.heads.push(head.clone()),
        }
        self.heads.insert(head.number, head);
    }

    /// The head of an incident. It need not be of the service of the event at hand: a reference or an id may name another's.
    pub(super) fn head(&mut self, incident: IncidentNumber) -> Option<HeadRow> {
        if let Some(head) = self.heads.get(&incident) {
            return Some(head.clone());
        }
        let knowledge = self.knowledge;
        let of_a_service = knowledge.head_of_a_service(incident);
        if of_a_service.is_none() {
            self.needs.incidents.insert(incident);
        }
        of_a_service.or_else(|| knowledge.heads.get(&incident)).cloned()
    }

    /// True where a number stands for the registry of a service, which is no incident.
    fn is_registry(&mut self, incident: IncidentNumber) -> bool {
        self.head(incident).is_some_and(|head| head.nature == Nature::Registry)
    }

    pub(super) fn head_by_id(&mut self, id: &str, subject: &str) -> Option<HeadRow> {
        if let Some(head) = self.heads.values().find(|head| head.id == id) {
            return Some(head.clone());
        }
        self.needs.subjects.insert(subject.to_owned());
        self.knowledge.subjects.get(subject)?.by_id(id).cloned()
    }

    fn incident_with(&mut self, reference: &(String, String)) -> Option<IncidentNumber> {
        if let Some(incident) = self.references.get(reference) {
            return Some(*incident);
        }
        self.needs.references.insert(reference.clone());
        self.knowledge.references.get(reference)
    }

    /// An event by key, in this page or in the past.
    pub(super) fn known(&mut self, key: EventKey) -> Option<&KnownEvent> {
        if self.events.contains_key(&key) {
            return self.events.get(&key);
        }
        self.needs.keys.insert(key);
        self.knowledge.known.get(&key)
    }

    /// The same, to be changed: a copy of what the past knows becomes this page's.
    pub(super) fn known_mut(&mut self, key: EventKey) -> Option<&mut KnownEvent> {
        if !self.events.contains_key(&key) {
            let known = self.known(key)?.clone();
            self.events.insert(key, known);
        }
        self.events.get_mut(&key)
    }

    pub(super) fn incident_holding(&mut self, key: EventKey) -> Option<IncidentNumber> {
        self.known(key)?.incidents.first().copied()
    }
}

/// Signs that something is still wrong.
pub(super) fn is_disruption(kind: &Kind) -> bool {
    use dateline_events::kinds::VendorStatus;
    match kind {
        Kind::AnomalyDetected(_) | Kind::ReportsObserved(_) | Kind::VendorAcknowledged(_) | Kind::MaintenanceStarted(_) => true,
        Kind::VendorUpdated(updated) => !matches!(updated.status, Some(VendorStatus::Resolved | VendorStatus::Postmortem)),
        _ => false,
    }
}
