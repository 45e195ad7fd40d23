//! Told entries made ready for the templates: what is emphasised, what folds under which label, what may be a link.

use dateline_timelines::tell::{ToldDetail, ToldEntry, ToldQuotation};

use super::link;
use super::post::Post;

/// A list of entries under a heading.
pub(super) struct Section<'a> {
    /// What the entries' anchors begin with, and the section's own anchor.
    pub(super) id: &'static str,
    /// The heading.
    pub(super) heading: &'static str,
    /// The entries, in order.
    pub(super) entries: Vec<Entry<'a>>,
}

/// One entry as the page shows it.
pub(super) struct Entry<'a> {
    /// Its anchor.
    pub(super) id: String,
    /// As told.
    pub(super) told: &'a ToldEntry,
    /// The vendor's post that the sentence holds.
    pub(super) post: Option<Post<'a>>,
    /// Words kept apart from the sentence.
    pub(super) quotation: Option<Quoted<'a>>,
    /// What a reader is warned of.
    pub(super) marks: Vec<Mark<'a>>,
    /// What the details are about, for the line that unfolds them.
    pub(super) about: Vec<&'a str>,
    /// Whom it rests on, each once.
    pub(super) sources: Vec<Source<'a>>,
}

/// A quotation with a tag that may stand in `lang`.
pub(super) struct Quoted<'a> {
    /// The language; empty where the tag is none, which in HTML means unknown.
    pub(super) lang: &'a str,
    /// As told.
    pub(super) told: &'a ToldQuotation,
}

/// A warning, with its first words apart from the rest.
pub(super) struct Mark<'a> {
    /// What kind of warning it is: "Disputed".
    pub(super) head: &'a str,
    /// Why, or where to look, with what stands between.
    pub(super) rest: &'a str,
}

/// A source as shown.
pub(super) struct Source<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Where it can be read, where that may be a link.
    pub(super) href: Option<&'a str>,
    /// An address that may not be a link, as text.
    pub(super) address: Option<&'a str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(id: &'static str, heading: &'static str, entries: &'a [ToldEntry]) -> Self {
        let entries = entries.iter().map(|told| Entry::new(id, told)).collect();
        Self { id, heading, entries }
    }
}

impl<'a> Entry<'a> {
    fn new(section: &str, told: &'a ToldEntry) -> Self {
        Self {
            id: format!("{section}-{}", told.position),
            told,
            post: Post::of(told),
            quotation: told.quotation.as_ref().map(|quotation| Quoted { lang: tag(&quotation.lang), told: quotation }),
            marks: told.marks.iter().map(|mark| Mark::new(mark)).collect(),
            about: about(&told.details),
            sources: sources(told),
        }
    }
}

impl<'a> Mark<'a> {
    /// Tells the warning from its reason by the first colon that ends a word of ours: "Disputed: Reuters gives …".
    fn new(mark: &'a str) -> Self {
        let is_quoted = |at: &usize| mark[..*at].matches('“').count() > mark[..*at].matches('”').count();
        let colon = mark.match_indices(": ").map(|(at, _)| at).find(|at| !is_quoted(at));
        let (head, rest) = colon.map_or((mark, ""), |at| mark.split_at(at));
        Self { head, rest }
    }
}

/// The labels of the details, each once.
fn about(details: &[ToldDetail]) -> Vec<&str> {
    let mut labels: Vec<&str> = Vec::new();
    for detail in details.iter().filter(|detail| !detail.label.is_empty()) {
        if !labels.contains(&detail.label.as_str()) {
            labels.push(&detail.label);
        }
    }
    labels
}

/// The sources, where at least one can be looked up: the sentence has named them all already.
fn sources(told: &ToldEntry) -> Vec<Source<'_>> {
    let mut shown: Vec<Source> = Vec::new();
    for source in &told.sources {
        let address = source.url.as_deref().filter(|address| !address.is_empty());
        let href = address.and_then(link::web);
        let is_again = shown.iter().any(|other| other.name == source.name && (other.href == href || address.is_none()));
        if !is_again {
            shown.push(Source { name: &source.name, href, address: address.filter(|_| href.is_none()) });
        }
    }
    if shown.iter().all(|source| source.href.is_none() && source.address.is_none()) {
        shown.clear();
    }
    shown
}

/// A language tag if it has the shape of one; else none.
pub(super) fn tag(tag: &str) -> &str {
    let is_tag = !tag.is_empty() && tag.len() <= 35 && tag.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    if is_tag { tag } else { "" }
}
