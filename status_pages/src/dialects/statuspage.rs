//! Atlassian Statuspage, API v2: `summary.json`, `incidents.json`, `scheduled-maintenances.json` and one incident alone.
//!
//! Its traps: an edit rewrites `created_at`, which therefore says nothing; `display_at` is the time beside a post, and editable;
//! an incident has a state of its own, and a time at which it was resolved, and where the newest post says otherwise they are believed;
//! `incidents.json` holds only the newest 50; names may be unfilled templates; texts hold HTML; the newest post stands first;
//! `incidents/unresolved.json`, `scheduled-maintenances/active.json` and `upcoming.json` look like the lists of the newest, and drop
//! what is over: a list counts as that of the newest only where something on it is over.

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Severity};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::dialects::at_most::AtMost;
use crate::observation::{Facts, Listing, Nature, Observation, Refused, SeenIncident, SeenPost, SeenTime, Status, Unreadable};

#[derive(Deserialize)]
struct Document<'a> {
    page: Option<PageForm>,
    #[serde(borrow, default, deserialize_with = "section")]
    incidents: Section<'a>,
    #[serde(borrow, default, deserialize_with = "section")]
    scheduled_maintenances: Section<'a>,
    components: Option<serde::de::IgnoredAny>,
}

/// A list on a page; one that is null lists nothing, and is no sign that nothing is there.
#[derive(Default)]
enum Section<'a> {
    #[default]
    Missing,
    Null,
    Listed(AtMost<&'a RawValue>),
}

fn section<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Section<'a>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map_or(Section::Null, Section::Listed))
}

#[derive(Deserialize)]
struct PageForm {
    id: Option<IdForm>,
    name: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct IncidentForm {
    id: IdForm,
    name: Option<String>,
    status: Option<String>,
    impact: Option<String>,
    shortlink: Option<String>,
    started_at: Option<Instant>,
    updated_at: Option<Instant>,
    resolved_at: Option<Instant>,
    scheduled_for: Option<Instant>,
    scheduled_until: Option<Instant>,
    page_id: Option<IdForm>,
    incident_updates: Option<Vec<PostForm>>,
    components: Option<Vec<ComponentForm>>,
}

/// What tells an incident, and whether it is over, wherever the rest of it cannot be read.
#[derive(Deserialize)]
struct NameForm {
    id: Option<IdForm>,
    status: Option<String>,
}

/// An id: text, or a number.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum IdForm {
    Text(String),
    Number(u64),
}

#[derive(Deserialize)]
struct PostForm {
    id: IdForm,
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
    let is_listed = |section: &Section| matches!(section, Section::Listed(_));
    if !is_listed(&document.incidents) && !is_listed(&document.scheduled_maintenances) {
        return Err(Unreadable("not a Statuspage document: it has neither \"incidents\" nor \"scheduled_maintenances\"".into()));
    }
    let mut observation = Observation { listing: listing(&document), facts: document.page.map(facts).unwrap_or_default(), ..Observation::default() };
    let sections = [(document.incidents, Nature::Outage), (document.scheduled_maintenances, Nature::Maintenance)];
    for (section, nature) in sections {
        let Section::Listed(AtMost(items)) = section else { continue };
        for (place, item) in items.into_iter().enumerate() {
            match incident(item.get(), nature) {
                Ok((incident, _)) => observation.incidents.push(incident),
                Err(why) => {
                    let id = name_of(item).and_then(|form| form.id).map(IdForm::text).filter(|id| !id.trim().is_empty());
                    match &id {
                        Some(id) => _ = observation.unread.insert(id.clone()),
                        None => observation.unnamed = true,
                    }
                    let what = id.unwrap_or_else(|| format!("{} {place}", if nature == Nature::Outage { "incident" } else { "maintenance" }));
                    observation.refused.push(Refused { what, why });
                }
            }
        }
    }
    Ok(observation)
}

/// What it means that something does not stand on the page. The summary alone tells of components; it lists what is not resolved, and
/// is whole where it has both sections. A list of the newest is known by what is over on it.
fn listing(document: &Document) -> Listing {
    let sections = [(&document.incidents, Nature::Outage), (&document.scheduled_maintenances, Nature::Maintenance)];
    let holds_something_over = |items: &[&RawValue], nature| items.iter().any(|item| is_over(item, nature));
    if document.components.is_some() {
        let is_whole = sections.iter().all(|(section, _)| matches!(section, Section::Listed(_)));
        return if is_whole { Listing::Unresolved } else { Listing::Partial };
    }
    let are_newest = sections.iter().all(|(section, nature)| match section {
        Section::Listed(AtMost(items)) => holds_something_over(items, *nature),
        Section::Missing => true,
        Section::Null => false,
    });
    if are_newest { Listing::Newest } else { Listing::Partial }
}

fn name_of(item: &RawValue) -> Option<NameForm> {
    serde_json::from_str(item.get()).ok()
}

fn is_over(item: &RawValue, nature: Nature) -> bool {
    let word = name_of(item).and_then(|form| form.status);
    let status = word.and_then(|word| status(&word, nature));
    status.is_some_and(is_end)
}

fn facts(page: PageForm) -> Facts {
    let url = page.url.filter(|url| is_web(url)).or_else(|| page.id.map(|id| page_address(&id.text())));
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
    let mut incident = SeenIncident::new(form.id.text());
    incident.url = form.shortlink.filter(|url| is_web(url));
    incident.nature = Some(nature);
    incident.name = form.name.filter(|name| !name.trim().is_empty());
    incident.started = form.started_at.and_then(SeenTime::second);
    incident.severity = form.impact.as_deref().filter(|_| !is_maintenance).and_then(severity);
    incident.severity_word = form.impact.filter(|_| incident.severity.is_some());
    incident.scheduled = form.scheduled_for.zip(form.scheduled_until).filter(|(from, until)| is_maintenance && from < until);
    incident.updated = form.updated_at;
    for component in form.components.into_iter().flatten().filter_map(|component| component.name) {
        if !component.trim().is_empty() && !incident.components.contains(&component) {
            incident.components.push(component);
        }
    }
    let posts = form.incident_updates.ok_or("it has no \"incident_updates\", or null in their place: what was posted about it is not known")?;
    incident.posts = posts.into_iter().rev().map(|post| seen_post(post, nature)).collect();
    // An incident that was never posted about still has a status.
    if incident.posts.is_empty() && form.status.is_none() {
        return Err("it has neither a status nor posts".into());
    }
    if let Some(word) = form.status {
        own_state(&mut incident, word, form.resolved_at, nature);
    }
    Ok((incident, form.page_id.map(IdForm::text)))
}

/// The incident's own state, where its newest post says otherwise; and when it was resolved, where no post says that.
fn own_state(incident: &mut SeenIncident, word: String, resolved: Option<Instant>, nature: Nature) {
    let newest = incident.posts.iter().filter(|post| post.status.is_some()).max_by_key(|post| post.at.as_ref().map(SeenTime::start));
    let (Some(own), Some(newest)) = (status(&word, nature), newest) else { return };
    let said = newest.status;
    let said_over = said.is_some_and(is_end);
    let resolved = resolved.and_then(SeenTime::second).filter(|_| is_end(own));
    match (is_end(own), said_over) {
        (true, true) => {
            // Posts are often written after the fact: the earlier of the two is when it was over.
            let first_end =
                incident.posts.iter().filter(|post| post.status.is_some_and(is_end)).filter_map(|post| post.at.as_ref()).map(SeenTime::start).min();
            let is_earlier = |at: &SeenTime| first_end.is_some_and(|end| end.0 - at.start().0 >= Instant::MINUTE);
            let is_overruled = nature == Nature::Outage && resolved.as_ref().is_some_and(|at| overrule(&mut incident.posts, at.start()));
            incident.ended = resolved.filter(|at| is_overruled || is_earlier(at));
        }
        (true, false) => {
            incident.ended = resolved;
            incident.ended_by = incident.updated.and_then(SeenTime::second).filter(|_| incident.ended.is_none());
        }
        (false, _) => incident.state = Some((own, word)).filter(|_| Some(own) != said),
    }
}

/// Posts that say "resolved" and bear times before the end that the page gives are no ends, where all of them do; true where that is so. Such a
/// post was dated back.
fn overrule(posts: &mut [SeenPost], resolved: Instant) -> bool {
    let says_so = |post: &SeenPost| post.status == Some(Status::Vendor(VendorStatus::Resolved));
    let is_before = |post: &SeenPost| post.at.as_ref().is_some_and(|at| resolved.0 - at.start().0 >= Instant::MINUTE);
    let is_overruled = posts.iter().any(says_so) && posts.iter().filter(|post| says_so(post)).all(is_before);
    if is_overruled {
        posts.iter_mut().filter(|post| says_so(post)).for_each(|post| post.status = Some(Status::Overruled));
    }
    is_overruled
}

fn is_end(status: Status) -> bool {
    matches!(status, Status::Completed | Status::Vendor(VendorStatus::Resolved | VendorStatus::Postmortem))
}

impl IdForm {
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

fn seen_post(form: PostForm, nature: Nature) -> SeenPost {
    SeenPost {
        at: form.display_at.or(form.created_at).and_then(SeenTime::second),
        by: None,
        id: Some(form.id.text()),
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
        // Work that is called off is over, and never began.
        "completed" | "cancelled" | "canceled" => Status::Completed,
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
