//! The views in a PostgreSQL database: a writer thread for the projector, a few reading threads, one that watches the cursor.
//!
//! What the rows mean is not known here. Positions come from the ledger and cursors move by compare-and-swap: no sequence, no
//! snapshot of other people's transactions says what was read, so nothing is skipped or held up by a transaction left open.

mod commit;
mod copy;
mod decode;
mod events;
mod generations;
mod groups;
mod list;
mod load;
mod page;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, Facts, IncidentNumber, Needs, Rows, SummaryRow};
use postgres::types::ToSql;
use postgres::{Config, Row};
use tokio::sync::watch;

use super::database::{OpenTransaction, Purpose, READ, Session, check_sessions};
use super::database_address;
use crate::address::Address;
use crate::query::{Change, EventState, Group, ListQuery, MAX_LISTED_ROWS, Members};
use crate::threads::{Poller, Threads};
use crate::views::{Answer, Generation, Reached, ViewsError, announce, limited};

/// A reader waits for its answer at most so long, in milliseconds; more than its statements may take.
const READER_WAITS_MS: u64 = 15_000;

/// Threads that read, each with a connection.
const READER_THREADS: usize = 3;

/// A reader whose generation was dropped between its question and its answer asks again so often at most.
const SNAPSHOTS: usize = 3;

/// Whoever moves the serving cursor says so here when it is committed; who does not hear it looks all the same.
const CHANNEL: &str = "dateline_views";
const NOTIFY: &str = "NOTIFY dateline_views";

/// The cursor is looked at no more often than this, however often it moves, in milliseconds.
const LOOK_EVERY_MS: u64 = 5;

/// Views in a database.
#[derive(Clone, Debug)]
pub struct Views {
    writer: Arc<Threads<Session>>,
    readers: Arc<Threads<Session>>,
    publish: Arc<watch::Sender<Reached>>,
    poller: Arc<Poller>,
}

/// One read transaction on one generation.
struct Snapshot<'a, 'b> {
    transaction: &'a mut OpenTransaction<'b>,
    generation: Generation,
}

impl Views {
    pub(crate) async fn open(address: Address, version: u32) -> Result<Self, ViewsError> {
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(&address, version));
        opened.await.map_err(|error| ViewsError::Engine(error.to_string()))?
    }

    fn open_blocking(address: &Address, version: u32) -> Result<Self, ViewsError> {
        let config: Arc<Config> = Arc::new(database_address::read(address)?);
        check_sessions(&config)?;
        let session = |purpose| Session::new(Arc::clone(&config), purpose);
        let mut writing = session(Purpose::WriteDisposable);
        generations::prepare(&mut writing, version)?;
        let (serving, position) = writing.statement(generations::serving_cursor)?;
        let publish = Arc::new(watch::Sender::new(Reached { generation: serving.number, position }));
        let writer = Arc::new(Threads::start("dateline-views-write", vec![writing])?);
        let readers = Arc::new(Threads::start("dateline-views-read", (0..READER_THREADS).map(|_| session(Purpose::Read)).collect())?);
        let poller = watch_for(session(Purpose::Read), Arc::clone(&publish))?;
        Ok(Self { writer, readers, publish, poller: Arc::new(poller) })
    }

    pub(crate) async fn serving(&self) -> Result<Generation, ViewsError> {
        self.readers.run(|session| Ok(session.statement(generations::serving_cursor)?.0)).await
    }

    pub(crate) async fn begin(&self, version: u32) -> Result<Generation, ViewsError> {
        self.writer.run(move |session| generations::begin(session, version)).await
    }

    pub(crate) async fn swap(&self, to: Generation) -> Result<(), ViewsError> {
        let cursor = self.writer.run(move |session| generations::swap(session, to)).await?;
        announce(&self.publish, Reached { generation: to.number, position: cursor });
        Ok(())
    }

    pub(crate) async fn forget_retired(&self) -> Result<(), ViewsError> {
        self.writer.run(generations::forget_retired).await
    }

    pub(crate) async fn cursor(&self, generation: Generation) -> Result<Position, ViewsError> {
        self.readers.run(move |session| session.statement(|transaction| generations::cursor(transaction, generation.number))).await
    }

    pub(crate) async fn commit(&self, generation: Generation, from: Position, to: Position, rows: Rows) -> Result<(), ViewsError> {
        let serves = self.writer.run(move |session| commit::commit(session, generation.number, from, to, &rows)).await?;
        if serves {
            announce(&self.publish, Reached { generation: generation.number, position: to });
        }
        Ok(())
    }

    pub(crate) async fn load(&self, generation: Generation, needs: Needs) -> Result<Facts, ViewsError> {
        self.project(generation, move |snapshot| load::load(snapshot, &needs)).await
    }

    pub(crate) async fn find_incident(&self, id: String) -> Result<Answer<Option<IncidentNumber>>, ViewsError> {
        self.read(move |snapshot| groups::find_incident(snapshot, &id)).await
    }

    pub(crate) async fn group_events(&self, number: IncidentNumber, as_of: Position) -> Result<Answer<Option<Group>>, ViewsError> {
        self.read(move |snapshot| groups::group_events(snapshot, number, as_of)).await
    }

    pub(crate) async fn group_page(
        &self,
        number: IncidentNumber,
        as_of: Position,
        after: Position,
        limit: usize,
    ) -> Result<Answer<Option<Group>>, ViewsError> {
        self.read(move |snapshot| groups::group_page(snapshot, number, as_of, after, limit)).await
    }

    pub(crate) async fn members(&self, generation: Generation, number: IncidentNumber) -> Result<Members, ViewsError> {
        self.project(generation, move |snapshot| groups::members(snapshot, number)).await
    }

    pub(crate) async fn anything_waits(&self, generation: Generation) -> Result<bool, ViewsError> {
        let ask = |snapshot: &mut Snapshot<'_, '_>| Ok(!snapshot.query("SELECT FROM @waiting LIMIT 1", &[])?.is_empty());
        self.project(generation, ask).await
    }

    pub(crate) async fn list(&self, query: ListQuery) -> Result<Answer<Vec<SummaryRow>>, ViewsError> {
        query.check()?;
        self.read(move |snapshot| list::list(snapshot, &query)).await
    }

    pub(crate) async fn ever_listed(&self, service: String, after: IncidentNumber, limit: usize) -> Result<Answer<Vec<IncidentNumber>>, ViewsError> {
        limited("rows", limit, MAX_LISTED_ROWS)?;
        self.read(move |snapshot| list::ever_listed(snapshot, &service, after, limit)).await
    }

    pub(crate) async fn latest_summary(&self, number: IncidentNumber, as_of: Position) -> Result<Answer<Option<SummaryRow>>, ViewsError> {
        self.read(move |snapshot| groups::latest_summary(snapshot, number, as_of)).await
    }

    pub(crate) async fn event(&self, position: Position) -> Result<Answer<Option<(EventRow, Vec<IncidentNumber>)>>, ViewsError> {
        self.read(move |snapshot| events::at(snapshot, position)).await
    }

    pub(crate) async fn event_by_key(&self, key: EventKey) -> Result<Answer<Option<(EventRow, Vec<IncidentNumber>)>>, ViewsError> {
        self.read(move |snapshot| events::by_key(snapshot, key)).await
    }

    pub(crate) async fn events_where(&self, state: EventState, after: Position, limit: usize) -> Result<Answer<Vec<EventRow>>, ViewsError> {
        limited("rows", limit, MAX_LISTED_ROWS)?;
        self.read(move |snapshot| events::events_where(snapshot, state, after, limit)).await
    }

    pub(crate) async fn changes(&self, after: Position, limit: usize) -> Result<Answer<Vec<Change>>, ViewsError> {
        limited("changes", limit, MAX_LISTED_ROWS)?;
        self.read(move |snapshot| groups::changes(snapshot, after, limit)).await
    }

    pub(crate) async fn joined(&self, groups: Vec<IncidentNumber>, after: Position) -> Result<Answer<Vec<IncidentNumber>>, ViewsError> {
        self.read(move |snapshot| groups::joined(snapshot, &groups, after)).await
    }

    pub(crate) async fn reached(&self) -> Result<Reached, ViewsError> {
        let (serving, position) = self.readers.run(|session| session.statement(generations::serving_cursor)).await?;
        let reached = Reached { generation: serving.number, position };
        announce(&self.publish, reached);
        Ok(reached)
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.poller.is_current()
    }

    pub(crate) fn watch_reached(&self) -> watch::Receiver<Reached> {
        self.publish.subscribe()
    }

    pub(crate) async fn limit_pages(&self, _pages: u32) -> Result<(), ViewsError> {
        Err(ViewsError::Engine("a database has no limit of pages: fill its disk instead".to_owned()))
    }

    /// Reads in one transaction, so that the cursor in the answer and the rows are of one moment.
    async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Snapshot<'_, '_>) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<Answer<T>, ViewsError> {
        let answer = move |session: &mut Session| {
            session.transaction(READ, |transaction| {
                let (generation, position) = generations::serving_cursor(transaction)?;
                let value = work(&mut Snapshot { transaction, generation })?;
                Ok(Answer { position, generation, value })
            })
        };
        let answered = move |session: &mut Session| {
            let mut answered = answer(session);
            for _ in 1..SNAPSHOTS {
                // Unlike a file, a database drops the tables of a generation although an older snapshot could still name it.
                if !matches!(answered, Err(ViewsError::Gone { .. })) {
                    break;
                }
                answered = answer(session);
            }
            answered
        };
        // A server that stands still keeps its connections open and says nothing: its own time-outs do not help then.
        let waited = tokio::time::timeout(Duration::from_millis(READER_WAITS_MS), self.readers.run(answered)).await;
        let late = || ViewsError::Engine(format!("the database did not answer within {READER_WAITS_MS} ms: see whether it runs"));
        let answer = waited.unwrap_or_else(|_| Err(late()))?;
        // Whoever was told of a position is told of no lower one by what is only remembered.
        announce(&self.publish, answer.reached());
        Ok(answer)
    }

    /// Reads for the projector, of a generation that may not serve yet, on the thread that writes.
    async fn project<T: Send + 'static>(
        &self,
        generation: Generation,
        work: impl Fn(&mut Snapshot<'_, '_>) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<T, ViewsError> {
        let work = move |transaction: &mut OpenTransaction<'_>| {
            // Asked for its error: a generation that was dropped is told as such.
            generations::cursor(transaction, generation.number)?;
            work(&mut Snapshot { transaction, generation })
        };
        self.writer.run(move |session| session.transaction(READ, &work)).await
    }
}

impl Snapshot<'_, '_> {
    /// The rows that a statement on this generation's tables answers.
    fn query(&mut self, template: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, ViewsError> {
        let number = self.generation.number;
        self.transaction.query(&schema::sql(number, template), parameters).map_err(|error| generations::gone_or_failed(error, number))
    }
}

fn watch_for(session: Session, publish: Arc<watch::Sender<Reached>>) -> Result<Poller, ViewsError> {
    let mut failing = false;
    let wait = |session: &mut Session, every: Duration| {
        let pause = Duration::from_millis(LOOK_EVERY_MS);
        std::thread::sleep(pause);
        session.wait_for_news(CHANNEL, every.saturating_sub(pause));
    };
    let poller = Poller::start_woken(session, wait, move |session| match session.statement(generations::serving_cursor) {
        Ok((serving, position)) => {
            if std::mem::take(&mut failing) {
                tracing::info!(cursor = position, "the cursor of the views can be read again");
            }
            announce(&publish, Reached { generation: serving.number, position });
            true
        }
        Err(error) if failing => {
            tracing::debug!(%error, "still cannot read the cursor of the views");
            false
        }
        Err(error) => {
            failing = true;
            tracing::warn!(%error, "cannot read the cursor of the views; trying again until it can be read");
            false
        }
    })?;
    Ok(poller)
}
