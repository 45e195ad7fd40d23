//! How wide a text is, and where it may be broken: by columns of a document, or by the cells of a terminal. No words stand here.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A joiner: what follows belongs to what stands before it.
const JOINER: char = '\u{200d}';

/// How many cells of a terminal a text takes. Of Indic vowel signs those that stand beside their consonant take one, as in the C library's
/// table, by which most terminals go; in a document, where letters join, they take none of their own ([`width_of`]).
pub fn cells_of(text: &str) -> usize {
    text.width() + text.chars().filter(|character| stands_beside(*character) && character.width() == Some(0)).count()
}

/// Vowel signs to which Unicode's own table gives no cell, because they extend their consonant, and the C library's gives one.
fn stands_beside(character: char) -> bool {
    matches!(character, '\u{9be}' | '\u{9d7}' | '\u{b3e}' | '\u{b57}' | '\u{bbe}' | '\u{bd7}' | '\u{d3e}' | '\u{d57}')
        || matches!(character, '\u{cc0}' | '\u{cc2}' | '\u{cc7}' | '\u{cc8}' | '\u{cca}' | '\u{ccb}' | '\u{cd5}' | '\u{cd6}')
}

/// How many terminal columns a text takes, approximately: marks that combine take none, wide East Asian characters two.
pub fn width_of(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(character: char) -> usize {
    match character {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' => 0,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' => 0,
        '\u{900}'..='\u{903}' | '\u{93a}'..='\u{93c}' | '\u{93e}'..='\u{94f}' | '\u{951}'..='\u{957}' | '\u{962}'..='\u{963}' => 0,
        '\u{981}'..='\u{983}' | '\u{9bc}' | '\u{9be}'..='\u{9cd}' | '\u{9d7}' | '\u{9e2}'..='\u{9e3}' => 0,
        // The other Indic blocks repeat the same plan: signs at 01–03, 3C, 3E–4D, 55–57, 62–63 of each block of 128.
        '\u{a00}'..='\u{d7f}' if matches!(character as u32 % 128, 0x01..=0x03 | 0x3c | 0x3e..=0x4d | 0x55..=0x57 | 0x62..=0x63) => 0,
        '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' => 0,
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{20d0}'..='\u{20f0}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Splits a text before the first letter that does not fit in so many cells; at least one letter is taken.
pub(super) fn split_at_cells(text: &str, cells: usize) -> (&str, &str) {
    let (mut end, mut used) = (0, 0);
    while end < text.len() {
        let letter = first_letter(&text[end..]);
        used += cells_of(letter);
        if used > cells && end > 0 {
            break;
        }
        end += letter.len();
    }
    text.split_at(end)
}

/// The first letter of a text, with the signs that belong to it and what a virama or a joiner ties to it.
pub(super) fn first_letter(text: &str) -> &str {
    let mut before = None;
    let end = text.char_indices().find(|(at, character)| {
        let is_next = *at > 0 && columns_of(*character) > 0 && !before.is_some_and(ties);
        before = Some(*character);
        is_next
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// True for what ties the next letter to the last: a joiner, and the virama of the Indic blocks, at 4D of each block of 128.
fn ties(character: char) -> bool {
    character == JOINER || (matches!(character, '\u{900}'..='\u{d7f}') && character as u32 % 128 == 0x4d)
}
