//! Words without their markup: what is compared, and what is kept where a page is nothing but markup.

use std::borrow::Cow;

/// The words of an HTML (or plain) text: tags out, entities read, `<br>` and block ends as line breaks, spaces brought together.
pub fn plain(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at..];
        let is_tag = tag[1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'));
        if !is_tag {
            text.push('<');
            rest = &tag[1..];
            continue;
        }
        // Without an end to this one there is none to any that follows: to look again for each would take the square of the time.
        let Some(end) = tag.find('>') else {
            text.push_str(tag);
            rest = "";
            break;
        };
        let name: String = tag[1..end].trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        match name.to_ascii_lowercase().as_str() {
            "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "pre" | "blockquote" => {
                text.push('\n');
            }
            "script" | "style" if !tag.starts_with("</") => {
                rest = from_closing(&tag[end..], &name);
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

/// A text with its entities read: `&amp;lt;` is `&lt;`.
pub fn entities_read(text: &str) -> Cow<'_, str> {
    htmlize::unescape(text)
}

/// What begins with the closing tag of so named an element; nothing where there is none.
fn from_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let is_closing =
        |(at, _): &(usize, &str)| text.as_bytes()[at + 2..].get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
    text.match_indices("</").find(is_closing).map_or("", |(at, _)| &text[at..])
}

/// What is left of a text when markup, punctuation, spacing and case are taken away: two texts alike in it say the same words.
pub fn normal(text: &str) -> String {
    plain(text).chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_goes_and_words_stay() {
        assert_eq!(plain("<p>a &amp; <b>b</b></p>x<script>1 < 2</SCRIPT>y<style>z"), "a & b\nxy");
        assert_eq!(plain("1 < 2 <b>and 3 > 2"), "1 < 2 and 3 > 2");
        assert_eq!(plain("cut off <a href"), "cut off <a href");
    }

    #[test]
    fn hostile_markup_takes_no_square_of_the_time() {
        // At the square of these lengths this would take hours.
        assert!(plain(&"<a".repeat(1_000_000)).starts_with("<a"));
        assert!(plain(&format!("{}>", "< ".repeat(1_000_000))).starts_with('<'));
        assert_eq!(plain(&"<script></script>".repeat(200_000)), "");
    }
}
