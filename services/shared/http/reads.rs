//! Reads that cost: so many run at once, so many wait for their turn, and whoever comes beyond is told at once to come later.
//!
//! A read that has begun runs to its end, whether its reader still waits or not: what it fills, others use, and a reader who leaves
//! makes no room for another before the work is done. A read that only waits for the views to move on stands aside meanwhile.
//! An answer counts until it was taken: what waits to be sent is memory too, and one address holds a part of it at most.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::Problem;
use super::address::network;
use super::budget::{Budget, Charge, Holder};

/// So many reads run at once for each core, and at least so many in all.
const RUNNING_A_CORE: usize = 2;
const RUNNING_MIN: usize = 4;

/// So many wait for their turn.
pub const WAITING_MAX: usize = 124;

/// Of those that run and wait, one address has at most one part in so many.
const ADDRESS_PART: usize = 2;

/// Answers that wait to be taken hold so much together, in bytes.
const ANSWERS_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A smaller answer is not counted, in bytes: connections are.
const ANSWER_BYTES_MIN: usize = 16 * 1024;

/// The reads of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reads {
    threads: Arc<Threads>,
    running: Arc<Semaphore>,
    under_way: Arc<UnderWay>,
    answers: Budget,
}

/// Threads that do nothing but reads: a long one stands before no connection, and not before whoever only asks how the server is.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// How many run or wait, all together and of each address.
#[derive(Debug)]
struct UnderWay {
    most: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// A read that is under way, until dropped.
#[derive(Debug)]
struct Ticket {
    address: IpAddr,
    under_way: Arc<UnderWay>,
}

/// A read that runs, as it knows itself.
struct Run {
    reads: Reads,
    address: IpAddr,
    /// None while it stands aside.
    turn: RefCell<Option<(Ticket, OwnedSemaphorePermit)>>,
    /// Turns true when nobody waits for the answer any more.
    left: watch::Receiver<bool>,
}

tokio::task_local! {
    static RUN: Run;
}

/// Waits for something without keeping others from reading meanwhile; the wait is over when the reader leaves.
pub async fn aside<T>(waiting: impl Future<Output = T>) -> Result<T, Problem> {
    let Ok((reads, address, mut left)) = RUN.try_with(|run| {
        run.turn.take();
        (run.reads.clone(), run.address, run.left.clone())
    }) else {
        return Ok(waiting.await);
    };
    let waited = tokio::select! {
        waited = waiting => waited,
        _ = left.wait_for(|left| *left) => return Err(too_many("the reader left, so that")),
    };
    let turn = reads.turn(address).await?;
    // A run that stood aside is still the same run.
    let _ = RUN.try_with(|run| run.turn.replace(Some(turn)));
    Ok(waited)
}

impl Reads {
    /// The reads of a server on this machine.
    pub fn start() -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::with(cores, (cores * RUNNING_A_CORE).max(RUNNING_MIN), WAITING_MAX)
    }

    /// So many that run, on so many threads, and so many that wait.
    fn with(threads: usize, running: usize, waiting: usize) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(threads).max_blocking_threads(running).thread_name("reads").enable_all().build()?;
        let under_way = UnderWay { most: running + waiting, counts: Mutex::default() };
        Ok(Self {
            threads: Arc::new(Threads(Some(runtime))),
            running: Arc::new(Semaphore::new(running)),
            under_way: Arc::new(under_way),
            answers: Budget::new(ANSWERS_BYTES_MAX),
        })
    }

    /// True for a request that counts: whatever is read from the views. Streams have places of their own.
    pub fn count(head: &Parts) -> bool {
        let path = head.uri.path();
        let is_free = path.starts_with("/health/") || path.starts_with("/assets/") || path == "/metrics" || path == "/openapi.json";
        let is_live = path == "/v1/live"
            || path.strip_prefix("/v1/incidents/").is_some_and(|rest| rest.split_once('/').is_some_and(|(_, rest)| rest == "live"));
        matches!(head.method, Method::GET | Method::HEAD) && !is_free && !is_live
    }

    /// Makes an answer when it is its turn.
    pub async fn answer(&self, address: IpAddr, making: impl Future<Output = Response> + Send + 'static) -> Response {
        let address = network(address);
        let turn = match self.turn(address).await {
            Ok(turn) => turn,
            Err(problem) => return problem.into_response(),
        };
        if self.answers.is_spent() {
            return too_many("so many answers wait to be taken that").into_response();
        }
        // Dropped with this future, which is when the reader leaves.
        let (_stays, left) = watch::channel(false);
        let run = Run { reads: self.clone(), address, turn: RefCell::new(Some(turn)), left };
        let Some(threads) = &self.threads.0 else { return Problem::internal("the server stops").into_response() };
        match threads.spawn(RUN.scope(run, making)).await {
            Ok(answer) => self.charged(address, answer).await,
            Err(error) => {
                tracing::error!(%error, "a read broke off");
                Problem::internal("the answer could not be made").into_response()
            }
        }
    }

    /// A turn to run, as soon as there is one.
    async fn turn(&self, address: IpAddr) -> Result<(Ticket, OwnedSemaphorePermit), Problem> {
        let busy = || too_many("so many reads are under way that");
        let ticket = UnderWay::enter(&self.under_way, address).ok_or_else(busy)?;
        let permit = self.running.clone().acquire_owned().await.map_err(|_| busy())?;
        Ok((ticket, permit))
    }

    /// The answer, whose bytes are charged until they were taken.
    async fn charged(&self, address: IpAddr, answer: Response) -> Response {
        let (head, body) = answer.into_parts();
        let Some(bytes) = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).filter(|bytes| *bytes >= ANSWER_BYTES_MIN) else {
            return Response::from_parts(head, body);
        };
        // It is all there already: this waits for nothing.
        let Ok(bytes_made) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return Problem::internal("an answer could not be put together").into_response();
        };
        let mut charge = self.answers.open(Holder::Address(address));
        // What a cache holds beside it costs nothing more. What is larger than a share takes all of it.
        if bytes_made.is_unique() && charge.grow_to(bytes.min(self.answers.share_bytes())).is_err() {
            return too_many("so many answers to this address wait to be taken that").into_response();
        }
        Response::from_parts(head, Body::from(Bytes::from_owner(Charged { bytes: bytes_made, _charge: charge })))
    }
}

/// Bytes with their charge.
struct Charged {
    bytes: Bytes,
    _charge: Charge,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl UnderWay {
    fn enter(this: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let mut counts = this.counts();
        let own = counts.of.get(&address).copied().unwrap_or(0);
        if counts.all >= this.most || own >= this.most.div_ceil(ADDRESS_PART) {
            return None;
        }
        counts.all += 1;
        counts.of.insert(address, own + 1);
        Some(Ticket { address, under_way: this.clone() })
    }

    /// Nobody panics while holding this lock.
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.under_way.counts();
        counts.all -= 1;
        if let Some(own) = counts.of.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                counts.of.remove(&self.address);
            }
        }
    }
}

fn too_many(why: &str) -> Problem {
    let detail = format!("{why} this one is not begun; ask again a little later");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-reads", "Too much is asked at once", detail).retry(1)
}

#[cfg(test)]
mod tests;
