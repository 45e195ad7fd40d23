//! Folds the Markdown of a post into blocks and spans. What is neither words, emphasis, list nor link is left out; of HTML its words stay.

use dateline_events::{entities_read, plain};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::{Block, ListItem, Span, Style};
use crate::tell::clean::is_shown;

/// The blocks of a post, in order.
pub(super) fn blocks(post: &str) -> Vec<Block> {
    let prepared = prepared(post);
    let mut folding = Folding::default();
    for event in TextMergeStream::new(Parser::new_ext(&prepared, Options::ENABLE_STRIKETHROUGH)) {
        folding.event(event);
    }
    folding.ends_block();
    folding.blocks
}

/// Two lines of a post are two lines to whoever wrote them, and text that is set in is no code. "[RESOLVED]: all is well" is no address of
/// a link, which Markdown would not show.
fn prepared(post: &str) -> String {
    let is_marker = |letter: char| letter.is_whitespace() || letter.is_ascii_digit() || matches!(letter, '-' | '*' | '+' | '>' | '.' | ')');
    let line = |line: &str| {
        let line = line.trim_start();
        let begins_with_label = line.trim_start_matches(is_marker).starts_with('[');
        if begins_with_label { line.replace("]:", "]\\:") } else { line.to_owned() }
    };
    post.lines().map(|each| line(each) + "\n").collect()
}

#[derive(Default)]
struct Folding {
    blocks: Vec<Block>,
    /// Of the block in the making.
    spans: Vec<Span>,
    /// The item in the making, by its number; None outside of lists.
    item: Option<Option<u64>>,
    /// The next number of each list that is open.
    lists: Vec<Option<u64>>,
    /// How words are set by Markdown, and by HTML within a block.
    styles: Vec<Style>,
    tags: Vec<Style>,
    /// Where the words lead.
    link: Option<String>,
    /// HTML that stands by itself.
    html: String,
    /// True within a script or a style sheet: these are no words.
    is_code_of_a_page: bool,
}

impl Folding {
    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.begins(tag),
            Event::End(tag) => self.ends(tag),
            Event::Text(text) => self.words(&text),
            Event::Code(code) => self.set(Style::Code, |folding| folding.words(&code)),
            // An address in angle brackets is no tag.
            Event::Html(html) => self.html.push_str(&html.replace("<https://", " https://").replace("<http://", " http://")),
            Event::InlineHtml(tag) => self.tag(&tag),
            Event::SoftBreak | Event::HardBreak => self.spans.push(Span::Break),
            Event::Rule => self.ends_block(),
            _ => {}
        }
    }

    fn begins(&mut self, tag: Tag) {
        match tag {
            Tag::List(first) => {
                self.ends_block();
                self.lists.push(first);
            }
            Tag::Item => {
                self.ends_block();
                let next = self.lists.last_mut().and_then(Option::as_mut);
                self.item = Some(next.map(|number| std::mem::replace(number, number.saturating_add(1))));
            }
            Tag::Paragraph | Tag::BlockQuote(_) => self.begins_paragraph(),
            Tag::Heading { .. } => {
                self.begins_paragraph();
                self.styles.push(Style::Strong);
            }
            Tag::CodeBlock(kind) => {
                self.begins_paragraph();
                if let CodeBlockKind::Fenced(language) = kind {
                    self.words(&language);
                    self.spans.push(Span::Break);
                }
                self.styles.push(Style::Code);
            }
            Tag::Strong => self.styles.push(Style::Strong),
            Tag::Emphasis => self.styles.push(Style::Emphasis),
            Tag::Strikethrough => self.styles.push(Style::Struck),
            Tag::Link { dest_url, .. } => self.link = web(&dest_url),
            _ => {}
        }
    }

    fn ends(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::List(_) => {
                self.ends_block();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.ends_block();
                self.item = None;
            }
            TagEnd::Heading(_) | TagEnd::CodeBlock => {
                self.styles.pop();
                self.begins_paragraph();
            }
            TagEnd::Paragraph | TagEnd::BlockQuote(_) => self.begins_paragraph(),
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough => drop(self.styles.pop()),
            TagEnd::Link => self.link = None,
            TagEnd::HtmlBlock => {
                let html = std::mem::take(&mut self.html);
                self.begins_paragraph();
                self.words(&plain(&html));
                self.begins_paragraph();
            }
            _ => {}
        }
    }

    /// A new paragraph; within an item a new line.
    fn begins_paragraph(&mut self) {
        if self.item.is_none() {
            self.ends_block();
        } else if !self.spans.is_empty() {
            self.spans.push(Span::Break);
        }
    }

    fn ends_block(&mut self) {
        self.tags.clear();
        self.is_code_of_a_page = false;
        let spans = trimmed(std::mem::take(&mut self.spans));
        if spans.is_empty() {
            return;
        }
        let Some(number) = self.item else { return self.blocks.push(Block::Paragraph(spans)) };
        let item = ListItem { number, spans };
        match self.blocks.last_mut() {
            Some(Block::List(items)) if items.last().is_some_and(|last| last.number.is_some() == number.is_some()) => items.push(item),
            _ => self.blocks.push(Block::List(vec![item])),
        }
    }

    fn set(&mut self, style: Style, words: impl FnOnce(&mut Self)) {
        self.styles.push(style);
        words(self);
        self.styles.pop();
    }

    /// A tag within a paragraph: what sets words is kept, of the rest only where lines end.
    fn tag(&mut self, tag: &str) {
        let (is_end, name) = (tag.starts_with("</"), tag.trim_start_matches(['<', '/']));
        let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
        let style = match name.to_ascii_lowercase().as_str() {
            "b" | "strong" => Style::Strong,
            "i" | "em" => Style::Emphasis,
            "code" => Style::Code,
            "s" | "del" | "strike" => Style::Struck,
            "a" => {
                self.link = if is_end { None } else { address_in(tag).and_then(|address| web(&address)) };
                return;
            }
            "script" | "style" => {
                self.is_code_of_a_page = !is_end;
                return;
            }
            "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "hr" => return self.spans.push(Span::Break),
            _ => return,
        };
        if !is_end {
            self.tags.push(style);
        } else if let Some(place) = self.tags.iter().rposition(|open| *open == style) {
            self.tags.remove(place);
        }
    }

    fn words(&mut self, words: &str) {
        if self.is_code_of_a_page {
            return;
        }
        let style = self.tags.last().or(self.styles.last()).copied().unwrap_or(Style::Plain);
        for (number, line) in words.lines().enumerate() {
            if number > 0 {
                self.spans.push(Span::Break);
            }
            let line: String = line.chars().filter(|letter| is_shown(*letter)).collect();
            match &self.link {
                _ if line.is_empty() => {}
                Some(address) => self.spans.push(Span::Link { text: line, style, address: address.clone() }),
                None if style == Style::Code => self.spans.push(Span::Words { text: line, style }),
                None => self.spans.extend(with_bare_addresses(&line, style)),
            }
        }
    }
}

/// Words in which addresses stand as they are: those lead there.
fn with_bare_addresses(line: &str, style: Style) -> Vec<Span> {
    let (mut spans, mut rest) = (Vec::new(), line);
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let found = &rest[at..];
        let end = found.find(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '“' | '”')).unwrap_or(found.len());
        let found = found[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '*', '_']);
        let Some(address) = web(found) else {
            // A scheme alone.
            let (head, tail) = rest.split_at(at + found.len().max(1));
            spans.push(Span::Words { text: head.to_owned(), style });
            rest = tail;
            continue;
        };
        if at > 0 {
            spans.push(Span::Words { text: rest[..at].to_owned(), style });
        }
        spans.push(Span::Link { text: found.to_owned(), style, address });
        rest = &rest[at + found.len()..];
    }
    if !rest.is_empty() {
        spans.push(Span::Words { text: rest.to_owned(), style });
    }
    spans
}

/// The address in `<a href="…">`.
fn address_in(tag: &str) -> Option<String> {
    let at = tag.to_ascii_lowercase().find("href=")? + "href=".len();
    let quote = tag[at..].chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (address, _) = tag[at + 1..].split_once(quote)?;
    Some(entities_read(address).into_owned())
}

/// Only absolute `http` and `https`, without anything that a browser would quietly take out.
fn web(address: &str) -> Option<String> {
    let is_web = ["http://", "https://"]
        .iter()
        .any(|scheme| address.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)) && address.len() > scheme.len());
    let is_plain = address.chars().all(|letter| is_shown(letter) && !letter.is_whitespace() && letter != '\\');
    (is_web && is_plain).then(|| address.to_owned())
}

/// Without the breaks and spaces at both ends.
fn trimmed(mut spans: Vec<Span>) -> Vec<Span> {
    let is_nothing = |span: &Span| match span {
        Span::Break => true,
        Span::Words { text, .. } | Span::Link { text, .. } => text.trim().is_empty(),
    };
    let first = spans.iter().position(|span| !is_nothing(span)).unwrap_or(spans.len());
    spans.drain(..first);
    let last = spans.iter().rposition(|span| !is_nothing(span)).map_or(0, |last| last + 1);
    spans.truncate(last);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A post as it was folded, written down in short.
    fn told(post: &str) -> String {
        let styled = |text: &str, style: Style| match style {
            Style::Plain => text.to_owned(),
            Style::Strong => format!("*{text}*"),
            Style::Emphasis => format!("/{text}/"),
            Style::Code => format!("`{text}`"),
            Style::Struck => format!("~{text}~"),
        };
        let span = |span: &Span| match span {
            Span::Break => " | ".to_owned(),
            Span::Words { text, style } => styled(text, *style),
            Span::Link { text, style, address } => format!("{}<{address}>", styled(text, *style)),
        };
        let line = |spans: &[Span]| spans.iter().map(span).collect::<String>();
        let item = |item: &ListItem| format!("{} {}", item.number.map_or("-".to_owned(), |number| number.to_string()), line(&item.spans));
        let block = |block: &Block| match block {
            Block::Paragraph(spans) => line(spans),
            Block::List(items) => items.iter().map(item).collect::<Vec<_>>().join(" ; "),
        };
        blocks(post).iter().map(block).collect::<Vec<_>>().join(" // ")
    }

    #[test]
    fn paragraphs_lists_links_and_emphasis_are_kept() {
        assert_eq!(
            told("**Summary:** it is\n*slow*\n\n- one\n- ~~two~~\n\n3. three\n4. four"),
            "*Summary:* it is | /slow/ // - one ; - ~two~ // 3 three ; 4 four"
        );
        assert_eq!(told("See [the page](https://acme.example/x?a=1&b=2)."), "See the page<https://acme.example/x?a=1&b=2>.");
        assert_eq!(told("It is at https://acme.example/x. `a b`"), "It is at https://acme.example/x<https://acme.example/x>. `a b`");
        assert_eq!(told("# Cause\n> said\n\n```\nx = 1\ny = 2\n```"), "*Cause* // said // `x = 1` | `y = 2`");
        assert_eq!(told("a <b>b</b><br />c <a href=\"https://acme.example/?a=1&amp;b=2\">d</a> e"), "a *b* | c d<https://acme.example/?a=1&b=2> e");
        assert_eq!(told("<p>We look &amp; see.</p><p>Soon.</p>"), "We look & see. | Soon.");
        assert_eq!(told("[RESOLVED]: all is well"), "[RESOLVED]: all is well");
    }

    #[test]
    fn an_address_of_another_kind_is_no_link() {
        for address in ["javascript:alert(1)", "data:text/html,x", "//acme.example", "/x", "mailto:a@acme.example", "https://"] {
            assert_eq!(told(&format!("[words](<{address}>)")), "words", "{address}");
            assert_eq!(told(&format!("x <a href='{address}'>words</a>")), "x words", "{address}");
        }
        assert_eq!(told("https:// alone"), "https:// alone");
    }
}
