//! What the projector asks for before it places a page: one statement a kind of need, in one read transaction.
//!
//! A remote database answers a thousand values in one round trip; what nobody needs is not asked.

use std::collections::BTreeMap;

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, Facts, HeadRow, IncidentNumber, KnownEvent, LinkRow, Needs, ReferenceRow, WaitingRow};
use postgres::Row;
use postgres::types::ToSql;

use super::{Snapshot, decode};
use crate::distributed::database::number;
use crate::views::ViewsError;

/// What a generation knows of the needs.
pub(super) fn load(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Facts, ViewsError> {
    let mut heads = heads_of_subjects(snapshot, needs)?;
    heads.extend(heads_of_incidents(snapshot, needs)?);
    Ok(Facts {
        known: known(snapshot, needs)?,
        heads,
        references: references(snapshot, needs)?,
        links: links(snapshot, needs)?,
        acts: acts(snapshot, needs)?,
        waiting: waiting(snapshot, needs)?,
    })
}

fn known(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Vec<KnownEvent>, ViewsError> {
    if needs.keys.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!("SELECT {} FROM @events e WHERE e.key = ANY($1) ORDER BY e.key", decode::EVENT);
    let events = ask(snapshot, &text, &[&keys(&needs.keys)], decode::event)?;
    let mut incidents = incidents_of(snapshot, events.iter().map(|event| event.position))?;
    let known = |event: EventRow| KnownEvent { incidents: incidents.remove(&event.position).unwrap_or_default(), event };
    Ok(events.into_iter().map(known).collect())
}

/// The incidents that hold events now; an event that none holds is left out.
fn incidents_of(
    snapshot: &mut Snapshot<'_, '_>,
    events: impl Iterator<Item = Position>,
) -> Result<BTreeMap<Position, Vec<IncidentNumber>>, ViewsError> {
    let events: Vec<i64> = events.map(number).collect();
    let mut incidents: BTreeMap<Position, Vec<IncidentNumber>> = BTreeMap::new();
    if !events.is_empty() {
        for (event, incident) in ask(snapshot, decode::INCIDENTS_OF, &[&events], decode::held)? {
            incidents.entry(event).or_default().push(incident);
        }
    }
    Ok(incidents)
}

fn heads_of_subjects(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Vec<HeadRow>, ViewsError> {
    if needs.subjects.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT {} FROM @incidents i CROSS JOIN LATERAL (SELECT * FROM @heads h WHERE h.number = i.number ORDER BY h.since DESC LIMIT 1) h
         WHERE i.subject = ANY($1) AND (h.subject = i.subject OR position('\\x20'::bytea || i.subject || '\\x20'::bytea IN convert_to(h.services, 'UTF8')) > 0)
         ORDER BY i.subject, i.number",
        decode::HEAD
    );
    ask(snapshot, &text, &[&bytes(&needs.subjects)], decode::head)
}

fn heads_of_incidents(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Vec<HeadRow>, ViewsError> {
    if needs.incidents.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT {} FROM unnest($1::bigint[]) AS n(number)
         CROSS JOIN LATERAL (SELECT * FROM @heads h WHERE h.number = n.number ORDER BY h.since DESC LIMIT 1) h ORDER BY h.number",
        decode::HEAD
    );
    ask(snapshot, &text, &[&numbers(&needs.incidents)], decode::head)
}

fn references(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Vec<ReferenceRow>, ViewsError> {
    if needs.references.is_empty() {
        return Ok(Vec::new());
    }
    let (pages, references) = pairs(needs.references.iter());
    // Under LATERAL with a limit each is looked up by the key; a join may be planned the other way round, over the whole table for each.
    let text = "SELECT r.page, r.reference, r.incident, r.since FROM unnest($1::bytea[], $2::bytea[]) AS n(page, reference)
         CROSS JOIN LATERAL (SELECT * FROM @page_references p WHERE p.page = n.page AND p.reference = n.reference LIMIT 1) r";
    ask(snapshot, text, &[&pages, &references], decode::reference)
}

fn links(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Vec<LinkRow>, ViewsError> {
    if needs.links.is_empty() {
        return Ok(Vec::new());
    }
    // The links with one end at an incident: any version names them, the one in force says.
    let touching = "CROSS JOIN LATERAL (SELECT event FROM @links WHERE one = r.incident UNION SELECT event FROM @links WHERE other = r.incident) t
         CROSS JOIN LATERAL (SELECT * FROM @links v WHERE v.event = t.event ORDER BY v.since DESC LIMIT 1) l";
    let text = format!(
        "WITH RECURSIVE reached(incident) AS (
             SELECT * FROM unnest($1::bigint[])
             UNION SELECT e.incident FROM reached r {touching} CROSS JOIN LATERAL (VALUES (l.one), (l.other)) e(incident)
             WHERE l.one = r.incident OR l.other = r.incident
         ) SELECT l.event, l.since, l.one, l.other, l.active FROM reached r {touching} WHERE l.one = r.incident OR l.other = r.incident"
    );
    let mut links = ask(snapshot, &text, &[&numbers(&needs.links)], decode::link)?;
    links.sort_by_key(|link| link.event);
    links.dedup_by_key(|link| link.event);
    Ok(links)
}

fn acts(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Vec<EventRow>, ViewsError> {
    if needs.acts.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!("SELECT {} FROM @events e WHERE e.target = ANY($1) ORDER BY e.target, e.position", decode::EVENT);
    ask(snapshot, &text, &[&keys(&needs.acts)], decode::event)
}

fn waiting(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<Vec<(WaitingRow, EventRow)>, ViewsError> {
    let mut rows = candidates(snapshot, needs)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    for event in incidents_of(snapshot, rows.keys().copied())?.into_keys() {
        rows.remove(&event);
    }
    let events: Vec<i64> = rows.keys().copied().map(number).collect();
    let awaited = "SELECT event, key FROM @awaited WHERE event = ANY($1) ORDER BY event, place";
    for (event, key) in ask(snapshot, awaited, &[&events], |row| Ok((decode::at(row, 0)?, decode::key(row.try_get(1)?)?)))? {
        if let Some(row) = rows.get_mut(&event) {
            row.awaits_keys.push(key);
        }
    }
    let text = format!("SELECT {} FROM @events e WHERE e.position = ANY($1) ORDER BY e.position", decode::EVENT);
    let events = ask(snapshot, &text, &[&events], decode::event)?;
    Ok(events.into_iter().filter_map(|event| Some((rows.remove(&event.position)?, event))).collect())
}

/// Waiting rows that any of the needs names, each once; whether they still wait is not asked yet.
fn candidates(snapshot: &mut Snapshot<'_, '_>, needs: &Needs) -> Result<BTreeMap<Position, WaitingRow>, ViewsError> {
    let mut rows = Vec::new();
    let select = |rest: &str| format!("SELECT {} FROM {rest}", decode::WAITING);
    if !needs.waiting_windows.is_empty() {
        let subjects: Vec<&[u8]> = needs.waiting_windows.iter().map(|(subject, ..)| subject.as_bytes()).collect();
        let earliest: Vec<i64> = needs.waiting_windows.iter().map(|(_, earliest, _)| earliest.0).collect();
        let latest: Vec<i64> = needs.waiting_windows.iter().map(|(.., latest)| latest.0).collect();
        let text = select(
            "unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS n(subject, earliest, latest)
             JOIN @waiting w ON w.subject = n.subject AND w.latest >= n.earliest AND w.earliest <= n.latest",
        );
        rows.extend(ask(snapshot, &text, &[&subjects, &earliest, &latest], decode::waiting)?);
        let text = select(
            "unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS n(subject, earliest, latest)
             JOIN @waiting w ON w.services <> '' AND w.latest >= n.earliest AND w.earliest <= n.latest
             AND position('\\x20'::bytea || n.subject || '\\x20'::bytea IN w.services) > 0",
        );
        rows.extend(ask(snapshot, &text, &[&subjects, &earliest, &latest], decode::waiting)?);
    }
    if !needs.waiting_keys.is_empty() {
        let text = select("@waiting w WHERE w.event IN (SELECT a.event FROM @awaited a WHERE a.key = ANY($1))");
        rows.extend(ask(snapshot, &text, &[&keys(&needs.waiting_keys)], decode::waiting)?);
    }
    if !needs.waiting_incidents.is_empty() {
        let text = select("@waiting w WHERE w.incident = ANY($1)");
        rows.extend(ask(snapshot, &text, &[&bytes(&needs.waiting_incidents)], decode::waiting)?);
    }
    if !needs.waiting_references.is_empty() {
        let (pages, references) = pairs(needs.waiting_references.iter());
        let text = select("unnest($1::bytea[], $2::bytea[]) AS n(page, reference) JOIN @waiting w ON w.page = n.page AND w.reference = n.reference");
        rows.extend(ask(snapshot, &text, &[&pages, &references], decode::waiting)?);
    }
    Ok(rows.into_iter().map(|row| (row.event, row)).collect())
}

fn ask<T>(
    snapshot: &mut Snapshot<'_, '_>,
    text: &str,
    parameters: &[&(dyn ToSql + Sync)],
    read: impl Fn(&Row) -> Result<T, ViewsError>,
) -> Result<Vec<T>, ViewsError> {
    snapshot.query(text, parameters)?.iter().map(read).collect()
}

fn keys<'a>(keys: impl IntoIterator<Item = &'a EventKey>) -> Vec<&'a str> {
    keys.into_iter().map(EventKey::as_str).collect()
}

fn numbers<'a>(positions: impl IntoIterator<Item = &'a Position>) -> Vec<i64> {
    positions.into_iter().copied().map(number).collect()
}

fn bytes<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<&'a [u8]> {
    texts.into_iter().map(String::as_bytes).collect()
}

fn pairs<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> (Vec<&'a [u8]>, Vec<&'a [u8]>) {
    pairs.map(|(page, reference)| (page.as_bytes(), reference.as_bytes())).unzip()
}
