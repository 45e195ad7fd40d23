//! RSS and Atom. The feed of a Statuspage is recognised by the shape of its bodies, not by its address, and understood post by post
//! (`posts`); where entries tell states (`states`), those of one thing are one incident (`threads`); of any other feed an entry is an incident
//! with one post. Leaving a feed means nothing: it keeps the newest.
//!
//! A Statuspage's entry has an id of its own; the API's is the last part of its link, and that is the one kept. The posts have
//! none: a post is recognised by its minute and its words. A post that could not be read is refused and the rest kept, in a feed;
//! a version of one entry (`entry_version`) with such a post is refused as a whole, because nobody would hear of the post.
//! The one post of any other entry has an id, so that a changed text is a correction of it and not another post.
//!
//! Dates are read from the feed's raw text, not from what feed-rs takes them for. An entry whose own date cannot be read is refused by name,
//! because nothing else dates it; one of a Statuspage is kept, because its posts are dated in their own words. Where none of these can be read
//! either, it is refused too.

mod dates;
mod heads;
mod markup;
mod naming;
mod posts;
mod states;
mod threads;

use std::collections::BTreeSet;
use std::ops::AddAssign;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dateline_events::{Instant, plain};
use feed_rs::model::{Entry, Feed, Link, Text};
use feed_rs::parser::Builder;
use serde::Deserialize;

use self::naming::CommonLinks;
use self::posts::{Body, EntryTimes};
use self::states::{Stated, StatedHeadlines};
use self::threads::Threads;
use super::as_markup;
use super::written::{FeedZone, Written};
use crate::observation::{Facts, Listing, Nature, Observation, Refused, SeenIncident, SeenPost, Unreadable};

pub(in crate::dialects) use self::dates::offsets;

/// The largest feed that is read, in bytes; the largest of a Statuspage are under one mebibyte.
pub const MAX_FEED_BYTES: usize = 8 * 1024 * 1024;

/// So much of a page is looked at to tell what it is instead of a feed.
const LOOK_BYTES: usize = 1024;

/// What the one post of an entry is called that is no Statuspage's.
pub(crate) const ONLY_POST: &str = "entry";

/// Reads a page. `zone` is that of dates which do not say theirs, or say it with a name of two meanings.
pub fn parse(bytes: &[u8], zone: Option<&FeedZone>) -> Result<Observation, Unreadable> {
    if let Some(why) = no_feed(bytes) {
        return Err(Unreadable(why));
    }
    let (feed, dates) = feed_of(bytes)?;
    if !feed.entries.is_empty() && !is_closed(bytes) {
        return Err(Unreadable("a feed that was cut off: its root is not closed".into()));
    }
    let mut observation = Observation { listing: Listing::Partial, ..Observation::default() };
    let (mut seen, mut origin, mut is_statuspage) = (BTreeSet::new(), None, false);
    let forms: Vec<EntryForm> = feed.entries.iter().map(|entry| EntryForm::of(entry, &dates)).collect();
    let common = CommonLinks::of(&feed, &forms);
    let stated = StatedHeadlines::of(&forms, &common);
    let mut threads = Threads::default();
    for (place, form) in forms.into_iter().enumerate() {
        let what = form.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| form.nameless(place));
        match form.read(&common, &stated, zone) {
            Ok(Read::Told(told, refused)) => {
                observation.refused.extend(refused);
                threads.add(*told);
            }
            Ok(Read::Incident(read)) if !seen.insert(read.incident.id.clone()) => {
                observation.refused.push(Refused { what, why: "it stands in the feed twice; the first is kept".into() });
            }
            Ok(Read::Incident(read)) => {
                if origin.is_none() || (read.is_statuspage && !is_statuspage) {
                    origin = read.incident.url.as_deref().and_then(web_origin);
                }
                is_statuspage |= read.is_statuspage;
                observation.refused.extend(read.refused);
                observation.incidents.push(read.incident);
            }
            Err(why) => observation.refused.push(Refused { what, why }),
        }
    }
    for incident in threads.incidents().into_iter().filter(|incident| seen.insert(incident.id.clone())) {
        origin = origin.or_else(|| incident.url.as_deref().and_then(web_origin));
        observation.incidents.push(incident);
    }
    observation.facts = facts(&feed, origin, is_statuspage);
    Ok(observation)
}

/// The feed, and the texts of all its dates: each time that feed-rs answers is the number of one of them, in seconds.
fn feed_of(bytes: &[u8]) -> Result<(Feed, Vec<String>), Unreadable> {
    let dates = Arc::new(Mutex::new(Vec::new()));
    let noted = dates.clone();
    let note = move |text: &str| {
        let mut dates = noted.lock().ok()?;
        dates.push(text.trim().to_owned());
        Some(numbered(dates.len() as u64 - 1))
    };
    // An id that feed-rs made up would be another at each reading: what has none stays without.
    let parser = Builder::new().id_generator(|_, _, _| String::new()).sanitize_content(false).timestamp_parser(note).build();
    let feed = parser.parse(bytes).map_err(|error| Unreadable(format!("not a feed, or one that was cut off: {error}")))?;
    let dates = dates.lock().map(|mut dates| std::mem::take(&mut *dates)).unwrap_or_default();
    Ok((feed, dates))
}

/// A number as a time of feed-rs, whose type is named nowhere here: so many seconds after its zero.
fn numbered<T: Default + AddAssign<Duration>>(number: u64) -> T {
    let mut time = T::default();
    time += Duration::from_secs(number);
    time
}

/// One entry of a feed's history, as JSON: id, published, updated, title, content, link.
pub(crate) fn entry_version(json: &str) -> Result<(SeenIncident, Facts), String> {
    let form: EntryForm = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let common = CommonLinks::default();
    let stated = StatedHeadlines::of(std::slice::from_ref(&form), &common);
    let (incident, refused) = match form.read(&common, &stated, None)? {
        Read::Incident(read) => (Some(read.incident), read.refused),
        Read::Told(told, refused) => {
            let mut threads = Threads::default();
            threads.add(*told);
            (threads.incidents().pop(), refused)
        }
    };
    if let Some(Refused { what, why }) = refused.into_iter().next() {
        return Err(format!("{what}: {why}"));
    }
    let incident = incident.ok_or("it tells of nothing")?;
    let url = incident.url.as_deref().and_then(web_origin);
    Ok((incident, Facts { name: None, url }))
}

#[derive(Deserialize)]
struct EntryForm {
    id: Option<String>,
    published: Option<String>,
    updated: Option<String>,
    title: Option<String>,
    content: Option<String>,
    summary: Option<String>,
    link: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
}

/// What an entry is.
enum Read {
    Incident(Box<ReadEntry>),
    /// One post on something that others may tell of too.
    Told(Box<Stated>, Vec<Refused>),
}

struct ReadEntry {
    incident: SeenIncident,
    is_statuspage: bool,
    refused: Vec<Refused>,
}

/// The dates that stand on an entry, as far as they can be read.
struct Dates {
    published: Option<Written>,
    updated: Option<Written>,
    /// Why one of them cannot be read; the entry's own first.
    faults: Vec<String>,
}

impl EntryForm {
    fn of(entry: &Entry, dates: &[String]) -> Self {
        let content = entry.content.as_ref().and_then(|content| content.body.clone());
        let date = |seconds: i64| usize::try_from(seconds).ok().and_then(|number| dates.get(number)).cloned();
        Self {
            id: Some(entry.id.trim().to_owned()).filter(|id| !id.is_empty()),
            published: entry.published.and_then(|time| date(time.timestamp())),
            updated: entry.updated.and_then(|time| date(time.timestamp())),
            title: entry.title.as_ref().map(text),
            content: content.or_else(|| entry.summary.as_ref().map(|summary| summary.content.clone())),
            summary: entry.summary.as_ref().map(|summary| summary.content.clone()),
            link: alternate(&entry.links),
            categories: entry.categories.iter().flat_map(|category| std::iter::once(category.term.clone()).chain(category.label.clone())).collect(),
        }
    }
}

impl EntryForm {
    /// How an entry without an id is spoken of.
    fn nameless(&self, place: usize) -> String {
        let title = self.title.as_deref().map(str::trim).filter(|title| !title.is_empty()).map(|title| format!(" \"{title}\""));
        format!("entry {}{}", place + 1, title.unwrap_or_default())
    }

    fn dates(&self, zone: Option<&FeedZone>) -> Dates {
        let mut faults = Vec::new();
        let mut read = |text: Option<&String>| text.and_then(|text| Written::read(text, zone).map_err(|why| faults.push(why)).ok());
        let published = read(self.published.as_ref());
        // RSS has one date, and feed-rs gives it twice.
        let updated = if self.updated == self.published { published.clone() } else { read(self.updated.as_ref()) };
        Dates { published, updated, faults }
    }

    fn read(self, common: &CommonLinks, stated: &StatedHeadlines, zone: Option<&FeedZone>) -> Result<Read, String> {
        let link = self.link.clone().filter(|link| is_web(link)).or_else(|| self.id.clone().filter(|id| is_web(id)));
        let dates = self.dates(zone);
        let latest = dates.updated.as_ref().or(dates.published.as_ref()).map(|date| &date.time);
        match posts::read(self.content.as_deref().unwrap_or_default(), dates.times(), latest, zone)? {
            Some(body) => self.of_statuspage(link, body, dates).map(|read| Read::Incident(Box::new(read))),
            None => self.of_anybody(link, common, stated, dates),
        }
    }

    fn of_statuspage(self, link: Option<String>, body: Body, dates: Dates) -> Result<ReadEntry, String> {
        let link = link.ok_or("it has no link, whose last part is the incident's id")?;
        let id = last_part(&link).ok_or_else(|| format!("its link \"{link}\" has no last part, which is the incident's id"))?.to_owned();
        let mut incident = SeenIncident::new(id.clone());
        incident.url = Some(link);
        incident.nature = body.nature;
        incident.name = self.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        incident.scheduled = body.scheduled;
        incident.updated = dates.changed();
        incident.partial = !body.refused.is_empty();
        let first = body.posts.iter().filter_map(|post| post.at.as_ref().or(post.by.as_ref())).min_by_key(|at| at.start()).cloned();
        if let (None, Some((_, why))) = (&first, body.refused.first()) {
            return Err(format!("none of its dates can be read: {why}"));
        }
        // It began with its oldest post; where that has no time, it began by the first that is known.
        let is_dated = body.posts.first().is_some_and(|oldest| oldest.at.is_some());
        (incident.started, incident.began_by) = if is_dated { (first, None) } else { (None, first) };
        incident.posts = body.posts;
        let mut refused: Vec<Refused> = dates.faults.into_iter().map(|why| Refused { what: id.clone(), why }).collect();
        let what = |place: usize| if place == 0 { format!("{id}, its window") } else { format!("{id}, post {place}") };
        refused.extend(body.refused.into_iter().map(|(place, why)| Refused { what: what(place), why }));
        Ok(ReadEntry { incident, is_statuspage: true, refused })
    }

    fn of_anybody(self, link: Option<String>, common: &CommonLinks, stated: &StatedHeadlines, dates: Dates) -> Result<Read, String> {
        let own = if self.published.is_some() { &dates.published } else { &dates.updated };
        if let Some(why) = dates.faults.first().filter(|_| own.is_none()) {
            return Err(why.clone());
        }
        let at = own.as_ref().map(|date| date.time.clone());
        if let Some(told) = Stated::of(&self, link.as_deref(), &dates, common, stated) {
            let what = self.id.unwrap_or_default();
            let refused = dates.faults.into_iter().map(|why| Refused { what: what.clone(), why }).collect();
            return Ok(Read::Told(Box::new(told), refused));
        }
        // What is dated by its last change alone began no later than that.
        let began_by = at.clone().filter(|_| dates.published.is_none());
        let is_planned = is_planned(self.title.as_deref(), &self.categories);
        let mut incident = SeenIncident::new(common.name(self.id, link.as_deref(), dates.published.as_ref().map(|date| date.instant))?);
        incident.nature = is_planned.then_some(Nature::Maintenance);
        incident.url = link;
        incident.name = self.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        incident.updated = dates.changed();
        let words = self.content.as_deref().map(|content| as_markup(&plain(content))).filter(|words| !words.is_empty());
        incident.began_by = began_by;
        let status_word = Some(is_planned).filter(|planned| *planned).and(incident.name.as_deref()).and_then(heads::cancelled).map(ToOwned::to_owned);
        let status = status_word.as_deref().and_then(|word| heads::status(word, Nature::Maintenance));
        if is_planned && words.is_none() && status.is_none() {
            // A post without words says nothing: what is announced then is the entry itself.
            incident.started = at;
        } else {
            let updated = dates.updated.as_ref().map(|date| date.instant);
            incident.posts = vec![SeenPost { id: Some(ONLY_POST.into()), at, by: None, updated, status, status_word, words }];
        }
        let refused = dates.faults.into_iter().map(|why| Refused { what: incident.id.clone(), why }).collect();
        Ok(Read::Incident(Box::new(ReadEntry { incident, is_statuspage: false, refused })))
    }
}

impl Dates {
    /// When the entry was published, and changed.
    fn times(&self) -> EntryTimes {
        let instant = |date: &Option<Written>| date.as_ref().map(|date| date.instant);
        EntryTimes { published: instant(&self.published), updated: instant(&self.updated) }
    }

    /// When it was last changed, as far as it says.
    fn changed(&self) -> Option<Instant> {
        let EntryTimes { published, updated } = self.times();
        updated.or(published)
    }
}

/// True where the headline or a category says the word "maintenance", or a category is "scheduled". Other wording is not recognised.
pub(in crate::dialects) fn is_planned(title: Option<&str>, categories: &[String]) -> bool {
    let says = |text: &str| text.split(|character: char| !character.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("maintenance"));
    title.is_some_and(says) || categories.iter().any(|category| says(category) || category.trim().eq_ignore_ascii_case("scheduled"))
}

fn facts(feed: &Feed, origin: Option<String>, is_statuspage: bool) -> Facts {
    let name = feed.title.as_ref().map(text).map(|title| {
        let title = title.trim();
        [" Status - Incident History", " - Incident History"].iter().find_map(|end| title.strip_suffix(end)).unwrap_or(title).trim().to_owned()
    });
    let alternate = alternate(&feed.links).filter(|link| is_web(link)).map(|link| link.trim_end_matches('/').to_owned());
    // The entries of a Statuspage say where the page is, and so does a version of one of them: the two must agree.
    let url = if is_statuspage { origin.or(alternate) } else { alternate.or(origin) };
    Facts { name: name.filter(|name| !name.is_empty()), url }
}

/// What a page is that cannot be a feed.
fn no_feed(bytes: &[u8]) -> Option<String> {
    if bytes.len() > MAX_FEED_BYTES {
        return Some(format!("{} bytes; a feed has at most {MAX_FEED_BYTES}", bytes.len()));
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOK_BYTES)]).to_ascii_lowercase();
    let head = head.trim_start();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some("an empty page".into());
    }
    if head.starts_with(['{', '[']) {
        return Some("JSON; expected RSS or Atom".into());
    }
    let is_html = head.contains("<!doctype html") || head.contains("<html");
    if is_html && !["<feed", "<rss", "<rdf"].iter().any(|root| head.contains(root)) {
        return Some("a page in HTML; expected RSS or Atom".into());
    }
    markup::refused(bytes)
}

/// True where the root's end stands at the end: of RSS, feed-rs asks no more than that the channel is closed. Comments may follow.
fn is_closed(bytes: &[u8]) -> bool {
    let tail = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOOK_BYTES)..]);
    let mut tail = tail.trim_end();
    while let Some((before, _)) = tail.strip_suffix("-->").and_then(|comment| comment.rsplit_once("<!--")) {
        tail = before.trim_end();
    }
    let root = tail.strip_suffix('>').and_then(|open| open.rsplit_once("</")).map(|(_, name)| name.trim_end());
    root.is_some_and(|name| ["feed", "rss", "RDF", "entry"].contains(&name.rsplit(':').next().unwrap_or(name)))
}

fn text(text: &Text) -> String {
    if text.content_type.subty().as_str() == "html" { plain(&text.content) } else { text.content.clone() }
}

fn alternate(links: &[Link]) -> Option<String> {
    let link = links.iter().find(|link| link.target.is_none() && link.rel.as_deref().is_none_or(|rel| rel == "alternate"))?;
    Some(link.href.trim().to_owned())
}

fn is_web(url: &str) -> bool {
    web_origin(url).is_some() && !url.contains(|character: char| character.is_whitespace() || character.is_control())
}

/// Scheme and host.
pub(in crate::dialects) fn web_origin(url: &str) -> Option<String> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme))?;
    let host = url[scheme.len()..].split(['/', '?', '#']).next().filter(|host| !host.is_empty())?;
    Some(format!("{scheme}{host}"))
}

/// The last part of the path of an address.
fn last_part(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?.split_once("://")?.1;
    let (_, last) = path.trim_end_matches('/').rsplit_once('/')?;
    Some(last).filter(|last| !last.is_empty())
}
