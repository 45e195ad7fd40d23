//! The contract of the log of reports: what intakes counted, flush by flush. A second log beside the ledger, short-lived and of no
//! proof: a report is no event.
//!
//! What a flush says is not looked at here; nothing but its name and its size matter.

use dateline_events::Position;
use dateline_events::reports::{Flush, MAX_FLUSH_BYTES, MAX_FLUSH_COUNTS, Run};
use thiserror::Error;

use crate::address::Address;
use crate::{distributed, embedded};

/// So long a flush is kept at least, in days: who follows may be away over a holiday. Then it is trimmed.
pub const REPORTS_KEPT_DAYS: u32 = 14;

/// The most flushes that one call of [`Reports::read`] answers.
pub const MAX_PAGE_FLUSHES: usize = 1_000;

/// What one call of [`Reports::read`] answers ends with the flush that reaches so many bytes.
pub const MAX_REPORTS_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The largest number of a flush: what every JSON reader keeps exactly.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The log of reports: intakes append, the detector reads. Cheap to clone; every verb may be called concurrently, and from several
/// processes.
///
/// An answer to `append` means that the flush survives `kill -9` and loss of power. Positions ascend from 1 and never run back, also
/// when everything was trimmed. A flush is stored once by its name (run, number): the same again is answered with the position of the
/// first, for as long as that is kept. The numbers of a run ascend, and may leave some out; a lower one than the run's last is found, or
/// refused. A future that is dropped takes nothing back: whoever does not know whether a flush was stored appends the same again.
///
/// A flush is kept for [`REPORTS_KEPT_DAYS`] days from when it was stored, however old the minutes are that it speaks of, and trimmed
/// some time after by the log itself, the oldest first: what is kept is always the end of the log, without a gap.
#[derive(Clone, Debug)]
pub enum Reports {
    /// One SQLite file: `sqlite:PATH`.
    Embedded(embedded::Reports),
    /// One JetStream stream: `nats://…`.
    Distributed(distributed::Reports),
}

/// Says that a flush is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its place.
    pub position: Position,
    /// False when it was there before.
    pub fresh: bool,
}

/// One flush of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFlush {
    /// Its place.
    pub position: Position,
    /// Its bytes, for [`Flush::read`]: one that cannot be read stops nobody, its follower names it and goes on.
    pub bytes: Vec<u8>,
}

/// What follows a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlushPage {
    /// The first position that is kept; one behind the head where nothing is.
    pub first: Position,
    /// The last position that was ever given; 0 while there is none.
    pub head: Position,
    /// The flushes, their positions ascending without a gap; empty where the follower has caught up.
    pub flushes: Vec<KeptFlush>,
}

impl FlushPage {
    /// How many flushes whoever asked for what follows `after` has missed for good: they were trimmed.
    pub fn missed(&self, after: Position) -> u64 {
        self.first.saturating_sub(after.saturating_add(1))
    }
}

/// Why the log did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportsError {
    /// The flush is too large.
    #[error("a flush has at most {MAX_FLUSH_COUNTS} counts, {MAX_FLUSH_BYTES} bytes and a number below 2^53: nothing was stored")]
    TooLarge,
    /// Another flush has this name.
    #[error("flush {number} of run {run} stands at position {position} and says something else: nothing was stored; two intakes share a run")]
    Differs {
        /// The run.
        run: Run,
        /// The number.
        number: u64,
        /// Where the first stands.
        position: Position,
    },
    /// The run has gone on to a higher number, and this one is not there (any more).
    #[error(
        "run {run} has gone on to number {last}, and number {number} is not there: nothing was stored; a flush that was trimmed cannot come again"
    )]
    OutOfOrder {
        /// The run.
        run: Run,
        /// The number that was given.
        number: u64,
        /// The run's last.
        last: u64,
    },
    /// The disk is full.
    #[error("the disk of the log of reports is full: nothing was stored; free some space and append the same flush again")]
    Full,
    /// The bus cannot be reached just now; whether the flush was stored is not known.
    #[error("the log of reports cannot be reached ({0}): append the same flush again")]
    Unreachable(String),
    /// A setting of the server or the stream would lose what was acknowledged.
    #[error("{place} is no place for reports: {detail}")]
    Unsafe {
        /// Which server or stream.
        place: String,
        /// Which setting, and what it does.
        detail: String,
    },
    /// What the file holds is not what was written.
    #[error("the log of reports is damaged ({detail}): stop, put a backup in its place or move it away, and start anew")]
    Damaged {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The disk failed to read or to write.
    #[error("the disk of the log of reports fails ({detail}): see what the system says of it, and copy what it still gives to another one")]
    Disk {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The address was not understood.
    #[error("{0:?} is no address of a log of reports: write sqlite:PATH, nats://HOST:PORT, or none{hint}", hint = .0.hint())]
    Address(Address),
    /// The engine failed in a way that has no name here; whether a flush was stored is not known.
    #[error("the engine of the log of reports failed: {0}")]
    Engine(String),
}

impl Reports {
    /// Opens the log at an address (`sqlite:PATH`, `nats://HOST:PORT`), and creates it where there is none.
    pub async fn open(address: impl Into<Address>) -> Result<Self, ReportsError> {
        Self::open_keeping(address, u64::from(REPORTS_KEPT_DAYS) * 24 * 3_600).await
    }

    /// For tests: the same with another time to keep, in seconds.
    #[doc(hidden)]
    pub async fn open_keeping(address: impl Into<Address>, kept_s: u64) -> Result<Self, ReportsError> {
        let address = address.into();
        match address.parts() {
            ("sqlite", path) => embedded::Reports::open(path, kept_s).await.map(Self::Embedded),
            ("nats", _) => distributed::Reports::open(address, kept_s).await.map(Self::Distributed),
            _ => Err(ReportsError::Address(address)),
        }
    }

    /// Stores a flush, durably and once by its name, and answers its position.
    pub async fn append(&self, flush: &Flush) -> Result<Appended, ReportsError> {
        let bytes = flush.bytes().map_err(|error| ReportsError::Engine(format!("a flush cannot be written: {error}")))?;
        if bytes.len() > MAX_FLUSH_BYTES || flush.counts.len() > MAX_FLUSH_COUNTS || flush.number > MAX_NUMBER {
            return Err(ReportsError::TooLarge);
        }
        match self {
            Self::Embedded(reports) => reports.append(flush.name(), bytes).await,
            Self::Distributed(reports) => reports.append(flush.name(), bytes).await,
        }
    }

    /// What follows a position, at most so many flushes, and [`MAX_PAGE_FLUSHES`]. Where some of it was trimmed, the page begins with
    /// the first that is kept.
    pub async fn read(&self, after: Position, limit: usize) -> Result<FlushPage, ReportsError> {
        let limit = limit.clamp(1, MAX_PAGE_FLUSHES);
        match self {
            Self::Embedded(reports) => reports.read(after, limit).await,
            Self::Distributed(reports) => reports.read(after, limit).await,
        }
    }

    /// The last position that was given; 0 while there is none.
    pub async fn head(&self) -> Result<Position, ReportsError> {
        match self {
            Self::Embedded(reports) => reports.head().await,
            Self::Distributed(reports) => reports.head().await,
        }
    }

    /// For tests: lets the file grow to so many pages, as a full disk would.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: u32) -> Result<(), ReportsError> {
        match self {
            Self::Embedded(reports) => reports.limit_pages(pages).await,
            Self::Distributed(_) => Err(ReportsError::Engine("a stream has no pages to limit".to_owned())),
        }
    }
}
