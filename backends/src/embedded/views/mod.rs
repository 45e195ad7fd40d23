//! The views in one SQLite file: a writer thread for the projector, a few reading threads.
//!
//! What the rows mean is not known here. The tables of one generation carry its number before their names.

mod commit;
mod decode;
mod events;
mod generations;
mod groups;
mod list;
mod load;
mod schema;

use std::path::PathBuf;
use std::sync::Arc;

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, Facts, IncidentNumber, Needs, Rows, SummaryRow};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::watch;

use super::fault::FileError;
use super::file;
use crate::query::{Change, EventState, Group, ListQuery, MAX_LISTED_ROWS, Members};
use crate::threads::{Poller, Threads};
use crate::views::{Answer, Generation, ViewsError, announce, limited};

/// Threads that read.
const READER_THREADS: usize = 3;

/// Views in a file.
#[derive(Clone, Debug)]
pub struct Views {
    writer: Arc<Threads<Connection>>,
    readers: Arc<Threads<Connection>>,
    publish: Arc<watch::Sender<Position>>,
    _poller: Arc<Poller>,
}

/// One read transaction on the serving generation.
struct Snapshot<'a> {
    transaction: &'a Transaction<'a>,
    generation: Generation,
}

impl Views {
    pub(crate) async fn open(path: &str, version: u32) -> Result<Self, ViewsError> {
        let path = PathBuf::from(path);
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(&path, version));
        opened.await.map_err(|error| ViewsError::Engine(error.to_string()))?
    }

    fn open_blocking(path: &std::path::Path, version: u32) -> Result<Self, ViewsError> {
        let mut connection = file::open_to_write(path, &schema::FORMAT)?;
        generations::prepare(&mut connection, version)?;
        let publish = Arc::new(watch::Sender::new(generations::serving_cursor(&connection)?.1));
        let writer = Arc::new(Threads::start("dateline-views-write", vec![connection])?);
        let connections = (0..READER_THREADS).map(|_| file::open_to_read(path, &schema::FORMAT)).collect::<Result<Vec<_>, FileError>>()?;
        let readers = Arc::new(Threads::start("dateline-views-read", connections)?);
        let poller = poll_cursor(file::open_to_read(path, &schema::FORMAT)?, Arc::clone(&publish))?;
        Ok(Self { writer, readers, publish, _poller: Arc::new(poller) })
    }

    pub(crate) async fn serving(&self) -> Result<Generation, ViewsError> {
        self.readers.run(|connection| Ok(generations::serving_cursor(connection)?.0)).await
    }

    pub(crate) async fn begin(&self, version: u32) -> Result<Generation, ViewsError> {
        self.writer.run(move |connection| generations::begin(connection, version)).await
    }

    pub(crate) async fn swap(&self, to: Generation) -> Result<(), ViewsError> {
        let cursor = self.writer.run(move |connection| generations::swap(connection, to)).await?;
        announce(&self.publish, cursor);
        Ok(())
    }

    pub(crate) async fn cursor(&self, generation: Generation) -> Result<Position, ViewsError> {
        self.readers.run(move |connection| generations::cursor(connection, generation.number)).await
    }

    pub(crate) async fn commit(&self, generation: Generation, from: Position, to: Position, rows: Rows) -> Result<(), ViewsError> {
        let serves = self.writer.run(move |connection| commit::commit(connection, generation.number, from, to, &rows)).await?;
        if serves {
            announce(&self.publish, to);
        }
        Ok(())
    }

    pub(crate) async fn load(&self, generation: Generation, needs: Needs) -> Result<Facts, ViewsError> {
        self.writer.run(move |connection| load::load(connection, generation.number, &needs)).await
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
        let work = move |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            groups::members(&Snapshot { transaction: &transaction, generation }, number)
        };
        self.writer.run(work).await
    }

    pub(crate) async fn anything_waits(&self, generation: Generation) -> Result<bool, ViewsError> {
        let work = move |connection: &mut Connection| {
            Ok(connection.query_row(&schema::sql(generation.number, "SELECT EXISTS (SELECT 1 FROM @waiting)"), [], |row| row.get(0))?)
        };
        self.writer.run(work).await
    }

    pub(crate) async fn list(&self, query: ListQuery) -> Result<Answer<Vec<SummaryRow>>, ViewsError> {
        query.check()?;
        self.read(move |snapshot| list::list(snapshot, &query)).await
    }

    pub(crate) async fn ever_listed(&self, service: String, after: IncidentNumber, limit: usize) -> Result<Answer<Vec<IncidentNumber>>, ViewsError> {
        limited("rows", limit, MAX_LISTED_ROWS)?;
        self.read(move |snapshot| list::ever_listed(snapshot, &service, after, limit)).await
    }

    pub(crate) async fn versions_of(&self, number: IncidentNumber, as_of: Position) -> Result<Answer<Option<SummaryRow>>, ViewsError> {
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

    pub(crate) fn watch_cursor(&self) -> watch::Receiver<Position> {
        self.publish.subscribe()
    }

    pub(crate) async fn limit_pages(&self, pages: u32) -> Result<(), ViewsError> {
        self.writer.run(move |connection| Ok(connection.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()))?)).await
    }

    /// Reads in one transaction, so that the cursor in the answer and the rows are of one moment.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<Answer<T>, ViewsError> {
        self.readers
            .run(move |connection| {
                let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
                let (generation, cursor) = generations::serving_cursor(&transaction)?;
                let value = work(&Snapshot { transaction: &transaction, generation })?;
                Ok(Answer { position: cursor, generation, value })
            })
            .await
    }
}

impl Snapshot<'_> {
    /// A statement on this generation's tables.
    fn prepare(&self, template: &str) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
        self.transaction.prepare_cached(&schema::sql(self.generation.number, template))
    }
}

fn poll_cursor(connection: Connection, publish: Arc<watch::Sender<Position>>) -> Result<Poller, FileError> {
    let poller = Poller::start(connection, move |connection| match generations::serving_cursor(connection) {
        Ok((_, cursor)) => announce(&publish, cursor),
        Err(error) => tracing::warn!(%error, "cannot read the cursor of the views; trying again"),
    })?;
    Ok(poller)
}
