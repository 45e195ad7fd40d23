//! API keys: 256 random bits, shown once, kept as a SHA-256 in the state store, with what their holder may do.
//!
//! A random key of 256 bits needs no slow hash: nobody can guess it, so nothing has to slow a guesser down.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant as Clock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dateline_backends::{Ledger, LedgerError, MAX_LISTED_KEYS, StateError, StateStore};
use dateline_events::{hexadecimal, sha256_hex};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::sync::OnceCell;

pub use crate::shared::scopes::Scopes;

/// What stands before every key, so that it is recognised where it leaked.
const PREFIX: &str = "dateline_";

/// Where keys are kept.
const PLACE: &str = "api-key/";

/// Where the state store says that keys were made: asked for in place of listing them, and left when they are purged.
const MADE: &str = "api-keys/made";

/// While the ledger does not remember yet that keys were made, it is seen so often whether they were, in milliseconds.
const LOOK_EVERY_MS: u64 = 2_000;

/// So long a key that was looked up is believed: a revoked key is refused after this at the latest.
const REMEMBERED: Duration = Duration::from_secs(2);

/// So many keys are remembered at once.
const MAX_REMEMBERED: usize = 10_000;

/// A key as it was last looked up, and when; None where there is no such key.
type Remembered = (Clock, Option<StoredKey>);

/// The API keys of a ledger.
#[derive(Debug, Clone)]
pub struct Keys {
    state_store: StateStore,
    remembered: Arc<Mutex<HashMap<String, Remembered>>>,
    any: Arc<Mutex<Option<(Clock, bool)>>>,
    /// Whether the state store held keys when it was first asked: one from before says it by them alone.
    listed: Arc<OnceCell<bool>>,
    marking: Arc<Marking>,
}

/// The ledger that is to remember that keys were made, and whether it does.
#[derive(Debug, Default)]
struct Marking {
    ledger: OnceLock<Ledger>,
    is_marked: AtomicBool,
}

/// A key as kept: never the key itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredKey {
    /// The first part of the key, by which it is found.
    pub id: String,
    /// SHA-256 of the whole key, hexadecimal.
    pub sha256: String,
    /// What its maker calls it.
    pub name: String,
    /// What its holder may do.
    pub scopes: Scopes,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When it was revoked, RFC 3339.
    #[serde(default)]
    pub revoked: Option<String>,
}

/// Why a key was not accepted.
#[derive(Debug)]
pub enum KeyFault {
    /// It is unknown or revoked.
    Unknown,
    /// The state store did not answer.
    StateStore(StateError),
    /// The ledger could not note that keys were made.
    Ledger(LedgerError),
}

impl Keys {
    /// The keys in a state store.
    pub fn new(state_store: StateStore) -> Self {
        Self { state_store, remembered: Arc::default(), any: Arc::default(), listed: Arc::default(), marking: Arc::default() }
    }

    /// Makes a key. The text that is returned is shown once and stands nowhere.
    pub async fn create(&self, name: &str, scopes: Scopes, now: &str) -> anyhow::Result<(String, StoredKey)> {
        let mut random = [0_u8; 40];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
        // Hexadecimal: an id that begins with a hyphen would be a flag to `dateline keys revoke`.
        let id = hexadecimal(&random[..6]);
        let key = format!("{PREFIX}{id}.{}", URL_SAFE_NO_PAD.encode(&random[8..]));
        self.state_store.update(MADE, |there| Ok::<_, StateError>(there.is_none().then(|| now.as_bytes().to_vec()))).await?;
        let stored = StoredKey { id, sha256: sha256_hex(key.as_bytes()), name: name.to_owned(), scopes, created: now.to_owned(), revoked: None };
        self.state_store.put(&format!("{PLACE}{}", stored.id), &serde_json::to_vec(&stored)?, None).await?;
        Ok((key, stored))
    }

    /// The keys after an id, revoked ones included, in the order of their ids: a page; an empty one says that there are no more.
    pub async fn list(&self, after: &str) -> anyhow::Result<Vec<StoredKey>> {
        let entries = self.state_store.list(PLACE, &format!("{PLACE}{after}"), MAX_LISTED_KEYS).await?;
        entries.iter().map(|entry| Ok(serde_json::from_slice(&entry.value)?)).collect()
    }

    /// True where a key was made and not revoked.
    pub async fn any_in_force(&self) -> anyhow::Result<bool> {
        let mut after = String::new();
        loop {
            let page = self.list(&after).await?;
            let Some(last) = page.last() else { return Ok(false) };
            if page.iter().any(|key| key.revoked.is_none()) {
                return Ok(true);
            }
            after.clone_from(&last.id);
        }
    }

    /// Removes the keys that were revoked; answers how many. That keys were made stays known.
    pub async fn purge(&self) -> anyhow::Result<u64> {
        let (mut after, mut purged) = (String::new(), 0);
        loop {
            let page = self.list(&after).await?;
            let Some(last) = page.last() else { return Ok(purged) };
            after.clone_from(&last.id);
            for key in page.iter().filter(|key| key.revoked.is_some()) {
                let place = format!("{PLACE}{}", key.id);
                if let Some((_, revision)) = self.state_store.get(&place).await? {
                    self.state_store.delete(&place, revision).await?;
                    purged += 1;
                }
            }
        }
    }

    /// Revokes a key; false where there is none with this id.
    pub async fn revoke(&self, id: &str, now: &str) -> anyhow::Result<bool> {
        let revoked = |there: Option<&[u8]>| {
            let Some(value) = there else { return Ok(None) };
            let mut stored: StoredKey = serde_json::from_slice(value)?;
            stored.revoked.get_or_insert_with(|| now.to_owned());
            Ok(Some(serde_json::to_vec(&stored)?))
        };
        self.state_store.update(&format!("{PLACE}{id}"), revoked).await
    }

    /// The key as kept, which says its id and what its holder may do.
    pub async fn check(&self, key: &str) -> Result<StoredKey, KeyFault> {
        let id = key.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).map(|(id, _)| id).ok_or(KeyFault::Unknown)?;
        let stored = self.look_up(id).await?.filter(|stored| stored.revoked.is_none()).ok_or(KeyFault::Unknown)?;
        // Compared in constant time, although a hash of a guess tells little.
        let same: bool = sha256_hex(key.as_bytes()).as_bytes().ct_eq(stored.sha256.as_bytes()).into();
        if !same {
            return Err(KeyFault::Unknown);
        }
        *locked(&self.any) = Some((Clock::now(), true));
        self.mark().await.map_err(KeyFault::Ledger)?;
        Ok(stored)
    }

    /// From now on the ledger, which this process writes, is told that keys were made before the first one is accepted.
    pub fn remember_in(&self, ledger: Ledger) {
        // One process has one ledger; a second call changes nothing.
        let _ = self.marking.ledger.set(ledger);
    }

    async fn mark(&self) -> Result<(), LedgerError> {
        let Some(ledger) = self.marking.ledger.get().filter(|_| !self.marking.is_marked.load(Ordering::Relaxed)) else { return Ok(()) };
        // Asked first: to read there need be no room on the disk.
        if !ledger.keys_made().await? {
            ledger.mark_keys_made().await?;
        }
        self.marking.is_marked.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Tells the ledger that keys were made, as soon as they are; ends then, or when told to stop.
    pub async fn mark_when_made(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.were_made().await {
                Ok(true) => match self.mark().await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "the ledger could not note that API keys were made; trying again"),
                },
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the state store does not say whether API keys were made; trying again"),
            }
            let _ = tokio::time::timeout(Duration::from_millis(LOOK_EVERY_MS), stop.wait_for(|stop| *stop)).await;
        }
    }

    async fn look_up(&self, id: &str) -> Result<Option<StoredKey>, KeyFault> {
        if let Some((when, stored)) = locked(&self.remembered).get(id)
            && when.elapsed() < REMEMBERED
        {
            return Ok(stored.clone());
        }
        let found = self.state_store.get(&format!("{PLACE}{id}")).await.map_err(KeyFault::StateStore)?;
        let stored: Option<StoredKey> = found.map(|(value, _)| serde_json::from_slice(&value)).transpose().map_err(|error| {
            // It may be in force: whoever holds it is not told that there is no such key.
            KeyFault::StateStore(StateError::Engine(format!("what is kept of the API key {id} is unreadable: {error}")))
        })?;
        let mut remembered = locked(&self.remembered);
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(id.to_owned(), (Clock::now(), stored.clone()));
        Ok(stored)
    }

    /// True once a key was made, even if it was revoked since. What was seen lately is believed.
    pub async fn any_exist(&self) -> Result<bool, StateError> {
        if let Some((when, any)) = *locked(&self.any)
            && (any || when.elapsed() < REMEMBERED)
        {
            return Ok(any);
        }
        let any = self.were_made().await?;
        *locked(&self.any) = Some((Clock::now(), any));
        Ok(any)
    }

    /// The same, as the state store says it now. Keys are listed once at most: whoever makes one says so beside it.
    pub async fn were_made(&self) -> Result<bool, StateError> {
        if self.state_store.get(MADE).await?.is_some() {
            return Ok(true);
        }
        let list = async || Ok(!self.state_store.list(PLACE, "", 1).await?.is_empty());
        self.listed.get_or_try_init(list).await.copied()
    }
}

/// Nobody panics while holding these locks; if somebody did, what they guard is only remembered and may be used on.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
