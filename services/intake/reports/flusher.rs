//! The flushes: what arrives while one is written goes into the next, and everybody is answered when theirs is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use dateline_backends::{Reports, ReportsError};
use dateline_events::reports::{Count, Flush, Run};
use dateline_events::{Instant, Position};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::time::Instant as Clock;

use super::Beats;
use super::gather::Gathered;
use crate::shared::http::Problem;
use crate::shared::supervise::Roles;

/// From the beginning of one flush to that of the next, in milliseconds, where the first did not fill up: ten flushes a second.
///
/// A request that finds the door quiet is written at once; under load it waits half of this on the average, which nobody notices who
/// just told of an outage. In return the log grows by ten records a second at most, however many report: by what is counted apart,
/// not by reports.
const FLUSH_EVERY_MS: u64 = 100;

/// An intake to which nobody reports says so once in so many milliseconds, by a flush of nothing: without it nobody could tell quiet from
/// an intake that is down.
const BEAT_EVERY_MS: u64 = 60_000;

/// Requests that may wait for a flush; beyond, 503.
const MAX_WAITING_REQUESTS: usize = 4_096;

/// Counts that may wait for a flush, of about 200 bytes each; beyond, 503.
const MAX_WAITING_COUNTS: usize = 100_000;

/// A flush of which nobody knows whether it was stored is appended again, under its name, so often; and the pause before, in
/// milliseconds. Then its callers are told to come again, and what they bring may count twice.
const TRIES: u32 = 3;
const RETRY_MS: u64 = 200;

/// The counts of one request, on their way into a flush.
#[derive(Debug)]
struct Request {
    counts: Vec<Count>,
    /// Set by whoever is first: the flush that takes it, or the caller who waits no longer.
    claimed: Arc<AtomicBool>,
    answer: oneshot::Sender<Result<Position, ReportsError>>,
}

/// The way to the flushes.
#[derive(Debug)]
pub(super) struct Flusher {
    queue: mpsc::Sender<Request>,
    waiting_counts: Arc<AtomicUsize>,
}

impl Flusher {
    /// Starts it; it ends when the last way to it is gone, and writes before what waits then.
    pub(super) fn start(reports: Reports, beats: Beats, roles: Roles, stop: watch::Receiver<bool>) -> Self {
        let (queue, requests) = mpsc::channel(MAX_WAITING_REQUESTS);
        let waiting_counts = Arc::new(AtomicUsize::new(0));
        let flushing = Flushing {
            reports,
            run: Run(uuid::Uuid::now_v7().as_u128()),
            number: 0,
            requests,
            held: None,
            waiting_counts: waiting_counts.clone(),
            beats,
        };
        // Started again after a panic, it goes on with its queue; whoever waited for the flush that broke off is told that it failed.
        let flushing = Arc::new(Mutex::new(flushing));
        let told = stop.clone();
        let run = move || {
            let (flushing, mut told) = (flushing.clone(), told.clone());
            async move {
                flushing.lock().await.run().await;
                // An error means that whoever could say it is gone.
                let _ = told.wait_for(|stop| *stop).await;
            }
        };
        tokio::spawn(roles.keep_up("flushes of reports", stop, run));
        Self { queue, waiting_counts }
    }

    /// Waits until the counts are durable; answers where their flush stands. They must fit into one. What no flush has taken after so
    /// long is taken back, and was not counted; what one has taken is waited for to its end.
    pub(super) async fn flush(&self, counts: Vec<Count>, wait: Duration) -> Result<Position, Problem> {
        let count = counts.len();
        if self.waiting_counts.fetch_add(count, Ordering::Relaxed) > MAX_WAITING_COUNTS {
            self.waiting_counts.fetch_sub(count, Ordering::Relaxed);
            return Err(overloaded());
        }
        let (answer, mut answered) = oneshot::channel();
        let claimed = Arc::new(AtomicBool::new(false));
        if self.queue.try_send(Request { counts, claimed: claimed.clone(), answer }).is_err() {
            self.waiting_counts.fetch_sub(count, Ordering::Relaxed);
            return Err(overloaded());
        }
        let in_time = tokio::time::timeout(wait, &mut answered).await.ok();
        let answered = match in_time {
            Some(answered) => answered,
            None if !claimed.swap(true, Ordering::AcqRel) => return Err(taken_back(wait)),
            None => answered.await,
        };
        match answered {
            Ok(flushed) => Ok(flushed?),
            Err(_) => {
                Err(Problem::internal("the flush broke off, and whether it was written is not known; send it again with the same Idempotency-Key"))
            }
        }
    }
}

fn overloaded() -> Problem {
    let detail = format!(
        "more than {MAX_WAITING_REQUESTS} requests or {MAX_WAITING_COUNTS} counts wait to be written: nothing was counted; send the same again a little later"
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much waits to be written", detail).retry(1)
}

fn taken_back(wait: Duration) -> Problem {
    let detail = format!("no flush was written for {} ms: nothing was counted; send the same again a little later", wait.as_millis());
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "reports-slow", "The log of reports is slow", detail).retry(5)
}

/// What the task of the flushes owns.
struct Flushing {
    reports: Reports,
    run: Run,
    /// Of the last flush.
    number: u64,
    requests: mpsc::Receiver<Request>,
    /// What did not fit into the last flush.
    held: Option<Request>,
    waiting_counts: Arc<AtomicUsize>,
    beats: Beats,
}

impl Flushing {
    async fn run(&mut self) {
        let mut due = Clock::now();
        let mut beat = Clock::now() + Duration::from_millis(BEAT_EVERY_MS);
        loop {
            let first = match self.held.take() {
                Some(request) => request,
                None => match tokio::time::timeout_at(beat, self.requests.recv()).await {
                    Ok(Some(request)) => request,
                    Ok(None) => return,
                    Err(_) if self.beats == Beats::No => {
                        beat = Clock::now() + Duration::from_millis(BEAT_EVERY_MS);
                        continue;
                    }
                    Err(_) => {
                        if let Err(error) = self.append(Vec::new()).await {
                            tracing::warn!(%error, "that this intake is up could not be written to the log of reports");
                        }
                        beat = Clock::now() + Duration::from_millis(BEAT_EVERY_MS);
                        continue;
                    }
                },
            };
            let (gathered, answers) = self.gather(first, due).await;
            if answers.is_empty() {
                continue;
            }
            due = Clock::now() + Duration::from_millis(FLUSH_EVERY_MS);
            beat = Clock::now() + Duration::from_millis(BEAT_EVERY_MS);
            let appended = self.append(gathered.into_counts()).await;
            for answer in answers {
                // Whoever waits no more has been counted all the same.
                drop(answer.send(appended.clone()));
            }
        }
    }

    /// What arrives until the flush is due, or full.
    async fn gather(&mut self, first: Request, due: Clock) -> (Gathered, Vec<oneshot::Sender<Result<Position, ReportsError>>>) {
        let (mut gathered, mut answers) = (Gathered::default(), Vec::new());
        let mut next = Some(first);
        while let Some(mut request) = next.take() {
            let count = request.counts.len();
            if request.claimed.swap(true, Ordering::AcqRel) {
                // Its caller took it back.
                self.waiting_counts.fetch_sub(count, Ordering::Relaxed);
            } else if gathered.add(&mut request.counts) {
                self.waiting_counts.fetch_sub(count, Ordering::Relaxed);
                answers.push(request.answer);
            } else {
                request.claimed.store(false, Ordering::Release);
                self.held = Some(request);
                break;
            }
            // What is there already is taken even when the flush is due.
            next = match self.requests.try_recv() {
                Ok(request) => Some(request),
                Err(_) => tokio::time::timeout_at(due, self.requests.recv()).await.ok().flatten(),
            };
        }
        (gathered, answers)
    }

    async fn append(&mut self, counts: Vec<Count>) -> Result<Position, ReportsError> {
        self.number += 1;
        let flush = Flush::new(self.run, self.number, counts).written(super::now().0.div_euclid(Instant::MINUTE));
        let mut tries = 1;
        loop {
            match self.reports.append(&flush).await {
                Ok(appended) => return Ok(appended.position),
                Err(error @ (ReportsError::Unreachable(_) | ReportsError::Engine(_))) if tries < TRIES => {
                    tracing::warn!(%error, "a flush of reports was not acknowledged; it is appended again under its name");
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
