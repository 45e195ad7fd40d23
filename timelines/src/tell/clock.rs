//! Times as they are told: the reader's zone, the source's own clock, and the few ways in which a time can be said.
//! No words of any language stand here, and no bound is closed here.

use dateline_events::{Bounds, Form, Instant, Moment, Point, Precision, When};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::UnknownZone;

mod offsets;

pub use offsets::ToldClock;
pub(super) use offsets::{ClockName, Offsets, whole_days};

/// A zone with its name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zone {
    pub(super) name: String,
    zone: TimeZone,
    /// True where each time says what its clocks are called, because that changes within what is told.
    names_clocks: bool,
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl Zone {
    /// Finds it in the bundled database.
    pub(super) fn find(name: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone(super::clean::at_most(&super::clean::clean(name), 80));
        TimeZone::get(name).map(|zone| Self { name: name.to_owned(), zone, names_clocks: false }).map_err(|_| unknown())
    }

    pub(super) fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC, names_clocks: false }
    }

    /// The same, with each time saying what its clocks are called.
    pub(super) fn naming_clocks(self) -> Self {
        Self { names_clocks: true, ..self }
    }

    /// The whole minute that holds an instant, on this zone's clocks.
    pub(super) fn stamp(&self, instant: Instant) -> Stamp {
        let civil = self.zone.to_datetime(instant.timestamp());
        let clock = self.names_clocks.then(|| ClockName::of(&self.abbreviation(instant)));
        Stamp { date: civil.date(), hour: civil.hour(), minute: civil.minute(), at: instant, clock }
    }

    /// The last whole minute before an instant: what half-open intervals are told to.
    fn last_minute(&self, end: Instant) -> Stamp {
        self.stamp(end.plus(-1))
    }

    /// What its clocks are called at an instant: "IST", "UTC+4".
    pub(super) fn abbreviation(&self, instant: Instant) -> String {
        let info = self.zone.to_offset_info(instant.timestamp());
        let name = info.abbreviation();
        match name.strip_prefix(['+', '-']) {
            Some(digits) => offset_name(name.starts_with('-'), digits),
            None => name.to_owned(),
        }
    }

    fn offset_seconds(&self, instant: Instant) -> i32 {
        self.zone.to_offset(instant.timestamp()).seconds()
    }
}

/// "+0530" or "+05:30" as "UTC+5:30".
fn offset_name(negative: bool, digits: &str) -> String {
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at(digits.len().min(2));
    let sign = if negative { '-' } else { '+' };
    let hours: u32 = hours.parse().unwrap_or(0);
    if minutes.is_empty() || minutes == "00" { format!("UTC{sign}{hours}") } else { format!("UTC{sign}{hours}:{minutes}") }
}

/// A minute on a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) date: Date,
    pub(super) hour: i8,
    pub(super) minute: i8,
    /// What its clock is called, where that is said beside it.
    pub(super) clock: Option<ClockName>,
    /// The instant that it was made of.
    at: Instant,
}

impl Stamp {
    /// The minute as a number: clocks that are set back show one twice.
    fn number(self) -> i64 {
        self.at.0.div_euclid(Instant::MINUTE)
    }

    /// The same without its clock's name where the other has that too: of a range one says it.
    pub(super) fn unlike(self, other: Self) -> Self {
        Self { clock: self.clock.filter(|_| self.clock != other.clock), ..self }
    }

    /// The part of the day that it falls in.
    pub(super) fn part(self) -> DayPart {
        match self.hour {
            4..=5 => DayPart::Dawn,
            6..=11 => DayPart::Morning,
            12..=15 => DayPart::Noon,
            16..=17 => DayPart::Afternoon,
            18..=19 => DayPart::Evening,
            _ => DayPart::Night,
        }
    }
}

/// The parts of a day, as Bengali has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayPart {
    Dawn,
    Morning,
    Noon,
    Afternoon,
    Evening,
    Night,
}

/// A time, ready to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phrase {
    /// At a minute.
    At { stamp: Stamp, approximate: bool },
    /// In an hour.
    Hour { from: Stamp, last: Stamp, approximate: bool },
    /// On a day.
    Day(Date),
    /// Between two minutes, both inside.
    Range(Stamp, Stamp),
    /// Between two days, both inside.
    Days(Date, Date),
    /// Not after this minute.
    By(Stamp),
    /// Not after this day.
    ByDay(Date),
    /// Not before this minute.
    After(Stamp),
    /// Not before this day.
    AfterDay(Date),
    /// In the half hour before.
    JustBefore(Stamp),
    /// In the half hour after.
    JustAfter(Stamp),
    /// After another event, on this day if one is named.
    Later(Option<Date>),
    /// Before another event, on this day if one is named.
    Earlier(Option<Date>),
    /// Nobody said, but perhaps the day.
    Unknown(Option<Date>),
}

/// Where a time is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// At the head of a line: as short as can be.
    Head,
    /// In a list of claims.
    Claim,
    /// In a sentence, as an adverb.
    Adverb,
}

/// What the reader has been told already, and need not be told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Around {
    /// The day.
    pub(super) day: Option<Date>,
    /// The part of the day.
    pub(super) part: Option<DayPart>,
}

impl Around {
    /// The same, once a time in this part of the day has been told.
    #[must_use]
    pub(super) fn after(self, phrase: &Phrase) -> Self {
        Self { part: phrase.first().map(Stamp::part).or(self.part), ..self }
    }
}

impl Phrase {
    /// How a source told it, on the reader's clocks.
    pub(super) fn of(when: &When, zone: &Zone) -> Self {
        let within = when.within.as_ref().and_then(|(first, second)| one_day(first, second));
        match &when.form {
            Form::At { at, precision: Precision::Day, .. } => date_of(at).map_or_else(|| Self::Day(zone.stamp(at.start()).date), Self::Day),
            Form::At { at, precision: Precision::Hour, approximate } => {
                let (from, last) = (zone.stamp(at.start()), zone.last_minute(at.start().plus(Instant::HOUR)));
                Self::Hour { from, last, approximate: *approximate }
            }
            Form::At { at, approximate, .. } => Self::At { stamp: zone.stamp(at.start()), approximate: *approximate },
            Form::Between(first, second) => Self::between(first, second, zone),
            Form::Before { point: Point::Event { .. }, .. } => Self::Earlier(within),
            Form::After { point: Point::Event { .. }, .. } => Self::Later(within),
            Form::Before { point: Point::Moment(moment), just } => match (whole_day(moment), just) {
                (Some(date), _) => Self::ByDay(date),
                (None, true) => Self::JustBefore(zone.stamp(moment.start())),
                (None, false) => Self::By(zone.stamp(moment.start())),
            },
            Form::After { point: Point::Moment(moment), just } => match (whole_day(moment), just) {
                (Some(date), _) => Self::AfterDay(date),
                (None, true) => Self::JustAfter(zone.stamp(moment.start())),
                (None, false) => Self::After(zone.stamp(moment.start())),
            },
            Form::Unknown => Self::Unknown(within),
        }
    }

    fn between(first: &Moment, second: &Moment, zone: &Zone) -> Self {
        match (whole_day(first), whole_day(second)) {
            (Some(first), Some(second)) if first == second => Self::Day(first),
            (Some(first), Some(second)) => Self::Days(first, second),
            _ => {
                let last = if whole_day(second).is_some() { zone.last_minute(second.end()) } else { zone.stamp(second.start()) };
                Self::Range(zone.stamp(first.start()), last).narrowed()
            }
        }
    }

    /// An interval by its bounds alone, to the last whole minute inside.
    pub(super) fn of_bounds(bounds: Bounds, zone: &Zone) -> Self {
        match (bounds.earliest, bounds.latest) {
            (Some(earliest), Some(latest)) => Self::Range(zone.stamp(earliest), zone.last_minute(latest)).narrowed(),
            (Some(earliest), None) => Self::After(zone.stamp(earliest)),
            (None, Some(latest)) => Self::By(zone.last_minute(latest)),
            (None, None) => Self::Unknown(None),
        }
    }

    fn narrowed(self) -> Self {
        match self {
            Self::Range(first, last) if first.number() >= last.number() => Self::At { stamp: first, approximate: false },
            other => other,
        }
    }

    /// The minutes that it names.
    pub(super) fn stamps(&self) -> impl Iterator<Item = Stamp> {
        let last = match self {
            Self::Hour { last, .. } | Self::Range(_, last) => Some(*last),
            _ => None,
        };
        self.first().into_iter().chain(last)
    }

    /// The day that its source told, which is that day in every zone; None where it told an hour, or no day.
    pub(super) fn told_day(&self) -> Option<Date> {
        self.day().filter(|_| self.first().is_none())
    }

    /// The first minute that it names.
    pub(super) fn first(&self) -> Option<Stamp> {
        match self {
            Self::At { stamp, .. } | Self::Hour { from: stamp, .. } | Self::Range(stamp, _) | Self::By(stamp) => Some(*stamp),
            Self::After(stamp) | Self::JustBefore(stamp) | Self::JustAfter(stamp) => Some(*stamp),
            _ => None,
        }
    }

    /// The day that it names.
    pub(super) fn day(&self) -> Option<Date> {
        match self {
            Self::Day(day) | Self::Days(day, _) | Self::ByDay(day) | Self::AfterDay(day) => Some(*day),
            Self::Later(day) | Self::Earlier(day) | Self::Unknown(day) => *day,
            _ => self.first().map(|stamp| stamp.date),
        }
    }

    /// True for a time that something can be dated to.
    pub(super) fn is_point(&self) -> bool {
        matches!(self, Self::At { .. } | Self::Hour { .. } | Self::Day(_))
    }

    /// True where no source told an hour.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Later(_) | Self::Earlier(_) | Self::Unknown(_))
    }
}

/// What the source's own clock showed, where it is not the reader's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnClock {
    pub(super) first: (i8, i8),
    pub(super) last: Option<(i8, i8)>,
    /// What its clocks are called; None where they have no name of their own, only a distance from UTC.
    pub(super) abbreviation: Option<String>,
    /// The IANA zone, or the distance from UTC.
    pub(super) zone: String,
    /// True where the publisher assumed the zone.
    pub(super) assumed: bool,
}

/// The source's own clock, if it told an hour and its clock differs from the reader's.
pub(super) fn own_clock(when: &When, zone: &Zone) -> Option<OwnClock> {
    let (first, last) = match &when.form {
        Form::At { at, .. } => (at, None),
        Form::Between(first, second) => (first, Some(second)),
        Form::Before { point: Point::Moment(moment), .. } | Form::After { point: Point::Moment(moment), .. } => (moment, None),
        _ => return None,
    };
    let (clock, seconds) = written_clock(first)?;
    if seconds == zone.offset_seconds(first.start()) {
        return None;
    }
    let distance = || offset_name(seconds < 0, &format!("{:02}{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60));
    let abbreviation = match first.zone() {
        Some(name) => Zone::find(name).ok().map(|own| own.abbreviation(first.start())).filter(|name| !name.starts_with("UTC") || name == "UTC"),
        None => (seconds == 0).then(|| "UTC".to_owned()),
    };
    let last = last.and_then(written_clock).map(|(clock, _)| clock).filter(|last| *last != clock);
    Some(OwnClock { first: clock, last, abbreviation, zone: first.zone().map_or_else(distance, str::to_owned), assumed: when.zone_assumed })
}

/// The clock as written and its offset in seconds; None for a whole day.
fn written_clock(moment: &Moment) -> Option<((i8, i8), i32)> {
    let hour: i8 = moment.text.get(11..13).filter(|_| whole_day(moment).is_none())?.parse().ok()?;
    let minute: i8 = moment.text.get(14..16)?.parse().ok()?;
    let body = moment.text.split('[').next()?;
    if body.ends_with('Z') {
        return Some(((hour, minute), 0));
    }
    let offset = body.get(body.len().checked_sub(6)?..)?;
    let (hours, minutes): (i32, i32) = (offset.get(1..3)?.parse().ok()?, offset.get(4..6)?.parse().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    Some(((hour, minute), if offset.starts_with('-') { -seconds } else { seconds }))
}

/// The date of a moment that is a whole day.
fn whole_day(moment: &Moment) -> Option<Date> {
    if moment.text.as_bytes().get(10) == Some(&b'T') { None } else { date_of(moment) }
}

/// The date as written: the day of its own zone, which is the day that its source means.
fn date_of(moment: &Moment) -> Option<Date> {
    moment.text.get(..10)?.parse().ok()
}

/// The one whole day that both ends of a window lie in.
fn one_day(first: &Moment, second: &Moment) -> Option<Date> {
    whole_day(first).filter(|day| whole_day(second) == Some(*day))
}

/// The moment that a time names, before any widening; what spreads are told from.
pub(super) fn named(when: &When) -> Option<(Instant, Instant)> {
    match &when.form {
        Form::At { at, precision: Precision::Minute | Precision::Second | Precision::Hour, .. } => Some((at.start(), at.start())),
        Form::Between(first, second) if whole_day(first).is_none() => Some((first.start(), second.start())),
        Form::Before { point: Point::Moment(moment), .. } | Form::After { point: Point::Moment(moment), .. } => {
            whole_day(moment).is_none().then(|| (moment.start(), moment.start()))
        }
        _ => None,
    }
}
