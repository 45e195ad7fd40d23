//! One page on its way into rows: which of its steps hang together, and must be folded at once.
//!
//! What hangs together: the incidents of one group, those that a step joins or parts, and those between which an event moves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dateline_events::Position;

use super::{Folds, SummaryChange};
use crate::correlate::{Placement, ReadRecord};
use crate::rows::{ChangeRow, IncidentNumber, Rows, SummaryRow};

/// A page that is being folded.
#[derive(Debug)]
pub struct PageInWork {
    rows: Rows,
    /// The last position before the page: incidents up to it are in the views.
    from: Position,
    records: Arc<Vec<ReadRecord>>,
    /// Where each position's record stands among them.
    places: HashMap<Position, usize>,
    revived: HashMap<Position, ReadRecord>,
    /// The ids of the incidents that the page opens.
    opened: HashMap<IncidentNumber, String>,
    steps: BTreeMap<IncidentNumber, Vec<Step>>,
    ties: BTreeMap<IncidentNumber, BTreeSet<IncidentNumber>>,
    /// Still to be folded, the next one last.
    open: Vec<IncidentNumber>,
    folded: BTreeSet<IncidentNumber>,
    asked: BTreeSet<IncidentNumber>,
    summaries: Vec<SummaryRow>,
    changes: Vec<ChangeRow>,
    /// Why a summary cannot be written; a row without one would be a lie.
    unwritable: Option<serde_json::Error>,
}

/// What changes an incident, in the order in which it does: by position, attachments before memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    since: Position,
    what: What,
}

/// The row, by its place among the page's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Attach(usize),
    Regroup(usize),
}

impl PageInWork {
    /// A page as it was placed, `from` the last position before it.
    pub fn new(records: Arc<Vec<ReadRecord>>, placement: Placement, from: Position, folds: &Folds) -> Self {
        // Whoever placed them saw to it that all could be read.
        let Placement { rows, revived, unreadable: _ } = placement;
        let mut opened = HashMap::new();
        for head in &rows.heads {
            opened.entry(head.number).or_insert_with(|| head.id.clone());
        }
        let mut page = Self {
            from,
            places: records.iter().enumerate().map(|(place, record)| (record.row.position, place)).collect(),
            records,
            revived: revived.into_iter().map(|row| (row.position, ReadRecord::of_row(row))).collect(),
            opened,
            steps: BTreeMap::new(),
            ties: BTreeMap::new(),
            open: Vec::new(),
            folded: BTreeSet::new(),
            asked: BTreeSet::new(),
            summaries: Vec::new(),
            changes: Vec::new(),
            unwritable: None,
            rows,
        };
        page.tie();
        // What is at hand comes first: what must be loaded may push it out.
        page.open = page.steps.keys().rev().copied().collect();
        page.open.sort_by_key(|incident| *incident <= from && !folds.holds(*incident));
        page.open.reverse();
        page
    }

    fn tie(&mut self) {
        let mut holders: HashMap<Position, IncidentNumber> = HashMap::new();
        let mut ties = Vec::new();
        for (place, row) in self.rows.attachments.iter().enumerate() {
            self.steps.entry(row.incident).or_default().push(Step { since: row.since, what: What::Attach(place) });
            ties.push((row.incident, *holders.entry(row.event).or_insert(row.incident)));
        }
        for (place, row) in self.rows.memberships.iter().enumerate() {
            self.steps.entry(row.incident).or_default().push(Step { since: row.since, what: What::Regroup(place) });
            ties.push((row.incident, row.group));
        }
        for (one, other) in ties.into_iter().filter(|(one, other)| one != other) {
            self.ties.entry(one).or_default().insert(other);
            self.ties.entry(other).or_default().insert(one);
        }
    }

    /// The page's rows, once nothing is missing any more.
    ///
    /// # Errors
    /// When a summary cannot be written as JSON.
    pub fn into_rows(mut self) -> serde_json::Result<Rows> {
        if let Some(error) = self.unwritable {
            return Err(error);
        }
        self.summaries.sort_by_key(|row| (row.since, row.group));
        self.changes.sort_by_key(|row| (row.since, row.group));
        self.rows.summaries = self.summaries;
        self.rows.changes = self.changes;
        Ok(self.rows)
    }

    /// All that hangs together with an incident; or the incident whose group must be known first.
    fn component(&self, first: IncidentNumber, folds: &Folds) -> Result<BTreeSet<IncidentNumber>, IncidentNumber> {
        let mut component = BTreeSet::from([first]);
        let mut open = vec![first];
        while let Some(incident) = open.pop() {
            if incident <= self.from && !folds.holds(incident) && !self.asked.contains(&incident) {
                return Err(incident);
            }
            let ties = self.ties.get(&incident).into_iter().flatten();
            open.extend(ties.copied().chain(folds.told_with(incident)).filter(|other| component.insert(*other)));
        }
        Ok(component)
    }
}

impl Folds {
    /// Folds as much of a page as it can; answers the incident whose group must be [`Folds::put`] before it can go on, None when the
    /// whole page is folded.
    pub fn fold(&mut self, page: &mut PageInWork) -> Option<IncidentNumber> {
        while let Some(first) = page.open.last().copied() {
            if !page.folded.contains(&first) {
                match page.component(first, self) {
                    Ok(component) => self.fold_together(page, component),
                    Err(missing) => {
                        // Asked once: what is not there then is nowhere.
                        page.asked.insert(missing);
                        return Some(missing);
                    }
                }
            }
            page.open.pop();
        }
        None
    }

    fn fold_together(&mut self, page: &mut PageInWork, component: BTreeSet<IncidentNumber>) {
        self.turn += 1;
        let mut steps: Vec<Step> = component.iter().filter_map(|incident| page.steps.get(incident)).flatten().copied().collect();
        steps.sort_unstable();
        for steps in steps.chunk_by(|one, next| one.since == next.since) {
            let mut touched = BTreeSet::new();
            for step in steps {
                match step.what {
                    What::Attach(place) => {
                        let Some(row) = page.rows.attachments.get(place) else { continue };
                        if let Some(id) = page.opened.get(&row.incident).filter(|_| !self.holds(row.incident)) {
                            self.open(row.incident, id);
                        }
                        let own = page.places.get(&row.event).and_then(|place| page.records.get(*place));
                        let record = own.or_else(|| page.revived.get(&row.event));
                        touched.extend(self.attach(row, record, &component));
                    }
                    What::Regroup(place) => touched.extend(page.rows.memberships.get(place).into_iter().flat_map(|row| self.regroup(row))),
                }
            }
            for number in touched {
                match steps.first().and_then(|step| self.told(number, step.since)) {
                    Some(Ok(SummaryChange::Anew(row))) => page.summaries.push(*row),
                    Some(Ok(SummaryChange::AsBefore(row))) => page.changes.push(row),
                    Some(Err(error)) => page.unwritable = Some(error),
                    // Every incident of it went elsewhere.
                    None => {}
                }
            }
        }
        page.folded.extend(component);
        self.let_go();
    }

    /// The incidents of the group that holds one, where it is kept.
    fn told_with(&self, incident: IncidentNumber) -> Vec<IncidentNumber> {
        let group = self.group_of.get(&incident).and_then(|number| self.groups.get(number));
        group.map(|group| group.members.keys().copied().filter(|member| *member != IncidentNumber::MAX).collect()).unwrap_or_default()
    }
}
