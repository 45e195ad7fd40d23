//! The old dashboard of AWS: `data.json`, with a list of what is current and an archive.
//!
//! Its traps: numbers stand as text or as numbers; the posts are one piece of HTML (`posts`), and nearly all of them have a clock
//! time and no date (`clock`), and are named where it cannot be read; a headline begins with `[RESOLVED]` when it is over; the archive shrinks between two readings. An
//! event whose `date` was changed is another event, for it has no other id. `details` was never seen filled, and is not read.

mod clock;
mod posts;

use std::collections::BTreeSet;

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dialects::at_most::AtMost;
use crate::dialects::written::FeedZone;
use crate::observation::{Facts, Listing, Nature, Observation, Refused, SeenIncident, SeenPost, SeenTime, Status, Unreadable};
use posts::PrintedPost;

/// The most events that a page may list, both lists together. The longest seen listed 65.
const MAX_EVENTS: usize = 10_000;
/// The largest description of an event, in bytes. The longest seen has 17,778.
const MAX_DESCRIPTION_BYTES: usize = 256 * 1024;
/// Where readers found the page.
const PAGE: &str = "https://status.aws.amazon.com";
/// An event began with its first post, if `date` lies no further from it than so many seconds.
const AGREEING_SECONDS: i64 = 5 * 60;
/// The last second of the year 9999.
const LAST_EPOCH_SECOND: i64 = 253_402_300_799;
/// What stands in a headline when it is over.
const RESOLVED: &str = "[RESOLVED]";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    archive: Option<AtMost<&'a RawValue>>,
    #[serde(borrow)]
    current: Option<AtMost<&'a RawValue>>,
}

#[derive(Deserialize)]
struct EventForm {
    service: String,
    date: NumberForm,
    service_name: Option<String>,
    summary: Option<String>,
    status: Option<NumberForm>,
    description: Option<String>,
}

/// A number, or a text of digits.
#[derive(Deserialize)]
#[serde(untagged)]
enum NumberForm {
    Number(i64),
    Text(String),
}

/// Reads a page. That an event is missing means nothing: the archive shrinks between two readings.
pub fn parse(bytes: &[u8], zone: Option<&FeedZone>) -> Result<Observation, Unreadable> {
    let fault = |why: String| Unreadable(format!("not a dashboard of AWS: {why}"));
    let document: Document = serde_json::from_slice(bytes).map_err(|error| fault(error.to_string()))?;
    if document.archive.is_none() && document.current.is_none() {
        return Err(fault("it has neither \"archive\" nor \"current\"".into()));
    }
    let sections = [("archive", document.archive.unwrap_or_default().0), ("current", document.current.unwrap_or_default().0)];
    let count: usize = sections.iter().map(|(_, items)| items.len()).sum();
    if count > MAX_EVENTS {
        return Err(fault(format!("{count} events; a page has at most {MAX_EVENTS}")));
    }
    let mut observation = Observation { facts: facts(), listing: Listing::Partial, ..Observation::default() };
    let mut listed = BTreeSet::new();
    for (section, items) in sections {
        for (place, item) in items.into_iter().enumerate() {
            match event(item.get(), zone) {
                Ok((incident, _)) if !listed.insert(incident.id.clone()) => {
                    observation.refused.push(Refused { what: incident.id, why: "it is listed twice; the first was read".into() });
                }
                Ok((incident, refused)) => {
                    observation.refused.extend(refused);
                    observation.incidents.push(incident);
                }
                Err(why) => observation.refused.push(Refused { what: format!("{section} {place}"), why }),
            }
        }
    }
    Ok(observation)
}

/// One event of the list. One with a time that cannot be read is refused as a whole: nobody would hear of the time.
pub(crate) fn event_version(json: &str) -> Result<(SeenIncident, Facts), String> {
    let (incident, refused) = event(json, None)?;
    match refused.into_iter().next() {
        Some(Refused { what, why }) => Err(format!("{what}: {why}")),
        None => Ok((incident, facts())),
    }
}

fn facts() -> Facts {
    Facts { name: Some("Amazon Web Services".into()), url: Some(PAGE.into()) }
}

/// One event, and what of it could not be read.
fn event(json: &str, zone: Option<&FeedZone>) -> Result<(SeenIncident, Vec<Refused>), String> {
    let form: EventForm = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let service = form.service.trim();
    if service.is_empty() || service.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Err(format!("\"{service}\" names no service"));
    }
    let date = form.date.value().filter(|seconds| (0..=LAST_EPOCH_SECOND).contains(seconds));
    let date = date.ok_or_else(|| "its \"date\" is not a number of seconds since 1970".to_owned())?;
    let description = form.description.as_deref().unwrap_or_default();
    if description.len() > MAX_DESCRIPTION_BYTES {
        return Err(format!("its description has {} bytes; at most {MAX_DESCRIPTION_BYTES} are read", description.len()));
    }
    let status = form.status.as_ref().and_then(NumberForm::value);
    let summary = form.summary.as_deref().unwrap_or_default();
    let mut incident = SeenIncident::new(format!("{service}-{date}"));
    incident.nature = Some(Nature::Outage);
    incident.name = headline(summary);
    incident.severity = status.and_then(severity);
    incident.components = form.service_name.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let (posts, refused) = seen_posts(&incident.id, date, posts::split(description), zone);
    incident.posts = posts;
    if let Some(last) = incident.posts.last_mut()
        && let Some(word) = resolved_word(summary, status)
    {
        last.status = Some(Status::Vendor(VendorStatus::Resolved));
        last.status_word = Some(word.to_owned());
    }
    incident.started = started(date, incident.posts.first());
    Ok((incident, refused))
}

/// An event says when it began only by its `date`. Nearly always that is when its first post was written, and then the post's minute
/// is told, in the page's words. Where they disagree `date` stands: what can be checked of it is the beginning that the words name.
fn started(date: i64, first: Option<&SeenPost>) -> Option<SeenTime> {
    let epoch = Instant(date * Instant::SECOND);
    let printed = first.and_then(|post| post.at.clone());
    let agreeing = printed.filter(|at| at.start().0.abs_diff(epoch.0) <= (AGREEING_SECONDS * Instant::SECOND).unsigned_abs());
    agreeing.or_else(|| SeenTime::second(epoch))
}

fn headline(summary: &str) -> Option<String> {
    let summary = summary.trim();
    let is_marked = summary.get(..RESOLVED.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(RESOLVED));
    let name = if is_marked { summary[RESOLVED.len()..].trim() } else { summary };
    (!name.is_empty()).then(|| name.to_owned())
}

/// The page's own word for it that an event is over. The headline may say it first in another language; status 0 is "operating
/// normally", and sometimes stands there before the headline is marked.
fn resolved_word(summary: &str, status: Option<i64>) -> Option<&'static str> {
    if summary.to_ascii_uppercase().contains(RESOLVED) {
        return Some("RESOLVED");
    }
    (status == Some(0)).then_some("0")
}

/// 0 is no severity: it says that it is over.
fn severity(status: i64) -> Option<Severity> {
    Some(match status {
        1 => Severity::Minor,
        2 => Severity::Major,
        3 => Severity::Critical,
        _ => return None,
    })
}

fn seen_posts(id: &str, date: i64, printed: Vec<PrintedPost>, zone: Option<&FeedZone>) -> (Vec<SeenPost>, Vec<Refused>) {
    let times: Vec<_> = printed.iter().map(|post| post.time.as_deref().map(|words| clock::read(words, date, zone))).collect();
    let read: Vec<_> = times.iter().map(|time| time.as_ref().and_then(|time| time.as_ref().ok())).collect();
    let placed = clock::place(date, &read);
    let (mut posts, mut refused) = (Vec::new(), Vec::new());
    for (number, (post, time)) in printed.into_iter().zip(&times).enumerate() {
        let wording = post.time.clone().unwrap_or_default();
        let at = read[number].zip(placed[number]).and_then(|(printed, seconds)| printed.seen(seconds, &wording, zone));
        let why = match time {
            Some(Err(why)) => Some(why.clone()),
            Some(Ok(_)) if at.is_none() => Some(format!("\"{wording}\" contradicts the times of the posts beside it")),
            _ => None,
        };
        refused.extend(why.map(|why| Refused { what: format!("{id}, post {}", number + 1), why }));
        posts.extend(seen_post(post, at, &wording));
    }
    (posts, refused)
}

/// A printed time that cannot be placed stays with the words, so that nothing is lost.
fn seen_post(post: PrintedPost, at: Option<SeenTime>, wording: &str) -> Option<SeenPost> {
    let words = if at.is_some() || wording.is_empty() { post.words } else { format!("{wording} {}", post.words).trim_end().to_owned() };
    if at.is_none() && words.is_empty() {
        return None;
    }
    Some(SeenPost { id: None, at, by: None, updated: None, status: None, status_word: None, words: (!words.is_empty()).then_some(words) })
}

impl NumberForm {
    fn value(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}
