//! Google Cloud: `incidents.json`, in the three generations that it has had.
//!
//! Its traps: numbers are used again, so an incident is known by its `uri`; times end in `Z` or in `+00:00`; the newest post stands
//! first, and once more as `most-recent-update`, later `most_recent_update`; `begin` and `end` are moved in silence, back and forth;
//! what is old is dropped without a word. Where an incident was felt (`currently_affected_locations`) is not read.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Severity};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::dialects::at_most::AtMost;
use crate::observation::{Facts, Listing, Nature, Observation, Refused, SeenIncident, SeenPost, SeenTime, Status, Unreadable};

/// The most incidents that a page may list. The longest seen listed 155.
const MAX_INCIDENTS: usize = 10_000;
/// Where readers find the page; the addresses of its incidents begin with it.
const PAGE: &str = "https://status.cloud.google.com";
/// What stands for the service where several are named one by one.
const SEVERAL: &str = "Multiple Products";

#[derive(Deserialize)]
struct IncidentForm {
    uri: Option<String>,
    id: Option<String>,
    external_desc: Option<String>,
    begin: Option<Instant>,
    end: Option<Instant>,
    modified: Option<Instant>,
    severity: Option<String>,
    service_name: Option<String>,
    affected_products: Option<Vec<ProductForm>>,
    updates: Option<Vec<PostForm>>,
    most_recent_update: Option<PostForm>,
    #[serde(rename = "most-recent-update")]
    most_recent_update_once: Option<PostForm>,
}

#[derive(Deserialize)]
struct ProductForm {
    title: Option<String>,
}

#[derive(Deserialize)]
struct PostForm {
    created: Option<Instant>,
    modified: Option<Instant>,
    when: Option<Instant>,
    status: Option<String>,
    text: Option<String>,
}

/// What an incident is called, wherever the rest of it cannot be read.
#[derive(Deserialize)]
struct NameForm {
    uri: Option<String>,
}

/// Reads a page. That an incident is missing means nothing: Google drops the old ones, over or not.
pub fn parse(bytes: &[u8]) -> Result<Observation, Unreadable> {
    let fault = |why: String| Unreadable(format!("not Google's list of incidents: {why}"));
    let AtMost(items): AtMost<&RawValue> = serde_json::from_slice(bytes).map_err(|error| fault(error.to_string()))?;
    if items.len() > MAX_INCIDENTS {
        return Err(fault(format!("{} incidents; a page has at most {MAX_INCIDENTS}", items.len())));
    }
    if !items.is_empty() && !items.iter().any(|item| is_incident(item.get())) {
        return Err(fault("nothing in it has \"begin\" or \"external_desc\"".into()));
    }
    let mut observation = Observation { facts: facts(), listing: Listing::Partial, ..Observation::default() };
    let mut listed = BTreeSet::new();
    for (place, item) in items.into_iter().enumerate() {
        match incident(item.get()) {
            Ok(incident) if !listed.insert(incident.id.clone()) => {
                observation.refused.push(Refused { what: incident.id, why: "it is listed twice; the first was read".into() });
            }
            Ok(incident) => observation.incidents.push(incident),
            Err(why) => observation.refused.push(Refused { what: name_of(item.get()).unwrap_or_else(|| format!("incident {place}")), why }),
        }
    }
    Ok(observation)
}

/// One incident of the list.
pub(crate) fn incident_version(json: &str) -> Result<(SeenIncident, Facts), String> {
    incident(json).map(|incident| (incident, facts()))
}

/// True for an incident of Google's. Its own members tell, not words that may stand in a text: a Statuspage's incident has
/// `incident_updates`, and neither `begin` nor `external_desc`.
pub(crate) fn is_incident(json: &str) -> bool {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(json) else { return false };
    (members.contains_key("begin") || members.contains_key("external_desc")) && !members.contains_key("incident_updates")
}

fn facts() -> Facts {
    Facts { name: Some("Google Cloud".into()), url: Some(PAGE.into()) }
}

fn name_of(json: &str) -> Option<String> {
    serde_json::from_str::<NameForm>(json).ok().and_then(|form| form.uri).and_then(|uri| key(&uri))
}

/// An incident's own name: what is left of its address.
fn key(uri: &str) -> Option<String> {
    let key = uri.trim_start_matches('/');
    (!key.is_empty() && !key.contains(|character: char| character.is_whitespace() || character.is_control())).then(|| key.to_owned())
}

fn incident(json: &str) -> Result<SeenIncident, String> {
    if !is_incident(json) {
        return Err("not an incident of Google's: it has neither \"begin\" nor \"external_desc\"".into());
    }
    let form: IncidentForm = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let (id, url) = match (form.uri.as_deref().and_then(key), form.id.as_deref().and_then(key)) {
        (Some(uri), _) => (uri.clone(), format!("{PAGE}/{uri}")),
        // Every incident that has an id has it as the last part of its address.
        (None, Some(id)) => (id.clone(), format!("{PAGE}/incidents/{id}")),
        (None, None) => return Err("it has neither a \"uri\" nor an \"id\"".into()),
    };
    let mut incident = SeenIncident::new(id);
    incident.url = Some(url);
    incident.nature = Some(Nature::Outage);
    incident.name = form.external_desc.as_deref().map(unmarked).as_deref().and_then(said);
    incident.started = form.begin.and_then(SeenTime::second);
    incident.ended = form.end.and_then(SeenTime::second);
    incident.severity = form.severity.as_deref().and_then(severity);
    incident.severity_word = form.severity.filter(|_| incident.severity.is_some());
    incident.components = components(form.affected_products.unwrap_or_default(), form.service_name.as_deref());
    incident.updated = form.modified;
    let newest = form.most_recent_update.or(form.most_recent_update_once);
    incident.posts = posts(form.updates.unwrap_or_else(|| newest.into_iter().collect()));
    Ok(incident)
}

/// A headline without the marks of Markdown: bold, and those of a heading.
fn unmarked(text: &str) -> String {
    let text = text.trim_start();
    let heading = text.trim_start_matches('#');
    let text = if heading.starts_with(' ') { heading } else { text };
    text.replace("**", "")
}

fn said(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

fn components(products: Vec<ProductForm>, service: Option<&str>) -> Vec<String> {
    let mut components: Vec<String> = Vec::new();
    for title in products.into_iter().filter_map(|product| product.title).filter_map(|title| said(&title)) {
        if title != SEVERAL && !components.contains(&title) {
            components.push(title);
        }
    }
    if components.is_empty() {
        components.extend(service.and_then(said));
    }
    components
}

/// The posts, oldest first. Where one has no time, the page's order stands.
fn posts(mut forms: Vec<PostForm>) -> Vec<SeenPost> {
    forms.reverse();
    if forms.iter().all(|form| form.when.or(form.created).is_some()) {
        forms.sort_by_key(|form| (form.when.or(form.created), form.created));
    }
    let mut ids: BTreeMap<Instant, usize> = BTreeMap::new();
    forms.into_iter().map(|form| seen_post(form, &mut ids)).collect()
}

/// A post has no id but when it was created, told in UTC whichever way the page ends its times; two of one second are numbered.
fn seen_post(form: PostForm, ids: &mut BTreeMap<Instant, usize>) -> SeenPost {
    let id = form.created.map(|created| {
        let number = ids.entry(created).and_modify(|number| *number += 1).or_insert(1);
        if *number == 1 { created.to_string() } else { format!("{created}-{number}") }
    });
    SeenPost {
        id,
        at: form.when.or(form.created).and_then(SeenTime::second),
        by: None,
        updated: form.modified,
        status: form.status.as_deref().and_then(status),
        status_word: form.status.filter(|word| !word.trim().is_empty()),
        words: form.text.filter(|text| !text.trim().is_empty()),
    }
}

/// `SERVICE_INFORMATION`, `SERVICE_DISRUPTION` and `SERVICE_OUTAGE` say how bad it is, not how far the work on it has come: the
/// field has no word for them, and they stay the page's own.
fn status(word: &str) -> Option<Status> {
    (word == "AVAILABLE").then_some(Status::Vendor(VendorStatus::Resolved))
}

fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "low" => Severity::Minor,
        "medium" => Severity::Major,
        "high" => Severity::Critical,
        _ => return None,
    })
}
