//! Competing claims of one milestone, and the rule that chooses the one to tell.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use dateline_events::{Instant, Position, Voice};

use crate::model::Rule;

/// What a claim is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub position: Position,
    /// `at`, ignoring `approximate`; None for what names no value.
    pub value: Option<(Instant, Instant)>,
    pub preferred: bool,
    pub vendor_itself: bool,
    /// Microseconds; the highest number where a bound is open.
    pub width: i64,
    pub earliest: Option<Instant>,
    /// Those who say it, each once.
    pub voices: BTreeSet<Voice>,
}

/// A claim's place among those that name the same value.
type Place = (bool, bool, i64, Instant, Position);

/// A value's place among all: preferred, the vendor's own, most sources, narrowest, earliest, lowest position.
type Rank = (bool, bool, Reverse<usize>, i64, Instant, Position);

const NO_INSTANT: Instant = Instant(i64::MAX);

/// All claims of one milestone in one region. Adding, removing and choosing cost O(log n).
#[derive(Debug, Clone, Default)]
pub(super) struct ClaimSet {
    values: BTreeMap<ValueKey, Value>,
    ranked: BTreeSet<(Rank, ValueKey)>,
}

/// Claims without a value stand each by itself.
type ValueKey = (Option<(Instant, Instant)>, Position);

#[derive(Debug, Clone, Default)]
struct Value {
    claims: BTreeSet<Place>,
    voices: BTreeMap<Voice, u32>,
}

impl Value {
    fn rank(&self) -> Option<Rank> {
        let (not_preferred, not_vendor, width, earliest, position) = *self.claims.first()?;
        Some((not_preferred, not_vendor, Reverse(self.voices.len()), width, earliest, position))
    }
}

impl ClaimSet {
    pub(super) fn add(&mut self, candidate: &Candidate) {
        self.change(candidate, |value| {
            value.claims.insert(place(candidate));
            if candidate.value.is_some() {
                for voice in &candidate.voices {
                    *value.voices.entry(voice.clone()).or_default() += 1;
                }
            }
        });
    }

    pub(super) fn remove(&mut self, candidate: &Candidate) {
        self.change(candidate, |value| {
            value.claims.remove(&place(candidate));
            for voice in &candidate.voices {
                if let Some(count) = value.voices.get_mut(voice) {
                    *count -= 1;
                    if *count == 0 {
                        value.voices.remove(voice);
                    }
                }
            }
        });
    }

    fn change(&mut self, candidate: &Candidate, edit: impl FnOnce(&mut Value)) {
        let key = key_of(candidate);
        let value = self.values.entry(key).or_default();
        if let Some(rank) = value.rank() {
            self.ranked.remove(&(rank, key));
        }
        edit(value);
        match value.rank() {
            Some(rank) => drop(self.ranked.insert((rank, key))),
            None => drop(self.values.remove(&key)),
        }
    }

    /// The claim to tell, and the rule that chose it; None when there is none.
    pub(super) fn told(&self) -> Option<(Position, Rule)> {
        let mut ranked = self.ranked.iter();
        let (first, _) = ranked.next()?;
        let second = ranked.next().map(|(rank, _)| rank);
        Some((first.5, rule_between(first, second)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranked.is_empty()
    }
}

/// The first criterion that sets the winner apart from the value that comes second.
fn rule_between(first: &Rank, second: Option<&Rank>) -> Rule {
    if !first.0 {
        return Rule::Editor;
    }
    if !first.1 {
        return Rule::Vendor;
    }
    match second {
        None => Rule::MostSources,
        Some(second) if first.2 != second.2 => Rule::MostSources,
        Some(second) if first.3 != second.3 => Rule::Narrowest,
        Some(second) if first.4 != second.4 => Rule::Earliest,
        Some(_) => Rule::LowestPosition,
    }
}

fn place(candidate: &Candidate) -> Place {
    let earliest = candidate.earliest.unwrap_or(NO_INSTANT);
    (!candidate.preferred, !candidate.vendor_itself, candidate.width, earliest, candidate.position)
}

fn key_of(candidate: &Candidate) -> ValueKey {
    (candidate.value, if candidate.value.is_some() { 0 } else { candidate.position })
}
