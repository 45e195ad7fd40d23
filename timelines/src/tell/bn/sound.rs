//! Bengali endings by the last sound of a word: genitive, locative, the -র or -এর of a number.

use crate::tell::gazetteer;

/// "মেটার", "ডাউনডিটেক্টরের", "ডিএনএ-র"; of a known name as the gazetteer has it: "ফোনপে-র".
pub(super) fn genitive(word: &str) -> String {
    gazetteer::bengali_genitive(word).map_or_else(|| genitive_by_sound(word), ToOwned::to_owned)
}

fn genitive_by_sound(word: &str) -> String {
    match word.chars().next_back() {
        Some('া' | 'ি' | 'ী' | 'ু' | 'ূ' | 'ৃ' | 'ে' | 'ো') => format!("{word}র"),
        Some('ই' | 'উ' | 'ও' | 'ং' | 'ঁ') => format!("{word}য়ের"),
        Some('এ' | 'আ' | 'অ') => format!("{word}-র"),
        Some(last) if is_consonant(last) => format!("{word}ের"),
        Some(last) => format!("{word}{}", if ends_in_a_vowel(last) { "-র" } else { "-এর" }),
        None => String::new(),
    }
}

/// "ভারতে", "ইতালিতে", "আমেরিকায়".
pub(super) fn locative(word: &str) -> String {
    match word.chars().next_back() {
        Some('া') => format!("{word}য়"),
        Some('ি' | 'ী' | 'ু' | 'ূ' | 'ৃ' | 'ে' | 'ো') => format!("{word}তে"),
        Some('ই' | 'উ' | 'ও' | 'ং') => format!("{word}য়ে"),
        Some(last) if is_consonant(last) => format!("{word}ে"),
        Some(_) => format!("{word}-তে"),
        None => String::new(),
    }
}

/// A Bengali consonant, with or without its nukta; ৎ takes no vowel sign and is not one of them.
fn is_consonant(character: char) -> bool {
    matches!(character, 'ক'..='হ' | '\u{9bc}')
}

/// How a letter of another script sounds at the end of a name.
fn ends_in_a_vowel(last: char) -> bool {
    matches!(last.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// The ending that a number takes by how it is said: "৫৮-র" (আটান্ন), "৪২-এর" (বিয়াল্লিশ), "২৫,০০০-এর" (হাজার).
pub(super) fn genitive_of_number(value: u64, in_bangladesh: bool) -> &'static str {
    let by_last_two = |two: u64| match two {
        11..=18 | 51..=58 | 61..=68 | 71..=78 | 79..=88 => "-র",
        20 if !in_bangladesh => "-র",
        _ => "-এর",
    };
    match value {
        0 => "-র",
        _ if !value.is_multiple_of(100) => by_last_two(value % 100),
        _ if !value.is_multiple_of(1000) => "-র",
        _ if !value.is_multiple_of(10_000_000) => "-এর",
        _ => "-র",
    }
}
