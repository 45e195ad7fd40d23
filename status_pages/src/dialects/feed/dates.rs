//! Dates of a feed's body: a month, a day and a clock, a zone by its abbreviation, and mostly no year. Their words are read as those of any
//! date are (`written`); which year is meant is found here. What the posts say is not read here.

use dateline_events::Instant;
use jiff::tz::TimeZone;

use crate::dialects::written::{FeedZone, OpenDate};
use crate::observation::SeenTime;

/// Clocks that run apart, and posts that were put back in time a little, make no year of a difference.
pub(super) const SLACK: i64 = 24 * Instant::HOUR;

/// A day is looked for in so many years: the 29 February of 1904 is eight years from the one before, and no day is rarer.
const YEARS_BACK: i16 = 8;

/// A time as it stands in a body: "Aug 21, 00:37 UTC".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told(OpenDate);

impl Told {
    /// Reads words without markup.
    pub(super) fn parse(words: &str) -> Result<Self, String> {
        let told = OpenDate::read(words)?;
        if told.day().is_some() { Ok(Self(told)) } else { Err("it has no day and month".into()) }
    }

    /// The planned window: "Oct 5, 04:00 - 05:00 UTC", or "Feb 8, 22:00 UTC - Feb 9, 13:00 UTC".
    pub(super) fn parse_window(words: &str) -> Option<(Self, Self)> {
        let words = words.replace(['–', '—'], "-");
        let (from, until) = words.split_once(" - ")?;
        let (from, until) = (Self::parse(from).ok()?.0, OpenDate::read(until).ok()?);
        let until = if until.day().is_some() { until } else { until.on_day_of(&from) };
        let from = if from.has_zone() { from } else { from.in_zone_of(&until) };
        Some((Self(from), Self(until)))
    }

    /// The words, spaces brought together.
    pub(super) fn wording(&self) -> &str {
        &self.0.wording
    }

    /// The abbreviation of its zone.
    pub(super) fn zone_name(&self) -> Option<&str> {
        self.0.zone_name()
    }

    /// The same, where its zone is known to be at an offset.
    pub(super) fn at_offset(self, minutes: i32) -> Self {
        Self(self.0.at_offset(minutes))
    }

    /// Why it is no time of any year, where that is so in the year of an instant too.
    pub(super) fn fault(&self, about: Instant, zone: Option<&FeedZone>) -> Option<String> {
        self.0.offset_minutes(about, zone).err()
    }

    /// The last time that it was so, not after `limit` (by more than a day).
    pub(super) fn last_before(&self, limit: Instant, zone: Option<&FeedZone>) -> Option<SeenTime> {
        let last = year_of(limit) + 1;
        let mut years = (last - 1 - YEARS_BACK..=last).rev();
        years.find_map(|year| self.in_year(year, zone).filter(|time| self.0.year().is_some() || time.start() <= limit.plus(SLACK)))
    }

    /// The first time that it was so, not before `limit` (by more than a day).
    pub(super) fn first_after(&self, limit: Instant, zone: Option<&FeedZone>) -> Option<SeenTime> {
        let first = year_of(limit) - 1;
        let mut years = first..=first + 1 + YEARS_BACK;
        years.find_map(|year| self.in_year(year, zone).filter(|time| self.0.year().is_some() || time.start() >= limit.plus(-SLACK)))
    }

    /// The time that it was so which lies nearest to `anchor`.
    pub(super) fn nearest_to(&self, anchor: Instant, zone: Option<&FeedZone>) -> Option<SeenTime> {
        let middle = year_of(anchor);
        let around = if self.0.day() == Some((2, 29)) { YEARS_BACK } else { 1 };
        let times = (middle - around..=middle + around).filter_map(|year| self.in_year(year, zone));
        times.min_by_key(|time| time.start().0.abs_diff(anchor.0))
    }

    /// Its own year stands, where it tells one.
    fn in_year(&self, year: i16, zone: Option<&FeedZone>) -> Option<SeenTime> {
        let time = self.0.in_year(self.0.year().unwrap_or(year), zone).ok()?;
        Some(SeenTime { wording: self.0.year().is_none().then(|| self.0.wording.clone()), ..time })
    }
}

fn year_of(instant: Instant) -> i16 {
    instant.timestamp().to_zoned(TimeZone::UTC).year()
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
        Told::parse(words).unwrap().last_before(at(limit), FeedZone::parse("Asia/Kolkata").as_ref()).unwrap().moment.text
    }

    #[test]
    fn the_year_is_the_last_in_which_it_was_so() {
        assert_eq!(last("Aug 21, 00:37 UTC", "2026-08-21T00:37:20Z"), "2026-08-21T00:37Z");
        assert_eq!(last("Dec 31, 23:50 UTC", "2026-01-01T00:10:00Z"), "2025-12-31T23:50Z");
        assert_eq!(last("Dec 31, 16:50 PST", "2026-01-01T00:50:59Z"), "2025-12-31T16:50-08:00");
        assert_eq!(last("Jan 1, 05:50 IST", "2026-01-01T00:20:00Z"), "2026-01-01T05:50+05:30[Asia/Kolkata]");
        assert_eq!(last("Feb 29, 01:00 UTC", "2027-02-27T00:00:00Z"), "2024-02-29T01:00Z");
        assert_eq!(last("Jan  1, 00:05 +08", "2025-12-31T16:05:00Z"), "2026-01-01T00:05+08:00");
        // A clock that runs a little ahead makes no year of it.
        assert_eq!(last("Aug 21, 00:38 UTC", "2026-08-21T00:37:20Z"), "2026-08-21T00:38Z");
        assert_eq!(last("Aug 21, 2024 - 00:38 UTC", "2026-08-21T00:37:20Z"), "2024-08-21T00:38Z");
        assert_eq!(last("Jul 4, 12:10 PM EDT", "2024-07-04T16:10:00Z"), "2024-07-04T12:10-04:00");
        assert_eq!(last("Sep 1, 08:00:09 GMT+0", "2026-09-01T09:00:00Z"), "2026-09-01T08:00:09Z");
        assert_eq!(last("Okt 4, 10:00 MESZ", "2024-10-04T09:00:00Z"), "2024-10-04T10:00+02:00");
        assert_eq!(last("Dec 31, 24:00 UTC", "2026-01-01T00:10:00Z"), "2026-01-01T00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for words in [
            "",
            "Aug",
            "Aug 21",
            "Aug 32, 00:37 UTC",
            "Feb 30, 00:37 UTC",
            "Aug 21, 00:37 UTC or so",
            "Foo 21, 00:37 UTC",
            "Aug 21, 0:7 UTC",
            "Aug 21, 13:07 PM UTC",
            "8:07 PM UTC",
        ] {
            assert!(Told::parse(words).is_err(), "{words}");
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
            let near = |told: &Told| told.nearest_to(at("2026-12-30T00:00:00Z"), None).unwrap();
            (near(&from).moment.text, near(&until).moment.text)
        };
        assert_eq!(window("Jan 5, 04:00 - 05:00 UTC"), ("2027-01-05T04:00Z".into(), "2027-01-05T05:00Z".into()));
        assert_eq!(window("Dec 31, 22:00 EST  -  Jan 1, 13:00 EST"), ("2026-12-31T22:00-05:00".into(), "2027-01-01T13:00-05:00".into()));
        assert_eq!(Told::parse_window("Jan 5, 04:00 UTC"), None);
    }
}
