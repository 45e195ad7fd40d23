//! What a vendor's status page said of one incident, reading by reading, and what it said at any moment: the page of then.
//! Only what a watcher read is asked; desks, outlets and other rules of the fold have no part in it. What was changed silently
//! is found by `edits`, told by `tell`.

mod effect;
mod edits;
mod said;

use dateline_events::{Bounds, Instant, Position, Severity, Source};
use serde::Serialize;

use crate::observation::Nature;
use effect::Effect;
use said::{Act, Base, Part};

pub use edits::{About, Edit, Edited, EditedValue};
pub use said::ReadEvent;

/// What the source of a watcher's events begins with; the slug of the service that its page is about follows.
pub const WATCHERS: &str = "/watchers/";

/// What one page said of one incident, and all that was changed of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// The watcher that read it.
    pub source: String,
    /// The page's address, as its events name it.
    pub page: String,
    /// The page's own id of the incident.
    pub id: String,
    /// Where a reader finds it.
    pub url: Option<String>,
    /// Outage or maintenance.
    pub nature: Nature,
    /// Whose page it is, as the first event names its source.
    pub vendor: Option<Source>,
    /// When the first event says that it began, whatever was changed afterwards: a place in a list that holds still.
    pub opened: Option<Instant>,
    /// What it said, by position.
    bases: Vec<Base>,
    /// What was changed of it, by position.
    acts: Vec<Act>,
}

/// An incident as a page showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageItem {
    /// Whether the page listed it.
    pub presence: Presence,
    /// Its headline.
    pub name: Option<String>,
    /// The page's own word for how it stands: that of the newest post, where the page itself does not say otherwise.
    pub status: Option<String>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// The page's own word for that.
    pub impact: Option<String>,
    /// When the page said that it began.
    pub started_at: Option<Instant>,
    /// When the page said that it was over.
    pub ended_at: Option<Instant>,
    /// The planned window.
    pub scheduled: Option<(Instant, Instant)>,
    /// Its posts, newest first.
    pub posts: Vec<PagePost>,
}

/// Whether a page listed an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It stood there.
    Listed,
    /// It was there at the last reading before and not at the first one after, or the other way round; or it is planned work whose window
    /// is over, and nobody says whether it still stands there.
    Unknown,
    /// It did not stand there any more.
    Absent,
}

/// One post as a page showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePost {
    /// The page's own id of it.
    pub id: Option<String>,
    /// The page's own word for the state that it names.
    pub status: Option<String>,
    /// Its words, as the page gave them.
    pub words: Option<String>,
    /// The time that stands beside it.
    pub at: Option<Instant>,
    /// The position of the event that said it first.
    pub position: Position,
    /// The id of that event.
    pub event: String,
}

/// What is asked for: what had certainly been stated by an instant, what had been recorded up to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct View {
    known_at: Option<Instant>,
    as_of: Option<Position>,
}

impl View {
    fn has(self, position: Position) -> bool {
        self.as_of.is_none_or(|as_of| position <= as_of)
    }

    /// It had certainly been stated. Bounds here always have their later one.
    fn is_certain(self, position: Position, stated: Bounds) -> bool {
        self.has(position) && self.known_at.is_none_or(|known_at| stated.latest.is_some_and(|latest| latest <= known_at))
    }

    /// It may have been stated, and may not have been.
    fn is_possible(self, position: Position, stated: Bounds) -> bool {
        let begun = self.known_at.is_some_and(|known_at| stated.earliest.is_none_or(|earliest| earliest < known_at));
        self.has(position) && begun && !self.is_certain(position, stated)
    }
}

impl Watched {
    /// What watchers read of one incident: a history for each page and each of the page's own ids. The events of anybody else are
    /// passed over. They may come in any order.
    pub fn all(events: Vec<ReadEvent>) -> Vec<Self> {
        said::histories(events)
    }

    /// The incident as the page showed it at `known_at` (None: by all that is known, and that is asked `now`), as far as was recorded up to
    /// `as_of` (None: by now). None before it certainly stood there.
    pub fn at(&self, known_at: Option<Instant>, as_of: Option<Position>, now: Instant) -> Option<PageItem> {
        let view = View { known_at, as_of };
        let effect = Effect::of(self, view);
        let presence = self.presence_under(view, &effect, now)?;
        let standing: Vec<(usize, &Base)> = self.standing(view, &effect).collect();
        let last = |part: Part| standing.iter().rev().find(|(_, base)| base.part == part).map(|(place, _)| self.values(*place, &effect));
        let mut posts: Vec<PagePost> = standing.iter().filter(|(_, base)| base.part == Part::Post).map(|(at, _)| self.post(*at, &effect)).collect();
        posts.sort_by_key(|post| std::cmp::Reverse((post.at, post.position)));
        let first_post = posts.iter().filter_map(|post| post.at).min();
        Some(PageItem {
            presence,
            name: last(Part::Name).and_then(|values| values.name),
            status: last(Part::State).map_or_else(|| posts.first().and_then(|post| post.status.clone()), |values| values.status),
            severity: last(Part::Severity).and_then(|values| values.severity),
            impact: last(Part::Severity).and_then(|values| values.status),
            started_at: last(Part::Start).map_or(first_post, |values| values.at),
            ended_at: last(Part::End).and_then(|values| values.at),
            scheduled: self.window(view, &effect),
            posts,
        })
    }

    /// Whether the page listed it then; the first part of [`Watched::at`], for whoever looks through many.
    pub fn presence(&self, known_at: Option<Instant>, as_of: Option<Position>, now: Instant) -> Option<Presence> {
        let view = View { known_at, as_of };
        self.presence_under(view, &Effect::of(self, view), now)
    }

    /// What was changed silently, in the order in which it was, as far as had certainly been stated and was recorded.
    pub fn edits(&self, known_at: Option<Instant>, as_of: Option<Position>) -> Vec<Edit> {
        edits::edits(self, View { known_at, as_of })
    }

    fn presence_under(&self, view: View, effect: &Effect, now: Instant) -> Option<Presence> {
        let opener = self.bases.iter().find(|base| base.part != Part::Left)?;
        if !view.is_certain(opener.position, opener.stated) {
            return None;
        }
        let (mut left, mut in_doubt) = (false, false);
        let (mut all_gone, mut all_gone_or_in_doubt) = (true, true);
        for (place, base) in self.bases.iter().enumerate() {
            let is_certain = view.is_certain(base.position, base.stated);
            if base.part == Part::Left {
                in_doubt |= view.is_possible(base.position, base.stated) || is_certain && effect.in_doubt[place];
                left |= is_certain && !effect.gone[place] && !effect.in_doubt[place];
            } else if is_certain {
                all_gone &= effect.gone[place] && !effect.in_doubt[place];
                all_gone_or_in_doubt &= effect.gone[place] || effect.in_doubt[place];
            }
        }
        Some(match (left || all_gone, in_doubt || all_gone_or_in_doubt) {
            (true, _) => Presence::Absent,
            (false, true) => Presence::Unknown,
            (false, false) if self.is_past_its_window(view, effect, now) => Presence::Unknown,
            (false, false) => Presence::Listed,
        })
    }

    /// Planned work whose window is over, and of which the page said nothing since: it leaves its list some day, and nobody may see it go.
    fn is_past_its_window(&self, view: View, effect: &Effect, now: Instant) -> bool {
        if self.nature != Nature::Maintenance {
            return false;
        }
        let at = view.known_at.unwrap_or(now);
        let said = self.bases.iter().map(|base| (base.position, base.stated)).chain(self.acts.iter().map(|act| (act.position, act.stated)));
        let last = said.filter(|(position, stated)| view.is_certain(*position, *stated)).filter_map(|(_, stated)| stated.latest).max();
        self.window(view, effect).is_some_and(|(_, until)| until <= at) && last.is_some_and(|last| last < at)
    }

    /// The window is the incident's: it stands though the post that first said it may not.
    fn window(&self, view: View, effect: &Effect) -> Option<(Instant, Instant)> {
        let said = self.bases.iter().enumerate().filter(|(_, base)| view.is_certain(base.position, base.stated));
        said.rev().find_map(|(place, _)| self.values(place, effect).window)
    }

    /// What had certainly been said and not been taken back.
    fn standing<'a>(&'a self, view: View, effect: &'a Effect) -> impl Iterator<Item = (usize, &'a Base)> {
        let said = self.bases.iter().enumerate().filter(move |(_, base)| view.is_certain(base.position, base.stated));
        said.filter(|(place, _)| !effect.gone[*place])
    }

    fn post(&self, place: usize, effect: &Effect) -> PagePost {
        let base = &self.bases[place];
        let values = self.values(place, effect);
        PagePost { id: base.post.clone(), status: values.status, words: values.words, at: values.at, position: base.position, event: base.id.clone() }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test fails by panicking; JSON is written in place")]
mod tests;
