//! What a source changed of what it had published without saying so: which edits are minor, and the headlines that were changed. How it is
//! told belongs to `tell`.

use dateline_events::kinds::EditKind;
use dateline_events::{Event, Instant, Position, Text, When, normal};
use serde_json::{Map, Value};

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

/// A post of a page: who read it, of which incident, and the page's own id of it.
pub(crate) type Post<'a> = (&'a str, &'a str, &'a str);

/// The post that an event tells, if it tells one.
pub(crate) fn post_of(event: &Event) -> Option<Post<'_>> {
    let reference = event.common.reference.as_ref()?;
    Some((&event.source, &reference.id, reference.update.as_deref()?))
}

/// What was edited of a post that its watcher took back and said anew, as another kind of event: a change, no removal. None where anybody
/// else took it back, or nothing changed.
pub(crate) fn said_anew(before: &Item, after: &Item) -> Option<Correction> {
    const MEMBERS: [&str; 5] = ["occurred", "reference", "statement", "status", "text"];
    let retraction = before.retraction.as_ref().filter(|retraction| retraction.source == before.event.source && !retraction.announced)?;
    let (old, new) = (before.event.data(), after.event.data());
    let member = |data: &Map<String, Value>, name: &str| data.get(name).cloned().unwrap_or(Value::Null);
    let changes: Vec<_> = MEMBERS.iter().map(|name| ((*name).to_owned(), member(&old, name), member(&new, name))).collect();
    let changes: Vec<_> = changes.into_iter().filter(|(_, old, new)| old != new).collect();
    (!changes.is_empty()).then(|| Correction {
        position: retraction.position,
        edit_kind: EditKind::SourceEdit,
        announced: false,
        reason: retraction.reason.clone(),
        stated: retraction.stated,
        changes,
        source: retraction.source.clone(),
        said_by: retraction.said_by.clone(),
    })
}

/// True where a reader would notice nothing of the change of one member of `data`.
pub(crate) fn is_minor(member: &str, before: &Value, after: &Value) -> bool {
    let same_words =
        |words: &dyn Fn(&Value) -> Option<String>| words(before).zip(words(after)).is_some_and(|(old, new)| normal(&old) == normal(&new));
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
