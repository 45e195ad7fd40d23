//! A vendor's post: posts are written in Markdown with HTML in it. On a line it is plain words; on a page its paragraphs, lists, links and
//! emphasis, folded into a closed set: nothing else of a post can reach a page. How these look belongs to whoever shows them.

use super::clean::{at_most, clean};

mod folding;

/// A post of more characters than this folds on a page.
const POST_CHARS_MAX: usize = 600;

/// So many characters of it stand in the place of one that is folded.
const EXCERPT_CHARS_MAX: usize = 160;

/// A post as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPost {
    /// The BCP 47 tag of its words.
    pub lang: String,
    /// The plain words, as they stand in the sentence of its entry.
    pub words: String,
    /// All of it.
    pub blocks: Vec<Block>,
    /// How it begins, where it is so long that it folds.
    pub excerpt: Option<String>,
}

/// A part of a post that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph, a heading, a quotation or lines of code.
    Paragraph(Vec<Span>),
    /// A list, flat.
    List(Vec<ListItem>),
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListItem {
    /// Its number, where the list has numbers.
    pub number: Option<u64>,
    /// What it says.
    pub spans: Vec<Span>,
}

/// A part of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Words {
        /// Without markup.
        text: String,
        /// How they are set.
        style: Style,
    },
    /// Words that lead somewhere.
    Link {
        /// Without markup.
        text: String,
        /// How they are set.
        style: Style,
        /// Absolute, `http` or `https`.
        address: String,
    },
    /// The line ends here.
    Break,
}

/// How words are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own explanation")]
pub enum Style {
    Plain,
    Strong,
    Emphasis,
    Code,
    Struck,
}

impl ToldPost {
    /// Folds a post; None where nothing of it is left.
    pub fn of(post: &str, lang: &str) -> Option<Self> {
        let (blocks, words) = (folding::blocks(post), clean(&plain(post)));
        let excerpt = (words.chars().count() > POST_CHARS_MAX).then(|| at_most(&words, EXCERPT_CHARS_MAX));
        (!blocks.is_empty() && !words.is_empty()).then(|| Self { lang: lang.to_owned(), words, blocks, excerpt })
    }
}

/// The words of a post without its markup: paragraphs and items one behind the other, links by their words. The event keeps it as it was
/// written.
pub(super) fn plain(post: &str) -> String {
    let in_line = |spans: &[Span]| {
        let words = spans.iter().map(|span| match span {
            Span::Words { text, .. } | Span::Link { text, .. } => text.as_str(),
            Span::Break => " ",
        });
        words.collect::<String>()
    };
    let item = |item: &ListItem| match item.number {
        Some(number) => format!("{number}. {}", in_line(&item.spans)),
        None => format!("• {}", in_line(&item.spans)),
    };
    let block = |block: &Block| match block {
        Block::Paragraph(spans) => in_line(spans),
        Block::List(items) => items.iter().map(item).collect::<Vec<_>>().join(" "),
    };
    let words = folding::blocks(post).iter().map(block).collect::<Vec<_>>().join(" ");
    words.split([' ', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::clean::clean;
    use super::plain;

    #[test]
    fn a_post_is_told_without_its_markup_and_with_all_its_words() {
        let told = |post: &str| clean(&plain(post)).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(told("**Summary:**\n\n- one\n- *two*\n\n1. first\n2. second"), "Summary: • one • two 1. first 2. second");
        assert_eq!(told("See [the page](https://acme.example/x?a=1&b=2) and <https://acme.example>."), "See the page and https://acme.example.");
        assert_eq!(told("<p>We are <b>looking</b> into it &amp; others.</p>\nMore"), "We are looking into it & others. More");
        assert_eq!(told("- an item<br />with a break"), "• an item with a break");
        assert_eq!(told("# Root cause\n`foo_bar_baz` in us-east-1"), "Root cause foo_bar_baz in us-east-1");
        assert_eq!(told("    set in by four, and 2 < 3, a * b * c"), "set in by four, and 2 < 3, a * b * c");
        assert_eq!(told("line one\nline two\n----"), "line one line two");
        assert_eq!(told("We look &lt;now&gt; at `<b>`, a &amp;lt; b & c.<br>R&amp;D"), "We look <now> at <b>, a &lt; b & c. R&D");
        assert_eq!(told("[RESOLVED]: all is well\n- [EU]: too"), "[RESOLVED]: all is well • [EU]: too");
        assert_eq!(told("Hi!\u{a0}We’re [RESOLVED] at 5:12 PM_PDT_ ~~not~~"), "Hi! We’re [RESOLVED] at 5:12 PM_PDT_ not");
    }
}
