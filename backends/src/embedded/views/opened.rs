//! The connections to one file of views, and what is looked at before they are used: the whole file where it is small, else by a thread
//! of its own while it serves.
//!
//! What happens to a damaged file is not decided here.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Weak};

use rusqlite::Connection;
use tokio::sync::watch;

use super::generations::{self, Anew};
use super::{Shared, schema};
use crate::embedded::alone::{Alone, Connected};
use crate::embedded::fault::{FileError, OfAFile as _};
use crate::embedded::file;
use crate::threads::{Poller, Threads};
use crate::views::{Reached, ViewsError, announce};

/// Threads that read.
const READER_THREADS: usize = 3;

/// A file of at most so many bytes is looked at as a whole before it is used.
const LOOKED_AT_FIRST_BYTES: u64 = 32 << 20;

/// Of a larger file, SQLite rests after so many of its steps, for so many microseconds: a fifth of one core at the most.
const STEPS_BEFORE_REST: i32 = 50_000;
const REST_US: u64 = 4_000;

/// While the disk is full, a large file is not looked at as a whole; whether it still is is asked so often, in milliseconds.
const TRY_AGAIN_MS: u64 = 1_000;

/// The connections to one file.
#[derive(Debug)]
pub(super) struct Opened {
    pub writer: Threads<Connected>,
    pub readers: Threads<Connected>,
    /// What reads the file while its disk is full.
    pub alone: Arc<Alone>,
    pub file: FileId,
    /// The number of the generation that served when it was opened.
    pub generation: u32,
    pub poller: Poller,
}

/// Which file a path led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl FileId {
    pub(super) fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|file| Self(file.dev(), file.ino()))
    }
}

impl Opened {
    /// Opens the file, drops what was retired, and creates a serving generation where there is none; on a full disk it is read as it is.
    pub(super) fn open(
        path: &Path,
        version: u32,
        publish: &Arc<watch::Sender<Reached>>,
        shared: &Weak<Shared>,
        anew: Option<Anew>,
    ) -> Result<Self, ViewsError> {
        // One that is not there yet is small.
        let small = std::fs::metadata(path).map_or(true, |file| file.len() <= LOOKED_AT_FIRST_BYTES);
        let alone = Alone::new(path.to_owned(), &schema::FORMAT);
        let mut writing = match prepared(path, version, small, anew).map_err(|error| error.at(path)) {
            Ok(connection) => Connected::with_own(connection, &alone, file::open_to_write),
            Err(ViewsError::Full) => as_it_stands(&alone, version, small)?,
            Err(error) => return Err(error),
        };
        let (serving, cursor) = writing.with(|connection| generations::serving_cursor(connection))?;
        announce(publish, Reached { generation: serving.number, position: cursor });
        let file = FileId::at(path).ok_or_else(|| ViewsError::Engine(format!("there is no file at {}", path.display())))?;
        let writer = Threads::start("dateline-views-write", vec![writing])?;
        let connections = (0..READER_THREADS).map(|_| Connected::new(&alone, file::open_to_read)).collect::<Result<Vec<_>, FileError>>()?;
        let readers = Threads::start("dateline-views-read", connections)?;
        let poller = poll(path, &alone, file, Arc::clone(publish), shared.clone())?;
        if !small {
            look_meanwhile(&alone, version, file, shared.clone())?;
        }
        Ok(Self { writer, readers, alone, file, generation: serving.number, poller })
    }
}

/// A connection to write with, and everything made ready.
fn prepared(path: &Path, version: u32, small: bool, anew: Option<Anew>) -> Result<Connection, ViewsError> {
    let mut connection = file::open_to_write(path, &schema::FORMAT)?;
    if small {
        look(&connection, version)?;
    }
    generations::prepare(&mut connection, version, anew)?;
    Ok(connection)
}

/// On a full disk: what is retired stays, and what serves is read. Where nothing does, there is no way on without room.
fn as_it_stands(alone: &Arc<Alone>, version: u32, small: bool) -> Result<Connected, ViewsError> {
    alone.hold()?;
    let mut connected = Connected::new(alone, file::open_to_write)?;
    connected.with(|connection| {
        if small {
            look(connection, version)?;
        }
        if generations::is_readable(connection)? { Ok(()) } else { Err(ViewsError::Full) }
    })?;
    Ok(connected)
}

/// Looks at everything: pages, order, indexes, definitions, and the checksum of every row.
fn look(connection: &Connection, version: u32) -> Result<(), ViewsError> {
    if let Some(fault) = file::structure(connection)?.into_iter().next() {
        return Err(ViewsError::Damaged { detail: fault });
    }
    generations::check_rows(connection, version)
}

/// Looks at a large file on a thread of its own, slowly; a fault sets the file aside.
fn look_meanwhile(alone: &Arc<Alone>, version: u32, file: FileId, shared: Weak<Shared>) -> Result<(), ViewsError> {
    let connected = Connected::new(alone, file::open_to_read)?;
    let looking = move || match look_slowly(connected, version, &shared) {
        Err(error @ ViewsError::Damaged { .. }) => {
            if let Some(shared) = shared.upgrade() {
                shared.renew(file, Some(error));
            }
        }
        Err(error) if shared.strong_count() > 0 => tracing::warn!(%error, "the views could not be looked at as a whole"),
        _ => {}
    };
    let thread = std::thread::Builder::new().name("dateline-views-look".to_owned()).spawn(looking);
    thread.map(drop).map_err(|error| ViewsError::Engine(format!("cannot start a thread: {error}")))
}

/// Looks with rests, over a connection of its own, so that nobody waits for it; ends when the views are closed.
fn look_slowly(mut connected: Connected, version: u32, shared: &Weak<Shared>) -> Result<(), ViewsError> {
    while shared.strong_count() > 0 {
        let Some(mut connection) = connected.take_own() else {
            std::thread::sleep(std::time::Duration::from_millis(TRY_AGAIN_MS));
            continue;
        };
        let stopped = shared.clone();
        let rest = move || {
            std::thread::sleep(std::time::Duration::from_micros(REST_US));
            // True ends the statement.
            stopped.strong_count() == 0
        };
        connection.progress_handler(STEPS_BEFORE_REST, Some(rest))?;
        return look(&connection, version);
    }
    Ok(())
}

/// Looks for what other processes did: a cursor that moved, a file that was set aside.
fn poll(path: &Path, alone: &Arc<Alone>, file: FileId, publish: Arc<watch::Sender<Reached>>, shared: Weak<Shared>) -> Result<Poller, FileError> {
    let connected = Connected::new(alone, file::open_to_read)?;
    let path = path.to_owned();
    let mut renewing = false;
    let poller = Poller::start(connected, move |connected| {
        if !renewing && FileId::at(&path).is_some_and(|found| found != file) {
            renewing = true;
            let shared = shared.clone();
            // On a thread of its own: it waits for this one to end.
            let renew = move || {
                if let Some(shared) = shared.upgrade() {
                    shared.renew(file, None);
                }
            };
            if let Err(error) = std::thread::Builder::new().name("dateline-views-renew".to_owned()).spawn(renew) {
                tracing::warn!(%error, "cannot start a thread; trying again");
                renewing = false;
            }
        }
        match connected.with(|connection| generations::serving_cursor(connection)) {
            Ok((serving, position)) => {
                announce(&publish, Reached { generation: serving.number, position });
                true
            }
            Err(error) => {
                tracing::warn!(%error, "cannot read the cursor of the views; trying again");
                false
            }
        }
    })?;
    Ok(poller)
}
