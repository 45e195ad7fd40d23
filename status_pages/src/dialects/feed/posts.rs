//! The body of a Statuspage's entry, post by post. Which entries there are, and whose they are, is not read here.
//!
//! `<p><small>Aug <var data-var='date'>21</var>, <var data-var='time'>00:37</var> UTC</small><br><strong>Resolved</strong> - words</p>`,
//! the newest first, with no year: it follows from the entry's own times. Above them, of planned work that has not begun,
//! `THIS IS A SCHEDULED EVENT Mar 3, 12:00 - 16:30 UTC`. Instatus writes the same without the `var`.
//!
//! A post whose time cannot be read was written by the time of the one above it, or else by that of the entry; it is named, and its words are kept.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::{Instant, normal, plain};

use super::dates::{SLACK, Told, offsets};
use super::heads::status;
use crate::dialects::as_markup;
use crate::dialects::written::FeedZone;
use crate::observation::{Nature, SeenPost, SeenTime, Status};

/// So many posts of one entry are read, as of any incident.
const MAX_POSTS: usize = 1_000;

/// The markup of one time, and of one state, is no longer than this.
const MAX_HEADER_BYTES: usize = 400;

const SCHEDULED: &str = "SCHEDULED EVENT";

/// What a body says.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub nature: Option<Nature>,
    pub scheduled: Option<(Instant, Instant)>,
    /// Oldest first.
    pub posts: Vec<SeenPost>,
    /// Posts whose time could not be read: their place in the body from 1, and why; 0 is the planned window.
    pub refused: Vec<(usize, String)>,
}

/// The times that stand on an entry itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryTimes {
    pub published: Option<Instant>,
    pub updated: Option<Instant>,
}

struct Piece<'a> {
    time: Result<Told, String>,
    word: String,
    markup: &'a str,
}

/// Reads a body; None where it is not a Statuspage's. An error where it holds more posts than are read. `latest` is the entry's own last time.
pub(super) fn read(content: &str, times: EntryTimes, latest: Option<&SeenTime>, zone: Option<&FeedZone>) -> Result<Option<Body>, String> {
    let unescaped;
    let content = if !content.contains("<small") && content.contains("&lt;small") {
        unescaped = unescape_once(content);
        &unescaped
    } else {
        content
    };
    let (above, mut pieces) = pieces(content);
    if pieces.is_empty() {
        return Ok(None);
    }
    if pieces.len() > MAX_POSTS {
        return Err(format!("more than {MAX_POSTS} posts; so many are read"));
    }
    let nature = nature(&pieces, above);
    let zones = Zones::of(&pieces, times, zone);
    pieces.iter_mut().for_each(|piece| piece.time = piece.time.clone().and_then(|told| zones.settle(told)));
    let mut body = Body { nature, ..Body::default() };
    match window(above, times, &zones) {
        Ok(window) => body.scheduled = window,
        Err(why) => body.refused.push((0, why)),
    }
    // An entry is published at its newest post's time, or, of planned work ahead, at the time that is planned.
    let mut limit = times.published.into_iter().chain(times.updated).min();
    let anchor = anchor(&pieces, times, zone);
    for (place, piece) in pieces.iter().enumerate() {
        // What stands above the post that the entry is published with was written after it, whatever its date is in another year.
        let after = anchor.filter(|(above, _)| place < *above).map(|(_, published)| published);
        let at = time(piece, times, limit, after, zone).map_err(|why| body.refused.push((place + 1, why))).ok();
        limit = at.as_ref().filter(|_| after.is_none()).map_or(limit, |at| Some(at.start()));
        body.posts.push(post(piece, at));
    }
    bound(&mut body.posts, latest);
    body.posts.reverse();
    // Nothing tells two posts apart that say the same words in the same minute: they are one.
    let mut seen = BTreeSet::new();
    let sameness = |post: &SeenPost| (post.at.as_ref().map(SeenTime::start), post.status_word.clone(), post.words.as_deref().map(normal));
    body.posts.retain(|post| seen.insert(sameness(post)));
    name_states(&mut body.posts, nature.unwrap_or(Nature::Outage));
    Ok(Some(body))
}

/// What has no time was written by that of the next above it, or by the entry's, unless the entry is older than its own posts.
fn bound(posts: &mut [SeenPost], latest: Option<&SeenTime>) {
    let newest = posts.iter().filter_map(|post| post.at.as_ref()).map(SeenTime::start).max();
    let mut by = latest.filter(|latest| newest.is_none_or(|newest| newest < latest.moment.end())).cloned();
    for post in posts {
        match &post.at {
            Some(at) => by = Some(at.clone()),
            None => post.by.clone_from(&by),
        }
    }
}

fn post(piece: &Piece, at: Option<SeenTime>) -> SeenPost {
    let words = as_markup(&plain(piece.markup));
    SeenPost {
        id: None,
        at,
        by: None,
        updated: None,
        status: None,
        status_word: Some(piece.word.clone()).filter(|word| !word.is_empty()),
        words: Some(words).filter(|words| !words.is_empty()),
    }
}

/// "Update" leaves the state as it was.
fn name_states(posts: &mut [SeenPost], nature: Nature) {
    let mut state: Option<Status> = None;
    for post in posts {
        let word = post.status_word.as_deref().unwrap_or_default();
        post.status = if word.eq_ignore_ascii_case("update") { state } else { status(word, nature) };
        state = post.status;
    }
}

fn nature(pieces: &[Piece], above: &str) -> Option<Nature> {
    let states: Vec<Status> = pieces.iter().filter_map(|piece| status(&piece.word, Nature::Outage)).collect();
    let is_planned = |state: &Status| !matches!(state, Status::Vendor(_));
    match states.iter().any(is_planned) || above.contains(SCHEDULED) {
        true => Some(Nature::Maintenance),
        false => (!states.is_empty()).then_some(Nature::Outage),
    }
}

/// What the zones of an entry's times mean. A name with several meanings is of the feed's own zone; where that is not known, it is the one in
/// which a post's minute is the entry's own.
struct Zones<'z> {
    own: Option<&'z FeedZone>,
    by_minute: BTreeMap<String, i32>,
    about: Instant,
}

impl<'z> Zones<'z> {
    fn of(pieces: &[Piece], times: EntryTimes, own: Option<&'z FeedZone>) -> Self {
        let by_minute = if own.is_none() { by_minute(pieces, times) } else { BTreeMap::new() };
        Self { own, by_minute, about: times.published.or(times.updated).unwrap_or(Instant(0)) }
    }

    /// The same time in a zone that has a meaning, or why it has none.
    fn settle(&self, told: Told) -> Result<Told, String> {
        let told = match told.zone_name().and_then(|name| self.by_minute.get(name)) {
            Some(minutes) => told.at_offset(*minutes),
            None => told,
        };
        told.fault(self.about, self.own).map_or(Ok(told), Err)
    }
}

/// The newest post in each zone is the one that an entry may be published with. Looked up once, and not for each of the posts.
fn by_minute(pieces: &[Piece], times: EntryTimes) -> BTreeMap<String, i32> {
    let mut newest: BTreeMap<&str, &Told> = BTreeMap::new();
    for told in pieces.iter().filter_map(|piece| piece.time.as_ref().ok()) {
        if let Some(name) = told.zone_name() {
            newest.entry(name).or_insert(told);
        }
    }
    let anchors: Vec<Instant> = times.published.into_iter().chain(times.updated).collect();
    let meant = newest.into_iter().filter_map(|(name, told)| {
        let several = offsets(name).filter(|several| several.len() > 1)?;
        let is_meant = |minutes: &i32| {
            let told = told.clone().at_offset(*minutes);
            anchors.iter().any(|anchor| told.nearest_to(*anchor, None).is_some_and(|time| covers(&time, *anchor)))
        };
        Some((name.to_owned(), several.into_iter().find(is_meant)?))
    });
    meant.collect()
}

/// The place of the post in whose minute the entry was published, and when that was.
fn anchor(pieces: &[Piece], times: EntryTimes, zone: Option<&FeedZone>) -> Option<(usize, Instant)> {
    let published = times.published?;
    let is_meant = |piece: &Piece| piece.time.as_ref().ok()?.nearest_to(published, zone).filter(|time| covers(time, published));
    pieces.iter().position(|piece| is_meant(piece).is_some()).map(|place| (place, published))
}

fn time(piece: &Piece, times: EntryTimes, limit: Option<Instant>, after: Option<Instant>, zone: Option<&FeedZone>) -> Result<SeenTime, String> {
    let told = piece.time.clone()?;
    let limit = limit.ok_or("its time has no year, and the entry has neither \"published\" nor \"updated\" to infer it from")?;
    // Nothing is written after the entry was changed last, where it says when.
    let is_known = |time: &SeenTime| times.updated == times.published || times.updated.is_none_or(|updated| time.start() <= updated.plus(SLACK));
    let told_after = after.and_then(|after| told.first_after(after, zone)).filter(is_known);
    told_after.or_else(|| told.last_before(limit, zone)).ok_or_else(|| format!("\"{}\" is no time of any year", told.wording()))
}

fn covers(time: &SeenTime, instant: Instant) -> bool {
    time.start() <= instant && instant < time.moment.end()
}

/// The planned window; None where none is told, or it ends before it begins.
fn window(above: &str, times: EntryTimes, zones: &Zones) -> Result<Option<(Instant, Instant)>, String> {
    let words = plain(above).replace('\n', " ");
    let told = words.split_once(SCHEDULED).and_then(|(_, told)| Told::parse_window(told));
    let (Some((from, until)), Some(anchor)) = (told, times.published.or(times.updated)) else { return Ok(None) };
    let (from, until) = (zones.settle(from)?, zones.settle(until)?);
    let start = from.nearest_to(anchor, zones.own).map(|time| time.start());
    let end = start.and_then(|start| until.nearest_to(start, zones.own)).map(|time| time.start());
    Ok(start.zip(end).filter(|(start, end)| start < end))
}

/// What stands above the first post, and the posts as they stand; one more than are read, where there are too many.
fn pieces(content: &str) -> (&str, Vec<Piece<'_>>) {
    let mut found: Vec<Piece> = Vec::new();
    let mut above = content;
    let (mut words_from, mut from) = (0, 0);
    while let Some(at) = content[from..].find("<small").map(|at| from + at).filter(|_| found.len() <= MAX_POSTS) {
        from = at + "<small".len();
        let Some((time, word, length)) = header(&content[at..]) else { continue };
        match found.last_mut() {
            Some(last) => last.markup = &content[words_from..at],
            None => above = &content[..at],
        }
        from = at + length;
        words_from = from;
        found.push(Piece { time, word, markup: &content[from..] });
    }
    for piece in &mut found {
        piece.markup = without_dash(piece.markup);
    }
    (above, found)
}

/// The time and the state that a post begins with, and the length of their markup; None where `text` begins no post.
fn header(text: &str) -> Option<(Result<Told, String>, String, usize)> {
    let (small, after) = element(text, "small")?;
    let mut rest = after;
    loop {
        rest = rest.trim_start();
        let Some(tag) = rest.strip_prefix("<br") else { break };
        rest = &tag[head(tag, MAX_HEADER_BYTES).find('>')? + 1..];
    }
    let (strong, after) = element(rest, "strong")?;
    let words = plain(small);
    let time = match Told::parse(&words) {
        Ok(told) => Ok(told),
        Err(why) if small.contains("data-var") => Err(format!("\"{words}\" is not a time such as \"Aug 21, 00:37 UTC\": {why}")),
        Err(_) => return None,
    };
    Some((time, plain(strong), text.len() - after.len()))
}

/// The inside of the element that `text` begins with, and what follows it.
fn element<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let inside = text.strip_prefix('<')?.strip_prefix(name)?;
    let opened = head(inside, MAX_HEADER_BYTES).find('>')? + 1;
    let inside = &inside[opened..];
    let closing = format!("</{name}");
    let end = head(inside, MAX_HEADER_BYTES).find(&closing)?;
    let after = &inside[end..];
    let closed = head(after, MAX_HEADER_BYTES).find('>')? + 1;
    Some((&inside[..end], &after[closed..]))
}

/// At most the first so many bytes.
fn head(text: &str, mut bytes: usize) -> &str {
    bytes = bytes.min(text.len());
    while !text.is_char_boundary(bytes) {
        bytes -= 1;
    }
    &text[..bytes]
}

/// The dash between the state and the words is neither.
fn without_dash(markup: &str) -> &str {
    let trimmed = markup.trim_start_matches("&nbsp;").trim_start();
    ["-", "–", "—", "&ndash;", "&mdash;"].iter().find_map(|dash| trimmed.strip_prefix(dash)).unwrap_or(trimmed)
}

fn unescape_once(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}
