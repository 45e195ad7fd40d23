//! A stretch of a long timeline: what is told of it at once. Which stretches there are is decided here; where the next one is found is the
//! business of whoever hands them out.

use dateline_events::{Event, Position};

use crate::model::{Claim, Entry, Item, Part, Renamed, Timeline};

/// The most of what stands inside one entry that is told with it; what is beyond is counted.
pub const INSIDE_TOLD_MAX: usize = 100;

/// The most claims of one milestone that are told with it; what is beyond is counted.
pub const CLAIMS_TOLD_MAX: usize = 100;

/// The most corrections without effect that are named.
pub const WITHOUT_EFFECT_MAX: usize = 1_000;

/// The most changed headlines that are named, the last.
pub const RENAMED_TOLD_MAX: usize = 100;

/// A stretch of a timeline's places: its entries in order, then what is possible, what was taken back, and links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first place, from 0.
    pub from: usize,
    /// The place behind the last.
    pub until: usize,
    /// How many places there are.
    pub of: usize,
}

impl Timeline {
    /// The whole of it.
    pub fn whole(&self) -> Stretch {
        let of = self.entries.len() + self.possibly.len() + self.retracted.len() + self.links.len();
        Stretch { from: 0, until: of, of }
    }

    /// The stretch that begins at a place: at most so many items, what stands inside entries counted, and about so many bytes of
    /// events; but one place at least, where there is one.
    pub fn stretch(&self, from: usize, items_max: usize, bytes_max: usize) -> Stretch {
        let whole = self.whole();
        let from = from.min(whole.of);
        let entries = self.entries.iter().map(|entry| {
            let inside = told_inside(entry);
            let bytes = inside.iter().map(|(_, item)| bytes_of(item)).sum::<usize>();
            (1 + inside.len(), bytes_of(&entry.item) + bytes)
        });
        let others = self.possibly.iter().chain(&self.retracted).chain(&self.links).map(|item| (1, bytes_of(item)));
        let (mut until, mut items, mut bytes) = (from, 0, 0);
        for (more_items, more_bytes) in entries.chain(others).skip(from) {
            (items, bytes) = (items + more_items, bytes + more_bytes);
            if until > from && (items > items_max || bytes > bytes_max) {
                break;
            }
            until += 1;
        }
        Stretch { from, until, of: whole.of }
    }
}

impl Timeline {
    /// So many bytes it takes in memory, estimated.
    pub fn bytes_in_memory(&self) -> usize {
        let inside = self.entries.iter().flat_map(|entry| &entry.inside).map(|(_, item)| item);
        let items = self.entries.iter().map(|entry| &entry.item).chain(inside).chain(&self.possibly).chain(&self.retracted).chain(&self.links);
        items.map(|item| bytes_of(item) + 2 * size_of::<Entry>()).sum()
    }
}

impl Stretch {
    /// True where it leaves nothing out.
    pub fn is_whole(&self) -> bool {
        self.from == 0 && self.until >= self.of
    }

    /// Where the next one begins.
    pub fn next(&self) -> Option<usize> {
        (self.until < self.of).then_some(self.until)
    }

    /// What it holds of a list that begins behind so many places.
    pub fn within<'a, T>(&self, before: usize, list: &'a [T]) -> &'a [T] {
        let until = self.until.saturating_sub(before).min(list.len());
        let from = self.from.saturating_sub(before).min(until);
        list.get(from..until).unwrap_or_default()
    }

    /// What it holds of a timeline's four lists.
    pub fn lists<'a>(&self, timeline: &'a Timeline) -> Lists<'a> {
        let (entries, possibly, retracted) = (timeline.entries.len(), timeline.possibly.len(), timeline.retracted.len());
        Lists {
            entries: self.within(0, &timeline.entries),
            possibly: self.within(entries, &timeline.possibly),
            retracted: self.within(entries + possibly, &timeline.retracted),
            links: self.within(entries + possibly + retracted, &timeline.links),
        }
    }
}

/// What a stretch holds.
#[derive(Debug, Clone, Copy)]
pub struct Lists<'a> {
    /// Entries, in order.
    pub entries: &'a [Entry],
    /// What may have been stated by then.
    pub possibly: &'a [Item],
    /// What was taken back.
    pub retracted: &'a [Item],
    /// Links to other incidents.
    pub links: &'a [Item],
}

/// What stands inside an entry and is told with it.
pub fn told_inside(entry: &Entry) -> &[(Part, Item)] {
    entry.inside.get(..INSIDE_TOLD_MAX).unwrap_or(&entry.inside)
}

/// The claims of a milestone that are told with it.
pub fn told_claims(claims: &[Claim]) -> &[Claim] {
    claims.get(..CLAIMS_TOLD_MAX).unwrap_or(claims)
}

/// The corrections without effect that are named.
pub fn told_without_effect(positions: &[Position]) -> &[Position] {
    positions.get(..WITHOUT_EFFECT_MAX).unwrap_or(positions)
}

/// The changed headlines that are named.
pub fn told_renamed(renamed: &[Renamed]) -> &[Renamed] {
    &renamed[renamed.len().saturating_sub(RENAMED_TOLD_MAX)..]
}

fn bytes_of(item: &Item) -> usize {
    Event::bytes_in_memory(&item.event)
}
