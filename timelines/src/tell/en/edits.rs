//! English for what a vendor changed silently on its page.

use dateline_events::Severity;

use super::numbers::{duration, lasted};
use crate::tell::edit::SaidEdit;
use dateline_status_pages::watched::{About, Edited};

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
