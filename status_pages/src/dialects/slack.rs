//! Slack's status API, version 2: `current` lists what is active, `history` what was; an incident has one id in both.
//!
//! Its traps: notes have no ids, and the newest stands first; nothing says when trouble was over, only when it was changed last, so "resolved"
//! ends it by then at the latest; planned work bears the type of trouble, and is known by its state ("scheduled", "completed") or its
//! headline. What left `current` is over; what left `history` means nothing. A note has no word for a state. Titles are HTML.
//!
//! What is cancelled was planned, whatever type it bears, and is called off by its last note where that is its last change.

use dateline_events::{Instant, plain};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dialects::at_most::AtMost;
use crate::dialects::feed::{is_planned, web_origin};
use crate::dialects::statuspage::IdForm;
use crate::dialects::written::Written;
use crate::observation::{Listing, Nature, Observation, Refused, SeenIncident, SeenPost, SeenTime, Status, Unreadable};

#[derive(Deserialize)]
struct Current<'a> {
    #[serde(borrow)]
    active_incidents: AtMost<&'a RawValue>,
}

#[derive(Deserialize)]
struct IncidentForm {
    id: IdForm,
    date_created: Option<String>,
    date_updated: Option<String>,
    title: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    status: Option<String>,
    url: Option<String>,
    services: Option<Vec<String>>,
    notes: Option<Vec<NoteForm>>,
}

#[derive(Deserialize)]
struct NoteForm {
    date_created: Option<String>,
    body: Option<String>,
}

/// What an incident is called, wherever the rest of it cannot be read.
#[derive(Deserialize)]
struct NameForm {
    id: IdForm,
}

/// Reads a page: what is active, or the history.
pub fn parse(bytes: &[u8]) -> Result<Observation, Unreadable> {
    let fault = |error: serde_json::Error| Unreadable(format!("neither Slack's \"current\" nor its \"history\": {error}"));
    let is_history = bytes.trim_ascii_start().starts_with(b"[");
    let (listing, AtMost(items)) = if is_history {
        (Listing::Partial, serde_json::from_slice(bytes).map_err(fault)?)
    } else {
        let current: Current = serde_json::from_slice(bytes).map_err(fault)?;
        (Listing::Unresolved, current.active_incidents)
    };
    let mut observation = Observation { listing, ..Observation::default() };
    for (place, item) in items.into_iter().enumerate() {
        match incident(item) {
            Ok((incident, refused)) => {
                observation.refused.extend(refused);
                observation.facts.url = observation.facts.url.or_else(|| incident.url.as_deref().and_then(web_origin));
                observation.incidents.push(incident);
            }
            Err(why) => {
                let id = serde_json::from_str(item.get()).ok().map(|form: NameForm| form.id.text()).filter(|id| !id.trim().is_empty());
                match &id {
                    Some(id) => _ = observation.unread.insert(id.clone()),
                    None => observation.unnamed = true,
                }
                observation.refused.push(Refused { what: id.unwrap_or_else(|| format!("incident {place}")), why });
            }
        }
    }
    Ok(observation)
}

/// One incident, and what of it could not be read.
fn incident(item: &RawValue) -> Result<(SeenIncident, Vec<Refused>), String> {
    let form: IncidentForm = serde_json::from_str(item.get()).map_err(|error| error.to_string())?;
    let mut incident = SeenIncident::new(form.id.text());
    let mut refused = Vec::new();
    let what = incident.id.clone();
    let mut date = |text: Option<&String>, of: &str| {
        let read = text.map(|text| Written::read(text, None));
        read.and_then(|read| read.map_err(|why| refused.push(Refused { what: format!("{what}{of}"), why })).ok())
    };
    let word = form.status.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    let is_planned = ["scheduled", "in_progress", "completed", "cancelled", "canceled"].contains(&word.as_str())
        || form.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("maintenance"))
        || is_planned(form.title.as_deref(), &[]);
    incident.nature = Some(if is_planned { Nature::Maintenance } else { Nature::Outage });
    incident.name = form.title.map(|title| plain(&title).replace('\n', " ")).filter(|title| !title.is_empty());
    incident.url = form.url;
    incident.started = date(form.date_created.as_ref(), "").map(|date| date.time);
    let updated = date(form.date_updated.as_ref(), "");
    incident.updated = updated.as_ref().map(|date| date.instant);
    let is_cancelled = ["cancelled", "canceled"].contains(&word.as_str());
    if is_cancelled || ["resolved", "completed"].contains(&word.as_str()) {
        incident.ended_by = Some(updated.map(|date| date.time).ok_or("it is over, and \"date_updated\" does not say by when")?);
    }
    for service in form.services.into_iter().flatten() {
        if !service.trim().is_empty() && !incident.components.contains(&service) {
            incident.components.push(service);
        }
    }
    incident.partial = form.notes.is_none();
    let notes = form.notes.into_iter().flatten().rev().enumerate();
    incident.posts = notes
        .map(|(place, note)| SeenPost {
            id: None,
            at: date(note.date_created.as_ref(), &format!(", note {}", place + 1)).map(|date| date.time),
            by: None,
            updated: None,
            status: None,
            status_word: None,
            words: note.body.filter(|body| !body.trim().is_empty()),
        })
        .collect();
    if incident.posts.iter().all(|post| post.at.is_some()) {
        incident.posts.sort_by_key(|post| post.at.as_ref().map(SeenTime::start));
    }
    if is_cancelled {
        call_off(&mut incident, &word);
    }
    Ok((incident, refused))
}

/// The last note calls the work off, where it is the last change; else nothing but the state of the whole says so.
fn call_off(incident: &mut SeenIncident, word: &str) {
    let changed = incident.ended_by.as_ref().map(SeenTime::start);
    let is_last = |post: &&mut SeenPost| {
        let at = post.at.as_ref().map(SeenTime::start);
        at.zip(changed).is_some_and(|(at, changed)| at.0.abs_diff(changed.0) < Instant::MINUTE.unsigned_abs())
    };
    match incident.posts.last_mut().filter(is_last) {
        Some(last) => {
            (last.status, last.status_word) = (Some(Status::Completed), Some(word.to_owned()));
            incident.ended_by = None;
        }
        None => incident.end_word = Some(word.to_owned()),
    }
}
