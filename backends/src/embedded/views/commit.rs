//! Writing a page of rows: the cursor first, which fences a second projector, then the rows, in one transaction.
//!
//! Every statement is prepared once a page, not once a row.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{HeadRow, LinkRow, Rows, SummaryRow};
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};

use super::generations::{cursor, gone_or_failed, serves};
use super::schema::{PROJECTOR, sql};
use crate::embedded::file::{microseconds, number};
use crate::views::ViewsError;

/// The open ends of a waiting event's time.
pub(super) const OPEN_START: i64 = i64::MIN;
/// See [`OPEN_START`].
pub(super) const OPEN_END: i64 = i64::MAX;

/// Where a group without a start stands in a list.
pub(super) const NO_START: i64 = i64::MIN;

/// Commits a page; answers whether the generation serves.
pub(super) fn commit(connection: &mut Connection, generation: u32, from: Position, to: Position, rows: &Rows) -> Result<bool, ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let page = Page { transaction: &transaction, generation };
    let moved = page
        .prepare("UPDATE @cursor SET position = ?1 WHERE follower = ?2 AND position = ?3")
        .and_then(|mut statement| statement.execute(params![number(to), PROJECTOR, number(from)]))
        .map_err(|error| gone_or_failed(error, generation))?;
    if moved == 0 {
        return Err(ViewsError::Fenced { found: cursor(&transaction, generation)? });
    }
    page.write(rows)?;
    let serves = serves(&transaction, generation)?;
    transaction.commit()?;
    Ok(serves)
}

struct Page<'a> {
    transaction: &'a Transaction<'a>,
    generation: u32,
}

impl Page<'_> {
    fn prepare(&self, template: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.transaction.prepare_cached(&sql(self.generation, template))
    }

    fn write(&self, rows: &Rows) -> rusqlite::Result<()> {
        self.events(rows)?;
        self.attachments(rows)?;
        self.waiting(rows)?;
        self.heads(rows)?;
        self.references(rows)?;
        self.links(rows)?;
        self.memberships(rows)?;
        self.summaries(rows)?;
        self.changes(rows)
    }

    fn events(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(
            "INSERT INTO @events (position, recorded, source, id, key, kind, subject, target, problem, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        for row in &rows.events {
            let target = row.target.as_ref().map(EventKey::as_str);
            insert.execute(params![
                number(row.position),
                row.recorded.0,
                row.source,
                row.id,
                row.key.as_str(),
                row.kind,
                row.subject,
                target,
                row.problem,
                row.bytes
            ])?;
        }
        Ok(())
    }

    fn attachments(&self, rows: &Rows) -> rusqlite::Result<()> {
        // The same event can come and go at one position: what was said last holds.
        let mut insert = self.prepare("INSERT OR REPLACE INTO @attachments (event, incident, since, present) VALUES (?1, ?2, ?3, ?4)")?;
        for row in &rows.attachments {
            insert.execute(params![number(row.event), number(row.incident), number(row.since), row.present])?;
        }
        Ok(())
    }

    fn waiting(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(
            "INSERT OR REPLACE INTO @waiting (event, subject, nature, earliest, latest, incident, page, reference)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let mut await_key = self.prepare("INSERT OR REPLACE INTO @awaited (event, place, key) VALUES (?1, ?2, ?3)")?;
        for row in &rows.waiting {
            let by_time = row.earliest.is_some() || row.latest.is_some();
            let earliest = by_time.then(|| microseconds(row.earliest).unwrap_or(OPEN_START));
            let latest = by_time.then(|| microseconds(row.latest).unwrap_or(OPEN_END));
            let (page, reference) = row.awaits_reference.as_ref().map(|(page, reference)| (page, reference)).unzip();
            let event = number(row.event);
            insert.execute(params![event, row.subject, row.nature.as_str(), earliest, latest, row.awaits_incident, page, reference])?;
            for (place, key) in (0_i64..).zip(&row.awaits_keys) {
                await_key.execute(params![event, place, key.as_str()])?;
            }
        }
        Ok(())
    }

    fn heads(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut latest: BTreeMap<Position, &HeadRow> = BTreeMap::new();
        for row in &rows.heads {
            let kept = latest.entry(row.number).or_insert(row);
            if row.since >= kept.since {
                *kept = row;
            }
        }
        // Subject and id are set apart from the rest: naming an indexed column makes SQLite write its index, changed or not.
        let mut update = self.prepare(
            "UPDATE @heads SET since = ?2, nature = ?5, span_start = ?6, span_end = ?7, disrupted_until = ?8, restored_until = ?9,
                 page_references = ?10 WHERE number = ?1 AND id = ?3 AND subject = ?4",
        )?;
        let mut replace = self.prepare(
            "INSERT OR REPLACE INTO @heads (number, since, id, subject, nature, span_start, span_end, disrupted_until, restored_until,
                 page_references) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        for row in latest.into_values() {
            let references = serde_json::to_string(&row.references).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let (at, since) = (number(row.number), number(row.since));
            let (start, end) = (microseconds(row.span_start), microseconds(row.span_end));
            let (disrupted, restored) = (microseconds(row.disrupted_until), microseconds(row.restored_until));
            let nature = row.nature.as_str();
            let updated = update.execute(params![at, since, row.id, row.subject, nature, start, end, disrupted, restored, references])?;
            if updated == 0 {
                replace.execute(params![at, since, row.id, row.subject, nature, start, end, disrupted, restored, references])?;
            }
        }
        Ok(())
    }

    fn references(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare("INSERT OR IGNORE INTO @page_references (page, reference, incident, since) VALUES (?1, ?2, ?3, ?4)")?;
        for row in &rows.references {
            insert.execute(params![row.page, row.reference, number(row.incident), number(row.since)])?;
        }
        Ok(())
    }

    fn links(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut latest: BTreeMap<Position, &LinkRow> = BTreeMap::new();
        for row in &rows.links {
            let kept = latest.entry(row.event).or_insert(row);
            if row.since >= kept.since {
                *kept = row;
            }
        }
        let mut replace = self.prepare("INSERT OR REPLACE INTO @links (event, since, one, other, active) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for row in latest.into_values() {
            replace.execute(params![number(row.event), number(row.since), number(row.from), number(row.to), row.active])?;
        }
        Ok(())
    }

    fn memberships(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare("INSERT OR REPLACE INTO @memberships (incident, since, told_in) VALUES (?1, ?2, ?3)")?;
        for row in &rows.memberships {
            insert.execute(params![number(row.incident), number(row.since), number(row.group)])?;
        }
        Ok(())
    }

    fn summaries(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(
            "INSERT OR REPLACE INTO @summaries (told_in, since, listed, started, ended, nature, state, id, services, vendor, regions, symptoms,
                 words, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?;
        let mut places = BTreeSet::new();
        for row in &rows.summaries {
            insert.execute(params![
                number(row.group),
                number(row.since),
                row.listed,
                microseconds(row.started),
                microseconds(row.ended),
                row.nature.as_str(),
                row.state,
                row.id,
                row.services,
                row.vendor,
                row.regions,
                row.symptoms,
                row.words,
                row.json
            ])?;
            places.extend(list_places(row));
        }
        let mut place = self.prepare("INSERT OR IGNORE INTO @list_keys (nature, service, started, told_in) VALUES (?1, ?2, ?3, ?4)")?;
        for (nature, service, started, group) in places {
            place.execute(params![nature, service, started, group])?;
        }
        Ok(())
    }

    fn changes(&self, rows: &Rows) -> rusqlite::Result<()> {
        let attached = rows.attachments.iter().map(|row| (row.since, row.incident));
        let told = rows.summaries.iter().map(|row| (row.since, row.group));
        let changes: BTreeSet<_> = attached.chain(told).collect();
        let mut insert = self.prepare("INSERT OR IGNORE INTO @changes (since, incident) VALUES (?1, ?2)")?;
        for (since, incident) in changes {
            insert.execute([number(since), number(incident)])?;
        }
        Ok(())
    }
}

/// The places of a summary in sorted lists: of all, and of each of its services.
fn list_places(row: &SummaryRow) -> impl Iterator<Item = (&'static str, &str, i64, i64)> {
    let (nature, started) = (row.nature.as_str(), microseconds(row.started).unwrap_or(NO_START));
    let services = std::iter::once("").chain(row.services.split_ascii_whitespace());
    let listed = services.filter(|_| row.listed);
    listed.map(move |service| (nature, service, started, number(row.group)))
}
