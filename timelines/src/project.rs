//! Summaries: what one page of the ledger makes of every incident that it touches, after each position that touches it.
//!
//! Folds are kept between pages within a limit in bytes, and loaded again from the views when they are needed; a fold loaded and a
//! fold kept give the same rows, so neither the size of pages nor the limit nor a restart shows in the views. A page is folded
//! group by group, not position by position: groups that do not fit beside each other are in memory one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dateline_events::{Event, Instant, Position};

use crate::correlate::ReadRecord;
use crate::fold::Fold;
use crate::rows::{AttachmentRow, IncidentNumber, MembershipRow, Nature, SummaryRow};

mod page;

pub use page::PageInWork;

/// So many bytes of folds are kept between pages, where nothing else is said; past it the groups not touched for longest are let go. The
/// one just touched stays, whatever its size: the next page needs it again.
pub const FOLD_BYTES_KEPT: usize = 64 * 1024 * 1024;

/// So many bytes an event takes in a fold beside itself: its place in the order, by key and by sums, and what it contributes to them.
const FOLD_BYTES_AN_EVENT: usize = 2_800;

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
#[derive(Debug)]
pub struct Folds {
    groups: HashMap<IncidentNumber, Group>,
    group_of: HashMap<IncidentNumber, IncidentNumber>,
    turn: u64,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug, Clone, Default)]
struct Group {
    members: BTreeMap<IncidentNumber, Member>,
    fold: Fold,
    used: u64,
    bytes: usize,
}

#[derive(Debug, Clone, Default)]
struct Member {
    id: String,
    events: BTreeMap<Position, Kept>,
}

/// An event as a member holds it.
#[derive(Debug, Clone)]
struct Kept {
    since: Position,
    recorded: Instant,
    event: Arc<Event>,
    bytes: usize,
}

impl Kept {
    fn new(since: Position, recorded: Instant, event: Arc<Event>) -> Self {
        let bytes = event.bytes_in_memory() + FOLD_BYTES_AN_EVENT;
        Self { since, recorded, event, bytes }
    }
}

impl Folds {
    /// None yet; so many bytes of them are kept between pages.
    pub fn new(bytes_max: usize) -> Self {
        Self { groups: HashMap::new(), group_of: HashMap::new(), turn: 0, bytes: 0, bytes_max }
    }

    /// True where an incident's group is kept.
    pub fn holds(&self, incident: IncidentNumber) -> bool {
        self.group_of.contains_key(&incident)
    }

    /// How many bytes they take, as far as can be told from outside.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes in a group as the views hold it at the page's start.
    pub fn put(&mut self, loaded: LoadedGroup) {
        let mut members: BTreeMap<IncidentNumber, Member> =
            loaded.members.into_iter().map(|(number, id)| (number, Member { id, events: BTreeMap::new() })).collect();
        for (incident, since, record) in loaded.events {
            if let (Some(member), Some(event)) = (members.get_mut(&incident), record.event) {
                member.events.insert(record.row.position, Kept::new(since, record.row.recorded, event));
            }
        }
        let Some(number) = members.keys().next().copied() else { return };
        self.group_of.extend(members.keys().map(|member| (*member, number)));
        let fold = refold(&members);
        self.groups.insert(number, Group { members, fold, used: self.turn, bytes: 0 });
        self.weigh(number);
    }

    fn open(&mut self, incident: IncidentNumber, id: &str) {
        let member = Member { id: id.to_owned(), events: BTreeMap::new() };
        self.group_of.insert(incident, incident);
        self.groups.insert(incident, Group { members: BTreeMap::from([(incident, member)]), fold: Fold::new(), used: self.turn, bytes: 0 });
    }

    /// Weighs a group anew, after events were moved out of it or into it; costs its length.
    fn weigh(&mut self, number: IncidentNumber) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        let bytes = group.members.values().flat_map(|member| member.events.values()).map(|kept| kept.bytes).sum();
        self.bytes = self.bytes + bytes - std::mem::replace(&mut group.bytes, bytes);
    }

    /// An incident takes an event, or loses it. `others` are the incidents that it may come from.
    fn attach(&mut self, row: &AttachmentRow, record: Option<&ReadRecord>, others: &BTreeSet<IncidentNumber>) -> Option<IncidentNumber> {
        let (position, now) = (row.event, row.since);
        let groups = || others.iter().filter_map(|other| self.groups.get(self.group_of.get(other)?));
        let elsewhere = || groups().flat_map(|group| group.members.values()).find_map(|member| member.events.get(&position));
        let found = record.and_then(|record| Some((record.row.recorded, record.event.clone()?)));
        let found = found.or_else(|| elsewhere().map(|kept| (kept.recorded, kept.event.clone())));
        let number = *self.group_of.get(&row.incident)?;
        let group = self.groups.get_mut(&number)?;
        group.used = self.turn;
        let member = group.members.get_mut(&row.incident)?;
        if row.present {
            let (recorded, event) = found?;
            let kept = Kept::new(now, recorded, event.clone());
            let bytes = kept.bytes;
            let before = member.events.insert(position, kept).map_or(0, |kept| kept.bytes);
            group.fold.apply(position, now, recorded, event);
            group.bytes = group.bytes + bytes - before;
            self.bytes = self.bytes + bytes - before;
        } else {
            // Kept aside until whoever takes it has taken it: the row that says so comes next.
            let moved = member.events.remove(&position);
            group.fold = refold(&group.members);
            group.fold.touch(now);
            if let Some(moved) = moved {
                group.members.entry(IncidentNumber::MAX).or_default().events.insert(position, moved);
            }
            self.weigh(number);
        }
        Some(number)
    }

    /// An incident joins another group, or leaves one.
    fn regroup(&mut self, row: &MembershipRow) -> Vec<IncidentNumber> {
        let (incident, to, now) = (row.incident, row.group, row.since);
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
            self.weigh(number);
        }
        if self.groups.get(&from).is_some_and(|group| group.members.is_empty()) {
            self.groups.remove(&from);
        }
        vec![from, to]
    }

    fn summary_row(&mut self, number: IncidentNumber, now: Position) -> Option<serde_json::Result<SummaryRow>> {
        match self.groups.get_mut(&number) {
            Some(group) => {
                let moved = group.members.remove(&IncidentNumber::MAX);
                let bytes: usize = moved.iter().flat_map(|member| member.events.values()).map(|kept| kept.bytes).sum();
                group.bytes -= bytes;
                self.bytes -= bytes;
                let id = group.members.get(&number).map(|member| member.id.as_str())?;
                Some(row_of(number, now, id, &group.fold))
            }
            None => {
                // Merged away: told in another group from now on.
                let group = self.groups.get(self.group_of.get(&number)?)?;
                let id = group.members.get(&number).map(|member| member.id.as_str())?;
                Some(row_of(number, now, id, &group.fold).map(|row| SummaryRow { listed: false, ..row }))
            }
        }
    }

    /// Drops whole groups, those not touched for longest first, never the one just touched.
    fn let_go(&mut self) {
        if self.bytes <= self.bytes_max {
            return;
        }
        let mut by_use: Vec<(u64, IncidentNumber)> = self.groups.iter().map(|(number, group)| (group.used, *number)).collect();
        by_use.sort_unstable();
        // A little more than must go, so that thousands of small groups are not sorted for each of them.
        let enough = self.bytes_max - self.bytes_max / 8;
        for (used, number) in by_use {
            if self.bytes <= enough || used == self.turn {
                break;
            }
            if let Some(group) = self.groups.remove(&number) {
                self.bytes -= group.bytes;
                for member in group.members.keys() {
                    self.group_of.remove(member);
                }
            }
        }
    }
}

fn refold(members: &BTreeMap<IncidentNumber, Member>) -> Fold {
    let mut all: BTreeMap<Position, &Kept> = BTreeMap::new();
    for (number, member) in members {
        if *number != IncidentNumber::MAX {
            all.extend(member.events.iter().map(|(position, held)| (*position, held)));
        }
    }
    let mut fold = Fold::new();
    for (position, kept) in all {
        fold.apply(position, kept.since, kept.recorded, kept.event.clone());
    }
    fold
}

fn row_of(number: IncidentNumber, now: Position, id: &str, fold: &Fold) -> serde_json::Result<SummaryRow> {
    if let Some(service) = fold.registration() {
        return registry_row(number, now, id, &service);
    }
    let summary = fold.summary();
    let json = serde_json::to_string(&summary)?;
    let symptoms = summary.symptoms.iter().map(|symptom| serde_json::from_value(serde_json::to_value(symptom)?));
    let symptoms: Vec<String> = symptoms.collect::<serde_json::Result<_>>()?;
    Ok(SummaryRow {
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
        started: summary.first_seen.as_ref().and_then(|milestone| milestone.occurred.earliest).or_else(|| fold.first_start()),
        ended: summary.over().and_then(|over| over.latest),
        words: words(fold, &summary.services),
        json,
    })
}

fn registry_row(number: IncidentNumber, now: Position, id: &str, service: &crate::model::RegisteredService) -> serde_json::Result<SummaryRow> {
    Ok(SummaryRow {
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
        json: serde_json::to_string(service)?,
    })
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
