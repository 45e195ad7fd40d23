//! The detector at work: reads flushes, publishes what they show, and only then remembers that they were read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dateline_backends::{FlushPage, Reports, StateStore};
use dateline_events::reports::Flush;
use serde::Serialize;
use tokio::sync::watch;

use super::baselines::Baselines;
use super::bounds::{bound, now_minute};
use super::service::EventDraft;
use super::service_watches::ServiceWatches;
use crate::shared::api_client::ApiClient;
use crate::shared::following::{Follow, Step};
use crate::shared::http::{Gate, Problem};
use crate::shared::plot::Plot;
use crate::shared::plots;
use crate::shared::publisher::{Outcome, Publisher, TryAgain};
use crate::shared::supervise::{Progress, Roles};

/// So many flushes are read at once.
const READ_FLUSHES: usize = 256;

/// Where there is nothing new it looks again after so long, in milliseconds.
const LOOK_AGAIN_MS: u64 = 200;

/// What was learned is written down so often, in milliseconds. What came since is read once more after a kill.
const REMEMBER_EVERY_MS: u64 = 60_000;

/// Services and their series are counted so often, in milliseconds.
const SIZE_EVERY_MS: u64 = 10_000;

/// A log of reports that looks shorter than it was read is asked again for so long, in milliseconds, before that is believed.
const BELIEVED_AFTER_MS: u64 = 15_000;

/// How the detector does, for whoever asks.
#[derive(Debug, Clone, Default, Serialize)]
pub struct State {
    /// The last flush that was read.
    pub position: u64,
    /// The log's last flush.
    pub head: u64,
    /// Flushes that were trimmed before they were read.
    pub missed: u64,
    /// Flushes that could not be understood.
    pub unreadable: u64,
    /// Events that were published since the start.
    pub published: u64,
    /// Services that are watched.
    pub services: usize,
    /// Series of them that are watched.
    pub series: usize,
    /// What stands out now, by service, with when it began.
    pub standing: Vec<Standing>,
    /// Why it does not go on; left out while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A service in which something stands out.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// The service's slug.
    pub service: String,
    /// When each began.
    pub since: Vec<String>,
}

/// A detector that shows itself, and is ready to follow the log.
#[derive(Debug, Clone)]
pub struct Detector {
    state: watch::Sender<State>,
    roles: Roles,
}

/// A detector at the log.
pub struct Detecting {
    reports: Reports,
    state_store: StateStore,
    publisher: Publisher,
    watches: ServiceWatches,
    book: Baselines,
    state: watch::Sender<State>,
    remembered: Instant,
    /// When its services were last counted.
    sized: Option<Instant>,
    /// Since when the log looks shorter than it was read.
    shorter: Option<Instant>,
    /// True once an intake's clock was told to run ahead.
    told_ahead: bool,
}

impl Detector {
    /// Its name among the roles.
    pub const NAME: &str = "detector";

    /// One that says among the roles why it does not go on.
    pub fn new(roles: Roles) -> Self {
        Self { state: watch::channel(State::default()).0, roles }
    }

    /// How it does, at `/v1/detector`.
    pub fn routes(&self, gate: &Gate) -> Router {
        Router::new().route("/v1/detector", get(show)).with_state((self.clone(), gate.clone()))
    }

    /// Takes over what is remembered, to follow the log from there.
    pub async fn open(self, reports: Reports, state_store: StateStore, api: Arc<ApiClient>) -> anyhow::Result<Detecting> {
        let (book, remembered) = Baselines::open(&state_store).await?;
        let watches = ServiceWatches::new(remembered);
        let (remembered, state) = (Instant::now(), self.state);
        let publisher = Publisher::new(api);
        Ok(Detecting { reports, state_store, publisher, watches, book, state, remembered, sized: None, shorter: None, told_ahead: false })
    }
}

impl Follow for Detecting {
    type Page = FlushPage;
    type Error = anyhow::Error;

    /// The next flushes; none at first, and where it is time to write down what was learned.
    async fn next(&mut self) -> anyhow::Result<FlushPage> {
        loop {
            let page = self.reports.read(self.watches.position(), READ_FLUSHES).await?;
            let is_due = self.sized.is_none() || self.remembered.elapsed() >= Duration::from_millis(REMEMBER_EVERY_MS);
            if page.head < self.watches.position() {
                self.looks_shorter(page.head);
            } else if self.shorter.take().is_some() || is_due || !page.flushes.is_empty() {
                return Ok(page);
            }
            tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)).await;
        }
    }

    async fn take(&mut self, page: FlushPage) -> anyhow::Result<Step> {
        let progress = self.detect(page).await?;
        if self.remembered.elapsed() >= Duration::from_millis(REMEMBER_EVERY_MS) {
            self.remember().await?;
        }
        Ok(Step::Reached(progress))
    }

    async fn end(mut self) -> anyhow::Result<()> {
        self.remember().await
    }

    fn asks_to_wait(error: &anyhow::Error) -> Option<Duration> {
        error.downcast_ref::<TryAgain>()?.after
    }
}

impl Detecting {
    /// Publishes what flushes show.
    async fn detect(&mut self, page: FlushPage) -> anyhow::Result<Progress> {
        let missed = page.missed(self.watches.position());
        if missed > 0 {
            tracing::warn!(missed, "flushes of reports were trimmed before the detector read them; what they counted is not known");
        }
        let (mut said, mut unreadable) = (Vec::new(), 0);
        for kept in &page.flushes {
            match Flush::read(&kept.bytes) {
                Ok(mut flush) => {
                    if let Some(ahead_minutes) = bound(&mut flush, now_minute()) {
                        self.tell_ahead(ahead_minutes, &flush);
                    }
                    said.extend(self.watches.take(kept.position, &flush));
                }
                Err(faults) => {
                    unreadable += 1;
                    self.watches.pass_over(kept.position);
                    tracing::error!(position = kept.position, %faults, "a flush of reports cannot be read; it is passed over");
                }
            }
        }
        // Before the events: whoever sees one finds its picture. Of several of one anomaly the last is the one that stays.
        let pictures: BTreeMap<(&str, i64), &Plot> = said.iter().map(|said| ((said.service.as_str(), said.picture.0), &said.picture.1)).collect();
        for ((service, first_s), plot) in pictures {
            plots::put_anomaly(&self.state_store, service, first_s, plot).await?;
        }
        let published = self.publish(&said).await?;
        let is_last = page.flushes.last().is_none_or(|last| last.position >= page.head);
        let position = page.flushes.last().map_or(self.watches.position(), |last| last.position);
        // Counting many takes a moment: it is done now and then.
        let has_caught_up = is_last && !page.flushes.is_empty();
        let size = self.sized.is_none_or(|at| at.elapsed() >= Duration::from_millis(SIZE_EVERY_MS) || has_caught_up).then(|| self.watches.size());
        if size.is_some() {
            self.sized = Some(Instant::now());
        }
        let standing = self.watches.standing().map(|(service, since)| Standing {
            service: service.to_owned(),
            since: since.iter().map(|since_s| dateline_events::Instant(since_s * dateline_events::Instant::SECOND).to_string()).collect(),
        });
        let standing = standing.collect();
        self.state.send_modify(|state| {
            (state.position, state.head, state.standing) = (position, page.head, standing);
            if let Some((services, series)) = size {
                (state.services, state.series) = (services, series);
            }
            state.missed += missed;
            state.unreadable += unreadable;
            state.published += published;
            state.why = None;
        });
        Ok(Progress { position, head: page.head })
    }

    /// The log ends before what was read of it. A server may only be finding its place: it is asked again, and nothing is published
    /// meanwhile. Then it is another log.
    fn looks_shorter(&mut self, head: u64) {
        let read = self.watches.position();
        let since = *self.shorter.get_or_insert_with(Instant::now);
        if since.elapsed() < Duration::from_millis(BELIEVED_AFTER_MS) {
            let why = format!("the log of reports looks shorter ({head}) than it was read ({read}); it is asked again before that is believed");
            self.state.send_modify(|state| state.why = Some(why));
            return;
        }
        tracing::error!(
            head,
            read,
            "the log of reports is another one than was read so far; it is read from its beginning, and what was counted is dropped"
        );
        self.watches.begin_again();
    }

    /// Says it once: an intake says so with every flush.
    fn tell_ahead(&mut self, ahead_minutes: i64, flush: &Flush) {
        if !std::mem::replace(&mut self.told_ahead, true) {
            let run = flush.run.to_string();
            tracing::warn!(
                run,
                ahead_minutes,
                "an intake gives times ahead of this machine's clock; they are not believed. See whose clock is wrong"
            );
        }
    }

    /// Publishes; an id that is taken was said already, and an event that no intake takes stops nobody.
    async fn publish(&self, said: &[EventDraft]) -> anyhow::Result<u64> {
        let events: Vec<&[u8]> = said.iter().map(|said| said.event.as_slice()).collect();
        let mut fresh = 0;
        for (said, outcome) in said.iter().zip(self.publisher.publish(&events).await) {
            match outcome {
                Outcome::Fresh(_) => {
                    fresh += 1;
                    tracing::info!("{}", said.sentence);
                }
                Outcome::Known(_) => {}
                Outcome::Conflict(why) => tracing::warn!(why, "said otherwise before, and not again: {}", said.sentence),
                Outcome::Refused(why) => tracing::error!(why, "refused: {}", said.sentence),
                Outcome::TryAgain(again) => return Err(anyhow::Error::new(again).context(said.sentence.clone())),
            }
        }
        Ok(fresh)
    }

    /// Writes down what changed.
    async fn remember(&mut self) -> anyhow::Result<()> {
        self.remembered = Instant::now();
        let changed = self.watches.take_changed();
        for name in &changed {
            if let Some(plot) = self.watches.services().get(name).and_then(|service| service.picture(self.watches.settings())) {
                plots::put_now(&self.state_store, name, &plot).await?;
            }
        }
        self.book.save(&self.state_store, self.watches.position(), self.watches.ticks(), self.watches.services(), changed.iter()).await
    }
}

async fn show(Shared((detector, gate)): Shared<(Detector, Gate)>, headers: HeaderMap) -> Result<Response, Problem> {
    gate.reader(&headers).await?;
    let mut state = detector.state.borrow().clone();
    state.why = detector.roles.remark_on(Detector::NAME).or(state.why);
    Ok(axum::Json(state).into_response())
}
