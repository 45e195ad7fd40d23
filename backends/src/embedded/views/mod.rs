//! The views in one SQLite file: a writer thread for the projector, a few reading threads.
//!
//! What the rows mean is not known here. The tables of one generation carry its number before their names.

mod aside;
mod commit;
mod decode;
mod events;
mod generations;
mod groups;
mod list;
mod load;
mod opened;
mod schema;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use dateline_events::{EventKey, Position};
use dateline_timelines::rows::{EventRow, Facts, IncidentNumber, Needs, Rows, SummaryRow};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::watch;

use crate::query::{Change, EventState, Group, ListQuery, MAX_LISTED_ROWS, Members};
use crate::views::{Answer, Generation, Reached, SetAside, ViewsError, announce, limited};
use generations::Anew;
use opened::{FileId, Opened};

/// Views in a file. A file that turns out to be damaged is set aside, and another one is begun in its place.
#[derive(Clone, Debug)]
pub struct Views {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    version: u32,
    publish: Arc<watch::Sender<Reached>>,
    /// None only while the first opening fails.
    opened: RwLock<Option<Arc<Opened>>>,
    set_aside: watch::Sender<Option<SetAside>>,
    /// How far the ledger was known to reach: views that are begun anew, even twice, answer from there on at the earliest.
    reach: watch::Sender<Option<Position>>,
    /// For threads that look while others use it: they do not keep it.
    myself: Weak<Self>,
}

/// One read transaction on the serving generation.
struct Snapshot<'a> {
    transaction: &'a Transaction<'a>,
    generation: Generation,
}

impl Views {
    pub(crate) async fn open(path: &str, version: u32) -> Result<Self, ViewsError> {
        let path = PathBuf::from(path);
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(path, version));
        opened.await.map_err(|error| ViewsError::Engine(error.to_string()))?
    }

    fn open_blocking(path: PathBuf, version: u32) -> Result<Self, ViewsError> {
        let publish = Arc::new(watch::Sender::new(Reached::default()));
        let set_aside = watch::Sender::new(None);
        let mut failed = None;
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| {
            let opened = Opened::open(&path, version, &publish, shared, None).or_else(|error| {
                put_aside(&path, error, &set_aside)?;
                // How far it had read is not known any more: whoever opens the ledger says how far it must.
                Opened::open(&path, version, &publish, shared, Some(Anew { floor: None, above: 0 }))
            });
            let opened = opened.map_err(|error| failed = Some(error)).ok().map(Arc::new);
            Shared { path, version, publish, opened: RwLock::new(opened), set_aside, reach: watch::Sender::new(None), myself: shared.clone() }
        });
        failed.map_or(Ok(Self { shared }), Err)
    }

    /// Views that were begun anew, because the old file was damaged, answer from this position on, if nothing else is known.
    pub(crate) async fn must_reach(&self, position: Position) -> Result<(), ViewsError> {
        self.shared.reach.send_replace(Some(position));
        self.write(move |connection| generations::settle_floor(connection, position)).await
    }

    /// What was set aside since this process opened the views.
    pub(crate) fn set_aside(&self) -> Option<SetAside> {
        self.shared.set_aside.borrow().clone()
    }

    /// Whether there is no room for what should be written.
    pub(crate) fn is_full(&self) -> bool {
        self.shared.opened().is_ok_and(|opened| opened.alone.is_full())
    }

    pub(crate) async fn serving(&self) -> Result<Generation, ViewsError> {
        self.look(|connection| Ok(generations::serving_cursor(connection)?.0)).await
    }

    pub(crate) async fn begin(&self, version: u32) -> Result<Generation, ViewsError> {
        self.write(move |connection| generations::begin(connection, version)).await
    }

    pub(crate) async fn swap(&self, to: Generation) -> Result<(), ViewsError> {
        let cursor = self.write(move |connection| generations::swap(connection, to)).await?;
        announce(&self.shared.publish, Reached { generation: to.number, position: cursor });
        Ok(())
    }

    pub(crate) async fn forget_retired(&self) -> Result<(), ViewsError> {
        let path = self.shared.path.clone();
        self.write(move |connection| {
            generations::forget_retired(connection)?;
            aside::delete_all(&path).map_err(|error| ViewsError::Engine(format!("a file that was set aside cannot be deleted: {error}")))
        })
        .await
    }

    pub(crate) async fn cursor(&self, generation: Generation) -> Result<Position, ViewsError> {
        self.look(move |connection| generations::cursor(connection, generation.number)).await
    }

    pub(crate) async fn commit(&self, generation: Generation, from: Position, to: Position, rows: Rows) -> Result<(), ViewsError> {
        let committed = self.write(move |connection| commit::commit(connection, generation.number, from, to, &rows)).await;
        if let Ok(opened) = self.shared.opened() {
            opened.alone.note(committed == Err(ViewsError::Full));
        }
        if committed? {
            announce(&self.shared.publish, Reached { generation: generation.number, position: to });
        }
        Ok(())
    }

    pub(crate) async fn load(&self, generation: Generation, needs: Needs) -> Result<Facts, ViewsError> {
        self.write(move |connection| load::load(connection, generation.number, &needs)).await
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
        self.write(work).await
    }

    pub(crate) async fn anything_waits(&self, generation: Generation) -> Result<bool, ViewsError> {
        let work = move |connection: &mut Connection| {
            Ok(connection.query_row(&schema::sql(generation.number, "SELECT EXISTS (SELECT 1 FROM @waiting)"), [], |row| row.get(0))?)
        };
        self.write(work).await
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
        let (serving, position) = self.look(|connection| generations::serving_cursor(connection)).await?;
        let reached = Reached { generation: serving.number, position };
        announce(&self.shared.publish, reached);
        Ok(reached)
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.shared.opened().is_ok_and(|opened| opened.poller.is_current())
    }

    pub(crate) fn watch_reached(&self) -> watch::Receiver<Reached> {
        self.shared.publish.subscribe()
    }

    pub(crate) async fn limit_pages(&self, pages: u32) -> Result<(), ViewsError> {
        self.write(move |connection| Ok(connection.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()))?)).await
    }

    /// Reads in one transaction, so that the cursor in the answer and the rows are of one moment.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<Answer<T>, ViewsError> {
        let reading = move |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            let (generation, cursor) = generations::serving_cursor(&transaction)?;
            generations::check_floor(&transaction, cursor)?;
            let value = work(&Snapshot { transaction: &transaction, generation })?;
            Ok(Answer { position: cursor, generation, value })
        };
        let answer = self.look(reading).await?;
        // Whoever was told of a position is told of no lower one by what is only remembered.
        announce(&self.shared.publish, answer.reached());
        Ok(answer)
    }

    /// Runs work on a reading thread.
    async fn look<T: Send + 'static>(&self, work: impl FnOnce(&mut Connection) -> Result<T, ViewsError> + Send + 'static) -> Result<T, ViewsError> {
        let opened = self.shared.opened()?;
        let done = opened.readers.run(move |connected| connected.with(work)).await;
        self.renewed(&opened, done).await
    }

    /// Runs work on the writing thread.
    async fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut Connection) -> Result<T, ViewsError> + Send + 'static) -> Result<T, ViewsError> {
        let opened = self.shared.opened()?;
        let done = opened.writer.run(move |connected| connected.with(work)).await;
        self.renewed(&opened, done).await
    }

    /// Where the work found the file damaged, another one is begun before that is told.
    async fn renewed<T>(&self, opened: &Arc<Opened>, done: Result<T, ViewsError>) -> Result<T, ViewsError> {
        if let Err(error @ ViewsError::Damaged { .. }) = &done {
            let (shared, file, error) = (Arc::clone(&self.shared), opened.file, error.clone());
            let renewed = tokio::task::spawn_blocking(move || shared.renew(file, Some(error)));
            renewed.await.map_err(|error| ViewsError::Engine(error.to_string()))?;
        }
        done
    }
}

impl Shared {
    fn opened(&self) -> Result<Arc<Opened>, ViewsError> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.clone().ok_or_else(|| ViewsError::Engine("the views are not open".to_owned()))
    }

    /// Opens the path anew after a file was found damaged (`error`), or another process put another file there (None).
    fn renew(&self, failed: FileId, error: Option<ViewsError>) {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if opened.as_ref().is_none_or(|opened| opened.file != failed) {
            // Somebody was quicker.
            return;
        }
        let mut anew = None;
        // Another process may have set it aside already.
        if let Some(error) = error.filter(|_| FileId::at(&self.path) == Some(failed)) {
            if let Err(error) = put_aside(&self.path, error, &self.set_aside) {
                tracing::error!(%error, "the damaged file of views cannot be set aside; trying again when it is asked for again");
                return;
            }
            let known = self.publish.borrow().position;
            // Of views that were begun anew before, and had not read far yet, only the ledger's reach says how far they must.
            let floor = self.reach.borrow().map(|reach| reach.max(known)).or_else(|| (known > 0).then_some(known));
            anew = Some(Anew { floor, above: opened.as_ref().map_or(0, |opened| opened.generation) });
        }
        match Opened::open(&self.path, self.version, &self.publish, &self.myself, anew) {
            Ok(new) => *opened = Some(Arc::new(new)),
            Err(error) => tracing::error!(%error, "the views cannot be opened anew; trying again when they are asked for again"),
        }
    }
}

/// Sets a damaged file aside and says so; any other error is handed back.
fn put_aside(path: &std::path::Path, error: ViewsError, told: &watch::Sender<Option<SetAside>>) -> Result<(), ViewsError> {
    let ViewsError::Damaged { detail } = error else { return Err(error) };
    let to = aside::set_aside(path)
        .map_err(|error| ViewsError::Damaged { detail: format!("{detail}; and {} cannot be renamed: {error}", path.display()) })?;
    tracing::error!(file = %path.display(), to = %to.display(), detail, "the file of views is damaged: it is set aside, and the views are made anew from the ledger");
    told.send_replace(Some(SetAside { to: to.display().to_string(), detail }));
    Ok(())
}

impl Snapshot<'_> {
    /// A statement on this generation's tables.
    fn prepare(&self, template: &str) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
        self.transaction.prepare_cached(&schema::sql(self.generation.number, template))
    }
}
