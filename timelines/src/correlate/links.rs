//! "Same as" links between incidents, found by either end.

use std::collections::{BTreeSet, HashMap};

use dateline_events::Position;

use crate::rows::{IncidentNumber, LinkRow};

/// Links in force, each in one version.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    by_event: HashMap<Position, LinkRow>,
    by_end: HashMap<IncidentNumber, BTreeSet<Position>>,
}

impl Links {
    /// Puts a link in, or its newer version in its place.
    pub(super) fn put(&mut self, link: &LinkRow) {
        let ends = [link.from, link.to];
        if let Some(old) = self.by_event.insert(link.event, link.clone()) {
            for end in [old.from, old.to].into_iter().filter(|end| !ends.contains(end)) {
                self.by_end.entry(end).or_default().remove(&old.event);
            }
        }
        for end in ends {
            self.by_end.entry(end).or_default().insert(link.event);
        }
    }

    /// The link that an event says.
    pub(super) fn get(&self, event: Position) -> Option<&LinkRow> {
        self.by_event.get(&event)
    }

    /// The links with this end, by position.
    pub(super) fn at(&self, incident: IncidentNumber) -> impl Iterator<Item = &LinkRow> {
        self.by_end.get(&incident).into_iter().flatten().filter_map(|event| self.by_event.get(event))
    }
}
