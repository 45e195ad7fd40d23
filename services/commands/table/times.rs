//! A time as others write it: RFC 3339, the same with spaces or less of it, or Unix seconds or milliseconds.

use dateline_events::Instant;

use super::shown;

/// From so far on either side of 1970 a number counts milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// The years 0 to 9999, in seconds since 1970.
const SECONDS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// What is told of a time that cannot be read.
const FORMS: &str = "write 2020-07-14T19:40:00Z, \"2020-07-14 19:40\" or 1594755600";

/// Reads a time. Without an offset it is of the IANA zone that is given, else of UTC; a day alone is its beginning there.
pub fn time(text: &str, zone: Option<&str>) -> Result<Instant, String> {
    let text = text.trim();
    if let Some(instant) = Instant::parse(text) {
        return Ok(instant);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return of_number(text).ok_or_else(|| format!("the time {:?} is beyond the year 9999, in seconds and in milliseconds", shown(text)));
    }
    let (day, rest) = text.split_at_checked("2020-07-14".len()).ok_or_else(|| not_understood(text))?;
    let rest = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest).trim_start();
    // The day ends where a clock may begin.
    if !rest.is_empty() && text.as_bytes().get(day.len()).is_none_or(|byte| !matches!(byte, b'T' | b't' | b' ')) {
        return Err(not_understood(text));
    }
    let clock_ends = rest.find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, ':' | '.'))).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(clock_ends);
    let local = format!("{day}T{}", clock_of(clock));
    match (offset_of(offset.trim()), zone) {
        (None, _) => Err(format!("the time {:?} ends in {:?}, which is no offset: write +01:00, Z or UTC", shown(text), shown(offset.trim()))),
        (Some(offset), _) if !offset.is_empty() => Instant::parse(&format!("{local}{offset}")).ok_or_else(|| not_understood(text)),
        (Some(_), None) => Instant::parse(&format!("{local}Z")).ok_or_else(|| not_understood(text)),
        (Some(_), Some(zone)) => in_zone(text, &local, zone),
    }
}

fn of_number(text: &str) -> Option<Instant> {
    let number: i64 = text.parse().ok()?;
    let unit = if number.unsigned_abs() < MILLISECONDS_FROM { Instant::SECOND } else { Instant::SECOND / 1_000 };
    let instant = Instant(number.checked_mul(unit)?);
    SECONDS.contains(&instant.0.div_euclid(Instant::SECOND)).then_some(instant)
}

/// A clock with all its parts; a day alone begins at midnight.
fn clock_of(clock: &str) -> String {
    let clock = if clock.as_bytes().get(1) == Some(&b':') { format!("0{clock}") } else { clock.to_owned() };
    match clock.len() {
        0 => "00:00:00".to_owned(),
        5 => clock + ":00",
        _ => clock,
    }
}

/// An offset as RFC 3339 writes it, an empty one where there is none; None where it is no offset.
fn offset_of(text: &str) -> Option<String> {
    let (sign, digits) = match text.as_bytes() {
        [] => return Some(String::new()),
        [b'+' | b'-', ..] => text.split_at(1),
        _ => return ["Z", "UTC", "GMT"].iter().any(|name| name.eq_ignore_ascii_case(text)).then(|| "Z".to_owned()),
    };
    let is_all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.len() {
        2 if is_all_digits => Some(format!("{sign}{digits}:00")),
        4 if is_all_digits => Some(format!("{sign}{}:{}", &digits[..2], &digits[2..])),
        5 => Some(text.to_owned()),
        _ => None,
    }
}

/// A local time of a zone; where the clocks were set back over it, nobody can say which of two it is.
fn in_zone(text: &str, local: &str, zone: &str) -> Result<Instant, String> {
    // Without an offset nothing else is looser than RFC 3339.
    Instant::parse(&format!("{local}Z")).ok_or_else(|| not_understood(text))?;
    match Instant::all_from_local(local, zone)[..] {
        [only] => Ok(only),
        [] => Err(format!("the time {:?} was not in {zone}: the clocks were set forward over it", shown(text))),
        _ => Err(format!("the time {:?} was twice in {zone}: the clocks were set back; write its offset", shown(text))),
    }
}

fn not_understood(text: &str) -> String {
    format!("the time {:?} is not understood; {FORMS}", shown(text))
}
