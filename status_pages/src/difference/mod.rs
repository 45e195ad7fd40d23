//! What changed between two readings of a page, as events. Pure: the same readings in the same order give the same events.
//!
//! A page in two dialects (a Statuspage and its feed) has one memory: what one has said, the other does not say again. Only what a
//! dialect itself told can vanish from it.

mod draft;
mod fields;
mod posts;

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::Instant;

use crate::dialects::Dialect;
use crate::observation::{Listing, Nature, Observation, SeenIncident};
use crate::page_state::{PageState, Remembered};
use draft::Setting;

pub use draft::{Draft, Edited, SilentEdit};

/// A list of the newest with fewer incidents than this is whole.
const NEWEST_MAX: usize = 50;

/// Of a full one, so many that are older must stand there.
const OLDER_MIN: usize = 5;

/// Whose page it is.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The service that it is about; also the page's name.
    pub service: &'a str,
    /// The vendor's slug.
    pub vendor: &'a str,
    /// The vendor's name, as its page gives it.
    pub name: Option<&'a str>,
    /// The language that it is written in.
    pub lang: &'a str,
    /// Its address in references: one for all its dialects.
    pub url: &'a str,
}

/// One reading of it.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// In which dialect.
    pub dialect: Dialect,
    /// The name of the list that was read: what leaves it is measured by what stood on it. Empty for a single incident.
    pub list: &'a str,
    /// When; None where nobody noted it (a file).
    pub read: Option<Instant>,
    /// Up to when what was read is known to have stood there: earlier than `read` where it came out of a cache; None: as `read`.
    pub as_of: Option<Instant>,
    /// When the same list was read before.
    pub read_before: Option<Instant>,
    /// SHA-256 of what was read, hexadecimal; empty where there is none.
    pub sha256: &'a str,
}

/// What a reading brought.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// What is to be published, in order.
    pub drafts: Vec<Draft>,
    /// What is to be remembered once that is done.
    pub touched: BTreeMap<String, Remembered>,
    /// Incidents that were read already as they are, or later than this.
    pub known: usize,
}

impl Page<'_> {
    /// The publisher of what is read on it.
    pub fn source(&self) -> String {
        format!("/watchers/{}", self.service)
    }
}

impl PageState {
    /// Takes in what was published.
    pub fn absorb(&mut self, touched: BTreeMap<String, Remembered>) {
        self.incidents.extend(touched);
    }
}

/// What a whole page says anew.
pub fn difference(page: &Page<'_>, reading: &Reading<'_>, observation: &Observation, memory: &PageState) -> Changes {
    let mut changes = Changes::default();
    let list = reading.list;
    let known = known_posts(observation, memory);
    for seen in &observation.incidents {
        let renamed = seen.posts.iter().find_map(|post| known.get(post.id.as_deref()?)).map(|id| SeenIncident {
            id: (*id).to_owned(),
            started: None,
            ..seen.clone()
        });
        let seen = renamed.as_ref().filter(|_| seen.rolls && !memory.incidents.contains_key(&seen.id)).unwrap_or(seen);
        let remembered = memory.incidents.get(&seen.id);
        // What stood on the list at its last reading was read then, though nothing was written down about it.
        let was_read = remembered.is_none_or(|remembered| remembered.listed.contains(list));
        let told = Reading { read_before: reading.read_before.filter(|_| was_read), ..*reading };
        let Some((mut after, drafts)) = incident(page, &told, seen, remembered) else {
            // Another list was read later. That it stands on this one too is news all the same: it can leave it.
            if let Some(remembered) = remembered.filter(|remembered| !remembered.listed.contains(list)) {
                let mut after = remembered.clone();
                after.listed.insert(list.to_owned());
                changes.touched.insert(seen.id.clone(), after);
            }
            changes.known += 1;
            continue;
        };
        after.listed.insert(list.to_owned());
        let mut drafts = drafts;
        if observation.listing == Listing::Unresolved && after.absent.stands() {
            let snapshot = after.clone();
            // Where this list was not read before, it came back after it was seen last.
            let before = || remembered?.read.get(&reading.dialect).copied();
            let told = Reading { read_before: reading.read_before.or_else(before), ..*reading };
            drafts.push(fields::listed_again(&setting(page, &told, seen, Some(&snapshot)), &mut after));
        }
        changes.add(seen, remembered.is_some_and(|before| says_the_same(before, &after)), after, drafts);
    }
    if !observation.unnamed && observation.listing != Listing::Partial {
        missing(page, reading, observation, memory, &mut changes);
    }
    changes
}

/// The incidents by the ids of their posts; empty where the page shows nothing new that may be an old one without its oldest posts.
fn known_posts<'m>(observation: &Observation, memory: &'m PageState) -> BTreeMap<&'m str, &'m str> {
    if observation.incidents.iter().all(|seen| !seen.rolls || memory.incidents.contains_key(&seen.id)) {
        return BTreeMap::new();
    }
    let posts = memory.incidents.iter().flat_map(|(id, remembered)| remembered.posts.iter().map(move |post| (id, post)));
    posts.filter_map(|(id, post)| Some((post.id.as_deref()?, id.as_str()))).collect()
}

/// What stood on the list at its last reading, and stands there no more.
fn missing(page: &Page<'_>, reading: &Reading<'_>, observation: &Observation, memory: &PageState, changes: &mut Changes) {
    let list = reading.list;
    let ids: BTreeSet<&str> = observation.incidents.iter().map(|seen| seen.id.as_str()).collect();
    let on_page = |id: &String| ids.contains(id.as_str()) || observation.unread.contains(id);
    let starts = |nature: Nature| {
        // Trouble and planned work are two lists, even on one page.
        let of_nature = observation.incidents.iter().filter(|seen| seen.nature.unwrap_or(nature) == nature);
        let mut starts: Vec<Instant> = of_nature.filter_map(began).collect();
        starts.sort_unstable();
        starts
    };
    let (outages, maintenances) = (starts(Nature::Outage), starts(Nature::Maintenance));
    for (id, remembered) in memory.incidents.iter().filter(|(id, remembered)| remembered.listed.contains(list) && !on_page(id)) {
        let starts = if remembered.nature == Nature::Outage { &outages } else { &maintenances };
        let mut after = remembered.clone();
        after.listed.remove(list);
        let seen = SeenIncident::new(id.clone());
        let drafts = match observation.listing {
            Listing::Unresolved => {
                let last_seen = reading.read_before.or_else(|| remembered.read.get(&reading.dialect).copied());
                left(page, reading, &seen, &mut after, last_seen, reading.read)
            }
            Listing::Newest if remembered.start.value.is_some_and(|start| is_taken_down(reading, start, starts)) => {
                fields::taken_down(&setting(page, reading, &seen, Some(remembered)), &mut after)
            }
            Listing::Newest | Listing::Partial => Vec::new(),
        };
        changes.add(&seen, false, after, drafts);
    }
}

impl Changes {
    fn add(&mut self, seen: &SeenIncident, unchanged: bool, after: Remembered, drafts: Vec<Draft>) {
        if unchanged && drafts.is_empty() {
            self.known += 1;
            return;
        }
        self.drafts.extend(drafts);
        self.touched.insert(seen.id.clone(), after);
    }
}

/// True where the incident was read later than this in another dialect; where another list told it as it was changed later; or where
/// nobody noted when this was read, and it tells of no moment after the last reading that was noted.
fn is_old(reading: &Reading<'_>, seen: &SeenIncident, remembered: Option<&Remembered>) -> bool {
    let Some(remembered) = remembered else { return false };
    let lags = |(list, told): &(String, Instant)| list != reading.list && seen.updated.is_some_and(|updated| updated < *told);
    if remembered.told.as_ref().is_some_and(lags) {
        return true;
    }
    match reading.read {
        Some(read) => remembered.read_elsewhere(reading.dialect).is_some_and(|other| other > read),
        None => {
            let written = seen.posts.iter().filter_map(|post| post.updated).chain(seen.updated).max();
            written.zip(remembered.read.values().max().copied()).is_some_and(|(written, read)| written <= read)
        }
    }
}

/// A full list of the newest drops its oldest: one that is missing was taken down only if several older ones stand there. A beginning
/// can be set back, so that a single older one says little. Where nobody noted when the list was read it may be an older one: then what
/// is newer than all of it is not missed.
fn is_taken_down(reading: &Reading<'_>, start: Instant, listed: &[Instant]) -> bool {
    let older = listed.partition_point(|other| *other < start);
    let is_within = reading.read.is_some() || listed.last().is_some_and(|newest| start <= *newest);
    is_within && older >= if listed.len() < NEWEST_MAX { 1 } else { OLDER_MIN }
}

/// Nothing to write down: only the time of the reading moved.
fn says_the_same(before: &Remembered, after: &Remembered) -> bool {
    let aside = Remembered { read: before.read.clone(), told: before.told.clone(), ..after.clone() };
    aside == *before
}

fn began(seen: &SeenIncident) -> Option<Instant> {
    seen.started.as_ref().or_else(|| seen.posts.iter().find_map(|post| post.at.as_ref())).map(crate::SeenTime::start)
}

/// What one incident says anew, and what is remembered of it then; None where it was read later than this already.
pub fn incident(page: &Page<'_>, reading: &Reading<'_>, seen: &SeenIncident, remembered: Option<&Remembered>) -> Option<(Remembered, Vec<Draft>)> {
    let read_before = remembered.and_then(|remembered| remembered.read.get(&reading.dialect).copied());
    if let (Some(read), Some(before)) = (reading.read, read_before)
        && read <= before
    {
        return None;
    }
    let mut after = remembered.cloned().unwrap_or_else(|| Remembered::new(page.url, seen.nature.unwrap_or(Nature::Outage)));
    let reference_page = after.page.clone();
    let since = read_before.max(reading.read_before);
    let setting = Setting {
        page,
        reading,
        incident: &seen.id,
        nature: after.nature,
        url: seen.url.as_deref(),
        reference_page: &reference_page,
        since,
        is_old: is_old(reading, seen, remembered),
    };
    let mut drafts = Vec::new();
    fields::opening(&setting, seen, &mut after, &mut drafts);
    posts::posts(&setting, seen, &mut after, &mut drafts);
    fields::fields(&setting, seen, &mut after, &mut drafts);
    if let Some(read) = reading.as_of.or(reading.read) {
        after.read.insert(reading.dialect, read);
    }
    if !setting.is_old && !reading.list.is_empty() {
        after.told = seen.updated.map(|updated| (reading.list.to_owned(), updated));
    }
    Some((after, drafts))
}

/// The incident left a list of what is not resolved, some time between two readings: it is over.
pub fn left(
    page: &Page<'_>,
    reading: &Reading<'_>,
    seen: &SeenIncident,
    remembered: &mut Remembered,
    last_seen: Option<Instant>,
    first_absent: Option<Instant>,
) -> Vec<Draft> {
    if remembered.absent.stands() {
        return Vec::new();
    }
    let snapshot = remembered.clone();
    vec![fields::gone_from_the_list(&setting(page, reading, seen, Some(&snapshot)), remembered, last_seen, first_absent)]
}

/// The incident stands again on a list that it left, some time between two readings: the leaving is taken back.
pub fn returned(page: &Page<'_>, reading: &Reading<'_>, seen: &SeenIncident, remembered: &mut Remembered, last_absent: Instant) -> Vec<Draft> {
    if !remembered.absent.stands() {
        return Vec::new();
    }
    let snapshot = remembered.clone();
    let setting = setting(page, reading, seen, Some(&snapshot));
    vec![fields::listed_again(&Setting { since: setting.since.max(Some(last_absent)), ..setting }, remembered)]
}

fn setting<'a>(page: &'a Page<'a>, reading: &'a Reading<'a>, seen: &'a SeenIncident, remembered: Option<&'a Remembered>) -> Setting<'a> {
    let reference_page = remembered.map_or(page.url, |remembered| &remembered.page);
    let since = remembered.and_then(|remembered| remembered.read.get(&reading.dialect).copied()).filter(|since| Some(*since) != reading.read);
    let nature = remembered.map_or(Nature::Outage, |remembered| remembered.nature);
    Setting {
        page,
        reading,
        incident: &seen.id,
        nature,
        url: seen.url.as_deref(),
        reference_page,
        since: since.or(reading.read_before),
        is_old: false,
    }
}
