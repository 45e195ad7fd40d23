//! What a page of rows says more than once, said once: the same for every engine, so that all keep the same rows.
//!
//! How rows are written is the engines' business.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use dateline_events::{Instant, Position};
use dateline_timelines::rows::{
    AttachmentRow, Course, HeadRow, IncidentNumber, LinkRow, MembershipRow, Nature, Rows, ServiceCourse, SummaryRow, WaitingRow,
};

use crate::facets;

/// The open ends of a waiting event's time.
pub(crate) const OPEN_START: i64 = i64::MIN;
/// See [`OPEN_START`].
pub(crate) const OPEN_END: i64 = i64::MAX;

/// Where a group without a start stands in a list.
pub(crate) const NO_START: i64 = i64::MIN;

/// The place of a group in a sorted list: under one of its services, under another facet that it has, or ("") among all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListPlace<'a> {
    pub nature: Nature,
    pub facet: Cow<'a, str>,
    pub started: i64,
    pub group: IncidentNumber,
}

/// Of each incident the head with the highest `since`; of equals the last.
pub(crate) fn heads(rows: &Rows) -> impl Iterator<Item = &HeadRow> {
    in_force(&rows.heads, |row| row.number, |row| row.since)
}

/// Further services as they are kept: each with a space before and after; nothing where there are none.
pub(crate) fn spaced(services: &[String]) -> String {
    if services.is_empty() { String::new() } else { format!(" {} ", services.join(" ")) }
}

/// Reads them.
pub(crate) fn read_spaced(kept: &str) -> Vec<String> {
    kept.split(' ').filter(|service| !service.is_empty()).map(ToOwned::to_owned).collect()
}

/// How far a head has come as it is kept: a word, and behind it one for each service that is followed, "bolt=restored@1700000000000000".
pub(crate) fn head_course(row: &HeadRow) -> String {
    let mut kept = row.course.as_str().to_owned();
    for each in &row.courses {
        let last = each.last.map(|last| last.0.to_string()).unwrap_or_default();
        kept.push_str(&format!(" {}={}@{last}", each.service, each.course.as_str()));
    }
    kept
}

/// Reads it.
pub(crate) fn read_head_course(kept: &str) -> Option<(Course, Vec<ServiceCourse>)> {
    let mut words = kept.split(' ');
    let course = Course::parse(words.next()?)?;
    let read = |word: &str| {
        let (service, rest) = word.split_once('=')?;
        let (course, last) = rest.split_once('@')?;
        let last = if last.is_empty() { None } else { Some(Instant(last.parse().ok()?)) };
        Some(ServiceCourse { service: service.to_owned(), course: Course::parse(course)?, last })
    };
    Some((course, words.map(read).collect::<Option<_>>()?))
}

/// Of each link the version with the highest `since`; of equals the last.
pub(crate) fn links(rows: &Rows) -> impl Iterator<Item = &LinkRow> {
    in_force(&rows.links, |row| row.event, |row| row.since)
}

fn in_force<T>(rows: &[T], of: impl Fn(&T) -> Position, since: impl Fn(&T) -> Position) -> impl Iterator<Item = &T> {
    let mut latest: BTreeMap<Position, &T> = BTreeMap::new();
    for row in rows {
        let kept = latest.entry(of(row)).or_insert(row);
        if since(row) >= since(kept) {
            *kept = row;
        }
    }
    latest.into_values()
}

/// The same event can come and go at one position: what was said last holds.
pub(crate) fn attachments(rows: &Rows) -> impl Iterator<Item = &AttachmentRow> {
    last(&rows.attachments, |row| (row.event, row.incident, row.since))
}

/// Of each waiting event what was said last.
pub(crate) fn waiting(rows: &Rows) -> impl Iterator<Item = &WaitingRow> {
    last(&rows.waiting, |row| row.event)
}

/// Of an incident at one position what was said last.
pub(crate) fn memberships(rows: &Rows) -> impl Iterator<Item = &MembershipRow> {
    last(&rows.memberships, |row| (row.incident, row.since))
}

/// Of a group at one position what was said last.
pub(crate) fn summaries(rows: &Rows) -> impl Iterator<Item = &SummaryRow> {
    last(&rows.summaries, |row| (row.group, row.since))
}

fn last<T, K: Ord>(rows: &[T], of: impl Fn(&T) -> K) -> impl Iterator<Item = &T> {
    rows.iter().map(|row| (of(row), row)).collect::<BTreeMap<K, &T>>().into_values()
}

/// The places in sorted lists that the page's summaries take.
pub(crate) fn list_places(rows: &Rows) -> BTreeSet<ListPlace<'_>> {
    let mut taken = BTreeSet::new();
    for row in rows.summaries.iter().filter(|row| row.listed) {
        let started = row.started.map_or(NO_START, |started| started.0);
        let services = std::iter::once("").chain(row.services.split_ascii_whitespace()).map(Cow::Borrowed);
        let regions = row.regions.split_ascii_whitespace().map(facets::region);
        let symptoms = row.symptoms.split_ascii_whitespace().map(facets::symptom);
        let state = Some(&row.state).filter(|word| !word.is_empty()).map(|word| facets::state(word));
        let vendor = Some(&row.vendor).filter(|slug| !slug.is_empty()).map(|slug| facets::vendor(slug));
        let others = regions.chain(symptoms).chain(state).chain(vendor).map(Cow::Owned);
        taken.extend(services.chain(others).map(|facet| ListPlace { nature: row.nature, facet, started, group: row.group }));
    }
    taken
}

/// From this version of the projection on, `changes` says how many events a group held: a summary that says what was said before is left out.
pub(crate) const CHANGES_COUNT_SINCE: u32 = 5;

/// What each position changed: position and incident, and of a group how many events it held then.
pub(crate) fn changes(rows: &Rows) -> BTreeMap<(Position, IncidentNumber), Option<i64>> {
    let count = |events: usize| i64::try_from(events).unwrap_or(i64::MAX);
    let mut changes: BTreeMap<_, _> = rows.attachments.iter().map(|row| ((row.since, row.incident), None)).collect();
    changes.extend(rows.summaries.iter().map(|row| ((row.since, row.group), row.events.map(count))));
    changes.extend(rows.changes.iter().map(|row| ((row.since, row.group), Some(count(row.events)))));
    changes
}

/// The bounds of a waiting event, an open one as the least or greatest integer; None: it cannot join by time.
pub(crate) fn waiting_bounds(row: &WaitingRow) -> Option<(i64, i64)> {
    let by_time = row.earliest.is_some() || row.latest.is_some();
    by_time.then(|| (row.earliest.map_or(OPEN_START, |bound| bound.0), row.latest.map_or(OPEN_END, |bound| bound.0)))
}
