//! Words without their markup: what is compared, and what is kept where a page is nothing but markup.

/// The words of an HTML (or plain) text: tags out, entities read, `<br>` and block ends as line breaks, spaces brought together.
pub fn plain(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at..];
        let is_tag = tag[1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'));
        let Some(end) = tag.find('>').filter(|_| is_tag) else {
            text.push('<');
            rest = &tag[1..];
            continue;
        };
        let name: String = tag[1..end].trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        match name.to_ascii_lowercase().as_str() {
            "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "pre" | "blockquote" => {
                text.push('\n');
            }
            "script" | "style" => {
                let closing = format!("</{}", name.to_ascii_lowercase());
                let after = tag[end..].to_ascii_lowercase().find(&closing).map_or(tag.len(), |at| end + at);
                rest = &tag[after..];
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
