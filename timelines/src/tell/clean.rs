//! Event text made fit for a line: it is data from strangers, of any length. Nothing here knows what it says.

/// The most characters of one piece of event text that a telling holds; the whole stands in the event.
pub(super) const TEXT_CHARS_MAX: usize = 4_000;

/// The most characters of a quotation in the summary.
pub(super) const SUMMARY_CHARS_MAX: usize = 240;

/// One line without control characters: breaks become spaces, what turns the direction of writing is taken out.
pub(super) fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(4 * TEXT_CHARS_MAX));
    let mut chars = 0;
    for character in text.trim().chars() {
        let character = match character {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            hidden if hidden.is_control() || is_direction(hidden) => continue,
            shown => shown,
        };
        if chars == TEXT_CHARS_MAX {
            return shortened(&line, TEXT_CHARS_MAX - 1);
        }
        line.push(character);
        chars += 1;
    }
    line
}

/// True for a letter that is seen and turns nothing.
pub(super) fn is_shown(letter: char) -> bool {
    !letter.is_control() && !is_direction(letter)
}

/// At most `chars_max` characters, cut at a space, with an ellipsis where something was cut.
pub(super) fn at_most(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max { text.to_owned() } else { shortened(text, chars_max.saturating_sub(1)) }
}

fn shortened(text: &str, chars_max: usize) -> String {
    let end = text.char_indices().nth(chars_max).map_or(text.len(), |(at, _)| at);
    let head = &text[..end];
    let cut = head.rfind(' ').filter(|at| *at > head.len() / 2).unwrap_or(head.len());
    format!("{}…", head[..cut].trim_end())
}

/// Marks that turn the direction of what follows: they could make a line read as something else.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
