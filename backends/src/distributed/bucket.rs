//! A key-value bucket of JetStream: the last message of a subject is a value, compare-and-swap the expected last sequence.
//!
//! What the values mean, and which store they belong to, is not known here. Values are read from the stream's leader, so that what was put is
//! seen by whoever asks next.

use std::collections::BTreeMap;

use async_nats::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::{Bus, BusError, NO_MESSAGE, STREAM_NOT_FOUND, WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_IN_FLIGHT};
use crate::state_store::Revision;

/// The header, of the convention of NATS' key-value stores, of a message that is no value: it says that the one before it was deleted.
const OPERATION: &str = "KV-Operation";
const DELETED: &str = "DEL";

/// A bucket. The stream behind it is called `KV_` and its name, its subjects `$KV.`, its name, a dot and the key: the convention of NATS'
/// key-value stores, so that other tools can look into it.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub bus: Bus,
    pub name: &'static str,
}

/// What is asked of a stream: what it says of itself.
#[derive(Deserialize)]
pub(super) struct Stream {
    pub config: Config,
}

#[derive(Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// What stands last under a key: a value, or None where it was deleted.
pub(super) struct Last {
    pub value: Option<Vec<u8>>,
    pub revision: Revision,
}

#[derive(Deserialize)]
struct DirectAnswer {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    seq: Revision,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl Message {
    fn read(self, key: &str) -> Result<Last, BusError> {
        let decoded = |text: &str| STANDARD.decode(text).map_err(|error| BusError::Unreadable(format!("{key:?} is no base64: {error}")));
        let headers = decoded(&self.hdrs)?;
        let operation =
            String::from_utf8_lossy(&headers).lines().find_map(|line| Some(line.strip_prefix(OPERATION)?.strip_prefix(':')?.trim().to_owned()));
        let value = if operation.is_some() { None } else { Some(decoded(&self.data)?) };
        Ok(Last { value, revision: self.seq })
    }
}

impl Bucket {
    /// The stream behind it; None where there is none.
    pub(super) async fn find(&self) -> Result<Option<Stream>, BusError> {
        match self.bus.api(&format!("STREAM.INFO.{}", self.stream()), &json!({})).await {
            Err(error) if error.is(STREAM_NOT_FOUND) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Makes the stream behind it. One message a subject is kept, so that what was overwritten is gone.
    pub(super) async fn create(&self, description: &str, metadata: &Value) -> Result<Stream, BusError> {
        let settings = json!({
            "name": self.stream(), "subjects": [self.subject(">")], "description": description,
            "storage": "file", "retention": "limits", "discard": "new", "num_replicas": self.bus.address().replicas, "max_msgs_per_subject": 1,
            "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_consumers": -1, "allow_direct": true, "allow_rollup_hdrs": true,
            "deny_delete": true, "metadata": metadata,
        });
        self.bus.api(&format!("STREAM.CREATE.{}", self.stream()), &settings).await
    }

    fn stream(&self) -> String {
        format!("KV_{}", self.name)
    }

    /// A key as a subject. A key may begin or end with a dot, or have two side by side, a token of a subject may not: dots are written
    /// `=2E`, and `=` as `=3D`.
    fn subject(&self, key: &str) -> String {
        format!("$KV.{}.{}", self.name, key.replace('=', "=3D").replace('.', "=2E"))
    }

    fn key_of(&self, subject: &str) -> Option<String> {
        let key = subject.strip_prefix("$KV.")?.strip_prefix(self.name)?.strip_prefix('.')?;
        Some(key.replace("=2E", ".").replace("=3D", "="))
    }

    /// What stands last under a key.
    pub(super) async fn last(&self, key: &str) -> Result<Option<Last>, BusError> {
        let question = json!({"last_by_subj": self.subject(key)});
        match self.bus.api::<DirectAnswer>(&format!("STREAM.MSG.GET.{}", self.stream()), &question).await {
            Ok(DirectAnswer { message }) => message.read(key).map(Some),
            Err(error) if error.is(NO_MESSAGE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a value, or what says that it is deleted, behind a revision (0: nothing stands there); None where something else stands
    /// there.
    pub(super) async fn write(&self, key: &str, value: Option<&[u8]>, follows: Revision) -> Result<Option<Revision>, BusError> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Last-Subject-Sequence", follows.to_string());
        if value.is_none() {
            headers.insert(OPERATION, DELETED);
        }
        match self.bus.store(self.subject(key), headers, value.unwrap_or_default().to_vec().into()).await {
            Ok(stored) => Ok(Some(stored.seq)),
            Err(error) if error.is(WRONG_LAST_SEQUENCE) || error.is(WRONG_LAST_SEQUENCE_IN_FLIGHT) => Ok(None),
            // Nobody knows whether it was stored: what stands there now tells.
            Err(BusError::Silent) => match self.last(key).await? {
                Some(last) if last.revision > follows && last.value.as_deref() == value => Ok(Some(last.revision)),
                last if last.as_ref().map_or(0, |last| last.revision) == follows => Err(BusError::Silent),
                _ => Ok(None),
            },
            Err(error) => Err(error),
        }
    }

    /// Puts a value, or what says that it is deleted (None), whatever stands there. Where no answer comes, it is put again: of two who put at
    /// once one is the last anyway.
    pub(super) async fn overwrite(&self, key: &str, value: Option<Vec<u8>>) -> Result<Revision, BusError> {
        let mut headers = HeaderMap::new();
        if value.is_none() {
            headers.insert(OPERATION, DELETED);
        }
        let payload = Bytes::from(value.unwrap_or_default());
        match self.bus.store(self.subject(key), headers.clone(), payload.clone()).await {
            Err(BusError::Silent) => self.bus.store(self.subject(key), headers, payload).await,
            stored => stored,
        }
        .map(|stored| stored.seq)
    }

    /// Takes what stands under a key out of the bucket, up to this revision: what somebody puts meanwhile stays.
    pub(super) async fn purge(&self, key: &str, through: Revision) -> Result<(), BusError> {
        let verb = format!("STREAM.PURGE.{}", self.stream());
        let question = json!({"filter": self.subject(key), "seq": through.saturating_add(1)});
        match self.bus.api::<Value>(&verb, &question).await {
            Err(BusError::Silent) => self.bus.api::<Value>(&verb, &question).await.map(drop),
            purged => purged.map(drop),
        }
    }

    /// The keys that begin so and stand after another key, in the order of their bytes. One that was deleted, and not purged, is among them.
    pub(super) async fn keys_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, BusError> {
        let mut keys = self.keys().await?;
        keys.retain(|key| key.starts_with(prefix) && key.as_str() > after);
        keys.sort_unstable();
        Ok(keys)
    }

    /// Every key, from the state of the stream, page by page; in no order. One that was deleted, and not purged, is among them.
    pub(super) async fn keys(&self) -> Result<Vec<String>, BusError> {
        #[derive(Deserialize)]
        struct Info {
            state: State,
            #[serde(default)]
            total: usize,
        }
        #[derive(Deserialize)]
        struct State {
            subjects: Option<serde_json::Map<String, Value>>,
        }
        let mut keys: Vec<String> = Vec::new();
        loop {
            let question = json!({"subjects_filter": self.subject(">"), "offset": keys.len()});
            let info: Info = self.bus.api(&format!("STREAM.INFO.{}", self.stream()), &question).await?;
            let subjects = info.state.subjects.unwrap_or_default();
            let before = keys.len();
            keys.extend(subjects.keys().filter_map(|subject| self.key_of(subject)));
            if keys.len() >= info.total || keys.len() == before {
                return Ok(keys);
            }
        }
    }
}
