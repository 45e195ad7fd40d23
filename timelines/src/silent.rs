//! What a source changed of what it had published without saying so: which edits are minor, and the headlines that were changed. How it is
//! told belongs to `tell`.

use dateline_events::kinds::EditKind;
use dateline_events::{Instant, Position, Text, When, normal};
use serde_json::Value;

use crate::model::{Correction, Item};

/// A headline that its source changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Renamed {
    /// The position of the event that it heads; None where that is not held.
    pub of: Option<Position>,
    /// The headline as it stands, with what was changed of it.
    pub title: Item,
}

impl Correction {
    /// True for a source's edit in which a reader would notice nothing: of markup, punctuation, spacing or case alone, or of a time by less
    /// than a minute.
    pub fn is_minor(&self) -> bool {
        self.edit_kind == EditKind::SourceEdit && self.changes.iter().all(|(member, before, after)| is_minor(member, before, after))
    }
}

/// The same of one member of `data`.
pub(crate) fn is_minor(member: &str, before: &Value, after: &Value) -> bool {
    let same_words = |words: &dyn Fn(&Value) -> Option<String>| words(before).zip(words(after)).is_some_and(|(old, new)| normal(&old) == normal(&new));
    match member {
        "statement" => same_words(&|value| value.pointer("/quotation/text").and_then(Value::as_str).map(ToOwned::to_owned)),
        "text" | "title" | "headline" => same_words(&|value| Some(text_of(value)?.told_in("en").to_owned())),
        "occurred" => start_of(before).zip(start_of(after)).is_some_and(|(old, new)| old.0.abs_diff(new.0) < Instant::MINUTE.unsigned_abs()),
        // The page's own word for a state is all that a reader sees of it.
        "reference" => before.get("status") == after.get("status"),
        _ => before == after,
    }
}

/// A member that is a text.
pub(crate) fn text_of(value: &Value) -> Option<Text> {
    serde_json::from_value(value.clone()).ok()
}

/// The moment that a time names; of an interval its beginning.
fn start_of(value: &Value) -> Option<Instant> {
    let when: When = serde_json::from_value(value.clone()).ok()?;
    when.value().map(|(start, _)| start).or_else(|| when.own_bounds().earliest)
}
