//! The state store in a JetStream key-value bucket: the last message of a subject is a value, compare-and-swap the expected last sequence.
//!
//! What the values mean is not known here. Values are read from the stream's leader, so that what was put is seen by whoever asks next.

use std::collections::BTreeMap;

use async_nats::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::{Bus, BusError, NO_MESSAGE, STREAM_NOT_FOUND, WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_IN_FLIGHT, retry_until_available};
use crate::address::Address;
use crate::state_store::{MAX_VALUE_BYTES, Revision, StateEntry, StateError};

/// The bucket. The stream behind it is called `KV_` and its name, its subjects `$KV.`, its name, a dot and the key: the convention of NATS'
/// key-value stores, so that other tools can look into it.
const BUCKET: &str = "state";

/// What the bucket was called in earlier versions. One that is there when the new one is made is carried over into it.
const FORMER_BUCKET: &str = "keep";

/// What the new bucket's stream says of itself where there was a former one, and the key that is put last when all was carried over.
const CARRIED_FROM: &str = "dateline_carried_from";
const CARRIED: &str = "carried-over";

/// The header, of the same convention, of a message that is no value: it says that the one before it was deleted.
const OPERATION: &str = "KV-Operation";
const DELETED: &str = "DEL";

/// A state store on the bus.
#[derive(Clone, Debug)]
pub struct StateStore {
    bus: Bus,
    bucket: &'static str,
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

/// What stands last under a key: a value, or None where it was deleted.
struct Last {
    value: Option<Vec<u8>>,
    revision: Revision,
}

impl Message {
    fn read(self, key: &str) -> Result<Last, StateError> {
        let decoded = |text: &str| STANDARD.decode(text).map_err(|error| StateError::Engine(format!("{key:?} is no base64: {error}")));
        let headers = decoded(&self.hdrs)?;
        let operation =
            String::from_utf8_lossy(&headers).lines().find_map(|line| Some(line.strip_prefix(OPERATION)?.strip_prefix(':')?.trim().to_owned()));
        let value = if operation.is_some() { None } else { Some(decoded(&self.data)?) };
        Ok(Last { value, revision: self.seq })
    }
}

impl From<BusError> for StateError {
    fn from(error: BusError) -> Self {
        if error.is_full() { Self::Full } else { Self::Engine(error.to_string()) }
    }
}

impl StateStore {
    pub(crate) async fn open(address: Address) -> Result<Self, StateError> {
        let bus = Bus::connect(&address, "state store").await?;
        bus.must_carry(MAX_VALUE_BYTES, "the state store")?;
        let find = async || find_or_create(&bus).await;
        let stream = retry_until_available(find, BusError::is_away).await?;
        let state_store = Self { bus, bucket: BUCKET };
        if stream.config.metadata.contains_key(CARRIED_FROM) && state_store.get(CARRIED.to_owned()).await?.is_none() {
            state_store.carry_over().await.map_err(|error| {
                StateError::Engine(format!(
                    "the bucket \"{FORMER_BUCKET}\" of an earlier version could not be carried over into \"{BUCKET}\" ({error}): run `dateline keys list` once with the rights of the operator, then start again"
                ))
            })?;
        }
        Ok(state_store)
    }

    /// Copies every value of the former bucket, and says that it is done last. What has been put in the new one meanwhile, or deleted there,
    /// stays as it is: so any number of processes may do it at once, and one that was killed is followed by the next.
    async fn carry_over(&self) -> Result<(), StateError> {
        let former = Self { bus: self.bus.clone(), bucket: FORMER_BUCKET };
        let mut carried: u64 = 0;
        for key in former.keys().await? {
            if let Some((value, _)) = former.get(key.clone()).await? {
                carried += u64::from(self.write(&key, Some(&value), 0).await?.is_some());
            }
        }
        self.write(CARRIED, Some(carried.to_string().as_bytes()), 0).await?;
        tracing::info!(carried, "the bucket of an earlier version was carried over; the old one may be deleted");
        Ok(())
    }

    fn stream(&self) -> String {
        stream(self.bucket)
    }

    /// A key as a subject. A key may begin or end with a dot, or have two side by side, a token of a subject may not: dots are written
    /// `=2E`, and `=` as `=3D`.
    fn subject(&self, key: &str) -> String {
        format!("$KV.{}.{}", self.bucket, key.replace('=', "=3D").replace('.', "=2E"))
    }

    fn key_of(&self, subject: &str) -> Option<String> {
        let key = subject.strip_prefix("$KV.")?.strip_prefix(self.bucket)?.strip_prefix('.')?;
        Some(key.replace("=2E", ".").replace("=3D", "="))
    }

    pub(crate) async fn get(&self, key: String) -> Result<Option<(Vec<u8>, Revision)>, StateError> {
        Ok(self.last(&key).await?.and_then(|last| Some((last.value?, last.revision))))
    }

    pub(crate) async fn put(&self, key: String, value: Vec<u8>, expected: Option<Revision>) -> Result<Revision, StateError> {
        if let Some(revision) = self.write(&key, Some(&value), expected.unwrap_or(0)).await? {
            return Ok(revision);
        }
        let found = self.last(&key).await?;
        // Where a value was deleted, the next one follows what says so.
        if let (None, Some(Last { value: None, revision })) = (expected, &found)
            && let Some(revision) = self.write(&key, Some(&value), *revision).await?
        {
            return Ok(revision);
        }
        self.changed(key).await
    }

    pub(crate) async fn delete(&self, key: String, expected: Revision) -> Result<(), StateError> {
        match self.get(key.clone()).await? {
            Some((_, revision)) if revision == expected => {}
            found => return Err(StateError::Changed { key, found: found.map(|(_, revision)| revision) }),
        }
        match self.write(&key, None, expected).await? {
            Some(_) => Ok(()),
            None => self.changed(key).await,
        }
    }

    async fn changed<T>(&self, key: String) -> Result<T, StateError> {
        let found = self.get(key.clone()).await?.map(|(_, revision)| revision);
        Err(StateError::Changed { key, found })
    }

    /// Puts a value, or what says that it is deleted, behind a revision (0: nothing stands there); None where something else stands
    /// there.
    async fn write(&self, key: &str, value: Option<&[u8]>, follows: Revision) -> Result<Option<Revision>, StateError> {
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
                last if last.as_ref().map_or(0, |last| last.revision) == follows => Err(BusError::Silent.into()),
                _ => Ok(None),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// What stands last under a key.
    async fn last(&self, key: &str) -> Result<Option<Last>, StateError> {
        let question = json!({"last_by_subj": self.subject(key)});
        match self.bus.api::<DirectAnswer>(&format!("STREAM.MSG.GET.{}", self.stream()), &question).await {
            Ok(DirectAnswer { message }) => message.read(key).map(Some),
            Err(error) if error.is(NO_MESSAGE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn list(&self, prefix: &str, after: &str, limit: usize) -> Result<Vec<StateEntry>, StateError> {
        let mut keys: Vec<String> = self.keys().await?.into_iter().filter(|key| key.starts_with(prefix) && key.as_str() > after).collect();
        keys.sort_unstable();
        let mut entries = Vec::new();
        for key in keys {
            if entries.len() == limit {
                break;
            }
            // What was deleted still has its subject.
            if let Some((value, revision)) = self.get(key.clone()).await? {
                entries.push(StateEntry { key, value, revision });
            }
        }
        Ok(entries)
    }

    /// Every key, from the state of the stream, page by page.
    async fn keys(&self) -> Result<Vec<String>, StateError> {
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

/// What is asked of a stream: what it says of itself.
#[derive(Deserialize)]
struct Stream {
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

fn stream(bucket: &str) -> String {
    format!("KV_{bucket}")
}

async fn find_or_create(bus: &Bus) -> Result<Stream, BusError> {
    match bus.api(&format!("STREAM.INFO.{}", stream(BUCKET)), &json!({})).await {
        Err(error) if error.is(STREAM_NOT_FOUND) => create(bus).await,
        found => found,
    }
}

async fn create(bus: &Bus) -> Result<Stream, BusError> {
    let metadata = match bus.api::<Value>(&format!("STREAM.INFO.{}", stream(FORMER_BUCKET)), &json!({})).await {
        Ok(_) => json!({CARRIED_FROM: FORMER_BUCKET}),
        Err(error) if error.is(STREAM_NOT_FOUND) => json!({}),
        Err(error) => return Err(error),
    };
    let settings = json!({
        "name": stream(BUCKET), "subjects": [format!("$KV.{BUCKET}.>")], "description": "Dateline's state store: small and precious",
        "storage": "file", "retention": "limits", "discard": "new", "num_replicas": bus.address().replicas, "max_msgs_per_subject": 1,
        "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_consumers": -1, "allow_direct": true, "allow_rollup_hdrs": true,
        "deny_delete": true, "metadata": metadata,
    });
    bus.api(&format!("STREAM.CREATE.{}", stream(BUCKET)), &settings).await
}
