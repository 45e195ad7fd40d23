//! A time of day that leaves out its year, or its whole date: "Aug 21, 00:37 UTC", "8:14 AM PDT". It is read by the rules of every date, and
//! becomes one once its day is said. Which day that is, is not asked here.

use dateline_events::{Instant, Moment};
use jiff::civil::Date;
use jiff::tz::Offset;

use super::parts::{Clock, Parts, ToldZone};
use super::{FeedZone, MAX_DATE_CHARS, Meant, Written, civil, clocked, suffix};
use crate::observation::SeenTime;

/// A leap year has every day that any year has.
const LEAP_YEAR: i16 = 2024;

/// A time that was read as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenDate {
    parts: Parts,
    clock: Clock,
    /// The words, spaces brought together.
    pub wording: String,
}

impl OpenDate {
    /// Reads words without markup that tell a time of day, or says why they do not.
    pub fn read(words: &str) -> Result<Self, String> {
        if words.chars().count() > MAX_DATE_CHARS {
            return Err(format!("it has more than {MAX_DATE_CHARS} characters"));
        }
        let parts = Parts::of(words)?;
        let clock = parts.clock()?.ok_or("it tells no time of day")?;
        match (parts.month, parts.day, parts.year) {
            (Some(month), Some(day), year) => drop(Date::new(year.unwrap_or(LEAP_YEAR), month, day).map_err(|_| "it is no day of the calendar")?),
            (None, None, None) => {}
            _ => return Err("it has a part of a day".into()),
        }
        if clock.hour == 24 && parts.month.is_none() || clock.hour > 24 || clock.minute > 59 {
            return Err("its clock shows no time of day".into());
        }
        Ok(Self { parts, clock, wording: words.split_whitespace().collect::<Vec<_>>().join(" ") })
    }

    /// Month and day, where they are told.
    pub fn day(&self) -> Option<(i8, i8)> {
        self.parts.month.zip(self.parts.day)
    }

    /// The year, almost never told.
    pub fn year(&self) -> Option<i16> {
        self.parts.year
    }

    /// True where it names its zone.
    pub fn has_zone(&self) -> bool {
        self.parts.zone.is_some()
    }

    /// Seconds since the day began.
    pub fn seconds_of_day(&self) -> i64 {
        i64::from(self.clock.hour) * 3600 + i64::from(self.clock.minute) * 60 + i64::from(self.clock.second)
    }

    /// The name of its zone, where that is an abbreviation.
    pub fn zone_name(&self) -> Option<&str> {
        if let Some(ToldZone::Name(name)) = &self.parts.zone { Some(name) } else { None }
    }

    /// The same in the zone of another.
    pub fn in_zone_of(self, other: &Self) -> Self {
        Self { parts: Parts { zone: other.parts.zone.clone(), ..self.parts }, ..self }
    }

    /// The same on the day of another.
    pub fn on_day_of(self, other: &Self) -> Self {
        let Parts { year, month, day, .. } = other.parts;
        Self { parts: Parts { year, month, day, ..self.parts }, ..self }
    }

    /// The same at an offset, in minutes east of UTC, which its zone is known to be.
    pub fn at_offset(self, minutes: i32) -> Self {
        Self { parts: Parts { zone: Some(ToldZone::Offset(minutes)), ..self.parts }, ..self }
    }

    /// Minutes east of UTC about an instant; or why its zone says none.
    pub fn offset_minutes(&self, about: Instant, zone: Option<&FeedZone>) -> Result<i32, String> {
        let civil = Offset::UTC.to_datetime(about.timestamp());
        Ok(Meant::of(self.parts.zone.as_ref(), zone, civil)?.minutes(zone, civil))
    }

    /// When it is in a year, with the offset that it was told in.
    pub fn in_year(&self, year: i16, zone: Option<&FeedZone>) -> Result<SeenTime, String> {
        Self::of(&Parts { year: Some(year), ..self.parts.clone() }, zone)
    }

    /// When it is on a day.
    pub fn on(&self, day: Date, zone: Option<&FeedZone>) -> Result<SeenTime, String> {
        Self::of(&Parts { year: Some(day.year()), month: Some(day.month()), day: Some(day.day()), ..self.parts.clone() }, zone)
    }

    fn of(parts: &Parts, zone: Option<&FeedZone>) -> Result<SeenTime, String> {
        let (at, precision) = civil(parts)?;
        match Meant::of(parts.zone.as_ref(), zone, at)? {
            Meant::Offset(minutes) => {
                let east = if minutes == 0 { "Z".to_owned() } else { suffix(minutes) };
                let moment = Moment::parse(&format!("{}{east}", clocked(at, precision)))?;
                Ok(SeenTime { moment, precision, wording: None, zone_assumed: false })
            }
            _ => Written::of(parts, zone).map(|written| written.time),
        }
    }
}
