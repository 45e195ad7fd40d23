//! English for what a vendor changed silently on its page.

use dateline_events::Severity;

use super::list;
use super::numbers::{duration, lasted, span};
use super::warnings::member;
use crate::tell::amount::Amount;
use crate::tell::edit::SaidEdit;
use crate::tell::source_edit::{Changed, EditedWhen, Publishing, SourceChange, SourceEdit};
use dateline_status_pages::watched::{About, Edited};

/// "Google moved the end from 02:34 to 23:43, within three hours of closing it, without notice"; what words were stands behind that.
pub(super) fn source_edit(edit: &SourceEdit) -> String {
    let deeds: Vec<String> = edit.changes.iter().map(source_deed).collect();
    let when = edit.when.as_ref().map(|when| format!(", {}", edited_when(when))).unwrap_or_default();
    let how = if edit.announced { "and said so" } else { "without notice" };
    let behind: Vec<String> = edit.reason.iter().cloned().chain(edit.changes.iter().filter_map(words_before)).collect();
    let behind = if behind.is_empty() { String::new() } else { format!(": {}", behind.join("; ")) };
    format!("{} {}{when}, {how}{behind}", edit.who, list(&deeds))
}

fn source_deed(change: &SourceChange) -> String {
    let (what, moves) = match &change.what {
        Changed::Words => return "changed the words".to_owned(),
        Changed::State => ("the state".to_owned(), "changed"),
        Changed::Time => ("the time".to_owned(), "moved"),
        Changed::Start => ("the beginning".to_owned(), "moved"),
        Changed::End => ("the end".to_owned(), "moved"),
        Changed::Name => ("it".to_owned(), "renamed"),
        Changed::Severity { is_raised: Some(true) } => ("the severity".to_owned(), "raised"),
        Changed::Severity { is_raised: Some(false) } => ("the severity".to_owned(), "lowered"),
        Changed::Severity { is_raised: None } => ("the severity".to_owned(), "changed"),
        Changed::Window => ("the planned window".to_owned(), "moved"),
        Changed::Member(name) => (member(name), "changed"),
    };
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{moves} {what} from {from} to {to}"),
        (None, Some(to)) => format!("added {what}, {to}"),
        (Some(from), None) => format!("took {what} away, which was {from}"),
        (None, None) => format!("changed {what}"),
    }
}

fn words_before(change: &SourceChange) -> Option<String> {
    let then = change.to.as_ref().filter(|_| change.is_gone).map(|then| format!(", then {then}")).unwrap_or_default();
    let from = change.from.as_ref().filter(|_| change.what == Changed::Words)?;
    Some(format!("they were {from}{then}"))
}

pub(super) fn edited_when(when: &EditedWhen) -> String {
    let (range, publishing) = match when {
        EditedWhen::At(time) => return time.clone(),
        EditedWhen::After(range, Publishing::Posted) => (*range, "posting"),
        EditedWhen::After(range, Publishing::Closed) => (*range, "closing"),
        EditedWhen::After(range, Publishing::Published) => (*range, "publishing"),
    };
    match Amount::of(range) {
        Amount::UnderAMinute => format!("within a minute of {publishing} it"),
        Amount::AtMostMinutes(minutes) => format!("within {} of {publishing} it", span(minutes)),
        _ => format!("{} after {publishing} it", duration(range)),
    }
}

/// "GitHub changed the words of an update about three hours after posting it".
pub(in crate::tell) fn edit(said: &SaidEdit) -> String {
    let openly = if said.announced { ", and said so" } else { "" };
    format!("{} {}{}{openly}", said.who, deed(said), after(said))
}

fn deed(said: &SaidEdit) -> String {
    let incident = incident(said);
    match said.what {
        Edited::Words if said.minor => "changed only punctuation, markup or case in an update".to_owned(),
        Edited::Words => "changed the words of an update".to_owned(),
        Edited::Status => match (&said.before, &said.after) {
            (Some(before), Some(after)) => format!("changed the state of an update from “{before}” to “{after}”"),
            _ => "changed the state of an update".to_owned(),
        },
        Edited::Time => moved("the time of an update", said),
        Edited::Name if said.minor => format!("changed only punctuation or case in the name of {incident}"),
        Edited::Name => format!("renamed {incident}"),
        Edited::Start => moved("the beginning", said),
        Edited::End => moved("the end", said),
        Edited::Severity => match said.severities {
            Some((before, after)) => {
                let verb = if after < before { "lowered" } else { "raised" };
                format!("{verb} the severity from {} to {}", severity(before), severity(after))
            }
            None => "changed the severity".to_owned(),
        },
        Edited::Window => "changed the planned window".to_owned(),
        Edited::Removed => match said.about {
            About::Post => "took an update down".to_owned(),
            About::Incident => format!("took {incident} down"),
            _ => format!("took {} away", part(said)),
        },
        Edited::Returned => match said.about {
            About::Post => "put an update up again".to_owned(),
            About::Incident => format!("put {incident} up again"),
            _ => format!("stated {} again", part(said)),
        },
    }
}

fn incident(said: &SaidEdit) -> &'static str {
    if said.is_maintenance { "the planned work" } else { "the incident" }
}

fn part(said: &SaidEdit) -> &'static str {
    match said.about {
        About::Incident => incident(said),
        About::Post => "an update",
        About::Name => "the name",
        About::Start => "the beginning",
        About::End => "the end",
        About::Severity => "the severity",
    }
}

fn moved(what: &str, said: &SaidEdit) -> String {
    match said.moved {
        Some((0, _)) => format!("moved {what} by less than a minute"),
        Some((minutes, true)) => format!("moved {what} {} earlier", lasted(minutes, None)),
        Some((minutes, false)) => format!("moved {what} {} later", lasted(minutes, None)),
        None => format!("changed {what}"),
    }
}

fn after(said: &SaidEdit) -> String {
    let published = if said.about == About::Post { "posting" } else { "publishing" };
    said.elapsed.map(|range| format!(" {} after {published} it", duration(range))).unwrap_or_default()
}

pub(in crate::tell) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::None => "none",
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Critical => "critical",
    }
}
