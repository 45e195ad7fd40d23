//! What is about to be published, noted in the state store before it is. Killed in between, a watcher first says that to its end: what the page
//! says by then may be something else, and the ids are given.

use std::collections::BTreeMap;

use dateline_backends::{Revision, StateError, StateStore};
use dateline_events::{Instant, sha256_hex};
use dateline_status_pages::{Dialect, Remembered};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::page_memory::PageMemory;
use super::published::Published;
use crate::shared::publisher::Publisher;

/// A piece of it in the state store, in bytes.
const PIECE_BYTES: usize = 384 * 1024;

/// So many pieces at most.
const MAX_PIECES: usize = 512;

/// What a reading brought, before it is published.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outbox {
    /// The events, in order.
    pub events: Vec<Box<RawValue>>,
    /// What is to be remembered once they are published.
    pub touched: BTreeMap<String, Remembered>,
    /// The list that was read, and when.
    pub read: (String, Instant),
}

/// Says that pieces are there; without any, nothing is pending.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Head {
    pieces: usize,
    sha256: String,
}

impl Outbox {
    /// Notes it in the state store. The head comes last: without it the pieces are nothing.
    pub async fn note(&self, state_store: &StateStore, service: &str) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec(self)?;
        let pieces: Vec<&[u8]> = bytes.chunks(PIECE_BYTES).collect();
        if pieces.len() > MAX_PIECES {
            return Err(StateError::TooLarge { given: bytes.len() }.into());
        }
        for (number, piece) in pieces.iter().enumerate() {
            put(state_store, &place(service, &number.to_string()), piece).await?;
        }
        let head = Head { pieces: pieces.len(), sha256: sha256_hex(&bytes) };
        put(state_store, &place(service, HEAD), &serde_json::to_vec(&head)?).await
    }

    /// What was noted and not brought to its end. What cannot be understood (two processes wrote it at once) is named and let go: the page
    /// is read on, and what was half said of it may be missing.
    async fn open(state_store: &StateStore, service: &str) -> anyhow::Result<Option<Self>> {
        let Some((head, _)) = state_store.get(&place(service, HEAD)).await? else { return Ok(None) };
        let pending = match serde_json::from_slice::<Head>(&head) {
            Ok(head) if head.pieces == 0 => return Ok(None),
            Ok(head) => Self::of_pieces(state_store, service, &head).await?,
            Err(error) => Err(format!("its head cannot be read: {error}")),
        };
        match pending {
            Ok(pending) => Ok(Some(pending)),
            Err(why) => {
                tracing::error!(
                    service,
                    why,
                    "what was about to be published of a page is not understood; two watchers or imports wrote it at once: let one end"
                );
                Ok(None)
            }
        }
    }

    /// What the pieces say together, or why it is not understood.
    async fn of_pieces(state_store: &StateStore, service: &str, head: &Head) -> anyhow::Result<Result<Self, String>> {
        let mut bytes = Vec::new();
        for number in 0..head.pieces.min(MAX_PIECES) {
            match state_store.get(&place(service, &number.to_string())).await? {
                Some((piece, _)) => bytes.extend(piece),
                None => return Ok(Err(format!("piece {number} is not there"))),
            }
        }
        if sha256_hex(&bytes) != head.sha256 {
            return Ok(Err("its pieces do not belong together".to_owned()));
        }
        Ok(serde_json::from_slice(&bytes).map_err(|error| format!("it cannot be read: {error}")))
    }

    /// Publishes it, remembers it, and notes that nothing is pending.
    pub async fn finish(self, publisher: &Publisher, state_store: &StateStore, book: &mut PageMemory) -> anyhow::Result<Published> {
        let events: Vec<&[u8]> = self.events.iter().map(|event| event.get().as_bytes()).collect();
        let mut published = Published::default();
        for (event, outcome) in events.iter().zip(publisher.publish(&events).await) {
            published.count(event, outcome)?;
        }
        let noted = !self.events.is_empty();
        book.absorb(self.touched);
        published.rejected.iter().for_each(|event| book.unsaid(event));
        book.read(&self.read.0, self.read.1);
        book.save(state_store).await?;
        if noted {
            put(state_store, &place(book.service(), HEAD), &serde_json::to_vec(&Head::default())?).await?;
        }
        Ok(published)
    }
}

/// The head's name; the pieces have numbers.
const HEAD: &str = "head";

/// Opens what is remembered of a page; what a watcher was about to say when it ended is said first.
pub async fn open_page_memory(state_store: &StateStore, publisher: &Publisher, service: &str, dialect: Dialect) -> anyhow::Result<PageMemory> {
    let mut book = PageMemory::open_or_recall(state_store, publisher.api(), service, dialect).await?;
    if let Some(pending) = Outbox::open(state_store, service).await? {
        tracing::info!(service, events = pending.events.len(), "a watcher ended while it published; saying that to its end");
        pending.finish(publisher, state_store, &mut book).await?;
    }
    Ok(book)
}

fn place(service: &str, name: &str) -> String {
    format!("watch/{service}/pending/{name}")
}

/// Sets a value over what is there. Somebody else's writing in between is an error.
async fn put(state_store: &StateStore, key: &str, value: &[u8]) -> anyhow::Result<()> {
    let expected: Option<Revision> = state_store.get(key).await?.map(|(_, revision)| revision);
    state_store.put(key, value, expected).await?;
    Ok(())
}
