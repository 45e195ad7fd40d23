//! Single events: by position, by key, and those with something the matter.
//!
//! Their bytes are handed on unread.

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, IncidentNumber};
use rusqlite::{OptionalExtension, Params, params};

use super::{Snapshot, decode};
use crate::embedded::file::number;
use crate::query::EventState;
use crate::views::ViewsError;

type Found = Option<(EventRow, Vec<IncidentNumber>)>;

pub(super) fn at(snapshot: &Snapshot<'_>, position: Position) -> Result<Found, ViewsError> {
    one(snapshot, "e.position = ?1", [number(position)])
}

pub(super) fn by_key(snapshot: &Snapshot<'_>, key: EventKey) -> Result<Found, ViewsError> {
    one(snapshot, "e.key = ?1", [key.as_str()])
}

fn one(snapshot: &Snapshot<'_>, condition: &str, parameters: impl Params) -> Result<Found, ViewsError> {
    let mut statement = snapshot.prepare(&format!("SELECT {} FROM @events e WHERE {condition}", decode::event_columns()))?;
    let Some(event) = statement.query_row(parameters, decode::event).optional()? else { return Ok(None) };
    let incidents = decode::incidents(&mut snapshot.prepare(decode::INCIDENTS_OF)?, event.position)?;
    Ok(Some((event, incidents)))
}

pub(super) fn events_where(snapshot: &Snapshot<'_>, state: EventState, after: Position, limit: usize) -> Result<Vec<EventRow>, ViewsError> {
    match state {
        EventState::Poison => {
            let mut statement = snapshot.prepare(&format!(
                "SELECT {} FROM @events e WHERE e.problem IS NOT NULL AND e.position > ?1 ORDER BY e.position LIMIT ?2",
                decode::event_columns()
            ))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![number(after), limit], decode::event)?;
            Ok(rows.collect::<Result<_, _>>()?)
        }
        EventState::Unattached => unattached(snapshot, after, limit),
    }
}

fn unattached(snapshot: &Snapshot<'_>, after: Position, limit: usize) -> Result<Vec<EventRow>, ViewsError> {
    let mut statement = snapshot.prepare(&format!(
        "SELECT {} FROM @waiting w JOIN @events e ON e.position = w.event WHERE w.event > ?1 ORDER BY w.event",
        decode::event_columns()
    ))?;
    let mut incidents = snapshot.prepare(decode::INCIDENTS_OF)?;
    let mut found = Vec::new();
    let mut rows = statement.query([number(after)])?;
    while found.len() < limit {
        let Some(row) = rows.next()? else { break };
        let event = crate::embedded::file::position(row, 0)?;
        if decode::incidents(&mut incidents, event)?.is_empty() {
            found.push(decode::event(row)?);
        }
    }
    Ok(found)
}
