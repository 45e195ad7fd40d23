//! Which wording of a statement is quoted: the reader's language first, the speaker's own words before a translation.

use dateline_events::{Quotation, Statement, Text};

use super::clean::clean;
use super::language::Spoken;
use super::names::Names;
use crate::model::{Entry, Item, Part};

/// How the quoted words came into the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Translated {
    /// An outlet printed the translation.
    By(String),
    /// A desk translated from this language (a tag).
    Desk(String),
}

/// The words to quote.
#[derive(Debug, Clone)]
pub(super) struct Chosen<'a> {
    pub(super) spoken: Spoken,
    /// The words as they were written.
    pub(super) quotation: &'a Quotation,
    /// The item whose sources are named for it.
    pub(super) item: &'a Item,
    pub(super) translated: Option<Translated>,
    /// The original, where a translation is quoted.
    pub(super) original: Option<(&'a Quotation, &'a Item)>,
}

/// Chooses the words; None where the entry quotes nobody.
pub(super) fn choose<'a>(entry: &'a Entry, names: &Names) -> Option<Chosen<'a>> {
    let wordings: Vec<(&Item, &Statement)> = wordings(entry);
    let (own_item, own) = *wordings.first()?;
    let read = |quotation: &Quotation| names.lang.reads(&quotation.lang.0);
    // Where others say "the same as", the one that they point at was said first.
    let untranslated = || wordings.iter().copied().filter(|(_, statement)| statement.translation.is_none());
    let original = untranslated().find(|(_, statement)| statement.same_as.is_none()).or_else(|| untranslated().next()).unwrap_or((own_item, own));
    let in_language = |(_, statement): &(&Item, &Statement)| read(&statement.quotation);
    let printed =
        Some(original).filter(in_language).or_else(|| untranslated().find(in_language)).or_else(|| wordings.iter().copied().find(in_language));
    if let Some((item, statement)) = printed {
        let by = statement.translation.as_ref().map(|translation| Translated::By(translator(translation.translator.as_ref(), item, names)));
        let kept = by.is_some().then_some((&original.1.quotation, original.0)).filter(|(quotation, _)| !read(quotation));
        let quotation = &statement.quotation;
        return Some(Chosen { spoken: spoken(statement, quotation, is_on_a_page(item), names), quotation, item, translated: by, original: kept });
    }
    let by_desk = wordings.iter().find_map(|(item, statement)| {
        let (quotation, _) = item.translations.iter().find(|(quotation, _)| read(quotation))?;
        Some((*item, *statement, quotation))
    });
    if let Some((item, statement, quotation)) = by_desk {
        let translated = Some(Translated::Desk(statement.quotation.lang.0.clone()));
        return Some(Chosen {
            spoken: spoken(statement, quotation, is_on_a_page(item), names),
            quotation,
            item,
            translated,
            original: Some((&statement.quotation, item)),
        });
    }
    let quotation = &original.1.quotation;
    let spoken = spoken(original.1, quotation, is_on_a_page(original.0), names);
    Some(Chosen { spoken, quotation, item: original.0, translated: None, original: None })
}

/// Every wording of the entry's statement, its own first.
pub(super) fn wordings(entry: &Entry) -> Vec<(&Item, &Statement)> {
    let inside = entry.inside.iter().filter(|(part, _)| *part == Part::Wording).map(|(_, item)| item);
    std::iter::once(&entry.item).chain(inside).filter_map(|item| Some((item, item.event.kind.statement()?))).collect()
}

/// True for what stands on a vendor's page.
pub(super) fn is_on_a_page(item: &Item) -> bool {
    item.event.common.reference.is_some()
}

/// One statement's words and who says them.
pub(super) fn spoken(statement: &Statement, quotation: &Quotation, is_on_a_page: bool, names: &Names) -> Spoken {
    Spoken {
        words: clean(&without_markup(&quotation.text, is_on_a_page)),
        speaker: statement.speaker.as_ref().map(|speaker| names.text(speaker)),
        organisation: statement.organisation.as_ref().map(|organisation| names.organisation(organisation)),
    }
}

/// Who translated: a text, or the slug of one of the item's sources.
fn translator(translator: Option<&Text>, item: &Item, names: &Names) -> String {
    let sources = &item.event.common.sources;
    match translator {
        Some(Text::Plain(slug)) => sources
            .iter()
            .find(|source| source.slug == *slug)
            .map_or_else(|| names.organisation(&Text::Plain(slug.clone())), |source| names.source(source)),
        Some(text) => names.text(text),
        None => sources.first().map(|source| names.source(source)).unwrap_or_default(),
    }
}

/// The words that stand in `told` and not in `other`, when `other` is `told` with at most four words left out.
pub(super) fn left_out(told: &str, other: &str) -> Option<Vec<String>> {
    const LEFT_OUT_MAX: usize = 4;
    let mut rest = other.split_whitespace().peekable();
    let mut missing = Vec::new();
    for word in told.split_whitespace() {
        if rest.peek() == Some(&word) {
            rest.next();
        } else {
            missing.push(word.trim_matches(|character: char| !character.is_alphanumeric()).to_owned());
        }
    }
    (rest.next().is_none() && missing.len() <= LEFT_OUT_MAX).then_some(missing)
}

/// Status pages write Markdown and HTML into their posts. It stays in the event; a line has the words.
fn without_markup(text: &str, is_on_a_page: bool) -> std::borrow::Cow<'_, str> {
    let has_html = text.contains('<') || (text.contains('&') && text.contains(';'));
    match (is_on_a_page, has_html) {
        (true, _) => super::post::plain(text).into(),
        (false, true) => dateline_events::plain(text).into(),
        (false, false) => text.into(),
    }
}
