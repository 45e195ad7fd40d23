//! What a watcher shows of itself: `GET /v1/watch` (every feed: what is known of it, since when, and when it is read next), and
//! `GET /metrics`. Read by whoever may read.
//!
//! Nothing is decided here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State as Shared;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use dateline_backends::now;
use dateline_events::Instant;
use serde::Serialize;

use super::feed_state::{FeedState, State};
use super::meters::Meters;
use super::pages::Feed;
use super::turn::{Turn, page_of};
use crate::shared::http::{Gate, Problem};
use crate::shared::supervise::Roles;

/// What is shown. Cheap to clone.
#[derive(Clone)]
pub struct WatchStatus {
    rows: Arc<Mutex<Vec<Row>>>,
    meters: Arc<Meters>,
    roles: Roles,
    since: Instant,
}

/// A feed as it is shown.
#[derive(Debug, Clone)]
pub struct Row {
    feed: Arc<Feed>,
    memory: FeedState,
    next_read: Option<Instant>,
    in_flight: bool,
    standing_by: bool,
    unpublished: bool,
    counts: Counts,
}

/// What was made of readings since this process began.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Counts {
    events_published: u64,
    events_known: u64,
    edits_published: u64,
    parts_refused: u64,
}

#[derive(Serialize)]
struct WatchStatusForm {
    since: Instant,
    now: Instant,
    totals: Totals,
    feeds: Vec<FeedForm>,
}

#[derive(Default, Serialize)]
struct Totals {
    feeds: usize,
    seen: usize,
    absent: usize,
    unreadable: usize,
    waiting: usize,
    in_flight: usize,
    standing_by: usize,
    stopped: usize,
    unpublished: usize,
    incidents: u64,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct FeedForm {
    service: String,
    url: String,
    dialect: &'static str,
    every_s: u32,
    state: &'static str,
    last_read: Option<Instant>,
    last_tried: Option<Instant>,
    next_read: Option<Instant>,
    failures: u32,
    why: Option<String>,
    in_flight: bool,
    standing_by: bool,
    /// Its page brought more than it may; `why` says how much, and what to do.
    stopped: bool,
    unpublished: bool,
    incidents: u64,
    #[serde(flatten)]
    counts: Counts,
}

impl WatchStatus {
    /// A board of these feeds, of which nothing is known yet.
    pub fn new(feeds: &[Arc<Feed>], meters: Arc<Meters>, roles: Roles) -> Self {
        let row = |feed: &Arc<Feed>| Row {
            feed: feed.clone(),
            memory: FeedState::default(),
            next_read: None,
            in_flight: false,
            standing_by: false,
            unpublished: false,
            counts: Counts::default(),
        };
        Self { rows: Arc::new(Mutex::new(feeds.iter().map(row).collect())), meters, roles, since: now() }
    }

    /// The routes that show it.
    pub fn routes(&self, gate: &Gate) -> Router {
        Router::new().route("/v1/watch", get(state)).route("/metrics", get(metrics)).with_state((self.clone(), gate.clone()))
    }

    /// Shows what is remembered of a feed, and when it is read next.
    pub fn remembered(&self, feed: usize, memory: &FeedState, next_read: Instant) {
        let row = &mut self.rows()[feed];
        row.memory = memory.clone();
        row.next_read = Some(next_read);
    }

    /// Shows that a feed's turn has come.
    pub fn began(&self, feed: usize) {
        self.rows()[feed].in_flight = true;
    }

    /// Shows how a feed's turn ended.
    pub fn ended(&self, feed: usize, turn: &Turn, next_read: Instant) {
        let row = &mut self.rows()[feed];
        row.memory = turn.place.entry.memory.clone();
        row.next_read = Some(next_read);
        (row.in_flight, row.standing_by, row.unpublished) = (false, turn.place.standing_by, turn.place.unpublished.is_some());
        row.counts.add(&Counts {
            events_published: turn.taken.published as u64,
            events_known: turn.taken.known as u64,
            edits_published: turn.taken.edits as u64,
            parts_refused: turn.taken.refused.len() as u64,
        });
    }

    /// Shows that a feed's turn ended without an answer.
    pub fn broke(&self, feed: usize, why: &str, next_read: Instant) {
        let row = &mut self.rows()[feed];
        row.memory.state = State::Unreadable;
        row.memory.set_why(why);
        row.next_read = Some(next_read);
        row.in_flight = false;
    }

    /// Nothing panics while it holds the rows; and if it did, they would still be rows.
    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, further: &Self) {
        self.events_published += further.events_published;
        self.events_known += further.events_known;
        self.edits_published += further.edits_published;
        self.parts_refused += further.parts_refused;
    }
}

impl Row {
    fn form(&self, roles: &Roles) -> FeedForm {
        let stopped = roles.remark_on(&page_of(&self.feed.page.service));
        FeedForm {
            service: self.feed.page.service.clone(),
            url: self.feed.url.to_string(),
            dialect: self.feed.dialect.name(),
            every_s: self.feed.every_s,
            state: self.memory.state.name(),
            last_read: self.memory.last_read,
            last_tried: self.memory.last_tried,
            next_read: self.next_read,
            failures: self.memory.failures,
            stopped: stopped.is_some(),
            why: stopped.or_else(|| self.memory.why.clone()),
            in_flight: self.in_flight,
            standing_by: self.standing_by,
            unpublished: self.unpublished,
            incidents: self.memory.incidents,
            counts: self.counts,
        }
    }
}

impl Totals {
    fn of(rows: &[Row]) -> Self {
        let mut totals = Self { feeds: rows.len(), ..Self::default() };
        for row in rows {
            match row.memory.state {
                State::Waiting => totals.waiting += 1,
                State::Seen => totals.seen += 1,
                State::Absent => totals.absent += 1,
                State::Unreadable => totals.unreadable += 1,
            }
            totals.in_flight += usize::from(row.in_flight);
            totals.standing_by += usize::from(row.standing_by);
            totals.unpublished += usize::from(row.unpublished);
            totals.incidents += row.memory.incidents;
            totals.counts.add(&row.counts);
        }
        totals
    }
}

async fn state(Shared((board, gate)): Shared<(WatchStatus, Gate)>, headers: HeaderMap) -> Result<Response, Problem> {
    gate.reader(&headers).await?;
    let told = {
        let rows = board.rows();
        let feeds: Vec<FeedForm> = rows.iter().map(|row| row.form(&board.roles)).collect();
        let stopped = feeds.iter().filter(|feed| feed.stopped).count();
        WatchStatusForm { since: board.since, now: now(), totals: Totals { stopped, ..Totals::of(&rows) }, feeds }
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(told)).into_response())
}

async fn metrics(Shared((board, gate)): Shared<(WatchStatus, Gate)>, headers: HeaderMap) -> Result<Response, Problem> {
    gate.reader(&headers).await?;
    {
        let rows = board.rows();
        let in_state = |state: State| rows.iter().filter(|row| row.memory.state == state).count();
        for state in State::ALL {
            board.meters.feeds(state).set(in_state(state) as f64);
        }
        board.meters.in_flight.set(rows.iter().filter(|row| row.in_flight).count() as f64);
        board.meters.stopped.set(rows.iter().filter(|row| board.roles.remark_on(&page_of(&row.feed.page.service)).is_some()).count() as f64);
        // What was never read counts from the start of this process.
        let oldest = rows.iter().map(|row| row.memory.last_read.unwrap_or(board.since)).min().unwrap_or(board.since);
        board.meters.since_read.set((now().0 - oldest.0).max(0) as f64 / Instant::SECOND as f64);
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], board.meters.text()).into_response())
}
