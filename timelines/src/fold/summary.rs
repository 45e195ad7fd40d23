//! What a list shows of an incident, worked out from the sums alone; and the parts of it that a timeline shares.

use dateline_events::{Bounds, Event, Instant, Kind, Position, Range, Region, Slug, Symptom, Text};
use serde::{Deserialize, Serialize};

use super::contribution::{Class, Statuses};
use super::order::{FirstSign, order_hint};
use super::{Fold, Held, Visible};
use crate::model::{Axes, Inferred, Milestone, MilestoneKind, ReportedBy, Rule, SaidBy, State, Timeline, Warning};
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

impl Summary {
    /// When it was over, or, of planned work whose end nobody told, when it was to be.
    pub fn over(&self) -> Option<Bounds> {
        let restored = self.restored.as_ref().map(|milestone| milestone.occurred);
        restored.or_else(|| self.planned_end.map(|end| Bounds::closed(end, end)))
    }

    /// A timeline without entries: what a list tells of an incident, in the same words as its page.
    pub fn outline(&self, incident: &str) -> Timeline {
        let milestone = |told: &Option<SummaryMilestone>| {
            let SummaryMilestone { told, rule, occurred, said_by, inferred, reported_by } = told.clone()?;
            Some(Milestone { told, rule, occurred, said_by, inferred, reported_by, spread: occurred, claims: Vec::new() })
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
            regions: self.regions.clone(),
            symptoms: self.symptoms.clone(),
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
            links: Vec::new(),
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
        Summary {
            nature: self.nature(),
            services: self.services(),
            title_services: self.title_services(),
            opened_by: self.opened_by(),
            title: self.title().cloned(),
            state: self.state(None),
            regions: self.regions(),
            symptoms: self.aggregates.symptoms.keys().copied().collect(),
            planned_end: self.planned_end().filter(|_| restored.is_none()),
            cause: self.milestone(MilestoneKind::Cause),
            time_to_acknowledge: time_to_acknowledge(first_seen.as_ref(), acknowledged.as_ref()),
            time_to_restore: range(first_seen.as_ref(), restored.as_ref()),
            warnings: warnings(first_seen.as_ref(), restored.as_ref()),
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
        let from = |class: Class| self.aggregates.set(class).and_then(super::claims::ClaimSet::told).map(|(position, rule)| (position, rule, class));
        match kind {
            MilestoneKind::FirstSeen => from(Class::Anomaly).or_else(|| from(Class::Reports)).or_else(|| from(Class::DatedStart)),
            MilestoneKind::Acknowledged => from(Class::Acknowledged).or_else(|| self.first_update()),
            MilestoneKind::Restored => from(Class::Restored),
            MilestoneKind::Cause => from(Class::Cause),
        }
    }

    /// Where no acknowledgement is claimed, the vendor's first update is one.
    fn first_update(&self) -> Option<(Position, Rule, Class)> {
        let updates = self.aggregates.set(Class::Updated)?;
        let timed = self.aggregates.posts.first().map(|(_, position)| *position);
        let position = timed.or_else(|| updates.told().map(|(position, _)| position))?;
        Some((position, Rule::Earliest, Class::Updated))
    }

    pub(super) fn milestone(&self, kind: MilestoneKind) -> Option<SummaryMilestone> {
        let (told, rule, _) = self.told(kind)?;
        let (placed, _) = self.placed(told, self.first_sign());
        let event = &self.event_at(told)?.effective.event;
        let (said_by, inferred) = (SaidBy::of(event), Inferred::of(event));
        Some(SummaryMilestone { told, rule, occurred: placed.bounds, said_by, inferred, reported_by: reported_by(kind, event) })
    }

    /// The incident's first sign: the told one, else the earliest that stands.
    pub(super) fn first_sign(&self) -> Option<FirstSign> {
        let sign_at = |position: Position| {
            let occurred = self.event_at(position)?.effective.event.common.occurred.as_ref()?;
            let earliest = occurred.own_bounds().earliest?;
            Some(FirstSign { earliest, order: order_hint(occurred).unwrap_or(earliest) })
        };
        let told = self.told(MilestoneKind::FirstSeen).and_then(|(position, ..)| sign_at(position));
        told.or_else(|| self.aggregates.starts.first().and_then(|(_, position)| sign_at(*position)))
    }

    /// How it stands; with `at`, how it stood then.
    pub(super) fn state(&self, at: Option<Instant>) -> State {
        let by_then = |instant: Instant| at.is_none_or(|at| instant <= at);
        let first_sign = self.first_sign();
        let told_restored = self.milestone(MilestoneKind::Restored).filter(|milestone| milestone.occurred.earliest.is_none_or(by_then));
        let last = |statuses: &Statuses| self.last_status(statuses, first_sign, &by_then);
        let maintenance = self.nature() == Nature::Maintenance;
        // The vendor itself says later than the restoration that it is not over: it is not over. Nobody else can say so.
        let says_otherwise = |restored: &SummaryMilestone| {
            let (instant, state) = last(&self.aggregates.vendor_statuses)?;
            restored.occurred.latest.is_some_and(|over| instant >= over).then_some(state)
        };
        match (told_restored, last(&self.aggregates.statuses)) {
            (Some(restored), _) => says_otherwise(&restored).unwrap_or(if maintenance { State::Completed } else { State::Restored }),
            (None, Some((_, state))) => state,
            (None, None) if first_sign.is_some_and(|sign| by_then(sign.order)) => {
                if maintenance {
                    State::Scheduled
                } else {
                    State::Detected
                }
            }
            (None, None) => {
                if first_sign.is_none() && !self.aggregates.signs.is_empty() && at.is_none() {
                    State::Detected
                } else {
                    State::Unknown
                }
            }
        }
    }

    /// The last word of state up to an instant that is none of its end, with its key in time.
    fn last_status(&self, statuses: &Statuses, first_sign: Option<FirstSign>, by_then: &dyn Fn(Instant) -> bool) -> Option<(Instant, State)> {
        let restores = |state: &State| matches!(state, State::Restored | State::Completed);
        let relative = statuses.relative.iter().map(|(position, state)| {
            let (_, (instant, step, _)) = self.placed(*position, first_sign);
            ((instant, step, *position), *state)
        });
        // No instant is the common case and needs the last only; an instant looks among those up to it.
        let timed = statuses.timed.iter().rev().find(|(instant, _, state)| by_then(*instant) && !restores(state));
        let timed = timed.map(|(instant, position, state)| ((*instant, 0, *position), *state));
        let last = relative.filter(|((instant, ..), state)| by_then(*instant) && !restores(state)).chain(timed).max_by_key(|(key, _)| *key);
        last.map(|((instant, ..), state)| (instant, state))
    }

    /// The subjects of its events; that of the lowest position first.
    pub(super) fn services(&self) -> Vec<Slug> {
        in_order(self.aggregates.subjects.iter().filter_map(|(slug, positions)| Some((*positions.first()?, slug.clone()))))
    }

    /// The services that the headline names: what the publisher that opened the incident speaks of, and what was read in somebody. What
    /// anybody else adds is listed as said by that one, and heads nothing.
    pub(super) fn title_services(&self) -> Vec<Slug> {
        let mut services = self.services();
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
    fn opener(&self) -> Option<&Held> {
        self.held.values().find(|held| held.opens)
    }

    pub(super) fn regions(&self) -> Vec<Region> {
        in_order(self.aggregates.regions.iter().filter_map(|(region, positions)| Some((*positions.first()?, region.clone()))))
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

    /// Whoever may name an event of its own as the one to be titled need not be a desk. So a title holds where it names an event of the
    /// publisher that opened the incident, or one that was read in somebody: that took a right.
    fn may_be_titled_by(&self, act: &Event, named: &dateline_events::Ref) -> bool {
        let Some(named) = self.named(act, named).and_then(|position| self.event_at(position)) else { return false };
        let opener = self.opener();
        named.effective.event.own_voice().is_none() || opener.is_none_or(|opener| opener.original.source == named.original.source)
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

/// Of first seen: whose telling it is.
pub(super) fn reported_by(kind: MilestoneKind, told: &Event) -> Option<ReportedBy> {
    (kind == MilestoneKind::FirstSeen).then_some(if told.speaks_for_a_vendor() { ReportedBy::Vendor } else { ReportedBy::Others })
}

/// From first seen to acknowledged, where others than the vendor saw it first.
pub(super) fn time_to_acknowledge(first_seen: Option<&SummaryMilestone>, acknowledged: Option<&SummaryMilestone>) -> Option<Range> {
    range(first_seen.filter(|first| first.reported_by != Some(ReportedBy::Vendor)), acknowledged)
}

/// What does not fit together of the milestones that are told.
pub(super) fn warnings(first_seen: Option<&SummaryMilestone>, restored: Option<&SummaryMilestone>) -> Vec<Warning> {
    let is_before = first_seen.zip(restored).is_some_and(|(first_seen, restored)| is_wholly_before(restored.occurred, first_seen.occurred));
    is_before.then_some(Warning::RestoredBeforeFirstSeen).into_iter().collect()
}

fn is_wholly_before(earlier: Bounds, later: Bounds) -> bool {
    earlier.latest.zip(later.earliest).is_some_and(|(end, start)| end <= start)
}

/// The seconds between two intervals, as a range; None where the second lies wholly before the first.
pub(super) fn range(from: Option<&SummaryMilestone>, to: Option<&SummaryMilestone>) -> Option<Range> {
    let (from, to) = (from?.occurred, to?.occurred);
    if is_wholly_before(to, from) {
        return None;
    }
    let seconds = |later: Instant, earlier: Instant| ((later.0 - earlier.0) / Instant::SECOND).max(0);
    Some(Range { seconds_min: seconds(to.earliest?, from.latest?), seconds_max: seconds(to.latest?, from.earliest?) })
}
