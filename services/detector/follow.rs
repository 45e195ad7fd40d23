//! The detector at work: reads flushes, publishes what they show, and only then remembers that they were read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dateline_backends::{Keep, Reports};
use dateline_events::reports::Flush;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::book::{self, Page};
use super::desk::Desk;
use super::service::Said;
use crate::ask::{Asker, problem_text};
use crate::http::{Gate, Problem};
use crate::plot::Plot;
use crate::plots::{self, Which};

/// So many flushes are read at once.
const READ_FLUSHES: usize = 256;

/// Where there is nothing new it looks again after so long, in milliseconds.
const LOOK_AGAIN_MS: u64 = 200;

/// After a failure it waits so long before it tries again, in milliseconds; twice as long after each further one, up to the most.
const RETRY_FIRST_MS: u64 = 100;
const RETRY_MOST_MS: u64 = 10_000;

/// What was learned is written down so often, in milliseconds. What came since is read once more after a kill.
const REMEMBER_EVERY_MS: u64 = 60_000;

/// A service of which nobody says anything is written down again after so many flushes: a start reads no more than these once more.
const BEHIND_FLUSHES_MAX: u64 = 100_000;

/// The statuses of an event that no trying again makes better.
const NEVER_TAKEN: [u64; 3] = [400, 413, 422];

/// So many events go in one request.
const BATCH_EVENTS: usize = 500;

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

/// A detector that shows itself, and is ready to run.
#[derive(Debug)]
pub struct Detector {
    state: watch::Sender<State>,
}

impl Default for Detector {
    fn default() -> Self {
        Self { state: watch::channel(State::default()).0 }
    }
}

/// What it works with.
struct Work {
    reports: Reports,
    keep: Keep,
    asker: Arc<Asker>,
    desk: Desk,
    pages: HashMap<String, Page>,
    position: u64,
    state: watch::Sender<State>,
    remembered: Instant,
}

impl Detector {
    /// How it does, at `/v1/detector`.
    pub fn routes(&self, gate: &Gate) -> Router {
        let shown = (self.state.subscribe(), gate.clone());
        Router::new().route("/v1/detector", get(show)).with_state(shown)
    }

    /// Follows the log until told to stop.
    pub async fn run(self, reports: Reports, keep: Keep, asker: Arc<Asker>, mut stop: watch::Receiver<bool>) {
        let mut wait_ms = RETRY_FIRST_MS;
        while !*stop.borrow() {
            let followed = self.follow(reports.clone(), keep.clone(), asker.clone(), stop.clone(), &mut wait_ms).await;
            let Err(error) = followed else { return };
            tracing::error!(error = format!("{error:#}"), wait_ms, "the detector does not go on, and will try again");
            self.state.send_modify(|state| state.why = Some(format!("{error:#}")));
            let _ = tokio::time::timeout(Duration::from_millis(wait_ms), stop.wait_for(|stop| *stop)).await;
            wait_ms = (wait_ms * 2).min(RETRY_MOST_MS);
        }
    }

    async fn follow(
        &self,
        reports: Reports,
        keep: Keep,
        asker: Arc<Asker>,
        mut stop: watch::Receiver<bool>,
        wait_ms: &mut u64,
    ) -> anyhow::Result<()> {
        let (mut services, mut pages) = (Vec::new(), HashMap::new());
        for (name, service, page) in book::open(&keep).await? {
            pages.insert(name.clone(), page);
            services.push((name, service));
        }
        let desk = Desk::new(services);
        let position = desk.position().unwrap_or(0);
        let mut work = Work { reports, keep, asker, desk, pages, position, state: self.state.clone(), remembered: Instant::now() };
        loop {
            let is_caught_up = work.step().await?;
            *wait_ms = RETRY_FIRST_MS;
            if *stop.borrow() {
                return work.remember().await;
            }
            if work.remembered.elapsed() >= Duration::from_millis(REMEMBER_EVERY_MS) {
                work.remember().await?;
            }
            if is_caught_up {
                let _ = tokio::time::timeout(Duration::from_millis(LOOK_AGAIN_MS), stop.wait_for(|stop| *stop)).await;
            }
        }
    }
}

impl Work {
    /// Reads what is next, and publishes what it shows; true where nothing is left.
    async fn step(&mut self) -> anyhow::Result<bool> {
        let page = self.reports.read(self.position, READ_FLUSHES).await?;
        let missed = page.missed(self.position);
        if missed > 0 {
            tracing::warn!(missed, "flushes of reports were trimmed before the detector read them; what they counted is not known");
        }
        let (mut said, mut unreadable) = (Vec::new(), 0);
        let mut position = self.position;
        for kept in &page.flushes {
            match Flush::read(&kept.bytes) {
                Ok(flush) => said.extend(self.desk.take(kept.position, &flush)),
                Err(faults) => {
                    unreadable += 1;
                    tracing::error!(position = kept.position, %faults, "a flush of reports cannot be read; it is passed over");
                }
            }
            position = kept.position;
        }
        // Before the events: whoever sees one finds its picture. Of several of one anomaly the last is the one that stays.
        let pictures: BTreeMap<(&str, i64), &Plot> = said.iter().map(|said| ((said.service.as_str(), said.picture.0), &said.picture.1)).collect();
        for ((service, first_s), plot) in pictures {
            plots::put(&self.keep, service, Which::Anomaly(first_s), plot).await?;
        }
        let published = self.publish(&said).await?;
        self.position = position;
        let (services, series) = self.desk.size();
        let standing = self.desk.standing();
        let standing = standing.into_iter().map(|(service, since)| Standing {
            service: service.to_owned(),
            since: since.iter().map(|since_s| dateline_events::Instant(since_s * dateline_events::Instant::SECOND).to_string()).collect(),
        });
        let standing = standing.collect();
        self.state.send_modify(|state| {
            (state.position, state.head, state.services, state.series, state.standing) = (position, page.head, services, series, standing);
            state.missed += missed;
            state.unreadable += unreadable;
            state.published += published;
            state.why = None;
        });
        Ok(position >= page.head || page.flushes.is_empty())
    }

    /// Publishes; an id that is taken was said already.
    async fn publish(&self, said: &[Said]) -> anyhow::Result<u64> {
        let mut fresh = 0;
        for batch in said.chunks(BATCH_EVENTS) {
            let mut body = vec![b'['];
            body.extend(batch.iter().map(|said| said.event.as_slice()).collect::<Vec<_>>().join(&b','));
            body.push(b']');
            let (status, answer) = self.asker.post("/v1/events", "application/cloudevents-batch+json", body).await?;
            if status != StatusCode::CREATED && status != StatusCode::MULTI_STATUS {
                bail!(problem_text(status, &answer));
            }
            let answer: Value = serde_json::from_slice(&answer)?;
            let items = answer["items"].as_array().filter(|items| items.len() == batch.len()).context("the server did not answer every event")?;
            for (said, item) in batch.iter().zip(items) {
                let status = item["status"].as_u64().unwrap_or(500);
                match item.get("receipt") {
                    Some(receipt) if receipt["fresh"].as_bool() == Some(true) => {
                        fresh += 1;
                        tracing::info!("{}", said.sentence);
                    }
                    Some(_) => {}
                    None if status == u64::from(StatusCode::CONFLICT.as_u16()) => {}
                    // One that no intake takes stops nobody.
                    None if NEVER_TAKEN.contains(&status) => tracing::error!(problem = %item["problem"], "refused: {}", said.sentence),
                    None => bail!("{}: {}", said.sentence, item["problem"]),
                }
            }
        }
        Ok(fresh)
    }

    /// Writes down what changed.
    async fn remember(&mut self) -> anyhow::Result<()> {
        self.remembered = Instant::now();
        self.desk.reach(self.position);
        let due = self.desk.take_changed(self.position, BEHIND_FLUSHES_MAX);
        for (done, name) in due.iter().enumerate() {
            let Some(service) = self.desk.service(name) else { continue };
            if let Some(plot) = service.picture(self.desk.settings()) {
                plots::put(&self.keep, name, Which::Now, &plot).await?;
            }
            let saved = self.pages.entry(name.clone()).or_default().save(&self.keep, name, service).await;
            if let Err(error) = saved {
                self.desk.not_remembered(due[done..].iter().cloned());
                return Err(error);
            }
        }
        Ok(())
    }
}

async fn show(Shared((state, gate)): Shared<(watch::Receiver<State>, Gate)>, headers: HeaderMap) -> Result<Response, Problem> {
    gate.reader(&headers).await?;
    let state = state.borrow().clone();
    Ok(axum::Json(state).into_response())
}
