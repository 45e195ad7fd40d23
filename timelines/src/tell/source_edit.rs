//! What a source changed of what it had published, for the mark on its entry: what stood there, and what it was changed to where
//! that stands there no more. The words are the languages'.

use dateline_events::{Kind, Text, Window, normal, plain};
use serde_json::Value;

use super::clean::{at_most, clean};
use super::clock::{Phrase, Style};
use super::entry::value;
use super::teller::Teller;
use crate::model::{Correction, Item};

/// The most characters of changed words in a mark; the whole stands in the record.
const WORDS_CHARS_MAX: usize = 600;

/// One member that a source changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceChange {
    /// Its name in `data`.
    pub(super) member: String,
    /// What stood there; None: nothing.
    pub(super) from: Option<String>,
    /// What it was changed to, where that was changed again.
    pub(super) then: Option<String>,
}

/// What one correction changed, of an item.
pub(super) fn changes(teller: &Teller, item: &Item, correction: &Correction) -> Vec<SourceChange> {
    let names_page_word = correction.changes.iter().any(|(member, before, after)| member == "reference" && word(before) != word(after));
    let names_severity = correction.changes.iter().any(|(member, before, after)| member == "severity" && before != after);
    let is_told = |member: &str, before: &Value, after: &Value| match member {
        // Of a severity the page's own word is told only where ours stays the same.
        "reference" => names_page_word && !names_severity,
        // The page's own word says it already.
        "status" => !names_page_word && before != after,
        _ => before != after,
    };
    let mut told = Vec::new();
    for (member, before, after) in correction.changes.iter().filter(|(member, before, after)| is_told(member, before, after)) {
        let later = item.corrections.iter().skip_while(|other| other.position != correction.position).skip(1);
        let is_changed_again = later.flat_map(|other| &other.changes).any(|(other, ..)| other == member);
        let (from, to) = pair(teller, member, before, after);
        let is_severity = member == "reference" && matches!(item.event.kind, Kind::ScopeChanged(_));
        let member = if is_severity { "severity" } else { member };
        // A change that looks like none (of seconds, where minutes are told) is not told.
        if from.is_some() && from == to {
            continue;
        }
        told.push(SourceChange { member: member.to_owned(), from, then: to.filter(|_| is_changed_again) });
    }
    told
}

/// Both values in words. Where they are the same words, the markup that tells them apart is shown.
fn pair(teller: &Teller, member: &str, before: &Value, after: &Value) -> (Option<String>, Option<String>) {
    let words = |value: &Value| match member {
        "statement" => value.pointer("/quotation/text").and_then(Value::as_str).map(ToOwned::to_owned),
        "text" | "title" => serde_json::from_value::<Text>(value.clone()).ok().map(|text| text.told_in(teller.lang.tag()).to_owned()),
        "reference" => word(value).map(ToOwned::to_owned),
        _ => None,
    };
    let (old, new) = (words(before), words(after));
    if old.is_some() || new.is_some() {
        let only_marks = old.as_deref().zip(new.as_deref()).is_some_and(|(old, new)| normal(old) == normal(new));
        let shown = |text: &str| format!("“{}”", at_most(&clean(&if only_marks { text.to_owned() } else { plain(text) }), WORDS_CHARS_MAX));
        return (old.as_deref().map(shown), new.as_deref().map(shown));
    }
    let told = |value: &Value| (!value.is_null()).then(|| told_value(teller, member, value));
    (told(before), told(after))
}

fn word(reference: &Value) -> Option<&str> {
    reference.get("status").and_then(Value::as_str)
}

fn told_value(teller: &Teller, member: &str, given: &Value) -> String {
    match member {
        "scheduled" => serde_json::from_value::<Window>(given.clone()).map_or_else(
            |_| value(teller, member, given),
            |window| {
                let phrase = Phrase::Range(teller.zone.stamp(window.0.start()), teller.zone.stamp(window.1.start()));
                teller.lang.time(&phrase, Style::Claim, teller.around)
            },
        ),
        "severity" => {
            serde_json::from_value(given.clone()).map_or_else(|_| value(teller, member, given), |severity| teller.lang.severity(severity).to_owned())
        }
        "status" => format!("“{}”", value(teller, member, given)),
        _ => value(teller, member, given),
    }
}
