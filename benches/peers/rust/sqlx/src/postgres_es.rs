//! postgres-es with cqrs-es: an incident is an aggregate, and its events are committed after the sequence that the caller knows.
//!
//! The framework would load the aggregate before each command; the commit alone is timed here, which is the cheaper use.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{EventStoreAggregateContext, GenericQuery, PersistedEventRepository, PersistedEventStore, QueryReplay};
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, EventStore, View};
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::shared::{self, Failure, Said};

/// Events that the repository may send ahead while it streams.
const STREAMED_AHEAD: usize = 1_000;

/// A database with the tables of its `db/init.sql`.
pub struct Store(PgPool);

/// The store as one caller uses it.
pub struct Caller(PersistedEventStore<PostgresEventRepository, Incident>);

/// The aggregate; it has no state of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Incident {}

/// The event: the document as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reported(serde_json::Value);

/// The projection: how many events an incident has.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Count {
    events: u64,
}

impl DomainEvent for Reported {
    fn event_type(&self) -> String {
        "ReportsObserved".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Aggregate for Incident {
    const TYPE: &'static str = "incident";
    type Command = Reported;
    type Event = Reported;
    type Error = std::io::Error;
    type Services = ();

    async fn handle(&mut self, command: Reported, (): &(), sink: &EventSink<Self>) -> Result<(), std::io::Error> {
        sink.write(command, self).await;
        Ok(())
    }

    fn apply(&mut self, _: Reported) {}
}

impl View<Incident> for Count {
    fn update(&mut self, _: &EventEnvelope<Incident>) {
        self.events += 1;
    }
}

impl Store {
    /// Over connections that all callers share.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    fn repository(&self) -> PostgresEventRepository {
        PostgresEventRepository::new(self.0.clone()).with_streaming_channel_size(STREAMED_AHEAD)
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, _: usize) -> Result<Caller, Failure> {
        Ok(Caller(PersistedEventStore::new_event_store(self.repository())))
    }

    /// In the order of the table: the store keeps an order within an aggregate only.
    async fn replay(&self) -> Result<u64, Failure> {
        let mut stream = self.repository().stream_all_events::<Incident>().await?;
        let mut count = 0;
        while let Some(event) = stream.next::<Incident>(&[]).await {
            event?;
            count += 1;
        }
        Ok(count)
    }

    /// Aggregate by aggregate, since the whole takes minutes: each event is a read and a synced write of its view.
    async fn rebuild(&self, at_most: Duration) -> Result<Option<u64>, Failure> {
        let counts: Vec<(String, i64)> = sqlx::query_as("SELECT aggregate_id, count(*) FROM events WHERE aggregate_type = $1 GROUP BY aggregate_id")
            .bind(Incident::TYPE)
            .fetch_all(&self.0)
            .await?;
        let views = Arc::new(PostgresViewRepository::<Count, Incident>::new("test_view", self.0.clone()));
        let mut query = GenericQuery::new(views);
        query.use_error_handler(Box::new(|error| eprintln!("a view failed: {error}")));
        let mut replay = QueryReplay::<_, _, Incident>::new(self.repository(), query);
        replay.use_error_handler(Box::new(|error| eprintln!("an event failed: {error}")));
        let (begun, mut events) = (Instant::now(), 0);
        for (incident, count) in counts {
            if begun.elapsed() > at_most {
                break;
            }
            replay.replay(&incident).await?;
            events += count as u64;
        }
        Ok(Some(events))
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        let Some(first) = said.first() else { return Ok(()) };
        let known = EventStoreAggregateContext {
            aggregate_id: first.incident.to_string(),
            aggregate: Incident::default(),
            current_sequence: first.version as usize,
            current_snapshot: None,
        };
        let events = said.iter().map(|said| serde_json::from_str(&said.document).map(Reported)).collect::<Result<_, _>>()?;
        self.0.commit(events, known, HashMap::new()).await?;
        Ok(())
    }
}
