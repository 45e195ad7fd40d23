//! A page of rows, encoded for the tables: what is added by COPY, and what is said once for ever.
//!
//! No connection here: a page is encoded once, however often it must be sent.

use std::collections::BTreeMap;

use dateline_events::EventKey;
use dateline_timelines::rows::Rows;

use super::copy;
use crate::distributed::database::{DatabaseError, OpenTransaction, number};
use crate::once;
use crate::views::ViewsError;

/// The tables that a page is copied into, with the number of their columns.
const COPIED: [(&str, i16); 9] = [
    ("events (position, recorded, source, id, key, kind, subject, target, problem, bytes)", 10),
    ("attachments (event, incident, since, present)", 4),
    ("waiting (event, subject, nature, earliest, latest, incident, page, reference, services)", 9),
    ("awaited (event, place, key)", 3),
    ("heads (number, since, id, subject, nature, span_start, span_end, disrupted_until, restored_until, course, services, page_references)", 12),
    ("links (event, since, one, other, active)", 5),
    ("memberships (incident, since, told_in)", 3),
    ("summaries (told_in, since, started, ended, listed, nature, state, id, services, vendor, regions, symptoms, words, json)", 14),
    ("changes (since, incident, events)", 3),
];

/// A page, ready to be sent.
pub(super) struct Page<'a> {
    copied: Vec<(&'static str, Vec<u8>, u64)>,
    incidents: Incidents<'a>,
    references: References<'a>,
    places: Places,
}

/// Columns of `incidents`.
#[derive(Default)]
struct Incidents<'a> {
    subjects: Vec<&'a [u8]>,
    numbers: Vec<i64>,
    ids: Vec<&'a [u8]>,
}

/// Columns of `page_references`.
#[derive(Default)]
struct References<'a> {
    pages: Vec<&'a [u8]>,
    references: Vec<&'a [u8]>,
    incidents: Vec<i64>,
    since: Vec<i64>,
}

/// Columns of `list_keys`.
#[derive(Default)]
struct Places {
    natures: Vec<&'static str>,
    facets: Vec<Vec<u8>>,
    started: Vec<i64>,
    groups: Vec<i64>,
}

impl<'a> Page<'a> {
    pub(super) fn encode(rows: &'a Rows) -> Result<Self, ViewsError> {
        let encode = [
            events,
            attachments,
            waiting,
            awaited,
            |rows: &Rows, columns, to: &mut copy::Rows| heads(rows, columns, to),
            links,
            memberships,
            summaries,
            changes,
        ];
        let mut copied = Vec::new();
        for ((table, columns), encode) in COPIED.into_iter().zip(encode) {
            let mut encoded = copy::Rows::new();
            encode(rows, columns, &mut encoded);
            if !encoded.is_empty() {
                let (bytes, count) = encoded.finish();
                copied.push((table, bytes, count));
            }
        }
        Ok(Self { copied, incidents: incidents(rows), references: references(rows), places: places(rows) })
    }

    /// Sends the page. The arrays of the three small tables are sorted, so that two pages never wait for each other's rows.
    pub(super) fn send(&self, transaction: &mut OpenTransaction<'_>, sql: impl Fn(&str) -> String) -> Result<(), DatabaseError> {
        for (table, bytes, count) in &self.copied {
            let stored = transaction.copy(&sql(&format!("COPY @{table} FROM STDIN (FORMAT binary)")), bytes)?;
            if stored != *count {
                return Err(DatabaseError::Other(format!("of {count} rows {stored} were stored in {table}: nothing of the page is kept")));
            }
        }
        let (new, old, places) = (&self.incidents, &self.references, &self.places);
        if !new.numbers.is_empty() {
            let insert =
                "INSERT INTO @incidents (subject, number, id) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[]) ON CONFLICT DO NOTHING";
            transaction.execute(&sql(insert), &[&new.subjects, &new.numbers, &new.ids])?;
        }
        if !old.pages.is_empty() {
            let insert = "INSERT INTO @page_references (page, reference, incident, since)
                SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[]) ON CONFLICT DO NOTHING";
            transaction.execute(&sql(insert), &[&old.pages, &old.references, &old.incidents, &old.since])?;
        }
        if !places.groups.is_empty() {
            let insert = "INSERT INTO @list_keys (nature, service, started, told_in)
                SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[]) ON CONFLICT DO NOTHING";
            transaction.execute(&sql(insert), &[&places.natures, &places.facets, &places.started, &places.groups])?;
        }
        Ok(())
    }
}

fn events(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for row in &rows.events {
        to.row(columns).position(row.position).bigint(row.recorded.0).text(&row.source).text(&row.id).text(row.key.as_str());
        to.text(&row.kind).text(&row.subject).maybe_bytes(row.target.as_ref().map(|key| key.as_str().as_bytes()));
        to.maybe_bytes(row.problem.as_deref().map(str::as_bytes)).maybe_bytes(row.bytes.as_deref());
    }
}

fn attachments(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for row in once::attachments(rows) {
        to.row(columns).position(row.event).position(row.incident).position(row.since).boolean(row.present);
    }
}

fn waiting(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for row in once::waiting(rows) {
        let (earliest, latest) = once::waiting_bounds(row).unzip();
        to.row(columns).position(row.event).text(&row.subject).text(row.nature.as_str()).maybe_bigint(earliest).maybe_bigint(latest);
        to.maybe_bytes(row.awaits_incident.as_deref().map(str::as_bytes));
        let (page, reference) = row.awaits_reference.as_ref().map(|(page, reference)| (page.as_bytes(), reference.as_bytes())).unzip();
        to.maybe_bytes(page).maybe_bytes(reference).text(&once::spaced(&row.services));
    }
}

fn awaited(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    let mut keys: BTreeMap<(u64, i32), EventKey> = BTreeMap::new();
    for row in &rows.waiting {
        keys.extend((0_i32..).zip(&row.awaits_keys).map(|(place, key)| ((row.event, place), *key)));
    }
    for ((event, place), key) in keys {
        to.row(columns).position(event).integer(place).text(key.as_str());
    }
}

fn heads(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for row in once::heads(rows) {
        let bound = |instant: Option<dateline_events::Instant>| instant.map(|instant| instant.0);
        to.row(columns).position(row.number).position(row.since).text(&row.id).text(&row.subject).text(row.nature.as_str());
        to.maybe_bigint(bound(row.span_start)).maybe_bigint(bound(row.span_end));
        to.maybe_bigint(bound(row.disrupted_until)).maybe_bigint(bound(row.restored_until));
        to.text(&once::head_course(row)).text(&once::spaced(&row.services)).text(&serde_json::json!(row.references).to_string());
    }
}

fn links(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for row in once::links(rows) {
        to.row(columns).position(row.event).position(row.since).position(row.from).position(row.to).boolean(row.active);
    }
}

fn memberships(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for row in once::memberships(rows) {
        to.row(columns).position(row.incident).position(row.since).position(row.group);
    }
}

fn summaries(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for row in once::summaries(rows) {
        to.row(columns).position(row.group).position(row.since).maybe_bigint(row.started.map(|started| started.0));
        to.maybe_bigint(row.ended.map(|ended| ended.0)).boolean(row.listed).text(row.nature.as_str());
        for text in [&row.state, &row.id, &row.services, &row.vendor, &row.regions, &row.symptoms, &row.words, &row.json] {
            to.text(text);
        }
    }
}

fn changes(rows: &Rows, columns: i16, to: &mut copy::Rows) {
    for ((since, incident), events) in once::changes(rows) {
        to.row(columns).position(since).position(incident).maybe_bigint(events);
    }
}

fn incidents(rows: &Rows) -> Incidents<'_> {
    let mut incidents = Incidents::default();
    for row in once::heads(rows) {
        for service in row.found_by() {
            incidents.subjects.push(service.as_bytes());
            incidents.numbers.push(number(row.number));
            incidents.ids.push(row.id.as_bytes());
        }
    }
    incidents
}

fn references(rows: &Rows) -> References<'_> {
    let mut first = BTreeMap::new();
    for row in &rows.references {
        first.entry((row.page.as_bytes(), row.reference.as_bytes())).or_insert((number(row.incident), number(row.since)));
    }
    let mut references = References::default();
    for ((page, reference), (incident, since)) in first {
        references.pages.push(page);
        references.references.push(reference);
        references.incidents.push(incident);
        references.since.push(since);
    }
    references
}

fn places(rows: &Rows) -> Places {
    let mut places = Places::default();
    for place in once::list_places(rows) {
        places.natures.push(place.nature.as_str());
        places.facets.push(place.facet.into_owned().into_bytes());
        places.started.push(place.started);
        places.groups.push(number(place.group));
    }
    places
}
