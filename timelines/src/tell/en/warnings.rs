//! English for what a reader is warned of, and for what has changed between two states of a timeline.

use super::edits::{edited_when, source_edit};
use super::numbers::word;
use super::{capital, state};
use crate::model::MilestoneKind;
use crate::tell::language::{Change, Mark};

pub(in crate::tell) fn mark(mark: &Mark) -> String {
    match mark {
        Mark::Disputed { reason, given } => weighed("Disputed", reason.as_deref(), given.as_deref()),
        Mark::Confirmed { reason, given } => weighed("Confirmed", reason.as_deref(), given.as_deref()),
        Mark::Preferred { reason, given } => weighed("Preferred by the desk", reason.as_deref(), given.as_deref()),
        Mark::Unsupported { reason, given } => weighed("Not supported", reason.as_deref(), given.as_deref()),
        Mark::Reason { reason, given } => reasoned(reason.as_deref(), given.as_deref()),
        Mark::Lapsed { see } => pointed("No longer holds", see.as_ref()),
        Mark::Outdated { see } => pointed("Out of date when printed", see.as_ref()),
        Mark::Correction { who, reason, changes } => changed(&format!("Correction by {who}"), reason.as_deref(), changes),
        Mark::Clarified { who, reason, changes } => changed(&format!("Clarified by {who}"), reason.as_deref(), changes),
        Mark::SourceEdit(edit) => stopped(&source_edit(edit)),
        Mark::Retracted { who, announced, when, reason } => {
            let when = when.as_ref().map(|when| format!(", {}", edited_when(when))).unwrap_or_default();
            let told = if *announced { format!("Taken back by {who}{when}") } else { format!("{who} removed this without notice{when}") };
            with_reason(&told, reason.as_deref())
        }
        Mark::ListedAgain { who, when } => {
            format!("{who} put it back on that list{}.", when.as_ref().map(|when| format!(", {when}")).unwrap_or_default())
        }
        Mark::Possible => "Possibly by then, not certainly.".to_owned(),
        Mark::Redacted => "Its text was destroyed.".to_owned(),
    }
}

fn with_reason(told: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| format!("{told}."), |reason| stopped(&format!("{told}: {reason}")))
}

fn stopped(told: &str) -> String {
    if told.ends_with(['.', '!', '?', '…', '”']) { told.to_owned() } else { format!("{told}.") }
}

fn weighed(word: &str, reason: Option<&str>, given: Option<&str>) -> String {
    let given = given.map(|given| format!(" (given later, on {given})")).unwrap_or_default();
    with_reason(&format!("{word}{given}"), reason)
}

fn reasoned(reason: Option<&str>, given: Option<&str>) -> String {
    let given = given.map(|given| format!("(Given later, on {given}) ")).unwrap_or_default();
    stopped(&format!("{given}{}", reason.unwrap_or("Not supported")))
}

fn pointed(told: &str, see: Option<&(String, bool)>) -> String {
    match see {
        Some((head, true)) => format!("{told}: see “{head}” above."),
        Some((head, false)) => format!("{told}: see “{head}” below."),
        None => format!("{told}."),
    }
}

fn changed(word: &str, reason: Option<&str>, changes: &[(String, String, String)]) -> String {
    if reason.is_some() {
        return with_reason(word, reason);
    }
    let told: Vec<String> = changes.iter().map(|(member, from, to)| format!("{} was {from}, is {to}", self::member(member))).collect();
    with_reason(word, Some(told.join("; ").as_str()).filter(|told| !told.is_empty()))
}

pub(super) fn member(name: &str) -> String {
    match name {
        "occurred" => "the time".to_owned(),
        "stated" => "when it was stated".to_owned(),
        "sources" => "the sources".to_owned(),
        "regions" => "the place".to_owned(),
        "statement" | "text" => "the words".to_owned(),
        "status" | "reference" => "the state".to_owned(),
        "scheduled" => "the planned window".to_owned(),
        "severity" => "the severity".to_owned(),
        "counts" | "shares" => "the figures".to_owned(),
        "incidentid" => "the incident".to_owned(),
        other => crate::tell::clean::clean(other).replace('_', " "),
    }
}

fn milestone(kind: MilestoneKind) -> &'static str {
    match kind {
        MilestoneKind::FirstSeen => "First reports",
        MilestoneKind::Acknowledged => "The acknowledgment",
        MilestoneKind::Restored => "The restoration",
        MilestoneKind::Cause => "The cause",
    }
}

pub(in crate::tell) fn change(change: &Change) -> String {
    let because = |because: &Option<String>| because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
    match change {
        Change::Moved { milestone: MilestoneKind::Cause, from, to, because: why } => {
            format!("The cause told changed from {from} to {to}{}.", because(why))
        }
        Change::Moved { milestone: kind, from, to, because: why } => format!("{} moved from {from} to {to}{}.", milestone(*kind), because(why)),
        Change::Appeared { milestone: kind, told, because: why } => format!("{} now told: {told}{}.", milestone(*kind), because(why)),
        Change::Disappeared { milestone: kind, told } => format!("{} no longer told (was {told}).", milestone(*kind)),
        Change::State { from, to } => format!("State: {} → {}.", state(*from).to_lowercase(), state(*to).to_lowercase()),
        Change::Title { from, to } => format!("Title: “{from}” → “{to}”."),
        Change::Added { heads } => format!("{} added: {}.", entries(heads.len()), heads.join(", ")),
        Change::AddedInside { count: 1 } => "One claim added to an entry.".to_owned(),
        Change::AddedInside { count } => format!("{} claims added to entries.", capital(&word(*count as u64))),
        Change::Removed { heads } => format!("{} no longer told: {}.", entries(heads.len()), heads.join(", ")),
        Change::Corrected { who, member: name, from, to, reason } => {
            let reason = reason.as_ref().map(|reason| format!("; {}", reason.trim_end_matches('.'))).unwrap_or_default();
            format!("Corrected: {who}, {} from {from} to {to}{reason}.", member(name))
        }
        Change::Retracted { who, head, reason } => with_reason(&format!("Taken back: {who}, {head}"), reason.as_deref()),
        Change::Verdict { who, mark: verdict } => format!("{who}: {}", mark(verdict)),
        Change::None => "No difference.".to_owned(),
    }
}

fn entries(count: usize) -> String {
    if count == 1 { "One entry".to_owned() } else { format!("{} entries", capital(&word(count as u64))) }
}
