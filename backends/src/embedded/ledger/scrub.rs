//! The scrub: a thread that looks at every row while the ledger serves, and makes the commitments that an older file lacks.
//!
//! A row must hold against its commitment, and the index of ids must lead to it. How fast it may go is bounded here.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dateline_events::Position;
use rusqlite::{Connection, OptionalExtension, params};

use super::commitments::{self, Holding};
use super::read;
use super::sound::Sound;
use super::writer::Filling;
use crate::embedded::alone::Connected;
use crate::embedded::file::{number, position, structure};
use crate::ledger::MAX_PAGE_RECORDS;
use crate::ledger_error::LedgerError;
use crate::soundness::Commitment;

/// After each page it rests so many times as long as the page took: a fifth of one core at the most.
const REST_TIMES: u32 = 4;

/// It begins again so long after it has seen everything, in seconds.
const AGAIN_AFTER_S: u64 = 24 * 3_600;

/// After a failure it waits so long, in seconds.
const RETRY_AFTER_S: u64 = 10;

/// At start the last rows are looked at, so many.
pub(super) const ROWS_AT_START: Position = 1_000;

/// At start the whole structure of a file is looked at that has at most so many bytes; of a larger one by the scrub.
pub(super) const STRUCTURE_AT_START_BYTES: u64 = 16 << 20;

/// The scrub of one ledger; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Scrub {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Scrub {
    pub(super) fn start(connected: Connected, filling: Filling, sound: Arc<Sound>, structure_too: bool) -> Result<Self, LedgerError> {
        let (stop, stopped) = channel();
        let scrub = move || {
            if let Ok(connection) = own(connected, &stopped) {
                Scrubbing { connection, filling, sound, stopped }.run(structure_too);
            }
        };
        let thread = std::thread::Builder::new().name("dateline-scrub".to_owned()).spawn(scrub);
        let thread = thread.map_err(|error| LedgerError::Engine(format!("cannot start a thread: {error}")))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Scrub {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Scrubbing {
    connection: Connection,
    filling: Filling,
    sound: Arc<Sound>,
    stopped: Receiver<()>,
}

/// Told to stop.
struct Stopped;

/// Waits for a connection of its own: while the disk is full all share one, and would wait for the scrub.
fn own(mut connected: Connected, stopped: &Receiver<()>) -> Result<Connection, Stopped> {
    loop {
        match connected.take_own() {
            Some(connection) => return Ok(connection),
            None => rest(stopped, Duration::from_secs(RETRY_AFTER_S))?,
        }
    }
}

fn rest(stopped: &Receiver<()>, pause: Duration) -> Result<(), Stopped> {
    match stopped.recv_timeout(pause) {
        Err(RecvTimeoutError::Timeout) => Ok(()),
        _ => Err(Stopped),
    }
}

impl Scrubbing {
    fn run(mut self, structure_too: bool) {
        if structure_too {
            match structure(&self.connection) {
                Ok(faults) => self.note_structure(&faults),
                Err(error) => self.sound.note(&error.into()),
            }
        }
        while self.round().is_ok() {
            if self.rest(Duration::from_secs(AGAIN_AFTER_S)).is_err() {
                return;
            }
        }
    }

    fn note_structure(&self, faults: &[String]) {
        if let Some(fault) = faults.first() {
            self.sound.note(&LedgerError::Damaged { detail: fault.clone() });
        }
    }

    /// Once through everything.
    fn round(&mut self) -> Result<(), Stopped> {
        self.until_done(Self::fill)?;
        let mut after = 0;
        self.until_done(|scrubbing| {
            let seen = page(&mut scrubbing.connection, after, &scrubbing.sound)?;
            after = seen.unwrap_or(after);
            scrubbing.sound.progress(|told| told.scrubbed = after);
            Ok(seen.is_none())
        })?;
        self.until_done(|scrubbing| whole_index(&scrubbing.connection, &scrubbing.sound).map(|()| true))
    }

    /// Does a step again and again until it says that everything is done, resting between.
    fn until_done(&mut self, mut step: impl FnMut(&mut Self) -> Result<bool, LedgerError>) -> Result<(), Stopped> {
        loop {
            let begun = Instant::now();
            match step(self) {
                Ok(true) => return Ok(()),
                Ok(false) => self.rest(begun.elapsed() * REST_TIMES)?,
                Err(error) => {
                    self.sound.note(&error);
                    tracing::warn!(%error, "the scrub of the ledger waits, and will go on");
                    self.rest(Duration::from_secs(RETRY_AFTER_S))?;
                }
            }
        }
    }

    fn rest(&self, pause: Duration) -> Result<(), Stopped> {
        rest(&self.stopped, pause)
    }

    /// Makes a page of the commitments that are missing; true when none is.
    fn fill(&mut self) -> Result<bool, LedgerError> {
        let Some(taken) = commitments::taken_as_found(&self.connection)? else { return Ok(true) };
        self.sound.progress(|told| (told.taken_as_found, told.unfilled) = (taken.until, taken.until - taken.filled.min(taken.until)));
        if taken.filled >= taken.until {
            return Ok(true);
        }
        let until = taken.until.min(taken.filled + MAX_PAGE_RECORDS as Position);
        let mut holding = Holding::new(&self.connection)?;
        let found = read::between(&self.connection, taken.filled, until)?;
        let leaves = found.iter().filter_map(|found| Some((found.record.position, holding.leaf(&found.record)?))).collect();
        self.filling.fill(leaves, until)?;
        Ok(false)
    }
}

/// Looks at the last rows, and at the structure of a small file; the first fault is noted. True: the structure is still to be seen.
pub(super) fn at_start(connection: &mut Connection, path: &Path, sound: &Sound) -> Result<bool, LedgerError> {
    let large = std::fs::metadata(path).is_ok_and(|file| file.len() > STRUCTURE_AT_START_BYTES);
    if !large && let Some(fault) = structure(connection)?.first() {
        sound.note(&LedgerError::Damaged { detail: fault.clone() });
    }
    let head = read::head(connection)?.position;
    page(connection, head.saturating_sub(ROWS_AT_START), sound)?;
    Ok(large)
}

/// Looks at a page of rows; answers its last position, None when there is nothing after `after`.
fn page(connection: &mut Connection, after: Position, sound: &Sound) -> Result<Option<Position>, LedgerError> {
    let transaction = connection.transaction()?;
    let head = read::head(&transaction)?.position;
    let mut expected = after + 1;
    for found in read::scan_page(&transaction, after)? {
        let at = found.record.position;
        if at != expected {
            sound.note(&not_read(&transaction, expected));
        }
        if found.commitment == Commitment::Broken {
            sound.note(&LedgerError::Altered { position: at });
        }
        if !leads_to(&transaction, at)? {
            sound.note(&LedgerError::Misled { position: at });
        }
        expected = at + 1;
    }
    if expected == after + 1 && head > after {
        // Nothing of the page can be read: the next one may be.
        sound.note(&LedgerError::Altered { position: expected });
        return Ok(Some(head.min(after + MAX_PAGE_RECORDS as Position)));
    }
    Ok((expected > after + 1).then_some(expected - 1))
}

/// Why a position was passed over: there is no row, or it cannot be read.
fn not_read(connection: &Connection, at: Position) -> LedgerError {
    let there = connection.query_row("SELECT EXISTS (SELECT 1 FROM events WHERE position = ?1)", [number(at)], |row| row.get(0));
    if matches!(there, Ok(false)) { LedgerError::Missing { position: at } } else { LedgerError::Altered { position: at } }
}

/// Whether the index of ids leads to a position.
fn leads_to(connection: &Connection, at: Position) -> Result<bool, LedgerError> {
    let mut row = connection.prepare_cached("SELECT source, id FROM events WHERE position = ?1")?;
    let named = row.query_row([number(at)], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).optional();
    let Ok(Some((source, id))) = named else { return Ok(true) };
    let mut index = connection.prepare_cached("SELECT position FROM events INDEXED BY sqlite_autoindex_events_1 WHERE source = ?1 AND id = ?2")?;
    Ok(index.query_row(params![source, id], |row| position(row, 0)).optional()? == Some(at))
}

/// The indexes hold as many entries as their tables, and each source leads to its number.
fn whole_index(connection: &Connection, sound: &Sound) -> Result<(), LedgerError> {
    let same: bool = connection.query_row(
        "SELECT (SELECT count(*) FROM events NOT INDEXED) = (SELECT count(*) FROM events INDEXED BY sqlite_autoindex_events_1)
            AND (SELECT count(*) FROM sources NOT INDEXED) = (SELECT count(*) FROM sources INDEXED BY sqlite_autoindex_sources_1)
            AND NOT EXISTS (SELECT 1 FROM sources s NOT INDEXED WHERE s.number IS NOT
                (SELECT o.number FROM sources o INDEXED BY sqlite_autoindex_sources_1 WHERE o.source = s.source))",
        [],
        |row| row.get(0),
    )?;
    if !same {
        sound.note(&LedgerError::Damaged { detail: "an index does not hold what its table holds".to_owned() });
    }
    Ok(())
}
