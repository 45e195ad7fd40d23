//! A point on the UTC time line, in microseconds since 1970.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// One second, in the unit of an instant.
    pub const SECOND: i64 = 1_000_000;
    /// One minute, in the unit of an instant.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// One hour, in the unit of an instant.
    pub const HOUR: i64 = 60 * Self::MINUTE;

    /// Reads RFC 3339, such as `2022-10-25T06:37:00Z`, and nothing looser (no missing seconds or offset, no zone behind it).
    pub fn parse(text: &str) -> Option<Self> {
        if !is_rfc_3339(text.as_bytes()) {
            return None;
        }
        text.parse::<Timestamp>().ok().map(Self::from_timestamp)
    }

    /// From jiff's type, cutting what is finer than a microsecond.
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }

    /// As jiff's type; clamped to what it can hold (the years −9999 to 9999).
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    /// Later (or, negative, earlier) by so many microseconds; never wraps.
    #[must_use]
    pub fn plus(self, microseconds: i64) -> Self {
        Self(self.0.saturating_add(microseconds))
    }

    /// Reads a local time such as `2022-10-25T14:45` in an IANA zone; None where either is none. Of two such instants (clocks
    /// set back) it is the earlier.
    pub fn from_local(text: &str, zone: &str) -> Option<Self> {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = TimeZone::get(zone).ok()?.to_ambiguous_zoned(civil).earlier().ok()?;
        Some(Self::from_timestamp(zoned.timestamp()))
    }

    /// Every instant that a local time such as `2022-10-25T14:45` was in an IANA zone, the earlier first: none where either is none or the
    /// clocks were set forward over it, two where they were set back.
    pub fn all_from_local(text: &str, zone: &str) -> Vec<Self> {
        let (Ok(civil), Ok(zone)) = (text.parse::<jiff::civil::DateTime>(), TimeZone::get(zone)) else { return Vec::new() };
        let offsets = match zone.to_ambiguous_zoned(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => vec![offset],
            AmbiguousOffset::Gap { .. } => Vec::new(),
            AmbiguousOffset::Fold { before, after } => vec![before, after],
        };
        offsets.into_iter().filter_map(|offset| offset.to_timestamp(civil).ok()).map(Self::from_timestamp).collect()
    }

    /// The local time in an IANA zone to the minute, such as `2022-10-25T14:45`; None for an unknown zone.
    pub fn to_local_minute(self, zone: &str) -> Option<String> {
        let civil = self.timestamp().to_zoned(TimeZone::get(zone).ok()?).datetime();
        let (year, month, day) = (civil.year(), civil.month(), civil.day());
        Some(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}", civil.hour(), civil.minute()))
    }

    /// RFC 3339 in UTC with exactly six digits of a second: the form that a leaf and a receipt carry.
    pub fn with_six_digits(self) -> String {
        let civil = self.timestamp().to_zoned(TimeZone::UTC).datetime();
        let (year, month, day) = (civil.year(), civil.month(), civil.day());
        let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", civil.subsec_nanosecond() / 1000)
    }
}

/// The shape alone: whether such a day exists is asked by the parser.
fn is_rfc_3339(text: &[u8]) -> bool {
    let digits_at = |from: usize, to: usize| text[from..to].iter().all(u8::is_ascii_digit);
    if text.len() < "2022-10-25T06:37:00Z".len() || !(digits_at(0, 4) && digits_at(5, 7) && digits_at(8, 10)) {
        return false;
    }
    let clock_is_sound = digits_at(11, 13) && digits_at(14, 16) && digits_at(17, 19) && text[13] == b':' && text[16] == b':';
    let date_is_sound = text[4] == b'-' && text[7] == b'-' && matches!(text[10], b'T' | b't');
    let rest = match &text[19..] {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            &fraction[digits..]
        }
        rest => rest,
    };
    let zone_is_sound = match rest {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    date_is_sound && clock_is_sound && zone_is_sound
}

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(formatter)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("\"{text}\" is not an RFC 3339 time such as \"2022-10-25T06:37:00Z\"")))
    }
}
