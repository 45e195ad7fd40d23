//! Every request has a budget before it has a meaning: whoever asks whatever, however slowly and however often, the server keeps within
//! 512 MB, answers for its health within a second, takes in what it can, and goes on rightly afterwards.
//!
//! Each attack goes against the real executable, in a memory cgroup where the machine lets one be made. A part of them ordinarily, each on
//! every route with `DATELINE_LONG=1`. `DATELINE_TEST_PROGRAM` names another executable to attack, `DATELINE_BASELINE` the one whose best
//! the accepted work is held against. `--nocapture` shows the figures.

mod attacks;
mod bodies;
mod client;
mod connections;
mod ground;
mod lists;
mod live;
mod load;
mod matrix;
mod pace;
mod probe;
mod routes;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the server may hold at most, in MiB.
const RESIDENT_MIB_MAX: u64 = 400;

/// The memory of the cgroup, in MiB.
const CAGE_MIB: u64 = 512;

/// Those that measure time do it one after the other.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_long() -> bool {
    std::env::var_os("DATELINE_LONG").is_some()
}

/// One of the two, by the kind of run.
fn ordinarily_or_long<T>(ordinary: T, long: T) -> T {
    if is_long() { long } else { ordinary }
}

/// Many tasks that attack, on threads of their own: the probe has another.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
