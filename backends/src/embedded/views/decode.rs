//! Rows read back from the tables, column by column.
//!
//! What cannot be read back is an error of the file, never skipped.

use dateline_events::{EventKey, Instant, Position};
use dateline_timelines::rows::{Course, EventRow, HeadRow, IncidentNumber, LinkRow, Nature, ReferenceRow, ServiceCourse, SummaryRow, WaitingRow};
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Row};

use super::schema::{EVENTS, HEADS, LINKS, PAGE_REFERENCES, SUMMARIES, WAITING};
use crate::embedded::file::{instant, number, position};
use crate::once::{CHANGES_COUNT_SINCE, OPEN_END, OPEN_START, read_head_course, read_spaced};
use crate::views::Generation;

/// What [`event`] reads, of the table under the name `e`.
pub(super) fn event_columns() -> String {
    EVENTS.select("e")
}

pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    sound(row, 10, "events")?;
    Ok(EventRow {
        position: position(row, 0)?,
        recorded: Instant(row.get(1)?),
        source: row.get(2)?,
        id: row.get(3)?,
        key: key(4, row.get_ref(4)?.as_str()?)?,
        kind: row.get(5)?,
        subject: row.get(6)?,
        target: row.get_ref(7)?.as_str_or_null()?.map(|text| key(7, text)).transpose()?,
        problem: row.get(8)?,
        bytes: row.get(9)?,
    })
}

/// What [`head`] reads, of the table under the name `h`.
pub(super) fn head_columns() -> String {
    HEADS.select("h")
}

pub(super) fn head(row: &Row<'_>) -> rusqlite::Result<HeadRow> {
    sound(row, 12, "heads")?;
    let references = serde_json::from_str(row.get_ref(11)?.as_str()?).map_err(|error| unreadable(11, error))?;
    let (course, courses) = course(9, row)?;
    Ok(HeadRow {
        number: position(row, 0)?,
        since: position(row, 1)?,
        id: row.get(2)?,
        subject: row.get(3)?,
        nature: nature(4, row)?,
        span_start: instant(row.get(5)?),
        span_end: instant(row.get(6)?),
        disrupted_until: instant(row.get(7)?),
        restored_until: instant(row.get(8)?),
        course,
        courses,
        services: read_spaced(row.get_ref(10)?.as_str()?),
        references,
    })
}

/// What [`summary`] reads, of the table under the name `s`, as of the position ?1: behind the row what changed the group last, and how many
/// events it held then.
pub(super) fn summary_columns(generation: Generation) -> String {
    let changed = |column: &str| match generation.version {
        0..CHANGES_COUNT_SINCE => "NULL".to_owned(),
        _ => format!(
            "(SELECT c.{column} FROM @changes c WHERE c.incident = s.told_in AND c.events IS NOT NULL AND c.since <= ?1 ORDER BY c.since DESC LIMIT 1)"
        ),
    };
    format!("{}, {}, {}", SUMMARIES.select("s"), changed("since"), changed("events"))
}

pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<SummaryRow> {
    sound(row, 14, "summaries")?;
    let events: Option<i64> = row.get(16)?;
    Ok(SummaryRow {
        group: position(row, 0)?,
        since: position(row, if events.is_some() { 15 } else { 1 })?,
        events: events.and_then(|events| usize::try_from(events).ok()),
        listed: row.get(2)?,
        started: instant(row.get(3)?),
        ended: instant(row.get(4)?),
        nature: nature(5, row)?,
        state: row.get(6)?,
        id: row.get(7)?,
        services: row.get(8)?,
        vendor: row.get(9)?,
        regions: row.get(10)?,
        symptoms: row.get(11)?,
        words: row.get(12)?,
        json: row.get(13)?,
    })
}

/// What [`waiting`] reads, of the table under the name `w`.
pub(super) fn waiting_columns() -> String {
    WAITING.select("w")
}

/// Without the keys that it awaits: they stand in a table of their own.
pub(super) fn waiting(row: &Row<'_>) -> rusqlite::Result<WaitingRow> {
    sound(row, 9, "waiting")?;
    let (earliest, latest): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
    let (page, reference): (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
    Ok(WaitingRow {
        event: position(row, 0)?,
        subject: row.get(1)?,
        services: read_spaced(row.get_ref(8)?.as_str()?),
        nature: nature(2, row)?,
        earliest: instant(earliest.filter(|bound| *bound != OPEN_START)),
        latest: instant(latest.filter(|bound| *bound != OPEN_END)),
        awaits_keys: Vec::new(),
        awaits_incident: row.get(5)?,
        awaits_reference: page.zip(reference),
    })
}

/// What [`reference`] reads, of the table under the name `r`.
pub(super) fn reference_columns() -> String {
    PAGE_REFERENCES.select("r")
}

pub(super) fn reference(row: &Row<'_>) -> rusqlite::Result<ReferenceRow> {
    sound(row, 4, "page_references")?;
    Ok(ReferenceRow { page: row.get(0)?, reference: row.get(1)?, incident: position(row, 2)?, since: position(row, 3)? })
}

/// What [`link`] reads, of the table under the name `l`.
pub(super) fn link_columns() -> String {
    LINKS.select("l")
}

pub(super) fn link(row: &Row<'_>) -> rusqlite::Result<LinkRow> {
    sound(row, 5, "links")?;
    Ok(LinkRow { event: position(row, 0)?, since: position(row, 1)?, from: position(row, 2)?, to: position(row, 3)?, active: row.get(4)? })
}

/// The versions of one event's attachments, in the order that [`incidents`] reads.
pub(super) const INCIDENTS_OF: &str = "SELECT incident, present FROM @attachments WHERE event = ?1 ORDER BY incident, since";

/// The incidents that hold an event now: of each incident the last version counts.
pub(super) fn incidents(statement: &mut CachedStatement<'_>, event: Position) -> rusqlite::Result<Vec<IncidentNumber>> {
    let mut held = Vec::new();
    let mut rows = statement.query([number(event)])?;
    while let Some(row) = rows.next()? {
        let incident = position(row, 0)?;
        if held.last() == Some(&incident) {
            held.pop();
        }
        if row.get(1)? {
            held.push(incident);
        }
    }
    Ok(held)
}

/// The last column says whether the row is what was written.
pub(super) fn sound(row: &Row<'_>, column: usize, table: &str) -> rusqlite::Result<()> {
    if row.get(column)? { Ok(()) } else { Err(unreadable(column, format!("a row of {table} is not what was written"))) }
}

pub(super) fn key(column: usize, text: &str) -> rusqlite::Result<EventKey> {
    EventKey::parse(text).ok_or_else(|| unreadable(column, format!("{text:?} is no key")))
}

fn nature(column: usize, row: &Row<'_>) -> rusqlite::Result<Nature> {
    let text = row.get_ref(column)?.as_str()?;
    Nature::parse(text).ok_or_else(|| unreadable(column, format!("{text:?} is no nature")))
}

fn course(column: usize, row: &Row<'_>) -> rusqlite::Result<(Course, Vec<ServiceCourse>)> {
    let text = row.get_ref(column)?.as_str()?;
    read_head_course(text).ok_or_else(|| unreadable(column, format!("{text:?} is no course")))
}

fn unreadable(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}
