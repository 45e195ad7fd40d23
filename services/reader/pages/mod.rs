//! The two pages that people read: the list of incidents and one incident's timeline, as HTML that needs no script.
//!
//! Pure: the reader fills the views below, these functions lay them out. No input or output, no clock, no query strings:
//! every local link comes ready made. Words of the story come from `tell`, those of the page from `tell::PageWords`. Event text is
//! data from strangers: the templates escape everything, links from data pass `link::web`, and `bdi` keeps directions in.

use askama::Template;
use dateline_timelines::tell::{Lang, PageWords, Told};

mod entry;
mod link;
mod post;

use entry::Section;

/// The style sheet, served at `/assets/dateline.css`.
pub const STYLE: &str = include_str!("assets/dateline.css");

/// The script, an ES module served at `/assets/live.js`; the pages are whole without it.
pub const SCRIPT: &str = include_str!("assets/live.js");

/// The header `Content-Security-Policy` of every page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A choice as a link: its label, its address on this server, and whether it is the one that is shown.
pub type Choice = (String, String, bool);

/// A language to choose: its BCP 47 tag, its name in itself, the address of this page in it, and whether it is shown.
pub type LanguageChoice = (String, String, String, bool);

/// What the list of incidents shows.
#[derive(Debug, Clone, Default)]
pub struct ListView {
    /// The language of the page.
    pub lang: Lang,
    /// In whose time it is told, in words; empty: nothing is said.
    pub zone_note: String,
    /// The words searched for; empty: all.
    pub query: String,
    /// The states to choose from; the first means all.
    pub filters: Vec<Choice>,
    /// The languages to choose from.
    pub languages: Vec<LanguageChoice>,
    /// The axis, in words; None: as known now.
    pub known_at: Option<String>,
    /// The axis, in words; None: all that is recorded.
    pub as_of: Option<String>,
    /// The other members of the query, which a new search keeps (`lang`, `tz`, `state`, `known_at`, …; without `q` and `cursor`).
    pub hidden: Vec<(String, String)>,
    /// The incidents of this page of the list.
    pub items: Vec<ListItem>,
    /// The address of the next page of the list.
    pub next: Option<String>,
    /// The address of the server-sent events after `position`; None under an axis or a cursor, where nothing moves.
    pub live_href: Option<String>,
    /// The position that the list is true for.
    pub position: u64,
    /// The ledger's last position.
    pub head: u64,
}

/// One incident in the list.
#[derive(Debug, Clone, Default)]
pub struct ListItem {
    /// The address of its page.
    pub href: String,
    /// Its headline.
    pub title: String,
    /// Its state's word, as in JSON.
    pub state: String,
    /// Its state as shown.
    pub state_label: String,
    /// True while nothing but counts of reports is known.
    pub reports_only: bool,
    /// The first lines of its summary, as told.
    pub lines: Vec<String>,
    /// True for planned work.
    pub maintenance: bool,
}

/// What the page of one incident shows.
#[derive(Debug, Clone)]
pub struct IncidentView<'a> {
    /// The timeline in words.
    pub told: &'a Told,
    /// The incident's id.
    pub incident: String,
    /// The language of the page.
    pub lang: Lang,
    /// The languages to choose from.
    pub languages: Vec<LanguageChoice>,
    /// True where competing claims are unfolded.
    pub claims: bool,
    /// The address of this page with the claims the other way.
    pub claims_href: String,
    /// The axis as the field for it holds it: `2022-10-25T14:45`, local to `told.zone`; anything else is shown as text.
    pub known_at: Option<String>,
    /// The axis; only whether it is set matters here, its words are among `told.notes`.
    pub at: Option<String>,
    /// The axis; only whether it is set matters here, its words are among `told.notes`.
    pub as_of: Option<String>,
    /// The address of the plot of users' reports; None where there is none.
    pub plot: Option<String>,
    /// Which entries are shown, of how many; None: all.
    pub shown: Option<String>,
    /// The address of the next entries.
    pub next: Option<String>,
    /// The address of the first entries, where others are shown.
    pub begin_href: Option<String>,
    /// Ready choices of `known_at`: first "now", then the times when knowledge changed.
    pub moments: Vec<Choice>,
    /// The address that the form for `known_at` is sent to; it sends `2022-10-25T14:45`, to be read in `told.zone`.
    pub form_action: String,
    /// The other members of the query, which the form keeps.
    pub hidden: Vec<(String, String)>,
    /// The address of the plain text.
    pub text_href: String,
    /// The address of the JSON.
    pub json_href: String,
    /// A text to cite the page by.
    pub cite_href: String,
    /// The address of the server-sent events after `position`; None under an axis, where nothing moves.
    pub live_href: Option<String>,
    /// The position that the page is true for.
    pub position: u64,
    /// The ledger's last position.
    pub head: u64,
    /// The last position that changed this incident.
    pub changed: u64,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    words: &'static PageWords,
    lang: Lang,
    title: String,
    languages: &'a [LanguageChoice],
    live: Option<&'a str>,
    view: &'a ListView,
    nothing: &'static str,
    footer: String,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage<'a> {
    words: &'static PageWords,
    lang: Lang,
    title: &'a str,
    languages: &'a [LanguageChoice],
    live: Option<&'a str>,
    view: &'a IncidentView<'a>,
    told: &'a Told,
    story: Section<'a>,
    others: Vec<Section<'a>>,
    /// `datetime-local` where the axis can be shown in such a field.
    field: &'static str,
    /// True where the page shows a state that is past, and will not move on.
    is_past: bool,
    footer: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    words: &'static PageWords,
    lang: Lang,
    title: &'a str,
    languages: &'a [LanguageChoice],
    live: Option<&'a str>,
    detail: &'a str,
}

/// The list of incidents.
///
/// # Errors
/// Only where a template itself is at fault.
pub fn list(view: &ListView) -> Result<String, askama::Error> {
    let words = PageWords::of(view.lang);
    let is_narrowed = !view.query.is_empty() || view.filters.iter().skip(1).any(|(_, _, current)| *current);
    let page = ListPage {
        words,
        lang: view.lang,
        title: format!("{} · {}", words.incidents, words.site),
        languages: &view.languages,
        live: view.live_href.as_deref().and_then(link::local),
        view,
        nothing: if is_narrowed { words.nothing_found } else { words.nothing_yet },
        footer: words.true_for(view.lang, view.position, view.head),
    };
    page.render()
}

/// One incident's timeline.
///
/// # Errors
/// Only where a template itself is at fault.
pub fn incident(view: &IncidentView<'_>) -> Result<String, askama::Error> {
    let (words, told) = (PageWords::of(view.lang), view.told);
    let others = [
        ("unsupported", told.headings[0], &told.unsupported),
        ("background", told.headings[1], &told.background),
        ("possibly", told.headings[2], &told.possibly),
        ("retracted", told.headings[3], &told.retracted),
    ];
    let page = IncidentPage {
        words,
        lang: view.lang,
        title: &told.title,
        languages: &view.languages,
        live: view.live_href.as_deref().and_then(link::local),
        view,
        told,
        story: Section::new("entry", words.timeline, &told.entries),
        others: others
            .into_iter()
            .filter(|(_, _, entries)| !entries.is_empty())
            .map(|(id, heading, entries)| Section::new(id, heading, entries))
            .collect(),
        field: if view.known_at.as_deref().is_none_or(is_local_time) { "datetime-local" } else { "text" },
        is_past: view.known_at.is_some() || view.at.is_some() || view.as_of.is_some(),
        footer: format!("{} {}", words.true_for(view.lang, view.position, view.head), words.changed_at(view.lang, view.changed)),
    };
    page.render()
}

/// A plain page that says what went wrong.
///
/// # Errors
/// Only where a template itself is at fault.
pub fn problem(lang: Lang, title: &str, detail: &str) -> Result<String, askama::Error> {
    ProblemPage { words: PageWords::of(lang), lang, title, languages: &[], live: None, detail }.render()
}

/// True for `2022-10-25T14:45`, with or without seconds: what a field of the type `datetime-local` can hold.
fn is_local_time(text: &str) -> bool {
    let shape: String = text.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect();
    matches!(shape.as_str(), "0000-00-00T00:00" | "0000-00-00T00:00:00")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
mod tests;
