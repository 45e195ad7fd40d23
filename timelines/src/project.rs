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
use crate::rows::{AttachmentRow, ChangeRow, IncidentNumber, MembershipRow, SummaryRow};

mod page;
mod saying;

pub use page::PageInWork;
use saying::SummaryContent;

/// So many bytes of folds are kept between pages, where nothing else is said; past it the groups not touched for longest are let go. The
/// one just touched stays, whatever its size: the next page needs it again.
pub const FOLD_BYTES_KEPT: usize = 64 * 1024 * 1024;

/// So many bytes an event takes in a fold beside itself: its place in the order, by key and by sums, and what it contributes to them.
const FOLD_BYTES_AN_EVENT: usize = 2_800;

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
    /// What the last version of its summary says; None: there is none yet.
    said: Option<SummaryContent>,
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

/// What a position made of a group.
enum SummaryChange {
    /// A new version of its summary.
    Anew(Box<SummaryRow>),
    /// Its summary says what it said before.
    AsBefore(ChangeRow),
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
        // Its events in force are those that the last version was made of.
        let said = Some(SummaryContent::of(&fold));
        self.groups.insert(number, Group { members, fold, used: self.turn, bytes: 0, said });
        self.weigh(number);
    }

    fn open(&mut self, incident: IncidentNumber, id: &str) {
        let member = Member { id: id.to_owned(), events: BTreeMap::new() };
        self.group_of.insert(incident, incident);
        let members = BTreeMap::from([(incident, member)]);
        self.groups.insert(incident, Group { members, used: self.turn, ..Group::default() });
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

    /// What a position made of a group.
    fn told(&mut self, number: IncidentNumber, now: Position) -> Option<serde_json::Result<SummaryChange>> {
        match self.groups.get_mut(&number) {
            Some(group) => {
                let moved = group.members.remove(&IncidentNumber::MAX);
                let bytes: usize = moved.iter().flat_map(|member| member.events.values()).map(|kept| kept.bytes).sum();
                group.bytes -= bytes;
                self.bytes -= bytes;
                let id = group.members.get(&number).map(|member| member.id.as_str())?;
                let saying = SummaryContent::of(&group.fold);
                if group.said.as_ref() == Some(&saying) {
                    return Some(Ok(SummaryChange::AsBefore(ChangeRow { group: number, since: now, events: group.fold.len() })));
                }
                let row = saying.row(number, now, id, group.fold.len());
                group.said = Some(saying);
                Some(row.map(|row| SummaryChange::Anew(Box::new(row))))
            }
            None => {
                // Merged away: told in another group from now on.
                let group = self.groups.get(self.group_of.get(&number)?)?;
                let id = group.members.get(&number).map(|member| member.id.as_str())?;
                let row = SummaryContent::of(&group.fold).row(number, now, id, group.fold.len());
                Some(row.map(|row| SummaryChange::Anew(Box::new(SummaryRow { listed: false, ..row }))))
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
