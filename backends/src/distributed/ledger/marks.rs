//! What the ledger remembers beside its events, in a key-value bucket of its own: apart from the stream, where it would take a position,
//! and from the state store, whose loss it outlives. Only the intake's credential writes it; nothing unsets a mark.

use async_nats::HeaderMap;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::distributed::bus::{Bus, BusError, NO_MESSAGE, STREAM_NOT_FOUND, WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_IN_FLIGHT};

const STREAM: &str = "KV_dateline_ledger_marks";
const SUBJECTS: &str = "$KV.dateline_ledger_marks.";

/// That API keys were made.
const KEYS_MADE: &str = "keys_made";

/// Creates the bucket where it is missing.
async fn prepare(bus: &Bus) -> Result<(), BusError> {
    match bus.api::<Value>(&format!("STREAM.INFO.{STREAM}"), &json!({})).await {
        Err(error) if error.is(STREAM_NOT_FOUND) => bus.api::<Value>(&format!("STREAM.CREATE.{STREAM}"), &settings(bus)).await.map(drop),
        found => found.map(drop),
    }
}

/// Whether it is marked that keys were made. Without a bucket there is no mark.
pub(super) async fn keys_made(bus: &Bus) -> Result<bool, BusError> {
    let question = json!({"last_by_subj": format!("{SUBJECTS}{KEYS_MADE}")});
    match bus.api::<Value>(&format!("STREAM.MSG.GET.{STREAM}"), &question).await {
        Ok(_) => Ok(true),
        Err(error) if error.is(NO_MESSAGE) || error.is(STREAM_NOT_FOUND) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Marks that keys were made; may be repeated, by several intakes at once.
pub(super) async fn mark_keys_made(bus: &Bus) -> Result<(), BusError> {
    prepare(bus).await?;
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
    match bus.store(format!("{SUBJECTS}{KEYS_MADE}"), headers, Bytes::from_static(b"1")).await {
        Ok(_) => Ok(()),
        Err(error) if error.is(WRONG_LAST_SEQUENCE) || error.is(WRONG_LAST_SEQUENCE_IN_FLIGHT) => Ok(()),
        // Nobody knows whether it was stored: what stands there now tells.
        Err(BusError::Silent) if keys_made(bus).await? => Ok(()),
        Err(error) => Err(error),
    }
}

fn settings(bus: &Bus) -> Value {
    json!({
        "name": STREAM, "subjects": [format!("{SUBJECTS}>")], "description": "what Dateline's ledger remembers beside its events",
        "storage": "file", "retention": "limits", "discard": "new", "num_replicas": bus.address().replicas, "max_msgs_per_subject": 1,
        "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_consumers": -1, "allow_direct": true, "allow_rollup_hdrs": false,
        "deny_delete": true, "deny_purge": true,
    })
}
