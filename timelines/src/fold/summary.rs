//! What a list shows of an incident, worked out from the sums alone; and the parts of it that a timeline shares.

use dateline_events::{Bounds, Event, Instant, Kind, Position, Range, Region, Slug, Symptom, Text};
use serde::{Deserialize, Serialize};

use super::claims::ClaimSet;
use super::contribution::{Aggregates, Class, MAX_SERVICES, Scope};
use super::durations::{is_certain_by, is_wholly_before, last_restored, range, time_to_acknowledge};
use super::order::{FirstSign, WRONG_SIDE_MIN, order_hint};
use super::{Fold, Held, Visible};
use crate::model::{
    Axes, Inferred, Milestone, MilestoneKind, Reopening, ReportedBy, Rule, SaidBy, ServiceMilestones, State, Timeline, Warning, inferred,
};
use crate::rows::Nature;

/// So many signs, the first by position, are asked for the zone they were told in; a million need not be.
const SIGNS_ASKED_FOR_THE_ZONE: usize = 16;

/// What a list shows of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Outage or maintenance.
    pub nature: Nature,
    /// Its services' slugs, as first told of.
    pub services: Vec<Slug>,
    /// Those of its services that its headline names.
    #[serde(default)]
    pub title_services: Vec<Slug>,
    /// Who says the event that opened it.
    #[serde(default)]
    pub opened_by: Option<SaidBy>,
    /// A headline that a desk gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// How it stands.
    pub state: State,
    /// True while nothing but counts of reports is known of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reports_only: bool,
    /// The milestones of its other services that something disrupted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_services: Vec<ServiceMilestones>,
    /// The last word on its reports, where that is that they subsided and nobody says that it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsided: Option<SummaryMilestone>,
    /// Every region told of, as first told of.
    pub regions: Vec<Region>,
    /// Every symptom told of.
    pub symptoms: Vec<Symptom>,
    /// When it was first seen.
    pub first_seen: Option<SummaryMilestone>,
    /// When the vendor admitted it.
    pub acknowledged: Option<SummaryMilestone>,
    /// When it was wholly over; None while it lasts, also where it was over before and is not any more.
    pub restored: Option<SummaryMilestone>,
    /// The restorations that did not last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reopenings: Vec<Reopening>,
    /// Where something failed and nobody says that it is back, where that is told of its opening region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_regions: Vec<Region>,
    /// For planned work whose end nobody told: when its window, the last that was named, is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_end: Option<Instant>,
    /// Why it happened.
    pub cause: Option<SummaryMilestone>,
    /// From first seen to acknowledged, in seconds.
    pub time_to_acknowledge: Option<Range>,
    /// From first seen to restored, in seconds.
    pub time_to_restore: Option<Range>,
    /// What does not fit together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The zone that its first sign was told in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How many events it holds, acts included. This and the next change with every event: rows of summaries say zero, and keep both beside.
    pub events: usize,
    /// The last event that changed it.
    pub changed: Position,
}

/// A milestone as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryMilestone {
    /// The position of the claim that is told.
    pub told: Position,
    /// Why that one.
    pub rule: Rule,
    /// When, open bounds closed by the fold.
    pub occurred: Bounds,
    /// The same narrowed by what must be true, where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed: Option<Bounds>,
    /// Who says so.
    #[serde(default)]
    pub said_by: SaidBy,
    /// How it was inferred, where nobody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<Inferred>,
    /// Of first seen: whose telling it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<ReportedBy>,
    /// The zone in which it was told, where that is another than the incident's: a day that was told there is that day everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl SummaryMilestone {
    /// When it certainly happened, and when it may have.
    pub fn certain(&self) -> Bounds {
        self.narrowed.unwrap_or(self.occurred)
    }
}

impl Summary {
    /// When the last of its services was over, or planned work was to be. None while it lasts, also where the vendor says so afterwards.
    pub fn over(&self) -> Option<Bounds> {
        let last = last_restored(self.restored.as_ref(), &self.other_services);
        let restored = last.filter(|_| matches!(self.state, State::Restored | State::Completed));
        let subsided = self.subsided.as_ref().filter(|_| self.reports_only);
        let over = restored.or(subsided).map(SummaryMilestone::certain);
        over.or_else(|| self.planned_end.map(|end| Bounds::closed(end, end)))
    }

    /// True where it was over at an instant and was opened again later: certainly, or by the bounds of what is told.
    pub fn was_over_for_a_while(&self, at: Instant, certainly: bool) -> bool {
        let has_happened = |told: &SummaryMilestone| match (certainly, told.certain()) {
            (true, bounds) => is_certain_by(bounds, at),
            (false, bounds) => bounds.earliest.is_none_or(|earliest| earliest <= at),
        };
        let is_yet_to_come = |told: &SummaryMilestone| match (certainly, told.certain()) {
            (true, bounds) => bounds.earliest.is_some_and(|earliest| earliest > at),
            (false, bounds) => bounds.latest.is_none_or(|latest| latest > at),
        };
        let others = self.other_services.iter().map(|other| (&other.restored, &other.reopenings));
        let services: Vec<_> = std::iter::once((&self.restored, &self.reopenings)).chain(others).collect();
        let was_over = |(restored, reopenings): &(&Option<SummaryMilestone>, &Vec<Reopening>)| {
            let was_back = reopenings.iter().any(|it| has_happened(&it.back) && is_yet_to_come(&it.again));
            was_back || restored.as_ref().is_some_and(has_happened)
        };
        services.iter().any(|(_, reopenings)| !reopenings.is_empty()) && services.iter().all(was_over)
    }

    /// True for planned work whose end nobody told yet.
    pub fn awaits_an_end(&self) -> bool {
        matches!(self.state, State::Scheduled | State::InProgress) && self.planned_end.is_some()
    }

    /// For planned work: true where its window is over by an instant and nobody told the end.
    pub fn is_overdue(&self, now: Instant) -> bool {
        matches!(self.state, State::Scheduled | State::InProgress) && self.planned_end.is_some_and(|end| end < now)
    }

    /// A timeline without entries: what a list tells of an incident, in the same words as its page.
    pub fn outline(&self, incident: &str) -> Timeline {
        let milestone = |told: &Option<SummaryMilestone>| {
            let SummaryMilestone { told, rule, occurred, narrowed, said_by, inferred, reported_by, zone } = told.clone()?;
            let narrowed = narrowed.unwrap_or(occurred);
            Some(Milestone { told, rule, occurred, narrowed, said_by, inferred, reported_by, zone, spread: occurred, claims: Vec::new() })
        };
        Timeline {
            incident: incident.to_owned(),
            merged: Vec::new(),
            nature: self.nature,
            services: self.services.clone(),
            title_services: self.title_services.clone(),
            opened_by: self.opened_by.clone(),
            title: self.title.clone(),
            state: self.state,
            reports_only: self.reports_only,
            subsided: self.subsided.clone(),
            regions: self.regions.clone(),
            symptoms: self.symptoms.clone(),
            opening_service: self.services.first().cloned(),
            other_services: self.other_services.clone(),
            opening_region: self.regions.first().cloned(),
            first_seen: milestone(&self.first_seen),
            acknowledged: milestone(&self.acknowledged),
            restored: milestone(&self.restored),
            reopenings: self.reopenings.clone(),
            open_regions: self.open_regions.clone(),
            cause: milestone(&self.cause),
            time_to_acknowledge: self.time_to_acknowledge,
            time_to_restore: self.time_to_restore,
            warnings: self.warnings.clone(),
            zone: self.zone.clone(),
            entries: Vec::new(),
            possibly: Vec::new(),
            retracted: Vec::new(),
            renamed: Vec::new(),
            links: Vec::new(),
            linked: Vec::new(),
            without_effect: Vec::new(),
            axes: Axes::default(),
            changed: self.changed,
        }
    }
}

impl Fold {
    /// The incident as a list shows it.
    pub fn summary(&self) -> Summary {
        let sums = &self.aggregates;
        let first_seen = self.milestone(MilestoneKind::FirstSeen, sums);
        let acknowledged = self.milestone(MilestoneKind::Acknowledged, sums);
        let restored = self.milestone(MilestoneKind::Restored, sums);
        let reopenings = self.reopenings(&self.ends(sums));
        let other_services = self.other_services(&self.aggregates, None);
        let last_restored = last_restored(restored.as_ref(), &other_services).cloned();
        Summary {
            nature: self.nature(),
            services: services(&self.aggregates),
            title_services: self.title_services(),
            opened_by: self.opened_by(),
            title: self.title().cloned(),
            state: self.state(&self.aggregates, restored.as_ref().filter(|_| last_restored.is_some())),
            other_services,
            reports_only: self.aggregates.is_reports_only(),
            subsided: self.subsided(&self.aggregates).filter(|_| restored.is_none() && reopenings.is_empty()),
            regions: regions(&self.aggregates),
            symptoms: self.aggregates.symptoms.keys().copied().collect(),
            planned_end: self.planned_end().filter(|_| restored.is_none()),
            cause: self.milestone(MilestoneKind::Cause, sums),
            time_to_acknowledge: time_to_acknowledge(first_seen.as_ref(), acknowledged.as_ref()),
            time_to_restore: range(first_seen.as_ref(), last_restored.as_ref()),
            warnings: self.warnings(first_seen.as_ref(), acknowledged.as_ref(), restored.as_ref()),
            first_seen,
            acknowledged,
            open_regions: open_regions(sums, restored.as_ref()),
            restored,
            reopenings,
            zone: self.zone(),
            events: self.held.len(),
            changed: self.changed,
        }
    }

    pub(super) fn nature(&self) -> Nature {
        if self.aggregates.maintenance > 0 && self.aggregates.maintenance as usize == self.aggregates.signs.len() {
            Nature::Maintenance
        } else {
            Nature::Outage
        }
    }

    /// When planned work is to end, as the last event that names its window says.
    fn planned_end(&self) -> Option<Instant> {
        self.aggregates.planned_ends.values().next_back().copied().filter(|_| self.nature() == Nature::Maintenance)
    }

    /// The claim that is told for a milestone, and the rule. These sums say whether a restoration lasted.
    pub(super) fn told(&self, kind: MilestoneKind, sums: &Aggregates) -> Option<(Position, Rule, Class)> {
        match kind {
            MilestoneKind::Restored => self.ends(sums).told.map(|(position, rule)| (position, rule, Class::Restored)),
            _ => self.told_among(kind, &|class| self.aggregates.set(class), self.aggregates.opening()),
        }
    }

    fn told_among<'a>(&self, kind: MilestoneKind, set: &dyn Fn(Class) -> Option<&'a ClaimSet>, scope: &Scope) -> Option<(Position, Rule, Class)> {
        let from = |class: Class| set(class).and_then(ClaimSet::told).map(|(position, rule)| (position, rule, class));
        match kind {
            MilestoneKind::FirstSeen => from(Class::Anomaly).or_else(|| from(Class::Reports)).or_else(|| from(Class::DatedStart)),
            MilestoneKind::Acknowledged => from(Class::Acknowledged).or_else(|| self.first_update(set(Class::Updated)?, scope)),
            MilestoneKind::Restored => from(Class::Restored),
            MilestoneKind::Cause => from(Class::Cause),
        }
    }

    /// Where no acknowledgement is claimed, the vendor's first update is one.
    fn first_update(&self, updates: &ClaimSet, scope: &Scope) -> Option<(Position, Rule, Class)> {
        let is_of = |position: Position| {
            let contribution = self.event_at(position).and_then(|held| held.contribution.as_ref());
            contribution.is_some_and(|contribution| contribution.is_of(scope.service.as_ref()))
        };
        let timed = self.aggregates.posts.iter().map(|(_, position)| *position).find(|position| is_of(*position));
        let position = timed.or_else(|| updates.told().map(|(position, _)| position))?;
        Some((position, Rule::Earliest, Class::Updated))
    }

    /// The milestones of the services beside the opening one that something disrupted; those certain by an instant, where one is asked about.
    pub(super) fn other_services(&self, sums: &Aggregates, at: Option<Instant>) -> Vec<ServiceMilestones> {
        let opening = self.aggregates.opening();
        let others = sums.disrupted_services().into_iter().filter(|service| Some(service) != opening.service.as_ref());
        others
            .map(|service| {
                let scope = self.aggregates.scope_of(&service);
                let ends = self.ends_among(self.aggregates.other_set(&service, Class::Restored), sums, Some(&service));
                let told = |kind| {
                    let among = || self.told_among(kind, &|class| self.aggregates.other_set(&service, class), &scope);
                    let told = || among().map(|(position, rule, _)| (position, rule));
                    let (position, rule) = if kind == MilestoneKind::Restored { ends.told } else { told() }?;
                    let milestone = SummaryMilestone { reported_by: self.reported_by(kind, position), ..self.milestone_at(position, rule)? };
                    Some(milestone).filter(|milestone| at.is_none_or(|at| is_certain_by(milestone.certain(), at)))
                };
                let (first_seen, acknowledged) = (told(MilestoneKind::FirstSeen), told(MilestoneKind::Acknowledged));
                ServiceMilestones { first_seen, acknowledged, restored: told(MilestoneKind::Restored), reopenings: self.reopenings(&ends), service }
            })
            .collect()
    }

    pub(super) fn milestone(&self, kind: MilestoneKind, sums: &Aggregates) -> Option<SummaryMilestone> {
        let (told, rule, _) = self.told(kind, sums)?;
        self.milestone_at(told, rule).map(|milestone| SummaryMilestone { reported_by: self.reported_by(kind, told), ..milestone })
    }

    pub(super) fn milestone_at(&self, told: Position, rule: Rule) -> Option<SummaryMilestone> {
        let (placed, _) = self.placed(told, self.first_sign());
        let event = &self.event_at(told)?.effective.event;
        let (said_by, inferred) = (SaidBy::of(event), inferred(event));
        let narrowed = (placed.narrowed != placed.bounds).then_some(placed.narrowed);
        let zone = zone_of(event).filter(|zone| self.zone().as_ref() != Some(zone));
        Some(SummaryMilestone { told, rule, occurred: placed.bounds, narrowed, said_by, inferred, reported_by: None, zone })
    }

    /// Of first seen: whose telling it is.
    pub(super) fn reported_by(&self, kind: MilestoneKind, told: Position) -> Option<ReportedBy> {
        let is_vendors = self.event_at(told)?.effective.event.speaks_for_a_vendor();
        (kind == MilestoneKind::FirstSeen).then_some(if is_vendors { ReportedBy::Vendor } else { ReportedBy::Others })
    }

    /// The incident's first sign: the told one, else the earliest that it may have begun with.
    pub(super) fn first_sign(&self) -> Option<FirstSign> {
        let sign_at = |position: Position| {
            let occurred = self.event_at(position)?.effective.event.common.occurred.as_ref()?;
            let earliest = occurred.own_bounds().earliest?;
            Some(FirstSign { earliest, order: order_hint(occurred).unwrap_or(earliest) })
        };
        let told = self.told(MilestoneKind::FirstSeen, &self.aggregates).and_then(|(position, ..)| sign_at(position));
        told.or_else(|| {
            let (_, _, position) = self.aggregates.starts.first().filter(|(is_end, ..)| !is_end)?;
            sign_at(*position)
        })
    }

    /// What does not fit together of the milestones that are told.
    pub(super) fn warnings(
        &self,
        first_seen: Option<&SummaryMilestone>,
        acknowledged: Option<&SummaryMilestone>,
        restored: Option<&SummaryMilestone>,
    ) -> Vec<Warning> {
        let is_before = |earlier: Option<&SummaryMilestone>, by: i64| {
            first_seen.zip(earlier).is_some_and(|(first_seen, earlier)| is_wholly_before(earlier.occurred, first_seen.occurred, by))
        };
        let mut milestones = [first_seen, acknowledged, restored].into_iter().flatten();
        let is_too_early = milestones.any(|milestone| self.is_stated_too_early(milestone.told, milestone.occurred));
        let warnings = [
            (is_before(restored, 0), Warning::RestoredBeforeFirstSeen),
            (is_before(acknowledged, WRONG_SIDE_MIN), Warning::AcknowledgedBeforeFirstSeen),
            (is_too_early, Warning::StatedBeforeItHappened),
        ];
        warnings.into_iter().filter_map(|(is_so, warning)| is_so.then_some(warning)).collect()
    }

    /// The services that the headline names: what the publisher that opened the incident speaks of, and what was read in somebody. What
    /// anybody else adds is listed as said by that one, and heads nothing.
    pub(super) fn title_services(&self) -> Vec<Slug> {
        let mut services = services(&self.aggregates);
        let Some(opener) = self.opener() else { return services };
        let names = |slug: &Slug, voice: Option<String>| self.aggregates.named_services.contains_key(&(slug.clone(), voice));
        services.retain(|slug| names(slug, None) || names(slug, Some(opener.original.source.clone())));
        services
    }

    /// Who says the event that opened the incident, as it stands; None where that was not certainly stated by then.
    pub(super) fn opened_by(&self) -> Option<SaidBy> {
        self.opener().filter(|opener| opener.effective.visible == Visible::Certain).map(|opener| SaidBy::of(&opener.effective.event))
    }

    /// The event that opened the incident.
    pub(super) fn opener(&self) -> Option<&Held> {
        self.held.values().find(|held| held.opens)
    }

    /// The last headline in effect. It leaks nothing backwards: under `known_at` it holds from when it was stated, else recorded.
    pub(super) fn title(&self) -> Option<&Text> {
        self.titles.iter().rev().filter_map(|position| self.event_at(*position)).find_map(|held| {
            let Kind::IncidentTitled(titled) = &held.effective.event.kind else { return None };
            let stated = held.effective.event.common.stated.as_ref().and_then(|stated| stated.own_bounds().latest).unwrap_or(held.recorded);
            let known = self.known_at.is_none_or(|instant| stated <= instant);
            let stands = held.effective.retraction.is_none() && held.effective.visible == Visible::Certain && known;
            (stands && self.may_be_titled_by(&held.effective.event, &titled.event)).then_some(&titled.title)
        })
    }

    /// The zone that the first sign in the ledger was told in, whether it is visible under `known_at` or not: a reader's clock does
    /// not change with what was known.
    pub(super) fn zone(&self) -> Option<String> {
        let signs = self.held.values().filter(|held| held.original.kind.is_sign() && held.effective.retraction.is_none());
        let mut zones = signs.take(SIGNS_ASKED_FOR_THE_ZONE).filter_map(|held| zone_of(&held.effective.event));
        zones.next()
    }
}

fn zone_of(event: &Event) -> Option<String> {
    event.common.occurred.as_ref()?.zone().map(ToOwned::to_owned)
}

fn in_order<T>(items: impl Iterator<Item = (Position, T)>) -> Vec<T> {
    let mut items: Vec<(Position, T)> = items.collect();
    items.sort_by_key(|(position, _)| *position);
    items.into_iter().map(|(_, item)| item).collect()
}

/// The subjects of its events; that of the lowest position first.
pub(super) fn services(sums: &Aggregates) -> Vec<Slug> {
    let mut named: Vec<_> = sums.subjects.iter().filter_map(|(slug, positions)| Some((*positions.first()?, slug))).collect();
    // Of those that one event names the one that the story began with goes before.
    named.sort_by_key(|(position, slug)| (*position, sums.opening().service.as_ref() != Some(*slug)));
    let mut services: Vec<Slug> = named.into_iter().map(|(_, slug)| slug.clone()).collect();
    services.truncate(MAX_SERVICES);
    services
}

pub(super) fn regions(sums: &Aggregates) -> Vec<Region> {
    in_order(sums.regions.iter().filter_map(|(region, positions)| Some((*positions.first()?, region.clone()))))
}

/// The regions that are not over, where the opening one is.
pub(super) fn open_regions(sums: &Aggregates, restored: Option<&SummaryMilestone>) -> Vec<Region> {
    if restored.is_none() {
        return Vec::new();
    }
    regions(sums).into_iter().filter(|region| sums.places.is_open(region)).collect()
}
