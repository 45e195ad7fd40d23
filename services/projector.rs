//! The projector: follows the ledger, places each page's events, folds what they touch, and commits rows and cursor together.
//! It decides nothing itself: the rules are `timelines`', the keeping is `backends`'.

use std::time::Duration;

use dateline_backends::{Follower, Generation, Ledger, LedgerError, Page, Record, Views, ViewsError};
use dateline_events::Position;
use dateline_timelines::PROJECTION_VERSION;
use dateline_timelines::correlate::{Knowledge, Placement, ReadRecord, first_needs, place};
use dateline_timelines::project::{Folds, LoadedGroup};
use dateline_timelines::rows::{IncidentNumber, Needs, Rows};
use tokio::sync::watch;

/// After a failure it waits so long before it tries again, in milliseconds; twice as long after each further one, up to the most.
const RETRY_FIRST_MS: u64 = 50;
const RETRY_MOST_MS: u64 = 5_000;

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
    /// The thread that parses a page ended.
    #[error("a page could not be parsed: {0}")]
    Parse(String),
    /// The rules asked again and again.
    #[error("the page after position {0} could not be placed in {MAX_ROUNDS} rounds; please report this")]
    Circle(Position),
}

/// A projector of one generation of views.
pub struct Projector {
    views: Views,
    generation: Generation,
    follower: Follower,
    cursor: Position,
    knowledge: Knowledge,
    folds: Folds,
    /// The next page, where it was read while the last one was committed.
    ahead: Option<Ahead>,
}

/// A page of the ledger, its events parsed.
struct Ahead {
    records: Vec<ReadRecord>,
    head: Position,
}

impl Ahead {
    /// Parses a page on a thread of its own: those that answer everybody have better things to do.
    async fn read(page: Page) -> Result<Self, ProjectError> {
        let head = page.head;
        let read =
            |record: &Record| ReadRecord::read(record.position, record.recorded, record.key, &record.source, &record.id, record.bytes.as_deref());
        let parsed = tokio::task::spawn_blocking(move || page.records.iter().map(read).collect()).await;
        Ok(Self { records: parsed.map_err(|error| ProjectError::Parse(error.to_string()))?, head })
    }
}

impl Projector {
    /// A projector that goes on where the generation's cursor stands.
    pub async fn new(ledger: &Ledger, views: &Views, generation: Generation) -> Result<Self, ProjectError> {
        let cursor = views.cursor(generation).await?;
        let nothing_waits = !views.anything_waits(generation).await?;
        Ok(Self {
            views: views.clone(),
            generation,
            follower: ledger.follow(cursor),
            cursor,
            knowledge: Knowledge::new(nothing_waits),
            folds: Folds::default(),
            ahead: None,
        })
    }

    /// Where it stands.
    pub fn cursor(&self) -> Position {
        self.cursor
    }

    /// Projects the next page; waits for one when there is none. Answers the ledger's head as then known.
    pub async fn step(&mut self) -> Result<Position, ProjectError> {
        let ahead = match self.ahead.take() {
            Some(ahead) => ahead,
            None => Ahead::read(self.follower.next().await?).await?,
        };
        self.project(ahead).await
    }

    /// Projects the next page if there is one.
    pub async fn step_if_any(&mut self) -> Result<Option<Position>, ProjectError> {
        let ahead = match self.ahead.take() {
            Some(ahead) => ahead,
            None => match self.follower.try_next().await? {
                Some(page) => Ahead::read(page).await?,
                None => return Ok(None),
            },
        };
        self.project(ahead).await.map(Some)
    }

    /// Projects up to a position, which the ledger must hold, and no further. The projector is not to be used afterwards.
    pub async fn up_to(mut self, until: Position) -> Result<(), ProjectError> {
        while self.cursor < until {
            let Some(mut page) = self.follower.try_next().await? else { return Ok(()) };
            page.records.retain(|record| record.position <= until);
            let ahead = Ahead::read(page).await?;
            let rows = self.rows_of(&ahead.records).await?;
            self.commit(rows).await?;
        }
        Ok(())
    }

    /// Projects a page; while it is committed, the next one is read already.
    async fn project(&mut self, ahead: Ahead) -> Result<Position, ProjectError> {
        let rows = self.rows_of(&ahead.records).await?;
        let (from, to) = (self.cursor, rows.events.last().map_or(self.cursor, |row| row.position));
        let commit = self.views.commit(self.generation, from, to, rows);
        let follower = &mut self.follower;
        let read_ahead = async {
            match follower.try_next().await? {
                Some(page) => Ahead::read(page).await.map(Some),
                None => Ok(None),
            }
        };
        let (committed, next) = tokio::join!(commit, read_ahead);
        committed?;
        self.cursor = to;
        self.ahead = next?;
        Ok(ahead.head)
    }

    async fn commit(&mut self, rows: Rows) -> Result<(), ProjectError> {
        let (from, to) = (self.cursor, rows.events.last().map_or(self.cursor, |row| row.position));
        self.views.commit(self.generation, from, to, rows).await?;
        self.cursor = to;
        Ok(())
    }

    async fn rows_of(&mut self, records: &[ReadRecord]) -> Result<Rows, ProjectError> {
        for poison in records.iter().filter(|record| record.row.problem.is_some()) {
            tracing::warn!(position = poison.row.position, source = %poison.row.source, problem = poison.row.problem, "an event cannot be read; it is listed as poison");
        }
        let placement = self.place(records).await?;
        for incident in self.folds.missing(&placement.rows, self.cursor) {
            // An incident may have come in with another one of its group.
            if !self.folds.holds(incident) {
                self.load(incident).await?;
            }
        }
        let rows = self.folds.summarize(records, placement);
        self.knowledge.keep_heads(&rows);
        Ok(rows)
    }

    async fn place(&mut self, records: &[ReadRecord]) -> Result<Placement, ProjectError> {
        let needs = first_needs(records, &self.knowledge);
        self.learn(needs).await?;
        for _ in 0..MAX_ROUNDS {
            match place(records, &self.knowledge) {
                Ok(placement) => return Ok(placement),
                Err(needs) => self.learn(needs).await?,
            }
        }
        Err(ProjectError::Circle(self.cursor))
    }

    async fn learn(&mut self, needs: Needs) -> Result<(), ProjectError> {
        if !needs.is_empty() {
            let facts = self.views.load(self.generation, needs.clone()).await?;
            self.knowledge.absorb(needs, facts);
        }
        Ok(())
    }

    async fn load(&mut self, incident: IncidentNumber) -> Result<(), ProjectError> {
        let members = self.views.members(self.generation, incident).await?;
        let mut loaded = LoadedGroup { members: members.ids.into_iter().collect(), events: Vec::new() };
        loaded.events.extend(members.events.into_iter().map(|(holder, since, row)| (holder, since, ReadRecord::of_row(row))));
        self.folds.put(loaded);
        Ok(())
    }
}

/// Runs until told to stop. A failure is logged and tried again from the cursor; a projection version that the views do not have
/// is built beside them first, while readers go on.
pub async fn run(ledger: Ledger, views: Views, mut stop: watch::Receiver<bool>) {
    let mut wait_ms = RETRY_FIRST_MS;
    while !*stop.borrow() {
        let outcome = tokio::select! {
            outcome = follow(&ledger, &views, &mut wait_ms) => outcome,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match outcome {
            Ok(()) => {}
            Err(ProjectError::Views(ViewsError::Fenced { found })) => {
                tracing::info!(found, "another projector is at work; following behind it");
            }
            Err(error) => tracing::error!(%error, wait_ms, "the projector failed and will try again"),
        }
        let _ = tokio::time::timeout(Duration::from_millis(wait_ms), stop.wait_for(|stop| *stop)).await;
        wait_ms = (wait_ms * 2).min(RETRY_MOST_MS);
    }
}

/// Follows until something fails or another generation serves.
async fn follow(ledger: &Ledger, views: &Views, wait_ms: &mut u64) -> Result<(), ProjectError> {
    let serving = views.serving().await?;
    if serving.version != PROJECTION_VERSION {
        tracing::info!(from = serving.version, to = PROJECTION_VERSION, "the views are of another version; building new ones beside them");
        rebuild(ledger, views, |_, _| {}).await?;
    }
    let generation = views.serving().await?;
    let mut projector = Projector::new(ledger, views, generation).await?;
    loop {
        projector.step().await?;
        *wait_ms = RETRY_FIRST_MS;
        if views.serving().await? != generation {
            return Ok(());
        }
    }
}

/// Builds a new generation beside the serving one, from the first position on, and swaps it in. `progress` is told cursor and head.
/// A crash in the middle leaves the old one serving.
pub async fn rebuild(ledger: &Ledger, views: &Views, mut progress: impl FnMut(Position, Position)) -> Result<Position, ProjectError> {
    let generation = views.begin(PROJECTION_VERSION).await?;
    let mut projector = Projector::new(ledger, views, generation).await?;
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
