//! The end of a service: which restoration is told, and which ones before it did not last.

use std::collections::BTreeSet;

use dateline_events::{Instant, Position, Slug};

use super::Fold;
use super::claims::ClaimSet;
use super::contribution::{Aggregates, Class};
use super::order::OrderKey;
use crate::model::{Reopening, Rule, State};

/// So many restorations that did not last are told one by one, the first ones; behind them only the last counts.
const REOPENINGS_MAX: usize = 16;

/// How a service ended, by the claims of its restoration and what its vendor says after them.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// The restoration that is told; None where there is none, or it did not last.
    pub told: Option<(Position, Rule)>,
    /// Those that did not last: each with its rule, and the vendor's word that it is not over.
    reopened: Vec<(Position, Rule, Position)>,
    /// Every claim of an end behind which it was opened again: it is no claim of the one that is told.
    pub past: BTreeSet<Position>,
}

impl Fold {
    /// The end of the service that the story began with, by what these sums know of vendors' words.
    pub(super) fn ends(&self, sums: &Aggregates) -> Ends {
        self.ends_among(self.aggregates.set(Class::Restored), sums, self.aggregates.opening().service.as_ref())
    }

    /// A vendor that looks into it, or has found something, after the restoration that is told says that it is not over: only a later
    /// restoration ends it. To acknowledge or to watch it opens nothing again.
    pub(super) fn ends_among(&self, claims: Option<&ClaimSet>, sums: &Aggregates, service: Option<&Slug>) -> Ends {
        let Some(claims) = claims else { return Ends::default() };
        let mut ends = Ends { told: claims.told(), ..Ends::default() };
        let first_sign = self.first_sign();
        while let Some((position, rule)) = ends.told {
            let over = self.placed(position, first_sign).0.narrowed.latest;
            let is_told = ends.reopened.len() < REOPENINGS_MAX;
            let Some(again) = over.and_then(|over| self.opened_again(sums, service, over, is_told)) else { break };
            if is_told {
                ends.reopened.push((position, rule, again.2));
            }
            let mut later = ClaimSet::default();
            // The one that did not last is past whatever its key: told before it happened, it may stand behind its reopening.
            ends.past.insert(position);
            for position in claims.positions().filter(|position| !ends.past.contains(position)).collect::<Vec<_>>() {
                match self.event_at(position).and_then(|held| held.contribution.as_ref()) {
                    Some(contribution) if self.placed(position, first_sign).1.0 > again.0 => later.add(&contribution.candidate),
                    _ => drop(ends.past.insert(position)),
                }
            }
            ends.told = later.told();
        }
        ends
    }

    /// The first word of the service's vendor from an instant on that it is not over, or the last one.
    fn opened_again(&self, sums: &Aggregates, service: Option<&Slug>, from: Instant, is_first: bool) -> Option<OrderKey> {
        let is_open = |state: State, position: Position| {
            let speaks_of_it = || self.event_at(position).and_then(|held| held.contribution.as_ref()).is_some_and(|it| it.is_of(service));
            matches!(state, State::Investigating | State::Identified) && speaks_of_it()
        };
        let first_sign = self.first_sign();
        let statuses = &sums.vendor_statuses;
        let mut timed = statuses.timed.range((from, 0, State::Detected)..).filter(|(_, position, state)| is_open(*state, *position));
        let timed = if is_first { timed.next() } else { timed.next_back() }.map(|(instant, position, _)| (*instant, 0, *position));
        let relative = statuses.relative.iter().filter(|(position, state)| is_open(*state, *position));
        let relative = relative.map(|(position, _)| self.placed(*position, first_sign).1).filter(|(instant, ..)| *instant >= from);
        let all = timed.into_iter().chain(relative);
        if is_first { all.min() } else { all.max() }
    }

    /// The restorations that did not last, as they are told.
    pub(super) fn reopenings(&self, ends: &Ends) -> Vec<Reopening> {
        let told = |(back, rule, again): &(Position, Rule, Position)| {
            Some(Reopening { back: self.milestone_at(*back, *rule)?, again: self.milestone_at(*again, Rule::Vendor)? })
        };
        ends.reopened.iter().filter_map(told).collect()
    }
}
