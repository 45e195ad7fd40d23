//! The tasks that a process is made of. One that ends, or panics, is started again; until it has run for a while, readiness is red and
//! names it. What a task does is not known here.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dateline_events::Position;
use futures_util::FutureExt;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A task that ended is started again after so long, in milliseconds; after twice as long each further time, up to the most.
const AGAIN_FIRST_MS: u64 = 500;
const AGAIN_MOST_MS: u64 = 30_000;

/// A task that was started again is called sound when it has run for so long, in milliseconds.
const STEADY_MS: u64 = 2_000;

/// Told to stop, all tasks together have so long, in milliseconds; then they are stopped where they are.
const STOP_MS: u64 = 10_000;

/// How long things may take; tests take less.
#[derive(Debug, Clone, Copy)]
struct Pace {
    again_first: Duration,
    steady: Duration,
    stop: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { again_first: Duration::from_millis(AGAIN_FIRST_MS), steady: Duration::from_millis(STEADY_MS), stop: Duration::from_millis(STOP_MS) }
    }
}

/// How the tasks of a process do. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    down: Arc<Mutex<BTreeMap<&'static str, Down>>>,
    remarks: Arc<Mutex<BTreeMap<String, String>>>,
    progress: Arc<Mutex<BTreeMap<&'static str, Progress>>>,
    planted: Option<Planted>,
    pace: Pace,
}

/// A task that ended when it should not have.
#[derive(Debug, Clone, Serialize)]
pub struct Down {
    /// How often in a row.
    pub times: u32,
    /// Why, the last time.
    pub why: String,
}

/// How far a role follows its log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Everything up to here was taken.
    pub position: Position,
    /// Where the log ended when that was read.
    pub head: Position,
}

/// A panic that a test plants: which task, and how often. Only a debug build can be told of one.
#[derive(Debug, Clone)]
pub struct Planted {
    /// The task's name.
    pub role: String,
    /// How often it still panics.
    pub left: Arc<Mutex<u32>>,
}

/// Tasks under way.
#[derive(Debug)]
pub struct Tasks {
    pub(super) roles: Roles,
    pub(super) stop: watch::Receiver<bool>,
    handles: Vec<(&'static str, JoinHandle<()>)>,
}

impl Roles {
    /// All sound.
    pub fn new(planted: Option<Planted>) -> Self {
        Self { planted, ..Self::default() }
    }

    /// Those that are down, by name.
    pub fn down(&self) -> BTreeMap<&'static str, Down> {
        lock(&self.down).clone()
    }

    /// Remarks on something that somebody should look at, though the process does its work: shown by readiness, which stays green.
    pub fn remark(&self, about: &str, why: &str) {
        lock(&self.remarks).insert(about.to_owned(), why.to_owned());
    }

    /// Takes a remark back.
    pub fn withdraw(&self, about: &str) {
        lock(&self.remarks).remove(about);
    }

    /// The remark on something.
    pub fn remark_on(&self, about: &str) -> Option<String> {
        lock(&self.remarks).get(about).cloned()
    }

    /// All remarks, by what they are about.
    pub fn remarks(&self) -> BTreeMap<String, String> {
        lock(&self.remarks).clone()
    }

    /// Notes how far a role follows its log.
    pub fn reached(&self, role: &'static str, progress: Progress) {
        lock(&self.progress).insert(role, progress);
    }

    /// How far each role follows its log, since it was started.
    pub fn progress(&self) -> BTreeMap<&'static str, Progress> {
        lock(&self.progress).clone()
    }

    /// Runs a task until it is told to stop: ends it, it is started again.
    pub async fn keep_up<R: Future<Output = ()>>(self, name: &'static str, mut stop: watch::Receiver<bool>, mut start: impl FnMut() -> R) {
        let mut wait = self.pace.again_first;
        loop {
            let begun = Instant::now();
            // A task that panicked is dropped, and nothing of it is used again.
            let run = AssertUnwindSafe(async {
                self.panic_if_planted(name);
                start().await;
            })
            .catch_unwind();
            tokio::pin!(run);
            let ended = tokio::select! {
                ended = &mut run => ended,
                () = tokio::time::sleep(self.pace.steady) => {
                    lock(&self.down).remove(name);
                    run.await
                }
            };
            if is_over(&stop) {
                return;
            }
            let why = ended.map_or_else(|panic| format!("it panicked: {}", words_of(&*panic)), |()| "it ended by itself".to_owned());
            if begun.elapsed() >= self.pace.steady {
                wait = self.pace.again_first;
            }
            tracing::error!(role = name, why, ?wait, "a role ended, and is started again");
            self.fell(name, why);
            if tokio::time::timeout(wait, stop.wait_for(|stop| *stop)).await.is_ok() {
                return;
            }
            wait = (wait * 2).min(Duration::from_millis(AGAIN_MOST_MS));
        }
    }

    fn fell(&self, name: &'static str, why: String) {
        let mut down = lock(&self.down);
        let times = down.get(name).map_or(0, |down| down.times).saturating_add(1);
        down.insert(name, Down { times, why });
    }

    fn panic_if_planted(&self, name: &str) {
        let Some(planted) = self.planted.as_ref().filter(|planted| planted.role == name) else { return };
        let mut left = lock(&planted.left);
        if let Some(fewer) = left.checked_sub(1) {
            *left = fewer;
            drop(left);
            std::panic::panic_any("planted by a test");
        }
    }
}

impl Tasks {
    /// No task yet.
    pub fn new(roles: Roles, stop: watch::Receiver<bool>) -> Self {
        Self { roles, stop, handles: Vec::new() }
    }

    /// Starts a task that is kept up.
    pub fn start<R: Future<Output = ()> + Send + 'static>(&mut self, name: &'static str, start: impl FnMut() -> R + Send + 'static) {
        let kept = self.roles.clone().keep_up(name, self.stop.clone(), start);
        self.handles.push((name, tokio::spawn(kept)));
    }

    /// Waits until all have ended, who were told to; what does not end in time is stopped where it is, and named.
    pub async fn ended(self) {
        let stop = self.roles.pace.stop;
        let deadline = Instant::now() + stop;
        for (name, mut handle) in self.handles {
            match tokio::time::timeout_at(deadline, &mut handle).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(role = name, %error, "a role did not end well"),
                Err(_) => {
                    tracing::error!(role = name, ?stop, "a role did not end in time, and is stopped where it is");
                    handle.abort();
                }
            }
        }
    }
}

/// True once it was told, or whoever could tell is gone.
fn is_over(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// Nothing panics while it holds what is behind a lock here; and if it did, it would still be right.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    //! Whatever a task does, it is there again, and named until it is sound.

    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const PACE: Pace = Pace { again_first: Duration::from_millis(100), steady: Duration::from_millis(300), stop: Duration::from_millis(100) };

    /// Waits until what is down is this, for a moment.
    async fn down(roles: &Roles, expected: &[(u32, &str)]) {
        let begun = Instant::now();
        loop {
            let down = roles.down();
            let found: Vec<(u32, &str)> = down.values().map(|down| (down.times, down.why.as_str())).collect();
            if found == expected {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{found:?}, not {expected:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_task_that_ends_or_panics_is_started_again_and_named_until_it_has_run_for_a_while() {
        let (stop, stopped) = watch::channel(false);
        let (roles, starts) = (Roles { pace: PACE, ..Roles::default() }, Arc::new(AtomicU32::new(0)));
        let mut tasks = Tasks::new(roles.clone(), stopped);
        let counted = starts.clone();
        tasks.start("the fragile", move || {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match number {
                    0 => {}
                    1 => std::panic::panic_any("no more"),
                    _ => std::future::pending().await,
                }
            }
        });
        down(&roles, &[(1, "it ended by itself")]).await;
        down(&roles, &[(2, "it panicked: no more")]).await;
        down(&roles, &[]).await;
        assert_eq!(starts.load(Ordering::SeqCst), 3);
        // Told to stop, it does not: that has an end too.
        stop.send_replace(true);
        let begun = Instant::now();
        tasks.ended().await;
        assert!(begun.elapsed() >= PACE.stop && begun.elapsed() < Duration::from_secs(20));
    }
}
