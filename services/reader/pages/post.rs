//! A vendor's post ready for the templates: the sentence around it, and its parts by their elements. Nothing of a post becomes markup but what
//! is named here.

use dateline_timelines::tell::{Block, ListItem, Span, Style, ToldEntry};

use super::entry::tag;
use super::link;

/// A post within its entry.
pub(super) struct Post<'a> {
    /// What stands before it: who says it.
    pub(super) before: &'a str,
    /// The language; empty where the tag is none.
    pub(super) lang: &'a str,
    /// Its parts.
    pub(super) blocks: &'a [Block],
    /// How it begins, where it folds.
    pub(super) excerpt: Option<&'a str>,
    /// What stands behind it: whom it rests on.
    pub(super) after: &'a str,
}

impl<'a> Post<'a> {
    /// The post of an entry whose sentence holds its words.
    pub(super) fn of(told: &'a ToldEntry) -> Option<Self> {
        let post = told.post.as_ref()?;
        let quoted = format!("“{}”", post.words);
        let (before, after) = told.text.split_once(&quoted).or_else(|| told.text.split_once(&post.words))?;
        let after = after.trim();
        let is_stop = after.chars().all(|letter| matches!(letter, '.' | '।'));
        Some(Self {
            before: before.trim(),
            lang: tag(&post.lang),
            blocks: &post.blocks,
            excerpt: post.excerpt.as_deref(),
            after: if is_stop { "" } else { after },
        })
    }
}

/// The items of a list; None for a paragraph.
pub(super) fn items(block: &Block) -> Option<&[ListItem]> {
    if let Block::List(items) = block { Some(items) } else { None }
}

/// The spans of a paragraph; none for a list.
pub(super) fn paragraph(block: &Block) -> &[Span] {
    if let Block::Paragraph(spans) = block { spans } else { &[] }
}

/// The element of a list.
pub(super) fn list(items: &[ListItem]) -> &'static str {
    if items.first().is_some_and(|item| item.number.is_some()) { "ol" } else { "ul" }
}

/// The words of a span; None where the line ends.
pub(super) fn words(span: &Span) -> Option<&str> {
    match span {
        Span::Words { text, .. } | Span::Link { text, .. } => Some(text),
        Span::Break => None,
    }
}

/// Where a span leads.
pub(super) fn href(span: &Span) -> Option<&str> {
    if let Span::Link { address, .. } = span { link::web(address) } else { None }
}

/// The element that words are set in.
pub(super) fn element(span: &Span) -> Option<&'static str> {
    let (Span::Words { style, .. } | Span::Link { style, .. }) = span else { return None };
    match style {
        Style::Plain => None,
        Style::Strong => Some("strong"),
        Style::Emphasis => Some("em"),
        Style::Code => Some("code"),
        Style::Struck => Some("s"),
    }
}
