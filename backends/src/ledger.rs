//! The contract of the ledger: all events, in order, once per (source, id), for ever (LEDGER.md).
//!
//! What an event says is not looked at here; it arrives validated. How bytes reach the disk is the engines' business.

use dateline_events::{EventKey, Instant, Position};
use tokio::sync::watch;

use crate::address::Address;
use crate::clock::Clocks;
use crate::heads::KnownHead;
use crate::ledger_error::LedgerError;
use crate::soundness::{CheckedRecord, Soundness};
use crate::{distributed, embedded};

/// The most events that one call of [`Ledger::append`] takes, and that one commit holds.
pub const MAX_BATCH_EVENTS: usize = 1_000;

/// The most keys that one call of [`Ledger::find`] takes.
pub const MAX_FOUND_KEYS: usize = 1_000;

/// The most records on one page of a follower.
pub const MAX_PAGE_RECORDS: usize = 1_000;

/// Requests that may wait for the writer; beyond, the ledger is overloaded.
pub(crate) const MAX_WAITING_REQUESTS: usize = 4_096;

/// Bytes of events that may wait for the writer; beyond, the ledger is overloaded.
pub(crate) const MAX_WAITING_BYTES: usize = 40 * 1024 * 1024;

/// A commit takes no further request once it holds so many bytes of events.
pub(crate) const MAX_COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// A page of a follower ends with the record that reaches this many bytes.
pub const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The ledger: every role reads it, intake alone appends. Cheap to clone; every verb may be called concurrently.
///
/// An answer to `append` means that the events survive `kill -9` and loss of power. Positions run 1, 2, 3 … without gaps and
/// the recorded time never falls. An id, once taken, stays taken, even after its text is destroyed. A future that is dropped
/// does not take its events back: whoever does not know whether an append was stored sends the same events again.
///
/// A call is stored whole, its new events side by side, or not at all.
#[derive(Clone, Debug)]
pub enum Ledger {
    /// One SQLite file with one writing process: `sqlite:PATH`.
    Embedded(embedded::Ledger),
    /// One JetStream stream, any number of writing processes: `nats://…`.
    Distributed(distributed::Ledger),
}

/// How a ledger is opened.
#[derive(Debug, Clone, Copy)]
pub struct LedgerOptions {
    /// Whether this process appends.
    pub role: LedgerRole,
    /// The highest position that the caller knows from elsewhere (a cursor, the seal, the archive). A ledger whose head is
    /// lower is refused.
    pub known_at_least: Position,
    /// Which ledger at that address: 1 is the first, each one that is restored has the next number. The state store says which is current.
    pub number: u32,
}

/// What a process does with the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerRole {
    /// It appends: creates the file where there is none, and holds the lock.
    Writer,
    /// It only reads; the ledger must exist.
    Reader,
}

impl LedgerOptions {
    /// To append.
    pub fn writer() -> Self {
        Self { role: LedgerRole::Writer, known_at_least: 0, number: 1 }
    }

    /// To read only.
    pub fn reader() -> Self {
        Self { role: LedgerRole::Reader, known_at_least: 0, number: 1 }
    }

    /// With the highest position that is known from elsewhere.
    #[must_use]
    pub fn known_at_least(self, position: Position) -> Self {
        Self { known_at_least: position, ..self }
    }

    /// With the ledger's number.
    #[must_use]
    pub fn numbered(self, number: u32) -> Self {
        Self { number, ..self }
    }
}

/// An event to append: a validated structured CloudEvent of at most 64 KiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The publisher (at most 512 bytes).
    pub source: String,
    /// Its id, unique per source (at most 256 bytes).
    pub id: String,
    /// The exact bytes that are kept, hashed and replayed.
    pub bytes: Vec<u8>,
}

/// Says that an event is in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its place.
    pub position: Position,
    /// When the ledger took it.
    pub recorded: Instant,
    /// Its key.
    pub key: EventKey,
    /// False when it was there before.
    pub fresh: bool,
}

/// What became of one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the ledger, now or since before. A redacted event counts as the same.
    Stored(Receipt),
    /// Its source said something else under the same id; nothing was stored.
    Conflict {
        /// The place of what was said first.
        position: Position,
        /// What was said first.
        stored: Vec<u8>,
    },
}

/// One event of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub position: Position,
    /// When the ledger took it.
    pub recorded: Instant,
    /// Its key, which stays when its text is destroyed.
    pub key: EventKey,
    /// What hides its commitment; None after a redaction.
    pub salt: Option<[u8; 32]>,
    /// The publisher; empty after a redaction.
    pub source: String,
    /// Its id; empty after a redaction.
    pub id: String,
    /// The exact bytes; None after a redaction.
    pub bytes: Option<Vec<u8>>,
}

/// The end of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The last position; 0 while the ledger is empty.
    pub position: Position,
    /// When it was recorded.
    pub recorded: Option<Instant>,
}

/// Consecutive records, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In order of position, without a gap.
    pub records: Vec<Record>,
    /// The head when they were read: the follower has caught up when it is the last record's position.
    pub head: Position,
}

impl Ledger {
    /// Opens the ledger at an address (`sqlite:PATH`, `nats://HOST:PORT`). A second writer of the same file is refused; on the bus several
    /// may write, fenced by the head that each append names. A server or stream that would lose what it acknowledged is refused.
    pub async fn open(address: impl Into<Address>, options: LedgerOptions) -> Result<Self, LedgerError> {
        let address = address.into();
        match address.parts() {
            ("sqlite", path) => embedded::Ledger::open(path, options).await.map(Self::Embedded),
            ("nats", _) => distributed::Ledger::open(address, options).await.map(Self::Distributed),
            _ => Err(LedgerError::Address(address)),
        }
    }

    /// Appends the batch, durably, in its order; the outcomes stand in the same order. Either every event of the batch has an
    /// outcome or the whole batch an error. An id that stands twice in it is stored once. At most [`MAX_BATCH_EVENTS`].
    pub async fn append(&self, batch: Vec<NewEvent>) -> Result<Vec<Outcome>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.append(batch).await,
            Self::Distributed(ledger) => ledger.append(batch).await,
        }
    }

    /// The end of the ledger.
    pub async fn head(&self) -> Result<Head, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.head().await,
            Self::Distributed(ledger) => ledger.head().await,
        }
    }

    /// The record at a position.
    pub async fn get(&self, position: Position) -> Result<Option<Record>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.get(position).await,
            Self::Distributed(ledger) => ledger.get(position).await,
        }
    }

    /// The records of (source, id) pairs, in the order asked for. At most [`MAX_FOUND_KEYS`].
    pub async fn find(&self, keys: &[(String, String)]) -> Result<Vec<Option<Record>>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.find(keys.to_vec()).await,
            Self::Distributed(ledger) => ledger.find(keys).await,
        }
    }

    /// Reads on from after a position: replay, catching up and live are one door.
    pub fn follow(&self, after: Position) -> Follower {
        match self {
            Self::Embedded(ledger) => Follower::Embedded(ledger.follow(after)),
            Self::Distributed(ledger) => Follower::Distributed(ledger.follow(after)),
        }
    }

    /// For checks and restoring: what is still there after a position, in order, whatever is missing between, each held against its
    /// commitment. Empty: nothing is.
    pub async fn scan(&self, after: Position) -> Result<Vec<CheckedRecord>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.scan(after).await,
            Self::Distributed(ledger) => Ok(ledger.scan(after).await?.into_iter().map(CheckedRecord::uncommitted).collect()),
        }
    }

    /// For checks: what is the matter with the file as a whole, in the engine's words, at most a hundred; None where the engine has no
    /// file of its own.
    pub async fn structure(&self) -> Result<Option<Vec<String>>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.structure().await.map(Some),
            Self::Distributed(_) => Ok(None),
        }
    }

    /// What the ledger found out about itself since it was opened. JetStream holds its store against checksums of its own.
    pub fn soundness(&self) -> Soundness {
        match self {
            Self::Embedded(ledger) => ledger.soundness(),
            Self::Distributed(_) => Soundness::default(),
        }
    }

    /// For checks: what a redaction left of a position; None where no redaction speaks of it.
    pub async fn redacted(&self, position: Position) -> Result<Option<Record>, LedgerError> {
        match self {
            Self::Embedded(ledger) => Ok(ledger.get(position).await?.filter(|record| record.bytes.is_none())),
            Self::Distributed(ledger) => ledger.redacted(position).await,
        }
    }

    /// The leaf of a position whose text was destroyed, as its redaction carries it; None where no redaction speaks of it.
    pub async fn leaf_of_destroyed(&self, position: Position) -> Result<Option<String>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.leaf_of_destroyed(position).await,
            Self::Distributed(ledger) => ledger.leaf_of_destroyed(position).await,
        }
    }

    /// The redaction of a position: where it stands, and its bytes; None where no redaction speaks of it.
    pub async fn redaction_of(&self, position: Position) -> Result<Option<(Position, Vec<u8>)>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.redaction_of(position).await,
            Self::Distributed(ledger) => ledger.redaction_of(position).await,
        }
    }

    /// For restoring and copying alone: puts records as they are, with their positions, recorded times and salts, right behind the
    /// head. Nobody else may append meanwhile. Durable when it answers; stored in parts where it fails, and to be continued then.
    pub async fn copy(&self, records: Vec<Record>) -> Result<(), LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.copy(records).await,
            Self::Distributed(ledger) => ledger.copy(records).await,
        }
    }

    /// For restoring alone: puts a record that does not hold against its commitment, with that commitment, so that the copy names it too.
    pub async fn copy_as_found(&self, found: CheckedRecord) -> Result<(), LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.copy_as_found(found).await,
            Self::Distributed(_) => Err(LedgerError::Altered { position: found.record.position }),
        }
    }

    /// For restoring alone: nothing can be appended any more, by nobody; may be repeated. An embedded ledger is closed by whoever holds
    /// its lock, for as long as it is held; one on the bus for ever.
    pub async fn close(&self) -> Result<(), LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.close(),
            Self::Distributed(ledger) => ledger.close().await,
        }
    }

    /// Destroys bytes and salt of a position, for a redaction that stands in the ledger already. When it answers, no copy is
    /// left in the ledger's files. May be repeated.
    pub async fn destroy(&self, position: Position) -> Result<(), LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.destroy(position).await,
            Self::Distributed(ledger) => ledger.destroy(position).await,
        }
    }

    /// Whether it is marked that API keys were made: then a state store without any key is one that was lost.
    pub async fn keys_made(&self) -> Result<bool, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.keys_made().await,
            Self::Distributed(ledger) => ledger.keys_made().await,
        }
    }

    /// Marks for ever that API keys were made; for the writer alone. Durable when it answers, may be repeated.
    pub async fn mark_keys_made(&self) -> Result<(), LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.mark_keys_made().await,
            Self::Distributed(ledger) => ledger.mark_keys_made().await,
        }
    }

    /// How the clock does by which this process records; None where it only reads.
    pub fn clocks(&self) -> Option<Clocks> {
        match self {
            Self::Embedded(ledger) => ledger.clocks(),
            Self::Distributed(ledger) => ledger.clocks(),
        }
    }

    /// The head, as this process last looked it up. In the writing process at once, elsewhere within 50 ms of a hint, on the bus within
    /// 500 ms without one.
    pub fn watch_head(&self) -> watch::Receiver<KnownHead> {
        match self {
            Self::Embedded(ledger) => ledger.watch_head(),
            Self::Distributed(ledger) => ledger.watch_head(),
        }
    }

    /// For benches: how many commits were made since the ledger was opened; what waited together was committed together.
    #[doc(hidden)]
    pub fn commits(&self) -> u64 {
        match self {
            Self::Embedded(ledger) => ledger.commits(),
            Self::Distributed(ledger) => ledger.commits(),
        }
    }

    /// For tests: lets the file grow to so many pages, as a full disk would.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: u32) -> Result<(), LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.limit_pages(pages).await,
            Self::Distributed(_) => Err(LedgerError::Engine("a stream has no pages to limit".to_owned())),
        }
    }
}

/// Reads the ledger from a cursor on, page by page. It does not keep the writer alive: once the ledger is closed it answers
/// [`LedgerError::Stopped`].
#[derive(Debug)]
pub enum Follower {
    /// Of an embedded ledger.
    Embedded(embedded::Follower),
    /// Of a ledger on the bus.
    Distributed(distributed::Follower),
}

impl Follower {
    /// The next page; waits until there is one. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Page, LedgerError> {
        match self {
            Self::Embedded(follower) => follower.next().await,
            Self::Distributed(follower) => follower.next().await,
        }
    }

    /// The next page, or None when everything has been read.
    pub async fn try_next(&mut self) -> Result<Option<Page>, LedgerError> {
        match self {
            Self::Embedded(follower) => follower.try_next().await,
            Self::Distributed(follower) => follower.try_next().await,
        }
    }

    /// The last position that was handed out.
    pub fn position(&self) -> Position {
        match self {
            Self::Embedded(follower) => follower.position(),
            Self::Distributed(follower) => follower.position(),
        }
    }
}
