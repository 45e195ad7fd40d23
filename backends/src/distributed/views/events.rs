//! Single events: by position, by key, and those with something the matter.
//!
//! Their bytes are handed on unread.

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, IncidentNumber};
use postgres::Row;

use super::{Snapshot, decode};
use crate::distributed::database::{limit, number};
use crate::query::EventState;
use crate::views::ViewsError;

type Found = Option<(EventRow, Vec<IncidentNumber>)>;

pub(super) fn at(snapshot: &mut Snapshot<'_, '_>, position: Position) -> Result<Found, ViewsError> {
    let found = snapshot.query(&format!("SELECT {} FROM @events e WHERE e.position = $1", decode::EVENT), &[&number(position)])?;
    with_incidents(snapshot, found.first())
}

pub(super) fn by_key(snapshot: &mut Snapshot<'_, '_>, key: EventKey) -> Result<Found, ViewsError> {
    let found = snapshot.query(&format!("SELECT {} FROM @events e WHERE e.key = $1", decode::EVENT), &[&key.as_str()])?;
    with_incidents(snapshot, found.first())
}

fn with_incidents(snapshot: &mut Snapshot<'_, '_>, found: Option<&Row>) -> Result<Found, ViewsError> {
    let Some(event) = found.map(decode::event).transpose()? else { return Ok(None) };
    let held = snapshot.query(decode::INCIDENTS_OF, &[&vec![number(event.position)]])?;
    let incidents = held.iter().map(|row| Ok(decode::held(row)?.1)).collect::<Result<_, ViewsError>>()?;
    Ok(Some((event, incidents)))
}

pub(super) fn events_where(snapshot: &mut Snapshot<'_, '_>, state: EventState, after: Position, rows: usize) -> Result<Vec<EventRow>, ViewsError> {
    let text = match state {
        EventState::Poison => {
            format!("SELECT {} FROM @events e WHERE e.problem IS NOT NULL AND e.position > $1 ORDER BY e.position LIMIT $2", decode::EVENT)
        }
        EventState::Unattached => format!(
            "SELECT {} FROM @waiting w JOIN @events e ON e.position = w.event
             WHERE w.event > $1 AND NOT EXISTS (SELECT FROM (
                 SELECT DISTINCT ON (a.incident) a.present FROM @attachments a WHERE a.event = w.event ORDER BY a.incident, a.since DESC
             ) v WHERE v.present)
             ORDER BY w.event LIMIT $2",
            decode::EVENT
        ),
    };
    snapshot.query(&text, &[&number(after), &limit(rows)])?.iter().map(decode::event).collect()
}
