//! Incidents and the groups that they are told in: members, events and summaries as of a position, and what changed.
//!
//! A version is in force as of P when it is the last with `since` up to P.

use dateline_events::Position;
use dateline_timelines::rows::{IncidentNumber, SummaryRow};

use super::{Snapshot, decode};
use crate::distributed::database::{limit, number};
use crate::query::{Change, Group, Members};
use crate::views::{MAX_INCIDENT_EVENTS, ViewsError};

/// Of each of the incidents in $1 the version of each of its events after $3 that is in force as of $2.
const ATTACHED: &str = "SELECT DISTINCT ON (incident, event) incident, event, since, present FROM @attachments
         WHERE incident = ANY($1) AND since <= $2 AND event > $3 ORDER BY incident, event, since DESC";

pub(super) fn find_incident(snapshot: &mut Snapshot<'_, '_>, id: &str) -> Result<Option<IncidentNumber>, ViewsError> {
    let found = snapshot.query("SELECT number FROM @incidents WHERE id = $1 ORDER BY id, number DESC LIMIT 1", &[&id.as_bytes()])?;
    found.first().map(|row| decode::at(row, 0)).transpose()
}

pub(super) fn group_events(snapshot: &mut Snapshot<'_, '_>, incident: IncidentNumber, as_of: Position) -> Result<Option<Group>, ViewsError> {
    group_page(snapshot, incident, as_of, 0, MAX_INCIDENT_EVENTS + 1)
}

/// The group with the first of its events after a position.
pub(super) fn group_page(
    snapshot: &mut Snapshot<'_, '_>,
    incident: IncidentNumber,
    as_of: Position,
    after: Position,
    rows: usize,
) -> Result<Option<Group>, ViewsError> {
    if incident > as_of || ids_of(snapshot, &[incident])?.is_empty() {
        return Ok(None);
    }
    let group = group_of(snapshot, incident, as_of)?;
    let held = members_of(snapshot, group, as_of)?;
    let (members, ids): (Vec<_>, Vec<_>) = ids_of(snapshot, &held)?.into_iter().unzip();
    let numbers: Vec<i64> = members.iter().copied().map(number).collect();
    let count = format!("SELECT event, min(since) FROM ({ATTACHED}) v WHERE present GROUP BY event ORDER BY event LIMIT $4");
    let attached = snapshot.query(&count, &[&numbers, &number(as_of), &number(after), &limit(rows)])?;
    if attached.len() > MAX_INCIDENT_EVENTS {
        return Err(ViewsError::TooLarge { events: attached.len() });
    }
    let positions = attached.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<i64>, ViewsError>>()?;
    let text = format!("SELECT {} FROM @events e WHERE e.position = ANY($1) ORDER BY e.position", decode::EVENT);
    let events = snapshot.query(&text, &[&positions])?;
    let events = events.iter().zip(&attached).map(|(event, attached)| Ok((decode::event(event)?, decode::at(attached, 1)?)));
    let events = events.collect::<Result<Vec<_>, ViewsError>>()?;
    Ok(Some(Group { number: group, members, ids, events }))
}

/// A group as the projector needs it: every event as often as an incident holds it.
pub(super) fn members(snapshot: &mut Snapshot<'_, '_>, incident: IncidentNumber) -> Result<Members, ViewsError> {
    let now = Position::MAX >> 1;
    let group = group_of(snapshot, incident, now)?;
    let held = members_of(snapshot, group, now)?;
    let ids = ids_of(snapshot, &held)?;
    let numbers: Vec<i64> = ids.iter().map(|(member, _)| number(*member)).collect();
    let text = format!(
        "SELECT {}, v.incident, v.since FROM ({ATTACHED}) v JOIN @events e ON e.position = v.event WHERE v.present ORDER BY v.incident, v.event",
        decode::EVENT
    );
    let events = snapshot.query(&text, &[&numbers, &number(now), &number(0)])?;
    let events = events.iter().map(|row| Ok((decode::at(row, 10)?, decode::at(row, 11)?, decode::event(row)?)));
    Ok(Members { ids, events: events.collect::<Result<_, ViewsError>>()? })
}

/// The latest summary of the group that held the incident.
pub(super) fn latest_summary(snapshot: &mut Snapshot<'_, '_>, incident: IncidentNumber, as_of: Position) -> Result<Option<SummaryRow>, ViewsError> {
    let group = group_of(snapshot, incident, as_of)?;
    let text = format!(
        "SELECT {} FROM (SELECT * FROM @summaries s WHERE s.told_in = $1 AND s.since <= $2 ORDER BY s.since DESC LIMIT 1) s {}",
        decode::SUMMARY,
        decode::changed_last(snapshot.generation, 2)
    );
    snapshot.query(&text, &[&number(group), &number(as_of)])?.first().map(decode::summary).transpose()
}

pub(super) fn changes(snapshot: &mut Snapshot<'_, '_>, after: Position, positions: usize) -> Result<Vec<Change>, ViewsError> {
    let text = "SELECT c.since, g.told_in, h.id
         FROM (SELECT DISTINCT since FROM @changes WHERE since > $1 ORDER BY since LIMIT $2) p
         JOIN @changes c ON c.since = p.since
         CROSS JOIN LATERAL (SELECT coalesce((SELECT m.told_in FROM @memberships m WHERE m.incident = c.incident AND m.since <= c.since
             ORDER BY m.since DESC LIMIT 1), c.incident) AS told_in) g
         CROSS JOIN LATERAL (SELECT h.id FROM @heads h WHERE h.number = g.told_in ORDER BY h.since DESC LIMIT 1) h
         ORDER BY c.since, g.told_in, h.id";
    let mut changes: Vec<Change> = Vec::new();
    for row in snapshot.query(text, &[&number(after), &limit(positions)])? {
        let (at, incident) = (decode::at(&row, 0)?, (decode::at(&row, 1)?, decode::text(&row, 2)?));
        match changes.last_mut() {
            Some(change) if change.position == at => change.incidents.push(incident),
            _ => changes.push(Change { position: at, incidents: vec![incident] }),
        }
    }
    for change in &mut changes {
        change.incidents.dedup();
    }
    Ok(changes)
}

/// The incidents that came to be told in one of these groups after a position.
pub(super) fn joined(snapshot: &mut Snapshot<'_, '_>, groups: &[IncidentNumber], after: Position) -> Result<Vec<IncidentNumber>, ViewsError> {
    let groups: Vec<i64> = groups.iter().copied().map(number).collect();
    let text = "SELECT incident FROM @memberships WHERE told_in = ANY($1) AND since > $2";
    snapshot.query(text, &[&groups, &number(after)])?.iter().map(|row| decode::at(row, 0)).collect()
}

/// The group that an incident is told in: its own until a membership says otherwise.
fn group_of(snapshot: &mut Snapshot<'_, '_>, incident: IncidentNumber, as_of: Position) -> Result<IncidentNumber, ViewsError> {
    let text = "SELECT told_in FROM @memberships WHERE incident = $1 AND since <= $2 ORDER BY since DESC LIMIT 1";
    let found = snapshot.query(text, &[&number(incident), &number(as_of)])?;
    Ok(found.first().map(|row| decode::at(row, 0)).transpose()?.unwrap_or(incident))
}

/// The incidents told in a group, ascending: whoever ever was in it and is, and the group's own number.
fn members_of(snapshot: &mut Snapshot<'_, '_>, group: IncidentNumber, as_of: Position) -> Result<Vec<IncidentNumber>, ViewsError> {
    let text = "SELECT w.incident FROM (SELECT incident FROM @memberships WHERE told_in = $1 UNION SELECT $1::bigint) w
         WHERE w.incident <= $2 AND coalesce((SELECT m.told_in FROM @memberships m WHERE m.incident = w.incident AND m.since <= $2
             ORDER BY m.since DESC LIMIT 1), w.incident) = $1
         ORDER BY w.incident";
    snapshot.query(text, &[&number(group), &number(as_of)])?.iter().map(|row| decode::at(row, 0)).collect()
}

/// The ids of those of the incidents that there are, ascending.
fn ids_of(snapshot: &mut Snapshot<'_, '_>, incidents: &[IncidentNumber]) -> Result<Vec<(IncidentNumber, String)>, ViewsError> {
    let numbers: Vec<i64> = incidents.iter().copied().map(number).collect();
    let text = "SELECT h.number, h.id FROM unnest($1::bigint[]) AS n(number)
         CROSS JOIN LATERAL (SELECT h.number, h.id FROM @heads h WHERE h.number = n.number ORDER BY h.since DESC LIMIT 1) h ORDER BY h.number";
    snapshot.query(text, &[&numbers])?.iter().map(|row| Ok((decode::at(row, 0)?, decode::text(row, 1)?))).collect()
}
