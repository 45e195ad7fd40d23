//! Reads the members of `data` into types, and names every fault, not only the first.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::fault::{Faults, token};

/// Reads `members` as `T`. On a fault, notes it by pointer, takes the faulty member out and reads on, so that a
/// publisher is told everything at once.
pub(crate) fn read_members<T: DeserializeOwned>(mut members: Map<String, Value>, faults: &mut Faults) -> Option<T> {
    // The plain reader is twice as fast; the one that keeps the path is asked only where something is wrong.
    if let Ok(read) = T::deserialize(&members) {
        return Some(read);
    }
    // Each turn removes one member or ends, so the loop is bounded by their number.
    loop {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&members) else {
            return None;
        };
        let path = pointer_of(error.path());
        let detail = error.inner().to_string();
        let unknown = detail.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()).map(ToOwned::to_owned);
        let top = path.split('/').nth(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
        match (&unknown, top) {
            (_, Some(top)) if members.contains_key(&top) => {
                let place = unknown.as_ref().filter(|name| **name != top).map_or(path.clone(), |name| extend(&path, name));
                faults.add(format!("/data{place}"), plain(&detail));
                members.remove(&top);
            }
            (Some(name), _) if members.contains_key(name) => {
                faults.add(format!("/data/{}", token(name)), plain(&detail));
                members.remove(name);
            }
            _ => {
                faults.add("/data", plain(&detail));
                return None;
            }
        }
    }
}

fn extend(path: &str, name: &str) -> String {
    if path.ends_with(&format!("/{}", token(name))) { path.to_owned() } else { format!("{path}/{}", token(name)) }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", token(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The deserializer's words, in the words of JSON.
fn plain(detail: &str) -> String {
    detail.replace("unknown field", "unknown member").replace("missing field", "missing member").replace("invalid type: map", "invalid type: object")
}
