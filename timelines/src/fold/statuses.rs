//! Words of state, by when they were said.

use std::collections::BTreeSet;

use dateline_events::{Instant, Position};

use crate::model::State;

/// Words of state: by their keys in time, and those whose time leans on another event.
#[derive(Debug, Clone, Default)]
pub(super) struct Statuses {
    pub timed: BTreeSet<(Instant, Position, State)>,
    pub relative: BTreeSet<(Position, State)>,
}

impl Statuses {
    pub(super) fn insert(&mut self, position: Position, (state, instant): (State, Option<Instant>)) {
        match instant {
            Some(instant) => drop(self.timed.insert((instant, position, state))),
            None => drop(self.relative.insert((position, state))),
        }
    }

    pub(super) fn remove(&mut self, position: Position, (state, instant): (State, Option<Instant>)) {
        match instant {
            Some(instant) => drop(self.timed.remove(&(instant, position, state))),
            None => drop(self.relative.remove(&(position, state))),
        }
    }
}
