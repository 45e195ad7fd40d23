//! English, as a British or Indian newsroom writes it: 24-hour clock, day before month. Words only; no rules of telling.

mod edits;
mod kinds;
mod lines;
mod numbers;
mod regions;
mod reports;
mod time;
mod warnings;

pub(super) use edits::{edit, severity};
pub(super) use kinds::{figures, sentence};
pub(super) use lines::{
    acted, agreeing, claim, claims_label, copied, finish, first_reports, kicker, linked, note, original, outlets, same_in, says, spread, summary,
    title, wording_without,
};
pub(super) use numbers::{duration, lasted, number};
pub use regions::regions;
pub(super) use regions::{language, region};
pub(super) use reports::{measure, plot};
pub(super) use time::{full_date, time, zone_note, zone_words};
pub(super) use warnings::{change, mark};

use super::credit::Credit;
use super::language::Words;
use super::quotation::Translated;
use crate::model::State;

/// What its readers call the language.
pub(super) const NAME: &str = "English";

/// The name of this program.
pub(super) const DATELINE: &str = "Dateline";

static WORDS: Words = Words {
    other_figures: "Other figures, time not stated",
    wordings: "Other wordings and translations",
    silent: "Sources that had seen no statement",
    silent_hour_unknown: "hour unknown",
    silent_outdated: "out of date when printed",
    how_long: "How long",
    place_not_said: "Place not said",
    dated_start: "The vendor dates the start",
    elsewhere: "Elsewhere",
    between_sentences: ". ",
    also: ", also ",
    not_shown: "More of it, not shown here",
    headings: ["Not supported", "Background", "Perhaps stated by then, not certainly", "Taken back"],
    unusual_reports: "UNUSUAL REPORTS",
};

pub(super) fn words() -> &'static Words {
    &WORDS
}

pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Detected => "DETECTED",
        State::Acknowledged => "ACKNOWLEDGED",
        State::Investigating => "INVESTIGATING",
        State::Identified => "IDENTIFIED",
        State::Monitoring => "MONITORING",
        State::Restored => "RESTORED",
        State::Subsided => "REPORTS SUBSIDED",
        State::Scheduled => "SCHEDULED",
        State::InProgress => "IN PROGRESS",
        State::Completed => "COMPLETED",
        State::Unknown => "NOT YET KNOWN",
    }
}

/// "Entries 1 to 1,000 of 50,000. The story goes on at …".
pub(super) fn stretch([first, last, of]: [String; 3], next: Option<&str>) -> String {
    let goes_on = next.map_or_else(String::new, |next| format!(" The story goes on at {next}"));
    format!("Entries {first} to {last} of {of}.{goes_on}")
}

/// "GitHub’s", "Epic Games’".
pub(super) fn genitive(name: &str) -> String {
    let is_plural = name.ends_with('s') && !name.ends_with("ss");
    format!("{name}{}", if is_plural { "’" } else { "’s" })
}

/// "a, b and c".
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// "07:50 UTC, Downdetector via Reuters in TimesLIVE"; short: "07:50 UTC, Reuters".
pub(super) fn credit(credit: &Credit, long: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(clock) = &credit.clock {
        parts.push(time::own_clock(clock));
    }
    let who = match credit.publisher.as_slice() {
        [] if long => long_credit(credit),
        [] => credit.counted().join(", "),
        own if long => {
            [long_credit(credit), according_to(&own.join(", "))].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        }
        own => according_to(&own.join(", ")),
    };
    match &credit.translated {
        Some(Translated::By(translator)) if !credit.publisher.is_empty() => parts.extend([format!("translated by {translator}"), who]),
        Some(Translated::By(translator)) => parts.push(format!("translated by {translator}")),
        Some(Translated::Desk(from)) => parts.extend([who, format!("translated from {}", language(from))]),
        None => parts.push(who),
    }
    if long {
        parts.extend(credit.published.clone());
        parts.extend(credit.changed.then(|| "article changed in place".to_owned()));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// Who says it, where nobody else was read.
pub(super) fn according_to(publisher: &str) -> String {
    format!("according to {publisher}")
}

fn long_credit(credit: &Credit) -> String {
    let outlets = credit.outlets.join(", ");
    let read = match (credit.origins.is_empty(), outlets.is_empty()) {
        (true, _) => outlets,
        (false, true) => credit.origins.join(", "),
        (false, false) => format!("{} in {outlets}", credit.origins.join(", ")),
    };
    let named = list(&credit.named);
    let told = match (credit.agencies.is_empty(), named.is_empty()) {
        (true, _) => named,
        (false, true) => list(&credit.agencies),
        (false, false) => format!("{}, citing {named},", list(&credit.agencies)),
    };
    match (told.is_empty(), read.is_empty()) {
        (true, _) => read,
        (false, true) => told.trim_end_matches(',').to_owned(),
        (false, false) => format!("{told} via {read}"),
    }
}

/// The first letter large, as at the start of a sentence.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
