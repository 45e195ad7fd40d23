//! Which acts are in effect, and what they make of an event: corrected, retracted, weighed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dateline_events::kinds::EventCorrected;
use dateline_events::{Bounds, Event, Kind, Position};
use serde_json::Value;

use super::{Effective, Fold, Held, Visible};
use crate::model::{Correction, Retraction, SaidBy, Weighing};

impl Fold {
    /// How the event at a position stands under the acts in effect.
    pub(super) fn effective_of(&self, position: Position) -> Option<Effective> {
        let held = self.event_at(position)?;
        let (event, corrections, without_effect) = self.corrected(position, held);
        let (retraction, verdict) = self.retraction_and_verdict(position, held);
        let (stated, stated_open) = event.stated_bounds(held.recorded);
        let visible = self.visibility(&event, stated);
        let (retraction, verdict) = (retraction.map(Box::new), verdict.map(Box::new));
        Some(Effective { event, stated, stated_open, visible, corrections, retraction, verdict, without_effect })
    }

    /// The acts in effect on the event at a position, by position.
    fn acts_in_effect(&self, position: Position, held: &Held) -> Vec<(Position, &Held)> {
        let Some(acts) = self.acts_on.get(&held.original.key()) else { return Vec::new() };
        let target_is_act = held.original.kind.is_act();
        let after_target = |act: &&Position| !target_is_act || **act > position;
        acts.iter().filter(after_target).filter(|act| self.in_effect(**act)).filter_map(|act| Some((*act, self.event_at(*act)?))).collect()
    }

    /// An act is in effect unless a later act in effect retracts it.
    fn in_effect(&self, act: Position) -> bool {
        // Every retraction that bears on this act, however deep, is later than what it retracts: decide from the last.
        let mut chain = BTreeSet::from([act]);
        let mut open = vec![act];
        let mut retractions: BTreeMap<Position, Vec<Position>> = BTreeMap::new();
        while let Some(next) = open.pop() {
            for later in self.retractions_of(next) {
                retractions.entry(next).or_default().push(later);
                if chain.insert(later) {
                    open.push(later);
                }
            }
        }
        let mut effect: BTreeMap<Position, bool> = BTreeMap::new();
        for position in chain.iter().rev() {
            let taken_back = retractions.get(position).is_some_and(|later| later.iter().any(|at| effect.get(at).copied().unwrap_or(false)));
            let known = self.event_at(*position).is_some_and(|held| self.act_is_known(held));
            effect.insert(*position, known && !taken_back);
        }
        effect.get(&act).copied().unwrap_or(false)
    }

    fn retractions_of(&self, act: Position) -> Vec<Position> {
        let Some(held) = self.event_at(act) else { return Vec::new() };
        let acts = self.acts_on.get(&held.original.key());
        let is_retraction = |later: &Position| self.event_at(*later).is_some_and(|held| matches!(held.original.kind, Kind::EventRetracted(_)));
        acts.into_iter().flatten().copied().filter(|later| *later > act && is_retraction(later)).collect()
    }

    /// A desk's act holds at every `known_at`; a source's own only once it was certainly stated.
    fn act_is_known(&self, act: &Held) -> bool {
        match (self.known_at, &act.original.common.stated) {
            (Some(instant), Some(stated)) => stated.own_bounds().latest.is_some_and(|latest| latest <= instant),
            _ => true,
        }
    }

    /// Applies the corrections in effect, the one stated last giving a member its value.
    fn corrected(&self, position: Position, held: &Held) -> (Arc<Event>, Vec<Correction>, Vec<Position>) {
        let mut corrections: Vec<(Position, &Held)> = self.acts_in_effect(position, held);
        corrections.retain(|(_, act)| matches!(act.original.kind, Kind::EventCorrected(_)));
        corrections.sort_by_key(|(at, act)| (act.original.stated_bounds(act.recorded).0.latest, *at));
        let mut event = held.original.clone();
        let (mut made, mut without_effect) = (Vec::new(), Vec::new());
        let mut vouching = Vouching::default();
        for (at, act) in corrections {
            let Kind::EventCorrected(correction) = &act.effective.event.kind else { continue };
            let before = event.data();
            match event.patched(&correction.patch) {
                Ok(patched) if at < position && speaks_for_others_unseen(held, act, correction, &patched) => without_effect.push(at),
                Ok(patched) => {
                    vouching.note(at, act.original.source == held.original.source, correction);
                    let changes = correction.patch.iter().map(|(member, value)| {
                        let old = if member == "incidentid" {
                            event.incidentid.clone().map_or(Value::Null, Value::String)
                        } else {
                            before.get(member).cloned().unwrap_or(Value::Null)
                        };
                        (member.clone(), old, value.clone())
                    });
                    made.push(Correction {
                        position: at,
                        edit_kind: correction.edit_kind,
                        announced: correction.announced.unwrap_or(true),
                        reason: correction.reason.clone(),
                        stated: act.original.common.stated.as_ref().map(dateline_events::When::own_bounds),
                        changes: changes.collect(),
                        source: act.original.source.clone(),
                        said_by: SaidBy::of(&act.original),
                    });
                    event = Arc::new(patched);
                }
                Err(_) => without_effect.push(at),
            }
        }
        if vouching.is_undone() {
            let mut own = Event::clone(&event);
            own.common.sources.clone_from(&held.original.common.sources);
            event = Arc::new(own);
        }
        (event, made, without_effect)
    }

    fn retraction_and_verdict(&self, position: Position, held: &Held) -> (Option<Retraction>, Option<Weighing>) {
        let (mut retraction, mut verdict) = (None, None);
        for (at, act) in self.acts_in_effect(position, held) {
            match &act.effective.event.kind {
                Kind::EventRetracted(retracted) => {
                    let (reason, announced) = (retracted.reason.clone(), retracted.announced.unwrap_or(true));
                    let (source, said_by) = (act.original.source.clone(), SaidBy::of(&act.original));
                    let stated = act.original.common.stated.as_ref().map(dateline_events::When::own_bounds);
                    retraction = Some(Retraction { position: at, reason, announced, stated, source, said_by });
                }
                Kind::ClaimWeighed(weighed) => {
                    verdict = Some(Weighing { position: at, verdict: weighed.verdict, reason: weighed.reason.clone(), given: act.recorded });
                }
                _ => {}
            }
        }
        (retraction, verdict)
    }

    fn visibility(&self, event: &Event, stated: Bounds) -> Visible {
        let Some(instant) = self.known_at else { return Visible::Certain };
        if event.kind.is_act() {
            return Visible::Certain;
        }
        if stated.latest.is_some_and(|latest| latest <= instant) {
            Visible::Certain
        } else if stated.earliest.is_none_or(|earliest| earliest <= instant) {
            Visible::Possible
        } else {
            Visible::No
        }
    }
}

/// A correction that came before its event was let in without being held against it. Another publisher's words then do not go out in the
/// name of those in whom the event was read, unless the correction names them itself.
fn speaks_for_others_unseen(target: &Held, act: &Held, correction: &EventCorrected, patched: &Event) -> bool {
    act.original.source != target.original.source && patched.own_voice().is_none() && !correction.patch.contains_key("sources")
}

/// Who answers for the sources of an event: its publisher, or whoever corrected them. What the publisher changes after another gave it
/// sources, that other has not seen.
#[derive(Default)]
struct Vouching {
    /// Where the sources in effect come from another publisher's correction: its position.
    given_by_another: Option<Position>,
    /// The publisher's own last correction.
    own: Option<Position>,
}

impl Vouching {
    fn note(&mut self, at: Position, is_own: bool, correction: &EventCorrected) {
        let gives_sources = correction.patch.contains_key("sources");
        if gives_sources {
            self.given_by_another = (!is_own).then_some(at);
        }
        if is_own && !gives_sources {
            self.own = self.own.max(Some(at));
        }
    }

    fn is_undone(&self) -> bool {
        self.given_by_another.is_some_and(|given| self.own.is_some_and(|own| own > given))
    }
}
