//! Counts as they add up from flushes, in whatever order and however often these are read.
//!
//! Whether a number is unusual is not asked here.

use std::collections::{BTreeMap, HashMap};

use super::{Count, Flush, FlushName, Run};
use crate::shapes::{Region, Slug, Symptom};

/// What is counted apart, over all minutes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportKey {
    /// The service's slug.
    pub service: Slug,
    /// Where; None where it was not said.
    pub region: Option<Region>,
    /// What fails.
    pub symptom: Symptom,
    /// The way it came by.
    pub channel: Slug,
    /// Who said it.
    pub from: String,
}

/// What is known of one minute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Single reports.
    pub count: u64,
    /// Distinct reporters of them, as far as intakes remembered; with several intakes one that reports to two counts twice.
    pub sources: u64,
    /// Totals of the windows that begin here: minutes, and the highest number said.
    pub totals: BTreeMap<u32, u64>,
}

/// Counts by key and minute. Merging is commutative, and idempotent by the name of the flush: any order and any repetition of the
/// same flushes give the same counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    cells: HashMap<ReportKey, BTreeMap<i64, Cell>>,
    merged: BTreeMap<Run, Numbers>,
}

/// Which numbers of a run were merged, as ranges: a run that is read in order is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Numbers(BTreeMap<u64, u64>);

impl Counts {
    /// Merges a flush; false where one of this name was merged before.
    pub fn merge(&mut self, flush: &Flush) -> bool {
        if !self.merged.entry(flush.run).or_default().insert(flush.number) {
            return false;
        }
        flush.counts.iter().for_each(|count| self.merge_count(count));
        true
    }

    fn merge_count(&mut self, count: &Count) {
        let cell = self.cells.entry(count.key()).or_default().entry(count.minute).or_default();
        match count.window_minutes {
            None => {
                cell.count = cell.count.saturating_add(count.count);
                cell.sources = cell.sources.saturating_add(count.sources);
            }
            Some(window) => {
                let total = cell.totals.entry(window).or_default();
                *total = count.count.max(*total);
            }
        }
    }

    /// True where a flush of this name was merged.
    pub fn has_merged(&self, name: &FlushName) -> bool {
        self.merged.get(&name.run).is_some_and(|numbers| numbers.contains(name.number))
    }

    /// The minutes of a key, in order.
    pub fn minutes(&self, key: &ReportKey) -> impl Iterator<Item = (i64, &Cell)> {
        self.cells.get(key).into_iter().flatten().map(|(minute, cell)| (*minute, cell))
    }

    /// Every key with its minutes; in no order.
    pub fn keys(&self) -> impl Iterator<Item = (&ReportKey, &BTreeMap<i64, Cell>)> {
        self.cells.iter()
    }

    /// Forgets what lies before a minute. A flush that speaks of it later begins it anew, so whoever forgets has read on far enough.
    pub fn forget_before(&mut self, minute: i64) {
        for minutes in self.cells.values_mut() {
            *minutes = minutes.split_off(&minute);
        }
        self.cells.retain(|_, minutes| !minutes.is_empty());
    }
}

impl Count {
    /// What it is counted under.
    pub fn key(&self) -> ReportKey {
        ReportKey {
            service: self.service.clone(),
            region: self.region.clone(),
            symptom: self.symptom,
            channel: self.channel.clone(),
            from: self.from.clone(),
        }
    }
}

impl Numbers {
    fn contains(&self, number: u64) -> bool {
        self.0.range(..=number).next_back().is_some_and(|(_, last)| *last >= number)
    }

    /// False where it is there already.
    fn insert(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        let joins_next = number.checked_add(1).and_then(|next| self.0.remove(&next));
        let last = joins_next.unwrap_or(number);
        let before = self.0.range_mut(..number).next_back().filter(|(_, end)| end.checked_add(1) == Some(number));
        match before {
            Some((_, end)) => *end = last,
            None => drop(self.0.insert(number, last)),
        }
        true
    }
}
