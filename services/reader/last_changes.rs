//! What changed last, in memory: by it a kept answer is known to be still true, without asking the views.
//!
//! It is fed from what the views say of their changes, whenever they have come farther than was seen. What is not known counts as changed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::response::Response;
use dateline_backends::{Answer, Change, MAX_LISTED_ROWS, Reached, Views, ViewsError};
use dateline_events::Position;
use dateline_timelines::rows::IncidentNumber;

/// So many groups are known by name; of all others it is only known up to where none changed. About 3 MiB.
const GROUPS_MAX: usize = 50_000;

/// What an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DependsOn {
    /// One group, and what is registered of services.
    Group(IncidentNumber),
    /// Any incident, and what is registered.
    Changes,
    /// The very position, which stands in it.
    Position,
}

/// The state of the views that an answer was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeOf {
    /// What it depends on.
    pub on: DependsOn,
    /// How far it is true.
    pub at: Reached,
}

impl MadeOf {
    /// An answer, which says so: then it is kept.
    pub fn of(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}

/// The last changes. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct LastChanges {
    known: Arc<RwLock<Known>>,
    /// Held by whoever asks the views, so that they are asked once.
    asking: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Known {
    /// How far it is known.
    to: Reached,
    /// Up to here anything may have changed.
    floor: Position,
    incidents: Position,
    registry: Position,
    groups: HashMap<IncidentNumber, Position>,
}

impl LastChanges {
    /// How far an answer is true by now, where it still is; None also where that is not known yet.
    pub fn still_true(&self, made: &MadeOf, reached: Reached) -> Option<Position> {
        // Nobody panics while holding this lock; if somebody did, what it guards is only remembered.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (known.is_level(reached) && known.holds(made)).then_some(known.to.position)
    }

    /// The generation and the position of the last change of the registry, where it is known that there was none between that and `as_of`.
    pub fn registry_as_of(&self, as_of: Position, reached: Reached) -> Option<(u32, Position)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let last = known.registry.max(known.floor);
        (known.is_level(reached) && (last..=known.to.position).contains(&as_of)).then_some((known.to.generation, last))
    }

    /// Asks the views what changed since, where they have come farther.
    pub async fn bring_up_to_date(&self, views: &Views) -> Result<(), ViewsError> {
        let watch = views.watch_reached();
        let is_level = || self.known.read().unwrap_or_else(PoisonError::into_inner).is_level(*watch.borrow());
        if is_level() {
            return Ok(());
        }
        let _turn = self.asking.lock().await;
        if is_level() {
            return Ok(());
        }
        let before = self.known.read().unwrap_or_else(PoisonError::into_inner).to;
        let changes = views.changes(before.position, MAX_LISTED_ROWS).await?;
        let mut groups: Vec<IncidentNumber> = changes.value.iter().flat_map(|change| &change.incidents).map(|(group, _)| *group).collect();
        groups.sort_unstable();
        groups.dedup();
        // What one of them took in is told there from now on.
        let joined = views.joined(groups, before.position).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if joined.generation == changes.generation {
            known.take(&changes, &joined.value);
        }
        Ok(())
    }
}

impl Known {
    fn is_level(&self, reached: Reached) -> bool {
        self.to.generation == reached.generation && self.to.position >= reached.position
    }

    fn holds(&self, made: &MadeOf) -> bool {
        if made.at.generation != self.to.generation {
            return false;
        }
        let last = match made.on {
            DependsOn::Position => return made.at.position == self.to.position,
            DependsOn::Changes => self.incidents.max(self.registry),
            DependsOn::Group(number) => self.groups.get(&number).copied().unwrap_or(0).max(self.registry),
        };
        last.max(self.floor) <= made.at.position
    }

    fn take(&mut self, changes: &Answer<Vec<Change>>, joined: &[IncidentNumber]) {
        let to = changes.reached();
        let is_whole = to.generation == self.to.generation && changes.value.len() < MAX_LISTED_ROWS;
        if !is_whole || self.groups.len() + joined.len() > GROUPS_MAX {
            *self = Self { to, floor: to.position, ..Self::default() };
            return;
        }
        for change in &changes.value {
            for (group, id) in &change.incidents {
                if id.starts_with("registry:") {
                    self.registry = change.position;
                } else {
                    self.incidents = change.position;
                    self.groups.insert(*group, change.position);
                }
            }
        }
        self.groups.extend(joined.iter().map(|incident| (*incident, to.position)));
        self.to = to;
    }
}

#[cfg(test)]
mod tests {
    //! An answer is true as long as nothing that it depends on is known to have changed, or may have.

    use dateline_backends::Generation;

    use super::*;

    fn answer(position: Position, value: Vec<Change>) -> Answer<Vec<Change>> {
        Answer { position, generation: Generation { number: 1, version: 1 }, value }
    }

    fn change(position: Position, group: IncidentNumber, id: &str) -> Change {
        Change { position, incidents: vec![(group, id.to_owned())] }
    }

    fn made(on: DependsOn, position: Position) -> MadeOf {
        MadeOf { on, at: Reached { generation: 1, position } }
    }

    fn known_to(position: Position) -> Known {
        let mut known = Known::default();
        known.take(&answer(position, Vec::new()), &[]);
        known
    }

    #[test]
    fn what_was_made_before_anything_was_known_counts_as_changed() {
        let known = known_to(10);
        assert!(!known.holds(&made(DependsOn::Group(1), 9)) && known.holds(&made(DependsOn::Group(1), 10)));
        assert!(!known.holds(&MadeOf { on: DependsOn::Changes, at: Reached { generation: 2, position: 10 } }), "of another generation");
    }

    #[test]
    fn each_answer_falls_with_what_it_depends_on() {
        let mut known = known_to(10);
        known.take(&answer(20, vec![change(12, 3, "mail-3"), change(14, 5, "registry:mail")]), &[4]);
        let holds = |on, position| known.holds(&made(on, position));
        assert!(!holds(DependsOn::Group(3), 13), "the registry changed at 14");
        assert!(holds(DependsOn::Group(3), 14) && holds(DependsOn::Group(9), 14) && holds(DependsOn::Changes, 14));
        assert!(!holds(DependsOn::Group(4), 19), "it is told elsewhere now");
        assert!(!holds(DependsOn::Changes, 13) && !holds(DependsOn::Position, 19) && holds(DependsOn::Position, 20));
    }

    #[test]
    fn more_than_is_known_by_name_counts_as_changed() {
        let mut known = known_to(10);
        let all = (1..=MAX_LISTED_ROWS as u64).map(|number| change(10 + number, number, "mail")).collect();
        known.take(&answer(5_000, all), &[]);
        assert_eq!((known.floor, known.groups.len()), (5_000, 0));
        let joined: Vec<IncidentNumber> = (0..=GROUPS_MAX as u64).collect();
        known.take(&answer(6_000, Vec::new()), &joined);
        assert_eq!((known.floor, known.groups.len()), (6_000, 0));
    }
}
