//! Publishes events, to a server or through the intake's door in this process, and says of each what became of it. The rules are the same
//! whoever publishes: only 400, 409, 413 and 422 end an event; all else says nothing of it, and it is tried again.
//!
//! Order is kept within a publisher's source: behind an event that is to be tried again, nothing of its source is sent.

mod answer;
mod queue;
mod sending;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use dateline_backends::MAX_BATCH_EVENTS;
use dateline_events::Position;
use thiserror::Error;

use crate::shared::api_client::ApiClient;
use crate::shared::http::MAX_BODY_BYTES;
pub use queue::PublishQueue;
use sending::Held;

/// A request is sent once it has so many bytes of events: half of what an intake reads, so that one caller's next finds room beside it.
const BATCH_BYTES: usize = MAX_BODY_BYTES / 2;

/// A patient publisher waits so long in all for what a server cannot take just now, in milliseconds; for each batch anew.
const PATIENCE_MS: u64 = 20_000;

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored now, here.
    Fresh(Position),
    /// It was stored before, here.
    Known(Position),
    /// Another event has its id: this one will never be taken. Why, in a line.
    Conflict(String),
    /// It will never be taken. Why, in a line.
    Refused(String),
    /// Nothing was said of it.
    TryAgain(TryAgain),
}

/// An event was neither taken nor refused: it is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct TryAgain {
    /// Why, in a line.
    pub why: String,
    /// After how long, where the server says so.
    pub after: Option<Duration>,
    /// True where it may pass by itself; a key that may not publish does not.
    pub may_pass: bool,
}

/// Publishes events. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    api: Arc<ApiClient>,
    patience: Duration,
    /// Whether the server ever answered; one that never did is not waited for.
    was_answered: Arc<AtomicBool>,
}

impl Publisher {
    /// A publisher that tries once: whoever uses it tries again, and shows that it does.
    pub fn new(api: Arc<ApiClient>) -> Self {
        Self { api, patience: Duration::ZERO, was_answered: Arc::default() }
    }

    /// A publisher for a command, which waits a while for a server that answered before and cannot take events just now.
    pub fn patient(api: Arc<ApiClient>) -> Self {
        let patience = if matches!(*api, ApiClient::Server { .. }) { Duration::from_millis(PATIENCE_MS) } else { Duration::ZERO };
        Self { patience, ..Self::new(api) }
    }

    /// Whom it publishes to.
    pub fn api(&self) -> &Arc<ApiClient> {
        &self.api
    }

    /// Publishes events in their order, and answers what became of each.
    pub async fn publish(&self, events: &[&[u8]]) -> Vec<Outcome> {
        let (mut outcomes, mut held, mut rest) = (Vec::with_capacity(events.len()), Held::default(), events);
        while !rest.is_empty() {
            let (mut fitting, mut bytes) = (0, 0);
            while fitting < rest.len() && !is_full(fitting, bytes) {
                bytes += rest[fitting].len() + 1;
                fitting += 1;
            }
            let (batch, behind) = rest.split_at(fitting);
            outcomes.extend(self.settle(batch, &mut held).await);
            rest = behind;
        }
        outcomes
    }
}

/// True for a batch that is to be sent, by its events and their bytes.
fn is_full(events: usize, bytes: usize) -> bool {
    events >= MAX_BATCH_EVENTS || bytes >= BATCH_BYTES
}
