//! Threads that own connections: the async side hands them work and awaits the answer.
//!
//! What the work is, is not known here. Work that nobody awaits any more is still done.

use std::sync::{Arc, Mutex, PoisonError, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::file::FileError;

/// Work that may wait for a thread; who brings more awaits.
const MAX_WAITING_WORK: usize = 256;

/// How often a process looks for what another one wrote.
pub(super) const POLL_EVERY_MS: u64 = 50;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// A few threads, each with a connection of its own. The last clone joins them.
#[derive(Debug)]
pub(super) struct Threads {
    work: Option<mpsc::Sender<Work>>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts one thread a connection.
    pub(super) fn start(name: &str, connections: Vec<Connection>) -> Result<Self, FileError> {
        let (work, queue) = mpsc::channel::<Work>(MAX_WAITING_WORK);
        let queue = Arc::new(Mutex::new(queue));
        let threads = connections.into_iter().map(|connection| {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new().name(name.to_owned()).spawn(move || do_work(connection, &queue))
        });
        let threads = threads.collect::<Result<_, _>>().map_err(|error| FileError::Other(format!("cannot start a thread: {error}")))?;
        Ok(Self { work: Some(work), threads })
    }

    /// Runs the work on one of the threads.
    pub(super) async fn run<T, E>(&self, work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<FileError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let boxed: Work = Box::new(move |connection| drop(answer.send(work(connection))));
        let ended = || E::from(FileError::Other("a thread of the engine ended: start the process anew".to_owned()));
        let Some(sender) = &self.work else { return Err(ended()) };
        sender.send(boxed).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

fn do_work(mut connection: Connection, queue: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        // The lock is held while waiting: the threads take turns at the queue, and one guard suffices to wake one thread.
        let work = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match work {
            Some(work) => work(&mut connection),
            None => return,
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        drop(self.work.take());
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

/// A thread that looks every [`POLL_EVERY_MS`] until it is dropped.
#[derive(Debug)]
pub(super) struct Poller {
    stop: Option<std_mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Poller {
    /// Starts it; `look` gets its connection.
    pub(super) fn start(connection: Connection, mut look: impl FnMut(&Connection) + Send + 'static) -> Result<Self, FileError> {
        let (stop, stopped) = std_mpsc::channel::<()>();
        let every = Duration::from_millis(POLL_EVERY_MS);
        let body = move || {
            while stopped.recv_timeout(every) == Err(std_mpsc::RecvTimeoutError::Timeout) {
                look(&connection);
            }
        };
        let thread = std::thread::Builder::new().name("dateline-poll".to_owned()).spawn(body);
        let thread = thread.map_err(|error| FileError::Other(format!("cannot start a thread: {error}")))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
