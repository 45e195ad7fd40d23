//! The watcher: reads vendors' status pages, politely, and publishes what they say like any other publisher.
//! What a page means is decided in `dateline_status_pages`; here is when and whence it is read, and what is remembered of it. `import`
//! does the same with files.
//!
//! It writes nothing but its own memory in the state store, and nothing it reads is trusted: not an address, not a size, not a promise.

mod address;
mod body;
mod page_memory;
mod budget;
mod fetch;
mod feed_state;
mod meters;
mod pages;
mod outbox;
mod published;
mod schedule;
mod page_publisher;
mod state;
mod turn;
pub mod import;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use dateline_backends::{StateError, StateStore, now};
use dateline_events::hexadecimal;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant as Monotonic;

use crate::shared::api_client::ApiClient;
use crate::shared::http::Gate;
use crate::shared::supervise::Roles;
use body::{MAX_HELD_BYTES, Store};
use fetch::Fetcher;
use meters::Meters;
use page_publisher::PagePublisher;
use pages::Feed;
use schedule::{Ended, HOST_PAUSE_MS, Millis, Planned, Schedule};
use state::WatchStatus;
use turn::{Place, Turn, TurnContext, page_of};

pub use address::Reach;
pub use budget::resume as resume_page;
pub use pages::{Watched, read as read_pages};

/// Told to stop, a watcher waits so long for turns under way, in milliseconds.
pub const STOP_MS: u64 = 5_000;

/// Places are loaded from the state store so many at once.
const LOADED_AT_ONCE: usize = 32;

/// A feed whose place cannot be loaded is tried again after so long, in milliseconds.
const LOAD_AGAIN_MS: u64 = 10_000;

/// A watcher that is ready to run, and shows itself from the first. Cheap to clone; one of the clones runs.
#[derive(Clone)]
pub struct Watcher {
    feeds: Vec<Arc<Feed>>,
    fetcher: Fetcher,
    meters: Arc<Meters>,
    board: WatchStatus,
    roles: Roles,
    pause_ms: u64,
}

/// A watcher at work.
struct Round {
    feeds: Vec<Arc<Feed>>,
    context: Arc<TurnContext>,
    board: WatchStatus,
    schedule: Schedule,
    /// None while a feed has its turn, and where its place was lost.
    places: Vec<Option<Place>>,
    turns: JoinSet<Result<Turn, StateError>>,
    /// Whose turn a task is.
    whose: HashMap<Id, usize>,
    begun: Monotonic,
    stop: watch::Receiver<bool>,
}

impl Watcher {
    /// A watcher of these pages, which shows among the roles what somebody should look at.
    pub fn new(watched: Watched, reach: Reach, roles: Roles) -> anyhow::Result<Self> {
        let feeds: Vec<Arc<Feed>> = watched.feeds.into_iter().map(Arc::new).collect();
        let meters = Arc::new(Meters::new());
        let board = WatchStatus::new(&feeds, meters.clone(), roles.clone());
        // A redirect may lead from http to https, so certificates are needed wherever strangers are asked.
        let needs_tls = reach == Reach::Public || feeds.iter().any(|feed| feed.url.scheme() == "https");
        let fetcher = Fetcher::new(reach, watched.contact.as_deref(), needs_tls, Store::new(MAX_HELD_BYTES))?;
        let pause_ms = if reach == Reach::Everything { 0 } else { HOST_PAUSE_MS };
        Ok(Self { feeds, fetcher, meters, board, roles, pause_ms })
    }

    /// `/v1/watch` and `/metrics`.
    pub fn routes(&self, gate: &Gate) -> Router {
        self.board.routes(gate)
    }

    /// Watches until told to stop. What is published goes through the client; what is remembered stands in the state store.
    pub async fn run(self, api: Arc<ApiClient>, state_store: StateStore, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let allowances = self.feeds.iter().map(|feed| (feed.page.service.clone(), feed.allowance)).collect();
        let page_publisher = PagePublisher::open(api, state_store.clone()).await?.allowing(allowances);
        self.look_for_stopped(&state_store).await?;
        let places: Vec<Place> =
            stream::iter(self.feeds.iter().cloned()).map(|feed| Place::load(&state_store, feed)).buffered(LOADED_AT_ONCE).try_collect().await?;
        let now = now();
        let planned = self.feeds.iter().zip(&places).map(|(feed, place)| {
            let every_ms = u64::from(feed.every_s) * 1_000;
            Planned {
                host: feed.url.host_str().unwrap_or_default(),
                every_ms,
                seed: seed(feed),
                failures: place.entry.memory.failures,
                not_before: place.entry.memory.waits_ms(every_ms, now),
            }
        });
        let schedule = Schedule::new(planned, self.pause_ms);
        let by = name_of_this_watcher()?;
        let round = Round {
            feeds: self.feeds,
            context: Arc::new(TurnContext { fetcher: self.fetcher, page_publisher, state_store, meters: self.meters, by, roles: self.roles }),
            board: self.board,
            schedule,
            places: places.into_iter().map(Some).collect(),
            turns: JoinSet::new(),
            whose: HashMap::new(),
            begun: Monotonic::now(),
            stop,
        };
        round.run().await;
        Ok(())
    }
}

impl Watcher {
    /// What stopped before this process began is still stopped.
    async fn look_for_stopped(&self, state_store: &StateStore) -> Result<(), StateError> {
        let services: BTreeSet<String> = self.feeds.iter().map(|feed| feed.page.service.clone()).collect();
        let looks = stream::iter(services).map(|service| {
            let state_store = state_store.clone();
            async move { budget::stopped(&state_store, &service).await.map(|over| (service, over)) }
        });
        let found: Vec<_> = looks.buffered(LOADED_AT_ONCE).try_collect().await?;
        for (service, over) in found {
            if let Some(over) = over {
                tracing::error!(service, %over, "a page is stopped");
                self.roles.remark(&page_of(&service), &over.to_string());
            }
        }
        Ok(())
    }
}

impl Round {
    async fn run(mut self) {
        for (feed, place) in self.places.iter().enumerate() {
            if let Some(place) = place {
                self.board.remembered(feed, &place.entry.memory, self.next_read(feed));
            }
        }
        let mut stop = self.stop.clone();
        loop {
            while let Some(feed) = self.schedule.next(self.millis()) {
                self.begin(feed);
            }
            let wake = self.schedule.wake().map(|at| self.begun + Duration::from_millis(at));
            tokio::select! {
                Some(ended) = self.turns.join_next_with_id() => self.settle(ended),
                () = sleep_until(wake) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        // What was read is brought to an end; what hangs is dropped, and read again after the next start.
        let ending = async { while self.turns.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_millis(STOP_MS), ending).await.is_err() {
            tracing::warn!("some readings were not published within {STOP_MS} ms; they are read again after the next start");
        }
        self.turns.shutdown().await;
    }

    fn begin(&mut self, feed: usize) {
        self.board.began(feed);
        let (context, stop, subject) = (self.context.clone(), self.stop.clone(), self.feeds[feed].clone());
        let place = self.places[feed].take();
        let task = self.turns.spawn(async move {
            let place = match place {
                Some(place) => place,
                None => Place::load(&context.state_store, subject).await?,
            };
            Ok(context.turn(place, stop).await)
        });
        self.whose.insert(task.id(), feed);
    }

    fn settle(&mut self, ended: Result<(Id, Result<Turn, StateError>), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, Ok(turn))) => (id, Ok(turn)),
            Ok((id, Err(error))) => (id, Err((format!("what is remembered of it cannot be had: {error}"), Ended::Again { after_ms: LOAD_AGAIN_MS }))),
            Err(error) => (error.id(), Err((format!("reading it failed here: {error}"), Ended::Failed { retry_after_ms: None }))),
        };
        let Some(feed) = self.whose.remove(&id) else { return };
        let now = self.millis();
        match outcome {
            Ok(turn) => {
                self.schedule.done(feed, now, turn.ended);
                self.board.ended(feed, &turn, self.next_read(feed));
                self.places[feed] = Some(turn.place);
            }
            Err((why, ended)) => {
                tracing::error!(url = %self.feeds[feed].url, why, "a feed's turn ended without an answer");
                self.schedule.done(feed, now, ended);
                self.board.broke(feed, &why, self.next_read(feed));
            }
        }
    }

    fn millis(&self) -> Millis {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    /// When a feed is to be read next, by the clock on the wall.
    fn next_read(&self, feed: usize) -> dateline_events::Instant {
        let wait_ms = self.schedule.next_of(feed).saturating_sub(self.millis());
        now().plus(i64::try_from(wait_ms).unwrap_or(i64::MAX).saturating_mul(1_000))
    }
}

async fn sleep_until(wake: Option<Monotonic>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

/// The same at every start, and another one for every address.
fn seed(feed: &Feed) -> u64 {
    let digest = Sha256::digest(feed.url.as_str().as_bytes());
    digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

fn name_of_this_watcher() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes)?;
    Ok(hexadecimal(&bytes))
}
