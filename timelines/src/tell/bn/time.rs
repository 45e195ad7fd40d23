//! Bengali times: "দুপুর ১২টা ৭", "২টো ১৫ নাগাদ", "১টার মধ্যে", "বুধবার ২৬ অক্টোবর".

use jiff::civil::{Date, Weekday};

use super::numbers::digits;
use super::sound::{genitive, genitive_of_number};
use crate::tell::clock::{Around, DayPart, OwnClock, Phrase, Stamp, Style, Zone};
use crate::tell::language::Lang;

pub(in crate::tell) fn time(lang: Lang, phrase: &Phrase, style: Style, around: Around) -> String {
    let said = |stamp: Stamp| said(lang, stamp, style, around);
    let owned = |stamp: Stamp| format!("{}{}", said(stamp), ending(lang, stamp));
    let date = |day: Date| date(lang, day, around);
    match *phrase {
        Phrase::At { stamp, approximate: true } | Phrase::Hour { from: stamp, approximate: true, .. } => format!("{} নাগাদ", said(stamp)),
        Phrase::At { stamp, .. } | Phrase::Hour { from: stamp, .. } if style == Style::Adverb => adverb(&said(stamp), stamp),
        Phrase::At { stamp, .. } | Phrase::Hour { from: stamp, .. } => said(stamp),
        Phrase::Range(first, last) => range(lang, first, last, style, around),
        Phrase::Day(day) if style == Style::Adverb => format!("{} {}{}", digits(&day.day().to_string()), month(lang, day), other_year(day, around)),
        Phrase::Day(day) => date(day),
        Phrase::Days(first, last) => format!("{} থেকে {}", date(first), date(last)),
        Phrase::By(stamp) => format!("{} মধ্যে", owned(stamp)),
        Phrase::ByDay(day) => format!("{} মধ্যে", genitive(&date(day))),
        Phrase::After(stamp) => format!("{} পরে", owned(stamp)),
        Phrase::AfterDay(day) => format!("{} থেকে", date(day)),
        Phrase::JustBefore(stamp) => format!("{} ঠিক আগে", owned(stamp)),
        Phrase::JustAfter(stamp) => format!("{} ঠিক পরে", owned(stamp)),
        Phrase::Later(None) => "পরে".to_owned(),
        Phrase::Later(Some(day)) => format!("পরে, {}ই", own_day(lang, day, around)),
        Phrase::Earlier(None) => "আগে".to_owned(),
        Phrase::Earlier(Some(day)) => format!("আগে, {}ই", own_day(lang, day, around)),
        Phrase::Unknown(None) => "কখন, জানা নেই".to_owned(),
        Phrase::Unknown(Some(day)) => format!("{}, কখন জানা নেই", date(day)),
    }
}

/// The second time names its part of the day where that is another than the first's.
fn range(lang: Lang, first: Stamp, last: Stamp, style: Style, around: Around) -> String {
    let is_same = last.date == first.date && last.part() == first.part();
    let inner = Around { day: Some(first.date), part: is_same.then_some(last.part()) };
    let (from, to) = (said(lang, first, style, around), said(lang, last.unlike(first), Style::Claim, inner));
    match style {
        Style::Head => format!("{from} – {to}"),
        Style::Claim | Style::Adverb => format!("{from} থেকে {to}{} মধ্যে", ending(lang, last)),
    }
}

/// The clock with what the reader does not know of it yet: the day, the part of the day.
fn said(lang: Lang, stamp: Stamp, style: Style, around: Around) -> String {
    let is_known_day = around.day == Some(stamp.date);
    let needs_part = style == Style::Head || !is_known_day || around.part != Some(stamp.part());
    let part = if needs_part { format!("{} ", day_part(lang, stamp.part())) } else { String::new() };
    let day = if is_known_day { String::new() } else { format!("{}, ", date(lang, stamp.date, around)) };
    // As in "ভারতীয় সময় দুপুর ১২টা": whose time it is stands before the hour, whose ending changes.
    let named = stamp.clock.map(|name| format!("{name} ")).unwrap_or_default();
    format!("{day}{named}{part}{}", clock(lang, stamp))
}

/// "১২টা ৭", "সাড়ে ১২টা", "দেড়টা", "আড়াইটে", "২টো".
fn clock(lang: Lang, stamp: Stamp) -> String {
    let hour = (stamp.hour + 11).rem_euclid(12) + 1;
    let piece = match hour {
        2 if lang != Lang::BnBd => "টো",
        3 | 4 if lang != Lang::BnBd => "টে",
        _ => "টা",
    };
    let two_and_a_half = if lang == Lang::BnBd { "আড়াইটা" } else { "আড়াইটে" };
    match (hour, stamp.minute) {
        (1, 30) => "দেড়টা".to_owned(),
        (2, 30) => two_and_a_half.to_owned(),
        (_, 30) => format!("সাড়ে {}{piece}", digits(&hour.to_string())),
        (_, 0) => format!("{}{piece}", digits(&hour.to_string())),
        (_, minute) => format!("{}{piece} {}", digits(&hour.to_string()), digits(&minute.to_string())),
    }
}

/// "-র", "-এর" after a minute; "র" after an hour.
fn ending(lang: Lang, stamp: Stamp) -> &'static str {
    match stamp.minute {
        0 | 30 => "র",
        minute => genitive_of_number(u64::from(minute.unsigned_abs()), lang == Lang::BnBd),
    }
}

/// "১২টা ৭ মিনিটে", "সাড়ে ১২টায়".
fn adverb(said: &str, stamp: Stamp) -> String {
    if matches!(stamp.minute, 0 | 30) { format!("{said}য়") } else { format!("{said} মিনিটে") }
}

fn day_part(lang: Lang, part: DayPart) -> &'static str {
    match part {
        DayPart::Dawn => "ভোর",
        DayPart::Morning => "সকাল",
        DayPart::Noon => "দুপুর",
        DayPart::Afternoon if lang == Lang::BnBd => "বিকাল",
        DayPart::Afternoon => "বিকেল",
        DayPart::Evening => "সন্ধ্যা",
        DayPart::Night => "রাত",
    }
}

/// "বুধবার ২৬ অক্টোবর", with the year where it is another.
fn date(lang: Lang, day: Date, around: Around) -> String {
    format!("{} {} {}{}", weekday(day), digits(&day.day().to_string()), month(lang, day), other_year(day, around))
}

/// The year where it is another than the one already told.
fn other_year(day: Date, around: Around) -> String {
    if around.day.is_some_and(|told| told.year() == day.year()) { String::new() } else { format!(" {}", digits(&day.year().to_string())) }
}

/// The weekday alone of the incident's own day.
fn own_day(lang: Lang, day: Date, around: Around) -> String {
    if around.day == Some(day) { weekday(day).to_owned() } else { date(lang, day, around) }
}

/// "মঙ্গলবার ২৫ অক্টোবর ২০২২".
pub(in crate::tell) fn full_date(lang: Lang, day: Date) -> String {
    date(lang, day, Around::default())
}

/// "৮:৩০ CEST".
pub(super) fn own_clock(clock: &OwnClock) -> String {
    let told = |(hour, minute): (i8, i8)| digits(&format!("{hour}:{minute:02}"));
    let last = clock.last.map(|last| format!("–{}", told(last))).unwrap_or_default();
    let zone = match &clock.abbreviation {
        Some(abbreviation) if !clock.assumed => abbreviation.clone(),
        _ => own_zone(clock),
    };
    format!("{}{last} {zone}{}", told(clock.first), if clock.assumed { " ধরে" } else { "" })
}

/// "ঢাকার সময়".
pub(super) fn own_zone(clock: &OwnClock) -> String {
    let known = city(&clock.zone).map(|city| format!("{city} সময়"));
    known.unwrap_or_else(|| clock.abbreviation.clone().unwrap_or_else(|| digits(&clock.zone)))
}

/// The genitive of a zone's city.
fn city(zone: &str) -> Option<&'static str> {
    const CITIES: [(&str, &str); 18] = [
        ("Asia/Kolkata", "ভারতের"),
        ("Asia/Dhaka", "ঢাকার"),
        ("Asia/Karachi", "করাচির"),
        ("Asia/Kathmandu", "কাঠমান্ডুর"),
        ("Asia/Dubai", "দুবাইয়ের"),
        ("Asia/Singapore", "সিঙ্গাপুরের"),
        ("Asia/Shanghai", "সাংহাইয়ের"),
        ("Asia/Tokyo", "টোকিয়োর"),
        ("Africa/Johannesburg", "জোহানেসবার্গের"),
        ("Australia/Sydney", "সিডনির"),
        ("Europe/London", "লন্ডনের"),
        ("Europe/Rome", "রোমের"),
        ("Europe/Paris", "প্যারিসের"),
        ("Europe/Berlin", "বার্লিনের"),
        ("Europe/Istanbul", "ইস্তানবুলের"),
        ("Europe/Moscow", "মস্কোর"),
        ("America/New_York", "নিউ ইয়র্কের"),
        ("America/Los_Angeles", "লস অ্যাঞ্জেলেসের"),
    ];
    CITIES.iter().find(|(known, _)| *known == zone).map(|(_, city)| *city)
}

/// In whose time it is told.
pub(in crate::tell) fn zone_note(lang: Lang, zone: &Zone, clocks: &[String]) -> String {
    format!("সব সময় {}; সূত্রের নিজের সময় বন্ধনীতে", zone_words(lang, zone, clocks))
}

/// "ভারতীয় সময়".
pub(in crate::tell) fn zone_words(_: Lang, zone: &Zone, clocks: &[String]) -> String {
    let named = match clocks {
        [first, last] => format!("আগে {first}, পরে {last}"),
        [first, last, ..] => format!("{first} ও {last}, যখন যা চলেছে"),
        _ => clocks.concat(),
    };
    let changing = if clocks.len() > 1 { format!(" ({named})") } else { String::new() };
    match zone.name.as_str() {
        "Asia/Kolkata" | "Asia/Calcutta" => format!("ভারতীয় সময়{changing}"),
        "UTC" | "Etc/UTC" => "UTC".to_owned(),
        "Asia/Dhaka" => format!("বাংলাদেশের সময়{changing}"),
        name => city(name).map_or_else(|| format!("{name} অঞ্চলের সময় ({named})"), |city| format!("{city} সময়{changing}")),
    }
}

fn weekday(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "সোমবার",
        Weekday::Tuesday => "মঙ্গলবার",
        Weekday::Wednesday => "বুধবার",
        Weekday::Thursday => "বৃহস্পতিবার",
        Weekday::Friday => "শুক্রবার",
        Weekday::Saturday => "শনিবার",
        Weekday::Sunday => "রবিবার",
    }
}

fn month(lang: Lang, day: Date) -> &'static str {
    const MONTHS: [&str; 12] = ["জানুয়ারি", "ফেব্রুয়ারি", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "অগস্ট", "সেপ্টেম্বর", "অক্টোবর", "নভেম্বর", "ডিসেম্বর"];
    if lang == Lang::BnBd && day.month() == 8 { "আগস্ট" } else { MONTHS[(day.month().clamp(1, 12) - 1) as usize] }
}
