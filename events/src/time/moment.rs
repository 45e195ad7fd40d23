//! T of the contract: RFC 9557 with two shortenings, a whole minute and a whole day.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Instant;

/// How much of a moment was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// `…T12:07:30…`: seconds, perhaps with a fraction.
    Second,
    /// `…T12:07…`: a whole minute.
    Minute,
    /// `2022-10-25[Asia/Kolkata]`: a whole day of a zone.
    Day,
}

/// A moment as written, with the interval [start, end) that it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The text, kept as given.
    pub text: String,
    start: Instant,
    end: Instant,
    shape: Shape,
}

impl Moment {
    /// Reads a moment. The offset alone gives the instant: whether it agrees with the zone is asked at the door only
    /// ([`Moment::zone_fault`]), because a zone's rules may change after the event was accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (body, zone) = split_zone(text)?;
        let Some((date, clock)) = body.split_once('T') else {
            return Self::day(text, body, zone);
        };
        let date: Date = parse_date(date, text)?;
        let (clock, offset) = split_offset(clock).ok_or_else(|| wrong_form(text))?;
        let shape = if clock.len() == 5 { Shape::Minute } else { Shape::Second };
        let clock = parse_clock(clock).ok_or_else(|| wrong_form(text))?;
        let civil = DateTime::from_parts(date, clock);
        let start = offset.to_timestamp(civil).map_err(|_| format!("\"{text}\" lies outside the years that can be kept"))?;
        let start = Instant::from_timestamp(start);
        let width = if shape == Shape::Minute { Instant::MINUTE } else { Instant::SECOND };
        Ok(Self { text: text.to_owned(), start, end: start.plus(width), shape })
    }

    fn day(text: &str, body: &str, zone: Option<&str>) -> Result<Self, String> {
        let date: Date = parse_date(body, text)?;
        let name = zone.ok_or_else(|| format!("\"{text}\" is a date without its zone; write \"{text}[Asia/Kolkata]\""))?;
        let zone = find_zone(name)?;
        let outside = |_| format!("\"{text}\" lies outside the years that can be kept");
        let start = zone.to_zoned(date.at(0, 0, 0, 0)).map_err(outside)?;
        let end = zone.to_zoned(date.tomorrow().map_err(outside)?.at(0, 0, 0, 0)).map_err(outside)?;
        let (start, end) = (Instant::from_timestamp(start.timestamp()), Instant::from_timestamp(end.timestamp()));
        Ok(Self { text: text.to_owned(), start, end, shape: Shape::Day })
    }

    /// The first instant of what was written.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// The first instant after what was written.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// How much was written.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The IANA zone it was told in, where one is named.
    pub fn zone(&self) -> Option<&str> {
        split_zone(&self.text).ok().and_then(|(_, zone)| zone)
    }

    /// What is wrong between the offset and the zone, by today's zone rules. Asked at the door, never of the ledger.
    pub fn zone_fault(&self) -> Option<String> {
        let name = self.zone()?;
        let zone = match find_zone(name) {
            Ok(zone) => zone,
            Err(fault) => return Some(fault),
        };
        if self.shape == Shape::Day {
            return None;
        }
        let (body, _) = split_zone(&self.text).ok()?;
        let (_, stated) = split_offset(body.split_once('T')?.1)?;
        let actual = zone.to_offset(self.start.timestamp());
        (actual != stated).then(|| {
            let (actual, stated) = (with_minutes(actual), with_minutes(stated));
            format!("\"{}\": {name} was at UTC{actual} then, not at UTC{stated}; correct the time, the offset or the zone", self.text)
        })
    }
}

/// Finds an IANA zone in the bundled database.
fn find_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("\"{name}\" is not an IANA time zone; expected one such as \"Asia/Kolkata\" or \"UTC\""))
}

/// An offset as a moment is written: `+05:30`.
fn with_minutes(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn wrong_form(text: &str) -> String {
    format!("\"{text}\" is not a moment; expected \"2022-10-25T12:07+05:30[Asia/Kolkata]\", the same with seconds, or \"2022-10-25[Asia/Kolkata]\"")
}

fn parse_date(date: &str, text: &str) -> Result<Date, String> {
    let digits_and_dashes =
        date.len() == 10 && date.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if !digits_and_dashes {
        return Err(wrong_form(text));
    }
    date.parse().map_err(|_| format!("\"{text}\": {date} is not a day of the calendar"))
}

fn split_zone(text: &str) -> Result<(&str, Option<&str>), String> {
    match text.split_once('[') {
        None => Ok((text, None)),
        Some((body, rest)) => {
            rest.strip_suffix(']').filter(|zone| !zone.contains(['[', ']', '='])).map(|zone| (body, Some(zone))).ok_or_else(|| wrong_form(text))
        }
    }
}

fn split_offset(clock: &str) -> Option<(&str, Offset)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, Offset::UTC));
    }
    let at = clock.rfind(['+', '-'])?;
    let (clock, offset) = clock.split_at(at);
    let (hours, minutes) = offset[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    let signed = if offset.starts_with('-') { -seconds } else { seconds };
    Some((clock, Offset::from_seconds(signed).ok()?))
}

fn parse_clock(clock: &str) -> Option<jiff::civil::Time> {
    let sound = clock.bytes().enumerate().all(|(at, byte)| match at {
        2 | 5 => byte == b':',
        8 => byte == b'.',
        _ => byte.is_ascii_digit(),
    });
    if !sound || !(clock.len() == 5 || clock.len() == 8 || (10..=18).contains(&clock.len())) {
        return None;
    }
    let (hour, minute): (i8, i8) = (clock[0..2].parse().ok()?, clock[3..5].parse().ok()?);
    let second: i8 = clock.get(6..8).map_or(Some(0), |text| text.parse().ok())?;
    let nanosecond: i32 = clock.get(9..).map_or(Some(0), |digits| format!("{digits:0<9}").parse().ok())?;
    jiff::civil::Time::new(hour, minute, second, nanosecond).ok()
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
