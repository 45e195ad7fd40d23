//! The role state in a JetStream key-value bucket.
//!
//! What the values mean is not known here.

use serde_json::json;

use super::bucket::Bucket;
use super::bus::{Bus, BusError, retry_until_available};
use crate::address::Address;
use crate::role_state::RoleStateError;
use crate::state_store::MAX_VALUE_BYTES;

/// The bucket.
const BUCKET: &str = "role_state";

/// A role state on the bus.
#[derive(Clone, Debug)]
pub struct RoleState {
    bucket: Bucket,
}

impl From<BusError> for RoleStateError {
    fn from(error: BusError) -> Self {
        if error.is_full() { Self::Full } else { Self::Engine(error.to_string()) }
    }
}

impl RoleState {
    pub(crate) async fn open(address: Address) -> Result<Self, RoleStateError> {
        let bus = Bus::connect(&address, "role state").await?;
        bus.must_carry(MAX_VALUE_BYTES, "the role state")?;
        let bucket = Bucket { bus, name: BUCKET };
        // Each try has a bucket of its own: a future that borrowed one could not be moved between threads.
        let tried = bucket.clone();
        retry_until_available(move || find_or_create(tried.clone()), BusError::is_away).await?;
        Ok(Self { bucket })
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RoleStateError> {
        Ok(self.bucket.last(key).await?.and_then(|last| last.value))
    }

    pub(crate) async fn put(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), RoleStateError> {
        for (key, value) in entries {
            self.bucket.overwrite(&key, Some(value)).await?;
        }
        Ok(())
    }

    pub(crate) async fn list(&self, prefix: &str, after: &str, limit: usize) -> Result<Vec<String>, RoleStateError> {
        let mut keys = self.bucket.keys_after(prefix, after).await?;
        keys.truncate(limit);
        Ok(keys)
    }

    /// First a message stands there that says that the value was deleted, which is synced as every message is: whatever becomes of the
    /// server, the value does not come back. Then that one goes too, so that what was deleted takes no room.
    pub(crate) async fn delete(&self, keys: Vec<String>) -> Result<(), RoleStateError> {
        for key in keys {
            let deleted = self.bucket.overwrite(&key, None).await?;
            self.bucket.purge(&key, deleted).await?;
        }
        Ok(())
    }
}

async fn find_or_create(bucket: Bucket) -> Result<(), BusError> {
    match bucket.find().await? {
        Some(_) => Ok(()),
        None => bucket.create("what Dateline's roles remember: made again where it is lost", &json!({})).await.map(drop),
    }
}
