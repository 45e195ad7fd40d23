//! The projector: follows the ledger, places each page's events, folds what they touch, and commits rows and cursor together.
//! It decides nothing itself: the rules are `timelines`', the keeping is `backends`'.

use std::sync::Arc;

use dateline_backends::{Follower, Generation, Ledger, LedgerError, Page, Record, Views, ViewsError};
use dateline_events::Position;
use dateline_timelines::PROJECTION_VERSION;
use dateline_timelines::correlate::{Knowledge, Placement, ReadRecord, first_needs, place};
use dateline_timelines::project::{Folds, LoadedGroup, PageInWork};
use dateline_timelines::rows::{IncidentNumber, Needs, Rows};
use tokio::task::JoinHandle;

use crate::shared::following::{Follow, Step};
use crate::shared::supervise::Progress;

/// A page is asked for again so often at most until everything it needs is known; more would mean that the rules run in a circle.
const MAX_ROUNDS: usize = 1_000;

/// Why a projector stopped on a page.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The views failed.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// What reads or commits a page ended without an answer.
    #[error("a task of the projector ended: {0}")]
    Ended(String),
    /// An event that could be read once can be read no more.
    #[error("the views' copy of the event at position {0} cannot be read: make the views anew with `dateline rebuild`")]
    Damaged(Position),
    /// Texts that these views hold were destroyed since: the positions, each with the bytes of its redaction.
    #[error("{} that these views hold were destroyed: they are made anew", texts(.0.len()))]
    Redacted(Destroyed),
    /// A summary has no form in JSON.
    #[error("a summary cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The rules asked again and again.
    #[error("the page after position {0} could not be placed in {MAX_ROUNDS} rounds; please report this")]
    Circle(Position),
}

fn texts(count: usize) -> String {
    if count == 1 { "one text".to_owned() } else { format!("{count} texts") }
}

/// A projector of one generation of views. Three pages are under way at once: one is read and parsed, one is placed and folded, one is
/// committed. Whatever must be asked of the views is asked only after the page before has been committed.
pub struct Projector {
    /// Asked for the redactions of texts that are gone.
    ledger: Ledger,
    /// Texts that count as gone, whatever the ledger still has of them.
    destroyed: Destroyed,
    views: Views,
    generation: Generation,
    /// None while the next page is being read.
    follower: Option<Follower>,
    reading: Option<JoinHandle<Reading>>,
    committing: Option<JoinHandle<Result<(), ViewsError>>>,
    /// Up to where pages were committed.
    cursor: Position,
    /// Up to where pages were folded, and handed on to be committed.
    folded: Position,
    knowledge: Knowledge,
    folds: Folds,
    fold_bytes: usize,
    /// So many pages of the ledger are read as one. More than one where groups had to be loaded again and again: what is loaded for a
    /// page is loaded once for all of them.
    pages_at_once: usize,
    /// So many events were loaded for the page in work.
    loaded: usize,
}

/// The most pages of the ledger that are read as one.
const PAGES_AT_ONCE_MAX: usize = 16;

/// Pages that are read as one take so much memory at most on their way into the views, in bytes, or one page of the ledger alone. While
/// there are several, nothing is read ahead of them, and what was folded before them is committed first.
pub const AT_ONCE_BYTES_MAX: usize = 40 * 1024 * 1024;

/// On its way into the views an event takes so many times its own bytes (they stand in the record, in the row and in what was read of
/// them), and so many bytes beside: for the rows that it makes, whatever its length.
const TIMES_ITS_BYTES: usize = 4;
const ROWS_BYTES_AN_EVENT: usize = 3_500;

/// A page of the ledger, or some as one, the events parsed.
#[derive(Default)]
pub struct Ahead {
    records: Vec<ReadRecord>,
    head: Position,
    /// What it takes on its way into the views.
    bytes: usize,
}

/// The follower comes back with what it read.
type Reading = (Follower, Result<Option<Ahead>, ProjectError>);

impl Ahead {
    /// The next pages, at most so many; None where there is none.
    async fn read(follower: &mut Follower, pages_max: usize) -> Result<Option<Self>, ProjectError> {
        let (mut read, mut pages) = (Self::default(), 0);
        while pages < pages_max {
            let Some(page) = follower.try_next().await? else { break };
            let before = read.bytes;
            read.add(page).await?;
            pages += 1;
            // The next one is taken to be as large.
            if read.bytes + (read.bytes - before) > AT_ONCE_BYTES_MAX {
                break;
            }
        }
        Ok((pages > 0).then_some(read))
    }

    /// Parses a page, on a thread of its own: those that answer everybody have better things to do.
    async fn add(&mut self, page: Page) -> Result<(), ProjectError> {
        self.head = page.head;
        self.bytes += page.records.iter().map(bytes_on_the_way).sum::<usize>();
        let read =
            |record: Record| ReadRecord::read(record.position, record.recorded, record.key, &record.source, &record.id, record.bytes.as_deref());
        let mut parsed = on_a_thread(move || page.records.into_iter().map(read).collect()).await?;
        self.records.append(&mut parsed);
        Ok(())
    }
}

/// What an event takes on its way into the views.
fn bytes_on_the_way(record: &Record) -> usize {
    record.bytes.as_ref().map_or(0, Vec::len) * TIMES_ITS_BYTES + ROWS_BYTES_AN_EVENT
}

impl Projector {
    /// A projector that goes on where the generation's cursor stands.
    /// It keeps at most `fold_bytes` of folds in memory, or the largest group alone.
    pub async fn new(ledger: &Ledger, views: &Views, generation: Generation, fold_bytes: usize) -> Result<Self, ProjectError> {
        let cursor = views.cursor(generation).await?;
        let nothing_waits = !views.anything_waits(generation).await?;
        Ok(Self {
            ledger: ledger.clone(),
            destroyed: Destroyed::new(),
            views: views.clone(),
            generation,
            follower: Some(ledger.follow(cursor)),
            reading: None,
            committing: None,
            cursor,
            folded: cursor,
            knowledge: if cursor == 0 { Knowledge::of_empty_views() } else { Knowledge::new(nothing_waits) },
            folds: Folds::new(fold_bytes),
            fold_bytes,
            pages_at_once: 1,
            loaded: 0,
        })
    }

    /// Where it stands: everything up to here is committed.
    pub fn cursor(&self) -> Position {
        self.cursor
    }

    /// Projects the next page if there is one; when there is none, everything is committed.
    pub async fn step_if_any(&mut self) -> Result<Option<Position>, ProjectError> {
        match self.take_ahead().await? {
            Some(ahead) => self.project(ahead).await.map(Some),
            None => {
                self.settle().await?;
                Ok(None)
            }
        }
    }

    /// Projects up to a position, which the ledger must hold, and no further. The projector is not to be used afterwards.
    pub async fn up_to(mut self, until: Position) -> Result<(), ProjectError> {
        while self.folded < until {
            let Some(mut ahead) = self.take_ahead().await? else { break };
            ahead.records.retain(|record| record.row.position <= until);
            self.fold(ahead.records).await?;
        }
        self.settle().await
    }

    /// The page that was read ahead, or else is read now.
    async fn take_ahead(&mut self) -> Result<Option<Ahead>, ProjectError> {
        if self.pages_at_once > 1 {
            self.settle().await?;
        }
        self.read_ahead();
        let Some(reading) = self.reading.take() else { return Ok(None) };
        let (follower, read) = reading.await.map_err(|error| ProjectError::Ended(error.to_string()))?;
        self.follower = Some(follower);
        read
    }

    /// Lets the next page be read while something else goes on.
    fn read_ahead(&mut self) {
        if let Some(mut follower) = self.follower.take() {
            let pages_max = self.pages_at_once;
            self.reading = Some(tokio::spawn(async move {
                let read = Ahead::read(&mut follower, pages_max).await;
                (follower, read)
            }));
        }
    }

    async fn project(&mut self, ahead: Ahead) -> Result<Position, ProjectError> {
        if self.pages_at_once == 1 {
            self.read_ahead();
        }
        self.fold(ahead.records).await?;
        Ok(ahead.head)
    }

    /// Makes the rows of a page while the one before it is committed, then hands them on.
    async fn fold(&mut self, records: Vec<ReadRecord>) -> Result<(), ProjectError> {
        let records = self.with_tombstones(records).await?;
        let rows = self.rows_of(Arc::new(records)).await?;
        self.settle().await?;
        let (from, to) = (self.folded, rows.events.last().map_or(self.folded, |row| row.position));
        let (views, generation) = (self.views.clone(), self.generation);
        self.committing = Some(tokio::spawn(async move { views.commit(generation, from, to, rows).await }));
        self.folded = to;
        Ok(())
    }

    /// Waits until what was handed on is committed.
    async fn settle(&mut self) -> Result<(), ProjectError> {
        if let Some(committing) = self.committing.take() {
            committing.await.map_err(|error| ProjectError::Ended(error.to_string()))??;
            self.cursor = self.folded;
        }
        Ok(())
    }

    async fn rows_of(&mut self, records: Arc<Vec<ReadRecord>>) -> Result<Rows, ProjectError> {
        for poison in records.iter().filter(|record| record.row.problem.is_some()) {
            tracing::warn!(position = poison.row.position, source = %poison.row.source, problem = poison.row.problem, "an event cannot be read; it is listed as poison");
        }
        let placement = self.place(&records).await?;
        let events = records.len();
        let mut page = PageInWork::new(records, placement, self.folded, &self.folds);
        self.loaded = 0;
        loop {
            // Folding is work for a thread of its own: those that answer everybody have better things to do.
            let mut folds = std::mem::replace(&mut self.folds, Folds::new(self.fold_bytes));
            let missing;
            (folds, page, missing) = on_a_thread(move || {
                let missing = folds.fold(&mut page);
                (folds, page, missing)
            })
            .await?;
            self.folds = folds;
            match missing {
                Some(incident) => self.load(incident).await?,
                None => break,
            }
        }
        self.read_more_or_less_at_once(events);
        let rows = page.into_rows()?;
        self.knowledge.keep_heads(&rows);
        Ok(rows)
    }

    /// Groups that do not fit into memory beside each other are loaded for every page. The more must be loaded, the more pages are
    /// read as one, so that an event costs a bounded share of it.
    fn read_more_or_less_at_once(&mut self, events: usize) {
        if self.loaded > events {
            self.pages_at_once = (self.pages_at_once * 2).min(PAGES_AT_ONCE_MAX);
        } else if self.loaded < events / 4 {
            self.pages_at_once = (self.pages_at_once / 2).max(1);
        }
    }

    async fn place(&mut self, records: &[ReadRecord]) -> Result<Placement, ProjectError> {
        let needs = first_needs(records, &self.knowledge);
        self.learn(needs).await?;
        for _ in 0..MAX_ROUNDS {
            match place(records, &self.knowledge) {
                Ok(placement) => return placement.unreadable.map_or(Ok(placement), |position| Err(ProjectError::Damaged(position))),
                Err(needs) => self.learn(needs).await?,
            }
        }
        Err(ProjectError::Circle(self.folded))
    }

    async fn learn(&mut self, needs: Needs) -> Result<(), ProjectError> {
        if !needs.is_empty() {
            self.settle().await?;
            let facts = self.views.load(self.generation, needs.clone()).await?;
            self.knowledge.absorb(needs, facts);
        }
        Ok(())
    }

    async fn load(&mut self, incident: IncidentNumber) -> Result<(), ProjectError> {
        self.settle().await?;
        let members = self.views.members(self.generation, incident).await?;
        self.loaded += members.events.len();
        let mut folds = std::mem::replace(&mut self.folds, Folds::new(self.fold_bytes));
        self.folds = on_a_thread(move || {
            let mut loaded = LoadedGroup { members: members.ids.into_iter().collect(), events: Vec::new() };
            for (holder, since, row) in members.events {
                let is_readable = row.problem.is_none() && row.bytes.is_some();
                let record = ReadRecord::of_row(row);
                if is_readable && record.event.is_none() {
                    return Err(ProjectError::Damaged(record.row.position));
                }
                loaded.events.push((holder, since, record));
            }
            folds.put(loaded);
            Ok(folds)
        })
        .await??;
        Ok(())
    }
}

/// Does work that takes its time on a thread of its own.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ProjectError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ProjectError::Ended(error.to_string()))
}

impl Projector {
    /// A projector of the serving generation; where that is of another projection version, one of this version is built beside it first,
    /// while readers go on.
    pub async fn open(ledger: Ledger, views: Views, fold_bytes: usize) -> Result<Self, ProjectError> {
        let serving = views.serving().await?;
        if serving.version != PROJECTION_VERSION {
            tracing::info!(from = serving.version, to = PROJECTION_VERSION, "the views are of another version; building new ones beside them");
            rebuild(&ledger, &views, fold_bytes, |_, _| {}).await?;
        }
        let generation = views.serving().await?;
        Self::new(&ledger, &views, generation, fold_bytes).await
    }
}

impl Follow for Projector {
    type Page = Ahead;
    type Error = ProjectError;

    async fn next(&mut self) -> Result<Ahead, ProjectError> {
        if let Some(ahead) = self.take_ahead().await? {
            return Ok(ahead);
        }
        self.settle().await?;
        let Some(follower) = &mut self.follower else { return Err(ProjectError::Ended("the follower was lost".to_owned())) };
        let mut ahead = Ahead::default();
        ahead.add(follower.next().await?).await?;
        Ok(ahead)
    }

    /// The page may still be on its way into the views; a failure of it is told by the next call.
    async fn take(&mut self, page: Ahead) -> Result<Step, ProjectError> {
        let head = match self.project(page).await {
            Err(ProjectError::Redacted(destroyed)) => {
                tracing::info!(positions = ?destroyed.keys().collect::<Vec<_>>(), "texts were destroyed; the views are made anew without them");
                rebuild(&self.ledger, &self.views, self.fold_bytes, |_, _| {}).await?;
                return Ok(Step::Anew);
            }
            projected => projected?,
        };
        let is_serving = self.views.serving().await? == self.generation;
        Ok(if is_serving { Step::Reached(Progress { position: self.folded, head }) } else { Step::Anew })
    }

    fn is_fault(error: &ProjectError) -> bool {
        !matches!(error, ProjectError::Views(ViewsError::Fenced { .. }))
    }
}

/// Builds a new generation beside the serving one, from the first position on, and swaps it in. `progress` is told cursor and head.
/// A crash in the middle leaves the old one serving.
pub async fn rebuild(
    ledger: &Ledger,
    views: &Views,
    fold_bytes: usize,
    mut progress: impl FnMut(Position, Position),
) -> Result<Position, ProjectError> {
    let mut destroyed = Destroyed::new();
    loop {
        match rebuild_without(ledger, views, fold_bytes, &destroyed, &mut progress).await {
            // A redaction that did not come to its end: the ledger still has the text. Once more, without it.
            Err(ProjectError::Redacted(found)) if found.keys().any(|position| !destroyed.contains_key(position)) => destroyed.extend(found),
            rebuilt => return rebuilt,
        }
    }
}

async fn rebuild_without(
    ledger: &Ledger,
    views: &Views,
    fold_bytes: usize,
    destroyed: &Destroyed,
    progress: &mut impl FnMut(Position, Position),
) -> Result<Position, ProjectError> {
    let generation = views.begin(PROJECTION_VERSION).await?;
    let mut projector = Projector::new(ledger, views, generation, fold_bytes).await?;
    projector.destroyed.clone_from(destroyed);
    loop {
        while let Some(head) = projector.step_if_any().await? {
            progress(projector.cursor(), head);
        }
        match views.swap(generation).await {
            Ok(()) => return Ok(projector.cursor()),
            // The old one has meanwhile read on: read on too.
            Err(ViewsError::Behind { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

mod tombstones;
#[cfg(test)]
mod tests;

pub use tombstones::Destroyed;
