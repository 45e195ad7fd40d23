//! A date as a document writes it, in whichever of the usual orders, and how finely. What the date is of is not asked here.
//!
//! Nothing is guessed. A date whose order or zone has two meanings is refused with the reason, unless the feed's own `zone` decides. A date
//! without a zone is of that zone, else of UTC, and says that this was assumed. 24:00 is the end of its day. A year before 1971 was
//! never set. Beside the moment stands the instant with its fraction of a second, which no moment of an event tells.
//!
//! A date that leaves out its year, or its day, is read by the same rules (`open`): whoever knows what stands beside it says the day.

mod open;
mod parts;

use dateline_events::{Instant, Moment, Precision};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::dialects::feed::offsets;
use crate::observation::SeenTime;
use parts::{Parts, ToldZone};

pub(crate) use open::OpenDate;

/// A date has at most so many characters.
const MAX_DATE_CHARS: usize = 100;

/// No status page is older; a date that nobody set is of the year 1, or of 1970.
const YEAR_MIN: i16 = 1971;

/// Names that have one meaning in a document, by RFC 822, whatever they mean elsewhere. CST is none of them: China writes it too.
const CLEAR: [(&str, i32); 3] = [("EST", -300), ("MST", -420), ("PST", -480)];

/// The zone that the dates of a feed are taken to be in where they do not say it, or say it with a name of two meanings.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedZone {
    name: String,
    zone: TimeZone,
}

/// A date that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    /// As it is told, in UTC, or in the feed's zone.
    pub time: SeenTime,
    /// Its first instant, with the fraction of a second.
    pub instant: Instant,
}

impl FeedZone {
    /// The zone of an IANA name; None where there is none.
    pub fn parse(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        Some(Self { name: zone.iana_name().unwrap_or(name).to_owned(), zone })
    }
}

impl Written {
    /// Reads a date, or says why it cannot be read.
    pub(crate) fn read(text: &str, zone: Option<&FeedZone>) -> Result<Self, String> {
        let shown: String = text.trim().chars().take(MAX_DATE_CHARS).collect();
        let fault = |why: String| format!("its date \"{shown}\" cannot be read: {why}");
        if text.trim().chars().count() > MAX_DATE_CHARS {
            return Err(fault(format!("it has more than {MAX_DATE_CHARS} characters")));
        }
        Parts::of(&shown).and_then(|parts| Self::of(&parts, zone)).map_err(fault)
    }

    fn of(parts: &Parts, zone: Option<&FeedZone>) -> Result<Self, String> {
        let (civil, precision) = civil(parts)?;
        if let Some(year) = parts.year.filter(|year| *year < YEAR_MIN) {
            return Err(format!("nobody set it: no status page is of the year {year}"));
        }
        match Meant::of(parts.zone.as_ref(), zone, civil)? {
            Meant::Offset(minutes) => Self::at_offset(civil, precision, minutes),
            Meant::Own(own) => Self::assumed(civil, precision, Some(&own), None).map(Self::not_assumed),
            Meant::Assumed(minutes) => Self::assumed(civil, precision, zone, minutes),
        }
    }

    /// A date with an offset is told in UTC; a whole day keeps its own beginning.
    fn at_offset(civil: DateTime, precision: Precision, minutes: i32) -> Result<Self, String> {
        let instant = offset(minutes).to_timestamp(civil).map_err(|_| out_of_range())?;
        let text = match (precision, minutes) {
            (Precision::Day, 0) => format!("{}[UTC]", civil.date()),
            (Precision::Day, _) => format!("{}T00:00{}", civil.date(), suffix(minutes)),
            _ => format!("{}Z", clocked(Offset::UTC.to_datetime(instant), precision)),
        };
        Self::told(&text, precision, false, instant)
    }

    /// A date in a zone that it does not name itself; `meant` is the offset that its own word for the zone says.
    fn assumed(civil: DateTime, precision: Precision, zone: Option<&FeedZone>, meant: Option<i32>) -> Result<Self, String> {
        let Some(FeedZone { name, zone }) = zone else {
            return Self::at_offset(civil, precision, 0).map(|written| Self { time: SeenTime { zone_assumed: true, ..written.time }, ..written });
        };
        let at = match meant {
            Some(minutes) => offset(minutes).to_timestamp(civil),
            None => zone.to_ambiguous_zoned(civil).compatible().map(|zoned| zoned.timestamp()),
        };
        let instant = at.map_err(|_| out_of_range())?;
        let text = if precision == Precision::Day {
            format!("{}[{name}]", civil.date())
        } else {
            let own = meant.map_or_else(|| zone.to_offset(instant), offset);
            let told = format!("{}{}", clocked(own.to_datetime(instant), precision), suffix(own.seconds() / 60));
            // Whoever writes the winter's name in summer is believed in the offset: the zone would contradict it.
            if zone.to_offset(instant) == own { format!("{told}[{name}]") } else { told }
        };
        Self::told(&text, precision, true, instant)
    }

    fn told(text: &str, precision: Precision, zone_assumed: bool, instant: Timestamp) -> Result<Self, String> {
        let moment = Moment::parse(text)?;
        Ok(Self { time: SeenTime { moment, precision, wording: None, zone_assumed }, instant: Instant(instant.as_microsecond()) })
    }

    fn not_assumed(self) -> Self {
        Self { time: SeenTime { zone_assumed: false, ..self.time }, ..self }
    }
}

/// What the words for a zone mean.
enum Meant {
    /// Minutes east of UTC.
    Offset(i32),
    /// The zone that is named outright.
    Own(FeedZone),
    /// The feed's own zone, or UTC where it has none; with the offset that the date's own word for it says.
    Assumed(Option<i32>),
}

impl Meant {
    /// The one rule for every date of a page: of a name with several meanings the feed's zone decides, and without one it is refused.
    fn of(told: Option<&ToldZone>, zone: Option<&FeedZone>, civil: DateTime) -> Result<Self, String> {
        let name = match told {
            None => return Ok(Self::Assumed(None)),
            Some(ToldZone::Offset(minutes)) => return Ok(Self::Offset(*minutes)),
            Some(ToldZone::Iana(name)) => return FeedZone::parse(name).map(Self::Own).ok_or_else(|| format!("\"{name}\" is no IANA time zone")),
            Some(ToldZone::Name(name)) => name,
        };
        let upper = name.to_ascii_uppercase();
        if let Some((_, minutes)) = CLEAR.iter().find(|(clear, _)| *clear == upper) {
            return Ok(Self::Offset(*minutes));
        }
        match (offsets(name).as_deref(), zone) {
            (None, _) => Err(format!("\"{name}\" is a time zone whose offset is not known")),
            (Some([only]), _) => Ok(Self::Offset(*only)),
            (Some(several), None) => Err(format!("\"{name}\" is {}: name the feed's \"zone\"", listed(several))),
            (Some(several), Some(zone)) => match zone.offset_among(several, civil) {
                Some(minutes) => Ok(Self::Assumed(Some(minutes))),
                None => Err(format!("\"{name}\" is {}, and none of them in {}", listed(several), zone.name)),
            },
        }
    }

    /// Minutes east of UTC at a time of day.
    fn minutes(&self, zone: Option<&FeedZone>, civil: DateTime) -> i32 {
        match self {
            Self::Offset(minutes) | Self::Assumed(Some(minutes)) => *minutes,
            Self::Own(own) => own.minutes(civil),
            Self::Assumed(None) => zone.map_or(0, |zone| zone.minutes(civil)),
        }
    }
}

impl FeedZone {
    fn minutes(&self, civil: DateTime) -> i32 {
        self.zone.to_ambiguous_zoned(civil).compatible().map_or(0, |zoned| zoned.offset().seconds() / 60)
    }

    /// Which of several offsets this zone uses at that time, or else in the winter or summer of its year.
    fn offset_among(&self, several: &[i32], civil: DateTime) -> Option<i32> {
        let used = |civil: DateTime| self.zone.to_ambiguous_zoned(civil).compatible().ok().map(|zoned| zoned.offset().seconds() / 60);
        let halves = [1, 7].map(|month| Date::new(civil.year(), month, 1).ok().and_then(|day| used(day.at(12, 0, 0, 0))));
        [used(civil), halves[0], halves[1]].into_iter().flatten().find(|minutes| several.contains(minutes))
    }
}

/// The day and the clock, in the words' own zone.
fn civil(parts: &Parts) -> Result<(DateTime, Precision), String> {
    let (Some(year), Some(month), Some(day)) = (parts.year, parts.month, parts.day) else {
        return Err("it has no day, month and year".into());
    };
    let date = Date::new(year, month, day).map_err(|_| format!("{day}.{month}.{year} is no day of the calendar"))?;
    let Some(clock) = parts.clock()? else { return Ok((date.at(0, 0, 0, 0), Precision::Day)) };
    if clock.hour == 24 {
        return Ok((date.tomorrow().map_err(|_| out_of_range())?.at(0, 0, 0, 0), clock.precision));
    }
    let time = Time::new(clock.hour, clock.minute, clock.second, clock.nanosecond).map_err(|_| "its clock shows no time of day".to_owned())?;
    Ok((DateTime::from_parts(date, time), clock.precision))
}

/// A day and a clock as a moment is written.
fn clocked(civil: DateTime, precision: Precision) -> String {
    let (date, hour, minute) = (civil.date(), civil.hour(), civil.minute());
    match precision {
        Precision::Second => format!("{date}T{hour:02}:{minute:02}:{:02}", civil.second()),
        Precision::Minute | Precision::Hour | Precision::Day => format!("{date}T{hour:02}:{minute:02}"),
    }
}

fn offset(minutes: i32) -> Offset {
    Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC)
}

fn suffix(minutes: i32) -> String {
    format!("{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60)
}

fn listed(several: &[i32]) -> String {
    several.iter().map(|minutes| format!("UTC{}", suffix(*minutes))).collect::<Vec<_>>().join(" or ")
}

fn out_of_range() -> String {
    "it lies outside the years that can be kept".into()
}

#[cfg(test)]
mod tests;
