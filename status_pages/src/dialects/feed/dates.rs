//! Dates of a feed's body: a month, a day and a clock, a zone by its abbreviation, and no year. What the posts say is not read here.

use dateline_events::{Instant, Moment, Precision};
use jiff::tz::TimeZone;

use crate::observation::SeenTime;

/// Clocks that run apart, and posts that were put back in time a little, make no year of a difference.
pub(super) const SLACK: i64 = 24 * Instant::HOUR;

/// A day is looked for in so many years: the 29 February of 1904 is eight years from the one before, and no day is rarer.
const YEARS_BACK: i16 = 8;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A time as it stands in a body: "Aug 21, 00:37 UTC".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    /// Almost never said.
    pub year: Option<i16>,
    /// The abbreviation, or "+08".
    pub zone: Option<String>,
    /// The words, spaces brought together.
    pub wording: String,
}

impl Told {
    /// Reads words without markup.
    pub(super) fn parse(words: &str) -> Option<Self> {
        let mut parts = parts(words).peekable();
        let month = month(parts.next()?)?;
        let day = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
        let year = parts.next_if(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit())).and_then(|year| year.parse().ok());
        let (hour, minute) = clock(parts.next()?)?;
        let zone = parts.next().map(ToOwned::to_owned);
        let wording = words.split_whitespace().collect::<Vec<_>>().join(" ");
        parts.next().is_none().then_some(Self { month, day, hour, minute, year, zone, wording })
    }

    /// The planned window: "Oct 5, 04:00 - 05:00 UTC", or "Feb 8, 22:00 UTC - Feb 9, 13:00 UTC".
    pub(super) fn parse_window(words: &str) -> Option<(Self, Self)> {
        let words = words.replace(['–', '—'], "-");
        let (from, until) = words.split_once(" - ")?;
        let mut from = Self::parse(from)?;
        let until = Self::parse(until).or_else(|| {
            let mut parts = parts(until);
            let (hour, minute) = clock(parts.next()?)?;
            let zone = parts.next().map(ToOwned::to_owned);
            parts.next().is_none().then(|| Self { hour, minute, zone, ..from.clone() })
        })?;
        from.zone = from.zone.or_else(|| until.zone.clone());
        Some((from, until))
    }

    /// The last time that it was so, not after `limit` (by more than a day).
    pub(super) fn last_before(&self, limit: Instant, offset: i32) -> Option<SeenTime> {
        let last = year_of(limit) + 1;
        let mut years = (last - 1 - YEARS_BACK..=last).rev();
        years.find_map(|year| self.in_year(year, offset).filter(|time| self.year.is_some() || time.start() <= limit.plus(SLACK)))
    }

    /// The first time that it was so, not before `limit` (by more than a day).
    pub(super) fn first_after(&self, limit: Instant, offset: i32) -> Option<SeenTime> {
        let first = year_of(limit) - 1;
        let mut years = first..=first + 1 + YEARS_BACK;
        years.find_map(|year| self.in_year(year, offset).filter(|time| self.year.is_some() || time.start() >= limit.plus(-SLACK)))
    }

    /// The time that it was so which lies nearest to `anchor`.
    pub(super) fn nearest_to(&self, anchor: Instant, offset: i32) -> Option<SeenTime> {
        let middle = year_of(anchor);
        let times = (middle - YEARS_BACK..=middle + YEARS_BACK).filter_map(|year| self.in_year(year, offset));
        times.min_by_key(|time| time.start().0.abs_diff(anchor.0))
    }

    fn in_year(&self, year: i16, offset: i32) -> Option<SeenTime> {
        let year = self.year.unwrap_or(year);
        let Self { month, day, hour, minute, .. } = self;
        let told_in = match offset {
            0 => "Z".to_owned(),
            minutes => format!("{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60),
        };
        let moment = Moment::parse(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}{told_in}")).ok()?;
        let wording = self.year.is_none().then(|| self.wording.clone());
        Some(SeenTime { moment, precision: Precision::Minute, wording, zone_assumed: self.zone.is_none() })
    }
}

fn year_of(instant: Instant) -> i16 {
    instant.timestamp().to_zoned(TimeZone::UTC).year()
}

fn parts(words: &str) -> impl Iterator<Item = &str> {
    words.split(|character: char| character.is_whitespace() || character == ',').filter(|part| !part.is_empty() && *part != "-")
}

fn month(name: &str) -> Option<u8> {
    let name = name.to_ascii_lowercase();
    let short = name.get(..3).filter(|_| name.bytes().all(|byte| byte.is_ascii_lowercase()))?;
    MONTHS.iter().zip(1..).find(|(month, _)| **month == short).map(|(_, number)| number)
}

fn clock(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let is_sound = (1..=2).contains(&hour.len()) && minute.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (is_sound && hour < 24 && minute < 60).then_some((hour, minute))
}

/// What an abbreviation can mean, in minutes east of UTC, the likeliest first; None for one that is not known.
pub(in crate::dialects) fn offsets(zone: &str) -> Option<Vec<i32>> {
    let upper = zone.to_ascii_uppercase();
    if let Some((_, offsets)) = ZONES.iter().find(|(names, _)| names.split(' ').any(|name| name == upper)) {
        return Some(offsets.to_vec());
    }
    let digits = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper);
    let (sign, digits) = match digits.strip_prefix('-').or_else(|| digits.strip_prefix('−')) {
        Some(digits) => (-1, digits),
        None => (1, digits.strip_prefix('+')?),
    };
    let digits = digits.replace(':', "");
    let is_sound = (1..=4).contains(&digits.len()) && digits.len() != 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = if digits.len() == 4 { digits.split_at(2) } else { (digits.as_str(), "0") };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (is_sound && hours <= 14 && minutes < 60).then(|| vec![sign * (hours * 60 + minutes)])
}

/// The abbreviations that pages are set to, in minutes east of UTC. Where one is used in several parts of the world, all stand here.
const ZONES: [(&str, &[i32]); 49] = [
    ("UTC GMT UT Z WET", &[0]),
    ("CET MET MEZ WEST WAT", &[60]),
    ("BST", &[60, 360]),
    ("CEST MEST MESZ EET SAST CAT", &[120]),
    ("IST", &[330, 60, 120]),
    ("EEST MSK TRT EAT IDT", &[180]),
    ("IRST", &[210]),
    ("GST AZT GET", &[240]),
    ("AFT", &[270]),
    ("PKT UZT", &[300]),
    ("NPT", &[345]),
    ("BDT", &[360]),
    ("MMT", &[390]),
    ("ICT WIB", &[420]),
    ("SGT HKT AWST MYT PHT WITA", &[480]),
    ("JST KST WIT", &[540]),
    ("ACST", &[570]),
    ("AEST CHST", &[600]),
    ("ACDT", &[630]),
    ("AEDT", &[660]),
    ("NZST", &[720]),
    ("NZDT", &[780]),
    ("EDT", &[-240]),
    ("EST", &[-300, 600]),
    ("CDT", &[-300]),
    ("CST", &[-360, 480]),
    ("MDT", &[-360]),
    ("MST", &[-420, 480]),
    ("PDT", &[-420]),
    ("PST", &[-480, 480]),
    ("AKDT", &[-480]),
    ("AKST", &[-540]),
    ("HDT", &[-540]),
    ("HST", &[-600]),
    ("SST", &[-660, 480]),
    ("AST", &[-240, 180]),
    ("ADT", &[-180]),
    ("NDT", &[-150]),
    ("NST", &[-210]),
    ("BRT", &[-180]),
    ("BRST", &[-120]),
    ("ART", &[-180]),
    ("UYT", &[-180]),
    ("CLT", &[-240]),
    ("CLST", &[-180]),
    ("BOT VET", &[-240]),
    ("COT PET ECT", &[-300]),
    ("CVT", &[-60]),
    ("AZOT", &[-60]),
];

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn last(words: &str, limit: &str) -> String {
        let told = Told::parse(words).unwrap();
        let offset = offsets(told.zone.as_deref().unwrap()).unwrap()[0];
        told.last_before(at(limit), offset).unwrap().moment.text
    }

    #[test]
    fn the_year_is_the_last_in_which_it_was_so() {
        assert_eq!(last("Aug 21, 00:37 UTC", "2026-08-21T00:37:20Z"), "2026-08-21T00:37Z");
        assert_eq!(last("Dec 31, 23:50 UTC", "2026-01-01T00:10:00Z"), "2025-12-31T23:50Z");
        assert_eq!(last("Dec 31, 16:50 PST", "2026-01-01T00:50:59Z"), "2025-12-31T16:50-08:00");
        assert_eq!(last("Jan 1, 05:50 IST", "2026-01-01T00:20:00Z"), "2026-01-01T05:50+05:30");
        assert_eq!(last("Feb 29, 01:00 UTC", "2027-02-27T00:00:00Z"), "2024-02-29T01:00Z");
        assert_eq!(last("Jan  1, 00:05 +08", "2025-12-31T16:05:00Z"), "2026-01-01T00:05+08:00");
        // A clock that runs a little ahead makes no year of it.
        assert_eq!(last("Aug 21, 00:38 UTC", "2026-08-21T00:37:20Z"), "2026-08-21T00:38Z");
        assert_eq!(last("Aug 21, 2024 - 00:38 UTC", "2026-08-21T00:37:20Z"), "2024-08-21T00:38Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for words in
            ["", "Aug", "Aug 21", "Aug 32, 00:37 UTC", "Aug 21, 24:00 UTC", "Aug 21, 00:37 UTC or so", "Foo 21, 00:37 UTC", "Aug 21, 0:7 UTC"]
        {
            assert_eq!(Told::parse(words), None, "{words}");
        }
        for zone in ["XYZ", "", "+", "+25", "+123", "+ab", "-"] {
            assert_eq!(offsets(zone), None, "{zone}");
        }
        assert_eq!((offsets("+0530"), offsets("-03"), offsets("GMT+2")), (Some(vec![330]), Some(vec![-180]), Some(vec![120])));
    }

    #[test]
    fn a_window_shares_its_day_or_has_two() {
        let window = |words: &str| {
            let (from, until) = Told::parse_window(words).unwrap();
            let near = |told: &Told| told.nearest_to(at("2026-12-30T00:00:00Z"), offsets(told.zone.as_deref().unwrap()).unwrap()[0]).unwrap();
            (near(&from).moment.text, near(&until).moment.text)
        };
        assert_eq!(window("Jan 5, 04:00 - 05:00 UTC"), ("2027-01-05T04:00Z".into(), "2027-01-05T05:00Z".into()));
        assert_eq!(window("Dec 31, 22:00 EST  -  Jan 1, 13:00 EST"), ("2026-12-31T22:00-05:00".into(), "2027-01-01T13:00-05:00".into()));
        assert_eq!(Told::parse_window("Jan 5, 04:00 UTC"), None);
    }
}
