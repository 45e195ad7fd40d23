//! Where the ledger ends, as far as this process knows. What is heard (an intake's hint) wakes; what is looked up is known.
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
use crate::heads::{Hint, KnownHead};
use crate::ledger_error::LedgerError;

/// The leader is asked for the head so often, in milliseconds, in case that a hint was lost.
const POLL_EVERY_MS: u64 = 500;

/// After hints the head is looked up at most so often, in milliseconds: an intake may send hundreds a second.
const HEARD_EVERY_MS: u64 = 50;

/// A server that was cut off may for a while answer as a leader that it no longer is, and one that starts may not have all yet: a head
/// that seems to have fallen is asked for again so long, in milliseconds, before it is believed. Nothing is appended meanwhile.
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
    publish: watch::Sender<KnownHead>,
    heard: watch::Sender<Hint>,
    /// The highest position that was seen to exist.
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
        let publish = watch::Sender::new(KnownHead::looked_up(head));
        let shared = Shared { reader, publish, heard: watch::Sender::default(), seen: AtomicU64::new(head), shorter: OnceLock::new() };
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
    /// The head, whenever it is looked up and has moved.
    pub(super) fn heads(&self) -> watch::Receiver<KnownHead> {
        self.0.publish.subscribe()
    }

    /// Wakes when there may be more to read.
    pub(super) fn hints(&self) -> watch::Receiver<Hint> {
        self.0.heard.subscribe()
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
        let head = KnownHead::looked_up(position);
        self.publish.send_if_modified(|known| {
            let moved = head > *known;
            *known = head.max(*known);
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
            if begun.elapsed() >= Duration::from_millis(BELIEVED_AFTER_MS) {
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
    let mut last_look = Instant::now();
    loop {
        let looked_up = tokio::select! {
            hint = hints.next() => {
                if hint.is_none() {
                    return;
                }
                // Followers read the log themselves. What the hint says is not even read: whoever may publish one could say anything.
                Hint::wake(&shared.heard);
                if last_look.elapsed() < Duration::from_millis(HEARD_EVERY_MS) {
                    continue;
                }
                shared.must_hold(shared.seen()).await
            }
            _ = poll.tick() => shared.must_hold(shared.seen()).await,
        };
        last_look = Instant::now();
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
