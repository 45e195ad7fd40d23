//! Which events make an entry together, and in which order the entries stand.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use dateline_events::kinds::Extent;
use dateline_events::{Event, EventKey, Instant, Kind, Position, Region, normal};

use super::Fold;
use super::contribution::{Aggregates, Class, regions};
use super::negative::Contradictions;
use super::order::{FirstSign, OrderKey};
use crate::model::{Entry, Inferred, Item, MilestoneKind, Part, inferred};
use crate::silent::{Post, post_of};

/// Puts the standing events of a fold into entries.
pub(super) struct Assembly<'a> {
    fold: &'a Fold,
    contradictions: &'a Contradictions,
    first_sign: Option<FirstSign>,
    milestones: BTreeMap<MilestoneKind, (Position, Class)>,
    /// The restorations that are told of other services: those that speak of the opening one too stand by themselves.
    told_of_others: BTreeSet<Position>,
    /// Restorations that did not last: they claim no part of the end that is told.
    past: BTreeSet<Position>,
    /// What belongs inside which entry.
    inside: BTreeMap<Position, Vec<(Part, OrderKey, Position)>>,
    /// The events that stand as entries of their own, in order.
    own: Vec<(OrderKey, Position)>,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(fold: &'a Fold, contradictions: &'a Contradictions, sums: &Aggregates) -> Self {
        let kinds = [MilestoneKind::FirstSeen, MilestoneKind::Acknowledged, MilestoneKind::Restored, MilestoneKind::Cause];
        let milestones = kinds.into_iter().filter_map(|kind| fold.told(kind, sums).map(|(position, _, class)| (kind, (position, class)))).collect();
        let first_sign = fold.first_sign();
        let past = fold.ends(sums).past;
        let told_of_others = fold.other_services(sums, None).into_iter().filter_map(|other| Some(other.restored?.told)).collect();
        let mut assembly = Self { fold, contradictions, first_sign, milestones, told_of_others, past, inside: BTreeMap::new(), own: Vec::new() };
        assembly.distribute();
        assembly
    }

    /// The entries, in order.
    pub(super) fn entries(mut self) -> Vec<Entry> {
        let own = std::mem::take(&mut self.own);
        let entries = own.into_iter().filter_map(|(_, position)| {
            let mut inside = self.inside.remove(&position).unwrap_or_default();
            inside.sort_by_key(|(part, key, _)| (*part, *key));
            let inside = inside.into_iter().filter_map(|(part, _, at)| Some((part, self.item(at)?))).collect();
            let milestone = self.milestones.iter().find(|(_, (told, _))| *told == position).map(|(kind, _)| *kind);
            Some(Entry { item: self.item(position)?, milestone, possible: false, inside })
        });
        entries.collect()
    }

    fn item(&self, position: Position) -> Option<Item> {
        self.fold.item(position, self.contradictions)
    }

    fn distribute(&mut self) {
        let mut undated = Vec::new();
        // What is told of a milestone stands by itself: others stand inside it.
        let milestones = self.milestones.values().filter_map(|(told, _)| Some((self.same_report(*told)?, *told)));
        let mut alike: BTreeMap<String, Position> = milestones.collect();
        let standing: Vec<Position> = self.fold.held.iter().filter(|(_, held)| held.contribution.is_some()).map(|(position, _)| *position).collect();
        for position in standing {
            let (_, key) = self.fold.placed(position, self.first_sign);
            if let Some((host, part)) = self.host_of(position) {
                self.inside.entry(host).or_default().push((part, key, position));
            } else if self.is_undated_report(position) {
                undated.push((key, position));
            } else if let Some(first) = self.same_report(position).and_then(|content| {
                let first = *alike.entry(content).or_insert(position);
                (first != position).then_some(first)
            }) {
                self.inside.entry(first).or_default().push((Part::Agreeing, key, position));
            } else {
                self.own.push((key, position));
            }
        }
        self.own.extend(self.taken_back());
        self.own.sort_unstable();
        for (key, position) in undated {
            match self.host_of_undated(position) {
                Some(host) => self.inside.entry(host).or_default().push((Part::Undated, key, position)),
                None => self.own.push((key, position)),
            }
        }
        self.own.extend(self.destroyed());
        self.own.sort_unstable();
    }

    /// Texts that were destroyed, where they stood.
    fn destroyed(&self) -> Vec<(OrderKey, Position)> {
        let gone = self.fold.held.iter().filter(|(position, held)| held.is_tombstone(**position));
        gone.map(|(position, _)| (self.fold.placed(*position, self.first_sign).1, *position)).collect()
    }

    /// What was taken back, where it stood. A watcher's own bookkeeping is nothing that a reader was told: a post that was said anew as
    /// another kind of event, and how a page said that an incident stands until its posts said it too.
    fn taken_back(&self) -> Vec<(OrderKey, Position)> {
        let held = &self.fold.held;
        let gone: Vec<(Position, &Event)> =
            held.iter().filter(|(_, held)| held.is_taken_back()).map(|(position, held)| (*position, &*held.effective.event)).collect();
        if gone.is_empty() {
            return Vec::new();
        }
        let standing = held.values().filter(|held| held.contribution.is_some());
        let posts: HashSet<Post> = standing.filter_map(|held| post_of(&held.effective.event)).collect();
        let was_told = |event: &Event| post_of(event).is_none_or(|post| !posts.contains(&post)) && !is_state_beside_posts(event);
        gone.into_iter().filter(|(_, event)| was_told(event)).map(|(position, _)| (self.fold.placed(position, self.first_sign).1, position)).collect()
    }

    /// The milestone's entry that an event stands inside of, and as what.
    fn host_of(&self, position: Position) -> Option<(Position, Part)> {
        let fold = self.fold;
        for (kind, (told, class)) in &self.milestones {
            if *told == position {
                return None;
            }
            if *kind == MilestoneKind::FirstSeen && *class != Class::DatedStart && fold.is_claim(position, Class::DatedStart) {
                return Some((*told, if self.is_of_opening_service(position) { Part::DatedStart } else { Part::OtherService }));
            }
            if !fold.is_claim(position, *class) || (*kind == MilestoneKind::Restored && self.past.contains(&position)) {
                continue;
            }
            if self.is_planned_work(position) {
                // What the vendor says of it one after the other is its course, and no other time of the same.
                return self.is_the_same_word(position, *told).then_some((*told, Part::Agreeing));
            }
            if !self.is_of_opening_service(position) {
                let is_told_inside = matches!(kind, MilestoneKind::FirstSeen | MilestoneKind::Acknowledged | MilestoneKind::Restored);
                if is_told_inside && !matches!(class, Class::Updated) {
                    return Some((*told, Part::OtherService));
                }
                continue;
            }
            if *kind == MilestoneKind::Restored && self.told_of_others.contains(&position) {
                continue;
            }
            let part = match (kind, class) {
                (MilestoneKind::FirstSeen, Class::Anomaly | Class::DatedStart) | (MilestoneKind::Cause, _) => self.competing_part(position, *told),
                (MilestoneKind::Acknowledged, Class::Acknowledged) => self.wording_part(position, *told),
                (MilestoneKind::Restored, _) if self.is_restoration(position) => self.restoration_part(position, *told),
                _ => continue,
            };
            return Some((*told, part));
        }
        if let Some((told, _)) = self.milestones.get(&MilestoneKind::Restored).filter(|(told, _)| self.is_same_answer(position, *told)) {
            return Some((*told, Part::Agreeing));
        }
        let is_silence = fold.event_at(position).is_some_and(|held| matches!(held.effective.event.kind, Kind::VendorSilent(_)));
        let acknowledged = self.milestones.get(&MilestoneKind::Acknowledged).filter(|_| is_silence)?;
        Some((acknowledged.0, Part::Silent))
    }

    fn is_of_opening_service(&self, position: Position) -> bool {
        let contribution = self.fold.event_at(position).and_then(|held| held.contribution.as_ref());
        contribution.is_some_and(|contribution| contribution.is_of(self.fold.aggregates.opening().service.as_ref()))
    }

    fn competing_part(&self, position: Position, told: Position) -> Part {
        let (mine, opening) = (self.regions_of(position), self.fold.aggregates.opening().region.as_ref());
        let is_narrower = || !mine.is_empty() && self.regions_of(told).is_empty();
        // Beside a claim of no place another one of none is no other place.
        let is_placeless = || mine.is_empty() && self.regions_of(told).is_empty();
        let in_opening = opening.map_or_else(|| !is_narrower(), |region| mine.contains(region) || is_placeless());
        if in_opening && self.is_the_same_word(position, told) {
            Part::Agreeing
        } else if in_opening {
            Part::Competing
        } else if mine.is_empty() {
            Part::PlaceNotSaid
        } else {
            Part::Elsewhere
        }
    }

    fn event_at(&self, position: Position) -> Option<&'a Event> {
        Some(&self.fold.event_at(position)?.effective.event)
    }

    fn is_planned_work(&self, position: Position) -> bool {
        self.event_at(position).is_some_and(|event| event.kind.is_maintenance())
    }

    /// True where a claim names the same time as the one that is told, for no fewer places, and says nothing else: neither other words, nor
    /// another length.
    fn is_the_same_word(&self, position: Position, told: Position) -> bool {
        let (Some(mine), Some(told_event)) = (self.event_at(position), self.event_at(told)) else { return false };
        let value = |event: &Event| event.common.occurred.as_ref()?.value();
        let covers = self.regions_of(told).iter().all(|region| self.regions_of(position).contains(region));
        value(mine).is_some()
            && value(mine) == value(told_event)
            && (covers || self.regions_of(position).is_empty())
            && (!mine.kind.is_maintenance() || mine.kind.name() == told_event.kind.name())
            && says_nothing_else(mine, told_event)
    }

    fn wording_part(&self, position: Position, told: Position) -> Part {
        if self.statement_root(position).is_some_and(|root| Some(root) == self.statement_root(told)) {
            Part::Wording
        } else {
            self.competing_part(position, told)
        }
    }

    fn statement_root(&self, position: Position) -> Option<EventKey> {
        self.fold.event_at(position)?.contribution.as_ref()?.statement.map(|(root, _)| root)
    }

    /// A source's report that all works again; what the vendor says of it is an entry of its own.
    fn is_restoration(&self, position: Position) -> bool {
        self.fold.event_at(position).is_some_and(|held| match &held.effective.event.kind {
            Kind::ServiceRestored(restored) => restored.extent == Extent::Full,
            _ => false,
        })
    }

    /// One answer to a monitor, told twice: that it came back for now, and that it stayed.
    fn is_same_answer(&self, position: Position, told: Position) -> bool {
        let answered = |at: Position| {
            let event = &self.fold.event_at(at)?.effective.event;
            let is_answer = matches!(event.kind, Kind::ServiceRestored(_)) && inferred(event) == Some(Inferred::FromProbe);
            event.common.occurred.as_ref().filter(|_| is_answer)?.value()
        };
        position != told && answered(position).is_some_and(|value| answered(told) == Some(value))
    }

    fn restoration_part(&self, position: Position, told: Position) -> Part {
        let Some(held) = self.fold.event_at(position) else { return Part::Competing };
        let event = &held.effective.event;
        let says_when = event.common.occurred.as_ref().is_some_and(|occurred| occurred.own_bounds() != dateline_events::Bounds::default());
        let says_how_long = matches!(&event.kind, Kind::ServiceRestored(restored) if restored.lasted.is_some());
        if says_how_long && !says_when { Part::Duration } else { self.competing_part(position, told) }
    }

    fn is_undated_report(&self, position: Position) -> bool {
        self.fold.event_at(position).is_some_and(|held| {
            let event = &held.effective.event;
            let occurred = event.common.occurred.as_ref().map(dateline_events::When::own_bounds).unwrap_or_default();
            let told = self.milestones.values().any(|(told, _)| *told == position);
            matches!(event.kind, Kind::ReportsObserved(_)) && occurred == dateline_events::Bounds::default() && !told
        })
    }

    /// The first entry with shares (or counts, for counts) of its region, else the first with any.
    fn host_of_undated(&self, position: Position) -> Option<Position> {
        let has = |at: Position, shares: bool| {
            self.fold.event_at(at).is_some_and(|held| {
                if shares { !held.effective.event.kind.shares().is_empty() } else { !held.effective.event.kind.counts().is_empty() }
            })
        };
        let mine = self.regions_of(position);
        let tells_shares = has(position, true);
        let hosts = || self.own.iter().map(|(_, at)| *at).filter(|at| has(*at, tells_shares));
        hosts().find(|at| self.regions_of(*at) == mine).or_else(|| hosts().next())
    }

    /// What makes two reports the same report from two sources, and two posts of a vendor in one minute one post; None for what is neither a
    /// report of numbers nor a vendor's words.
    fn same_report(&self, position: Position) -> Option<String> {
        let event = &self.fold.event_at(position)?.effective.event;
        if let Some(words) = posted(event) {
            let minute = event.common.occurred.as_ref()?.own_bounds().earliest?.0.div_euclid(Instant::MINUTE);
            let status = match &event.kind {
                Kind::VendorUpdated(said) => Some(said.status),
                _ => None,
            };
            return Some(format!("{minute} {:?} {} {status:?} {words}", event.voices(), event.kind.name()));
        }
        if !matches!(event.kind, Kind::ReportsObserved(_) | Kind::ReportsSubsided(_))
            || (event.kind.counts().is_empty() && event.kind.shares().is_empty())
        {
            return None;
        }
        let time = event.common.occurred.as_ref().map(|occurred| (occurred.value(), occurred.own_bounds()));
        let said = (event.kind.counts(), event.kind.shares(), event.kind.regions(), &event.common.headline);
        Some(format!("{} {time:?} {said:?}", event.kind.name()))
    }

    fn regions_of(&self, position: Position) -> Vec<Region> {
        self.fold.event_at(position).map(|held| regions(&held.effective.event)).unwrap_or_default()
    }
}

/// The letters and digits of what a vendor posted, without markup; None for what is no post with words.
fn posted(event: &Event) -> Option<String> {
    if !matches!(event.kind, Kind::VendorAcknowledged(_) | Kind::VendorUpdated(_) | Kind::MaintenanceAnnounced(_)) {
        return None;
    }
    let said = event.kind.statement().map(|statement| statement.quotation.text.as_str());
    let text = said.or_else(|| event.kind.planned_text().map(|text| text.told_in("en")))?;
    let mut inside_a_tag = false;
    let is_told = |letter: &char| match letter {
        '<' => {
            inside_a_tag = true;
            false
        }
        '>' => {
            inside_a_tag = false;
            false
        }
        letter => !inside_a_tag && letter.is_alphanumeric(),
    };
    let words: String = text.chars().filter(is_told).collect();
    // What is all brackets says more than its markup.
    Some(if words.is_empty() { normal(text) } else { words })
}

/// True where a claim has no words and no length of its own beside those of another.
fn says_nothing_else(mine: &Event, other: &Event) -> bool {
    let headline = |event: &Event| event.common.headline.as_ref().map(|headline| normal(headline.told_in("en")));
    let words = |event: &Event| event.kind.statement().map(|statement| normal(&statement.quotation.text));
    let lasted = |event: &Event| match &event.kind {
        Kind::ServiceRestored(restored) => restored.lasted.as_ref().map(|lasted| lasted.minutes),
        _ => None,
    };
    let text = |event: &Event| event.kind.planned_text().map(|text| normal(text.told_in("en")));
    let is_heard = |own: Option<String>, others: Option<String>| own.is_none() || own == others;
    is_heard(headline(mine), headline(other))
        && is_heard(words(mine), words(other))
        && is_heard(text(mine), text(other))
        && lasted(mine).is_none_or(|own| lasted(other).is_none_or(|others| own == others))
}

/// How a page says that its incident stands, where its newest post says otherwise: the watcher's, by the id that it gives such an event.
fn is_state_beside_posts(event: &Event) -> bool {
    let part = event.common.reference.as_ref().and_then(|reference| event.id.strip_prefix(&reference.id));
    part.is_some_and(|part| part.starts_with("/status/"))
}
