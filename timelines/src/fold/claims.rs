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
    pub voices: Box<[Voice]>,
}

/// A claim's place among those that name the same value.
type Place = (bool, bool, i64, Instant, Position);

/// A value's place among all: preferred, the vendor's own, most sources, narrowest, earliest, lowest position.
type Rank = (bool, bool, Reverse<usize>, i64, Instant, Position);

const NO_INSTANT: Instant = Instant(i64::MAX);

/// All claims of one milestone in one region. Adding, removing and choosing cost O(log n). Claims and voices of all values stand in one table
/// each: a table a value would be nearly empty for most.
#[derive(Debug, Clone, Default)]
pub(super) struct ClaimSet {
    claims: BTreeSet<(ValueKey, Place)>,
    voices: BTreeMap<(ValueKey, Voice), u32>,
    /// How many different voices name a value.
    voiced: BTreeMap<ValueKey, usize>,
    ranked: BTreeSet<(Rank, ValueKey)>,
}

/// Claims without a value stand each by itself.
type ValueKey = (Option<(Instant, Instant)>, Position);

impl ClaimSet {
    pub(super) fn add(&mut self, candidate: &Candidate) {
        self.change(candidate, |set, key| {
            set.claims.insert((key, place(candidate)));
            for voice in candidate.voices.iter().filter(|_| candidate.value.is_some()) {
                let count = set.voices.entry((key, voice.clone())).or_default();
                *count += 1;
                if *count == 1 {
                    *set.voiced.entry(key).or_default() += 1;
                }
            }
        });
    }

    pub(super) fn remove(&mut self, candidate: &Candidate) {
        self.change(candidate, |set, key| {
            set.claims.remove(&(key, place(candidate)));
            for voice in candidate.voices.iter().filter(|_| candidate.value.is_some()) {
                let named = (key, voice.clone());
                let Some(count) = set.voices.get_mut(&named) else { continue };
                *count -= 1;
                if *count == 0 {
                    set.voices.remove(&named);
                    if let Some(voiced) = set.voiced.get_mut(&key) {
                        *voiced -= 1;
                    }
                }
            }
        });
    }

    fn change(&mut self, candidate: &Candidate, edit: impl FnOnce(&mut Self, ValueKey)) {
        let key = key_of(candidate);
        if let Some(rank) = self.rank(key) {
            self.ranked.remove(&(rank, key));
        }
        edit(self, key);
        match self.rank(key) {
            Some(rank) => drop(self.ranked.insert((rank, key))),
            None => drop(self.voiced.remove(&key)),
        }
    }

    fn rank(&self, key: ValueKey) -> Option<Rank> {
        let first = self.claims.range((key, (false, false, i64::MIN, Instant(i64::MIN), 0))..).next();
        let (_, (not_preferred, not_vendor, width, earliest, position)) = first.filter(|(of, _)| *of == key)?;
        let voices = self.voiced.get(&key).copied().unwrap_or(0);
        Some((*not_preferred, *not_vendor, Reverse(voices), *width, *earliest, *position))
    }

    /// The claim to tell, and the rule that chose it; None when there is none.
    pub(super) fn told(&self) -> Option<(Position, Rule)> {
        let mut ranked = self.ranked.iter();
        let (first, _) = ranked.next()?;
        let second = ranked.next().map(|(rank, _)| rank);
        Some((first.5, rule_between(first, second)))
    }

    /// Where they stand in the ledger.
    pub(super) fn positions(&self) -> impl Iterator<Item = Position> {
        self.claims.iter().map(|(_, (.., position))| *position)
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
