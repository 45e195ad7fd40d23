//! The words of the pages beside what is told, one file a language. A language that lacks one does not compile. No words stand here.

use super::{Lang, told_number};

mod bn;
mod en;

/// Every word that the pages need beside what is told.
pub struct PageWords {
    /// The site's name.
    pub site: &'static str,
    /// What the site is, in a line.
    pub tagline: &'static str,
    /// The link that skips to the content.
    pub skip: &'static str,
    /// The choice of language.
    pub language: &'static str,
    /// The heading of the list.
    pub incidents: &'static str,
    /// The link to the list.
    pub all_incidents: &'static str,
    /// The label of the search field.
    pub search_for: &'static str,
    /// The search button.
    pub search: &'static str,
    /// The choice of state.
    pub state: &'static str,
    /// Every state.
    pub all_states: &'static str,
    /// Planned work.
    pub maintenance: &'static str,
    /// The list is empty under these choices.
    pub nothing_found: &'static str,
    /// The list is empty.
    pub nothing_yet: &'static str,
    /// The link to the next page of the list.
    pub next: &'static str,
    /// The link to the next entries of a long story.
    pub next_entries: &'static str,
    /// The link back to its first entries.
    pub first_entries: &'static str,
    /// The choice of what sources had stated by then.
    pub known_at: &'static str,
    /// What is known now, beside the times of the past that are offered.
    pub now: &'static str,
    /// The axis of what was recorded by then.
    pub as_of: &'static str,
    /// The label of the field for another time; the zone follows in brackets.
    pub another_time: &'static str,
    /// The button that shows it.
    pub show: &'static str,
    /// The page shows a past state.
    pub past: &'static str,
    /// How the page is read: its choices.
    pub reading: &'static str,
    /// The heading of the story, for those who hear the page.
    pub timeline: &'static str,
    /// The name of the picture of users' reports, for those who hear the page.
    pub plot: &'static str,
    /// The story is empty under these choices.
    pub nothing_told: &'static str,
    /// The label of an entry's warnings, for those who hear the page.
    pub marks: &'static str,
    /// An entry's sources.
    pub sources: &'static str,
    /// An entry's details once they are unfolded, where they are about several things.
    pub stated_beside: &'static str,
    /// The link that unfolds every claim.
    pub unfold: &'static str,
    /// The link that folds them.
    pub fold: &'static str,
    /// The link to the plain text.
    pub text: &'static str,
    /// The link to the JSON.
    pub json: &'static str,
    /// The page is told of every change as it comes.
    pub live: &'static str,
    /// Nothing is outstanding.
    pub caught_up: &'static str,
    /// The connection broke.
    pub connection_lost: &'static str,
    /// A link to a text to cite the page by.
    pub cite: &'static str,
    /// A link to the signed checkpoint of the record.
    pub checkpoint: &'static str,
    /// "True for position N of M."
    pub true_for: fn(position: &str, head: &str) -> String,
    /// "Last changed at position K."
    pub changed_at: fn(position: &str) -> String,
    /// The title of the feed of what a vendor changed on its status page.
    pub edits_of: fn(vendor: &str) -> String,
    /// In that feed, before what stood there.
    pub before: &'static str,
    /// In that feed, before what stands there now.
    pub after: &'static str,
}

impl PageWords {
    /// The words of a language.
    pub fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &en::WORDS,
            Lang::Bn => &bn::IN_INDIA,
            Lang::BnBd => &bn::IN_BANGLADESH,
        }
    }

    /// The position that a page is true for.
    pub fn true_for(&self, lang: Lang, position: u64, head: u64) -> String {
        (self.true_for)(&told_number(position, lang), &told_number(head, lang))
    }

    /// The position that last changed an incident.
    pub fn changed_at(&self, lang: Lang, position: u64) -> String {
        (self.changed_at)(&told_number(position, lang))
    }
}
