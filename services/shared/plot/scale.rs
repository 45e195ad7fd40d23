//! Where the axes have their ticks: round counts, and times that people say.

use time::{Month, OffsetDateTime};

const DAY_S: i64 = 86_400;

/// At most so many ticks a time axis, and a count axis.
const TIME_TICKS_MAX: i64 = 8;
const COUNT_TICKS_MAX: f64 = 5.0;

/// Steps between times that people say, in seconds.
const TIME_STEPS_S: [i64; 17] =
    [1, 10, 60, 300, 600, 1_200, 1_800, 3_600, 2 * 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, DAY_S, 2 * DAY_S, 4 * DAY_S, 7 * DAY_S, 14 * DAY_S];

/// Steps in months, and on in years.
const MONTH_STEPS: [i64; 13] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 6_000, 12_000];

/// A tick of the time axis: what stands beside it, and, where that changes, what stands below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTick {
    pub at_s: i64,
    pub upper: Say,
    pub lower: Option<Say>,
}

/// What a tick says, still in no language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Say {
    /// Hour, minute, and second where it matters.
    Clock(u8, u8, Option<u8>),
    /// Day and month (0 is January).
    Day(u8, usize),
    /// The month.
    Month(usize),
    Year(i32),
}

/// Round counts from zero to the first that is not below the greatest.
pub fn count_ticks(most: f64) -> Vec<u64> {
    let raw = (most / COUNT_TICKS_MAX).max(1.0);
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|round| round * power).find(|step| *step >= raw * 0.999).unwrap_or(raw).max(1.0);
    let last = (most / step).ceil().max(1.0) as u64;
    (0..=last).map(|number| (number as f64 * step) as u64).collect()
}

/// Ticks between two times, on the clock that is so far ahead of UTC.
pub fn time_ticks(from_s: i64, until_s: i64, offset_s: i64) -> Vec<TimeTick> {
    let span = (until_s - from_s).max(1);
    let (from, until) = (from_s + offset_s, until_s + offset_s);
    let mut ticks: Vec<(i64, Say, Say)> = match TIME_STEPS_S.into_iter().find(|step| span / step <= TIME_TICKS_MAX) {
        Some(step) => {
            let first = from.div_euclid(step) + i64::from(from.rem_euclid(step) > 0);
            (first..).map(|number| number * step).take_while(|at| *at < until).filter_map(|at| in_days(at, step)).collect()
        }
        None => in_months(from, until),
    };
    ticks.dedup_by_key(|(at, ..)| *at);
    let mut below = None;
    let below_where_new = |(at, upper, lower)| {
        let new = below != Some(lower);
        below = Some(lower);
        TimeTick { at_s: at - offset_s, upper, lower: new.then_some(lower) }
    };
    ticks.into_iter().map(below_where_new).collect()
}

/// The time of day, minutes alone, on that clock.
pub fn clock(at_s: i64, offset_s: i64) -> Option<Say> {
    let at = OffsetDateTime::from_unix_timestamp(at_s.checked_add(offset_s)?).ok()?;
    Some(Say::Clock(at.hour(), at.minute(), None))
}

/// The day, on that clock.
pub fn day(at_s: i64, offset_s: i64) -> Option<Say> {
    let at = OffsetDateTime::from_unix_timestamp(at_s.checked_add(offset_s)?).ok()?;
    Some(Say::Day(at.day(), month(at.month())))
}

fn in_days(local_s: i64, step: i64) -> Option<(i64, Say, Say)> {
    let at = OffsetDateTime::from_unix_timestamp(local_s).ok()?;
    let day = Say::Day(at.day(), month(at.month()));
    Some(if step < DAY_S {
        (local_s, Say::Clock(at.hour(), at.minute(), (step < 60).then(|| at.second())), day)
    } else {
        (local_s, day, Say::Year(at.year()))
    })
}

fn in_months(from: i64, until: i64) -> Vec<(i64, Say, Say)> {
    let Some((first, last)) = months(from).zip(months(until)) else { return Vec::new() };
    let step = MONTH_STEPS.into_iter().find(|step| (last - first) / step <= TIME_TICKS_MAX).unwrap_or(12_000);
    let aligned = first.div_euclid(step) * step;
    (aligned..=last)
        .step_by(step as usize)
        .filter_map(|number| {
            let month = (number.rem_euclid(12)) as usize;
            let year = i32::try_from(number.div_euclid(12)).ok()?;
            let date = time::Date::from_calendar_date(year, Month::January.nth_next(month as u8), 1).ok()?;
            let at = date.midnight().assume_utc().unix_timestamp();
            let upper = if step < 12 { Say::Month(month) } else { Say::Year(year) };
            Some((at, upper, Say::Year(year)))
        })
        .filter(|(at, ..)| (from..until).contains(at))
        .map(|(at, upper, lower)| if matches!(upper, Say::Year(_)) { (at, upper, upper) } else { (at, upper, lower) })
        .collect()
}

/// Months since the year 0.
fn months(local_s: i64) -> Option<i64> {
    let at = OffsetDateTime::from_unix_timestamp(local_s).ok()?;
    Some(i64::from(at.year()) * 12 + month(at.month()) as i64)
}

fn month(month: Month) -> usize {
    usize::from(u8::from(month)) - 1
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
mod tests {
    use super::*;

    #[test]
    fn counts_are_round_and_reach_the_greatest() {
        assert_eq!(count_ticks(0.0), [0, 1]);
        assert_eq!(count_ticks(3.0), [0, 1, 2, 3]);
        assert_eq!(count_ticks(1_471.0), [0, 500, 1_000, 1_500]);
        for most in [1.0, 7.0, 10.0, 11.0, 99.0, 101.0, 12_345.0, 4e9, 1.8e19] {
            let ticks = count_ticks(most);
            assert!((2..=7).contains(&ticks.len()) && *ticks.last().unwrap() as f64 >= most * 0.999, "{most}: {ticks:?}");
        }
    }

    #[test]
    fn times_are_few_and_on_the_readers_clock() {
        let ticks = time_ticks(1_594_728_000, 1_594_728_000 + 86_400, 19_800);
        assert!(ticks.iter().all(|tick| matches!(tick.upper, Say::Clock(hour, 0, None) if hour % 3 == 0)), "{ticks:?}");
        assert_eq!(ticks.iter().filter_map(|tick| tick.lower).collect::<Vec<_>>(), [Say::Day(14, 6), Say::Day(15, 6)]);
        for span in [1, 59, 3_600, 86_400, 40 * 86_400, 600 * 86_400, 9_000 * 365 * 86_400] {
            let ticks = time_ticks(-62_000_000_000, -62_000_000_000 + span, 0);
            assert!(ticks.len() <= 10 && (span < 60 || ticks.len() >= 2), "{span}: {ticks:?}");
        }
    }
}
