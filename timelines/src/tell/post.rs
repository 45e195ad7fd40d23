//! A vendor's post as plain words: posts are written in Markdown with HTML in it, and a line has neither.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The words of a post without its markup: paragraphs and items one behind the other, links by their words. The event keeps it as it was
/// written.
pub(super) fn plain(post: &str) -> String {
    // Two lines of a post are two lines to whoever wrote them, and text that is set in is no code.
    let unindented: String = post.lines().map(|line| line.trim_start().to_owned() + "\n").collect();
    let mut words = String::new();
    let mut numbers: Vec<Option<u64>> = Vec::new();
    for event in Parser::new_ext(&unindented, Options::ENABLE_STRIKETHROUGH) {
        match event {
            // What is text to Markdown is no HTML: "&lt;now&gt;" is a word.
            Event::Text(text) | Event::Code(text) => words.push_str(&text.replace('&', "&amp;").replace('<', "&lt;")),
            Event::Html(html) | Event::InlineHtml(html) => words.push_str(&html),
            Event::Start(Tag::List(first)) => numbers.push(first),
            Event::Start(Tag::Item) => match numbers.last_mut() {
                Some(Some(number)) => {
                    words.push_str(&format!("{number}. "));
                    *number += 1;
                }
                _ => words.push_str("• "),
            },
            Event::End(TagEnd::List(_)) => drop(numbers.pop()),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_) | TagEnd::BlockQuote(_) | TagEnd::CodeBlock)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule => words.push('\n'),
            _ => {}
        }
    }
    let has_html = words.contains('<') || (words.contains('&') && words.contains(';'));
    let words = if has_html { dateline_events::plain(&words) } else { words };
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
        assert_eq!(told("Hi!\u{a0}We’re [RESOLVED] at 5:12 PM_PDT_ ~~not~~"), "Hi! We’re [RESOLVED] at 5:12 PM_PDT_ not");
    }
}
