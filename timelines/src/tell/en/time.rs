//! English times: "12:07", "~14:15", "by 13:00", "Wed 26 Oct".

use jiff::civil::{Date, Weekday};

use crate::tell::clock::{Around, OwnClock, Phrase, Stamp, Style, Zone};

pub(in crate::tell) fn time(phrase: &Phrase, style: Style, around: Around) -> String {
    let clock = |stamp: Stamp| on_day(stamp, around);
    let about = |approximate: bool, style: Style| match (approximate, style) {
        (false, _) => "",
        (true, Style::Head) => "~",
        (true, _) => "about ",
    };
    match *phrase {
        Phrase::At { stamp, approximate } => format!("{}{}", about(approximate, style), clock(stamp)),
        Phrase::Hour { from, approximate: true, .. } => format!("{}{}", about(true, style), clock(from)),
        Phrase::Hour { from, last, .. } | Phrase::Range(from, last) => range(from, last, style, around),
        Phrase::Day(day) if style == Style::Adverb => format!("{} {}{}", day.day(), &month(day)[..3], other_year(day, around)),
        Phrase::Day(day) => short_date(day, around),
        Phrase::Days(first, last) => format!("{} to {}", short_date(first, around), short_date(last, around)),
        Phrase::By(stamp) => format!("by {}", clock(stamp)),
        Phrase::ByDay(day) => format!("by {}", short_date(day, around)),
        Phrase::After(stamp) => format!("after {}", clock(stamp)),
        Phrase::AfterDay(day) => format!("from {}", short_date(day, around)),
        Phrase::JustBefore(stamp) => format!("just before {}", clock(stamp)),
        Phrase::JustAfter(stamp) => format!("just after {}", clock(stamp)),
        Phrase::Later(None) => "later".to_owned(),
        Phrase::Later(Some(day)) => format!("later on {}", own_day(day, around)),
        Phrase::Earlier(None) => "earlier".to_owned(),
        Phrase::Earlier(Some(day)) => format!("earlier on {}", own_day(day, around)),
        Phrase::Unknown(None) => "hour unknown".to_owned(),
        Phrase::Unknown(Some(day)) => format!("{}, hour unknown", short_date(day, around)),
    }
}

fn range(first: Stamp, last: Stamp, style: Style, around: Around) -> String {
    let (first, last) = (first.unlike(last), on_day(last, Around { day: Some(first.date), ..around }));
    match style {
        Style::Head => format!("{}–{last}", on_day(first, around)),
        Style::Claim | Style::Adverb => format!("between {} and {last}", on_day(first, around)),
    }
}

/// The clock, with the day before it where that is not the one already told.
fn on_day(stamp: Stamp, around: Around) -> String {
    let named = stamp.clock.map(|name| format!(" {name}")).unwrap_or_default();
    let clock = format!("{:02}:{:02}{named}", stamp.hour, stamp.minute);
    if around.day == Some(stamp.date) { clock } else { format!("{} {clock}", short_date(stamp.date, around)) }
}

/// "Wed 26 Oct", with the year where it is another.
pub(super) fn short_date(day: Date, around: Around) -> String {
    let weekday = &weekday(day)[..3];
    let month = &month(day)[..3];
    format!("{weekday} {} {month}{}", day.day(), other_year(day, around))
}

/// The year where it is another than the one already told.
fn other_year(day: Date, around: Around) -> String {
    if around.day.is_some_and(|told| told.year() == day.year()) { String::new() } else { format!(" {}", day.year()) }
}

/// The weekday alone of the incident's own day, as in "later on Tuesday".
fn own_day(day: Date, around: Around) -> String {
    if around.day == Some(day) { weekday(day).to_owned() } else { short_date(day, around) }
}

/// "Tuesday 25 October 2022".
pub(in crate::tell) fn full_date(day: Date) -> String {
    format!("{} {} {} {}", weekday(day), day.day(), month(day), day.year())
}

/// "08:30 CEST".
pub(super) fn own_clock(clock: &OwnClock) -> String {
    let told = |(hour, minute): (i8, i8)| format!("{hour:02}:{minute:02}");
    let last = clock.last.map(|last| format!("–{}", told(last))).unwrap_or_default();
    let zone = match &clock.abbreviation {
        Some(abbreviation) if !clock.assumed => abbreviation.clone(),
        _ => place_time(&clock.zone),
    };
    let assumed = if clock.assumed { (",", " assumed") } else { ("", "") };
    format!("{}{last}{} {zone}{}", told(clock.first), assumed.0, assumed.1)
}

/// In whose time it is told.
pub(in crate::tell) fn zone_note(zone: &Zone, clocks: &[String]) -> String {
    format!("All times {}; a source’s own clock in brackets", zone_words(zone, clocks))
}

/// "India time (IST)".
pub(in crate::tell) fn zone_words(zone: &Zone, clocks: &[String]) -> String {
    let place = match zone.name.as_str() {
        "UTC" | "Etc/UTC" => return "UTC".to_owned(),
        "Asia/Kolkata" | "Asia/Calcutta" => "India time".to_owned(),
        "Asia/Dhaka" => "Bangladesh time".to_owned(),
        "Europe/London" => "UK time".to_owned(),
        name => place_time(name),
    };
    let named = match clocks {
        [first, last] => format!("{first}, then {last}"),
        [first, last, ..] => format!("{first} and {last}, as each says"),
        _ => clocks.concat(),
    };
    format!("{place} ({named})")
}

/// "Dhaka time" for "Asia/Dhaka"; a distance from UTC as it is.
fn place_time(zone: &str) -> String {
    zone.rsplit_once('/').map_or_else(|| zone.to_owned(), |(_, city)| format!("{} time", city.replace('_', " ")))
}

fn weekday(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn month(day: Date) -> &'static str {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    MONTHS[(day.month().clamp(1, 12) - 1) as usize]
}
