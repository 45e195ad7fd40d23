//! Writing a page of rows: the cursor first, which fences a second projector, then the rows, in one transaction.
//!
//! Every statement is prepared once a page, not once a row.

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::Rows;
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};

use super::generations::{cursor, gone_or_failed, serves};
use super::schema::{self, PROJECTOR, sql};
use crate::embedded::file::{microseconds, number};
use crate::once;
use crate::views::ViewsError;

/// Commits a page; answers whether the generation serves.
pub(super) fn commit(connection: &mut Connection, generation: u32, from: Position, to: Position, rows: &Rows) -> Result<bool, ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let page = Page { transaction: &transaction, generation };
    let moved = page
        .prepare("UPDATE @cursor SET position = ?1, sum = row_sum(follower, ?1) WHERE follower = ?2 AND position = ?3")
        .and_then(|mut statement| statement.execute(params![number(to), PROJECTOR, number(from)]))
        .map_err(|error| gone_or_failed(&transaction, error, generation))?;
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
        let mut insert = self.prepare(&schema::EVENTS.insert("INSERT"))?;
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
        let mut insert = self.prepare(&schema::ATTACHMENTS.insert("INSERT OR REPLACE"))?;
        for row in &rows.attachments {
            insert.execute(params![number(row.event), number(row.incident), number(row.since), row.present])?;
        }
        Ok(())
    }

    fn waiting(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(&schema::WAITING.insert("INSERT OR REPLACE"))?;
        let mut await_key = self.prepare(&schema::AWAITED.insert("INSERT OR REPLACE"))?;
        for row in &rows.waiting {
            let (earliest, latest) = once::waiting_bounds(row).unzip();
            let (page, reference) = row.awaits_reference.as_ref().map(|(page, reference)| (page, reference)).unzip();
            let event = number(row.event);
            let services = once::spaced(&row.services);
            insert.execute(params![event, row.subject, row.nature.as_str(), earliest, latest, row.awaits_incident, page, reference, services])?;
            for (place, key) in (0_i64..).zip(&row.awaits_keys) {
                await_key.execute(params![event, place, key.as_str()])?;
            }
        }
        Ok(())
    }

    fn heads(&self, rows: &Rows) -> rusqlite::Result<()> {
        // Subject and id are set apart from the rest: naming an indexed column makes SQLite write its index, changed or not.
        let mut update = self.prepare(
            "UPDATE @heads SET since = ?2, nature = ?5, span_start = ?6, span_end = ?7, disrupted_until = ?8, restored_until = ?9,
                 course = ?10, services = ?11, page_references = ?12, sum = row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) WHERE number = ?1 AND id = ?3 AND subject = ?4",
        )?;
        let mut replace = self.prepare(&schema::HEADS.insert("INSERT OR REPLACE"))?;
        for row in once::heads(rows) {
            let references = serde_json::to_string(&row.references).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let (at, since) = (number(row.number), number(row.since));
            let (start, end) = (microseconds(row.span_start), microseconds(row.span_end));
            let (disrupted, restored) = (microseconds(row.disrupted_until), microseconds(row.restored_until));
            let (nature, course, services) = (row.nature.as_str(), once::head_course(row), once::spaced(&row.services));
            let updated =
                update.execute(params![at, since, row.id, row.subject, nature, start, end, disrupted, restored, course, services, references])?;
            if updated == 0 {
                replace.execute(params![at, since, row.id, row.subject, nature, start, end, disrupted, restored, course, services, references])?;
            }
        }
        Ok(())
    }

    fn references(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(&schema::PAGE_REFERENCES.insert("INSERT OR IGNORE"))?;
        for row in &rows.references {
            insert.execute(params![row.page, row.reference, number(row.incident), number(row.since)])?;
        }
        Ok(())
    }

    fn links(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut replace = self.prepare(&schema::LINKS.insert("INSERT OR REPLACE"))?;
        for row in once::links(rows) {
            replace.execute(params![number(row.event), number(row.since), number(row.from), number(row.to), row.active])?;
        }
        Ok(())
    }

    fn memberships(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(&schema::MEMBERSHIPS.insert("INSERT OR REPLACE"))?;
        for row in &rows.memberships {
            insert.execute(params![number(row.incident), number(row.since), number(row.group)])?;
        }
        Ok(())
    }

    fn summaries(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(&schema::SUMMARIES.insert("INSERT OR REPLACE"))?;
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
        }
        let mut insert = self.prepare(&schema::LIST_KEYS.insert("INSERT OR IGNORE"))?;
        for place in once::list_places(rows) {
            insert.execute(params![place.nature.as_str(), place.facet, place.started, number(place.group)])?;
        }
        Ok(())
    }

    fn changes(&self, rows: &Rows) -> rusqlite::Result<()> {
        let mut insert = self.prepare(&schema::CHANGES.insert("INSERT OR IGNORE"))?;
        for ((since, incident), events) in once::changes(rows) {
            insert.execute(params![number(since), number(incident), events])?;
        }
        Ok(())
    }
}
