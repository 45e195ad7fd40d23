//! Bengali amounts: "২৫,০০০-এর বেশি", "প্রায় দু’ঘণ্টা", "ন’টি".

use dateline_events::{Count, Per, Qualifier, Range};

use super::sound::{genitive, genitive_of_number};
use crate::tell::amount::Amount;
use crate::tell::language::Lang;

/// Numbers as they stand before a word: "দু’ঘণ্টা", "তিন ঘণ্টা".
const WORDS: [&str; 11] = ["", "এক", "দু’", "তিন", "চার", "পাঁচ", "ছ’", "সাত", "আট", "ন’", "দশ"];

/// Bengali digits, nothing else changed.
pub fn digits(text: &str) -> String {
    text.chars().map(|character| character.to_digit(10).and_then(|digit| char::from_u32(0x9e6 + digit)).unwrap_or(character)).collect()
}

/// "১,০০,০০০": thousands, then pairs.
pub(in crate::tell) fn number(_: Lang, value: u64) -> String {
    plain(value)
}

fn plain(value: u64) -> String {
    let written = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in written.chars().enumerate() {
        let left = written.len() - index;
        if index > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    digits(&grouped)
}

/// A small number before a noun, with the space that it needs.
fn before(value: u64) -> String {
    match usize::try_from(value).ok().and_then(|index| WORDS.get(index)).filter(|word| !word.is_empty()) {
        Some(word) if word.ends_with('’') => (*word).to_owned(),
        Some(word) => format!("{word} "),
        None => format!("{} ", plain(value)),
    }
}

/// "একটি", "দু’টি", "১১টি".
pub(super) fn pieces(value: u64) -> String {
    let word = usize::try_from(value).ok().and_then(|index| WORDS.get(index)).filter(|word| !word.is_empty());
    word.map_or_else(|| format!("{}টি", plain(value)), |word| format!("{word}টি"))
}

/// A number with how exactly it is meant.
pub(super) fn qualified(lang: Lang, value: u64, qualifier: Option<Qualifier>) -> String {
    let told = plain(value);
    match qualifier {
        Some(Qualifier::MoreThan) => format!("{told}{} বেশি", genitive_of_number(value, lang == Lang::BnBd)),
        Some(Qualifier::About | Qualifier::Nearly) => format!("প্রায় {told}"),
        Some(Qualifier::Exactly) | None => told,
    }
}

/// A count with what it was made over: "ঘণ্টায় ৬০,০০০-এর বেশি".
pub(super) fn count(lang: Lang, count: &Count) -> String {
    let told = qualified(lang, count.value, count.qualifier);
    match (count.per, count.window_minutes) {
        (Some(Per::Hour), _) | (Some(Per::Window), Some(60)) => format!("ঘণ্টায় {told}"),
        (Some(Per::Window), Some(30)) => format!("আধ ঘণ্টায় {told}"),
        (Some(Per::Window), Some(minutes)) => format!("{} {told}", super::sound::locative(&span(u64::from(minutes)))),
        (Some(Per::Window | Per::Total) | None, _) => told,
    }
}

/// How long a source says that it lasted.
pub(in crate::tell) fn lasted(_: Lang, minutes: u32, qualifier: Option<Qualifier>) -> String {
    let whole = span(u64::from(minutes));
    match qualifier {
        Some(Qualifier::MoreThan) => format!("{} বেশি", genitive(&halves(u64::from(minutes)))),
        Some(Qualifier::About | Qualifier::Nearly) => format!("প্রায় {}", halves(u64::from(minutes))),
        Some(Qualifier::Exactly) | None => whole,
    }
}

/// Minutes as they are: "৯০ মিনিট", "দু’ঘণ্টা", "২ ঘণ্টা ৩৬ মিনিট".
fn span(minutes: u64) -> String {
    match (minutes, minutes / 60, minutes % 60) {
        (_, hours, 0) if hours > 48 && hours.is_multiple_of(24) => format!("{}দিন", before(hours / 24)),
        (60, ..) => "এক ঘণ্টা".to_owned(),
        (0..=119, ..) => format!("{} মিনিট", plain(minutes)),
        (_, hours, 0) => format!("{}ঘণ্টা", before(hours)),
        (_, _, 30) => halves(minutes),
        (_, hours, rest) => format!("{} ঘণ্টা {} মিনিট", plain(hours), plain(rest)),
    }
}

/// Minutes as one speaks of them: "দেড় ঘণ্টা", "আড়াই ঘণ্টা", "সাড়ে তিন ঘণ্টা".
pub(super) fn halves(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, 30) => "আধ ঘণ্টা".to_owned(),
        (1, 30) => "দেড় ঘণ্টা".to_owned(),
        (2, 30) => "আড়াই ঘণ্টা".to_owned(),
        (hours, 30) => format!("সাড়ে {}ঘণ্টা", before(hours)),
        _ => span(minutes),
    }
}

/// A span between two intervals, as roughly as it is known.
pub(in crate::tell) fn duration(_: Lang, range: Range) -> String {
    match Amount::of(range) {
        Amount::Minutes(minutes) => halves(minutes),
        Amount::AboutMinutes(minutes) => format!("প্রায় {}", halves(minutes)),
        Amount::UnderAMinute => "এক মিনিটেরও কম".to_owned(),
        Amount::AtMostMinutes(minutes) => format!("খুব বেশি হলে {}", halves(minutes)),
        Amount::FromTo(first, last) => format!("{} থেকে {}", halves(first), halves(last)),
    }
}
