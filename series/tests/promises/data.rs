//! Files that are not ours and no part of the project, read where they are.

use std::io::Read;

use crate::needs::shared_data;

/// The text of one, unpacked; None where it is missing.
pub fn text(name: &str) -> Option<String> {
    let bytes = std::fs::read(shared_data(name)?).unwrap();
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text)
}

/// Seconds since 1970 of `2014-04-10 07:15:00` with whatever stands between and after, by the days-from-civil formula.
pub fn seconds(text: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let (shifted, moved) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_era = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (moved * 153 + 2) / 5 + day - 1;
    (day_of_era - 719_468) * 86_400 + part(11..13) * 3_600 + part(14..16) * 60 + part(17..19)
}

/// `2014-04-10 07:15` of seconds since 1970.
pub fn clock(seconds: i64) -> String {
    let (day, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let era = day.div_euclid(146_097);
    let of_era = day - era * 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let moved = (5 * of_year + 2) / 153;
    let month = if moved < 10 { moved + 3 } else { moved - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{:02} {:02}:{:02}", of_year - (153 * moved + 2) / 5 + 1, second / 3_600, second / 60 % 60)
}
