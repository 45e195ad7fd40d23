//! Which hours and which day a timeline tells: what its zone's clocks are asked about before anything is told.

use dateline_events::{Bounds, Instant, Kind, When};
use jiff::civil::Date;

use super::clock::{Phrase, Stamp, Zone, whole_days};
use super::entry::scheduled;
use super::walk::item_in;
use crate::model::{Entry, Item, Timeline};
use crate::rated::rating_of;

/// Of a rating that was found so long after it can have been made, microseconds, only the earliest time is told: a history that was read
/// once, years later.
const RATED_WITHIN_MAX: i64 = 24 * Instant::HOUR;

/// An item's time as its source told it; of a page's rating when it was made.
pub(super) fn phrase(item: &Item, zone: &Zone) -> Phrase {
    if let Some(rated) = rating_of(item) {
        let is_wide = rated.earliest.zip(rated.latest).is_some_and(|(earliest, latest)| latest.0 - earliest.0 > RATED_WITHIN_MAX);
        return Phrase::of_bounds(if is_wide { Bounds { latest: None, ..rated } } else { rated }, zone);
    }
    match &item.event.common.occurred {
        Some(when) => Phrase::of(when, zone),
        None => Phrase::of_bounds(item.occurred.own, zone),
    }
}

/// Bounds, and the zone in which they were told, where that is another than the incident's.
pub(super) type ToldIn<'a> = (Bounds, Option<&'a str>);

/// A milestone's time by its bounds, where no claim says it or none is at hand (an outline): days that were told stay these days, and count
/// as said.
pub(super) fn phrase_of_bounds(timeline: &Timeline, (occurred, told_in): ToldIn, is_outline: bool, zone: &Zone) -> (Phrase, bool) {
    let own = told_in.map_or_else(|| own_zone(timeline), |name| Zone::find(name).ok());
    let days = own.filter(|_| is_outline).and_then(|own| whole_days(occurred, &own));
    days.map_or_else(|| (Phrase::of_bounds(occurred, zone), false), |days| (days, true))
}

fn own_zone(timeline: &Timeline) -> Option<Zone> {
    timeline.zone.as_deref().and_then(|name| Zone::find(name).ok())
}

/// The incident's first day: that of its first sign, else of its first timed entry. A day that a source told is that day in every zone.
pub(super) fn first_day(timeline: &Timeline, zone: &Zone) -> Option<Date> {
    let last_inside = |bounds: Bounds| bounds.earliest.or_else(|| bounds.latest.map(|latest| latest.plus(-1)));
    let of_item = |item: &Item, bounds: Bounds| {
        let told = phrase(item, zone).told_day();
        last_inside(bounds).map(|instant| told.unwrap_or_else(|| zone.stamp(instant).date))
    };
    let first_seen = timeline.first_seen.as_ref().and_then(|milestone| match item_in(timeline, milestone.told) {
        Some(item) => of_item(item, milestone.occurred),
        None => {
            let days = phrase_of_bounds(timeline, (milestone.occurred, milestone.zone.as_deref()), true, zone).0.told_day();
            days.or_else(|| last_inside(milestone.occurred).map(|instant| zone.stamp(instant).date))
        }
    });
    // Background dates nothing.
    let is_story = |entry: &&Entry| !matches!(entry.item.event.kind, Kind::ContextAdded(_));
    let day_of = |entry: &Entry| of_item(&entry.item, entry.item.occurred.own);
    // Of what was taken back whole, the day that it was said of.
    let told = || timeline.standing().filter(is_story).chain(timeline.entries.iter().filter(is_story)).find_map(day_of);
    first_seen.or_else(told).or_else(|| timeline.possibly.iter().find_map(|item| of_item(item, item.occurred.own)))
}

/// Every minute that a telling names, where the zone's clocks are ever set. A time that is told as a day has none.
pub(super) fn told(timeline: &Timeline, retracted: bool, zone: &Zone, day: Option<Date>) -> Vec<Stamp> {
    let mut stamps = Vec::new();
    if zone.is_fixed() {
        return stamps;
    }
    let inside = timeline.entries.iter().flat_map(|entry| std::iter::once(&entry.item).chain(entry.inside.iter().map(|(_, item)| item)));
    let taken_back = timeline.retracted.iter().filter(|_| retracted);
    for item in inside.chain(&timeline.possibly).chain(taken_back) {
        of_item(item, zone, day, &mut stamps);
    }
    let milestones = [&timeline.first_seen, &timeline.acknowledged, &timeline.restored];
    for milestone in milestones.into_iter().flatten() {
        let item = item_in(timeline, milestone.told);
        if item.is_none_or(|item| phrase(item, zone).is_open()) {
            stamps.extend(phrase_of_bounds(timeline, (milestone.occurred, milestone.zone.as_deref()), item.is_none(), zone).0.stamps());
        }
    }
    let axes = [timeline.axes.at, timeline.axes.known_at];
    stamps.extend(axes.into_iter().flatten().map(|instant| zone.stamp(instant)));
    stamps
}

fn of_item(item: &Item, zone: &Zone, day: Option<Date>, stamps: &mut Vec<Stamp>) {
    stamps.extend(phrase(item, zone).stamps());
    stamps.extend(closing(item, zone, day));
    stamps.extend(scheduled(&item.event.kind).into_iter().flat_map(|window| [window.0.start(), window.1.start()]).map(|instant| zone.stamp(instant)));
    for (member, before, after) in item.corrections.iter().flat_map(|correction| &correction.changes) {
        let times = [before, after].into_iter().filter(|_| matches!(member.as_str(), "occurred" | "stated"));
        let times = times.filter_map(|value| serde_json::from_value::<When>(value.clone()).ok());
        stamps.extend(times.flat_map(|when| Phrase::of(&when, zone).stamps().collect::<Vec<_>>()));
    }
}

/// Of an acknowledgement that nobody timed: by when at the latest, where that is of the incident's own day.
fn closing(item: &Item, zone: &Zone, day: Option<Date>) -> Option<Stamp> {
    let latest: Instant = item.occurred.bounds.latest.filter(|_| item.occurred.own.latest.is_none())?;
    let stamp = zone.stamp(latest.plus(-1));
    (matches!(item.event.kind, Kind::VendorAcknowledged(_)) && Some(stamp.date) == day).then_some(stamp)
}
