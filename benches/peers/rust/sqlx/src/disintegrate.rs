//! disintegrate-postgres: an incident is a domain id, and each append says the last event of the incident that the caller knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use disintegrate::serde::json::Json;
use disintegrate::{Event, EventListener, EventStore, PersistedEvent, StreamItem, StreamQuery, query};
use disintegrate_postgres::{PgEventId, PgEventListener, PgEventListenerConfig, PgEventStore};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::Notify;

use crate::shared::{self, Failure, Said};

/// How often the listener asks, when it has caught up.
const POLL: Duration = Duration::from_millis(50);

/// Events that the listener fetches at a time.
const FETCHED: usize = 1_000;

/// The event: the document with its incident.
#[derive(Debug, Clone, PartialEq, Event, Serialize, Deserialize)]
pub enum Heard {
    /// The only kind.
    Reported {
        /// Which incident.
        #[id]
        incident: String,
        /// The document as it is.
        document: serde_json::Value,
    },
}

type Events = PgEventStore<Heard, Json<Heard>>;

/// A database with its tables.
pub struct Store {
    pool: PgPool,
    events: Events,
}

/// The store as one caller uses it, and the last event of its incident.
pub struct Caller {
    events: Events,
    last: PgEventId,
}

/// The projection: how many events an incident has.
struct Counting {
    pool: PgPool,
    query: StreamQuery<PgEventId, Heard>,
    handled: Arc<AtomicU64>,
    all: u64,
    done: Arc<Notify>,
}

impl Store {
    /// Creates the tables.
    pub async fn create(pool: PgPool) -> Result<Self, Failure> {
        Ok(Self { events: PgEventStore::try_new(pool.clone(), Json::default()).await?, pool })
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, _: usize) -> Result<Caller, Failure> {
        Ok(Caller { events: self.events.clone(), last: 0 })
    }

    async fn replay(&self) -> Result<u64, Failure> {
        let all = query!(Heard);
        let mut stream = self.events.stream(&all);
        let (mut count, mut last) = (0, 0);
        while let Some(item) = stream.next().await {
            let StreamItem::Event(event) = item? else { continue };
            if event.id() <= last {
                return Err(format!("event {} follows {last}", event.id()).into());
            }
            (count, last) = (count + 1, event.id());
        }
        Ok(count)
    }

    /// A listener that begins at the first event.
    async fn rebuild(&self, at_most: Duration) -> Result<Option<u64>, Failure> {
        sqlx::query("CREATE TABLE counts (incident text PRIMARY KEY, events bigint NOT NULL)").execute(&self.pool).await?;
        let (all,): (i64,) = sqlx::query_as("SELECT count(*) FROM event").fetch_one(&self.pool).await?;
        let (handled, done) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        let counting =
            Counting { pool: self.pool.clone(), query: query!(Heard), handled: Arc::clone(&handled), all: all as u64, done: Arc::clone(&done) };
        PgEventListener::builder(self.events.clone())
            .register_listener(counting, PgEventListenerConfig::poller(POLL).fetch_size(FETCHED))
            .start_with_shutdown(async move {
                tokio::select! {
                    () = done.notified() => {}
                    () = tokio::time::sleep(at_most) => {}
                }
            })
            .await?;
        Ok(Some(handled.load(Ordering::SeqCst)))
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        let Some(first) = said.first() else { return Ok(()) };
        let incident = first.incident.to_string();
        let last = if first.version == 0 { 0 } else { self.last };
        let heard = |said: &Said| Ok(Heard::Reported { incident: incident.clone(), document: serde_json::from_str(&said.document)? });
        let events = said.iter().map(heard).collect::<Result<Vec<_>, Failure>>()?;
        let of_incident = query!(Heard; incident == incident.clone());
        let stored = self.events.append(events, of_incident, last).await?;
        self.last = stored.last().map_or(last, PersistedEvent::id);
        Ok(())
    }
}

#[async_trait]
impl EventListener<PgEventId, Heard> for Counting {
    type Error = sqlx::Error;

    fn id(&self) -> &'static str {
        "counting"
    }

    fn query(&self) -> &StreamQuery<PgEventId, Heard> {
        &self.query
    }

    async fn handle(&self, event: PersistedEvent<PgEventId, Heard>) -> Result<(), sqlx::Error> {
        let Heard::Reported { incident, .. } = &*event;
        sqlx::query("INSERT INTO counts VALUES ($1, 1) ON CONFLICT (incident) DO UPDATE SET events = counts.events + 1")
            .bind(incident)
            .execute(&self.pool)
            .await?;
        if self.handled.fetch_add(1, Ordering::SeqCst) + 1 == self.all {
            self.done.notify_one();
        }
        Ok(())
    }
}
