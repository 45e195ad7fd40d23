//! The contract of the views: everything that is derived from the ledger, made of rows, disposable (LEDGER.md).
//!
//! What the rows mean is decided in `timelines`; here they are only kept and found. A change of the projection is a new
//! generation built beside the serving one, never a migration.

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, Facts, IncidentNumber, Needs, Rows, SummaryRow};
use thiserror::Error;
use tokio::sync::watch;

use crate::address::Address;
use crate::query::{Change, EventState, Group, ListQuery, MAX_LISTED_ROWS, Members};
use crate::{distributed, embedded};

/// The most events of one group that are read at once.
pub const MAX_INCIDENT_EVENTS: usize = 200_000;

/// The views: one projector writes, readers read. Cheap to clone; every verb may be called concurrently and from several
/// processes. A second projector is fenced by the cursor. What was committed last may be lost with the power; the projector
/// then reads the ledger again from the cursor that is left.
#[derive(Clone, Debug)]
pub enum Views {
    /// One SQLite file: `sqlite:PATH`.
    Embedded(embedded::Views),
    /// Tables of one PostgreSQL database: `postgres://USER@HOST/DATABASE`.
    Distributed(distributed::Views),
}

/// One complete set of rows, made by one version of the projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Its number; never given out again.
    pub number: u32,
    /// The version of the projection that makes it.
    pub version: u32,
}

/// An answer of the serving generation, and where it stands: everything up to `position` is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The cursor that the answer is true for.
    pub position: Position,
    /// The generation that answered.
    pub generation: Generation,
    /// The answer.
    pub value: T,
}

impl<T> Answer<T> {
    /// How far the views had come when they answered.
    pub fn reached(&self) -> Reached {
        Reached { generation: self.generation.number, position: self.position }
    }
}

/// How far the views are known to have come. Neither number ever falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reached {
    /// The generation that serves.
    pub generation: u32,
    /// How far it has read.
    pub position: Position,
}

/// A damaged file that was put out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub to: String,
    /// What was the matter with it.
    pub detail: String,
}

/// Why the views did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ViewsError {
    /// Another projector moved the cursor. Nothing was written.
    #[error("another projector moved the cursor to {found}: load again and go on from there, or stop one of the two")]
    Fenced {
        /// Where the cursor is.
        found: Position,
    },
    /// The generation is no longer there: it was replaced or abandoned.
    #[error("generation {number} of the views is gone: ask which one serves and begin again")]
    Gone {
        /// Its number.
        number: u32,
    },
    /// The new generation has not read as far as the serving one.
    #[error("the new generation stands at {cursor}, the serving one at {serving}: let it catch up, then swap again")]
    Behind {
        /// Its cursor.
        cursor: Position,
        /// The serving one's cursor.
        serving: Position,
    },
    /// The incident has more events than are read at once.
    #[error("the incident has {events} events, more than the {MAX_INCIDENT_EVENTS} that are read at once")]
    TooLarge {
        /// How many.
        events: usize,
    },
    /// A reader keeps what was dropped alive; it is not destroyed yet.
    #[error("a reader still holds what was dropped from the views: ask again when long reads have ended")]
    Busy,
    /// More was given than one call takes.
    #[error("{given} {what} in one call, at most {limit}: ask for less at a time")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// How many there were.
        given: usize,
        /// How many may be.
        limit: usize,
    },
    /// The disk is full; nothing was written.
    #[error("the disk of the views is full: nothing was written; free some space, then the projector goes on")]
    Full,
    /// What the file holds is not what was written. An embedded engine sets it aside and begins anew by itself.
    #[error("the file of views is damaged ({detail}): it is set aside and made anew from the ledger")]
    Damaged {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// They are made anew, because the file before them was damaged, and have not read as far yet as that had.
    #[error("the views were damaged and are made anew: they have read up to position {position}{}; ask again a little later", .until.map_or_else(String::new, |until| format!(" of {until}")))]
    Rebuilding {
        /// How far they have read.
        position: Position,
        /// From where on they answer; None: not known yet.
        until: Option<Position>,
    },
    /// The disk failed to read or to write.
    #[error("the disk of the views fails ({detail}): see what the system says of it, and copy what it still gives to another one")]
    Disk {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The address of views was not understood.
    #[error("{0:?} is no address of views: write sqlite:PATH or postgres://USER@HOST/DATABASE?password_file=PATH{hint}", hint = .0.hint())]
    Address(Address),
    /// The engine failed in a way that has no name here. Views are disposable: a rebuild is always a way out.
    #[error("the engine of the views failed: {0}")]
    Engine(String),
}

impl From<tokio::task::JoinError> for ViewsError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Engine(error.to_string())
    }
}

impl Views {
    /// Opens the views at an address (`sqlite:PATH`, or a `postgres://` URL as libpq takes it, where `password_file=PATH` names a file
    /// that holds the password), drops what was retired, and creates a serving generation of this version of
    /// the projection where there is none. Whether the one that serves has this version is for the caller to see.
    pub async fn open(address: impl Into<Address>, projection_version: u32) -> Result<Self, ViewsError> {
        let address = address.into();
        match address.parts() {
            ("sqlite", path) => embedded::Views::open(path, projection_version).await.map(Self::Embedded),
            ("postgres" | "postgresql", _) => distributed::Views::open(address, projection_version).await.map(Self::Distributed),
            _ => Err(ViewsError::Address(address)),
        }
    }

    /// For whoever knows how far the ledger reaches: views that have read nothing yet, or were begun anew because the old file was damaged,
    /// answer from this position on where nothing better is known. Others are not changed.
    pub async fn must_reach(&self, position: Position) -> Result<(), ViewsError> {
        match self {
            Self::Embedded(views) => views.must_reach(position).await,
            Self::Distributed(_) => Ok(()),
        }
    }

    /// The damaged file that was put out of the way since these views were opened.
    pub fn set_aside(&self) -> Option<SetAside> {
        match self {
            Self::Embedded(views) => views.set_aside(),
            Self::Distributed(_) => None,
        }
    }

    /// Whether there is no room for what should be written; reading goes on. An engine that cannot tell says no.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Embedded(views) => views.is_full(),
            Self::Distributed(_) => false,
        }
    }

    /// The generation that readers read.
    pub async fn serving(&self) -> Result<Generation, ViewsError> {
        match self {
            Self::Embedded(views) => views.serving().await,
            Self::Distributed(views) => views.serving().await,
        }
    }

    /// Begins a new, empty generation beside the serving one; one that was begun before and not swapped in is dropped.
    pub async fn begin(&self, version: u32) -> Result<Generation, ViewsError> {
        match self {
            Self::Embedded(views) => views.begin(version).await,
            Self::Distributed(views) => views.begin(version).await,
        }
    }

    /// Lets another generation serve, if it has read at least as far. The old one is dropped at the next open or swap;
    /// a database keeps its tables until nobody reads them.
    pub async fn swap(&self, to: Generation) -> Result<(), ViewsError> {
        match self {
            Self::Embedded(views) => views.swap(to).await,
            Self::Distributed(views) => views.swap(to).await,
        }
    }

    /// For a redaction: drops every generation but the serving one, and what their pages left behind. In a file no copy is left when this
    /// answers; in a database the tables are gone, and a generation that is still read says [`ViewsError::Busy`].
    pub async fn forget_retired(&self) -> Result<(), ViewsError> {
        match self {
            Self::Embedded(views) => views.forget_retired().await,
            Self::Distributed(views) => views.forget_retired().await,
        }
    }

    /// How far the projector has read for a generation.
    pub async fn cursor(&self, generation: Generation) -> Result<Position, ViewsError> {
        match self {
            Self::Embedded(views) => views.cursor(generation).await,
            Self::Distributed(views) => views.cursor(generation).await,
        }
    }

    /// Writes rows and moves the cursor, in one transaction, if the cursor is at `from`.
    pub async fn commit(&self, generation: Generation, from: Position, to: Position, rows: Rows) -> Result<(), ViewsError> {
        match self {
            Self::Embedded(views) => views.commit(generation, from, to, rows).await,
            Self::Distributed(views) => views.commit(generation, from, to, rows).await,
        }
    }

    /// What a generation knows of the projector's needs.
    pub async fn load(&self, generation: Generation, needs: Needs) -> Result<Facts, ViewsError> {
        match self {
            Self::Embedded(views) => views.load(generation, needs).await,
            Self::Distributed(views) => views.load(generation, needs).await,
        }
    }

    /// The incident with this id.
    pub async fn find_incident(&self, id: &str) -> Result<Answer<Option<IncidentNumber>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.find_incident(id.to_owned()).await,
            Self::Distributed(views) => views.find_incident(id.to_owned()).await,
        }
    }

    /// The group that held an incident as of a position, with its events as of then; at most [`MAX_INCIDENT_EVENTS`].
    pub async fn group_events(&self, number: IncidentNumber, as_of: Position) -> Result<Answer<Option<Group>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.group_events(number, as_of).await,
            Self::Distributed(views) => views.group_events(number, as_of).await,
        }
    }

    /// The same page by page: of the events after a position at most `limit`, which is at most [`MAX_LISTED_ROWS`]. Fewer: those were all.
    pub async fn group_page(
        &self,
        number: IncidentNumber,
        as_of: Position,
        after: Position,
        limit: usize,
    ) -> Result<Answer<Option<Group>>, ViewsError> {
        limited("events", limit, MAX_LISTED_ROWS)?;
        match self {
            Self::Embedded(views) => views.group_page(number, as_of, after, limit).await,
            Self::Distributed(views) => views.group_page(number, as_of, after, limit).await,
        }
    }

    /// For the projector: the group that holds an incident in this generation, up to its cursor, with the incident that holds each event.
    /// A group of more events than [`MAX_INCIDENT_EVENTS`] is loaded all the same: the projector cannot go on without it.
    pub async fn members(&self, generation: Generation, number: IncidentNumber) -> Result<Members, ViewsError> {
        match self {
            Self::Embedded(views) => views.members(generation, number).await,
            Self::Distributed(views) => views.members(generation, number).await,
        }
    }

    /// For the projector: whether any event in this generation waits. It may say yes where the last one was attached since.
    pub async fn anything_waits(&self, generation: Generation) -> Result<bool, ViewsError> {
        match self {
            Self::Embedded(views) => views.anything_waits(generation).await,
            Self::Distributed(views) => views.anything_waits(generation).await,
        }
    }

    /// The groups that a query narrows to, sorted as it says.
    pub async fn list(&self, query: ListQuery) -> Result<Answer<Vec<SummaryRow>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.list(query).await,
            Self::Distributed(views) => views.list(query).await,
        }
    }

    /// Every group above `after` that was ever listed under a service, as an outage or as maintenance, ascending: also what was taken
    /// back or merged away since, which lists leave out.
    pub async fn ever_listed(&self, service: &str, after: IncidentNumber, limit: usize) -> Result<Answer<Vec<IncidentNumber>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.ever_listed(service.to_owned(), after, limit).await,
            Self::Distributed(views) => views.ever_listed(service.to_owned(), after, limit).await,
        }
    }

    /// The latest summary, as of a position, of the group that held an incident then.
    pub async fn latest_summary(&self, number: IncidentNumber, as_of: Position) -> Result<Answer<Option<SummaryRow>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.latest_summary(number, as_of).await,
            Self::Distributed(views) => views.latest_summary(number, as_of).await,
        }
    }

    /// The event at a position, with the incidents that hold it now.
    pub async fn event(&self, position: Position) -> Result<Answer<Option<(EventRow, Vec<IncidentNumber>)>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.event(position).await,
            Self::Distributed(views) => views.event(position).await,
        }
    }

    /// The event with a key, with the incidents that hold it now.
    pub async fn event_by_key(&self, key: EventKey) -> Result<Answer<Option<(EventRow, Vec<IncidentNumber>)>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.event_by_key(key).await,
            Self::Distributed(views) => views.event_by_key(key).await,
        }
    }

    /// Events with something the matter, in order of position, from after a position on.
    pub async fn events_where(&self, state: EventState, after: Position, limit: usize) -> Result<Answer<Vec<EventRow>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.events_where(state, after, limit).await,
            Self::Distributed(views) => views.events_where(state, after, limit).await,
        }
    }

    /// What the positions after `after` changed, in order; positions that changed no incident are left out. When fewer than
    /// `limit` come back, everything up to the answer's position was seen.
    pub async fn changes(&self, after: Position, limit: usize) -> Result<Answer<Vec<Change>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.changes(after, limit).await,
            Self::Distributed(views) => views.changes(after, limit).await,
        }
    }

    /// The incidents that came to be told in one of these groups after a position; one may have left it again since.
    pub async fn joined(&self, groups: Vec<IncidentNumber>, after: Position) -> Result<Answer<Vec<IncidentNumber>>, ViewsError> {
        match self {
            Self::Embedded(views) => views.joined(groups, after).await,
            Self::Distributed(views) => views.joined(groups, after).await,
        }
    }

    /// How far the serving generation has read, asked of the engine.
    pub async fn reached(&self) -> Result<Reached, ViewsError> {
        match self {
            Self::Embedded(views) => views.reached().await,
            Self::Distributed(views) => views.reached().await,
        }
    }

    /// Whether what [`Views::watch_reached`] says was looked at within a second: not where the engine does not answer.
    pub fn is_watched(&self) -> bool {
        match self {
            Self::Embedded(views) => views.is_watched(),
            Self::Distributed(views) => views.is_watched(),
        }
    }

    /// How far the serving generation has read: at once for commits of this process and for what an answer told, within 50 ms for
    /// commits of another process that nobody here has seen yet.
    pub fn watch_reached(&self) -> watch::Receiver<Reached> {
        match self {
            Self::Embedded(views) => views.watch_reached(),
            Self::Distributed(views) => views.watch_reached(),
        }
    }

    /// For tests: lets the file grow to so many pages, as a full disk would.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: u32) -> Result<(), ViewsError> {
        match self {
            Self::Embedded(views) => views.limit_pages(pages).await,
            Self::Distributed(views) => views.limit_pages(pages).await,
        }
    }
}

/// An error where more was given than one call takes.
pub(crate) fn limited(what: &'static str, given: usize, limit: usize) -> Result<(), ViewsError> {
    if given > limit { Err(ViewsError::TooMany { what, given, limit }) } else { Ok(()) }
}

/// What readers know never falls: a swapped-in generation has a higher number, and is at least as far.
pub(crate) fn announce(publish: &watch::Sender<Reached>, found: Reached) {
    let join = |known: Reached| Reached { generation: known.generation.max(found.generation), position: known.position.max(found.position) };
    // Asked first: nearly every answer tells what is known, and a look takes no lock that others wait for.
    let known = *publish.borrow();
    if join(known) == known {
        return;
    }
    publish.send_if_modified(|known| {
        let before = std::mem::replace(known, join(*known));
        before != *known
    });
}
