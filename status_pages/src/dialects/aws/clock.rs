//! When a post of AWS was written, where the page prints a clock time and mostly no date: "8:14 AM PDT", "Dec 22, 12:34 AM PST".
//! Seconds since 1970 throughout. PDT and PST are the only zones that the page ever printed; a time in another is not read.

use dateline_events::{Moment, Precision};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::observation::SeenTime;

/// The seconds of a day of 24 hours. With the offset printed beside every time, the days of this page all have as many.
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// The zone whose abbreviations PDT and PST are.
const ZONE: &str = "America/Los_Angeles";
const MONTHS: [&str; 12] = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// A time as it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Printed {
    date: Option<PrintedDate>,
    hour: i8,
    minute: i8,
    offset_hours: i8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PrintedDate {
    year: Option<i16>,
    month: i8,
    day: i8,
}

/// Reads a printed time; None where it is none, or its zone is unknown.
pub(super) fn read(words: &str) -> Option<Printed> {
    let parts: Vec<&str> = words.split(|character: char| character.is_whitespace() || character == ',').filter(|part| !part.is_empty()).collect();
    let (date, [clock, half, zone]) = match parts[..] {
        [clock, half, zone] => (None, [clock, half, zone]),
        [month, day, clock, half, zone] => (Some((month, day, None)), [clock, half, zone]),
        [month, day, year, clock, half, zone] => (Some((month, day, Some(year))), [clock, half, zone]),
        _ => return None,
    };
    let date = match date {
        Some((month, day, year)) => Some(PrintedDate::read(month, day, year)?),
        None => None,
    };
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute) = (digits(hour, 2).filter(|hour| (1..=12).contains(hour))?, digits(minute, 2).filter(|minute| *minute < 60)?);
    let half_hours = match half.to_ascii_uppercase().as_str() {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    let offset_hours = match zone.to_ascii_uppercase().as_str() {
        "PDT" => -7,
        "PST" => -8,
        _ => return None,
    };
    Some(Printed { date, hour: hour as i8 % 12 + half_hours, minute: minute as i8, offset_hours })
}

/// Places printed times, given in the page's order, about the second at which the page says that the event began. A date that is
/// printed is believed first. Of the others the first lies as near to that second as its clock time allows, and each next one at
/// its clock time's first return after the one before. Times never run backwards: what contradicts the order is not placed.
pub(super) fn place(epoch: i64, times: &[Option<Printed>]) -> Vec<Option<i64>> {
    let mut placed = dated(epoch, times);
    let limits = limits(&placed);
    let mut before = None;
    for (place, time) in times.iter().enumerate() {
        if let Some(time) = time.filter(|time| time.date.is_none()) {
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

fn dated(epoch: i64, times: &[Option<Printed>]) -> Vec<Option<i64>> {
    let mut before = i64::MIN;
    let place = |time: &Option<Printed>| {
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

impl PrintedDate {
    fn read(month: &str, day: &str, year: Option<&str>) -> Option<Self> {
        let written = month.trim_end_matches('.').to_ascii_lowercase();
        let month = MONTHS.iter().position(|name| written.len() >= 3 && name.starts_with(&written))? + 1;
        let day = digits(day, 2)?;
        let year = match year {
            Some(year) if year.len() == 4 => Some(digits(year, 4)?),
            Some(_) => return None,
            None => None,
        };
        Some(Self { year, month: month as i8, day: day as i8 })
    }
}

impl Printed {
    /// A time on the page, told as the page tells it.
    pub(super) fn seen(self, seconds: i64, wording: &str) -> Option<SeenTime> {
        let civil = self.offset().to_datetime(Timestamp::from_second(seconds).ok()?);
        let (year, month, day, hour, minute) = (civil.year(), civil.month(), civil.day(), civil.hour(), civil.minute());
        let offset_hours = self.offset_hours.unsigned_abs();
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}-{offset_hours:02}:00");
        // A vendor who writes PST in summer is believed in the offset; the zone would contradict it.
        let in_zone = Moment::parse(&format!("{text}[{ZONE}]")).ok().filter(|moment| moment.zone_fault().is_none());
        let moment = in_zone.or_else(|| Moment::parse(&text).ok())?;
        Some(SeenTime { moment, precision: Precision::Minute, wording: Some(wording.to_owned()), zone_assumed: false })
    }

    fn offset(self) -> Offset {
        Offset::constant(self.offset_hours)
    }

    /// Where its date has no year, the year that brings it nearest to the event.
    fn on_its_date(self, epoch: i64) -> Option<i64> {
        let date = self.date?;
        let at = |year: i16| {
            let civil = DateTime::new(year, date.month, date.day, self.hour, self.minute, 0, 0).ok()?;
            self.offset().to_timestamp(civil).ok().map(Timestamp::as_second)
        };
        if let Some(year) = date.year {
            return at(year);
        }
        let year = self.offset().to_datetime(Timestamp::from_second(epoch).ok()?).year();
        [year - 1, year, year + 1].into_iter().filter_map(at).min_by_key(|at| at.abs_diff(epoch))
    }

    /// Its second of a day of UTC.
    fn of_day(self) -> i64 {
        let local = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60;
        (local - i64::from(self.offset_hours) * 3600).rem_euclid(DAY_SECONDS)
    }

    fn first_from(self, before: i64) -> i64 {
        before + (self.of_day() - before).rem_euclid(DAY_SECONDS)
    }

    fn last_until(self, limit: i64) -> i64 {
        limit - (limit - self.of_day()).rem_euclid(DAY_SECONDS)
    }

    fn nearest(self, epoch: i64) -> i64 {
        let (earlier, later) = (self.last_until(epoch), self.first_from(epoch));
        if epoch - earlier <= later - epoch { earlier } else { later }
    }
}

/// A number of at most so many digits, and nothing else.
fn digits(text: &str, length_max: usize) -> Option<i16> {
    let is_number = (1..=length_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
