//! English amounts: "more than 25,000", "about two hours", "nearly 90 minutes".

use dateline_events::{Count, Per, Qualifier, Range};

use crate::tell::amount::Amount;

const WORDS: [&str; 13] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// "25,000".
pub(in crate::tell) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A small number as a word.
pub(super) fn word(value: u64) -> String {
    usize::try_from(value).ok().and_then(|index| WORDS.get(index)).map_or_else(|| number(value), |word| (*word).to_owned())
}

/// "more than 25,000".
pub(super) fn qualified(told: &str, qualifier: Option<Qualifier>) -> String {
    match qualifier {
        Some(Qualifier::MoreThan) => format!("more than {told}"),
        Some(Qualifier::About) => format!("about {told}"),
        Some(Qualifier::Nearly) => format!("nearly {told}"),
        Some(Qualifier::Exactly) | None => told.to_owned(),
    }
}

/// A count with what it was made over: "more than 60,000 an hour".
pub(super) fn count(count: &Count) -> String {
    let told = qualified(&number(count.value), count.qualifier);
    match (count.per, count.window_minutes) {
        (Some(Per::Hour), _) => format!("{told} an hour"),
        (Some(Per::Window), Some(30)) => format!("{told} in half an hour"),
        (Some(Per::Window), Some(60)) => format!("{told} in one hour"),
        (Some(Per::Window), Some(minutes)) => format!("{told} in {}", span(u64::from(minutes))),
        (Some(Per::Window | Per::Total) | None, _) => told,
    }
}

/// How long a source says that it lasted.
pub(in crate::tell) fn lasted(minutes: u32, qualifier: Option<Qualifier>) -> String {
    let told = span(u64::from(minutes));
    match qualifier {
        Some(Qualifier::MoreThan) => format!("over {told}"),
        other => qualified(&told, other),
    }
}

/// Minutes as a source would say them.
pub(super) fn span(minutes: u64) -> String {
    let plural = |count: u64, unit: &str| if count == 1 { format!("{} {unit}", word(1)) } else { format!("{} {unit}s", word(count)) };
    match (minutes, minutes / 60, minutes % 60) {
        (_, hours, 0) if hours > 48 && hours % 24 == 0 => plural(hours / 24, "day"),
        (60, ..) => "one hour".to_owned(),
        (0..=119, ..) => format!("{} {}", number(minutes), if minutes == 1 { "minute" } else { "minutes" }),
        (_, hours, 0) => plural(hours, "hour"),
        (_, hours, 30) => format!("{} and a half hours", word(hours)),
        (_, hours, rest) => format!("{hours} h {rest} min"),
    }
}

/// A span between two intervals, as roughly as it is known.
pub(in crate::tell) fn duration(range: Range) -> String {
    match Amount::of(range) {
        Amount::Minutes(minutes) => span(minutes),
        Amount::AboutMinutes(minutes) => format!("about {}", span(minutes)),
        Amount::UnderAMinute => "less than a minute".to_owned(),
        Amount::AtMostMinutes(minutes) => format!("at most {}", span(minutes)),
        Amount::FromTo(first, last) => format!("{} to {}", span(first), span(last)),
    }
}
