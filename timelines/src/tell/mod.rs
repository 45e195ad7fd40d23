//! The telling: a folded timeline in the words that a newsroom would print, in one language and one time zone.
//!
//! Plain text only: markup, JSON and escaping belong to whoever shows it. Nothing here decides which claim is told
//! (that is `fold`), and no time is told more finely than its source told it. A language is one file with its folder;
//! `language` is the one place that chooses between them.

use std::fmt;

use dateline_events::{Event, Instant, Lasted, Position, Range, Role, Text};
use serde::Serialize;

use crate::model::{Registry, Timeline};
use crate::stretch::Stretch;

mod amount;
mod bn;
mod clean;
mod clock;
mod credit;
mod details;
mod difference;
mod edit;
mod en;
mod ends;
mod entry;
mod gazetteer;
mod hours;
mod language;
mod measure;
mod names;
mod page;
mod plain;
mod plot;
mod post;
mod quotation;
mod source_edit;
mod summary;
mod teller;
mod walk;

pub use clock::ToldClock;
pub use difference::difference;
pub use edit::{ToldEdit, told_edit};
pub use en::regions;
pub use gazetteer::named as known_by_name;
pub use language::Lang;
pub use measure::{DATELINE, told_measure};
pub use page::PageWords;
pub use plain::{Screen, cells_of, paragraph_on, row, text, text_on, title_on, width_of};
pub use plot::PlotWords;
pub use post::{Block, ListItem, Span, Style, ToldPost};

/// How a reader wants it told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The language.
    pub lang: Lang,
    /// The IANA zone that times are told in; None: the timeline's own, else UTC.
    pub zone: Option<String>,
    /// True: competing claims are unfolded, one by one.
    pub claims: bool,
    /// True: what was taken back is listed behind the story too.
    pub retracted: bool,
    /// The part of its entries that is told; None: the whole.
    pub stretch: Option<Stretch>,
}

/// A timeline in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The BCP 47 tag of the language.
    pub lang: &'static str,
    /// The IANA zone that times are told in.
    pub zone: String,
    /// The headline.
    pub title: String,
    /// Services and date, where the headline is somebody's own and need not name them; the first line of the summary too.
    pub kicker: Option<String>,
    /// The state's word, as in JSON.
    pub state: &'static str,
    /// The state as shown.
    pub state_label: &'static str,
    /// True while nothing but counts of reports is known: no alarm yet.
    #[serde(skip)]
    pub reports_only: bool,
    /// The lines under the title.
    pub summary: Vec<String>,
    /// What a reader must know of the axes.
    pub notes: Vec<String>,
    /// The story, in order.
    pub entries: Vec<ToldEntry>,
    /// Claims that a desk found no support for.
    pub unsupported: Vec<ToldEntry>,
    /// What a reader should know beside it, links to other incidents included.
    pub background: Vec<ToldEntry>,
    /// What may have been stated by then, but is not certain to have been.
    pub possibly: Vec<ToldEntry>,
    /// What was taken back, once more, without why: it stands where it stood too. Empty unless asked for.
    pub retracted: Vec<ToldEntry>,
    /// The clock that it was told by.
    #[serde(skip)]
    pub clock: ToldClock,
    /// The headings under which `text` shows the four lists above, in their order.
    #[serde(skip)]
    pub headings: [&'static str; 4],
}

/// One place in the story, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ToldEntry {
    /// The position of the event that is told.
    pub position: Position,
    /// When, as at the head of a line.
    pub head: String,
    /// The sentence, with its attribution.
    pub text: String,
    /// The vendor's post that the sentence holds, as a page shows it.
    #[serde(skip)]
    pub post: Option<ToldPost>,
    /// True where it was taken back: it stands there struck out.
    pub retracted: bool,
    /// The original words, where the sentence quotes a translation.
    pub quotation: Option<ToldQuotation>,
    /// What a reader is warned of.
    pub marks: Vec<String>,
    /// What else is stated here.
    pub details: Vec<ToldDetail>,
    /// Whom it rests on.
    pub sources: Vec<ToldSource>,
}

/// Words kept apart from the sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldQuotation {
    /// The BCP 47 tag of the words.
    pub lang: String,
    /// The words.
    pub text: String,
    /// What they are, and where they stand ("the English original (Pune Prime)").
    pub note: String,
}

/// One line under an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldDetail {
    /// What it is about.
    pub label: String,
    /// What it says.
    pub text: String,
}

/// A source, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldSource {
    /// Its name in the language.
    pub name: String,
    /// Where it can be read.
    pub url: Option<String>,
    /// The part that it plays.
    pub role: Role,
    /// Its identity.
    pub slug: String,
}

/// A zone that the IANA database does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an IANA time zone; expected one such as \"Asia/Kolkata\" or \"UTC\"")]
pub struct UnknownZone(pub String);

/// Tells a timeline.
///
/// # Errors
/// When the zone asked for does not exist. A zone that the timeline itself names and nobody knows any more is told in UTC.
pub fn tell(timeline: &Timeline, registry: &Registry, options: &Options) -> Result<Told, UnknownZone> {
    let teller = teller::Teller::new(timeline, registry, options)?;
    Ok(walk::told(&teller))
}

/// The day on which an instant falls, in full: "Tuesday 25 October 2022".
///
/// # Errors
/// When the zone does not exist.
pub fn told_date(instant: Instant, zone: &str, lang: Lang) -> Result<String, UnknownZone> {
    Ok(lang.full_date(clock::Zone::find(zone)?.stamp(instant).date))
}

/// Which part of a long story is shown, and where the rest is found: "Entries 1 to 1,000 of 50,000. The story goes on at …".
pub fn told_stretch(stretch: Stretch, next: Option<&str>, lang: Lang) -> String {
    let number = |value: usize| lang.number(value as u64);
    lang.own(lang.stretch([number(stretch.from + 1), number(stretch.until), number(stretch.of)], next))
}

/// A span of time in words, rounded as a newsroom would: "about two hours".
pub fn told_duration(range: Range, lang: Lang) -> String {
    lang.own(lang.duration(range))
}

/// How long a source says that it lasted.
pub fn told_lasted(lasted: &Lasted, lang: Lang) -> String {
    lang.own(lang.lasted(lasted))
}

/// A text from an event made fit for one line: breaks become spaces, what cannot be seen or turns the direction of writing is left
/// out, and what is too long is cut.
pub fn told_line(text: &str) -> String {
    clean::clean(text)
}

/// A number with the digits and the grouping of the language.
pub fn told_number(value: u64, lang: Lang) -> String {
    lang.number(value)
}

/// The state as shown to readers.
pub fn told_state(state: crate::model::State, lang: Lang) -> &'static str {
    lang.state(state)
}

/// A region's name.
pub fn told_region(code: &str, lang: Lang) -> String {
    lang.region(code)
}

/// What one event says, in a sentence, without its time and its sources: for lists of events outside any timeline.
pub fn told_sentence(event: &Event, registry: &Registry, lang: Lang) -> String {
    lang.own(lang.sentence(event, &names::Names { lang, registry }))
}

/// A service's name: as registered in the language, else as readers know it, else its slug.
pub fn told_service(slug: &str, registry: &Registry, lang: Lang) -> String {
    names::Names { lang, registry }.service(slug)
}

/// A vendor's name; `on_page` is what its own page calls it, for where nobody registered one.
pub fn told_vendor(slug: &str, on_page: Option<&Text>, registry: &Registry, lang: Lang) -> String {
    names::Names { lang, registry }.vendor_of_page(slug, on_page)
}

impl fmt::Display for Lang {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.tag())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test fails by panicking; JSON is written in place")]
mod tests;
