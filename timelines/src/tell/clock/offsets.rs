//! What the clocks of a zone are called over the hours that are told: where they are set back, 02:30 comes twice.

use std::fmt;

use dateline_events::{Bounds, Instant};
use jiff::civil::Date;

use super::{Around, Phrase, Stamp, Style, Zone};
use crate::model::Item;
use crate::tell::hours::phrase;
use crate::tell::language::Lang;

/// The most bytes of what a clock is called: "CEST", "UTC+12:45".
const CLOCK_NAME_BYTES_MAX: usize = 15;

/// What a clock is called, short enough to be carried with each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tell) struct ClockName {
    letters: [u8; CLOCK_NAME_BYTES_MAX],
    length: usize,
}

impl ClockName {
    /// Abbreviations of zones are ASCII.
    pub(super) fn of(name: &str) -> Self {
        let mut letters = [0; CLOCK_NAME_BYTES_MAX];
        let length = name.len().min(CLOCK_NAME_BYTES_MAX);
        letters[..length].copy_from_slice(&name.as_bytes()[..length]);
        Self { letters, length }
    }
}

impl fmt::Display for ClockName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(std::str::from_utf8(&self.letters[..self.length]).unwrap_or_default())
    }
}

/// What the clocks were called over some hours, in order; of neighbours that do not differ, one.
#[derive(Debug, Clone, Default)]
pub(in crate::tell) struct Offsets {
    names: Vec<String>,
}

impl Offsets {
    pub(in crate::tell) fn over(zone: &Zone, hours: impl Iterator<Item = Stamp>) -> Self {
        let mut seconds: Vec<(Instant, i32)> = hours.map(|stamp| (stamp.at, zone.offset_seconds(stamp.at))).collect();
        seconds.sort_unstable();
        seconds.dedup_by_key(|(_, seconds)| *seconds);
        Self { names: seconds.into_iter().map(|(at, _)| zone.abbreviation(at)).collect() }
    }

    /// True where the clocks are set forward or back within these hours.
    pub(in crate::tell) fn change(&self) -> bool {
        self.names.len() > 1
    }

    pub(in crate::tell) fn names(&self) -> &[String] {
        &self.names
    }
}

/// Bounds that are whole days of the zone in which they were told, as these days; None where they are not.
pub(in crate::tell) fn whole_days(bounds: Bounds, own: &Zone) -> Option<Phrase> {
    let last_day = |end: Instant| own.stamp(end.plus(-1)).date;
    let latest = bounds.latest.filter(|latest| own.begins_a_day(*latest));
    match (bounds.earliest, latest) {
        (Some(earliest), Some(latest)) if own.begins_a_day(earliest) && earliest < latest => {
            let (first, last) = (own.stamp(earliest).date, last_day(latest));
            Some(if first == last { Phrase::Day(first) } else { Phrase::Days(first, last) })
        }
        (None, Some(latest)) => Some(Phrase::ByDay(last_day(latest))),
        _ => None,
    }
}

impl Zone {
    /// True where its clocks are never set forward or back, as in UTC.
    pub(in crate::tell) fn is_fixed(&self) -> bool {
        self.zone.to_fixed_offset().is_ok()
    }

    fn begins_a_day(&self, instant: Instant) -> bool {
        let start = self.stamp(instant).date.to_zoned(self.zone.clone());
        start.is_ok_and(|start| start.timestamp() == instant.timestamp())
    }
}

/// The clock by which a timeline was told: its zone, the day that need not be named, and whether each time says what its clock is called.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToldClock {
    pub(in crate::tell) zone: Zone,
    pub(in crate::tell) day: Option<Date>,
}

impl ToldClock {
    /// An event's time as at the head of its line: "12:07", "later", "দুপুর ১২টা ৭". Days are named where they are not the incident's own.
    pub fn time(&self, item: &Item, lang: Lang) -> String {
        lang.time(&phrase(item, &self.zone), Style::Head, self.around())
    }

    /// An interval in words, by its bounds alone: "between 12:07 and 14:42", "by 14:42"; each to the last whole minute inside.
    pub fn bounds(&self, bounds: Bounds, lang: Lang) -> String {
        lang.time(&Phrase::of_bounds(bounds, &self.zone), Style::Claim, self.around())
    }

    /// In whose time it is told, as of an instant: "India time (IST)". None where each time says what its clock is called.
    pub fn zone_words(&self, at: Instant, lang: Lang) -> Option<String> {
        (!self.zone.names_clocks).then(|| lang.own(lang.zone_words(&self.zone, &[self.zone.abbreviation(at)])))
    }

    /// The same for instants that are told beside the timeline, whose own day they need not name.
    #[must_use]
    pub fn beside(self, first_day: Option<Bounds>, instants: impl Iterator<Item = Instant>) -> Self {
        let first = first_day.and_then(|bounds| bounds.earliest.or(bounds.latest));
        let day = first.map(|instant| self.zone.stamp(instant).date);
        let change = Offsets::over(&self.zone, instants.map(|instant| self.zone.stamp(instant))).change();
        Self { day, zone: if change { self.zone.naming_clocks() } else { self.zone } }
    }

    fn around(&self) -> Around {
        Around { day: self.day, part: None }
    }
}
