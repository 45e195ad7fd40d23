//! Entries that tell the state of a thing, and of what: AWS and others in the headline ("[RESOLVED] …", "… (Resolved)"), Google there and with
//! the thing in the entry's id, incident.io at the head of the body ("Status: Resolved"), others there too ("Resolved - …"). How a state
//! stands in a text is read in `heads`. Recognised by shape, never by address. How the entries of one thing are joined is not decided here.
//!
//! No entry says when trouble began, but Google's: it began by the first date that stands on any of its entries.

use std::collections::BTreeSet;

use dateline_events::{normal, plain};

use super::heads::{body_head, body_state, headed, is_over, status};
use super::naming::{CommonLinks, bare};
use super::{Dates, EntryForm, is_web, last_part};
use crate::dialects::written::Written;
use crate::observation::{Nature, SeenTime, Status};

/// So many parts of a service are named at the foot of a body.
const MAX_COMPONENTS: usize = 200;

/// What an entry tells.
pub(super) struct Stated {
    /// Of what.
    pub thing: Thing,
    /// The entry's own name, where it is one post for ever; else a changed text is another post.
    pub post: Option<String>,
    pub url: Option<String>,
    pub headline: Option<String>,
    /// The state, where one is told, and the page's word.
    pub word: Option<String>,
    pub is_over: bool,
    pub words: Option<String>,
    pub components: Vec<String>,
    /// When it was written, or changed last.
    pub at: Option<SeenTime>,
    /// When it says that the thing began and ended.
    pub began: Option<SeenTime>,
    pub ended: Option<SeenTime>,
    /// By when it had begun, where nothing says more.
    pub began_by: Option<SeenTime>,
    pub is_planned: bool,
    pub updated: Option<dateline_events::Instant>,
}

/// What several entries may tell of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// Its own name, which is the incident's.
    Named(String),
    /// One that only its headline tells apart from others in the same place; `first` names it by its first entry.
    Headed { place: String, headline: String, first: String, is_service: bool },
}

/// The links and headlines of which some entry of a feed tells a state: others with the same tell of the same.
#[derive(Debug, Default)]
pub(super) struct StatedHeadlines(BTreeSet<(String, String)>);

impl StatedHeadlines {
    pub(super) fn of(entries: &[EntryForm], common: &CommonLinks) -> Self {
        let key = |entry: &EntryForm| {
            let (word, headline) = headed(entry.title.as_deref().unwrap_or_default());
            let content = entry.content.as_deref().unwrap_or_default();
            let tells = word.is_some() || body_head(&plain(content), content).is_some();
            tells.then(|| key(entry, &headline, common))
        };
        Self(entries.iter().filter_map(key).collect())
    }

    fn hold(&self, entry: &EntryForm, headline: &str, common: &CommonLinks) -> bool {
        self.0.contains(&key(entry, headline, common))
    }
}

/// A link that names one thing tells it apart by itself.
fn key(entry: &EntryForm, headline: &str, common: &CommonLinks) -> (String, String) {
    let link = entry.link.as_deref().map(bare).unwrap_or_default();
    if common.names_one(&link) { (link, String::new()) } else { (link, normal(headline)) }
}

impl Stated {
    /// What an entry tells; None where it tells no state, as most feeds' do not.
    pub(super) fn of(entry: &EntryForm, link: Option<&str>, dates: &Dates, common: &CommonLinks, stated: &StatedHeadlines) -> Option<Self> {
        let content = entry.content.as_deref().unwrap_or_default();
        let title = entry.title.as_deref().map(str::trim).unwrap_or_default();
        let words = plain(content);
        let of_thing = |thing, post| Self::bare(entry, link, dates, thing, post);
        if let Some((word, rest)) = body_state(&words, content) {
            let name = common.name(entry.id.clone(), link, dates.published.as_ref().map(|date| date.instant)).ok()?;
            let (words, components) = without_components(rest);
            let mut told = of_thing(Thing::Named(name), None).said(title, Some(word), words);
            told.components = components.or_else(|| without_components(&plain(entry.summary.as_deref()?)).1).unwrap_or_default();
            return Some(told);
        }
        if let Some(thing) = of_google(entry, link) {
            let (word, headline) = headed(title);
            let mut told = of_thing(Thing::Named(thing), None).said(&headline, word, &words);
            told.take_span(&words);
            return Some(told);
        }
        if let Some((service, epoch, fragment)) = entry.id.as_deref().and_then(of_aws) {
            let (word, headline) = headed(title);
            let first = format!("{service}-{epoch}");
            let thing = Thing::Headed { place: service.to_owned(), headline: normal(&headline), first, is_service: true };
            let mut told = of_thing(thing, Some(fragment.to_owned())).said(&headline, word, &words);
            told.components = vec![service.to_owned()];
            return Some(told);
        }
        let (word, headline) = headed(title);
        if !stated.hold(entry, &headline, common) {
            return None;
        }
        let (place, headline_key) = key(entry, &headline, common);
        let thing = if common.names_one(&place) {
            Thing::Named(place)
        } else if headline.is_empty() {
            return None;
        } else {
            let first = common.name(entry.id.clone(), link, dates.published.as_ref().map(|date| date.instant)).ok()?;
            Thing::Headed { place, headline: headline_key, first, is_service: false }
        };
        let (word, words) = match (word, body_head(&words, content)) {
            (None, Some((word, rest))) => (Some(word), rest),
            (word, _) => (word, words.as_str()),
        };
        Some(of_thing(thing, None).said(&headline, word, words))
    }

    fn bare(entry: &EntryForm, link: Option<&str>, dates: &Dates, thing: Thing, post: Option<String>) -> Self {
        let time = |date: &Option<Written>| date.as_ref().map(|date| date.time.clone());
        let at = time(&dates.updated).or_else(|| time(&dates.published));
        Self {
            thing,
            post,
            url: link.map(ToOwned::to_owned),
            headline: None,
            word: None,
            is_over: false,
            words: None,
            components: Vec::new(),
            began_by: [at.clone(), time(&dates.published)].into_iter().flatten().min_by_key(SeenTime::start),
            at,
            began: None,
            ended: None,
            is_planned: super::is_planned(entry.title.as_deref(), &entry.categories),
            updated: dates.changed(),
        }
    }

    fn said(self, headline: &str, word: Option<String>, words: &str) -> Self {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let is_over = word.as_deref().is_some_and(|word| is_over(word, Nature::Outage));
        let is_planned = self.is_planned
            || word.as_deref().is_some_and(|word| matches!(status(word, Nature::Outage), Some(status) if !matches!(status, Status::Vendor(_))));
        Self { headline: some(headline), word, is_over, is_planned, words: some(words), ..self }
    }

    /// "Incident began at 2022-03-31 08:30 and ended at 2022-03-31 15:54 (all times are US/Pacific)." above Google's words.
    fn take_span(&mut self, words: &str) {
        let (first, rest) = words.split_once('\n').unwrap_or((words, ""));
        let Some(span) = first.trim().strip_prefix("Incident began at ") else { return };
        let Some((times, zone)) = span.split_once(" (all times are ") else { return };
        let zone = zone.split(')').next().unwrap_or_default();
        let read = |time: &str| Written::read(&format!("{time} {zone}"), None).ok().map(|written| written.time);
        let (began, ended) = times.split_once(" and ended at ").map_or((times, None), |(began, ended)| (began, Some(ended)));
        self.began = read(began);
        self.ended = ended.and_then(read);
        let rest = format!("{}\n{rest}", span.split_once(").").map_or("", |(_, after)| after));
        self.words = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
    }
}

/// The words above "Affected components", and the names below it, without how each of them is; None where nothing is named.
fn without_components(words: &str) -> (&str, Option<Vec<String>>) {
    let place = words.match_indices("Affected components").find(|(at, _)| *at == 0 || words[..*at].ends_with('\n'));
    let Some((at, heading)) = place else { return (words, None) };
    let names = words[at + heading.len()..].lines().map(|line| line.trim().trim_start_matches([':', '-', '*', '•']).trim());
    let name = |line: &str| line.strip_suffix(')').and_then(|open| open.rsplit_once(" (")).map_or(line, |(name, _)| name).trim().to_owned();
    let mut components: Vec<String> = Vec::new();
    for name in names.map(name).filter(|name| !name.is_empty()).take(MAX_COMPONENTS) {
        if !components.contains(&name) {
            components.push(name);
        }
    }
    (words[..at].trim(), Some(components).filter(|components| !components.is_empty()))
}

/// Google: `tag:HOST,YEAR:feed:THING.POST`, and the thing is the last part of the link.
fn of_google(entry: &EntryForm, link: Option<&str>) -> Option<String> {
    let (tag, told) = entry.id.as_deref()?.split_once(":feed:")?;
    let thing = told.split('.').next().filter(|thing| !thing.is_empty())?;
    (tag.starts_with("tag:") && last_part(link?) == Some(thing)).then(|| thing.to_owned())
}

/// AWS: `ADDRESS#SERVICE_SECONDS`. The service, the seconds, and both.
fn of_aws(id: &str) -> Option<(&str, &str, &str)> {
    let (address, fragment) = id.split_once('#')?;
    let (service, seconds) = fragment.rsplit_once('_')?;
    let is_sound = !service.is_empty() && (9..=11).contains(&seconds.len()) && seconds.bytes().all(|byte| byte.is_ascii_digit());
    (is_sound && is_web(address)).then_some((service, seconds, fragment))
}
