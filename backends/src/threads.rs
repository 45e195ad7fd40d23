//! Threads that own connections: the async side hands them work and awaits the answer.
//!
//! What the work is, is not known here. Work that nobody awaits any more is still done.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::{ArchiveError, LedgerError, ReportsError, RoleStateError, StateError, ViewsError};

/// Work that may wait for a thread; who brings more awaits.
const MAX_WAITING_WORK: usize = 256;

/// How often a process looks for what another one wrote.
pub(crate) const POLL_EVERY_MS: u64 = 50;

type Work<Connection> = Box<dyn FnOnce(&mut Connection) + Send>;

/// A thread could not be started, or ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ThreadError(String);

impl ThreadError {
    fn not_started(error: &std::io::Error) -> Self {
        Self(format!("cannot start a thread: {error}"))
    }

    fn ended() -> Self {
        Self("a thread of the engine ended: start the process anew".to_owned())
    }
}

impl From<ThreadError> for LedgerError {
    fn from(error: ThreadError) -> Self {
        Self::Engine(error.0)
    }
}

impl From<ThreadError> for ViewsError {
    fn from(error: ThreadError) -> Self {
        Self::Engine(error.0)
    }
}

impl From<ThreadError> for StateError {
    fn from(error: ThreadError) -> Self {
        Self::Engine(error.0)
    }
}

impl From<ThreadError> for RoleStateError {
    fn from(error: ThreadError) -> Self {
        Self::Engine(error.0)
    }
}

impl From<ThreadError> for ReportsError {
    fn from(error: ThreadError) -> Self {
        Self::Engine(error.0)
    }
}

impl From<ThreadError> for ArchiveError {
    fn from(error: ThreadError) -> Self {
        Self::Engine(error.0)
    }
}

/// A few threads, each with a connection of its own. The last clone joins them.
pub(crate) struct Threads<Connection> {
    work: Option<mpsc::Sender<Work<Connection>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<Connection> std::fmt::Debug for Threads<Connection> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Threads").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl<Connection: Send + 'static> Threads<Connection> {
    /// Starts one thread a connection.
    pub(crate) fn start(name: &str, connections: Vec<Connection>) -> Result<Self, ThreadError> {
        let (work, queue) = mpsc::channel::<Work<Connection>>(MAX_WAITING_WORK);
        let queue = Arc::new(Mutex::new(queue));
        let threads = connections.into_iter().map(|connection| {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new().name(name.to_owned()).spawn(move || do_work(connection, &queue))
        });
        let threads = threads.collect::<Result<_, _>>().map_err(|error| ThreadError::not_started(&error))?;
        Ok(Self { work: Some(work), threads })
    }

    /// Runs the work on one of the threads.
    pub(crate) async fn run<T, E>(&self, work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ThreadError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let boxed: Work<Connection> = Box::new(move |connection| drop(answer.send(work(connection))));
        let ended = || E::from(ThreadError::ended());
        let Some(sender) = &self.work else { return Err(ended()) };
        sender.send(boxed).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

fn do_work<Connection>(mut connection: Connection, queue: &Mutex<mpsc::Receiver<Work<Connection>>>) {
    loop {
        // The lock is held while waiting: the threads take turns at the queue, and one guard suffices to wake one thread.
        let work = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match work {
            Some(work) => work(&mut connection),
            None => return,
        }
    }
}

impl<Connection> Drop for Threads<Connection> {
    fn drop(&mut self) {
        drop(self.work.take());
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

/// Whoever looks and found nothing for longer than this knows nothing any more, in milliseconds.
const LOOKED_WITHIN_MS: u64 = 1_000;

/// A thread that looks every [`POLL_EVERY_MS`], or sooner where it is woken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Poller {
    stop: Option<std_mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    started: Instant,
    /// When the last look began that found what it looked for, in milliseconds after the start.
    looked_ms: Arc<AtomicU64>,
}

impl Poller {
    /// Starts it; `look` gets its connection, and says whether it found what it looked for.
    pub(crate) fn start<Connection: Send + 'static>(
        connection: Connection,
        look: impl FnMut(&mut Connection) -> bool + Send + 'static,
    ) -> Result<Self, ThreadError> {
        let wait = |_: &mut Connection, stopped: &std_mpsc::Receiver<()>, every: Duration| {
            let _ = stopped.recv_timeout(every);
        };
        Self::start_waiting(connection, wait, look)
    }

    /// The same for a connection on which news may come: `wait` comes back with the first, or after the time that it is given.
    pub(crate) fn start_woken<Connection: Send + 'static>(
        connection: Connection,
        mut wait: impl FnMut(&mut Connection, Duration) + Send + 'static,
        look: impl FnMut(&mut Connection) -> bool + Send + 'static,
    ) -> Result<Self, ThreadError> {
        Self::start_waiting(connection, move |connection, _, every| wait(connection, every), look)
    }

    fn start_waiting<Connection: Send + 'static>(
        mut connection: Connection,
        mut wait: impl FnMut(&mut Connection, &std_mpsc::Receiver<()>, Duration) + Send + 'static,
        mut look: impl FnMut(&mut Connection) -> bool + Send + 'static,
    ) -> Result<Self, ThreadError> {
        let (stop, stopped) = std_mpsc::channel::<()>();
        let every = Duration::from_millis(POLL_EVERY_MS);
        let (started, looked_ms) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let looked = Arc::clone(&looked_ms);
        let body = move || {
            loop {
                wait(&mut connection, &stopped, every);
                if stopped.try_recv() == Err(std_mpsc::TryRecvError::Disconnected) {
                    return;
                }
                let began_ms = ms_since(started);
                if look(&mut connection) {
                    looked.store(began_ms, Ordering::Release);
                }
            }
        };
        let thread = std::thread::Builder::new().name("dateline-poll".to_owned()).spawn(body);
        let thread = thread.map_err(|error| ThreadError::not_started(&error))?;
        Ok(Self { stop: Some(stop), thread: Some(thread), started, looked_ms })
    }

    /// Whether it has looked, and found, within the last second.
    pub(crate) fn is_current(&self) -> bool {
        ms_since(self.started).saturating_sub(self.looked_ms.load(Ordering::Acquire)) < LOOKED_WITHIN_MS
    }
}

fn ms_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Drop for Poller {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
