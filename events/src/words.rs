//! Words without their markup: what is compared, and what is kept where a page is nothing but markup.

/// No tag that matters here has a longer name.
const MAX_TAG_CHARS: usize = 16;

/// The words of an HTML (or plain) text: tags out, entities read, `<br>` and block ends as line breaks, spaces brought together.
pub fn plain(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    // Lowered at most once: byte offsets stay the same.
    let lowered = std::cell::OnceCell::new();
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at..];
        let is_tag = tag[1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'));
        if !is_tag {
            text.push('<');
            rest = &tag[1..];
            continue;
        }
        // Where no bracket closes any more, nothing that follows is a tag.
        let Some(end) = tag.find('>') else {
            rest = tag;
            break;
        };
        let name: String = tag[1..end].trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(MAX_TAG_CHARS).collect();
        match name.to_ascii_lowercase().as_str() {
            "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "pre" | "blockquote" => {
                text.push('\n');
            }
            hidden @ ("script" | "style") if !tag.starts_with("</") => {
                let lowered = lowered.get_or_init(|| markup.to_ascii_lowercase());
                let from = markup.len() - tag.len() + end;
                let after = lowered[from..].find(&format!("</{hidden}")).map_or(markup.len(), |found| from + found);
                rest = &markup[after..];
                continue;
            }
            _ => {}
        }
        rest = &tag[end + 1..];
    }
    text.push_str(rest);
    let decoded = htmlize::unescape(text);
    let lines = decoded.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// What is left of a text when markup, punctuation, spacing and case are taken away: two texts alike in it say the same words.
pub fn normal(text: &str) -> String {
    plain(text).chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{normal, plain};

    #[test]
    fn markup_is_taken_out_and_words_stay() {
        assert_eq!(plain("<p>All <b>is</b>\n well.</p><p>5 &lt; 6 &amp; more<br/>end</p>"), "All is\nwell.\n5 < 6 & more\nend");
        assert_eq!(plain("a < b and <script>alert(1)</SCRIPT>c <!-- no -->"), "a < b and c");
        assert_eq!(plain("<unclosed words"), "<unclosed words");
        assert_eq!(normal("Café — <i>“OK”</i>!"), normal("café ok"));
        assert_eq!(plain("</script>kept"), "kept");
    }

    #[test]
    fn hostile_markup_costs_no_more_than_its_length() {
        assert_eq!(plain(&("<".repeat(400_000) + ">")).len(), 400_001);
        for piece in ["<a", "<script></script>", "<script>", "<", "< >", "&amp;", "<!--"] {
            let markup = piece.repeat(400_000 / piece.len());
            assert!(plain(&markup).len() <= markup.len());
        }
    }
}
