//! What the projector asks for before it places a page: point look-ups by prepared statements, one a value.
//!
//! SQLite answers in the same process, so a look-up a value costs less than building a list to join with.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::Position;
use dateline_timelines::rows::{Facts, KnownEvent, Needs, WaitingRow};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, Transaction, params};

use super::decode;
use super::generations::{cursor, gone_or_failed};
use super::schema::sql;
use crate::embedded::file::{number, position};
use crate::views::ViewsError;

/// What a generation knows of the needs, in one read transaction.
pub(super) fn load(connection: &mut Connection, generation: u32, needs: &Needs) -> Result<Facts, ViewsError> {
    let transaction = connection.transaction()?;
    // Asked for its error: a generation that was dropped is told as such.
    cursor(&transaction, generation)?;
    let loading = Loading { transaction: &transaction, generation };
    loading.facts(needs).map_err(|error| gone_or_failed(&transaction, error, generation))
}

struct Loading<'a> {
    transaction: &'a Transaction<'a>,
    generation: u32,
}

impl Loading<'_> {
    fn prepare(&self, template: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.transaction.prepare_cached(&sql(self.generation, template))
    }

    fn facts(&self, needs: &Needs) -> rusqlite::Result<Facts> {
        let mut facts = Facts { known: self.known(needs)?, waiting: self.waiting(needs)?, ..Facts::default() };
        let mut heads = self.prepare(&format!("SELECT {} FROM @heads h WHERE h.subject = ?1 ORDER BY h.number", decode::head_columns()))?;
        let mut named_beside = self.prepare(&format!(
            "SELECT {} FROM @heads h WHERE h.services <> '' AND instr(h.services, ' ' || ?1 || ' ') > 0 ORDER BY h.number",
            decode::head_columns()
        ))?;
        for subject in &needs.subjects {
            let mut found = Vec::new();
            collect(&mut heads, [subject], decode::head, &mut found)?;
            let own = found.len();
            collect(&mut named_beside, [subject], decode::head, &mut found)?;
            if found.len() > own {
                found.sort_by_key(|head| head.number);
                found.dedup_by_key(|head| head.number);
            }
            facts.heads.append(&mut found);
        }
        let mut head = self.prepare(&format!("SELECT {} FROM @heads h WHERE h.number = ?1", decode::head_columns()))?;
        for incident in &needs.incidents {
            collect(&mut head, [number(*incident)], decode::head, &mut facts.heads)?;
        }
        let mut references =
            self.prepare(&format!("SELECT {} FROM @page_references r WHERE r.page = ?1 AND r.reference = ?2", decode::reference_columns()))?;
        for (page, reference) in &needs.references {
            collect(&mut references, [page, reference], decode::reference, &mut facts.references)?;
        }
        let mut links = self.prepare(&format!("SELECT {} FROM @links l WHERE l.one = ?1 OR l.other = ?1", decode::link_columns()))?;
        let (mut open, mut reached) = (needs.links.clone(), BTreeSet::new());
        while let Some(incident) = open.pop_first() {
            reached.insert(incident);
            let found = facts.links.len();
            collect(&mut links, [number(incident)], decode::link, &mut facts.links)?;
            let ends = facts.links.iter().skip(found).flat_map(|link| [link.from, link.to]);
            open.extend(ends.filter(|end| !reached.contains(end)));
        }
        facts.links.sort_by_key(|link| link.event);
        facts.links.dedup_by_key(|link| link.event);
        let mut acts = self.prepare(&format!("SELECT {} FROM @events e WHERE e.target = ?1 ORDER BY e.position", decode::event_columns()))?;
        for key in &needs.acts {
            collect(&mut acts, [key.as_str()], decode::event, &mut facts.acts)?;
        }
        Ok(facts)
    }

    fn known(&self, needs: &Needs) -> rusqlite::Result<Vec<KnownEvent>> {
        let mut events = self.prepare(&format!("SELECT {} FROM @events e WHERE e.key = ?1", decode::event_columns()))?;
        let mut incidents = self.prepare(decode::INCIDENTS_OF)?;
        let mut known = Vec::new();
        for key in &needs.keys {
            if let Some(event) = events.query_row([key.as_str()], decode::event).optional()? {
                let incidents = decode::incidents(&mut incidents, event.position)?;
                known.push(KnownEvent { event, incidents });
            }
        }
        Ok(known)
    }

    fn waiting(&self, needs: &Needs) -> rusqlite::Result<Vec<(WaitingRow, dateline_timelines::rows::EventRow)>> {
        let candidates = self.candidates(needs)?;
        let mut incidents = self.prepare(decode::INCIDENTS_OF)?;
        let mut events = self.prepare(&format!("SELECT {} FROM @events e WHERE e.position = ?1", decode::event_columns()))?;
        let mut awaited = self.prepare("SELECT key FROM @awaited WHERE event = ?1 ORDER BY place")?;
        let mut waiting = Vec::new();
        for (event, mut row) in candidates {
            if !decode::incidents(&mut incidents, event)?.is_empty() {
                continue;
            }
            collect(&mut awaited, [number(event)], |row| decode::key(0, row.get_ref(0)?.as_str()?), &mut row.awaits_keys)?;
            waiting.push((row, events.query_row([number(event)], decode::event)?));
        }
        Ok(waiting)
    }

    /// Waiting rows that any of the needs names, each once; whether they still wait is not asked yet.
    fn candidates(&self, needs: &Needs) -> rusqlite::Result<BTreeMap<Position, WaitingRow>> {
        let mut rows = Vec::new();
        let select = |condition: &str| self.prepare(&format!("SELECT {} FROM @waiting w WHERE {condition}", decode::waiting_columns()));
        let mut by_time = select("subject = ?1 AND latest >= ?2 AND earliest <= ?3")?;
        let mut beside = select("services <> '' AND latest >= ?2 AND earliest <= ?3 AND instr(services, ' ' || ?1 || ' ') > 0")?;
        for (subject, earliest, latest) in &needs.waiting_windows {
            collect(&mut by_time, params![subject, earliest.0, latest.0], decode::waiting, &mut rows)?;
            collect(&mut beside, params![subject, earliest.0, latest.0], decode::waiting, &mut rows)?;
        }
        let mut by_key = select("event IN (SELECT event FROM @awaited WHERE key = ?1)")?;
        for key in &needs.waiting_keys {
            collect(&mut by_key, [key.as_str()], decode::waiting, &mut rows)?;
        }
        let mut by_incident = select("incident = ?1")?;
        for id in &needs.waiting_incidents {
            collect(&mut by_incident, [id], decode::waiting, &mut rows)?;
        }
        let mut by_reference = select("page = ?1 AND reference = ?2")?;
        for (page, reference) in &needs.waiting_references {
            collect(&mut by_reference, [page, reference], decode::waiting, &mut rows)?;
        }
        Ok(rows.into_iter().map(|row| (row.event, row)).collect())
    }
}

fn collect<T>(
    statement: &mut CachedStatement<'_>,
    parameters: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    into: &mut Vec<T>,
) -> rusqlite::Result<()> {
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        into.push(read(row)?);
    }
    Ok(())
}

/// Positions in the first column.
pub(super) fn positions(statement: &mut CachedStatement<'_>, parameters: impl Params) -> rusqlite::Result<Vec<Position>> {
    let mut found = Vec::new();
    collect(statement, parameters, |row| position(row, 0), &mut found)?;
    Ok(found)
}
