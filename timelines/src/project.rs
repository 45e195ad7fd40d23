//! Summaries: what one page of the ledger makes of every incident that it touches, after each position that touches it.
//!
//! Folds are kept between pages within a limit, and loaded again from the views when they are needed; a fold loaded and a
//! fold kept give the same rows, so neither the size of pages nor a restart shows in the views.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dateline_events::{Event, Instant, Position};

use crate::correlate::{Placement, ReadRecord};
use crate::fold::Fold;
use crate::rows::{IncidentNumber, Nature, Rows, SummaryRow};

/// So many events are kept in folds between pages; past it the incidents not touched for longest are let go.
pub const MAX_EVENTS_KEPT: usize = 12_000;

/// So much text is kept to search in, for one incident, in bytes.
const MAX_WORDS_BYTES: usize = 4096;

/// A group of incidents as the views hold it: alone, or merged.
#[derive(Debug, Clone, Default)]
pub struct LoadedGroup {
    /// The incidents of the group, by number, each with its id.
    pub members: BTreeMap<IncidentNumber, String>,
    /// Its events: the incident that holds it, since when, and the record.
    pub events: Vec<(IncidentNumber, Position, ReadRecord)>,
}

/// The folds of the incidents lately touched.
#[derive(Debug, Default)]
pub struct Folds {
    groups: HashMap<IncidentNumber, Group>,
    group_of: HashMap<IncidentNumber, IncidentNumber>,
    turn: u64,
}

#[derive(Debug, Clone, Default)]
struct Group {
    members: BTreeMap<IncidentNumber, Member>,
    fold: Fold,
    used: u64,
}

#[derive(Debug, Clone, Default)]
struct Member {
    id: String,
    events: BTreeMap<Position, (Position, Instant, Arc<Event>)>,
}

impl Folds {
    /// The incidents, older than this page, that it touches and that are not kept: they must be [`Folds::put`] first.
    pub fn missing(&self, rows: &Rows, from: Position) -> BTreeSet<IncidentNumber> {
        let attached = rows.attachments.iter().map(|row| row.incident);
        let regrouped = rows.memberships.iter().flat_map(|row| [row.incident, row.group]);
        attached.chain(regrouped).filter(|incident| *incident <= from && !self.group_of.contains_key(incident)).collect()
    }

    /// True where an incident's group is kept.
    pub fn holds(&self, incident: IncidentNumber) -> bool {
        self.group_of.contains_key(&incident)
    }

    /// Takes in a group as the views hold it at the page's start.
    pub fn put(&mut self, loaded: LoadedGroup) {
        let mut members: BTreeMap<IncidentNumber, Member> =
            loaded.members.into_iter().map(|(number, id)| (number, Member { id, events: BTreeMap::new() })).collect();
        for (incident, since, record) in loaded.events {
            if let (Some(member), Some(event)) = (members.get_mut(&incident), record.event) {
                member.events.insert(record.row.position, (since, record.row.recorded, event));
            }
        }
        let Some(number) = members.keys().next().copied() else { return };
        self.group_of.extend(members.keys().map(|member| (*member, number)));
        let fold = refold(&members);
        self.groups.insert(number, Group { members, fold, used: self.turn });
    }

    /// A page's rows, with the summaries.
    pub fn summarize(&mut self, records: &[ReadRecord], placement: Placement) -> Rows {
        let Placement { mut rows, revived } = placement;
        self.turn += 1;
        let page: HashMap<Position, &ReadRecord> = records.iter().map(|record| (record.row.position, record)).collect();
        let mut attachments = rows.attachments.iter().peekable();
        let mut memberships = rows.memberships.iter().peekable();
        let mut opened: HashMap<IncidentNumber, &str> = HashMap::new();
        for head in &rows.heads {
            opened.entry(head.number).or_insert(&head.id);
        }
        let revived: HashMap<Position, ReadRecord> = revived.into_iter().map(|row| (row.position, ReadRecord::of_row(row))).collect();
        let mut summaries = Vec::new();
        for record in records {
            let now = record.row.position;
            let mut touched = BTreeSet::new();
            while let Some(row) = attachments.next_if(|row| row.since == now) {
                if let Some(id) = opened.get(&row.incident).filter(|_| !self.group_of.contains_key(&row.incident)) {
                    self.open(row.incident, id);
                }
                let event = page.get(&row.event).copied().or_else(|| revived.get(&row.event));
                touched.extend(self.attach(row.incident, row.event, now, row.present, event));
            }
            while let Some(row) = memberships.next_if(|row| row.since == now) {
                touched.extend(self.regroup(row.incident, row.group, now));
            }
            for number in touched {
                summaries.extend(self.summary_row(number, now));
            }
        }
        rows.summaries = summaries;
        self.let_go();
        rows
    }

    fn open(&mut self, incident: IncidentNumber, id: &str) {
        let member = Member { id: id.to_owned(), events: BTreeMap::new() };
        self.group_of.insert(incident, incident);
        self.groups.insert(incident, Group { members: BTreeMap::from([(incident, member)]), fold: Fold::new(), used: self.turn });
    }

    fn attach(
        &mut self,
        incident: IncidentNumber,
        position: Position,
        now: Position,
        present: bool,
        record: Option<&ReadRecord>,
    ) -> Option<IncidentNumber> {
        let elsewhere = || self.groups.values().flat_map(|group| group.members.values()).find_map(|member| member.events.get(&position));
        let found = record.and_then(|record| Some((record.row.recorded, record.event.clone()?)));
        let found = found.or_else(|| elsewhere().map(|(_, recorded, event)| (*recorded, event.clone())));
        let number = *self.group_of.get(&incident)?;
        let group = self.groups.get_mut(&number)?;
        group.used = self.turn;
        let member = group.members.get_mut(&incident)?;
        if present {
            let (recorded, event) = found?;
            member.events.insert(position, (now, recorded, event.clone()));
            group.fold.apply(position, now, recorded, event);
        } else {
            // Kept aside until whoever takes it has taken it: the row that says so comes next.
            let moved = member.events.remove(&position);
            group.fold = refold(&group.members);
            group.fold.touch(now);
            if let Some(moved) = moved {
                group.members.entry(IncidentNumber::MAX).or_default().events.insert(position, moved);
            }
        }
        Some(number)
    }

    /// An incident joins another group, or leaves one.
    fn regroup(&mut self, incident: IncidentNumber, to: IncidentNumber, now: Position) -> Vec<IncidentNumber> {
        let Some(from) = self.group_of.get(&incident).copied() else { return Vec::new() };
        let Some(member) = self.groups.get_mut(&from).and_then(|group| group.members.remove(&incident)) else { return Vec::new() };
        self.group_of.insert(incident, to);
        self.groups.entry(to).or_default().members.insert(incident, member);
        for number in [from, to] {
            if let Some(group) = self.groups.get_mut(&number) {
                group.used = self.turn;
                group.fold = refold(&group.members);
                group.fold.touch(now);
            }
        }
        if self.groups.get(&from).is_some_and(|group| group.members.is_empty()) {
            self.groups.remove(&from);
        }
        vec![from, to]
    }

    fn summary_row(&mut self, number: IncidentNumber, now: Position) -> Option<SummaryRow> {
        match self.groups.get_mut(&number) {
            Some(group) => {
                group.members.remove(&IncidentNumber::MAX);
                let id = group.members.get(&number).map(|member| member.id.as_str())?;
                Some(row_of(number, now, id, &group.fold))
            }
            None => {
                // Merged away: told in another group from now on.
                let group = self.groups.get(self.group_of.get(&number)?)?;
                let id = group.members.get(&number).map(|member| member.id.as_str())?;
                Some(SummaryRow { listed: false, ..row_of(number, now, id, &group.fold) })
            }
        }
    }

    fn let_go(&mut self) {
        let mut kept: usize = self.groups.values().map(|group| group.fold.len()).sum();
        if kept <= MAX_EVENTS_KEPT {
            return;
        }
        let mut by_use: Vec<(u64, IncidentNumber)> = self.groups.iter().map(|(number, group)| (group.used, *number)).collect();
        by_use.sort_unstable();
        for (used, number) in by_use {
            if kept <= MAX_EVENTS_KEPT / 2 || used == self.turn {
                break;
            }
            if let Some(group) = self.groups.remove(&number) {
                kept -= group.fold.len();
                for member in group.members.keys() {
                    self.group_of.remove(member);
                }
            }
        }
    }
}

fn refold(members: &BTreeMap<IncidentNumber, Member>) -> Fold {
    let mut all: BTreeMap<Position, &(Position, Instant, Arc<Event>)> = BTreeMap::new();
    for (number, member) in members {
        if *number != IncidentNumber::MAX {
            all.extend(member.events.iter().map(|(position, held)| (*position, held)));
        }
    }
    let mut fold = Fold::new();
    for (position, (since, recorded, event)) in all {
        fold.apply(position, *since, *recorded, event.clone());
    }
    fold
}

fn row_of(number: IncidentNumber, now: Position, id: &str, fold: &Fold) -> SummaryRow {
    if let Some(service) = fold.registration() {
        return registry_row(number, now, id, &service);
    }
    let summary = fold.summary();
    let json = serde_json::to_string(&summary).unwrap_or_default();
    let symptoms: Vec<String> =
        summary.symptoms.iter().filter_map(|symptom| serde_json::to_value(symptom).ok()?.as_str().map(ToOwned::to_owned)).collect();
    SummaryRow {
        group: number,
        since: now,
        id: id.to_owned(),
        nature: summary.nature,
        // An incident whose every sign was taken back is listed no more; its page still tells what was.
        listed: !summary.services.is_empty(),
        services: spaced(&summary.services),
        vendor: String::new(),
        state: summary.state.as_str().to_owned(),
        regions: spaced(&summary.regions),
        symptoms: spaced(&symptoms),
        started: summary.first_seen.and_then(|milestone| milestone.occurred.earliest).or_else(|| fold.first_start()),
        ended: summary.over().and_then(|over| over.latest),
        words: words(fold, &summary.services),
        json,
    }
}

fn registry_row(number: IncidentNumber, now: Position, id: &str, service: &crate::model::RegisteredService) -> SummaryRow {
    SummaryRow {
        group: number,
        since: now,
        id: id.to_owned(),
        nature: Nature::Registry,
        listed: true,
        services: spaced(std::slice::from_ref(&service.slug)),
        vendor: service.vendor.as_ref().map(|vendor| vendor.slug.clone()).unwrap_or_default(),
        state: String::new(),
        regions: String::new(),
        symptoms: String::new(),
        started: None,
        ended: None,
        words: service.names.all().join(" ").to_lowercase(),
        json: serde_json::to_string(service).unwrap_or_default(),
    }
}

fn spaced(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!(" {} ", words.join(" ")) }
}

fn words(fold: &Fold, services: &[String]) -> String {
    let mut words = services.join(" ");
    for text in fold.headlines() {
        if words.len() + text.len() > MAX_WORDS_BYTES {
            break;
        }
        words.push(' ');
        words.push_str(&text.to_lowercase());
    }
    words
}
