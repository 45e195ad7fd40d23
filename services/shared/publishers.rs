//! Publishers on the bus: which sources a NATS user may speak for. The server binds a user to its subject, the state store binds the user's
//! name to sources.

use std::collections::HashMap;
use std::time::{Duration, Instant as Clock};

use anyhow::bail;
use dateline_backends::{StateError, StateStore};
use serde::{Deserialize, Serialize};

use crate::shared::scopes::Scopes;

/// Where publishers are kept.
const PLACE: &str = "publisher/";

/// So long a publisher that was looked up is believed: one that was revoked is refused after this at the latest.
const REMEMBERED: Duration = Duration::from_secs(2);

/// So many publishers are remembered at once.
const MAX_REMEMBERED: usize = 10_000;

/// The longest name.
const MAX_NAME_BYTES: usize = 64;

/// What is kept of a publisher.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Publisher {
    /// The NATS user.
    pub name: String,
    /// What it may publish, and whether it is a desk.
    pub scopes: Scopes,
    /// When it was last changed, RFC 3339.
    pub changed: String,
    /// True where it may publish nothing any more.
    #[serde(default)]
    pub revoked: bool,
}

/// The publishers of a ledger, with those lately looked up.
#[derive(Debug)]
pub struct Publishers {
    state_store: StateStore,
    remembered: HashMap<String, (Clock, Scopes)>,
}

impl Publishers {
    /// The publishers in a state store.
    pub fn new(state_store: StateStore) -> Self {
        Self { state_store, remembered: HashMap::new() }
    }

    /// What a publisher may do; nothing where it is not known.
    pub async fn scopes(&mut self, name: &str) -> Result<Scopes, StateError> {
        if let Some((when, scopes)) = self.remembered.get(name)
            && when.elapsed() < REMEMBERED
        {
            return Ok(scopes.clone());
        }
        let known = match is_name(name) {
            true => self.state_store.get(&place(name)).await?.map(|(value, _)| read(name, &value)).transpose()?,
            false => None,
        };
        let scopes = known.filter(|publisher| !publisher.revoked).map_or_else(Scopes::nothing, |publisher| publisher.scopes);
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(name.to_owned(), (Clock::now(), scopes.clone()));
        Ok(scopes)
    }
}

/// Lets a publisher publish what the scopes cover; replaces what it was allowed before.
pub async fn allow(state_store: &StateStore, name: &str, scopes: Scopes, now: &str) -> anyhow::Result<()> {
    if !is_name(name) {
        bail!("{name:?} is no publisher's name: write 1 to {MAX_NAME_BYTES} of the characters a-z 0-9 -, as the NATS user is called");
    }
    let publisher = serde_json::to_vec(&Publisher { name: name.to_owned(), scopes, changed: now.to_owned(), revoked: false })?;
    state_store.update(&place(name), |_| Ok(Some(publisher.clone()))).await.map(drop)
}

/// Takes everything from a publisher; false where there is none of this name.
pub async fn revoke(state_store: &StateStore, name: &str, now: &str) -> anyhow::Result<bool> {
    let revoked = |there: Option<&[u8]>| {
        let Some(value) = there else { return Ok(None) };
        Ok(Some(serde_json::to_vec(&Publisher { revoked: true, changed: now.to_owned(), ..read(name, value)? })?))
    };
    state_store.update(&place(name), revoked).await
}

/// Every publisher, revoked ones included.
pub async fn list(state_store: &StateStore) -> anyhow::Result<Vec<Publisher>> {
    state_store.all(PLACE).await?.iter().map(|entry| Ok(serde_json::from_slice(&entry.value)?)).collect()
}

fn place(name: &str) -> String {
    format!("{PLACE}{name}")
}

fn read(name: &str, value: &[u8]) -> Result<Publisher, StateError> {
    serde_json::from_slice(value).map_err(|error| StateError::Engine(format!("what is kept of the publisher {name} is unreadable: {error}")))
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
