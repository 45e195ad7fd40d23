//! How roughly a span of time is told. No words stand here.

use dateline_events::Range;

/// A span between two intervals, as roughly as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// As long as that, to the minute.
    Minutes(u64),
    AboutMinutes(u64),
    UnderAMinute,
    AtMostMinutes(u64),
    FromTo(u64, u64),
}

impl Amount {
    /// What both ends give to the minute is told as it is. Else it is rounded as a newsroom would (to five minutes under 50, to half hours
    /// under six, then to hours, beyond two days to days): a narrow interval to its middle, a wide one outward.
    pub(super) fn of(range: Range) -> Self {
        let (shortest, longest) = (range.seconds_min.max(0), range.seconds_max.max(0));
        let middle = shortest.midpoint(longest);
        if longest <= 60 {
            Self::UnderAMinute
        } else if longest - shortest <= EXACT_S {
            Self::Minutes(minutes_of(middle + 29))
        } else if longest - shortest <= longest / 3 {
            let minutes = minutes_of(middle.saturating_add(59));
            let step = step(minutes);
            Self::AboutMinutes((minutes + step / 2) / step * step)
        } else {
            let (low, high) = (minutes_of(shortest), minutes_of(longest.saturating_add(59)));
            let (low, high) = (low / step(low) * step(low), high.div_ceil(step(high)) * step(high));
            if low == 0 { Self::AtMostMinutes(high) } else { Self::FromTo(low, high) }
        }
    }
}

/// Two ends to the minute leave so many seconds open.
const EXACT_S: i64 = 120;

/// The whole minutes in so many seconds.
fn minutes_of(seconds: i64) -> u64 {
    u64::try_from(seconds / 60).unwrap_or(0)
}

/// What so many minutes are rounded to.
fn step(minutes: u64) -> u64 {
    match minutes {
        0..=9 => 1,
        10..=49 => 5,
        50..=359 => 30,
        360..=2880 => 60,
        _ => 1440,
    }
}

#[cfg(test)]
mod tests {
    //! What is exact stays exact; an interval is rounded outward, never inward.

    use super::*;

    #[test]
    fn what_is_known_to_the_minute_is_told_to_the_minute_and_intervals_are_rounded_outward() {
        let minutes = |first: i64, last: i64| Range { seconds_min: first * 60, seconds_max: last * 60 };
        let cases = [
            (minutes(0, 1), Amount::UnderAMinute),
            (minutes(0, 2), Amount::Minutes(1)),
            (minutes(21, 23), Amount::Minutes(22)),
            (minutes(49, 51), Amount::Minutes(50)),
            (minutes(137, 139), Amount::Minutes(138)),
            (Range { seconds_min: 1_319, seconds_max: 1_321 }, Amount::Minutes(22)),
            (minutes(105, 135), Amount::AboutMinutes(120)),
            (minutes(2, 71), Amount::FromTo(2, 90)),
            (minutes(82, 138), Amount::FromTo(60, 150)),
            (minutes(0, 31), Amount::AtMostMinutes(35)),
        ];
        for (range, told) in cases {
            assert_eq!(Amount::of(range), told, "{range:?}");
        }
    }
}
