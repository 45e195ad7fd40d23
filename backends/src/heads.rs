//! Where a log ends: what is heard, and what is known. Two types, so that the one cannot be taken for the other.
//!
//! How a head is looked up is the engines' business.

use dateline_events::Position;
use tokio::sync::watch;

/// A head that was looked up in the log itself: only such a one is ever noted as known. What is merely heard is a `Hint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct KnownHead(Position);

impl KnownHead {
    /// For an engine that has just looked it up, or stored it itself.
    pub(crate) fn looked_up(position: Position) -> Self {
        Self(position)
    }

    /// The last position.
    pub fn position(self) -> Position {
        self.0
    }
}

/// Something was heard: there may be more to read. It says no position, so that nobody can take one from it; it is a number that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Hint(u64);

impl Hint {
    /// Wakes whoever waits for more.
    pub(crate) fn wake(heard: &watch::Sender<Self>) {
        heard.send_modify(|hint| hint.0 = hint.0.wrapping_add(1));
    }
}
