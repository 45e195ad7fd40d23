//! The state store in a JetStream key-value bucket.
//!
//! What the values mean is not known here.

use serde_json::json;

use super::bucket::{Bucket, Last, Stream};
use super::bus::{Bus, BusError, retry_until_available};
use crate::address::Address;
use crate::state_store::{MAX_VALUE_BYTES, Revision, StateEntry, StateError};

/// The bucket.
const BUCKET: &str = "state";

/// What the bucket was called in earlier versions. One that is there when the new one is made is carried over into it.
const FORMER_BUCKET: &str = "keep";

/// What the new bucket's stream says of itself where there was a former one, and the key that is put last when all was carried over.
const CARRIED_FROM: &str = "dateline_carried_from";
const CARRIED: &str = "carried-over";

/// A state store on the bus.
#[derive(Clone, Debug)]
pub struct StateStore {
    bucket: Bucket,
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
        let state_store = Self { bucket: Bucket { bus, name: BUCKET } };
        let find = async || find_or_create(&state_store.bucket).await;
        let stream = retry_until_available(find, BusError::is_away).await?;
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
        let former = Bucket { name: FORMER_BUCKET, ..self.bucket.clone() };
        let mut carried: u64 = 0;
        for key in former.keys().await? {
            if let Some(Last { value: Some(value), .. }) = former.last(&key).await? {
                carried += u64::from(self.bucket.write(&key, Some(&value), 0).await?.is_some());
            }
        }
        self.bucket.write(CARRIED, Some(carried.to_string().as_bytes()), 0).await?;
        tracing::info!(carried, "the bucket of an earlier version was carried over; the old one may be deleted");
        Ok(())
    }

    pub(crate) async fn get(&self, key: String) -> Result<Option<(Vec<u8>, Revision)>, StateError> {
        Ok(self.bucket.last(&key).await?.and_then(|last| Some((last.value?, last.revision))))
    }

    pub(crate) async fn put(&self, key: String, value: Vec<u8>, expected: Option<Revision>) -> Result<Revision, StateError> {
        if let Some(revision) = self.bucket.write(&key, Some(&value), expected.unwrap_or(0)).await? {
            return Ok(revision);
        }
        let found = self.bucket.last(&key).await?;
        // Where a value was deleted, the next one follows what says so.
        if let (None, Some(Last { value: None, revision })) = (expected, &found)
            && let Some(revision) = self.bucket.write(&key, Some(&value), *revision).await?
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
        match self.bucket.write(&key, None, expected).await? {
            Some(_) => Ok(()),
            None => self.changed(key).await,
        }
    }

    async fn changed<T>(&self, key: String) -> Result<T, StateError> {
        let found = self.get(key.clone()).await?.map(|(_, revision)| revision);
        Err(StateError::Changed { key, found })
    }

    pub(crate) async fn list(&self, prefix: &str, after: &str, limit: usize) -> Result<Vec<StateEntry>, StateError> {
        let mut entries = Vec::new();
        for key in self.bucket.keys_after(prefix, after).await? {
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
}

async fn find_or_create(bucket: &Bucket) -> Result<Stream, BusError> {
    if let Some(stream) = bucket.find().await? {
        return Ok(stream);
    }
    let former = Bucket { name: FORMER_BUCKET, ..bucket.clone() };
    let metadata = if former.find().await?.is_some() { json!({CARRIED_FROM: FORMER_BUCKET}) } else { json!({}) };
    bucket.create("Dateline's state store: small and precious", &metadata).await
}
