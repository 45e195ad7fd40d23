//! What every part of a telling needs: the timeline, the names, the reader's zone and the incident's first day.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::{Bounds, Event, Position};

use super::clock::{Around, Offsets, Phrase, Style, ToldClock, Zone};
use super::credit::Credit;
use super::hours::{self, first_day};
use super::language::Lang;
use super::names::Names;
use super::{Options, ToldSource, UnknownZone};
use crate::model::{Correction, Item, Registry, Renamed, Timeline};
use crate::silent::{Post, post_of, said_anew};
use crate::stretch::Stretch;

/// One telling in the making.
pub(super) struct Teller<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) names: Names<'a>,
    pub(super) lang: Lang,
    pub(super) zone: Zone,
    pub(super) around: Around,
    pub(super) claims: bool,
    pub(super) retracted: bool,
    pub(super) stretch: Stretch,
    /// What the clocks are called over the hours that are told.
    pub(super) offsets: Offsets,
    /// The place of each position in the story: the index of its entry.
    places: BTreeMap<Position, usize>,
    /// What was taken back of the posts of pages.
    posts_taken_back: BTreeMap<Post<'a>, &'a Item>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(timeline: &'a Timeline, registry: &'a Registry, options: &Options) -> Result<Self, UnknownZone> {
        // Where nothing is certain there is no zone of the story yet; the claims that wait have one.
        let waiting = || timeline.possibly.iter().find_map(|item| item.event.common.occurred.as_ref()?.zone());
        let zone = match (&options.zone, timeline.zone.as_deref().or_else(waiting)) {
            (Some(asked), _) => Zone::find(asked)?,
            (None, Some(own)) => Zone::find(own).unwrap_or_else(|_| Zone::utc()),
            (None, None) => Zone::utc(),
        };
        Ok(Self::in_zone(timeline, registry, options, zone))
    }

    /// The same, in a zone that is known to exist. Where its clocks are set within the story, each time says what they are called.
    pub(super) fn in_zone(timeline: &'a Timeline, registry: &'a Registry, options: &Options, zone: Zone) -> Self {
        let day = first_day(timeline, &zone);
        let offsets = Offsets::over(&zone, hours::told(timeline, options.retracted, &zone, day).into_iter());
        let zone = if offsets.change() { zone.naming_clocks() } else { zone };
        let mut places = BTreeMap::new();
        for (place, entry) in timeline.entries.iter().enumerate() {
            let inside = entry.inside.iter().map(|(_, item)| item.position);
            places.extend(std::iter::once(entry.item.position).chain(inside).map(|position| (position, place)));
        }
        Self {
            timeline,
            names: Names { lang: options.lang, registry },
            lang: options.lang,
            zone,
            around: Around { day, part: None },
            claims: options.claims,
            retracted: options.retracted,
            stretch: options.stretch.unwrap_or_else(|| timeline.whole()),
            offsets,
            places,
            posts_taken_back: timeline.retracted.iter().filter_map(|item| Some((post_of(&item.event)?, item))).collect(),
        }
    }

    /// The clock that it is told by. Where nobody claims a first sign, there is no day that need not be named beside the story.
    pub(super) fn clock(&self) -> ToldClock {
        ToldClock { zone: self.zone.clone(), day: self.around.day.filter(|_| self.timeline.first_seen.is_some()) }
    }

    /// An item's time as its source told it.
    pub(super) fn phrase(&self, item: &Item) -> Phrase {
        hours::phrase(item, &self.zone)
    }

    /// The head of an item's line.
    pub(super) fn head(&self, item: &Item) -> String {
        self.lang.time(&self.phrase(item), Style::Head, self.around)
    }

    /// A time in a list of claims, among others of the same part of the day.
    pub(super) fn claimed(&self, item: &Item, around: Around) -> String {
        self.lang.time(&self.phrase(item), Style::Claim, around)
    }

    /// For a time that nobody published but the fold could close: by when at the latest.
    pub(super) fn closed_by(&self, item: &Item, around: Around) -> Option<String> {
        let latest = item.occurred.bounds.latest.filter(|_| item.occurred.own.latest.is_none())?;
        let closed = Phrase::of_bounds(Bounds { earliest: None, latest: Some(latest) }, &self.zone);
        let ends_with_its_day = closed.first().is_some_and(|stamp| (stamp.hour, stamp.minute) == (23, 59));
        // The end of a day only says that the source is of that day; another day's hour says less than nothing.
        let is_telling = !ends_with_its_day && closed.day() == self.around.day;
        is_telling.then(|| self.lang.time(&closed, Style::Claim, around))
    }

    pub(super) fn credit(&self, event: &Event) -> Credit {
        Credit::of(event, &self.names, &self.zone)
    }

    /// Who says an event, as the subject of a sentence: not "according to".
    pub(super) fn speaker(&self, event: &Event) -> String {
        let credit = self.credit(event);
        if credit.publisher.is_empty() { self.lang.credit(&credit, false) } else { credit.publisher.join(", ") }
    }

    /// The headlines that were changed of what an entry tells: of the event that they head, else of the first.
    pub(super) fn renamed(&self, position: Position) -> impl Iterator<Item = &'a Renamed> {
        let own = self.places.get(&position).copied();
        let place = |renamed: &Renamed| renamed.of.and_then(|of| self.places.get(&of)).copied().unwrap_or(0);
        self.timeline.renamed.iter().filter(move |renamed| own == Some(place(renamed)))
    }

    /// What stood in the place of a post before it was said anew, with what was changed then.
    pub(super) fn said_before(&self, item: &Item) -> Option<(&'a Item, Correction)> {
        let before = *self.posts_taken_back.get(&post_of(&item.event)?).filter(|_| item.retraction.is_none())?;
        Some((before, said_anew(before, item)?))
    }

    /// True for what has a place in the story; a watcher's own bookkeeping has none.
    pub(super) fn is_in_the_story(&self, position: Position) -> bool {
        self.places.contains_key(&position)
    }

    /// The head of the entry that holds a position, and whether it stands above `from`.
    pub(super) fn place_of(&self, position: Position, from: Position) -> Option<(String, bool)> {
        let place = *self.places.get(&position)?;
        let is_above = self.places.get(&from).is_some_and(|own| place < *own);
        self.timeline.entries.get(place).map(|entry| (self.head(&entry.item), is_above))
    }

    /// The services that head the story; where nothing is certain, those that the waiting claims speak of.
    pub(super) fn services(&self) -> Vec<&'a str> {
        let Timeline { title_services, services, .. } = self.timeline;
        if let Some(named) = [title_services, services].into_iter().find(|named| !named.is_empty()) {
            return named.iter().map(String::as_str).collect();
        }
        let waiting: BTreeSet<&str> = self.timeline.possibly.iter().map(|item| item.event.subject.as_str()).collect();
        waiting.into_iter().collect()
    }

    /// The name of the vendor of the incident's first service.
    pub(super) fn vendor(&self) -> Option<String> {
        self.names.vendor_of(self.services().first()?)
    }

    pub(super) fn sources(&self, event: &Event) -> Vec<ToldSource> {
        let told = |source: &dateline_events::Source| ToldSource {
            name: self.names.source(source),
            url: source.url.clone(),
            role: source.role,
            slug: source.slug.clone(),
        };
        event.common.sources.iter().map(told).collect()
    }
}
