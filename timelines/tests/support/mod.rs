//! Views in memory, by brute force: slow, plain, and therefore an oracle for the projection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dateline_events::{EventKey, Instant, Position};
use dateline_timelines::correlate::{Knowledge, ReadRecord, first_needs, place};
use dateline_timelines::fold::{Fold, Summary};
use dateline_timelines::project::{FOLD_BYTES_KEPT, Folds, LoadedGroup, PageInWork};
use dateline_timelines::rows::*;

#[derive(Default, Clone)]
pub struct MemoryViews {
    pub rows: Rows,
    pub cursor: Position,
}

impl MemoryViews {
    pub fn holders(&self, event: Position, as_of: Position) -> Vec<IncidentNumber> {
        let mut present: BTreeMap<IncidentNumber, bool> = BTreeMap::new();
        for row in self.rows.attachments.iter().filter(|row| row.event == event && row.since <= as_of) {
            present.insert(row.incident, row.present);
        }
        present.into_iter().filter(|(_, present)| *present).map(|(incident, _)| incident).collect()
    }

    fn still_waiting(&self) -> impl Iterator<Item = &WaitingRow> {
        self.rows.waiting.iter().filter(|row| self.holders(row.event, u64::MAX).is_empty())
    }

    pub fn waiting_positions(&self) -> Vec<Position> {
        self.still_waiting().map(|row| row.event).collect()
    }

    pub fn load(&self, needs: &Needs) -> Facts {
        let mut heads: BTreeMap<IncidentNumber, HeadRow> = BTreeMap::new();
        for head in self
            .rows
            .heads
            .iter()
            .filter(|head| head.found_by().any(|service| needs.subjects.contains(service)) || needs.incidents.contains(&head.number))
        {
            heads.insert(head.number, head.clone());
        }
        let mut links: BTreeMap<Position, LinkRow> = BTreeMap::new();
        for link in &self.rows.links {
            links.insert(link.event, link.clone());
        }
        let mut reached = needs.links.clone();
        let mut before = usize::MAX;
        while before != reached.len() {
            before = reached.len();
            let ends = links.values().filter(|link| reached.contains(&link.from) || reached.contains(&link.to));
            let ends: Vec<IncidentNumber> = ends.flat_map(|link| [link.from, link.to]).collect();
            reached.extend(ends);
        }
        links.retain(|_, link| reached.contains(&link.from) || reached.contains(&link.to));
        let fits = |row: &WaitingRow| {
            row.awaits_keys.iter().any(|key| needs.waiting_keys.contains(key))
                || row.awaits_incident.as_ref().is_some_and(|id| needs.waiting_incidents.contains(id))
                || row.awaits_reference.as_ref().is_some_and(|reference| needs.waiting_references.contains(reference))
                || needs.waiting_windows.iter().any(|(subject, start, end)| {
                    row.found_by().any(|service| service == subject)
                        && row.earliest.is_some_and(|at| at <= *end)
                        && row.latest.is_some_and(|at| at >= *start)
                })
        };
        let event = |position: Position| self.rows.events.iter().find(|row| row.position == position).unwrap().clone();
        Facts {
            known: self
                .rows
                .events
                .iter()
                .filter(|row| needs.keys.contains(&row.key))
                .map(|row| KnownEvent { event: row.clone(), incidents: self.holders(row.position, u64::MAX) })
                .collect(),
            heads: heads.into_values().collect(),
            references: self
                .rows
                .references
                .iter()
                .filter(|row| needs.references.contains(&(row.page.clone(), row.reference.clone())))
                .cloned()
                .collect(),
            links: links.into_values().collect(),
            acts: self.rows.events.iter().filter(|row| row.target.is_some_and(|target| needs.acts.contains(&target))).cloned().collect(),
            waiting: self.still_waiting().filter(|row| fits(row)).map(|row| (row.clone(), event(row.event))).collect(),
        }
    }

    pub fn group_of(&self, incident: IncidentNumber, as_of: Position) -> IncidentNumber {
        self.rows.memberships.iter().rfind(|row| row.incident == incident && row.since <= as_of).map_or(incident, |row| row.group)
    }

    /// The summary of a group as of a position, with what changed it last and the number of its events.
    pub fn summary(&self, group: IncidentNumber, as_of: Position) -> Option<(SummaryRow, Summary)> {
        let row = self.rows.summaries.iter().rfind(|row| row.group == group && row.since <= as_of)?.clone();
        let later = self.rows.changes.iter().rfind(|change| change.group == group && change.since <= as_of && change.since > row.since);
        let mut summary: Summary = serde_json::from_str(&row.json).ok()?;
        summary.changed = later.map_or(row.since, |change| change.since);
        summary.events = later.map(|change| change.events).or(row.events)?;
        Some((row, summary))
    }

    pub fn group(&self, incident: IncidentNumber, as_of: Position) -> LoadedGroup {
        let group = self.group_of(incident, as_of);
        let ids: BTreeMap<IncidentNumber, String> =
            self.rows.heads.iter().filter(|head| head.since <= as_of).map(|head| (head.number, head.id.clone())).collect();
        let members: BTreeMap<IncidentNumber, String> = ids.into_iter().filter(|(number, _)| self.group_of(*number, as_of) == group).collect();
        let mut events = Vec::new();
        for row in &self.rows.events {
            for holder in self.holders(row.position, as_of).into_iter().filter(|holder| members.contains_key(holder)) {
                let since =
                    self.rows.attachments.iter().rfind(|at| at.event == row.position && at.incident == holder && at.since <= as_of).unwrap().since;
                events.push((holder, since, ReadRecord::of_row(row.clone())));
            }
        }
        LoadedGroup { members, events }
    }

    pub fn fold(&self, incident: IncidentNumber, as_of: Position, known_at: Option<Instant>) -> Fold {
        let mut fold = Fold::known_at(known_at);
        for (_, since, record) in self.group(incident, as_of).events {
            if let Some(event) = record.event {
                fold.apply(record.row.position, since, record.row.recorded, event);
            }
        }
        fold
    }

    pub fn commit(&mut self, rows: Rows) {
        self.cursor = rows.events.last().map_or(self.cursor, |row| row.position);
        self.rows.events.extend(rows.events);
        self.rows.attachments.extend(rows.attachments);
        self.rows.waiting.extend(rows.waiting);
        self.rows.heads.extend(rows.heads);
        self.rows.references.extend(rows.references);
        self.rows.links.extend(rows.links);
        self.rows.memberships.extend(rows.memberships);
        self.rows.summaries.extend(rows.summaries);
        self.rows.changes.extend(rows.changes);
    }
}

pub struct Projector {
    pub views: MemoryViews,
    knowledge: Knowledge,
    folds: Folds,
    fold_bytes: usize,
}

impl Projector {
    pub fn over(views: MemoryViews) -> Self {
        Self::within(views, FOLD_BYTES_KEPT)
    }

    /// One that keeps at most so many bytes of folds.
    pub fn within(views: MemoryViews, fold_bytes: usize) -> Self {
        let nothing_waits = views.waiting_positions().is_empty();
        let knowledge = if views.cursor == 0 { Knowledge::of_empty_views() } else { Knowledge::new(nothing_waits) };
        Self { views, knowledge, folds: Folds::new(fold_bytes), fold_bytes }
    }

    /// Projects one page; what it keeps between pages is dropped where `restart` says so.
    pub fn page(&mut self, records: &[ReadRecord], restart: bool) {
        if restart {
            *self = Self::within(std::mem::take(&mut self.views), self.fold_bytes);
        }
        let needs = first_needs(records, &self.knowledge);
        let facts = self.views.load(&needs);
        self.knowledge.absorb(needs, facts);
        let placement = loop {
            match place(records, &self.knowledge) {
                Ok(placement) => break placement,
                Err(needs) => {
                    let facts = self.views.load(&needs);
                    self.knowledge.absorb(needs, facts);
                }
            }
        };
        let mut page = PageInWork::new(Arc::new(records.to_vec()), placement, self.views.cursor, &self.folds);
        while let Some(incident) = self.folds.fold(&mut page) {
            self.folds.put(self.views.group(incident, self.views.cursor));
        }
        let rows = page.into_rows().unwrap();
        self.knowledge.keep_heads(&rows);
        self.views.commit(rows);
    }
}

pub fn records_of(lines: &str) -> Vec<ReadRecord> {
    let recorded = Instant::parse("2026-11-23T10:00:00Z").unwrap();
    lines
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let envelope: serde_json::Value = serde_json::from_str(line).unwrap();
            let (source, id) = (envelope["source"].as_str().unwrap(), envelope["id"].as_str().unwrap());
            let position = index as Position + 1;
            ReadRecord::read(position, recorded.plus(position as i64 * 1000), EventKey::of(source, id), source, id, Some(line.as_bytes()))
        })
        .collect()
}

pub fn outage() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../services/commands/demo/whatsapp-2022-10-25.ndjson")).unwrap()
}

pub fn incidents(rows: &Rows) -> BTreeSet<IncidentNumber> {
    rows.heads.iter().filter(|head| head.nature != Nature::Registry).map(|head| head.number).collect()
}
