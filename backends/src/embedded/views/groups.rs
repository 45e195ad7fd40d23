//! Incidents and the groups that they are told in: members, events and summaries as of a position, and what changed.
//!
//! A version is in force as of P when it is the last with `since` up to P.

use std::collections::BTreeMap;

use dateline_events::Position;
use dateline_timelines::rows::{IncidentNumber, SummaryRow};
use rusqlite::{OptionalExtension, params};

use super::load::positions;
use super::{Snapshot, decode};
use crate::embedded::file::{number, position};
use crate::query::{Change, Group, Members};
use crate::views::{MAX_INCIDENT_EVENTS, ViewsError};

pub(super) fn find_incident(snapshot: &Snapshot<'_>, id: &str) -> Result<Option<IncidentNumber>, ViewsError> {
    let mut statement = snapshot.prepare("SELECT number FROM @heads WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| position(row, 0)).optional()?)
}

pub(super) fn group_events(snapshot: &Snapshot<'_>, incident: IncidentNumber, as_of: Position) -> Result<Option<Group>, ViewsError> {
    group_page(snapshot, incident, as_of, 0, MAX_INCIDENT_EVENTS + 1)
}

/// The group with the first of its events after a position.
pub(super) fn group_page(
    snapshot: &Snapshot<'_>,
    incident: IncidentNumber,
    as_of: Position,
    after: Position,
    limit: usize,
) -> Result<Option<Group>, ViewsError> {
    if incident > as_of || id_of(snapshot, incident)?.is_none() {
        return Ok(None);
    }
    let group = group_of(snapshot, incident, as_of)?;
    let mut members = Vec::new();
    let mut ids = Vec::new();
    for member in members_of(snapshot, group, as_of)? {
        if let Some(id) = id_of(snapshot, member)? {
            members.push(member);
            ids.push(id);
        }
    }
    let attached = attached_to(snapshot, &members, as_of, after, limit)?;
    if attached.len() > MAX_INCIDENT_EVENTS {
        return Err(ViewsError::TooLarge { events: attached.len() });
    }
    let mut statement = snapshot.prepare(&format!("SELECT {} FROM @events e WHERE e.position = ?1", decode::event_columns()))?;
    let events = attached.into_iter().map(|(event, since)| Ok((statement.query_row([number(event)], decode::event)?, since)));
    let events = events.collect::<Result<Vec<_>, ViewsError>>()?;
    Ok(Some(Group { number: group, members, ids, events }))
}

/// A group as the projector needs it: every event as often as an incident holds it.
pub(super) fn members(snapshot: &Snapshot<'_>, incident: IncidentNumber) -> Result<Members, ViewsError> {
    let now = Position::MAX >> 1;
    let group = group_of(snapshot, incident, now)?;
    let mut members = Members::default();
    let mut statement = snapshot.prepare(&format!("SELECT {} FROM @events e WHERE e.position = ?1", decode::event_columns()))?;
    for member in members_of(snapshot, group, now)? {
        let Some(id) = id_of(snapshot, member)? else { continue };
        members.ids.push((member, id));
        for (event, since) in attached_to(snapshot, &[member], now, 0, usize::MAX)? {
            members.events.push((member, since, statement.query_row([number(event)], decode::event)?));
        }
    }
    Ok(members)
}

/// The latest summary of the group that held the incident.
pub(super) fn latest_summary(snapshot: &Snapshot<'_>, incident: IncidentNumber, as_of: Position) -> Result<Option<SummaryRow>, ViewsError> {
    let group = group_of(snapshot, incident, as_of)?;
    let mut statement = snapshot.prepare(&format!(
        "SELECT {} FROM @summaries s WHERE s.told_in = ?2 AND s.since <= ?1 ORDER BY s.since DESC LIMIT 1",
        decode::summary_columns(snapshot.generation)
    ))?;
    Ok(statement.query_row(params![number(as_of), number(group)], decode::summary).optional()?)
}

pub(super) fn changes(snapshot: &Snapshot<'_>, after: Position, limit: usize) -> Result<Vec<Change>, ViewsError> {
    let mut statement = snapshot.prepare("SELECT since, incident FROM @changes WHERE since > ?1 ORDER BY since, incident")?;
    let mut rows = statement.query([number(after)])?;
    let mut changes: Vec<Change> = Vec::new();
    while let Some(row) = rows.next()? {
        let (at, incident) = (position(row, 0)?, position(row, 1)?);
        if changes.last().is_none_or(|last| last.position != at) {
            if changes.len() == limit {
                break;
            }
            changes.push(Change { position: at, incidents: Vec::new() });
        }
        let group = group_of(snapshot, incident, at)?;
        let Some(change) = changes.last_mut() else { break };
        if let Some(id) = id_of(snapshot, group)? {
            change.incidents.push((group, id));
        }
    }
    for change in &mut changes {
        change.incidents.sort();
        change.incidents.dedup();
    }
    changes.retain(|change| !change.incidents.is_empty());
    Ok(changes)
}

/// The incidents that came to be told in one of these groups after a position.
pub(super) fn joined(snapshot: &Snapshot<'_>, groups: &[IncidentNumber], after: Position) -> Result<Vec<IncidentNumber>, ViewsError> {
    let mut statement = snapshot.prepare("SELECT incident FROM @memberships WHERE told_in = ?1 AND since > ?2")?;
    let mut joined = Vec::new();
    for group in groups {
        joined.extend(positions(&mut statement, params![number(*group), number(after)])?);
    }
    Ok(joined)
}

/// The group that an incident is told in: its own until a membership says otherwise.
fn group_of(snapshot: &Snapshot<'_>, incident: IncidentNumber, as_of: Position) -> Result<IncidentNumber, ViewsError> {
    let mut statement = snapshot.prepare("SELECT told_in FROM @memberships WHERE incident = ?1 AND since <= ?2 ORDER BY since DESC LIMIT 1")?;
    let found = statement.query_row(params![number(incident), number(as_of)], |row| position(row, 0)).optional()?;
    Ok(found.unwrap_or(incident))
}

/// The incidents told in a group, ascending: whoever ever was in it and is, and the group's own number.
fn members_of(snapshot: &Snapshot<'_>, group: IncidentNumber, as_of: Position) -> Result<Vec<IncidentNumber>, ViewsError> {
    let mut statement = snapshot.prepare("SELECT DISTINCT incident FROM @memberships WHERE told_in = ?1 ORDER BY incident")?;
    let mut members = positions(&mut statement, [number(group)])?;
    members.push(group);
    members.sort_unstable();
    members.dedup();
    let mut held = Vec::with_capacity(members.len());
    for member in members {
        if member <= as_of && group_of(snapshot, member, as_of)? == group {
            held.push(member);
        }
    }
    Ok(held)
}

/// The first events after a position that the members hold, each with the earliest position among the attachments that hold it.
fn attached_to(
    snapshot: &Snapshot<'_>,
    members: &[IncidentNumber],
    as_of: Position,
    after: Position,
    limit: usize,
) -> Result<BTreeMap<Position, Position>, ViewsError> {
    let mut statement = snapshot
        .prepare("SELECT event, since, present FROM @attachments WHERE incident = ?1 AND since <= ?2 AND event > ?3 ORDER BY event, since")?;
    let mut attached: BTreeMap<Position, Position> = BTreeMap::new();
    for member in members {
        // In order of event and since: the last row of an event is its version in force.
        let mut held: Option<(Position, Position, bool)> = None;
        let mut taken = 0;
        let mut take = |version: Option<(Position, Position, bool)>| {
            if let Some((event, since, true)) = version {
                let earliest = attached.entry(event).or_insert(since);
                *earliest = since.min(*earliest);
                taken += 1;
            }
            taken
        };
        let mut rows = statement.query(params![number(*member), number(as_of), number(after)])?;
        let is_full = loop {
            let Some(row) = rows.next()? else { break false };
            let version = (position(row, 0)?, position(row, 1)?, row.get(2)?);
            let before = held.replace(version).filter(|(event, ..)| *event != version.0);
            if take(before) >= limit {
                break true;
            }
        };
        if !is_full {
            take(held);
        }
    }
    // What is among the first of all is among the first of every member that holds it.
    if let Some(beyond) = attached.keys().nth(limit).copied() {
        attached.split_off(&beyond);
    }
    Ok(attached)
}

fn id_of(snapshot: &Snapshot<'_>, incident: IncidentNumber) -> Result<Option<String>, ViewsError> {
    let mut statement = snapshot.prepare("SELECT id FROM @heads WHERE number = ?1")?;
    Ok(statement.query_row([number(incident)], |row| row.get(0)).optional()?)
}
