//! The ledger in one SQLite file: one writer thread with group commit, a few reading threads.
//!
//! What the bytes say is not known here, except that two of them can be the same event.

mod commit;
mod commitments;
mod follow;
mod marks;
mod read;
mod scrub;
mod sound;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dateline_events::{EventKey, Position, same_event};
use tokio::sync::watch;

pub use follow::Follower;

use super::alone::{Alone, Connected};
use super::fault::{FileError, OfAFile as _};
use super::file::{self, Format};
use crate::clock::{Clocks, RecordingClock};
use crate::heads::KnownHead;
use crate::ledger::{Head, LedgerOptions, LedgerRole, MAX_BATCH_EVENTS, MAX_FOUND_KEYS, NewEvent, Outcome, Receipt, Record};
use crate::ledger_error::LedgerError;
use crate::redaction::{REDACTION_SOURCE, Redaction};
use crate::soundness::{CheckedRecord, Soundness};
use crate::threads::{Poller, Threads};
use commit::{Stored, Writing};
use scrub::Scrub;
use sound::Sound;
use writer::{Answering, Writer};

/// Threads that read.
const READER_THREADS: usize = 3;

const FORMAT: Format = Format {
    name: "ledger",
    application: 0x4474_6c4c,
    schema: "CREATE TABLE sources (number INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE) STRICT;
             CREATE TABLE events (
                 position INTEGER PRIMARY KEY,
                 source INTEGER NOT NULL,
                 id TEXT NOT NULL,
                 recorded INTEGER NOT NULL,
                 salt BLOB,
                 bytes BLOB,
                 UNIQUE (source, id)
             ) STRICT;",
    steps: &[commitments::STEP],
    page_bytes: 4096,
    synchronous: "FULL",
    cache_kib: 16 * 1024,
    checkpoint_pages: 4000,
};

/// A ledger in a file.
#[derive(Clone, Debug)]
pub struct Ledger {
    // Before the writer, whose thread it keeps alive.
    _scrub: Option<Arc<Scrub>>,
    // The writer stands before the readers, so that it ends first: the last to close the file cleans up its log.
    writer: Option<Arc<Writer>>,
    reader: Arc<Reader>,
    clock: Arc<RecordingClock>,
    _poller: Option<Arc<Poller>>,
}

/// What reading needs; a follower holds it too.
#[derive(Debug)]
struct Reader {
    threads: Threads<Connected>,
    alone: Arc<Alone>,
    head: watch::Receiver<KnownHead>,
    sound: Arc<Sound>,
}

impl Reader {
    /// Reads; what an error says of the file or its disk is remembered.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut rusqlite::Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let done = self.threads.run(move |connected| connected.with(work)).await;
        if let Err(error) = &done {
            self.sound.note(error);
        }
        done
    }
}

impl Ledger {
    pub(crate) async fn open(path: &str, options: LedgerOptions) -> Result<Self, LedgerError> {
        let path = numbered(path, options.number);
        let answering = Answering::start();
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(&path, options, answering).map_err(|error| error.at(&path)));
        opened.await.map_err(|error| LedgerError::Engine(error.to_string()))?
    }

    fn open_blocking(path: &Path, options: LedgerOptions, answering: Answering) -> Result<Self, LedgerError> {
        let (publish, head) = watch::channel(KnownHead::default());
        let (sound, clock, alone) = (Arc::new(Sound::default()), Arc::new(RecordingClock::default()), Alone::new(path.to_owned(), &FORMAT));
        let (writer, poller) = match options.role {
            LedgerRole::Writer => {
                let file = (path.to_owned(), Arc::clone(&alone));
                let writing = Writing::open(file, options.known_at_least, publish, answering, Arc::clone(&sound), Arc::clone(&clock))?;
                (Some(Arc::new(Writer::start(writing)?)), None)
            }
            LedgerRole::Reader => {
                let mut connected = Connected::new(&alone, file::open_to_read)?;
                let found = connected.with(|connection| read::head(connection))?.position;
                if found < options.known_at_least {
                    return Err(LedgerError::Shorter { known: options.known_at_least, head: found });
                }
                publish.send_replace(KnownHead::looked_up(found));
                (None, Some(Arc::new(poll_head(connected, publish)?)))
            }
        };
        let connections = (0..READER_THREADS).map(|_| Connected::new(&alone, file::open_to_read)).collect::<Result<Vec<_>, FileError>>()?;
        let threads = Threads::start("dateline-ledger-read", connections)?;
        let mut looking = Connected::new(&alone, file::open_to_read)?;
        let structure_too = looking.with(|connection| scrub::at_start(connection, path, &sound))?;
        let scrub = match &writer {
            Some(writer) => Some(Arc::new(Scrub::start(looking, writer.filling(), Arc::clone(&sound), structure_too)?)),
            None => None,
        };
        Ok(Self { _scrub: scrub, writer, reader: Arc::new(Reader { threads, alone, head, sound }), clock, _poller: poller })
    }

    pub(crate) async fn append(&self, batch: Vec<NewEvent>) -> Result<Vec<Outcome>, LedgerError> {
        let writer = self.writer.as_ref().ok_or(LedgerError::ReadOnly)?;
        if batch.len() > MAX_BATCH_EVENTS {
            return Err(LedgerError::TooMany { what: "events", given: batch.len(), limit: MAX_BATCH_EVENTS });
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<EventKey> = batch.iter().map(|event| EventKey::of(&event.source, &event.id)).collect();
        let (batch, stored) = writer.append(batch).await?;
        Ok(batch.iter().zip(keys).zip(stored).map(|((event, key), stored)| outcome(event, key, stored)).collect())
    }

    pub(crate) async fn head(&self) -> Result<Head, LedgerError> {
        self.reader.run(|connection| read::head(connection)).await
    }

    pub(crate) async fn get(&self, position: Position) -> Result<Option<Record>, LedgerError> {
        self.reader.run(move |connection| read::get(connection, position)).await
    }

    pub(crate) async fn find(&self, keys: Vec<(String, String)>) -> Result<Vec<Option<Record>>, LedgerError> {
        if keys.len() > MAX_FOUND_KEYS {
            return Err(LedgerError::TooMany { what: "keys", given: keys.len(), limit: MAX_FOUND_KEYS });
        }
        self.reader.run(move |connection| read::find(connection, &keys)).await
    }

    pub(crate) fn follow(&self, after: Position) -> Follower {
        Follower::new(Arc::clone(&self.reader), after)
    }

    pub(crate) async fn scan(&self, after: Position) -> Result<Vec<CheckedRecord>, LedgerError> {
        self.reader.run(move |connection| read::scan(connection, after)).await
    }

    pub(crate) async fn structure(&self) -> Result<Vec<String>, LedgerError> {
        self.reader.run(|connection| Ok(file::structure(connection)?)).await
    }

    pub(crate) fn soundness(&self) -> Soundness {
        Soundness { full: self.reader.alone.is_full(), ..self.reader.sound.told() }
    }

    pub(crate) async fn copy(&self, records: Vec<Record>) -> Result<(), LedgerError> {
        let records = records.into_iter().map(CheckedRecord::uncommitted).collect();
        self.writer.as_ref().ok_or(LedgerError::ReadOnly)?.copy(records).await
    }

    pub(crate) async fn copy_as_found(&self, found: CheckedRecord) -> Result<(), LedgerError> {
        self.writer.as_ref().ok_or(LedgerError::ReadOnly)?.copy(vec![found]).await
    }

    pub(crate) fn close(&self) -> Result<(), LedgerError> {
        // The lock keeps everybody else out.
        self.writer.as_ref().map(drop).ok_or(LedgerError::ReadOnly)
    }

    pub(crate) async fn leaf_of_destroyed(&self, position: Position) -> Result<Option<String>, LedgerError> {
        let found = self.redaction_of(position).await?;
        Ok(found.and_then(|(_, bytes)| Redaction::read(&bytes)).map(|redaction| redaction.leaf))
    }

    pub(crate) async fn redaction_of(&self, position: Position) -> Result<Option<(Position, Vec<u8>)>, LedgerError> {
        let found = self.find(vec![(REDACTION_SOURCE.to_owned(), position.to_string())]).await?;
        let found = found.into_iter().flatten().next().and_then(|record| Some((record.position, record.bytes?)));
        Ok(found.filter(|(_, bytes)| Redaction::read(bytes).is_some_and(|redaction| redaction.position == position)))
    }

    pub(crate) async fn destroy(&self, position: Position) -> Result<(), LedgerError> {
        self.writer.as_ref().ok_or(LedgerError::ReadOnly)?.destroy(position).await
    }

    pub(crate) fn clocks(&self) -> Option<Clocks> {
        self.writer.as_ref().map(|_| self.clock.look())
    }

    pub(crate) fn watch_head(&self) -> watch::Receiver<KnownHead> {
        self.reader.head.clone()
    }

    pub(crate) fn commits(&self) -> u64 {
        self.writer.as_ref().map_or(0, |writer| writer.commits())
    }

    pub(crate) async fn keys_made(&self) -> Result<bool, LedgerError> {
        self.reader.run(|connection| marks::keys_made(connection)).await
    }

    pub(crate) async fn mark_keys_made(&self) -> Result<(), LedgerError> {
        self.writer.as_ref().ok_or(LedgerError::ReadOnly)?.mark_keys_made().await
    }

    pub(crate) async fn limit_pages(&self, pages: u32) -> Result<(), LedgerError> {
        self.writer.as_ref().ok_or(LedgerError::ReadOnly)?.limit_pages(pages).await
    }
}

/// The file of the ledger with a number: `ledger.db`, `ledger-2.db`, …
fn numbered(path: &str, number: u32) -> PathBuf {
    let path = PathBuf::from(path);
    if number <= 1 {
        return path;
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{ending}"))
}

/// Comparing parses both texts, so the caller's task does it, not the writer's thread.
fn outcome(event: &NewEvent, key: EventKey, stored: Stored) -> Outcome {
    match stored {
        Stored::Fresh { position, recorded } => Outcome::Stored(Receipt { position, recorded, key, fresh: true }),
        Stored::Same { position, recorded } => Outcome::Stored(Receipt { position, recorded, key, fresh: false }),
        Stored::Differs { position, recorded, bytes } if same_event(&event.bytes, &bytes) => {
            Outcome::Stored(Receipt { position, recorded, key, fresh: false })
        }
        Stored::Differs { position, bytes, .. } => Outcome::Conflict { position, stored: bytes },
    }
}

fn poll_head(connected: Connected, publish: watch::Sender<KnownHead>) -> Result<Poller, FileError> {
    let poller = Poller::start(connected, move |connected| match connected.with(|connection| read::head(connection)) {
        Ok(head) => {
            let head = KnownHead::looked_up(head.position);
            publish.send_if_modified(|known| std::mem::replace(known, head) != head);
            true
        }
        Err(error) => {
            tracing::warn!(%error, "cannot read the ledger's head; trying again");
            false
        }
    })?;
    Ok(poller)
}
