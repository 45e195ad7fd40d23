//! What the watcher remembers of one page, in the state store: 256 leaves, each with the incidents whose ids fall on it. Written after what
//! it remembers was published, so that a kill in between says the same events again, under the same ids. Where it is lost, it is made again
//! from what was published.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use dateline_backends::{Revision, StateError, StateStore};
use dateline_events::{Instant, Position, hexadecimal};
use dateline_status_pages::{Dialect, Listing, PageState, Remembered};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::shared::api_client::ApiClient;

/// What is remembered of one page.
#[derive(Debug)]
pub struct PageMemory {
    service: String,
    /// The incidents.
    pub memory: PageState,
    /// When each list was last read.
    pub lists: BTreeMap<String, Instant>,
    /// Its address in references: as its first reading gave it.
    pub address: Option<String>,
    /// Hashes of saved pages that were taken in without a time of reading, the latest last; and those of earlier runs.
    taken: Vec<String>,
    taken_before: BTreeSet<String>,
    revisions: BTreeMap<String, Revision>,
    dirty: BTreeSet<String>,
}

/// So many saved pages are known again.
const MAX_TAKEN: usize = 4_096;

/// The leaf on which the lists stand.
const LISTS: &str = "lists";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Lists {
    read: BTreeMap<String, Instant>,
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taken: Vec<String>,
}

impl PageMemory {
    /// A memory with nothing in it.
    pub fn empty(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            memory: PageState::default(),
            lists: BTreeMap::new(),
            address: None,
            taken: Vec::new(),
            taken_before: BTreeSet::new(),
            revisions: BTreeMap::new(),
            dirty: BTreeSet::new(),
        }
    }

    /// Reads what is remembered of a page.
    pub async fn open(state_store: &StateStore, service: &str) -> anyhow::Result<Self> {
        let mut book = Self::empty(service);
        let place = book.place("");
        for entry in state_store.all(&place).await? {
            let leaf = entry.key[place.len()..].to_owned();
            let broken = || format!("what the state store remembers under {} cannot be read: put it aside and import again", entry.key);
            if leaf == LISTS {
                let lists: Lists = serde_json::from_slice(&entry.value).with_context(broken)?;
                (book.lists, book.address) = (lists.read, lists.address);
                book.taken_before = lists.taken.iter().cloned().collect();
                book.taken = lists.taken;
            } else {
                let incidents: BTreeMap<String, Remembered> = serde_json::from_slice(&entry.value).with_context(broken)?;
                book.memory.incidents.extend(incidents);
            }
            book.revisions.insert(leaf, entry.revision);
        }
        Ok(book)
    }

    /// Reads what is remembered of a page; where nothing is, it is made again from what was published. Where no reader can be asked,
    /// that is logged, and the page counts as one that was never read.
    pub async fn open_or_recall(state_store: &StateStore, api: &ApiClient, service: &str, dialect: Dialect) -> anyhow::Result<Self> {
        let mut book = Self::open(state_store, service).await?;
        // The leaf of the lists is written last.
        if !book.revisions.contains_key(LISTS) {
            book.recall(&published(api, service).await.context("what was published of the page cannot be had")?, dialect);
        }
        Ok(book)
    }

    fn recall(&mut self, events: &[Value], dialect: Dialect) {
        self.memory = PageState::recalled(events, dialect);
        let Some(first) = self.memory.incidents.values().next() else { return };
        tracing::warn!(service = self.service, incidents = self.memory.incidents.len(), "what was remembered of a page is lost, and made again");
        self.address = Some(first.page.clone());
        self.dirty = self.memory.incidents.keys().map(|id| leaf_of(id)).chain([LISTS.to_owned()]).collect();
        // A file of which nobody noted when it was read is known by its hash.
        let sources = events.iter().map(|event| &event["data"]["sources"][0]).filter(|source| source["retrieved_at"].is_null());
        for sha256 in sources.filter_map(|source| source["sha256"].as_str()) {
            self.note_taken(sha256);
        }
        self.taken_before = self.taken.iter().cloned().collect();
    }

    /// Before a list is compared: where it was not read since what is remembered was made again, what must have stood on it is taken to have.
    pub fn assume_listed(&mut self, list: &str, listing: Listing) {
        if !self.lists.contains_key(list) {
            self.dirty.extend(self.memory.assume_listed(list, listing).iter().map(|id| leaf_of(id)));
        }
    }

    fn place(&self, leaf: &str) -> String {
        format!("watch/{}/memory/{leaf}", self.service)
    }

    /// Whose it is.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// An event was refused: nothing was said by it.
    pub fn unsaid(&mut self, event: &str) {
        if let Some(incident) = self.memory.unsaid(event) {
            self.dirty.insert(leaf_of(&incident));
        }
    }

    /// True if these bytes were taken in by an earlier run, though nobody noted when they were read.
    pub fn has_taken(&self, sha256: &str) -> bool {
        self.taken_before.contains(short(sha256))
    }

    /// Notes that these bytes were taken in.
    pub fn note_taken(&mut self, sha256: &str) {
        let taken = short(sha256).to_owned();
        self.taken.retain(|other| *other != taken);
        self.taken.push(taken);
        let too_many = self.taken.len().saturating_sub(MAX_TAKEN);
        self.taken.drain(..too_many);
        self.dirty.insert(LISTS.to_owned());
    }

    /// Takes in what was published.
    pub fn absorb(&mut self, touched: BTreeMap<String, Remembered>) {
        self.dirty.extend(touched.keys().map(|id| leaf_of(id)));
        self.memory.absorb(touched);
    }

    /// The page's address: the one that it has, else the one given, which it has from now on.
    pub fn address(&mut self, given: &str) -> String {
        if self.address.is_none() {
            self.address = Some(given.to_owned());
            self.dirty.insert(LISTS.to_owned());
        }
        self.address.clone().unwrap_or_default()
    }

    /// Notes when a list was read.
    pub fn read(&mut self, list: &str, at: Instant) {
        self.lists.insert(list.to_owned(), at);
        self.dirty.insert(LISTS.to_owned());
    }

    /// Writes down what changed. Somebody else's writing is never written over.
    pub async fn save(&mut self, state_store: &StateStore) -> anyhow::Result<()> {
        let mut leaves: BTreeMap<String, BTreeMap<&String, &Remembered>> = BTreeMap::new();
        for (id, remembered) in &self.memory.incidents {
            let leaf = leaf_of(id);
            if self.dirty.contains(&leaf) {
                leaves.entry(leaf).or_default().insert(id, remembered);
            }
        }
        let mut written: Vec<(String, Vec<u8>)> = Vec::new();
        for (leaf, incidents) in &leaves {
            written.push((leaf.clone(), serde_json::to_vec(incidents)?));
        }
        if self.dirty.contains(LISTS) {
            written.push((
                LISTS.to_owned(),
                serde_json::to_vec(&Lists { read: self.lists.clone(), address: self.address.clone(), taken: self.taken.clone() })?,
            ));
        }
        for (leaf, value) in written {
            let revision = match state_store.put(&self.place(&leaf), &value, self.revisions.get(&leaf).copied()).await {
                Ok(revision) => revision,
                Err(StateError::Changed { .. }) => {
                    bail!("another watcher or import wrote what is remembered of \"{}\": let one of them end", self.service)
                }
                Err(error) => return Err(error.into()),
            };
            self.revisions.insert(leaf.clone(), revision);
            self.dirty.remove(&leaf);
        }
        Ok(())
    }
}

/// What was published of a page, in the order of the ledger.
async fn published(api: &ApiClient, service: &str) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct PageEvents {
        events: Vec<Published>,
        next_after: Option<u64>,
    }
    #[derive(Deserialize)]
    struct Published {
        position: Position,
        event: Value,
    }
    let (mut events, mut after) = (BTreeMap::new(), 0);
    loop {
        let Some(body) = api.page_events(service, after).await? else {
            tracing::warn!(service, "no reader says what was published of a page: what is remembered of it begins anew");
            return Ok(Vec::new());
        };
        let found: PageEvents = serde_json::from_slice(&body)?;
        events.extend(found.events.into_iter().map(|published| (published.position, published.event)));
        match found.next_after {
            Some(next) => after = next,
            None => return Ok(events.into_values().collect()),
        }
    }
}

/// Enough of a hash to tell pages apart.
fn short(sha256: &str) -> &str {
    sha256.get(..24).unwrap_or(sha256)
}

/// The leaf of an incident: two hexadecimal digits of its id's hash.
fn leaf_of(id: &str) -> String {
    hexadecimal(&Sha256::digest(id.as_bytes())[..1])
}
