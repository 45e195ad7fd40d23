//! Rows read back from the tables, column by column.
//!
//! What cannot be read back is an error of the database, never skipped.

use dateline_events::{EventKey, Instant, Position};
use dateline_timelines::rows::{Course, EventRow, HeadRow, IncidentNumber, LinkRow, Nature, ReferenceRow, ServiceCourse, SummaryRow, WaitingRow};
use postgres::Row;

use crate::distributed::database::{instant, position};
use crate::once::{CHANGES_COUNT_SINCE, OPEN_END, OPEN_START, read_head_course, read_spaced};
use crate::views::{Generation, ViewsError};

type Decoded<T> = Result<T, ViewsError>;

pub(super) const EVENT: &str = "e.position, e.recorded, e.source, e.id, e.key, e.kind, e.subject, e.target, e.problem, e.bytes";

pub(super) fn event(row: &Row) -> Decoded<EventRow> {
    Ok(EventRow {
        position: at(row, 0)?,
        recorded: Instant(row.try_get(1)?),
        source: text(row, 2)?,
        id: text(row, 3)?,
        key: key(row.try_get(4)?)?,
        kind: text(row, 5)?,
        subject: text(row, 6)?,
        target: row.try_get::<_, Option<&str>>(7)?.map(key).transpose()?,
        problem: maybe_text(row, 8)?,
        bytes: row.try_get(9)?,
    })
}

pub(super) const HEAD: &str = "h.number, h.since, h.id, h.subject, h.nature, h.span_start, h.span_end, h.disrupted_until, h.restored_until, h.course, h.services, h.page_references";

pub(super) fn head(row: &Row) -> Decoded<HeadRow> {
    let (course, courses) = course(row, 9)?;
    Ok(HeadRow {
        number: at(row, 0)?,
        since: at(row, 1)?,
        id: text(row, 2)?,
        subject: text(row, 3)?,
        nature: nature(row, 4)?,
        span_start: instant(row.try_get(5)?),
        span_end: instant(row.try_get(6)?),
        disrupted_until: instant(row.try_get(7)?),
        restored_until: instant(row.try_get(8)?),
        course,
        courses,
        services: read_spaced(row.try_get(10)?),
        references: serde_json::from_str(row.try_get(11)?).map_err(|error| unreadable(&error))?,
    })
}

/// What [`summary`] reads of a row `s` and of what changed its group last, `c`.
pub(super) const SUMMARY: &str = "s.told_in, s.since, s.listed, s.started, s.ended, s.nature, s.state, s.id, s.services, s.vendor, s.regions, s.symptoms, s.words, s.json, c.since, c.events";

/// What changed the group of a row `s` last, as of a position that the statement numbers so, and how many events it held then.
pub(super) fn changed_last(generation: Generation, as_of: usize) -> String {
    match generation.version {
        0..CHANGES_COUNT_SINCE => "CROSS JOIN (SELECT NULL::bigint AS since, NULL::bigint AS events) c".to_owned(),
        _ => format!(
            "LEFT JOIN LATERAL (SELECT c.since, c.events FROM @changes c
                 WHERE c.incident = s.told_in AND c.events IS NOT NULL AND c.since <= ${as_of} ORDER BY c.since DESC LIMIT 1) c ON TRUE"
        ),
    }
}

pub(super) fn summary(row: &Row) -> Decoded<SummaryRow> {
    let events: Option<i64> = row.try_get(15)?;
    Ok(SummaryRow {
        group: at(row, 0)?,
        since: at(row, if events.is_some() { 14 } else { 1 })?,
        events: events.and_then(|events| usize::try_from(events).ok()),
        listed: row.try_get(2)?,
        started: instant(row.try_get(3)?),
        ended: instant(row.try_get(4)?),
        nature: nature(row, 5)?,
        state: text(row, 6)?,
        id: text(row, 7)?,
        services: text(row, 8)?,
        vendor: text(row, 9)?,
        regions: text(row, 10)?,
        symptoms: text(row, 11)?,
        words: text(row, 12)?,
        json: text(row, 13)?,
    })
}

pub(super) const WAITING: &str = "w.event, w.subject, w.nature, w.earliest, w.latest, w.incident, w.page, w.reference, w.services";

/// Without the keys that it awaits: they stand in a table of their own.
pub(super) fn waiting(row: &Row) -> Decoded<WaitingRow> {
    let (earliest, latest): (Option<i64>, Option<i64>) = (row.try_get(3)?, row.try_get(4)?);
    Ok(WaitingRow {
        event: at(row, 0)?,
        subject: text(row, 1)?,
        services: read_spaced(&text(row, 8)?),
        nature: nature(row, 2)?,
        earliest: instant(earliest.filter(|bound| *bound != OPEN_START)),
        latest: instant(latest.filter(|bound| *bound != OPEN_END)),
        awaits_keys: Vec::new(),
        awaits_incident: maybe_text(row, 5)?,
        awaits_reference: maybe_text(row, 6)?.zip(maybe_text(row, 7)?),
    })
}

pub(super) fn reference(row: &Row) -> Decoded<ReferenceRow> {
    Ok(ReferenceRow { page: text(row, 0)?, reference: text(row, 1)?, incident: at(row, 2)?, since: at(row, 3)? })
}

pub(super) fn link(row: &Row) -> Decoded<LinkRow> {
    Ok(LinkRow { event: at(row, 0)?, since: at(row, 1)?, from: at(row, 2)?, to: at(row, 3)?, active: row.try_get(4)? })
}

/// The incidents that hold events now, ascending: of each event and incident the last version counts.
pub(super) const INCIDENTS_OF: &str = "SELECT event, incident FROM (
         SELECT DISTINCT ON (event, incident) event, incident, present FROM @attachments WHERE event = ANY($1) ORDER BY event, incident, since DESC
     ) v WHERE present ORDER BY event, incident";

/// A row of [`INCIDENTS_OF`].
pub(super) fn held(row: &Row) -> Decoded<(Position, IncidentNumber)> {
    Ok((at(row, 0)?, at(row, 1)?))
}

/// A position.
pub(super) fn at(row: &Row, column: usize) -> Decoded<Position> {
    Ok(position(row.try_get(column)?))
}

/// A text that is kept as bytes.
pub(super) fn text(row: &Row, column: usize) -> Decoded<String> {
    String::from_utf8(row.try_get(column)?).map_err(|error| unreadable(&error))
}

fn maybe_text(row: &Row, column: usize) -> Decoded<Option<String>> {
    row.try_get::<_, Option<Vec<u8>>>(column)?.map(|bytes| String::from_utf8(bytes).map_err(|error| unreadable(&error))).transpose()
}

pub(super) fn key(text: &str) -> Decoded<EventKey> {
    EventKey::parse(text).ok_or_else(|| unreadable(&format!("{text:?} is no key")))
}

fn nature(row: &Row, column: usize) -> Decoded<Nature> {
    let text = row.try_get(column)?;
    Nature::parse(text).ok_or_else(|| unreadable(&format!("{text:?} is no nature")))
}

fn course(row: &Row, column: usize) -> Decoded<(Course, Vec<ServiceCourse>)> {
    let text = row.try_get(column)?;
    read_head_course(text).ok_or_else(|| unreadable(&format!("{text:?} is no course")))
}

fn unreadable(error: &dyn std::fmt::Display) -> ViewsError {
    ViewsError::Engine(format!("a row of the views cannot be read back ({error}): rebuild the views"))
}
