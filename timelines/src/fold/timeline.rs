//! The timeline under the axes asked for: milestones with every claim, entries, what is possible, what was taken back.

use std::collections::BTreeSet;

use dateline_events::kinds::{EditKind, Relation, Verdict};
use dateline_events::{Bounds, Event, Instant, Kind, Position, Quotation, Text};

use super::contribution::{Aggregates, Class, classes};
use super::durations::{is_certain_by, last_restored, range, time_to_acknowledge};
use super::entries::Assembly;
use super::negative::Contradictions;
use super::order::OrderKey;
use super::summary::{open_regions, regions, services};
use super::{Fold, Held, Visible};
use crate::model::{Axes, Claim, Item, Linked, Milestone, MilestoneKind, Renamed, SaidBy, Standing, Timeline, inferred};

impl Fold {
    /// The incident's story. `at` narrows it to what may have begun by an instant, and state, milestones and durations to what is certain by
    /// then; `as_of` only says, in the answer, which prefix of the
    /// ledger was folded.
    pub fn timeline(&self, incident: &str, merged: &[String], at: Option<Instant>, as_of: Option<Position>) -> Timeline {
        let is_certain = |bounds: Bounds| at.is_none_or(|at| is_certain_by(bounds, at));
        let sums = self.sums_by(at);
        let milestone = |kind| self.milestone_with_claims(kind, &sums).filter(|milestone| is_certain(milestone.narrowed));
        let (first_seen, acknowledged) = (milestone(MilestoneKind::FirstSeen), milestone(MilestoneKind::Acknowledged));
        let (restored, cause) = (milestone(MilestoneKind::Restored), milestone(MilestoneKind::Cause));
        let told = |kind| self.milestone(kind, &sums).filter(|milestone| is_certain(milestone.certain()));
        let (first, admitted, over) = (told(MilestoneKind::FirstSeen), told(MilestoneKind::Acknowledged), told(MilestoneKind::Restored));
        let reopenings = self.reopenings(&self.ends(&sums));
        let other_services = self.other_services(&sums, at);
        let last_restored = last_restored(over.as_ref(), &other_services).cloned();
        let contradictions = self.contradictions();
        let item = |position| self.item(position, &contradictions);
        let mut entries = Assembly::new(self, &contradictions, &sums).entries();
        if let Some(at) = at {
            let may_have_begun = |item: &Item| item.occurred.narrowed.earliest.is_none_or(|earliest| earliest <= at);
            entries.retain(|entry| may_have_begun(&entry.item));
            for entry in &mut entries {
                entry.inside.retain(|(_, item)| may_have_begun(item));
                entry.possible = entry.item.retraction.is_none() && !is_certain_by(entry.item.occurred.narrowed, at);
            }
        }
        let among =
            |wanted: &dyn Fn(&Held) -> bool| self.held.iter().filter(|(_, held)| wanted(held)).filter_map(|(position, _)| item(*position)).collect();
        Timeline {
            incident: incident.to_owned(),
            merged: merged.to_vec(),
            nature: self.nature(),
            services: services(&sums),
            title_services: self.title_services(),
            opened_by: self.opened_by(),
            title: self.title().cloned(),
            state: self.state(&sums, over.as_ref().filter(|_| last_restored.is_some())),
            reports_only: self.aggregates.is_reports_only(),
            subsided: self.subsided(&sums).filter(|_| over.is_none() && reopenings.is_empty()),
            regions: regions(&sums),
            symptoms: sums.symptoms.keys().copied().collect(),
            opening_service: self.aggregates.opening().service.clone(),
            other_services,
            opening_region: self.aggregates.opening().region.clone(),
            first_seen,
            acknowledged,
            restored,
            reopenings,
            open_regions: open_regions(&sums, over.as_ref()),
            cause,
            time_to_acknowledge: time_to_acknowledge(first.as_ref(), admitted.as_ref()),
            time_to_restore: range(first.as_ref(), last_restored.as_ref()),
            warnings: self.warnings(first.as_ref(), admitted.as_ref(), over.as_ref()),
            zone: self.zone(),
            entries,
            possibly: self.possibly(&contradictions),
            retracted: among(&Held::is_taken_back),
            renamed: self.renamed(&contradictions),
            links: among(&is_link),
            linked: self.linked(),
            without_effect: self.held.values().flat_map(|held| held.effective.without_effect.iter().copied()).collect(),
            axes: Axes { at, known_at: self.known_at, as_of },
            changed: self.changed,
        }
    }

    /// The headlines that hold and that their source changed.
    fn renamed(&self, contradictions: &Contradictions) -> Vec<Renamed> {
        let titles = self.titles.iter().filter_map(|position| Some((*position, &self.event_at(*position)?.effective)));
        let changed = titles.filter(|(_, title)| {
            title.retraction.is_none() && title.corrections.iter().any(|correction| correction.edit_kind == EditKind::SourceEdit)
        });
        changed
            .filter_map(|(position, title)| {
                let Kind::IncidentTitled(titled) = &title.event.kind else { return None };
                let of = self.named(&title.event, &titled.event);
                let holds = self.may_be_titled_by(&title.event, &titled.event);
                Some(Renamed { of, title: self.item(position, contradictions).filter(|_| holds)? })
            })
            .collect()
    }

    /// Whoever may name an event of its own as the one to be titled need not be a desk. So a title holds where it names an event of the
    /// publisher that opened the incident, or one that was read in somebody: that took a right.
    pub(super) fn may_be_titled_by(&self, act: &Event, named: &dateline_events::Ref) -> bool {
        let Some(named) = self.named(act, named).and_then(|position| self.event_at(position)) else { return false };
        let opener = self.opener();
        named.effective.event.own_voice().is_none() || opener.is_none_or(|opener| opener.original.source == named.original.source)
    }

    /// The other ends of links to other incidents.
    fn linked(&self) -> Vec<Linked> {
        let links = self.held.iter().filter(|(_, held)| is_link(held));
        links
            .filter_map(|(position, held)| {
                let event = &held.effective.event;
                let Kind::IncidentLinked(link) = &event.kind else { return None };
                let ends = (event.key_of(&link.from), event.key_of(&link.to));
                let (is_from, other) = match (self.by_key.contains_key(&ends.0), self.by_key.contains_key(&ends.1)) {
                    (true, false) => (true, ends.1),
                    (false, true) => (false, ends.0),
                    _ => return None,
                };
                Some(Linked { position: *position, is_from, other, incident: None })
            })
            .collect()
    }

    /// What may have been stated by `known_at`, and may have happened by then: nothing of it before the first sign of the whole. By
    /// milestone, and then as entries are sorted.
    fn possibly(&self, contradictions: &Contradictions) -> Vec<Item> {
        let Some(known_at) = self.known_at else { return Vec::new() };
        let mut whole = Self::new();
        for (position, held) in &self.held {
            whole.apply(*position, *position, held.recorded, held.original.clone());
        }
        let first_sign = whole.first_sign();
        let may_be_stated = |held: &Held| held.effective.visible == Visible::Possible && held.effective.retraction.is_none();
        let mut possible: Vec<(_, OrderKey, Item)> = self
            .held
            .iter()
            .filter(|(_, held)| may_be_stated(held))
            .filter_map(|(position, held)| {
                let (placed, key) = whole.placed(*position, first_sign);
                let may_have_happened = placed.bounds.earliest.is_none_or(|earliest| earliest <= known_at);
                may_have_happened.then_some((milestone_of(&held.effective.event), key, self.item(*position, contradictions)?))
            })
            .collect();
        possible.sort_by_key(|(milestone, key, _)| (milestone.is_none(), *milestone, *key));
        possible.into_iter().map(|(.., item)| item).collect()
    }

    fn milestone_with_claims(&self, kind: MilestoneKind, sums: &Aggregates) -> Option<Milestone> {
        let (told, rule, told_class) = self.told(kind, sums)?;
        let past = if kind == MilestoneKind::Restored { self.ends(sums).past } else { BTreeSet::new() };
        let first_sign = self.first_sign();
        let (placed, _) = self.placed(told, first_sign);
        let mut claims: Vec<_> = self
            .aggregates
            .claimants()
            .filter(|contribution| contribution.claims.contains(&told_class) && !past.contains(&contribution.position))
            .map(|contribution| {
                let (placed, key) = self.placed(contribution.position, first_sign);
                let standing =
                    if contribution.position == told { Standing::Told } else { self.standing_of(contribution.position).unwrap_or(Standing::Other) };
                let region = contribution.regions.first().cloned();
                let services = if contribution.is_of_all_services { Vec::new() } else { contribution.services.to_vec() };
                (
                    contribution.position != told,
                    key,
                    contribution.competes_in(self.aggregates.opening()),
                    Claim { position: contribution.position, services, region, occurred: placed.bounds, standing },
                )
            })
            .collect();
        claims.sort_by_key(|(is_other, key, ..)| (*is_other, *key));
        let spread = spread(claims.iter().filter(|(_, _, competes, _)| *competes).map(|(.., claim)| self.placed(claim.position, first_sign).0.own));
        let event = &self.event_at(told)?.effective.event;
        let claims = claims.into_iter().map(|(.., claim)| claim).collect();
        let (said_by, inferred, reported_by) = (SaidBy::of(event), inferred(event), self.reported_by(kind, told));
        // Its claim is at hand, and says its zone itself.
        let (narrowed, zone) = (placed.narrowed, None);
        Some(Milestone { told, rule, occurred: placed.bounds, narrowed, said_by, inferred, reported_by, zone, spread, claims })
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
        let standing = if held.is_tombstone(position) {
            Standing::Redacted
        } else if effective.retraction.is_some() {
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

/// The milestone that an event makes a claim of, if any.
fn milestone_of(event: &Event) -> Option<MilestoneKind> {
    classes(event).first().map(|class| match class {
        Class::Anomaly | Class::Reports | Class::DatedStart => MilestoneKind::FirstSeen,
        Class::Acknowledged | Class::Updated => MilestoneKind::Acknowledged,
        Class::Restored => MilestoneKind::Restored,
        Class::Cause => MilestoneKind::Cause,
    })
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
