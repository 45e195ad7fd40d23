//! When a post of AWS was written, where the page prints a clock time and mostly no date: "8:14 AM PDT", "Dec 22, 12:34 AM PST".
//! Seconds since 1970 throughout. The words are read by the rules of every date (`written`), with the zone of the page where they name none.

use dateline_events::{Instant, Moment};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::dialects::written::{FeedZone, OpenDate};
use crate::observation::SeenTime;

/// The seconds of a day of 24 hours. With the offset printed beside every time, the days of this page all have as many.
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// The zone of the page's own, by its two abbreviations.
const ZONE: (&str, [&str; 2]) = ("America/Los_Angeles", ["PDT", "PST"]);

/// A time as it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Printed {
    told: OpenDate,
    /// East of UTC, about the event.
    offset_seconds: i64,
}

/// Reads a printed time about an event, or says why it cannot be read.
pub(super) fn read(words: &str, epoch: i64, zone: Option<&FeedZone>) -> Result<Printed, String> {
    let fault = |why: String| format!("\"{words}\" cannot be read: {why}");
    let told = OpenDate::read(words).map_err(fault)?;
    let minutes = told.offset_minutes(Instant(epoch * Instant::SECOND), zone).map_err(fault)?;
    Ok(Printed { told, offset_seconds: i64::from(minutes) * 60 })
}

/// Places printed times, given in the page's order, about the second at which the page says that the event began. A date that is
/// printed is believed first. Of the others the first lies as near to that second as its clock time allows, and each next one at
/// its clock time's first return after the one before. Times never run backwards: what contradicts the order is not placed.
pub(super) fn place(epoch: i64, times: &[Option<&Printed>]) -> Vec<Option<i64>> {
    let mut placed = dated(epoch, times);
    let limits = limits(&placed);
    let mut before = None;
    for (place, time) in times.iter().enumerate() {
        if let Some(time) = time.filter(|time| time.told.day().is_none()) {
            let limit = limits[place];
            let at = match before {
                Some(before) => time.first_from(before),
                None if time.nearest(epoch) > limit => time.last_until(limit),
                None => time.nearest(epoch),
            };
            placed[place] = (at <= limit).then_some(at);
        }
        before = placed[place].or(before);
    }
    placed
}

fn dated(epoch: i64, times: &[Option<&Printed>]) -> Vec<Option<i64>> {
    let mut before = i64::MIN;
    let place = |time: &Option<&Printed>| {
        let at = time.and_then(|time| time.on_its_date(epoch)).filter(|at| *at >= before)?;
        before = at;
        Some(at)
    };
    times.iter().map(place).collect()
}

/// For each time the next one that has a date: what stands before it on the page was not written after it.
fn limits(dated: &[Option<i64>]) -> Vec<i64> {
    let mut limits = vec![i64::MAX; dated.len()];
    let mut next = i64::MAX;
    for (limit, at) in limits.iter_mut().zip(dated).rev() {
        next = at.unwrap_or(next);
        *limit = next;
    }
    limits
}

impl Printed {
    /// The time at a second at which it was placed.
    pub(super) fn seen(&self, seconds: i64, wording: &str, zone: Option<&FeedZone>) -> Option<SeenTime> {
        // 24:00 is the end of the day that it is told of.
        let at = Timestamp::from_second(seconds - i64::from(self.told.seconds_of_day() == DAY_SECONDS)).ok()?;
        let day = Offset::from_seconds(self.offset_seconds as i32).ok()?.to_datetime(at).date();
        let time = self.told.on(day, zone).ok()?;
        let name = self.told.zone_name().unwrap_or_default().to_ascii_uppercase();
        // A vendor who writes PST in summer is believed in the offset; the zone would contradict it.
        let text = format!("{}[{}]", time.moment.text, ZONE.0);
        let in_zone = Moment::parse(&text).ok().filter(|moment| ZONE.1.contains(&name.as_str()) && moment.zone_fault().is_none());
        Some(SeenTime { moment: in_zone.unwrap_or(time.moment), wording: Some(wording.to_owned()), ..time })
    }

    /// Where its date has no year, the year that brings it nearest to the event.
    fn on_its_date(&self, epoch: i64) -> Option<i64> {
        let (month, day) = self.told.day()?;
        let at = |year: i16| {
            let midnight = Date::new(year, month, day).ok()?.at(0, 0, 0, 0);
            let midnight = Offset::UTC.to_timestamp(midnight).ok()?.as_second();
            Some(midnight + self.told.seconds_of_day() - self.offset_seconds)
        };
        if let Some(year) = self.told.year() {
            return at(year);
        }
        let year = Offset::UTC.to_datetime(Timestamp::from_second(epoch + self.offset_seconds).ok()?).year();
        [year - 1, year, year + 1].into_iter().filter_map(at).min_by_key(|at| at.abs_diff(epoch))
    }

    /// Its second of a day of UTC.
    fn of_day(&self) -> i64 {
        (self.told.seconds_of_day() - self.offset_seconds).rem_euclid(DAY_SECONDS)
    }

    fn first_from(&self, before: i64) -> i64 {
        before + (self.of_day() - before).rem_euclid(DAY_SECONDS)
    }

    fn last_until(&self, limit: i64) -> i64 {
        limit - (limit - self.of_day()).rem_euclid(DAY_SECONDS)
    }

    fn nearest(&self, epoch: i64) -> i64 {
        let (earlier, later) = (self.last_until(epoch), self.first_from(epoch));
        if epoch - earlier <= later - epoch { earlier } else { later }
    }
}
