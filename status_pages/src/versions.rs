//! Histories of pages: a line is one version of one incident as the outside world saw it, and says nothing of the others; beside them
//! a table of when each incident was first and last on the page, and first absent.

use std::collections::BTreeMap;

use dateline_events::Instant;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dialects::{Dialect, aws, feed, gcp, statuspage, without_mark};
use crate::observation::{Facts, Nature, SeenIncident, Unreadable};
use crate::sound;

/// One version of one incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// When it could first be seen.
    pub recorded: Instant,
    /// Whose language it is in.
    pub dialect: Dialect,
    /// What is known of the page.
    pub facts: Facts,
    /// The incident.
    pub incident: SeenIncident,
}

/// When an incident was on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visibility {
    /// First seen.
    pub first_seen: Instant,
    /// Last seen.
    pub last_seen: Instant,
    /// First absent; None while it is there.
    pub first_absent: Option<Instant>,
}

#[derive(Deserialize)]
struct Line<'a> {
    recorded_at: Instant,
    section: Option<String>,
    #[serde(borrow)]
    incident: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    entry: Option<&'a RawValue>,
}

/// Reads a line.
pub fn read_version(line: &[u8]) -> Result<Version, Unreadable> {
    let fault = |why: String| Unreadable(format!("not a version of an incident: {why}"));
    let form: Line = serde_json::from_slice(without_mark(line)).map_err(|error| fault(error.to_string()))?;
    let recorded = form.recorded_at;
    let of = |dialect, (incident, facts): (SeenIncident, Facts)| {
        let mut facts = facts;
        sound::facts(&mut facts);
        sound::incident(incident).map(|(incident, _)| Version { recorded, dialect, facts, incident })
    };
    if let Some(json) = form.entry {
        return feed::entry_version(json.get()).and_then(|read| of(Dialect::Atom, read)).map_err(fault);
    }
    if let Some(json) = form.event {
        return aws::event_version(json.get()).and_then(|read| of(Dialect::Aws, read)).map_err(fault);
    }
    let json = form.incident.ok_or_else(|| fault("it has neither \"incident\" nor \"event\" nor \"entry\"".into()))?.get();
    // Google's incidents are those with a `uri`; a Statuspage's have none.
    if form.section.is_none() && gcp::is_incident(json) {
        return gcp::incident_version(json).and_then(|read| of(Dialect::Gcp, read)).map_err(fault);
    }
    let nature = if form.section.as_deref() == Some("scheduled_maintenances") { Nature::Maintenance } else { Nature::Outage };
    let (incident, page) = statuspage::incident(json, nature).map_err(fault)?;
    let facts = Facts { name: None, url: page.as_deref().map(statuspage::page_address) };
    of(Dialect::Statuspage, (incident, facts)).map_err(fault)
}

#[derive(Deserialize)]
struct Row {
    incident_id: String,
    first_seen_at: Instant,
    last_seen_at: Instant,
    first_absent_at: Option<Instant>,
}

/// Reads a table of visibility: `incident_id,first_seen_at,last_seen_at,first_absent_at`, further columns are passed over. An incident that
/// left and came back has a row for each time that it stood there; they are answered in order of time.
pub fn read_visibility(table: &[u8]) -> Result<BTreeMap<String, Vec<Visibility>>, Unreadable> {
    let mut rows: BTreeMap<String, Vec<Visibility>> = BTreeMap::new();
    for (number, row) in csv::Reader::from_reader(without_mark(table)).deserialize::<Row>().enumerate() {
        let row = row.map_err(|error| Unreadable(format!("row {}: {error}", number + 1)))?;
        let visibility = Visibility { first_seen: row.first_seen_at, last_seen: row.last_seen_at, first_absent: row.first_absent_at };
        if visibility.last_seen < visibility.first_seen || visibility.first_absent.is_some_and(|absent| absent < visibility.last_seen) {
            return Err(Unreadable(format!("row {}: {} was first seen, last seen and first absent in another order", number + 1, row.incident_id)));
        }
        rows.entry(row.incident_id).or_default().push(visibility);
    }
    for (id, spans) in &mut rows {
        spans.sort_by_key(|span| span.first_seen);
        let is_apart = |pair: &[Visibility]| pair[0].first_absent.is_some_and(|absent| absent <= pair[1].first_seen);
        if !spans.windows(2).all(is_apart) {
            return Err(Unreadable(format!(
                "{id} has several rows, and one of them begins before another ends: it was there once, or left in between"
            )));
        }
    }
    Ok(rows)
}
