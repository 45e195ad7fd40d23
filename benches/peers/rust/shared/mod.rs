//! What the drivers share: the documents, the callers with their clock, and the lines they print.
//!
//! No store is named here; each driver implements [`Store`] and [`Caller`] for the stores that it links.

pub mod document;
pub mod drive;
pub mod report;

use std::future::Future;
use std::time::Duration;

pub use document::Said;

/// Whatever a store's client says; it is counted, and printed when it does not go away.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An event store, reached the way its documentation shows.
pub trait Store: Send + Sync + 'static {
    /// One of the callers.
    type Caller: Caller;

    /// A caller with whatever it needs of its own, such as a connection.
    fn caller(&self, number: usize) -> impl Future<Output = Result<Self::Caller, Failure>> + Send;

    /// Reads every event in the store's order; answers how many there were. Fails where the order is broken.
    fn replay(&self) -> impl Future<Output = Result<u64, Failure>> + Send;

    /// Rebuilds a projection that counts the events of each incident, and answers how many it has read; None where the store has no
    /// such thing. What has not ended after `at_most` may stop there.
    fn rebuild(&self, at_most: Duration) -> impl Future<Output = Result<Option<u64>, Failure>> + Send {
        let _ = at_most;
        async { Ok(None) }
    }
}

/// One caller, who waits for each acknowledgement before the next call.
pub trait Caller: Send + 'static {
    /// Appends events of one incident in one call. When it answers, the store has acknowledged all of them.
    fn append(&mut self, said: &[Said]) -> impl Future<Output = Result<(), Failure>> + Send;
}
