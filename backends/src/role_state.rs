//! The contract of the role state: what a role remembers, as blobs by key. A watcher's memory of a page, a detector's baselines, plots.
//!
//! Nothing in it is precious: what is lost is made again from the ledger and from the logs. What two processes must agree on by
//! compare-and-swap stands in the state store instead.

use thiserror::Error;

use crate::address::Address;
use crate::state_store::{MAX_LISTED_KEYS, MAX_VALUE_BYTES, is_key};
use crate::{distributed, embedded};

/// The most entries that one call of [`RoleState::put`] puts, and the most keys that one of [`RoleState::delete`] deletes.
pub const MAX_ROLE_STATE_ENTRIES: usize = 1_000;

/// The role state: values by key; of two who put the same key, the last one stays. Cheap to clone; every verb may be called concurrently,
/// from several processes too. An answer to `put` or `delete` means that it survives loss of power. A value has at most
/// [`MAX_VALUE_BYTES`], a key is one of the state store.
///
/// What a call is refused for (a key, a size, a number) is found before anything is done. A put that fails for another reason has put
/// nothing in a file, since it is one commit there; on the bus it may have put some of the first entries, and nothing behind them. So
/// whoever puts a head that names other entries puts it last.
#[derive(Clone, Debug)]
pub enum RoleState {
    /// One SQLite file: `sqlite:PATH`.
    Embedded(embedded::RoleState),
    /// A JetStream key-value bucket: `nats://…`.
    Distributed(distributed::RoleState),
}

/// Why the role state did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RoleStateError {
    /// The key has characters that not every engine can hold, or is too long. Nothing was done.
    #[error("{0:?} is no key: write 1 to 256 of the characters a-z A-Z 0-9 - _ = . /")]
    Key(String),
    /// The value is too large. Nothing was done.
    #[error("the value of {key:?} has {given} bytes, at most {MAX_VALUE_BYTES} are kept: put it in pieces")]
    TooLarge {
        /// The key.
        key: String,
        /// The value's bytes.
        given: usize,
    },
    /// More was given than one call takes. Nothing was done.
    #[error("{given} entries in one call, at most {MAX_ROLE_STATE_ENTRIES}: send less at a time")]
    TooMany {
        /// How many there were.
        given: usize,
    },
    /// Somebody who reads the file keeps the old values alive. The keys are deleted, a copy of their values may still stand in the file.
    #[error("somebody still reads what was deleted from the role state: delete the same keys again when long reads have ended")]
    Busy,
    /// The disk is full; nothing was stored.
    #[error("the disk of the role state is full: nothing was stored; free some space and try again")]
    Full,
    /// What the file holds is not what was written.
    #[error(
        "the role state is damaged ({detail}): stop the processes that use the file, move it and its -wal away, and start again; what roles remember is made again from the ledger"
    )]
    Damaged {
        /// Which file, which key where one is known, and what the engine said.
        detail: String,
    },
    /// The disk failed to read or to write.
    #[error("the disk of the role state fails ({detail}): see what the system says of it, and name a place on another one")]
    Disk {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The address of a role state was not understood.
    #[error("{0:?} is no role state's address: write sqlite:PATH or nats://HOST:PORT{hint}", hint = .0.hint())]
    Address(Address),
    /// The engine failed in a way that has no name here.
    #[error("the role state's engine failed: {0}")]
    Engine(String),
}

impl RoleState {
    /// Opens the role state at an address (`sqlite:PATH`, `nats://HOST:PORT`), and creates it where there is none.
    pub async fn open(address: impl Into<Address>) -> Result<Self, RoleStateError> {
        let address = address.into();
        match address.parts() {
            ("sqlite", path) => embedded::RoleState::open(path).await.map(Self::Embedded),
            ("nats", _) => distributed::RoleState::open(address).await.map(Self::Distributed),
            _ => Err(RoleStateError::Address(address)),
        }
    }

    /// The value of a key. A file's row that is not what was put is an error that names the key; the other rows can be read, and that one
    /// can be put anew or deleted.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RoleStateError> {
        check_keys([key])?;
        match self {
            Self::Embedded(role_state) => role_state.get(key.to_owned()).await,
            Self::Distributed(role_state) => role_state.get(key).await,
        }
    }

    /// Puts entries, at most [`MAX_ROLE_STATE_ENTRIES`]: all of them in one commit of a file; on the bus one by one in this order, each
    /// acknowledged before the next is sent. Of a key that is given twice, the second value stays.
    pub async fn put(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), RoleStateError> {
        check_count(entries.len())?;
        check_keys(entries.iter().map(|(key, _)| key.as_str()))?;
        if let Some((key, value)) = entries.iter().find(|(_, value)| value.len() > MAX_VALUE_BYTES) {
            return Err(RoleStateError::TooLarge { key: key.clone(), given: value.len() });
        }
        match self {
            Self::Embedded(role_state) => role_state.put(entries).await,
            Self::Distributed(role_state) => role_state.put(entries).await,
        }
    }

    /// The keys that begin so and stand after another key, in the order of their bytes: a page of at most so many, and of at most
    /// [`MAX_LISTED_KEYS`]. One that is shorter is the last. No value is read; on the bus a page asks for the names of all keys. Where a
    /// process was killed on the bus while it deleted a key, that one may still be listed: get says that it has no value.
    pub async fn list(&self, prefix: &str, after: &str, limit: usize) -> Result<Vec<String>, RoleStateError> {
        let limit = limit.clamp(1, MAX_LISTED_KEYS);
        match self {
            Self::Embedded(role_state) => role_state.list(prefix.to_owned(), after.to_owned(), limit).await,
            Self::Distributed(role_state) => role_state.list(prefix, after, limit).await,
        }
    }

    /// Deletes keys, at most [`MAX_ROLE_STATE_ENTRIES`]; those that are not there are passed over, so it may be repeated.
    ///
    /// A file holds no copy of the values when this answers, nor of values that were overwritten before: the log beside it is emptied, so
    /// a call costs a checkpoint, whatever it deletes. On the bus nobody can read them any more; the server gives their room in its
    /// files away when it compacts them.
    pub async fn delete(&self, keys: Vec<String>) -> Result<(), RoleStateError> {
        check_count(keys.len())?;
        check_keys(keys.iter().map(String::as_str))?;
        match self {
            Self::Embedded(role_state) => role_state.delete(keys).await,
            Self::Distributed(role_state) => role_state.delete(keys).await,
        }
    }
}

fn check_count(given: usize) -> Result<(), RoleStateError> {
    if given > MAX_ROLE_STATE_ENTRIES { Err(RoleStateError::TooMany { given }) } else { Ok(()) }
}

fn check_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<(), RoleStateError> {
    let odd = keys.into_iter().find(|key| !is_key(key));
    odd.map_or(Ok(()), |key| Err(RoleStateError::Key(key.to_owned())))
}
