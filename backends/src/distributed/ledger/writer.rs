//! The queue before the stream: what waits together is stored together, as one atomic batch or as single messages, whichever is faster.
//!
//! One task owns the head. It never sleeps on purpose: while one commit is under way, the next one gathers by itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use dateline_events::EventKey;
use tokio::sync::{mpsc, oneshot};

use super::commit::Committing;
use crate::ledger::{MAX_BATCH_EVENTS, MAX_COMMIT_BYTES, MAX_WAITING_BYTES, MAX_WAITING_REQUESTS, NewEvent, Outcome, Record};
use crate::ledger_error::LedgerError;

/// A commit that could be larger lets other tasks run so often before it is made.
const MAX_YIELDS: u32 = 8;

type Answer<T> = oneshot::Sender<Result<T, LedgerError>>;

/// One call of `append`.
pub(super) struct Append {
    pub events: Vec<NewEvent>,
    pub keys: Vec<EventKey>,
    pub bytes: usize,
    pub answer: Answer<Vec<Outcome>>,
}

/// What the writer is asked for.
pub(super) enum Request {
    Append(Append),
    Copy { records: Vec<Record>, answer: Answer<()> },
    Destroy { position: u64, answer: Answer<()> },
}

/// The sending end of the queue. When the last clone is dropped the task finishes what waits, and ends.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    requests: mpsc::Sender<Request>,
    waiting_bytes: Arc<AtomicUsize>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn start(committing: Committing) -> Self {
        let (requests, queue) = mpsc::channel(MAX_WAITING_REQUESTS);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let commits = Arc::new(AtomicU64::new(0));
        tokio::spawn(serve(committing, queue, Arc::clone(&waiting_bytes), Arc::clone(&commits)));
        Self { requests, waiting_bytes, commits }
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Outcome>, LedgerError> {
        // Hashing is the caller's work, so that many callers do it at once.
        let keys = events.iter().map(|event| EventKey::of(&event.source, &event.id)).collect();
        let bytes = events.iter().map(|event| event.bytes.len()).sum();
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let asked = if waiting > MAX_WAITING_BYTES {
            Err(LedgerError::Overloaded)
        } else {
            self.ask(|answer| Request::Append(Append { events, keys, bytes, answer }))
        };
        match asked {
            Ok(answered) => answered.await.map_err(|_| ended())?,
            Err(error) => {
                self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    pub(super) async fn copy(&self, records: Vec<Record>) -> Result<(), LedgerError> {
        self.ask(|answer| Request::Copy { records, answer })?.await.map_err(|_| ended())?
    }

    pub(super) async fn destroy(&self, position: u64) -> Result<(), LedgerError> {
        self.ask(|answer| Request::Destroy { position, answer })?.await.map_err(|_| ended())?
    }

    fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<oneshot::Receiver<Result<T, LedgerError>>, LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.requests.try_send(request(answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LedgerError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => ended(),
        })?;
        Ok(answered)
    }
}

fn ended() -> LedgerError {
    LedgerError::Stopped { reason: "its writer ended".to_owned() }
}

async fn serve(mut committing: Committing, mut queue: mpsc::Receiver<Request>, waiting_bytes: Arc<AtomicUsize>, commits: Arc<AtomicU64>) {
    let mut held_back = VecDeque::new();
    let mut last_group = 1;
    loop {
        let request = match held_back.pop_front() {
            Some(request) => Some(request),
            None => queue.recv().await,
        };
        // A caller that waits no more has what it sent stored all the same: nobody takes its answer.
        match request {
            None => return,
            Some(Request::Append(first)) => {
                let group = gather(first, &mut queue, &mut held_back, last_group).await;
                last_group = group.len();
                commits.fetch_add(1, Ordering::Relaxed);
                waiting_bytes.fetch_sub(group.iter().map(|append| append.bytes).sum(), Ordering::Relaxed);
                committing.append(group).await;
            }
            Some(Request::Copy { records, answer }) => drop(answer.send(committing.copy(&records).await)),
            Some(Request::Destroy { position, answer }) => drop(answer.send(committing.destroy(position).await)),
        }
    }
}

/// What waits together, up to the limits of one commit. Only where the last commit answered several callers, who are likely to come
/// again at once, it lets other tasks run for a moment before it commits a smaller group; a caller alone never waits.
async fn gather(first: Append, queue: &mut mpsc::Receiver<Request>, held_back: &mut VecDeque<Request>, last_group: usize) -> Vec<Append> {
    let (mut events, mut bytes) = (first.events.len(), first.bytes);
    let mut group = vec![first];
    let mut yields = 0;
    while events < MAX_BATCH_EVENTS && bytes < MAX_COMMIT_BYTES {
        match queue.try_recv() {
            Ok(Request::Append(append)) if events + append.events.len() <= MAX_BATCH_EVENTS => {
                events += append.events.len();
                bytes += append.bytes;
                group.push(append);
            }
            Ok(other) => {
                held_back.push_back(other);
                break;
            }
            Err(_) if group.len() < last_group && yields < MAX_YIELDS => {
                yields += 1;
                tokio::task::yield_now().await;
            }
            Err(_) => break,
        }
    }
    group
}
