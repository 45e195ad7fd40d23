//! The event that says what was destroyed. Its bytes follow from what is asked and from what the ledger and the views say: no clock, no
//! randomness. Of the destroyed event it keeps what the incident needs to stay itself: its id, the services, the kind, the bounds of its time
//! and the vendor's reference; none of its texts.

use dateline_backends::{NewEvent, REDACTION_SOURCE, Record};
use dateline_events::kinds::{Common, EventRedacted};
use dateline_events::{Event, Kind};
use dateline_timelines::correlate::subject_of_id;
use serde_json::{Map, Value, json};

use super::Asked;

/// The service of an event that cannot be read, in whose place nothing better is known.
const UNKNOWN: &str = "unknown";

/// The redaction of a record. The incident is the one that holds it, where it was there first.
pub fn redaction(asked: &Asked, record: &Record, event: Option<&Event>, incident: Option<&str>, leaf: String) -> NewEvent {
    let said = EventRedacted {
        position: asked.position,
        key: record.key.to_string(),
        leaf,
        ground: Some(asked.ground.clone()).filter(|text| !text.is_empty()),
        was: event.filter(|_| incident.is_some()).map(|event| event.kind.name().to_owned()),
        span: None,
        authority: Some(asked.authority.clone()).filter(|text| !text.is_empty()),
    };
    let said = EventRedacted { span: event.filter(|_| incident.is_some()).and_then(span), ..said };
    let common = event.filter(|_| incident.is_some()).map(kept).unwrap_or_default();
    let subject = event.map(|event| event.subject.as_str()).or_else(|| subject_of_id(incident?)).unwrap_or(UNKNOWN).to_owned();
    let id = asked.position.to_string();
    let event = Event {
        source: REDACTION_SOURCE.to_owned(),
        id: id.clone(),
        subject,
        incidentid: incident.map(ToOwned::to_owned),
        causationid: None,
        correlationid: None,
        common,
        kind: Kind::EventRedacted(said),
    };
    NewEvent { source: REDACTION_SOURCE.to_owned(), id, bytes: written(&event).into_bytes() }
}

/// Services, and the vendor's own id of the incident.
fn kept(event: &Event) -> Common {
    Common { reference: event.common.reference.clone(), services: event.common.services.clone(), ..Common::default() }
}

/// The bounds of its time; a missing one is taken equal to the other, as correlation takes it.
fn span(event: &Event) -> Option<(String, String)> {
    let bounds = event.common.occurred.as_ref()?.own_bounds();
    let (earliest, latest) = (bounds.earliest.or(bounds.latest)?, bounds.latest.or(bounds.earliest)?);
    Some((earliest.with_six_digits(), latest.with_six_digits()))
}

fn written(event: &Event) -> String {
    let mut members = Map::new();
    for (name, value) in [
        ("specversion", json!("1.0")),
        ("id", json!(event.id)),
        ("source", json!(event.source)),
        ("type", json!(format!("dateline.{}.v1", event.kind.name()))),
        ("subject", json!(event.subject)),
        ("data", Value::Object(event.data())),
    ] {
        members.insert(name.to_owned(), value);
    }
    if let Some(incident) = &event.incidentid {
        members.insert("incidentid".to_owned(), json!(incident));
    }
    Value::Object(members).to_string()
}
