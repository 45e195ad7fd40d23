//! Reads the members of `data` into types, and names every fault, not only the first.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Common;
use crate::fault::{Faults, token};

/// Reads `members` as `T`. On a fault, notes it by pointer, takes the faulty part out and reads on, so that a
/// publisher is told everything at once.
pub(crate) fn read_members<T: DeserializeOwned + JsonSchema>(mut members: Map<String, Value>, faults: &mut Faults) -> Option<T> {
    // The plain reader is twice as fast; the one that keeps the path is asked only where something is wrong.
    if let Ok(read) = T::deserialize(&members) {
        return Some(read);
    }
    let (known, required) = members_of::<T>();
    note_unknown(&mut members, &known, faults);
    note_missing(&members, &required, faults);
    let mut taken_out = TakenOut::default();
    // Each turn removes a member, or an item of one, or ends: the loop is bounded by their number.
    while let Err(error) = serde_path_to_error::deserialize::<_, T>(&members) {
        let (detail, path) = (error.inner().to_string(), names_of(error.path()));
        let Some(fault) = taken_out.next(&path, &mut members) else {
            // What is still missing was noted above, or was taken out.
            return None;
        };
        faults.add(format!("/data{}{}", fault, missing_inside(&detail)), plain(&detail));
        // Each turn reads the whole again: ten thousand faulty items would be read ten thousand times.
        if faults.is_full() {
            faults.further += 1;
            return None;
        }
    }
    None
}

/// The names that `T` knows, and those that it needs.
fn members_of<T: JsonSchema>() -> (Vec<String>, Vec<String>) {
    let schema = T::json_schema(&mut schemars::SchemaGenerator::default());
    let known = schema.get("properties").and_then(Value::as_object).map(|members| members.keys().cloned().collect()).unwrap_or_default();
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    (known, required)
}

fn note_unknown(members: &mut Map<String, Value>, known: &[String], faults: &mut Faults) {
    for name in members.keys().filter(|name| !known.contains(name)) {
        let own = known.iter().map(String::as_str).filter(|name| !Common::MEMBERS.contains(name));
        let all: Vec<&str> = own.chain(Common::MEMBERS).collect();
        faults.add(format!("/data/{}", token(name)), format!("unknown member \"{name}\"; known here are {}", all.join(", ")));
    }
    members.retain(|name, _| known.contains(name));
}

fn note_missing(members: &Map<String, Value>, required: &[String], faults: &mut Faults) {
    for name in required.iter().filter(|name| !members.contains_key(*name)) {
        let pointer = format!("/data/{}", token(name));
        // A null that stood there has been noted already.
        if faults.named.iter().all(|fault| fault.pointer != pointer) {
            faults.add(pointer, "missing member");
        }
    }
}

/// What was taken out of lists so far, so that the items behind it are still called by their place in the event.
#[derive(Default)]
struct TakenOut(Vec<(String, usize)>);

impl TakenOut {
    /// Takes the part out of `members` in which a fault was found, and says its pointer; None where the path names none.
    fn next(&mut self, path: &[String], members: &mut Map<String, Value>) -> Option<String> {
        let (top, below) = path.split_first()?;
        let mut place = path.to_vec();
        match (members.get_mut(top)?, below.first().and_then(|name| name.parse::<usize>().ok())) {
            (Value::Array(items), Some(index)) if index < items.len() && !is_pair(top) => {
                items.remove(index);
                let gone: Vec<usize> = self.0.iter().filter(|(list, _)| list == top).map(|(_, index)| *index).collect();
                let original = (0..).filter(|index| !gone.contains(index)).nth(index)?;
                self.0.push((top.clone(), original));
                place[1] = original.to_string();
            }
            _ => drop(members.remove(top)),
        }
        Some(place.iter().map(|name| format!("/{}", token(name))).collect())
    }
}

/// A list of exactly two, from which no item can be taken.
fn is_pair(member: &str) -> bool {
    member == "scheduled"
}

fn names_of(path: &serde_path_to_error::Path) -> Vec<String> {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// The end of the pointer for a member that is missing inside another: the reader's path ends at the one around it.
fn missing_inside(detail: &str) -> String {
    let name = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    name.map(|name| format!("/{}", token(name))).unwrap_or_default()
}

/// The deserializer's words, in the words of JSON.
fn plain(detail: &str) -> String {
    if detail.starts_with("missing field") {
        return "missing member".to_owned();
    }
    let (found, expected) = detail.rsplit_once(", expected ").unwrap_or((detail, ""));
    let found = found
        .replace("unknown field", "unknown member")
        .replace("unknown variant", "unknown value")
        .replace("invalid type: map", "invalid type: object");
    let found = found.replace("invalid type: sequence", "invalid type: list").replace("floating point", "number");
    let in_json = match expected {
        "" => return found,
        "u64" | "u32" => "a whole number, 0 or more",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "a tuple of size 2" => "a list of two",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    };
    format!("{found}; expected {in_json}")
}
