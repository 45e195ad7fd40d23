//! Where a tombstone stands, and the redaction that made it: as far as the redaction says, where the event stood whose text is gone.
//!
//! What a redaction says of its event is the incident, the kind, the bounds of its time and the vendor's reference. So the incident keeps
//! its id and its other claims also in views that never saw the text.

use dateline_events::kinds::EventRedacted;
use dateline_events::{Event, EventKey, Instant};

use super::place::{Attached, Pass};
use super::subject_of_id;
use crate::rows::{Course, EventRow, HeadRow, IncidentNumber, Nature};

impl Pass<'_> {
    /// Takes a tombstone, or a redaction.
    pub(super) fn take_redacted(&mut self, row: &EventRow, event: &Event, redaction: &EventRedacted) {
        if row.is_tombstone() {
            if let Some(attached) = self.attach_tombstone(row, event, redaction) {
                self.after_attachment(&attached);
            }
            return;
        }
        // The incident that loses a text says so from here on.
        let holder = EventKey::parse(&redaction.key).and_then(|key| self.incident_holding(key));
        if let Some(incident) = holder {
            self.hold(row, incident);
        }
    }

    fn hold(&mut self, row: &EventRow, incident: IncidentNumber) {
        self.attach(row.position, incident);
        if let Some(known) = self.known_mut(row.key) {
            known.incidents = vec![incident];
        }
    }

    fn attach_tombstone(&mut self, row: &EventRow, event: &Event, redaction: &EventRedacted) -> Option<Attached> {
        let id = event.incidentid.as_deref()?;
        let subject = subject_of_id(id).unwrap_or(&event.subject).to_owned();
        let was = redaction.was.as_deref().unwrap_or_default();
        let found = self.head_by_id(id, &subject).map(|head| head.number);
        let incident = found.unwrap_or_else(|| self.open_under(id, row, event, was));
        self.hold(row, incident);
        let widened = self.widen_by(incident, redaction, was);
        let new_reference = self.bring_reference(incident, event);
        Some(Attached { key: row.key, incidents: vec![incident], opened_or_widened: found.is_none() || widened, new_reference })
    }

    fn open_under(&mut self, id: &str, row: &EventRow, event: &Event, was: &str) -> IncidentNumber {
        let nature = if was.starts_with("maintenance.") { Nature::Maintenance } else { Nature::Outage };
        let course = if was == "reports.observed" { Course::Reports } else { Course::Disrupted };
        self.put_head(HeadRow {
            number: row.position,
            since: self.now,
            id: id.to_owned(),
            subject: event.subject.clone(),
            services: event.services().skip(1).map(ToOwned::to_owned).collect(),
            nature,
            span_start: None,
            span_end: None,
            disrupted_until: None,
            restored_until: None,
            course,
            courses: Vec::new(),
            references: Vec::new(),
        });
        row.position
    }

    /// A sign had widened the span, and still does. True when it did.
    fn widen_by(&mut self, incident: IncidentNumber, redaction: &EventRedacted, was: &str) -> bool {
        let Some((earliest, latest)) = span_of(redaction).filter(|_| is_sign(was)) else { return false };
        let Some(before) = self.head(incident) else { return false };
        let mut head = before.clone();
        head.span_start = Some(head.span_start.map_or(earliest, |old| old.min(earliest)));
        head.span_end = head.span_end.max(Some(latest));
        if is_restoration(was) {
            head.restored_until = head.restored_until.max(Some(latest));
        } else {
            head.disrupted_until = head.disrupted_until.max(Some(latest));
        }
        let widened = head != before;
        if widened {
            head.since = self.now;
            self.put_head(head);
        }
        widened
    }
}

fn span_of(redaction: &EventRedacted) -> Option<(Instant, Instant)> {
    let (earliest, latest) = redaction.span.as_ref()?;
    Some((Instant::parse(earliest)?, Instant::parse(latest)?))
}

/// The kinds whose times make an incident's span, by name.
fn is_sign(kind: &str) -> bool {
    let others = ["anomaly.detected", "reports.observed", "reports.subsided", "scope.changed", "service.restored"];
    others.contains(&kind) || kind.starts_with("vendor.") || kind.starts_with("maintenance.")
}

fn is_restoration(kind: &str) -> bool {
    matches!(kind, "service.restored" | "maintenance.completed")
}
