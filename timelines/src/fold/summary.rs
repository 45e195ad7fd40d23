//! What a list shows of an incident, worked out from the sums alone; and the parts of it that a timeline shares.

use std::borrow::Cow;

use dateline_events::{Bounds, Event, Instant, Kind, Position, Range, Region, Slug, Symptom, Text};
use serde::{Deserialize, Serialize};

use super::claims::ClaimSet;
use super::contribution::{Aggregates, Class, MAX_SERVICES, Scope};
use super::order::{FirstSign, OrderKey, WRONG_SIDE_MIN, order_hint};
use super::statuses::Statuses;
use super::{Fold, Held, Visible};
use crate::model::{Axes, Inferred, Milestone, MilestoneKind, ReportedBy, Rule, SaidBy, ServiceMilestones, State, Timeline, Warning, inferred};
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
    /// When it was wholly over.
    pub restored: Option<SummaryMilestone>,
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
            let SummaryMilestone { told, rule, occurred, narrowed, said_by, inferred, reported_by } = told.clone()?;
            let narrowed = narrowed.unwrap_or(occurred);
            Some(Milestone { told, rule, occurred, narrowed, said_by, inferred, reported_by, spread: occurred, claims: Vec::new() })
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
        let first_seen = self.milestone(MilestoneKind::FirstSeen);
        let acknowledged = self.milestone(MilestoneKind::Acknowledged);
        let restored = self.milestone(MilestoneKind::Restored);
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
            subsided: self.subsided(&self.aggregates).filter(|_| restored.is_none()),
            regions: regions(&self.aggregates),
            symptoms: self.aggregates.symptoms.keys().copied().collect(),
            planned_end: self.planned_end().filter(|_| restored.is_none()),
            cause: self.milestone(MilestoneKind::Cause),
            time_to_acknowledge: time_to_acknowledge(first_seen.as_ref(), acknowledged.as_ref()),
            time_to_restore: range(first_seen.as_ref(), last_restored.as_ref()),
            warnings: self.warnings(first_seen.as_ref(), acknowledged.as_ref(), restored.as_ref()),
            first_seen,
            acknowledged,
            restored,
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

    /// The claim that is told for a milestone, and the rule.
    pub(super) fn told(&self, kind: MilestoneKind) -> Option<(Position, Rule, Class)> {
        self.told_among(kind, &|class| self.aggregates.set(class), self.aggregates.opening())
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
                let told = |kind| {
                    let (position, rule, _) = self.told_among(kind, &|class| self.aggregates.other_set(&service, class), &scope)?;
                    let milestone = SummaryMilestone { reported_by: self.reported_by(kind, position), ..self.milestone_at(position, rule)? };
                    Some(milestone).filter(|milestone| at.is_none_or(|at| is_certain_by(milestone.certain(), at)))
                };
                let (first_seen, acknowledged) = (told(MilestoneKind::FirstSeen), told(MilestoneKind::Acknowledged));
                ServiceMilestones { first_seen, acknowledged, restored: told(MilestoneKind::Restored), service }
            })
            .collect()
    }

    pub(super) fn milestone(&self, kind: MilestoneKind) -> Option<SummaryMilestone> {
        let (told, rule, _) = self.told(kind)?;
        self.milestone_at(told, rule).map(|milestone| SummaryMilestone { reported_by: self.reported_by(kind, told), ..milestone })
    }

    fn milestone_at(&self, told: Position, rule: Rule) -> Option<SummaryMilestone> {
        let (placed, _) = self.placed(told, self.first_sign());
        let event = &self.event_at(told)?.effective.event;
        let (said_by, inferred) = (SaidBy::of(event), inferred(event));
        let narrowed = (placed.narrowed != placed.bounds).then_some(placed.narrowed);
        Some(SummaryMilestone { told, rule, occurred: placed.bounds, narrowed, said_by, inferred, reported_by: None })
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
        let told = self.told(MilestoneKind::FirstSeen).and_then(|(position, ..)| sign_at(position));
        told.or_else(|| {
            let (_, _, position) = self.aggregates.starts.first().filter(|(is_end, ..)| !is_end)?;
            sign_at(*position)
        })
    }

    /// How it stands by what these sums say, and the restoration that is told, where it is certain.
    pub(super) fn state(&self, sums: &Aggregates, restored: Option<&SummaryMilestone>) -> State {
        let is_maintenance = self.nature() == Nature::Maintenance;
        if let Some(restored) = restored {
            return self.reopened(sums, restored).unwrap_or(if is_maintenance { State::Completed } else { State::Restored });
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

    /// What the vendor says after the restoration that is told, where that is that it is not over: it looks into it, or has found something,
    /// and nobody says later that it is over. To acknowledge or to watch it reopens nothing.
    fn reopened(&self, sums: &Aggregates, restored: &SummaryMilestone) -> Option<State> {
        let over = restored.certain().latest?;
        let is_open = |state: State| matches!(state, State::Investigating | State::Identified);
        let ((reopened, ..), _) = self.last_status(&sums.vendor_statuses, is_open).filter(|((instant, ..), _)| *instant >= over)?;
        let is_over_later = sums.claimants().filter(|contribution| contribution.claims.contains(&Class::Restored)).any(|contribution| {
            let (_, (instant, ..)) = self.placed(contribution.position, self.first_sign());
            instant > reopened
        });
        if is_over_later {
            return None;
        }
        self.last_status(&sums.vendor_statuses, is_no_end).map(|(_, state)| state)
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
        let restored = self.milestone(MilestoneKind::Restored).filter(|restored| is_all_over && is_certain_by(restored.certain(), at));
        self.state(&sums, restored.as_ref())
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

/// The restoration that comes last of those of all services, where each is restored.
pub(super) fn last_restored<'a>(restored: Option<&'a SummaryMilestone>, others: &'a [ServiceMilestones]) -> Option<&'a SummaryMilestone> {
    let mut last = restored?;
    for other in others {
        let restored = other.restored.as_ref()?;
        if restored.certain().latest > last.certain().latest {
            last = restored;
        }
    }
    Some(last)
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

/// True for a word of state that is none of an end.
fn is_no_end(state: State) -> bool {
    !matches!(state, State::Restored | State::Completed)
}

/// True where something is certain to have happened by an instant.
pub(super) fn is_certain_by(bounds: Bounds, at: Instant) -> bool {
    bounds.latest.is_some_and(|latest| latest <= at)
}

/// From first seen to acknowledged, where others than the vendor saw it first.
pub(super) fn time_to_acknowledge(first_seen: Option<&SummaryMilestone>, acknowledged: Option<&SummaryMilestone>) -> Option<Range> {
    range(first_seen.filter(|first| first.reported_by != Some(ReportedBy::Vendor)), acknowledged)
}

/// True where the one ends so many microseconds before the other begins.
fn is_wholly_before(earlier: Bounds, later: Bounds, by: i64) -> bool {
    earlier.latest.zip(later.earliest).is_some_and(|(end, start)| end.plus(by) <= start)
}

/// The seconds between two intervals, as a range; None where the second lies wholly before the first.
pub(super) fn range(from: Option<&SummaryMilestone>, to: Option<&SummaryMilestone>) -> Option<Range> {
    let (from, to) = (from?.occurred, to?.occurred);
    if is_wholly_before(to, from, 0) {
        return None;
    }
    let seconds = |later: Instant, earlier: Instant| ((later.0 - earlier.0) / Instant::SECOND).max(0);
    Some(Range { seconds_min: seconds(to.earliest?, from.latest?), seconds_max: seconds(to.latest?, from.earliest?) })
}
