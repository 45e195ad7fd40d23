//! The entries of a feed that tell of one thing, as one incident. What each of them tells is read in `states`.
//!
//! A feed drops its oldest entries: what is missing was not taken down. Where only a headline tells things apart, an entry belongs to the last
//! trouble under it that is not over, and was told of within seven days; after that, or once it is over, the same headline is another
//! trouble. AWS says of a service that it operates normally: that ends its only open trouble, whatever its headline became.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::Instant;

use super::heads::status;
use super::states::{Stated, Thing};
use crate::dialects::as_markup;
use crate::observation::{Nature, SeenIncident, SeenPost, SeenTime, Status};

/// Between two posts on one trouble there is no more than this.
const PAUSE_MAX: i64 = 7 * 24 * Instant::HOUR;

/// What the entries of a feed tell of, as far as they tell states.
#[derive(Default)]
pub(super) struct Threads {
    told: Vec<Stated>,
}

#[derive(Default)]
struct Joined {
    threads: Vec<Thread>,
    /// The latest of each place and headline.
    latest: BTreeMap<(String, String), usize>,
    /// Those of each place that may not be over.
    open: BTreeMap<String, Vec<usize>>,
}

struct Thread {
    name: String,
    told: Vec<Stated>,
    is_over: bool,
    last: Option<Instant>,
}

impl Threads {
    pub(super) fn add(&mut self, told: Stated) {
        self.told.push(told);
    }

    /// The incidents, in the order of their first posts.
    pub(super) fn incidents(self) -> Vec<SeenIncident> {
        let mut told = self.told;
        // A feed has the newest first; those of one moment stay in the order in which they were written.
        told.reverse();
        told.sort_by_key(|told| told.at.as_ref().map(SeenTime::start));
        let mut joined = Joined::default();
        for told in told {
            match joined.place_of(&told) {
                Some(place) => joined.threads[place].add(told),
                None => joined.begin(told),
            }
        }
        joined.threads.into_iter().map(Thread::incident).collect()
    }
}

impl Joined {
    /// The thread that this belongs to; None where it begins one.
    fn place_of(&mut self, told: &Stated) -> Option<usize> {
        let key = match &told.thing {
            Thing::Named(name) => return self.latest.get(&(name.clone(), String::new())).copied(),
            Thing::Headed { place, headline, .. } => (place.clone(), headline.clone()),
        };
        let same = self.latest.get(&key).copied().filter(|at| self.threads[*at].is_near(told) && (told.is_over || !self.threads[*at].is_over));
        same.or_else(|| self.only_open(&key.0, told))
    }

    /// The only trouble of a service that is open, where it is said that the service operates normally.
    fn only_open(&mut self, place: &str, told: &Stated) -> Option<usize> {
        if !told.is_over || !matches!(told.thing, Thing::Headed { is_service: true, .. }) {
            return None;
        }
        let open = self.open.get_mut(place)?;
        let (mut found, mut index) = (Vec::new(), open.len());
        // What is over, or long ago, is never looked at again.
        while index > 0 && found.len() < 2 {
            index -= 1;
            let thread = &self.threads[open[index]];
            if thread.is_over || !thread.is_near(told) {
                open.swap_remove(index);
            } else {
                found.push(open[index]);
            }
        }
        if let [only] = found[..] { Some(only) } else { None }
    }

    fn begin(&mut self, told: Stated) {
        let (name, key) = match &told.thing {
            Thing::Named(name) => (name.clone(), (name.clone(), String::new())),
            Thing::Headed { place, headline, first, .. } => {
                self.open.entry(place.clone()).or_default().push(self.threads.len());
                (first.clone(), (place.clone(), headline.clone()))
            }
        };
        self.latest.insert(key, self.threads.len());
        let mut thread = Thread { name, told: Vec::new(), is_over: false, last: None };
        thread.add(told);
        self.threads.push(thread);
    }
}

impl Thread {
    fn add(&mut self, told: Stated) {
        self.is_over |= told.is_over;
        self.last = self.last.max(told.at.as_ref().map(SeenTime::start));
        self.told.push(told);
    }

    fn is_near(&self, told: &Stated) -> bool {
        self.last.zip(told.at.as_ref().map(SeenTime::start)).is_none_or(|(last, at)| at.0 - last.0 <= PAUSE_MAX)
    }

    fn incident(self) -> SeenIncident {
        let mut incident = SeenIncident::new(self.name);
        let is_planned = self.told.iter().any(|told| told.is_planned);
        let nature = if is_planned { Nature::Maintenance } else { Nature::Outage };
        let has_state = self.told.iter().any(|told| told.word.as_deref().is_some_and(|word| status(word, nature).is_some()));
        incident.nature = (is_planned || has_state).then_some(nature);
        incident.partial = true;
        incident.rolls = self.told.iter().any(|told| told.post.is_some());
        incident.started = self.told.iter().filter_map(|told| told.began.as_ref()).min_by_key(|began| began.start()).cloned();
        incident.began_by = self.told.iter().filter_map(|told| told.began_by.as_ref()).min_by_key(|by| by.start()).cloned();
        incident.updated = self.told.iter().filter_map(|told| told.updated).max();
        let (mut seen, mut state): (BTreeSet<String>, Option<Status>) = (BTreeSet::new(), None);
        for told in self.told {
            incident.name = told.headline.or(incident.name);
            incident.url = told.url.or(incident.url);
            incident.ended = told.ended.or(incident.ended);
            incident.components.extend(told.components.into_iter().filter(|name| seen.insert(name.clone())));
            let is_update = told.word.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("update"));
            let named = told.word.as_deref().and_then(|word| status(word, nature));
            state = if is_update { state } else { named };
            incident.posts.push(SeenPost {
                id: told.post,
                at: told.at,
                by: None,
                updated: told.updated,
                status: state,
                status_word: told.word,
                words: told.words.as_deref().map(as_markup),
            });
        }
        incident
    }
}
