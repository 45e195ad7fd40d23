//! The incidents of one service, so kept that those near a time are found without looking at all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use dateline_events::Instant;

use super::{MARGIN, MARGIN_AFTER_RESTORATION};
use crate::rows::{Course, HeadRow, IncidentNumber};

/// Every incident of one service.
#[derive(Debug, Clone, Default)]
pub struct SubjectHeads {
    heads: HashMap<IncidentNumber, HeadRow>,
    by_start: BTreeMap<(Instant, IncidentNumber), ()>,
    by_end: BTreeSet<(Instant, Reverse<IncidentNumber>)>,
    by_id: HashMap<String, IncidentNumber>,
    /// The longest reach of any, in microseconds: how far back from a time one has to look.
    reach_max: i64,
    bytes: usize,
}

impl SubjectHeads {
    /// Puts a head in, or its newer version in its place.
    pub fn put(&mut self, head: HeadRow) {
        if let Some(old) = self.heads.get(&head.number) {
            if old.since > head.since {
                return;
            }
            self.bytes -= bytes_of(old);
            if let Some(start) = old.span_start {
                self.by_start.remove(&(start, old.number));
            }
            if let Some(end) = old.span_end {
                self.by_end.remove(&(end, Reverse(old.number)));
            }
        }
        if let Some((start, end)) = reach(&head) {
            self.by_start.insert((head.span_start.unwrap_or(start), head.number), ());
            self.reach_max = self.reach_max.max(end.0.saturating_sub(start.0));
        }
        self.by_end.extend(head.span_end.map(|end| (end, Reverse(head.number))));
        self.bytes += bytes_of(&head);
        self.by_id.insert(head.id.clone(), head.number);
        self.heads.insert(head.number, head);
    }

    /// The head with this id.
    pub fn by_id(&self, id: &str) -> Option<&HeadRow> {
        self.heads.get(self.by_id.get(id)?)
    }

    /// The head with this number.
    pub fn get(&self, number: IncidentNumber) -> Option<&HeadRow> {
        self.heads.get(&number)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// So many bytes they take in memory, estimated.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The heads whose reach may overlap a time; each is still to be tested.
    pub(super) fn near(&self, earliest: Instant, latest: Instant) -> impl Iterator<Item = &HeadRow> {
        let from = (earliest.plus(-self.reach_max).plus(-MARGIN), 0);
        let to = (latest.plus(MARGIN).plus(1), 0);
        self.by_start.range(from..to.max(from)).filter_map(|((_, number), ())| self.heads.get(number))
    }

    /// The heads whose last sign ended before an instant: those that ended last first, and of those the lowest number.
    pub(super) fn ended_before(&self, instant: Instant) -> impl Iterator<Item = &HeadRow> {
        self.by_end.range(..(instant, Reverse(IncidentNumber::MAX))).rev().filter_map(|(_, Reverse(number))| self.heads.get(number))
    }
}

/// A head with its places in the four orders; hashed and sorted tables are a third empty.
fn bytes_of(head: &HeadRow) -> usize {
    let references: usize = head.references.iter().map(|(page, id)| size_of::<(String, String)>() + page.len() + id.len()).sum();
    let places = size_of::<HeadRow>() + size_of::<(String, Instant)>() + 4 * size_of::<IncidentNumber>() + size_of::<Instant>();
    let courses: usize = head.courses.iter().map(|each| size_of_val(each) + each.service.len()).sum();
    courses + places * 3 / 2 + 2 * head.id.len() + head.found_by().map(str::len).sum::<usize>() + references
}

/// An incident's span, widened: six hours before the first sign, and six after the last, or two after the restoration of all its services.
pub(super) fn reach(head: &HeadRow) -> Option<(Instant, Instant)> {
    let (start, end) = (head.span_start?, head.span_end?);
    let end = match head.restored_until {
        Some(restored) if is_all_restored(head) && head.disrupted_until.is_none_or(|disrupted| disrupted <= restored) => {
            restored.plus(MARGIN_AFTER_RESTORATION)
        }
        _ => end.plus(MARGIN),
    };
    Some((start.plus(-MARGIN), end))
}

/// True where no service is told to fail that is not told to be back.
fn is_all_restored(head: &HeadRow) -> bool {
    head.courses.iter().all(|each| each.course == Course::Restored)
}
