//! One commit of the ledger: positions, the recorded time, salts, rows; and what happens when it fails.
//!
//! Runs on the writer thread alone. Who waits and for how long is the queue's business.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dateline_events::{EventKey, Instant, LeafKind, Position, commitment};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use tokio::sync::watch;

use super::commitments::{Commitments, Holding};
use super::sound::Sound;
use super::writer::{Answering, Append};
use super::{FORMAT, marks, read};
use crate::clock::{self, RecordingClock};
use crate::embedded::alone::{Alone, Connected};
use crate::embedded::fault::OfAFile as _;
use crate::embedded::file::{self, number, position};
use crate::embedded::private;
use crate::heads::KnownHead;
use crate::ledger::{Head, NewEvent};
use crate::ledger_error::LedgerError;
use crate::soundness::CheckedRecord;

/// Sources whose numbers are remembered; beyond, all are forgotten and looked up again.
const MAX_CACHED_SOURCES: usize = 100_000;

/// A salt's length in bytes.
const SALT_BYTES: usize = 32;

/// What the engine found for one event.
pub(super) enum Stored {
    Fresh {
        position: Position,
        recorded: Instant,
    },
    /// The same bytes are there, or the text was destroyed.
    Same {
        position: Position,
        recorded: Instant,
    },
    /// Other bytes are there; whether they say the same is not decided here.
    Differs {
        position: Position,
        recorded: Instant,
        bytes: Vec<u8>,
    },
}

/// What an event is committed to by: the caller's task makes both, so that the writer need not read the bytes.
pub(super) struct Prepared {
    salt: [u8; SALT_BYTES],
    kind: LeafKind,
    commitment: [u8; 32],
}

/// A salt and a commitment for each event.
pub(super) fn prepare(events: &[NewEvent]) -> Result<Vec<Prepared>, LedgerError> {
    let mut salts = vec![[0; SALT_BYTES]; events.len()];
    getrandom::fill(salts.as_flattened_mut()).map_err(|error| LedgerError::Engine(format!("no randomness for salts: {error}")))?;
    let prepared = |(event, salt): (&NewEvent, [u8; SALT_BYTES])| {
        let (kind, commitment) = (LeafKind::of(&event.bytes), commitment(&salt, &event.bytes));
        Prepared { salt, kind, commitment }
    };
    Ok(events.iter().zip(salts).map(prepared).collect())
}

/// Everything the writer thread owns.
pub(super) struct Writing {
    path: PathBuf,
    /// What reads the file while its disk is full; let go before it is opened to write.
    alone: Arc<Alone>,
    /// None after a failed commit, and from the start on a full disk, until the file is opened again.
    connection: Option<Connection>,
    /// The numbers of sources. Cleared when a transaction fails: it may hold numbers that were never stored.
    sources: HashMap<String, i64>,
    /// The head that was last answered; a file that ends before it was rolled back.
    known: Position,
    publish: watch::Sender<KnownHead>,
    answering: Answering,
    sound: Arc<Sound>,
    clock: Arc<RecordingClock>,
    /// Held as long as the writer lives.
    _lock: File,
}

impl Writing {
    pub(super) fn open(
        (path, alone): (PathBuf, Arc<Alone>),
        known: Position,
        publish: watch::Sender<KnownHead>,
        answering: Answering,
        sound: Arc<Sound>,
        clock: Arc<RecordingClock>,
    ) -> Result<Self, LedgerError> {
        let lock = lock(&path)?;
        let mut writing = Self { path, alone, connection: None, sources: HashMap::new(), known, publish, answering, sound, clock, _lock: lock };
        match writing.reopen() {
            Err(LedgerError::Full) => writing.only_read()?,
            reopened => reopened?,
        }
        Ok(writing)
    }

    /// On a full disk the file is read from the start, and opened to write when there is room.
    fn only_read(&mut self) -> Result<(), LedgerError> {
        self.alone.hold()?;
        let head = Connected::new(&self.alone, file::open_to_read)?.with(|connection| read::head(connection))?.position;
        if head < self.known {
            return Err(LedgerError::Shorter { known: self.known, head });
        }
        self.known = head;
        self.publish.send_replace(KnownHead::looked_up(head));
        Ok(())
    }

    /// Opens the file, anew after a failure. What a failed sync left in the log is never built upon: before anything is
    /// appended, the log is brought into the file and emptied.
    fn reopen(&mut self) -> Result<(), LedgerError> {
        self.connection = None;
        let connection = self.alone.let_go(|| {
            let connection = file::open_to_write(&self.path, &FORMAT)?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            marks::prepare(&connection)?;
            Ok::<_, LedgerError>(connection)
        })?;
        let Head { position: head, recorded } = read::head(&connection)?;
        if head < self.known {
            return Err(LedgerError::Shorter { known: self.known, head });
        }
        clock::tell_ahead(recorded);
        self.known = head;
        self.sources.clear();
        self.connection = Some(connection);
        self.publish.send_replace(KnownHead::looked_up(head));
        Ok(())
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        if self.connection.is_none() {
            self.reopen().map_err(|error| match error {
                LedgerError::Full | LedgerError::Shorter { .. } | LedgerError::Damaged { .. } | LedgerError::Disk { .. } => error,
                other => LedgerError::Stopped { reason: other.to_string() },
            })?;
            tracing::info!(path = %self.path.display(), "the ledger's writer goes on");
        }
        Ok(())
    }

    /// Commits what waited together and answers everybody.
    pub(super) fn append(&mut self, group: Vec<Append>) {
        let committed = self.sound.refusal().map_or_else(|| self.ready(), Err).and_then(|()| self.commit(&group));
        self.alone.note(matches!(committed, Err(LedgerError::Full)));
        let committed = committed.map_err(|error| error.at(&self.path));
        let answers = match committed {
            Ok(stored) => {
                let mut stored = stored.into_iter();
                let answer = |append: Append| {
                    let its_own = stored.by_ref().take(append.events.len()).collect();
                    (append.answer, Ok((append.events, its_own)))
                };
                group.into_iter().map(answer).collect()
            }
            Err(error) => {
                self.sound.note(&error);
                group.into_iter().map(|append| (append.answer, Err(error.clone()))).collect()
            }
        };
        self.answering.answer(answers);
    }

    fn commit(&mut self, group: &[Append]) -> Result<Vec<Stored>, LedgerError> {
        let now = self.clock.now().map_err(|retry_s| LedgerError::ClockUnsettled { retry_s })?;
        let Some(connection) = &self.connection else { return Err(LedgerError::Stopped { reason: "the file is closed".to_owned() }) };
        let events = group.iter().map(|append| append.events.len()).sum();
        let written = connection
            .prepare_cached("BEGIN IMMEDIATE")
            .and_then(|mut begin| begin.execute([]))
            .map_err(LedgerError::from)
            .and_then(|_| write(connection, &mut self.sources, self.known, now, group, events));
        let (stored, head) = match written {
            Ok(written) => written,
            Err(error) => {
                self.sources.clear();
                // Nothing of it reached the log as a commit. If even taking it back fails, the file is opened anew.
                if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
                    self.connection = None;
                }
                return Err(error);
            }
        };
        if let Err(error) = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])) {
            tracing::error!(%error, path = %self.path.display(), "a commit of the ledger failed; its file is opened anew before the next");
            self.sources.clear();
            self.connection = None;
            return Err(match LedgerError::from(error) {
                LedgerError::Full => LedgerError::Full,
                other => {
                    self.sound.note(&other);
                    LedgerError::Stopped { reason: other.to_string() }
                }
            });
        }
        if head > self.known {
            self.known = head;
            self.publish.send_replace(KnownHead::looked_up(head));
        }
        Ok(stored)
    }

    /// Destroys a text, and every copy of it that the log still has.
    pub(super) fn destroy(&mut self, at: Position) -> Result<(), LedgerError> {
        self.ready()?;
        let Some(connection) = &self.connection else { return Err(LedgerError::Stopped { reason: "the file is closed".to_owned() }) };
        let changed = connection.execute("UPDATE events SET bytes = NULL, salt = NULL WHERE position = ?1", [number(at)])?;
        if changed == 0 {
            return Err(LedgerError::Missing { position: at });
        }
        let is_emptied = file::empty_log(connection)?;
        if is_emptied { Ok(()) } else { Err(LedgerError::Busy { position: at }) }
    }

    /// Puts records as they are behind the head, in one commit; each with the leaf hash that came with it, else with its own.
    pub(super) fn copy(&mut self, records: &[CheckedRecord]) -> Result<(), LedgerError> {
        self.ready()?;
        let Some(connection) = &self.connection else { return Err(LedgerError::Stopped { reason: "the file is closed".to_owned() }) };
        let transaction = connection.unchecked_transaction()?;
        let mut head = read::head(connection)?.position;
        let mut insert =
            connection.prepare_cached("INSERT INTO events (position, source, id, recorded, salt, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let mut commit_to = connection.prepare_cached("INSERT INTO commitments (position, leaf) VALUES (?1, ?2)")?;
        let mut holding = Holding::new(connection)?;
        self.sources.clear();
        for CheckedRecord { record, leaf, .. } in records {
            if record.position != head + 1 {
                return Err(LedgerError::Missing { position: head + 1 });
            }
            // Of a text that was destroyed only the key is known, and of one from an archive that names nothing.
            let (source, id) = if record.bytes.is_some() && !record.source.is_empty() {
                (record.source.as_str(), record.id.as_str())
            } else {
                (read::UNNAMED, record.key.as_str())
            };
            let source = source_number(connection, &mut self.sources, source)?;
            insert.execute(params![number(record.position), source, id, record.recorded.0, record.salt, record.bytes])?;
            if let Some(leaf) = leaf.or_else(|| holding.leaf(record)) {
                commit_to.execute(params![number(record.position), leaf])?;
            }
            head = record.position;
        }
        drop((insert, commit_to));
        transaction.commit()?;
        self.known = head;
        self.publish.send_replace(KnownHead::looked_up(head));
        Ok(())
    }

    /// Stores leaf hashes of rows that had none, up to a position, in one commit.
    pub(super) fn fill(&mut self, leaves: &[(Position, [u8; 32])], filled: Position) -> Result<(), LedgerError> {
        self.ready()?;
        let Some(connection) = &self.connection else { return Err(LedgerError::Stopped { reason: "the file is closed".to_owned() }) };
        let transaction = connection.unchecked_transaction()?;
        let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO commitments (position, leaf) VALUES (?1, ?2)")?;
        for (position, leaf) in leaves {
            insert.execute(params![number(*position), leaf])?;
        }
        drop(insert);
        connection.prepare_cached("UPDATE taken_as_found SET filled = ?1 WHERE number = 1")?.execute([number(filled)])?;
        Ok(transaction.commit()?)
    }

    /// Marks that API keys were made, durably.
    pub(super) fn mark_keys_made(&mut self) -> Result<(), LedgerError> {
        self.ready()?;
        let Some(connection) = &self.connection else { return Err(LedgerError::Stopped { reason: "the file is closed".to_owned() }) };
        marks::mark_keys_made(connection)
    }

    pub(super) fn limit_pages(&mut self, pages: u32) -> Result<(), LedgerError> {
        self.ready()?;
        if let Some(connection) = &self.connection {
            connection.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()))?;
        }
        Ok(())
    }
}

/// Writes the events inside the transaction that is open; answers what became of them and the new head.
fn write(
    connection: &Connection,
    sources: &mut HashMap<String, i64>,
    known: Position,
    now: Instant,
    group: &[Append],
    events: usize,
) -> Result<(Vec<Stored>, Position), LedgerError> {
    let head = read::head(connection)?;
    if head.position < known {
        return Err(LedgerError::Shorter { known, head: head.position });
    }
    let recorded = head.recorded.map_or(now, |last| last.max(now));
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (position, source, id, recorded, salt, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (source, id) DO NOTHING",
    )?;
    let unnamed =
        connection.prepare_cached("SELECT number FROM sources WHERE source = ?1")?.query_row([read::UNNAMED], |row| row.get(0)).optional()?;
    let mut next = head.position + 1;
    let mut stored = Vec::with_capacity(events);
    let mut commitments = Commitments::at(connection, recorded)?;
    for (event, prepared) in group.iter().flat_map(|append| append.events.iter().zip(&append.prepared)) {
        if let Some(destroyed) = copied_redaction(connection, unnamed, event)? {
            stored.push(destroyed);
            continue;
        }
        let source = source_number(connection, sources, &event.source)?;
        if insert.execute(params![number(next), source, event.id, recorded.0, prepared.salt, event.bytes])? == 1 {
            commitments.insert(next, prepared.kind, &prepared.commitment)?;
            stored.push(Stored::Fresh { position: next, recorded });
            next += 1;
        } else {
            stored.push(look_up(connection, source, event)?);
        }
    }
    Ok((stored, next - 1))
}

/// An id whose event came here destroyed, by a copy, stays taken: it stands under its key.
fn copied_redaction(connection: &Connection, unnamed: Option<i64>, event: &NewEvent) -> Result<Option<Stored>, LedgerError> {
    let Some(unnamed) = unnamed else { return Ok(None) };
    let mut find = connection.prepare_cached("SELECT position, recorded FROM events WHERE source = ?1 AND id = ?2")?;
    let key = EventKey::of(&event.source, &event.id);
    let found =
        find.query_row(params![unnamed, key.as_str()], |row| Ok(Stored::Same { position: position(row, 0)?, recorded: Instant(row.get(1)?) }));
    Ok(found.optional()?)
}

fn source_number(connection: &Connection, sources: &mut HashMap<String, i64>, source: &str) -> Result<i64, LedgerError> {
    if let Some(number) = sources.get(source) {
        return Ok(*number);
    }
    let mut find: CachedStatement<'_> = connection.prepare_cached("SELECT number FROM sources WHERE source = ?1")?;
    let number = match find.query_row([source], |row| row.get(0)).optional()? {
        Some(number) => number,
        None => {
            connection.prepare_cached("INSERT INTO sources (source) VALUES (?1)")?.execute([source])?;
            connection.last_insert_rowid()
        }
    };
    if sources.len() >= MAX_CACHED_SOURCES {
        sources.clear();
    }
    sources.insert(source.to_owned(), number);
    Ok(number)
}

/// What stands under an id that is taken; it must hold, since it is answered.
fn look_up(connection: &Connection, source: i64, event: &NewEvent) -> Result<Stored, LedgerError> {
    let mut find = connection.prepare_cached("SELECT position FROM events WHERE source = ?1 AND id = ?2")?;
    let at = find.query_row(params![source, event.id], |row| position(row, 0))?;
    let misled = LedgerError::Misled { position: at };
    let Some(record) = read::get(connection, at)? else { return Err(misled) };
    if record.key != EventKey::of(&event.source, &event.id) {
        return Err(misled);
    }
    let (position, recorded) = (record.position, record.recorded);
    Ok(match record.bytes {
        Some(bytes) if bytes != event.bytes => Stored::Differs { position, recorded, bytes },
        _ => Stored::Same { position, recorded },
    })
}

/// Only one process writes: the lock is a file beside the ledger, and the operating system gives it back with the process.
fn lock(path: &Path) -> Result<File, LedgerError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let failed = |error: std::io::Error| LedgerError::Engine(format!("cannot lock {}: {error}", path.display()));
    private::make(Path::new(&name)).map_err(failed)?;
    let file = File::options().append(true).open(name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked { path: path.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
