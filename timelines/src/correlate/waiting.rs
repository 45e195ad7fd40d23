//! Events that wait: why, and who is tried again when an incident opens or widens, or what they name arrives.

use std::collections::BTreeSet;
use std::sync::Arc;

use dateline_events::{Event, Instant, Position};

use super::heads::reach;
use super::late::{LONGEST_WINDOW, may_join_late};
use super::place::{Attached, Pass};
use super::{named_by, nature_of, overlap_bounds, reference_of};
use crate::rows::{EventRow, WaitingRow};

/// When an event must lie to belong to an incident.
struct Window {
    subject: String,
    start: Instant,
    end: Instant,
    /// The same for what may join late.
    late_end: Instant,
}

impl Pass<'_> {
    /// Notes that an event waits.
    pub(super) fn wait(&mut self, row: &EventRow, event: &Event) {
        let bounds = overlap_bounds(event).filter(|_| !event.kind.is_act() && event.incidentid.is_none());
        let waiting = WaitingRow {
            event: row.position,
            subject: event.subject.clone(),
            services: event.services().skip(1).map(ToOwned::to_owned).collect(),
            nature: nature_of(event),
            earliest: bounds.map(|(earliest, _)| earliest),
            latest: bounds.map(|(_, latest)| latest),
            awaits_keys: named_by(event),
            awaits_incident: event.incidentid.clone().filter(|_| !event.kind.is_act()),
            awaits_reference: reference_of(event),
        };
        self.rows.waiting.push(waiting.clone());
        self.waiting.insert(row.position, (waiting, Arc::new(row.clone())));
    }

    /// Tries those who wait, by position, until nobody moves any more.
    pub(super) fn after_attachment(&mut self, attached: &Attached) {
        let mut to_try = self.waiters(attached);
        while let Some(position) = to_try.pop_first() {
            let Some(row) = self.waiting_row(position) else { continue };
            let Some(event) = self.read_again(&row) else { continue };
            self.events.entry(row.key).or_insert_with(|| crate::rows::KnownEvent { event: (*row).clone(), incidents: Vec::new() });
            if let Some(attached) = self.try_to_attach(&row, &event) {
                if self.waiting.remove(&position).is_none() {
                    self.no_longer_waiting.insert(position);
                    self.revived.push((*row).clone());
                }
                to_try.extend(self.waiters(&attached));
            }
        }
    }

    fn waiting_row(&self, position: Position) -> Option<Arc<EventRow>> {
        let here = self.waiting.get(&position);
        let past = || self.knowledge.waiting.get(&position).filter(|_| !self.no_longer_waiting.contains(&position));
        here.or_else(past).map(|(_, row)| row.clone())
    }

    /// Everyone for whom an attachment may change something.
    fn waiters(&mut self, attached: &Attached) -> BTreeSet<Position> {
        let mut windows = Vec::new();
        let mut ids = Vec::new();
        for incident in attached.incidents.iter().filter(|_| attached.opened_or_widened) {
            let Some(head) = self.head(*incident) else { continue };
            ids.push(head.id.clone());
            let Some((start, end)) = reach(&head) else { continue };
            let late_end = head.span_end.map_or(end, |last| end.max(last.plus(LONGEST_WINDOW)));
            windows.extend(head.found_by().map(|service| Window { subject: service.to_owned(), start, end, late_end }));
        }
        self.ask_for_waiting(attached, &windows, &ids);
        let fits = |waiting: &WaitingRow, row: &EventRow| {
            let overlaps = |window: &Window| {
                let end = if may_join_late(&row.kind) { window.late_end } else { window.end };
                waiting.found_by().any(|service| service == window.subject)
                    && waiting.earliest.is_some_and(|earliest| earliest <= end)
                    && waiting.latest.is_some_and(|latest| latest >= window.start)
            };
            waiting.awaits_keys.contains(&attached.key)
                || windows.iter().any(overlaps)
                || waiting.awaits_incident.as_ref().is_some_and(|id| ids.contains(id))
                || attached.new_reference.is_some() && waiting.awaits_reference == attached.new_reference
        };
        let past = self.knowledge.waiting.iter().filter(|(position, _)| !self.no_longer_waiting.contains(position));
        self.waiting.iter().chain(past).filter(|(_, (waiting, row))| fits(waiting, row)).map(|(position, _)| *position).collect()
    }

    fn ask_for_waiting(&mut self, attached: &Attached, windows: &[Window], ids: &[String]) {
        if self.knowledge.nothing_waits() {
            return;
        }
        self.needs.waiting_keys.insert(attached.key);
        self.needs.waiting_windows.extend(windows.iter().map(|window| (window.subject.clone(), window.start, window.late_end)));
        self.needs.waiting_incidents.extend(ids.iter().cloned());
        self.needs.waiting_references.extend(attached.new_reference.clone());
    }
}
