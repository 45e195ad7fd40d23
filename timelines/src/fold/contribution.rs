//! What one event contributes to its incident's summary, and the sums of it; each can be added and taken out again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dateline_events::kinds::{VendorStatus, Verdict};
use dateline_events::{Event, EventKey, Instant, Kind, Position, Region, Slug, Symptom, When};

use super::claims::{Candidate, ClaimSet};
use super::order::order_hint;
use super::places::Places;
use super::statuses::Statuses;
use super::{Effective, Visible};
use crate::model::{State, is_count};

/// Which claims a claim competes with. The first of a pair is told before the second is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Anomaly,
    Reports,
    /// A start that the vendor dates itself: first seen only where nobody else claims one.
    DatedStart,
    Acknowledged,
    Updated,
    Restored,
    Cause,
}

/// What one event that stands contributes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contribution {
    pub position: Position,
    /// The services that it speaks of.
    pub services: Box<[Slug]>,
    /// True where it speaks of every service that is told of.
    pub is_of_all_services: bool,
    /// True for a sign that something fails there: what must be restored.
    pub disrupts: bool,
    pub is_sign: bool,
    /// True for a sign that something begins, and not that it is over or that nobody speaks.
    pub is_onset: bool,
    /// True for a sign that only counts reports.
    pub is_count: bool,
    /// A word on reports: that there are some, or that they subsided, with its key in time.
    pub reports: Option<(State, Option<Instant>)>,
    pub is_maintenance: bool,
    pub claims: Vec<Class>,
    pub candidate: Candidate,
    pub regions: Vec<Region>,
    pub symptoms: Vec<Symptom>,
    /// When the planned work that it speaks of is to end.
    pub planned_end: Option<Instant>,
    /// A word of state, with its key in time; None: its time leans on another event.
    pub status: Option<(State, Option<Instant>)>,
    /// Of a vendor's post: when it was posted, where that leans on no other event.
    pub posted: Option<Instant>,
    /// True where it speaks for a vendor, who alone says that it is not over yet.
    pub speaks_for_a_vendor: bool,
    /// Its publisher, where nobody was read in.
    pub own_voice: Option<String>,
    /// Which statement it is a wording of, and the upper bound of when it was stated.
    pub statement: Option<(EventKey, Instant)>,
}

impl Contribution {
    /// None for an act, and for what is retracted or not certainly stated.
    pub(super) fn of(position: Position, effective: &Effective) -> Option<Self> {
        let event = &effective.event;
        if event.kind.is_act() || effective.retraction.is_some() || effective.visible != Visible::Certain {
            return None;
        }
        let unsupported = effective.verdict.as_ref().is_some_and(|weighing| weighing.verdict == Verdict::Unsupported);
        let preferred = effective.verdict.as_ref().is_some_and(|weighing| weighing.verdict == Verdict::Preferred);
        let claims = if unsupported { Vec::new() } else { classes(event) };
        Some(Self {
            position,
            services: event.services().map(ToOwned::to_owned).collect(),
            is_of_all_services: event.speaks_of_all_services(),
            disrupts: disrupts(&event.kind),
            is_sign: event.kind.is_sign(),
            is_onset: is_onset(&event.kind),
            is_count: is_count(event),
            reports: reports(event),
            is_maintenance: event.kind.is_maintenance(),
            candidate: candidate(position, event, preferred, &claims),
            regions: regions(event),
            symptoms: event.kind.symptoms(),
            planned_end: planned_end(&event.kind),
            status: status(event),
            posted: if claims.contains(&Class::Updated) { event.common.occurred.as_ref().and_then(order_hint) } else { None },
            speaks_for_a_vendor: event.speaks_for_a_vendor(),
            own_voice: event.own_voice().map(ToOwned::to_owned),
            statement: statement(effective),
            claims,
        })
    }

    /// True where it competes for a milestone of this service in this region; a claim that names no region competes in all.
    pub(super) fn competes_in(&self, scope: &Scope) -> bool {
        self.is_of(scope.service.as_ref()) && scope.region.as_ref().is_none_or(|region| self.regions.is_empty() || self.regions.contains(region))
    }

    /// True where it speaks of this service.
    pub(super) fn is_of(&self, service: Option<&Slug>) -> bool {
        self.is_of_all_services || service.is_none_or(|service| self.services.contains(service))
    }
}

pub(super) fn classes(event: &Event) -> Vec<Class> {
    match &event.kind {
        Kind::AnomalyDetected(_) if event.speaks_for_a_vendor() => vec![Class::DatedStart],
        Kind::AnomalyDetected(_) => vec![Class::Anomaly],
        Kind::ReportsObserved(_) => vec![Class::Reports],
        Kind::VendorAcknowledged(_) => vec![Class::Acknowledged],
        Kind::VendorUpdated(updated) if updated.status == Some(VendorStatus::Resolved) => vec![Class::Restored, Class::Updated],
        Kind::VendorUpdated(updated) if updated.status == Some(VendorStatus::Postmortem) => vec![],
        Kind::VendorUpdated(_) => vec![Class::Updated],
        Kind::ServiceRestored(_) | Kind::MaintenanceCompleted(_) if event.kind.restores() => vec![Class::Restored],
        Kind::CauseStated(cause) if cause.known != Some(false) => vec![Class::Cause],
        Kind::MaintenanceAnnounced(_) | Kind::MaintenanceStarted(_) => vec![Class::Anomaly],
        _ => vec![],
    }
}

/// The regions that an event speaks of, those of its counts and shares included; each once, as first named.
pub(super) fn regions(event: &Event) -> Vec<Region> {
    let counted = event.kind.counts().iter().filter_map(|count| count.region.as_ref());
    let shared = event.kind.shares().iter().filter_map(|share| share.region.as_ref());
    let mut regions: Vec<Region> = Vec::new();
    for region in event.kind.regions().iter().chain(counted).chain(shared) {
        if !regions.contains(region) {
            regions.push(region.clone());
        }
    }
    regions
}

fn candidate(position: Position, event: &Event, preferred: bool, claims: &[Class]) -> Candidate {
    let occurred = event.common.occurred.as_ref();
    let bounds = occurred.map(When::own_bounds).unwrap_or_default();
    let width = match (bounds.earliest, bounds.latest) {
        (Some(earliest), Some(latest)) => latest.0 - earliest.0,
        _ => i64::MAX,
    };
    // A vendor is believed about its own acts only, and only in what it published itself.
    let own_act = !claims.iter().any(|class| matches!(class, Class::Anomaly | Class::Reports | Class::DatedStart));
    let vendor_itself = own_act && event.speaks_for_a_vendor();
    let value = occurred.and_then(When::value);
    Candidate { position, value, preferred, vendor_itself, width, earliest: bounds.earliest, voices: event.voices().into_iter().collect() }
}

fn status(event: &Event) -> Option<(State, Option<Instant>)> {
    let state = match &event.kind {
        Kind::VendorAcknowledged(_) => State::Acknowledged,
        Kind::VendorUpdated(updated) => match updated.status? {
            VendorStatus::Investigating => State::Investigating,
            VendorStatus::Identified => State::Identified,
            VendorStatus::Monitoring => State::Monitoring,
            VendorStatus::Resolved => State::Restored,
            VendorStatus::Postmortem => return None,
        },
        Kind::MaintenanceAnnounced(_) => State::Scheduled,
        Kind::MaintenanceStarted(_) => State::InProgress,
        Kind::MaintenanceCompleted(_) => State::Completed,
        _ => return None,
    };
    Some((state, event.common.occurred.as_ref().and_then(order_hint)))
}

/// The sign that an incident may begin with.
fn is_onset(kind: &Kind) -> bool {
    let is_end = matches!(kind, Kind::ServiceRestored(_) | Kind::ReportsSubsided(_) | Kind::VendorSilent(_));
    let is_closing =
        matches!(kind, Kind::VendorUpdated(updated) if matches!(updated.status, Some(VendorStatus::Resolved | VendorStatus::Postmortem)));
    kind.is_sign() && !is_end && !is_closing
}

/// A sign that a service fails, which is over only once that service is restored.
fn disrupts(kind: &Kind) -> bool {
    match kind {
        Kind::AnomalyDetected(_) | Kind::ReportsObserved(_) | Kind::VendorAcknowledged(_) => true,
        Kind::VendorUpdated(updated) => !matches!(updated.status, Some(VendorStatus::Resolved | VendorStatus::Postmortem)),
        _ => false,
    }
}

fn reports(event: &Event) -> Option<(State, Option<Instant>)> {
    let state = match &event.kind {
        Kind::ReportsSubsided(_) => State::Subsided,
        Kind::ReportsObserved(_) => State::Detected,
        Kind::AnomalyDetected(_) if !event.speaks_for_a_vendor() => State::Detected,
        _ => return None,
    };
    Some((state, event.common.occurred.as_ref().and_then(order_hint)))
}

fn planned_end(kind: &Kind) -> Option<Instant> {
    let window = match kind {
        Kind::MaintenanceAnnounced(work) => work.scheduled.as_ref(),
        Kind::MaintenanceStarted(work) => work.scheduled.as_ref(),
        Kind::MaintenanceCompleted(work) => work.scheduled.as_ref(),
        _ => None,
    };
    window.map(|window| window.1.start())
}

/// The event that a statement is told under (the one that it is `same_as`, else its own), and by when it was stated.
fn statement(effective: &Effective) -> Option<(EventKey, Instant)> {
    let event = &effective.event;
    let same_as = event.kind.statement()?.same_as.as_ref();
    let root = same_as.map_or_else(|| event.key(), |same| event.key_of(same));
    Some((root, effective.stated.latest?))
}

/// False for a sign that an incident may begin with.
pub(super) type IsEnd = bool;

/// What claims compete in: a service, and a region of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    pub service: Option<Slug>,
    pub region: Option<Region>,
}

/// So many services of an incident are counted, first named first.
pub(super) const MAX_SERVICES: usize = 64;

/// The sums of all contributions of an incident.
#[derive(Debug, Clone, Default)]
pub(super) struct Aggregates {
    pub subjects: BTreeMap<Slug, BTreeSet<Position>>,
    /// Of them those that something disrupted, by the publisher who says so where nobody was read in.
    pub disrupted: BTreeMap<(Slug, Option<String>), BTreeSet<Position>>,
    /// The same by the publisher who names it where nobody was read in: how often.
    pub named_services: BTreeMap<(Slug, Option<String>), u32>,
    pub regions: BTreeMap<Region, BTreeSet<Position>>,
    pub symptoms: BTreeMap<Symptom, u32>,
    pub places: Places,
    /// The signs that stand, by position, each with its service and the region it names first, and its publisher, where nobody was read in.
    pub signs: BTreeMap<Position, (Scope, Option<String>)>,
    /// The lower bounds of signs; those that an incident may begin with first.
    pub starts: BTreeSet<(IsEnd, Instant, Position)>,
    /// How many signs that stand say more than counts do.
    pub more_than_counts: u32,
    pub reports: Statuses,
    pub statuses: Statuses,
    /// The posts of vendors that are updates, by when they were posted.
    pub posts: BTreeSet<(Instant, Position)>,
    /// Those of the statuses that vendors give themselves.
    pub vendor_statuses: Statuses,
    pub maintenance: u32,
    /// The ends of planned windows, by the positions of the events that name them.
    pub planned_ends: BTreeMap<Position, Instant>,
    statements: BTreeMap<EventKey, BTreeSet<(Instant, Position)>>,
    sets: BTreeMap<Class, ClaimSet>,
    /// The same for the other services that something disrupted.
    other_sets: BTreeMap<Slug, BTreeMap<Class, ClaimSet>>,
    /// Which services are disrupted is another question since those were made.
    other_sets_are_stale: bool,
    /// Every contribution with a claim, for when the opening region changes.
    claimants: BTreeMap<Position, Arc<Contribution>>,
    opening: Scope,
    /// Who says the first sign, where nobody was read in.
    opening_voice: Option<String>,
}

impl Aggregates {
    /// Takes one contribution out and puts another in.
    pub(super) fn replace(&mut self, before: Option<Arc<Contribution>>, after: Option<Arc<Contribution>>) {
        if before == after {
            return;
        }
        if let Some(contribution) = before {
            self.remove(&contribution);
        }
        if let Some(contribution) = after {
            self.add(contribution);
        }
        let (opening, voice) = self.signs.values().next().cloned().unwrap_or_default();
        if (&opening, &voice) != (&self.opening, &self.opening_voice) {
            (self.opening, self.opening_voice) = (opening, voice);
            self.sets = self.sets_in(&self.opening);
            self.other_sets.clear();
            self.other_sets_are_stale = true;
        }
        if std::mem::take(&mut self.other_sets_are_stale) {
            self.renew_other_sets();
        }
    }

    /// Makes the sets of services that are disrupted now, and lets those of others go.
    fn renew_other_sets(&mut self) {
        let wanted: Vec<Slug> = self.disrupted_services().into_iter().filter(|service| Some(service) != self.opening.service.as_ref()).collect();
        self.other_sets.retain(|service, _| wanted.contains(service));
        for service in wanted.into_iter().filter(|service| !self.other_sets.contains_key(service)).collect::<Vec<_>>() {
            let sets = self.sets_in(&self.scope_of(&service));
            self.other_sets.insert(service, sets);
        }
    }

    /// Another service, in the region that the story is told for.
    pub(super) fn scope_of(&self, service: &Slug) -> Scope {
        Scope { service: Some(service.clone()), region: self.opening.region.clone() }
    }

    fn add(&mut self, contribution: Arc<Contribution>) {
        let position = contribution.position;
        for service in &contribution.services {
            self.subjects.entry(service.clone()).or_default().insert(position);
            *self.named_services.entry((service.clone(), contribution.own_voice.clone())).or_default() += 1;
            if contribution.disrupts {
                let told = (service.clone(), contribution.own_voice.clone());
                self.other_sets_are_stale |= !self.disrupted.contains_key(&told);
                self.disrupted.entry(told).or_default().insert(position);
            }
        }
        self.places.add(&contribution);
        for region in &contribution.regions {
            self.regions.entry(region.clone()).or_default().insert(position);
        }
        for symptom in &contribution.symptoms {
            *self.symptoms.entry(*symptom).or_default() += 1;
        }
        if contribution.is_sign {
            let service = contribution.services.first().cloned();
            let scope = Scope { service, region: contribution.regions.first().cloned() };
            self.signs.insert(position, (scope, contribution.own_voice.clone()));
            self.starts.extend(contribution.candidate.earliest.map(|earliest| (!contribution.is_onset, earliest, position)));
            self.more_than_counts += u32::from(!contribution.is_count);
        }
        if let Some(reports) = contribution.reports {
            self.reports.insert(position, reports);
        }
        self.maintenance += u32::from(contribution.is_maintenance);
        self.planned_ends.extend(contribution.planned_end.map(|end| (position, end)));
        self.posts.extend(contribution.posted.map(|posted| (posted, position)));
        if let Some(status) = contribution.status {
            self.statuses.insert(position, status);
            if contribution.speaks_for_a_vendor {
                self.vendor_statuses.insert(position, status);
            }
        }
        if let Some((root, told_by)) = contribution.statement {
            self.statements.entry(root).or_default().insert((told_by, position));
        }
        if !contribution.claims.is_empty() {
            enter(&mut self.sets, &contribution, &self.opening);
            for (service, sets) in &mut self.other_sets {
                let scope = Scope { service: Some(service.clone()), region: self.opening.region.clone() };
                enter(sets, &contribution, &scope);
            }
            self.claimants.insert(position, contribution);
        }
    }

    fn remove(&mut self, contribution: &Contribution) {
        let position = contribution.position;
        for service in &contribution.services {
            remove_from(&mut self.subjects, service, position);
            let named = (service.clone(), contribution.own_voice.clone());
            remove_from(&mut self.disrupted, &named, position);
            self.other_sets_are_stale |= contribution.disrupts && !self.disrupted.contains_key(&named);
            if let Some(count) = self.named_services.get_mut(&named) {
                *count -= 1;
                if *count == 0 {
                    self.named_services.remove(&named);
                }
            }
        }
        self.places.remove(contribution);
        for region in &contribution.regions {
            remove_from(&mut self.regions, region, position);
        }
        for symptom in &contribution.symptoms {
            if let Some(count) = self.symptoms.get_mut(symptom) {
                *count -= 1;
                if *count == 0 {
                    self.symptoms.remove(symptom);
                }
            }
        }
        if self.signs.remove(&position).is_some() {
            self.more_than_counts -= u32::from(!contribution.is_count);
        }
        if let Some(earliest) = contribution.candidate.earliest {
            self.starts.remove(&(!contribution.is_onset, earliest, position));
        }
        if let Some(reports) = contribution.reports {
            self.reports.remove(position, reports);
        }
        self.maintenance -= u32::from(contribution.is_maintenance);
        self.planned_ends.remove(&position);
        if let Some(posted) = contribution.posted {
            self.posts.remove(&(posted, position));
        }
        if let Some(status) = contribution.status {
            self.statuses.remove(position, status);
            self.vendor_statuses.remove(position, status);
        }
        if let Some((root, told_by)) = &contribution.statement
            && let Some(wordings) = self.statements.get_mut(root)
        {
            wordings.remove(&(*told_by, position));
        }
        if self.claimants.remove(&position).is_some() {
            leave(&mut self.sets, contribution, &self.opening);
            for (service, sets) in &mut self.other_sets {
                let scope = Scope { service: Some(service.clone()), region: self.opening.region.clone() };
                leave(sets, contribution, &scope);
            }
        }
    }

    /// True while all signs only count reports.
    pub(super) fn is_reports_only(&self) -> bool {
        self.more_than_counts == 0 && !self.signs.is_empty()
    }

    /// What milestones and state are told for: the service of the first sign which stands, and the region that it names first.
    pub(super) fn opening(&self) -> &Scope {
        &self.opening
    }

    /// The services that something disrupted, as first told of, the opening one first. A publisher that nobody reads, and that did not open
    /// the incident, says of no further service that it fails: it could keep what is over open.
    pub(super) fn disrupted_services(&self) -> Vec<Slug> {
        let mut first: BTreeMap<&Slug, Position> = BTreeMap::new();
        for ((service, voice), positions) in &self.disrupted {
            let counts = voice.is_none() || *voice == self.opening_voice;
            if let Some(position) = positions.first().filter(|_| counts) {
                let known = first.entry(service).or_insert(*position);
                *known = (*known).min(*position);
            }
        }
        let mut services: Vec<(bool, Position, &Slug)> =
            first.into_iter().map(|(service, position)| (self.opening.service.as_ref() != Some(service), position, service)).collect();
        services.sort();
        services.into_iter().take(MAX_SERVICES).map(|(.., service)| service.clone()).collect()
    }

    /// The claims of one class that compete for another service.
    pub(super) fn other_set(&self, service: &Slug, class: Class) -> Option<&ClaimSet> {
        self.other_sets.get(service)?.get(&class).filter(|set| !set.is_empty())
    }

    /// The claims that compete in a scope, by class.
    fn sets_in(&self, scope: &Scope) -> BTreeMap<Class, ClaimSet> {
        let mut sets = BTreeMap::new();
        for contribution in self.claimants.values() {
            enter(&mut sets, contribution, scope);
        }
        sets
    }

    /// The claims of one class that compete in the opening region.
    pub(super) fn set(&self, class: Class) -> Option<&ClaimSet> {
        self.sets.get(&class).filter(|set| !set.is_empty())
    }

    /// The earliest time by which some wording of a statement was stated.
    pub(super) fn told_by(&self, root: &EventKey) -> Option<Instant> {
        self.statements.get(root)?.first().map(|(instant, _)| *instant)
    }

    /// Every contribution that claims a milestone, by position.
    pub(super) fn claimants(&self) -> impl Iterator<Item = &Contribution> {
        self.claimants.values().map(Arc::as_ref)
    }
}

fn enter(sets: &mut BTreeMap<Class, ClaimSet>, contribution: &Contribution, scope: &Scope) {
    if contribution.competes_in(scope) {
        for class in &contribution.claims {
            sets.entry(*class).or_default().add(&contribution.candidate);
        }
    }
}

fn leave(sets: &mut BTreeMap<Class, ClaimSet>, contribution: &Contribution, scope: &Scope) {
    if contribution.competes_in(scope) {
        for class in &contribution.claims {
            sets.entry(*class).or_default().remove(&contribution.candidate);
        }
    }
}

fn remove_from<Key: Ord>(sums: &mut BTreeMap<Key, BTreeSet<Position>>, key: &Key, position: Position) {
    if let Some(positions) = sums.get_mut(key) {
        positions.remove(&position);
        if positions.is_empty() {
            sums.remove(key);
        }
    }
}
