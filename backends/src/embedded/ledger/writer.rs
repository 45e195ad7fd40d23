//! The queue before the ledger's writer thread: what waits together is committed together.
//!
//! How a commit is made stands in `commit`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use dateline_events::Position;
use tokio::sync::{mpsc, oneshot};

use super::commit::{self, Prepared, Stored, Writing};
use crate::ledger::{MAX_BATCH_EVENTS, MAX_COMMIT_BYTES, MAX_WAITING_BYTES, MAX_WAITING_REQUESTS, NewEvent};
use crate::ledger_error::LedgerError;
use crate::soundness::CheckedRecord;

/// A commit that could be larger lets other threads run so often before it is made.
const MAX_YIELDS: u32 = 8;

type Answer<T> = oneshot::Sender<Result<T, LedgerError>>;

/// What `append` is answered: its events, and what became of each.
type Appended = (Vec<NewEvent>, Vec<Stored>);

/// Everybody whom one commit answers, with the answer.
type Answers = Vec<(Answer<Appended>, Result<Appended, LedgerError>)>;

/// Answers callers from inside the runtime they wait in. Waking a task from another thread costs the writer several microseconds
/// (a lock, often a system call); so it hands a whole commit's answers over at once, and goes on with the next commit.
pub(super) struct Answering {
    answers: mpsc::UnboundedSender<Answers>,
}

impl Answering {
    /// Must be called inside a runtime; ends when the writer ends. What waits here was let through the bounded queue before.
    pub(super) fn start() -> Self {
        let (answers, mut commits) = mpsc::unbounded_channel::<Answers>();
        tokio::spawn(async move {
            while let Some(commit) = commits.recv().await {
                for (answer, result) in commit {
                    // A caller that waits no more has what it sent stored all the same.
                    drop(answer.send(result));
                }
            }
        });
        Self { answers }
    }

    pub(super) fn answer(&self, commit: Answers) {
        // Refused only when the runtime has ended, and with it everyone who waited.
        drop(self.answers.send(commit));
    }
}

/// One call of `append`. The events travel back with the answer: the caller compares and frees them.
pub(super) struct Append {
    pub events: Vec<NewEvent>,
    /// What each is committed to by.
    pub prepared: Vec<Prepared>,
    pub bytes: usize,
    pub answer: Answer<Appended>,
}

enum Request {
    Append(Append),
    Copy { records: Vec<CheckedRecord>, answer: Answer<()> },
    Fill { leaves: Vec<(Position, [u8; 32])>, filled: Position, answer: Answer<()> },
    Destroy { position: Position, answer: Answer<()> },
    MarkKeysMade { answer: Answer<()> },
    LimitPages { pages: u32, answer: Answer<()> },
}

/// The sending end of the queue. Dropping it lets the thread finish what waits, and joins it.
#[derive(Debug)]
pub(super) struct Writer {
    requests: Option<SyncSender<Request>>,
    waiting_bytes: Arc<AtomicUsize>,
    commits: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(writing: Writing) -> Result<Self, LedgerError> {
        let (requests, queue) = sync_channel(MAX_WAITING_REQUESTS);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let bytes = Arc::clone(&waiting_bytes);
        let commits = Arc::new(AtomicU64::new(0));
        let made = Arc::clone(&commits);
        let thread = std::thread::Builder::new().name("dateline-ledger-write".to_owned()).spawn(move || serve(writing, &queue, &bytes, &made));
        let thread = thread.map_err(|error| LedgerError::Engine(format!("cannot start a thread: {error}")))?;
        Ok(Self { requests: Some(requests), waiting_bytes, commits, thread: Some(thread) })
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// What the scrub hands to this writer.
    pub(super) fn filling(&self) -> Filling {
        Filling { requests: self.requests.clone() }
    }

    pub(super) async fn append(&self, events: Vec<NewEvent>) -> Result<Appended, LedgerError> {
        let prepared = commit::prepare(&events)?;
        let bytes = events.iter().map(|event| event.bytes.len()).sum();
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let sent = if waiting > MAX_WAITING_BYTES {
            Err(LedgerError::Overloaded)
        } else {
            self.send(Request::Append(Append { events, prepared, bytes, answer }))
        };
        if let Err(error) = sent {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(error);
        }
        answered.await.map_err(|_| ended())?
    }

    pub(super) async fn copy(&self, records: Vec<CheckedRecord>) -> Result<(), LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Copy { records, answer })?;
        answered.await.map_err(|_| ended())?
    }

    pub(super) async fn destroy(&self, position: Position) -> Result<(), LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Destroy { position, answer })?;
        answered.await.map_err(|_| ended())?
    }

    pub(super) async fn mark_keys_made(&self) -> Result<(), LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::MarkKeysMade { answer })?;
        answered.await.map_err(|_| ended())?
    }

    pub(super) async fn limit_pages(&self, pages: u32) -> Result<(), LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::LimitPages { pages, answer })?;
        answered.await.map_err(|_| ended())?
    }

    fn send(&self, request: Request) -> Result<(), LedgerError> {
        let Some(requests) = &self.requests else { return Err(ended()) };
        requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => LedgerError::Overloaded,
            TrySendError::Disconnected(_) => ended(),
        })
    }
}

/// Brings leaf hashes to the writer. It keeps the writer's thread alive, so it must be dropped first; without a writer it does nothing.
#[derive(Debug, Default)]
pub(super) struct Filling {
    requests: Option<SyncSender<Request>>,
}

impl Filling {
    /// Stores them and waits until it is done.
    pub(super) fn fill(&self, leaves: Vec<(Position, [u8; 32])>, filled: Position) -> Result<(), LedgerError> {
        let Some(requests) = &self.requests else { return Err(LedgerError::ReadOnly) };
        let (answer, answered) = oneshot::channel();
        requests.send(Request::Fill { leaves, filled, answer }).map_err(|_| ended())?;
        answered.blocking_recv().map_err(|_| ended())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn ended() -> LedgerError {
    LedgerError::Stopped { reason: "its thread ended".to_owned() }
}

/// The writer thread: takes what waits, commits it, answers.
fn serve(mut writing: Writing, queue: &Receiver<Request>, waiting_bytes: &AtomicUsize, commits: &AtomicU64) {
    let mut held_back = VecDeque::new();
    let mut last_group = 1;
    while let Some(request) = held_back.pop_front().or_else(|| queue.recv().ok()) {
        match request {
            Request::Append(first) => {
                let group = gather(first, queue, &mut held_back, last_group);
                last_group = group.len();
                commits.fetch_add(1, Ordering::Relaxed);
                waiting_bytes.fetch_sub(group.iter().map(|append| append.bytes).sum(), Ordering::Relaxed);
                writing.append(group);
            }
            Request::Copy { records, answer } => drop(answer.send(writing.copy(&records))),
            Request::Fill { leaves, filled, answer } => drop(answer.send(writing.fill(&leaves, filled))),
            Request::Destroy { position, answer } => drop(answer.send(writing.destroy(position))),
            Request::MarkKeysMade { answer } => drop(answer.send(writing.mark_keys_made())),
            Request::LimitPages { pages, answer } => drop(answer.send(writing.limit_pages(pages))),
        }
    }
}

/// What waits together, up to the limits of one commit. It never sleeps: while one commit runs, the next one gathers by itself.
/// Only where the last commit answered several callers, who are likely to come again at once, it lets other threads run for a
/// moment before it commits a smaller group; a caller alone never waits.
fn gather(first: Append, queue: &Receiver<Request>, held_back: &mut VecDeque<Request>, last_group: usize) -> Vec<Append> {
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
                std::thread::yield_now();
            }
            Err(_) => break,
        }
    }
    group
}
