//! Atlassian Statuspage, API v2: `summary.json`, `incidents.json`, `scheduled-maintenances.json` and one incident alone.
//!
//! Its traps: an edit rewrites `created_at`, which therefore says nothing; `display_at` is the time beside a post, and editable;
//! `incidents.json` holds only the newest 50; names may be unfilled templates; texts hold HTML; the newest post stands first.

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::observation::{Facts, Listing, Nature, Observation, Refused, SeenIncident, SeenPost, SeenTime, Status, Unreadable};

#[derive(Deserialize)]
struct Document<'a> {
    page: Option<PageForm>,
    #[serde(borrow)]
    incidents: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    scheduled_maintenances: Option<Vec<&'a RawValue>>,
    components: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct PageForm {
    id: Option<String>,
    name: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct IncidentForm {
    id: String,
    name: Option<String>,
    status: Option<String>,
    impact: Option<String>,
    shortlink: Option<String>,
    started_at: Option<Instant>,
    updated_at: Option<Instant>,
    scheduled_for: Option<Instant>,
    scheduled_until: Option<Instant>,
    page_id: Option<String>,
    #[serde(default)]
    incident_updates: Vec<PostForm>,
    #[serde(default)]
    components: Vec<ComponentForm>,
}

#[derive(Deserialize)]
struct PostForm {
    id: String,
    status: Option<String>,
    body: Option<String>,
    updated_at: Option<Instant>,
    display_at: Option<Instant>,
    created_at: Option<Instant>,
}

#[derive(Deserialize)]
struct ComponentForm {
    name: Option<String>,
}

/// Reads a page.
pub fn parse(bytes: &[u8]) -> Result<Observation, Unreadable> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| Unreadable(format!("not a Statuspage document: {error}")))?;
    if document.incidents.is_none() && document.scheduled_maintenances.is_none() {
        return Err(Unreadable("not a Statuspage document: it has neither \"incidents\" nor \"scheduled_maintenances\"".into()));
    }
    // The summary alone tells of components; it lists what is not resolved. `incidents.json` lists the newest.
    let is_summary = document.components.is_some() && document.incidents.is_some() && document.scheduled_maintenances.is_some();
    let mut observation = Observation {
        facts: document.page.map(facts).unwrap_or_default(),
        listing: if is_summary { Listing::Unresolved } else { Listing::Newest },
        ..Observation::default()
    };
    let sections = [(document.incidents, Nature::Outage), (document.scheduled_maintenances, Nature::Maintenance)];
    for (items, nature) in sections {
        for (place, item) in items.unwrap_or_default().into_iter().enumerate() {
            match incident(item.get(), nature) {
                Ok((incident, _)) => observation.incidents.push(incident),
                Err(why) => observation
                    .refused
                    .push(Refused { what: format!("{} {place}", if nature == Nature::Outage { "incident" } else { "maintenance" }), why }),
            }
        }
    }
    Ok(observation)
}

fn facts(page: PageForm) -> Facts {
    let url = page.url.filter(|url| is_web(url)).or_else(|| page.id.as_deref().map(page_address));
    Facts { name: page.name.filter(|name| !name.trim().is_empty()), url: url.map(|url| url.trim_end_matches('/').to_owned()) }
}

fn is_web(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(char::is_whitespace)
}

/// Every Statuspage answers under its own id too, whatever address it shows to readers.
pub(crate) fn page_address(id: &str) -> String {
    format!("https://{id}.statuspage.io")
}

/// Reads one incident, and the id of its page.
pub(crate) fn incident(json: &str, nature: Nature) -> Result<(SeenIncident, Option<String>), String> {
    let form: IncidentForm = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let is_maintenance = nature == Nature::Maintenance;
    let mut incident = SeenIncident::new(form.id);
    incident.url = form.shortlink.filter(|url| is_web(url));
    incident.nature = Some(nature);
    incident.name = form.name.filter(|name| !name.trim().is_empty());
    incident.started = form.started_at.and_then(SeenTime::second);
    incident.severity = form.impact.as_deref().filter(|_| !is_maintenance).and_then(severity);
    incident.severity_word = form.impact.filter(|_| incident.severity.is_some());
    incident.scheduled = form.scheduled_for.zip(form.scheduled_until).filter(|(from, until)| is_maintenance && from < until);
    incident.updated = form.updated_at;
    for component in form.components.into_iter().filter_map(|component| component.name) {
        if !component.trim().is_empty() && !incident.components.contains(&component) {
            incident.components.push(component);
        }
    }
    incident.posts = form.incident_updates.into_iter().rev().map(|post| seen_post(post, nature)).collect();
    // An incident that was never posted about still has a status.
    if incident.posts.is_empty() && form.status.is_none() {
        return Err("it has neither a status nor posts".into());
    }
    Ok((incident, form.page_id))
}

fn seen_post(form: PostForm, nature: Nature) -> SeenPost {
    SeenPost {
        at: form.display_at.or(form.created_at).and_then(SeenTime::second),
        id: Some(form.id),
        updated: form.updated_at.or(form.created_at),
        status: form.status.as_deref().and_then(|word| status(word, nature)),
        status_word: form.status,
        words: form.body.filter(|body| !body.trim().is_empty()),
    }
}

/// A Statuspage's word for a state, in the API's spelling or in that of its pages and feeds.
pub(crate) fn status(word: &str, nature: Nature) -> Option<Status> {
    Some(match word.to_ascii_lowercase().replace(' ', "_").as_str() {
        "investigating" => Status::Vendor(VendorStatus::Investigating),
        "identified" => Status::Vendor(VendorStatus::Identified),
        "monitoring" => Status::Vendor(VendorStatus::Monitoring),
        "resolved" if nature == Nature::Maintenance => Status::Completed,
        "resolved" => Status::Vendor(VendorStatus::Resolved),
        "postmortem" if nature == Nature::Maintenance => Status::Completed,
        "postmortem" => Status::Vendor(VendorStatus::Postmortem),
        "scheduled" => Status::Scheduled,
        "in_progress" | "verifying" => Status::InProgress,
        "completed" => Status::Completed,
        _ => return None,
    })
}

fn severity(impact: &str) -> Option<Severity> {
    Some(match impact {
        // Trouble that the vendor calls planned work: users are not meant to notice.
        "none" | "maintenance" => Severity::None,
        "minor" => Severity::Minor,
        "major" => Severity::Major,
        "critical" => Severity::Critical,
        _ => return None,
    })
}
