//! A file on a full disk: it is read over one connection that holds it alone, until there is room again.
//!
//! Connections that share a file need another one beside it (`-shm`), which a full disk refuses. One that holds the file alone
//! (`locking_mode=EXCLUSIVE`) has in its memory what would stand there, whatever the log beside the file holds, and no other process can
//! write meanwhile: the lock is on the file itself. What is done with the connection is not known here.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::fault::{FileError, OfAFile};
use super::file::{self, Format};
use super::private;

/// While a file is held alone, somebody who uses it looks for room at most so often, in milliseconds.
const LOOK_EVERY_MS: u64 = 500;

/// That something was refused for want of room is told for so long, in seconds, unless something was stored since.
const TOLD_S: u64 = 60;

/// What a file may be held by alone.
#[derive(Debug)]
pub(super) struct Alone {
    path: PathBuf,
    format: &'static Format,
    held: Mutex<Held>,
    /// The same as whether `held` has a connection, for whoever does not want to wait.
    is_held: AtomicBool,
    refused: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Held {
    connection: Option<Connection>,
    looked: Option<Instant>,
}

impl Alone {
    /// Holds nothing yet.
    pub(super) fn new(path: PathBuf, format: &'static Format) -> Arc<Self> {
        Arc::new(Self { path, format, held: Mutex::default(), is_held: AtomicBool::new(false), refused: Mutex::default() })
    }

    /// Whether there is no room for what somebody wants to store.
    pub(super) fn is_full(&self) -> bool {
        let refused = *lock(&self.refused);
        self.is_held.load(Ordering::Relaxed) || refused.is_some_and(|when| when.elapsed() < Duration::from_secs(TOLD_S))
    }

    /// Remembers whether there was room for what somebody wanted to store.
    pub(super) fn note(&self, is_full: bool) {
        *lock(&self.refused) = is_full.then(Instant::now);
    }

    /// Holds the file from now on.
    pub(super) fn hold(&self) -> Result<(), FileError> {
        self.take(&mut lock(&self.held))
    }

    /// Lets the file go, if there is room, and opens it as usual; where that fails, holds it again.
    pub(super) fn let_go<T, E: OfAFile>(&self, open: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let open = || open().map_err(|error| error.at(&self.path));
        let mut held = lock(&self.held);
        if held.connection.is_none() {
            return open();
        }
        self.look_for_room(&mut held);
        if held.connection.is_some() {
            return Err(FileError::Full.into());
        }
        let opened = open();
        if opened.is_err() {
            // The error of the opening is the one to be told.
            self.take(&mut held).unwrap_or_else(|error| tracing::error!(path = %self.path.display(), ?error, "the file cannot be held alone again"));
        }
        opened
    }

    fn take(&self, held: &mut Held) -> Result<(), FileError> {
        if held.connection.is_none() {
            held.connection = Some(file::open_alone(&self.path, self.format)?);
            held.looked = Some(Instant::now());
            self.is_held.store(true, Ordering::Relaxed);
            tracing::error!(path = %self.path.display(), "the disk is full: the file is read as it stands, and nothing is stored in it until there is room");
        }
        Ok(())
    }

    /// Lets the file go if there is room. A little may not be enough for long: then it is held again.
    fn look_for_room(&self, held: &mut Held) {
        let is_early = held.looked.is_some_and(|when| when.elapsed() < Duration::from_millis(LOOK_EVERY_MS));
        if held.connection.is_none() || is_early {
            return;
        }
        held.looked = Some(Instant::now());
        if private::has_room(&self.path) {
            held.connection = None;
            self.is_held.store(false, Ordering::Relaxed);
            tracing::info!(path = %self.path.display(), "there is room again: the file is opened as usual");
        }
    }
}

/// How a thread opens a connection of its own.
type Open = fn(&Path, &Format) -> Result<Connection, FileError>;

/// What a thread works with: a connection of its own, or the one that holds the file alone, which all share.
#[derive(Debug)]
pub(super) struct Connected {
    own: Option<Connection>,
    open: Open,
    alone: Arc<Alone>,
}

impl Connected {
    /// Opens a connection; where the disk is full, holds the file alone.
    pub(super) fn new(alone: &Arc<Alone>, open: Open) -> Result<Self, FileError> {
        let mut connected = Self { own: None, open, alone: Arc::clone(alone) };
        connected.with(|_| Ok::<_, FileError>(()))?;
        Ok(connected)
    }

    /// One that has a connection already.
    pub(super) fn with_own(connection: Connection, alone: &Arc<Alone>, open: Open) -> Self {
        Self { own: Some(connection), open, alone: Arc::clone(alone) }
    }

    /// Works with the connection. While the file is held alone, one thread works at a time, and looks for room first. An error names the file.
    pub(super) fn with<T, E: OfAFile>(&mut self, work: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        let done = self.work(work);
        done.map_err(|error| error.at(&self.alone.path))
    }

    fn work<T, E: OfAFile>(&mut self, work: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        if let Some(own) = &mut self.own {
            return work(own);
        }
        let mut held = lock(&self.alone.held);
        self.alone.look_for_room(&mut held);
        if held.connection.is_none() {
            match (self.open)(&self.alone.path, self.alone.format) {
                Ok(own) => {
                    drop(held);
                    return work(self.own.insert(own));
                }
                Err(FileError::Full) => self.alone.take(&mut held)?,
                Err(error) => return Err(error.into()),
            }
        }
        match &mut held.connection {
            Some(connection) => work(connection),
            None => Err(FileError::Full.into()),
        }
    }

    /// Its own connection; None while the file is held alone, or cannot be opened.
    pub(super) fn take_own(&mut self) -> Option<Connection> {
        if let Err(error) = self.with(|_| Ok::<_, FileError>(())) {
            tracing::warn!(path = %self.alone.path.display(), ?error, "the file cannot be opened; trying again");
        }
        self.own.take()
    }
}

/// Nothing panics while it holds one of these locks; a connection that somebody's work left in a transaction takes it back by itself.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
