//! The page's own words, one file a language. A language that lacks one does not compile. No words stand here.

use dateline_timelines::tell::{Lang, told_number};

mod bn;
mod en;

/// Every word that the pages need beside what is told.
pub(super) struct Words {
    /// The site's name.
    pub(super) site: &'static str,
    /// What the site is, in a line.
    pub(super) tagline: &'static str,
    /// The link that skips to the content.
    pub(super) skip: &'static str,
    /// The choice of language.
    pub(super) language: &'static str,
    /// The heading of the list.
    pub(super) incidents: &'static str,
    /// The link to the list.
    pub(super) all_incidents: &'static str,
    /// The label of the search field.
    pub(super) search_for: &'static str,
    /// The search button.
    pub(super) search: &'static str,
    /// The choice of state.
    pub(super) state: &'static str,
    /// Planned work.
    pub(super) maintenance: &'static str,
    /// The list is empty under these choices.
    pub(super) nothing_found: &'static str,
    /// The list is empty.
    pub(super) nothing_yet: &'static str,
    /// The link to the next page of the list.
    pub(super) next: &'static str,
    /// The link to the next entries of a long story.
    pub(super) next_entries: &'static str,
    /// The link back to its first entries.
    pub(super) first_entries: &'static str,
    /// The choice of what sources had stated by then.
    pub(super) known_at: &'static str,
    /// The axis of what was recorded by then.
    pub(super) as_of: &'static str,
    /// The label of the field for another time; the zone follows in brackets.
    pub(super) another_time: &'static str,
    /// The button that shows it.
    pub(super) show: &'static str,
    /// The page shows a past state.
    pub(super) past: &'static str,
    /// How the page is read: its choices.
    pub(super) reading: &'static str,
    /// The heading of the story, for those who hear the page.
    pub(super) timeline: &'static str,
    /// The story is empty under these choices.
    pub(super) plot: &'static str,
    pub(super) nothing_told: &'static str,
    /// The label of an entry's warnings, for those who hear the page.
    pub(super) marks: &'static str,
    /// An entry's sources.
    pub(super) sources: &'static str,
    /// An entry's details once they are unfolded, where they are about several things.
    pub(super) stated_beside: &'static str,
    /// The link that unfolds every claim.
    pub(super) unfold: &'static str,
    /// The link that folds them.
    pub(super) fold: &'static str,
    /// The link to the plain text.
    pub(super) text: &'static str,
    /// The link to the JSON.
    pub(super) json: &'static str,
    /// The page is told of every change as it comes.
    pub(super) live: &'static str,
    /// Nothing is outstanding.
    pub(super) caught_up: &'static str,
    /// The connection broke.
    pub(super) connection_lost: &'static str,
    /// "True for position N of M."
    pub(super) true_for: fn(position: &str, head: &str) -> String,
    /// "Last changed at position K."
    pub(super) changed_at: fn(position: &str) -> String,
}

impl Words {
    /// The words of a language.
    pub(super) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &en::WORDS,
            Lang::Bn | Lang::BnBd => &bn::WORDS,
        }
    }

    /// The position that a page is true for.
    pub(super) fn true_for(&self, lang: Lang, position: u64, head: u64) -> String {
        (self.true_for)(&told_number(position, lang), &told_number(head, lang))
    }

    /// The position that last changed an incident.
    pub(super) fn changed_at(&self, lang: Lang, position: u64) -> String {
        (self.changed_at)(&told_number(position, lang))
    }
}
