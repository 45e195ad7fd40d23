//! The timeline under the axes asked for: milestones with every claim, entries, what is possible, what was taken back.

use dateline_events::kinds::{Relation, Verdict};
use dateline_events::{Bounds, Event, Instant, Kind, Position, Quotation, Text};

use super::contribution::Class;
use super::entries::Assembly;
use super::negative::Contradictions;
use super::summary::{range, reported_by, time_to_acknowledge, warnings};
use super::{Fold, Held, Visible};
use crate::model::{Axes, Claim, Inferred, Item, Milestone, MilestoneKind, SaidBy, Standing, Timeline};

impl Fold {
    /// The incident's story. `at` narrows it to what had begun by an instant; `as_of` only says, in the answer, which prefix of the
    /// ledger was folded.
    pub fn timeline(&self, incident: &str, merged: &[String], at: Option<Instant>, as_of: Option<Position>) -> Timeline {
        let begun = |milestone: &Milestone| at.is_none_or(|at| milestone.occurred.earliest.is_none_or(|earliest| earliest <= at));
        let milestone = |kind| self.milestone_with_claims(kind).filter(begun);
        let (first_seen, acknowledged) = (milestone(MilestoneKind::FirstSeen), milestone(MilestoneKind::Acknowledged));
        let (restored, cause) = (milestone(MilestoneKind::Restored), milestone(MilestoneKind::Cause));
        let told = |kind, shown: bool| self.milestone(kind).filter(|_| shown);
        let first = told(MilestoneKind::FirstSeen, first_seen.is_some());
        let time_to_acknowledge = time_to_acknowledge(first.as_ref(), told(MilestoneKind::Acknowledged, acknowledged.is_some()).as_ref());
        let over = told(MilestoneKind::Restored, restored.is_some());
        let time_to_restore = range(first.as_ref(), over.as_ref());
        let contradictions = self.contradictions();
        let item = |position| self.item(position, &contradictions);
        let mut entries = Assembly::new(self, &contradictions).entries();
        if let Some(at) = at {
            entries.retain(|entry| entry.item.occurred.bounds.earliest.is_none_or(|earliest| earliest <= at));
        }
        let among =
            |wanted: &dyn Fn(&Held) -> bool| self.held.iter().filter(|(_, held)| wanted(held)).filter_map(|(position, _)| item(*position)).collect();
        Timeline {
            incident: incident.to_owned(),
            merged: merged.to_vec(),
            nature: self.nature(),
            services: self.services(),
            title_services: self.title_services(),
            opened_by: self.opened_by(),
            title: self.title().cloned(),
            state: self.state(at),
            regions: self.regions(),
            symptoms: self.aggregates.symptoms.keys().copied().collect(),
            opening_region: self.aggregates.opening_region().cloned(),
            first_seen,
            acknowledged,
            restored,
            cause,
            time_to_acknowledge,
            time_to_restore,
            warnings: warnings(first.as_ref(), over.as_ref()),
            zone: self.zone(),
            entries,
            possibly: among(&|held| held.effective.visible == Visible::Possible && held.effective.retraction.is_none()),
            retracted: among(&|held| {
                held.effective.retraction.is_some() && !held.original.kind.is_act() && held.effective.visible == Visible::Certain
            }),
            links: among(&is_link),
            without_effect: self.held.values().flat_map(|held| held.effective.without_effect.iter().copied()).collect(),
            axes: Axes { at, known_at: self.known_at, as_of },
            changed: self.changed,
        }
    }

    fn milestone_with_claims(&self, kind: MilestoneKind) -> Option<Milestone> {
        let (told, rule, told_class) = self.told(kind)?;
        let first_sign = self.first_sign();
        let (placed, _) = self.placed(told, first_sign);
        let mut claims: Vec<_> = self
            .aggregates
            .claimants()
            .filter(|contribution| contribution.claims.contains(&told_class))
            .map(|contribution| {
                let (placed, key) = self.placed(contribution.position, first_sign);
                let standing =
                    if contribution.position == told { Standing::Told } else { self.standing_of(contribution.position).unwrap_or(Standing::Other) };
                let region = contribution.regions.first().cloned();
                (
                    contribution.position != told,
                    key,
                    contribution.competes_in(self.aggregates.opening_region()),
                    Claim { position: contribution.position, region, occurred: placed.bounds, standing },
                )
            })
            .collect();
        claims.sort_by_key(|(is_other, key, ..)| (*is_other, *key));
        let spread = spread(claims.iter().filter(|(_, _, competes, _)| *competes).map(|(.., claim)| self.placed(claim.position, first_sign).0.own));
        let event = &self.event_at(told)?.effective.event;
        let claims = claims.into_iter().map(|(.., claim)| claim).collect();
        let (said_by, inferred, reported_by) = (SaidBy::of(event), Inferred::of(event), reported_by(kind, event));
        Some(Milestone { told, rule, occurred: placed.bounds, said_by, inferred, reported_by, spread, claims })
    }

    /// What a verdict or the source's own certainty makes of a claim.
    fn standing_of(&self, position: Position) -> Option<Standing> {
        use dateline_events::kinds::Certainty;
        let effective = &self.event_at(position)?.effective;
        match effective.verdict.as_ref().map(|weighing| weighing.verdict) {
            Some(Verdict::Unsupported) => Some(Standing::Unsupported),
            Some(Verdict::Disputed) => Some(Standing::Disputed),
            Some(Verdict::Preferred | Verdict::Confirmed) => None,
            None => (effective.event.common.certainty == Some(Certainty::Disputed)).then_some(Standing::Disputed),
        }
    }

    /// One event as it stands.
    pub(super) fn item(&self, position: Position, contradictions: &Contradictions) -> Option<Item> {
        let held = self.event_at(position)?;
        let effective = &held.effective;
        let (occurred, _) = self.placed(position, self.first_sign());
        let negative = self.negative_standing(position, contradictions);
        let standing = if effective.retraction.is_some() {
            Standing::Retracted
        } else {
            let corrected = (!effective.corrections.is_empty()).then_some(Standing::Corrected);
            self.standing_of(position).or(negative.map(|(standing, _)| standing)).or(corrected).unwrap_or(Standing::Told)
        };
        Some(Item {
            position,
            recorded: held.recorded,
            event: effective.event.clone(),
            occurred,
            stated: effective.stated,
            standing,
            contradicted_by: negative.map(|(_, by)| by),
            corrections: effective.corrections.clone(),
            retraction: effective.retraction.as_deref().cloned(),
            verdict: effective.verdict.as_deref().cloned(),
            translations: self.translations(&held.original),
        })
    }

    /// The translations by acts in effect of the quotation in an event.
    fn translations(&self, event: &Event) -> Vec<(Quotation, Option<Text>)> {
        let acts = self.acts_on.get(&event.key()).into_iter().flatten().filter_map(|act| self.event_at(*act));
        let in_effect = acts.filter(|act| act.effective.retraction.is_none());
        in_effect
            .filter_map(|act| match &act.effective.event.kind {
                Kind::StatementTranslated(translated) => Some((translated.quotation.clone(), translated.translator.clone())),
                _ => None,
            })
            .collect()
    }

    /// The region-less test of two claims naming one value is made by the claims' own rule; here only the class is asked.
    pub(super) fn is_claim(&self, position: Position, class: Class) -> bool {
        self.event_at(position).and_then(|held| held.contribution.as_ref()).is_some_and(|contribution| contribution.claims.contains(&class))
    }
}

fn is_link(held: &Held) -> bool {
    let related = matches!(&held.effective.event.kind, Kind::IncidentLinked(link) if link.relation != Relation::SameAs);
    related && held.effective.retraction.is_none()
}

fn spread(all: impl Iterator<Item = Bounds>) -> Bounds {
    let mut spread = Bounds::default();
    for bounds in all {
        spread.earliest = [spread.earliest, bounds.earliest].into_iter().flatten().min();
        spread.latest = spread.latest.max(bounds.latest);
    }
    spread
}
