//! What a watcher remembers of the page that an event was read from, and what it was about to publish: both may hold the text.
//!
//! It is forgotten for that page as a whole. The watcher makes it again from what was published, where the text stands no more; the event's
//! id stays taken, so it is not published again.

use std::collections::BTreeSet;

use dateline_backends::StateStore;
use serde_json::Value;

/// Before what watchers remember in the state store: then the service, then what it is.
const WATCHED: &str = "watch/";

/// Texts that are shorter, in bytes, are words that stand anywhere.
const TEXT_BYTES_MIN: usize = 8;

/// Members of `data` that hold names and times, no texts of the event's own.
const NO_TEXTS: [&str; 6] = ["reference", "occurred", "stated", "components", "services", "sources"];

/// Forgets what holds a text of the event. True where anything was forgotten; None: a reader holds it still.
pub async fn forget(state_store: &StateStore, event: &[u8]) -> anyhow::Result<Option<bool>> {
    let texts = texts_of(event);
    let entries = state_store.all(WATCHED).await?;
    let holds = |value: &[u8]| {
        let value = String::from_utf8_lossy(value);
        texts.iter().any(|text| value.contains(text.as_str()))
    };
    let pages: BTreeSet<String> =
        entries.iter().filter(|entry| holds(&entry.value)).filter_map(|entry| page_of(&entry.key).map(ToOwned::to_owned)).collect();
    let keys: Vec<String> = entries.into_iter().map(|entry| entry.key).filter(|key| page_of(key).is_some_and(|page| pages.contains(page))).collect();
    let found = !keys.is_empty();
    // Also where nothing is found now: an earlier try may have left copies in the log.
    Ok(state_store.forget(keys).await?.then_some(found))
}

/// The service of a page whose memory or whose pending events stand under a key.
fn page_of(key: &str) -> Option<&str> {
    let (service, what) = key.strip_prefix(WATCHED)?.split_once('/')?;
    (what.starts_with("memory/") || what.starts_with("pending/")).then_some(service)
}

/// The texts of an event, each as it stands between the quotation marks of JSON.
fn texts_of(event: &[u8]) -> Vec<String> {
    let event: Value = serde_json::from_slice(event).unwrap_or(Value::Null);
    let mut texts = Vec::new();
    for (name, value) in event["data"].as_object().into_iter().flatten() {
        if !NO_TEXTS.contains(&name.as_str()) {
            collect(value, &mut texts);
        }
    }
    texts
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= TEXT_BYTES_MIN => {
            let quoted = Value::String(text.clone()).to_string();
            texts.push(quoted.trim_matches('"').to_owned());
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
