//! Where the ledger ends, as far as this process knows: told by the intake's hints, and looked up where a hint was lost.
//!
//! A head below a position that is known to exist means that the stream lost something: then everything stops and says so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use dateline_events::Position;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::read::Reader;
use crate::ledger::LedgerError;

/// The leader is asked for the head so often, in milliseconds, in case that a hint was lost.
const POLL_EVERY_MS: u64 = 500;

/// In a cluster a server that was cut off may for a while answer as a leader that it no longer is: a head that seems to have fallen
/// is asked for again so long, in milliseconds, before it is believed.
const BELIEVED_AFTER_MS: u64 = 15_000;

/// What is known of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is at this position at least.
    Head,
    /// It fell below what was known: the stream lost something.
    Shorter { known: Position, head: Position },
}

/// Watches the head until it is dropped.
#[derive(Debug)]
pub(super) struct Watching {
    seen: Seen,
    task: JoinHandle<()>,
}

/// What this process has seen of the ledger's end. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Seen(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    reader: Reader,
    publish: watch::Sender<Position>,
    /// The highest position that was seen to exist. A hint is no such sight: whoever may publish one could stop everybody.
    seen: AtomicU64,
    /// Set once, for ever: whoever lost something must be looked at by a person.
    shorter: OnceLock<(Position, Position)>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watching {
    /// Begins to watch, from a head that was just seen.
    pub(super) fn start(reader: Reader, head: Position) -> Self {
        let shared = Shared { reader, publish: watch::Sender::new(head), seen: AtomicU64::new(head), shorter: OnceLock::new() };
        let seen = Seen(Arc::new(shared));
        let task = tokio::spawn(watch_on(seen.clone()));
        Self { seen, task }
    }

    /// What it has seen.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Seen {
    /// The head's position, whenever it moves.
    pub(super) fn heads(&self) -> watch::Receiver<Position> {
        self.0.publish.subscribe()
    }

    /// The highest position that was seen to exist.
    pub(super) fn position(&self) -> Position {
        self.0.seen()
    }

    /// Notes a position that exists.
    pub(super) fn saw(&self, position: Position) {
        self.0.saw(position);
    }

    pub(super) fn known(&self) -> Known {
        self.0.shorter.get().map_or(Known::Head, |(known, head)| Known::Shorter { known: *known, head: *head })
    }

    /// Fails where the ledger ends before this position.
    pub(super) async fn must_hold(&self, position: Position) -> Result<(), LedgerError> {
        if let Known::Shorter { known, head } = self.known() {
            return Err(LedgerError::Shorter { known, head });
        }
        self.0.must_hold(position).await.map(drop)
    }
}

impl Shared {
    fn seen(&self) -> Position {
        self.seen.load(Ordering::Relaxed)
    }

    fn saw(&self, position: Position) {
        self.seen.fetch_max(position, Ordering::Relaxed);
        self.heard(position);
    }

    fn heard(&self, position: Position) {
        self.publish.send_if_modified(|known| {
            let moved = position > *known;
            *known = position.max(*known);
            moved
        });
    }

    /// The leader's head, if it is not before this position.
    async fn must_hold(&self, known: Position) -> Result<Position, LedgerError> {
        let begun = Instant::now();
        loop {
            let state = self.reader.stream.state(&self.reader.bus).await?;
            let head = state.map_or(0, |state| state.last_seq);
            if head >= known {
                self.saw(head);
                return Ok(head);
            }
            let alone = self.reader.bus.address().replicas == 1;
            if alone || begun.elapsed() >= Duration::from_millis(BELIEVED_AFTER_MS) {
                let (known, head) = *self.shorter.get_or_init(|| (known, head));
                tracing::error!(
                    known,
                    head,
                    stream = self.reader.stream.name,
                    "the ledger came back shorter than it was: nothing is appended until it is restored"
                );
                return Err(LedgerError::Shorter { known, head });
            }
            tokio::time::sleep(Duration::from_millis(POLL_EVERY_MS)).await;
        }
    }
}

async fn watch_on(seen: Seen) {
    let shared = seen.0;
    // Without the hints the head is seen a little later.
    let mut hints = match shared.reader.bus.client().subscribe(shared.reader.stream.hints()).await {
        Ok(hints) => hints.boxed(),
        Err(error) => {
            tracing::warn!(%error, "cannot listen for the ledger's head; it is looked up every {POLL_EVERY_MS} ms");
            futures_util::stream::pending().boxed()
        }
    };
    let mut failing = false;
    let mut poll = tokio::time::interval(Duration::from_millis(POLL_EVERY_MS));
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let looked_up = tokio::select! {
            hint = hints.next() => {
                let Some(hint) = hint else { return };
                if let Some(position) = std::str::from_utf8(&hint.payload).ok().and_then(|text| text.parse().ok()) {
                    // A hint means "look": what is not there yet is simply not there.
                    shared.heard(position);
                }
                continue;
            }
            _ = poll.tick() => shared.must_hold(shared.seen()).await,
        };
        match looked_up {
            Ok(_) => failing = false,
            Err(LedgerError::Shorter { .. }) => return,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "cannot see the ledger's head; trying again");
            }
            Err(_) => {}
        }
    }
}
