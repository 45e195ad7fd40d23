//! How an incident stands: by its ends, by what vendors and others say of its state, and by its reports; now, and at an instant.

use std::borrow::Cow;

use dateline_events::Instant;

use super::Fold;
use super::contribution::Aggregates;
use super::durations::is_certain_by;
use super::order::OrderKey;
use super::statuses::Statuses;
use super::summary::SummaryMilestone;
use crate::model::{MilestoneKind, Rule, State};
use crate::rows::Nature;

impl Fold {
    /// How it stands by what these sums say, and the restoration that is told, where it is certain.
    pub(super) fn state(&self, sums: &Aggregates, restored: Option<&SummaryMilestone>) -> State {
        let is_maintenance = self.nature() == Nature::Maintenance;
        if restored.is_some() {
            return if is_maintenance { State::Completed } else { State::Restored };
        }
        if sums.is_reports_only() {
            return self.last_status(&sums.reports, |_| true).map_or(State::Detected, |(_, state)| state);
        }
        if let Some((_, state)) = self.last_status(&sums.statuses, is_no_end) {
            return state;
        }
        match (is_maintenance, !sums.signs.is_empty()) {
            (true, true) => State::Scheduled,
            (false, true) => State::Detected,
            (_, false) => State::Unknown,
        }
    }

    /// The last word of state that is such a one, with its place in the order.
    fn last_status(&self, statuses: &Statuses, wanted: impl Fn(State) -> bool) -> Option<(OrderKey, State)> {
        let first_sign = self.first_sign();
        let relative = statuses.relative.iter().filter(|(_, state)| wanted(*state));
        let relative = relative.map(|(position, state)| (self.placed(*position, first_sign).1, *state));
        let timed = statuses.timed.iter().rev().find(|(.., state)| wanted(*state));
        let timed = timed.map(|(instant, position, state)| ((*instant, 0, *position), *state));
        relative.chain(timed).max_by_key(|(key, _)| *key)
    }

    /// The end of its reports, where that is the last word on them.
    pub(super) fn subsided(&self, sums: &Aggregates) -> Option<SummaryMilestone> {
        let ((_, _, position), state) = self.last_status(&sums.reports, |_| true)?;
        if state == State::Subsided { self.milestone_at(position, Rule::Earliest) } else { None }
    }

    /// What is certain by an instant, summed up; None: everything that is known.
    pub(super) fn sums_by(&self, at: Option<Instant>) -> Cow<'_, Aggregates> {
        let Some(at) = at else { return Cow::Borrowed(&self.aggregates) };
        let first_sign = self.first_sign();
        let mut sums = Aggregates::default();
        for (position, held) in &self.held {
            let Some(contribution) = &held.contribution else { continue };
            if self.placed(*position, first_sign).0.narrowed.latest.is_some_and(|latest| latest <= at) {
                sums.replace(None, Some(contribution.clone()));
            }
        }
        Cow::Owned(sums)
    }

    /// How it stood at an instant, by what is certain to have happened by then.
    pub fn state_at(&self, at: Instant) -> State {
        let sums = self.sums_by(Some(at));
        let is_all_over = self.other_services(&sums, Some(at)).iter().all(|other| other.restored.is_some());
        let restored = self.milestone(MilestoneKind::Restored, &sums).filter(|restored| is_all_over && is_certain_by(restored.certain(), at));
        self.state(&sums, restored.as_ref())
    }
}

/// True for a word of state that is none of an end.
fn is_no_end(state: State) -> bool {
    !matches!(state, State::Restored | State::Completed)
}
