//! The ledger in a JetStream stream: a position is its sequence, an id a subject of its own, a commit one atomic batch.
//!
//! What the bytes say is not known here, except that two of them can be the same event.

mod stream;
mod record;
mod wire;
mod read;
mod head;
mod marks;
mod commit;
mod copy;
mod writer;
mod follow;

use std::sync::Arc;
use std::time::Duration;

use dateline_events::{EventKey, MAX_EVENT_BYTES, Position};
use tokio::sync::watch;

pub use follow::Follower;

use super::answers::Answers;
use super::bus::{Bus, BusError, retry_until_available};
use crate::address::Address;
use crate::clock::{self, Clocks, RecordingClock};
use crate::heads::KnownHead;
use crate::ledger::{Head, LedgerOptions, LedgerRole, MAX_BATCH_EVENTS, MAX_FOUND_KEYS, NewEvent, Outcome, Record};
use crate::ledger_error::LedgerError;
use commit::Committing;
use head::Watching;
use read::Reader;
use record::Raw;
use stream::Stream;
use wire::Wire;
use writer::Writer;

/// Followers in other processes are told of a new head at most so often, in milliseconds: a hint an append would cost a message an
/// append.
const HINT_EVERY_MS: u64 = 2;

/// A ledger on the bus.
#[derive(Clone, Debug)]
pub struct Ledger {
    writer: Option<Writer>,
    reader: Reader,
    watching: Arc<Watching>,
    clock: Arc<RecordingClock>,
}

impl From<BusError> for LedgerError {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Small { ref place, .. } => Self::Unsafe { place: format!("the server at {place}"), detail: error.to_string() },
            BusError::Connect(detail) => Self::Unreachable { reason: detail },
            BusError::Silent | BusError::Nobody(_) => Self::Unreachable { reason: error.to_string() },
            full if full.is_full() => Self::Full,
            other => Self::Engine(other.to_string()),
        }
    }
}

impl Ledger {
    /// Opens the stream with the number that the options name. A writer creates it where there is none.
    pub(crate) async fn open(address: Address, options: LedgerOptions) -> Result<Self, LedgerError> {
        let bus = Bus::connect(&address, "ledger").await?;
        let stream = Stream::numbered(options.number);
        let writes = options.role == LedgerRole::Writer;
        if writes {
            bus.must_carry(MAX_EVENT_BYTES, "the ledger")?;
            check_syncing(&bus).await?;
        }
        let away = |error: &LedgerError| matches!(error, LedgerError::Unreachable { .. });
        let find = async || {
            if !stream.check(&bus).await? && writes {
                stream.create(&bus).await?;
                stream.check(&bus).await?;
            }
            Ok(())
        };
        retry_until_available(find, away).await?;
        let reader = Reader { bus: bus.clone(), stream };
        let head = match retry_until_available(async || reader.head().await, away).await {
            // A closed ledger can still be read up to the message that closed it.
            Err(LedgerError::Closed) if !writes => reader.last_before_closing().await?,
            head => head?,
        };
        let watching = Arc::new(Watching::start(reader.clone(), head.position));
        watching.seen().must_hold(options.known_at_least).await?;
        let clock = Arc::new(RecordingClock::default());
        let writer = if writes {
            clock::tell_ahead(head.recorded);
            let wire = Wire::open(&bus).await?;
            let hints = tell_heads(&reader);
            Some(Writer::start(Committing::new(reader.clone(), wire, head, watching.seen().clone(), Arc::clone(&clock), hints)))
        } else {
            None
        };
        Ok(Self { writer, reader, watching, clock })
    }

    fn writer(&self) -> Result<&Writer, LedgerError> {
        self.writer.as_ref().ok_or(LedgerError::ReadOnly)
    }

    pub(crate) async fn append(&self, batch: Vec<NewEvent>) -> Result<Vec<Outcome>, LedgerError> {
        let writer = self.writer()?;
        if batch.len() > MAX_BATCH_EVENTS {
            return Err(LedgerError::TooMany { what: "events", given: batch.len(), limit: MAX_BATCH_EVENTS });
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        writer.append(batch).await
    }

    pub(crate) async fn head(&self) -> Result<Head, LedgerError> {
        let seen = self.watching.seen();
        let known = seen.position();
        let head = self.reader.head().await?;
        if head.position < known {
            // A leader that was just cut off may answer late; one that lost something is found out here.
            seen.must_hold(known).await?;
            return self.reader.head().await;
        }
        seen.saw(head.position);
        Ok(head)
    }

    pub(crate) async fn get(&self, position: Position) -> Result<Option<Record>, LedgerError> {
        self.reader.get(position).await
    }

    pub(crate) async fn find(&self, pairs: &[(String, String)]) -> Result<Vec<Option<Record>>, LedgerError> {
        if pairs.len() > MAX_FOUND_KEYS {
            return Err(LedgerError::TooMany { what: "keys", given: pairs.len(), limit: MAX_FOUND_KEYS });
        }
        let keys: Vec<EventKey> = pairs.iter().map(|(source, id)| EventKey::of(source, id)).collect();
        let found = self.reader.find(&keys).await?;
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    pub(crate) fn follow(&self, after: Position) -> Follower {
        Follower::new(self.reader.clone(), &self.watching, after)
    }

    pub(crate) async fn scan(&self, after: Position) -> Result<Vec<Record>, LedgerError> {
        let answered = self.reader.after_for_certain(after, &mut Answers::subscribe(&self.reader.bus).await?).await?;
        let mut records = Vec::with_capacity(answered.messages.len());
        for message in &answered.messages {
            match Raw::of_direct(message)?.record() {
                Ok(record) => records.push(record),
                // What lacks what the ledger wrote is as good as missing.
                Err(LedgerError::Altered { .. } | LedgerError::Foreign { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(records)
    }

    pub(crate) async fn leaf_of_destroyed(&self, position: Position) -> Result<Option<String>, LedgerError> {
        Ok(self.reader.redaction(position).await?.map(|redaction| redaction.leaf))
    }

    pub(crate) async fn redaction_of(&self, position: Position) -> Result<Option<(Position, Vec<u8>)>, LedgerError> {
        Ok(self.reader.redaction_as_stored(position).await?.map(|(at, _, bytes)| (at, bytes)))
    }

    pub(crate) async fn redacted(&self, position: Position) -> Result<Option<Record>, LedgerError> {
        self.reader.redacted(position).await
    }

    pub(crate) async fn copy(&self, records: Vec<Record>) -> Result<(), LedgerError> {
        self.writer()?.copy(records).await
    }

    pub(crate) async fn close(&self) -> Result<(), LedgerError> {
        self.reader.close().await
    }

    pub(crate) async fn destroy(&self, position: Position) -> Result<(), LedgerError> {
        self.writer()?.destroy(position).await
    }

    pub(crate) async fn keys_made(&self) -> Result<bool, LedgerError> {
        Ok(marks::keys_made(&self.reader.bus).await?)
    }

    pub(crate) async fn mark_keys_made(&self) -> Result<(), LedgerError> {
        self.writer()?;
        Ok(marks::mark_keys_made(&self.reader.bus).await?)
    }

    pub(crate) fn clocks(&self) -> Option<Clocks> {
        self.writer.as_ref().map(|_| self.clock.look())
    }

    pub(crate) fn watch_head(&self) -> watch::Receiver<KnownHead> {
        self.watching.seen().heads()
    }

    pub(crate) fn commits(&self) -> u64 {
        self.writer.as_ref().map_or(0, Writer::commits)
    }
}

/// A server that acknowledges before it syncs is refused where that can be seen, and said where it cannot.
async fn check_syncing(bus: &Bus) -> Result<(), LedgerError> {
    match bus.syncs_always().await? {
        Some(true) => Ok(()),
        Some(false) => Err(LedgerError::Unsafe {
            place: format!("the server at {:?}", bus.address()),
            detail: "sync_interval is not \"always\": it acknowledges up to two minutes before it syncs; set jetstream { sync_interval: always }"
                .to_owned(),
        }),
        None => {
            tracing::warn!("whether the bus syncs what it acknowledges cannot be seen: add monitor=http://HOST:8222 to the ledger's address");
            Ok(())
        }
    }
}

/// Tells followers in other processes that there is more to read; ends with the writer.
fn tell_heads(reader: &Reader) -> watch::Sender<Position> {
    let (hints, mut told) = watch::channel(0);
    let (client, subject) = (reader.bus.client().clone(), reader.stream.hints());
    tokio::spawn(async move {
        while told.changed().await.is_ok() {
            let position = told.borrow_and_update().to_string();
            if let Err(error) = client.publish(subject.clone(), position.into()).await {
                tracing::debug!(%error, "a hint was not sent; followers look by themselves");
            }
            tokio::time::sleep(Duration::from_millis(HINT_EVERY_MS)).await;
        }
    });
    hints
}
