//! The contract of the state store: the small and precious things that are no events (the seal, API keys, watchers' memory).
//!
//! It is never restored together with the ledger, so that a rolled-back ledger is noticed. Nothing large, nothing derived.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::address::Address;
use crate::{distributed, embedded};

/// The largest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 512 * 1024;

/// The longest key, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 256;

/// The most entries that one call of [`StateStore::list`] answers: a page.
pub const MAX_LISTED_KEYS: usize = 1_000;

/// [`StateStore::update`] puts so often at most, where others put the same key meanwhile.
pub const MAX_UPDATE_TRIES: usize = 32;

/// Names a version of one key: another one with every put. Only good for comparing.
pub type Revision = u64;

/// The state store: values by key, changed by compare-and-swap only. Cheap to clone; every verb may be called concurrently, from
/// several processes too. An answer to `put` or `delete` means that it survives loss of power. What should no longer hold (a
/// revoked key) is put with a value that says so; it is deleted only where its owner asks for that.
#[derive(Clone, Debug)]
pub enum StateStore {
    /// One SQLite file: `sqlite:PATH`.
    Embedded(embedded::StateStore),
    /// A JetStream key-value bucket: `nats://…`.
    Distributed(distributed::StateStore),
}

/// One value of the state store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateEntry {
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub value: Vec<u8>,
    /// Its version.
    pub revision: Revision,
}

/// Why the state store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StateError {
    /// Someone else put it first.
    #[error("{key:?} was changed meanwhile (revision {}): get it, decide again, and put it again", .found.map_or("none".to_owned(), |found| found.to_string()))]
    Changed {
        /// The key.
        key: String,
        /// The revision that is there; None when there is no value.
        found: Option<Revision>,
    },
    /// The key has characters that not every engine can hold, or is too long.
    #[error("{0:?} is no key: write 1 to 256 of the characters a-z A-Z 0-9 - _ = . /")]
    Key(String),
    /// The value is too large.
    #[error("a value of {given} bytes: at most {MAX_VALUE_BYTES} are kept")]
    TooLarge {
        /// Its bytes.
        given: usize,
    },
    /// The disk is full.
    #[error("the state store's disk is full: nothing was changed; free some space and try again")]
    Full,
    /// What the file holds is not what was written.
    #[error("the state store is damaged ({detail}): nothing else holds what it keeps, so put a backup of the file in its place")]
    Damaged {
        /// Which file, which key where one is known, and what the engine said.
        detail: String,
    },
    /// The disk failed to read or to write.
    #[error("the disk of the state store fails ({detail}): see what the system says of it, and copy what it still gives to another one")]
    Disk {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The address of a state store was not understood.
    #[error("{0:?} is no state store's address: write sqlite:PATH or nats://HOST:PORT{hint}", hint = .0.hint())]
    Address(Address),
    /// The engine failed in a way that has no name here.
    #[error("the state store's engine failed: {0}")]
    Engine(String),
}

impl StateStore {
    /// Opens the state store at an address (`sqlite:PATH`, `nats://HOST:PORT`), and creates it where there is none.
    pub async fn open(address: impl Into<Address>) -> Result<Self, StateError> {
        let address = address.into();
        match address.parts() {
            ("sqlite", path) => embedded::StateStore::open(path).await.map(Self::Embedded),
            ("nats", _) => distributed::StateStore::open(address).await.map(Self::Distributed),
            _ => Err(StateError::Address(address)),
        }
    }

    /// The file that holds the one at an address: the one of this name, else what an earlier version left beside it, which is carried over
    /// when it is opened. None where there is none yet, and on a bus.
    pub fn file_at(address: &Address) -> Option<PathBuf> {
        embedded::StateStore::file_at(Path::new(address.file()?))
    }

    /// Whether there is no room for what should be kept; reading goes on. An engine that cannot tell says no.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Embedded(state_store) => state_store.is_full(),
            Self::Distributed(_) => false,
        }
    }

    /// The value of a key, with its revision.
    pub async fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Revision)>, StateError> {
        match self {
            Self::Embedded(state_store) => state_store.get(checked(key)?).await,
            Self::Distributed(state_store) => state_store.get(checked(key)?).await,
        }
    }

    /// Sets a value if the key is at the expected revision (None: if it has no value), and answers the new revision.
    pub async fn put(&self, key: &str, value: &[u8], expected: Option<Revision>) -> Result<Revision, StateError> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(StateError::TooLarge { given: value.len() });
        }
        match self {
            Self::Embedded(state_store) => state_store.put(checked(key)?, value.to_vec(), expected).await,
            Self::Distributed(state_store) => state_store.put(checked(key)?, value.to_vec(), expected).await,
        }
    }

    /// Changes a value: `change` is given what stands there (None: nothing), and answers what is to stand there, or None to leave it. That is
    /// put by compare-and-swap. Where somebody else put meanwhile, `change` is asked again with that, so it decides and does nothing else;
    /// after [`MAX_UPDATE_TRIES`] the last refusal is answered. True where `change` gave a value; one that stands there is not put again.
    pub async fn update<E: From<StateError>>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<&[u8]>) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<bool, E> {
        let mut tries = 1;
        loop {
            let there = self.get(key).await?;
            let Some(value) = change(there.as_ref().map(|(value, _)| value.as_slice()))? else { return Ok(false) };
            if there.as_ref().is_some_and(|(there, _)| *there == value) {
                return Ok(true);
            }
            match self.put(key, &value, there.map(|(_, revision)| revision)).await {
                Err(StateError::Changed { .. }) if tries < MAX_UPDATE_TRIES => tries += 1,
                put => return Ok(put.map(|_| true)?),
            }
        }
    }

    /// Removes a key if it is at this revision. A revision is never given to it again.
    pub async fn delete(&self, key: &str, expected: Revision) -> Result<(), StateError> {
        match self {
            Self::Embedded(state_store) => state_store.delete(checked(key)?, expected).await,
            Self::Distributed(state_store) => state_store.delete(checked(key)?, expected).await,
        }
    }

    /// For a redaction: removes keys, whatever they hold. In a file no copy is left when this answers true; false: a reader holds it still.
    pub async fn forget(&self, keys: Vec<String>) -> Result<bool, StateError> {
        match self {
            Self::Embedded(state_store) => state_store.forget(keys).await,
            Self::Distributed(_) => {
                for key in keys {
                    if let Some((_, revision)) = self.get(&key).await? {
                        self.delete(&key, revision).await?;
                    }
                }
                Ok(true)
            }
        }
    }

    /// The entries whose keys begin so and stand after another key, in the order of their bytes: a page of at most so many, and of at
    /// most [`MAX_LISTED_KEYS`]. One that is shorter is the last. On the bus a page costs a question an entry, and one for the names of
    /// all keys: to look one key up there is [`StateStore::get`].
    pub async fn list(&self, prefix: &str, after: &str, limit: usize) -> Result<Vec<StateEntry>, StateError> {
        let limit = limit.clamp(1, MAX_LISTED_KEYS);
        match self {
            Self::Embedded(state_store) => state_store.list(prefix.to_owned(), after.to_owned(), limit).await,
            Self::Distributed(state_store) => state_store.list(prefix, after, limit).await,
        }
    }

    /// Every entry whose key begins so, page by page: for what is known to be few enough to be held at once.
    pub async fn all(&self, prefix: &str) -> Result<Vec<StateEntry>, StateError> {
        let mut all: Vec<StateEntry> = Vec::new();
        loop {
            let after = all.last().map_or(String::new(), |last| last.key.clone());
            let page = self.list(prefix, &after, MAX_LISTED_KEYS).await?;
            let is_last = page.len() < MAX_LISTED_KEYS;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}

fn checked(key: &str) -> Result<String, StateError> {
    if is_key(key) { Ok(key.to_owned()) } else { Err(StateError::Key(key.to_owned())) }
}

/// Whether every engine can hold a key: 1 to [`MAX_KEY_BYTES`] of the characters that all of them take.
pub(crate) fn is_key(key: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./".contains(&byte);
    (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(fit)
}
