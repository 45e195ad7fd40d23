//! How roughly a span of time is told. No words stand here.

use dateline_events::Range;

/// A span between two intervals, as roughly as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    AboutMinutes(u64),
    UnderAMinute,
    AtMostMinutes(u64),
    FromTo(u64, u64),
}

impl Amount {
    /// Rounds as a newsroom would: to five minutes under 50, to half hours under six, then to hours, beyond two days to days.
    pub(super) fn of(range: Range) -> Self {
        let (shortest, longest) = (range.seconds_min.max(0), range.seconds_max.max(0));
        let middle = shortest.midpoint(longest);
        let (low, high) = (rounded(shortest), rounded(longest));
        if longest < 60 {
            Self::UnderAMinute
        } else if longest - shortest <= 120 || longest - shortest <= longest / 3 || low == high {
            Self::AboutMinutes(rounded(middle))
        } else if shortest < 60 {
            Self::AtMostMinutes(high)
        } else {
            Self::FromTo(low, high)
        }
    }
}

/// Seconds as rounded minutes.
fn rounded(seconds: i64) -> u64 {
    let minutes = u64::try_from(seconds).unwrap_or(0).div_ceil(60);
    let step = match minutes {
        0..=9 => 1,
        10..=49 => 5,
        50..=359 => 30,
        360..=2880 => 60,
        _ => 1440,
    };
    (minutes + step / 2) / step * step
}
