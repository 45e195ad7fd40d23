//! Writing SVG: escaped text, short numbers, digits of the reader's language, and one table of colours for light and dark.

use std::fmt::Write;

use dateline_timelines::tell::PlotWords;

use super::LABEL_CHARS_MAX;
use super::scale::Say;

/// A thing's class, the property that colours it, and its colour by day and by night. The day's is an attribute as well, for those who read no style.
const PALETTE: [(&str, &str, &str, &str); 11] = [
    ("paper", "fill", "#fdfcf9", "#161513"),
    ("ink", "fill", "#1d1b18", "#e8e4dc"),
    ("quiet", "fill", "#59554d", "#b3ada1"),
    ("grid", "stroke", "#e4dfd4", "#35322c"),
    ("axis", "stroke", "#8b8577", "#857f73"),
    ("count", "fill", "#8ea6ce", "#566d99"),
    ("alarm", "fill", "#c2372b", "#f2776b"),
    ("range", "fill", "#c98a1b", "#f0bd6b"),
    ("usual", "stroke", "#7a4a00", "#f0bd6b"),
    ("unknown", "fill", "#ece7dc", "#2a2824"),
    ("moment", "stroke", "#1d1b18", "#e8e4dc"),
];

const FONTS: &str = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans Bengali','Kohinoor Bangla','Nirmala UI',sans-serif";

/// The class and colour of a thing, as attributes.
pub fn paint(class: &str) -> String {
    let colour = PALETTE.iter().find(|(name, ..)| *name == class);
    colour.map_or_else(String::new, |(name, property, light, _)| format!("class=\"p-{name}\" {property}=\"{light}\""))
}

/// The style: every rule bound to this plot, so that it changes nothing of a page it stands in.
pub fn style() -> String {
    let rules = |night: bool| {
        PALETTE.iter().fold(String::new(), |mut rules, (name, property, light, dark)| {
            let _ = write!(rules, ".dateline-plot .p-{name}{{{property}:{}}}", if night { dark } else { light });
            rules
        })
    };
    format!("<style>.dateline-plot text{{font-family:{FONTS}}}{}@media (prefers-color-scheme:dark){{{}}}</style>", rules(false), rules(true))
}

/// Text fit for XML: markup escaped, what XML does not know and what would turn the direction of the rest around left out, and no longer than that.
pub fn escaped(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let turns = |character: char| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}');
    let mut fit = text.chars().map(|character| if character.is_control() { ' ' } else { character }).filter(|character| !turns(*character));
    for character in fit.by_ref().take(chars_max) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    if fit.next().is_some() {
        out.push('…');
    }
    out
}

/// Words no longer than a label.
pub fn short(text: &str) -> String {
    let mut characters = text.chars();
    let cut: String = characters.by_ref().take(LABEL_CHARS_MAX - 1).collect();
    match (characters.next(), characters.next()) {
        (None, _) => cut,
        (Some(last), None) => cut + &last.to_string(),
        _ => cut + "…",
    }
}

/// A coordinate, to a tenth.
pub fn place(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned)
}

/// How wide a text is about, in em of its size; no font is measured.
pub fn width_em(text: &str) -> f64 {
    let wide = |character: char| match character {
        ' ' | '.' | ',' | ':' | ';' | '\'' | 'i' | 'l' | 'I' | '|' => 0.3,
        '\u{0300}'..='\u{036f}' | '\u{0981}' | '\u{09bc}' | '\u{09c1}'..='\u{09cd}' | '\u{200b}'..='\u{200d}' => 0.05,
        '\u{0000}'..='\u{024f}' => 0.58,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}' | '\u{1f000}'..='\u{1faff}' => 1.05,
        _ => 0.68,
    };
    text.chars().map(wide).sum()
}

/// A whole number in the digits and groups of the reader's language.
pub fn number(value: u64, words: &PlotWords) -> String {
    let plain = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in plain.chars().enumerate() {
        let left = plain.len() - index;
        let groups = if words.lakhs { left == 3 || (left > 3 && left % 2 == 1) } else { left.is_multiple_of(3) };
        if groups && index > 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    in_digits(&grouped, words)
}

/// What a tick says, in the reader's language.
pub fn said(say: Say, words: &PlotWords) -> String {
    let month = |month: usize| words.months.get(month).map(|name| short(name)).unwrap_or_default();
    match say {
        Say::Clock(hour, minute, None) => in_digits(&format!("{hour:02}:{minute:02}"), words),
        Say::Clock(hour, minute, Some(second)) => in_digits(&format!("{hour:02}:{minute:02}:{second:02}"), words),
        Say::Day(day, of) => format!("{} {}", in_digits(&day.to_string(), words), month(of)),
        Say::Month(of) => month(of),
        Say::Year(year) => in_digits(&year.to_string(), words),
    }
}

/// ASCII digits become those of the reader's language.
fn in_digits(text: &str, words: &PlotWords) -> String {
    let digits: Vec<char> = words.digits.chars().collect();
    if digits.len() != 10 {
        return text.to_owned();
    }
    text.chars().map(|character| character.to_digit(10).and_then(|digit| digits.get(digit as usize).copied()).unwrap_or(character)).collect()
}
