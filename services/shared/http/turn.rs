//! Whose turn it is on a connection: what the wire and the service, which see a connection from two sides, know of each other.

use std::sync::{Mutex, PoisonError};

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// The first byte of its first request.
    First,
    /// The rest of a head that has begun.
    Head,
    /// The answer, or the rest of a body.
    Answer,
    /// The next request, if there is to be one.
    Next,
}

/// Whose turn it is.
#[derive(Debug)]
pub struct Turn(Mutex<State>);

#[derive(Debug)]
struct State {
    waits: Waits,
    /// A head named both a length and an encoding of its body.
    two_lengths: bool,
    /// A body was left unread, so that the other end may still be sending.
    unread: bool,
}

impl Default for Turn {
    fn default() -> Self {
        Self(Mutex::new(State { waits: Waits::First, two_lengths: false, unread: false }))
    }
}

impl Turn {
    /// What the connection waits for.
    pub fn waits(&self) -> Waits {
        self.state().waits
    }

    /// It waits for this from now on.
    pub fn wait_for(&self, waits: Waits) {
        self.state().waits = waits;
    }

    /// The head that is coming names both a length and an encoding of its body.
    pub fn two_lengths(&self, found: bool) {
        self.state().two_lengths = found;
    }

    /// True if the head that came last did.
    pub fn has_two_lengths(&self) -> bool {
        self.state().two_lengths
    }

    /// A body is left unread; nothing more is read from this connection.
    pub fn leave_unread(&self) {
        self.state().unread = true;
    }

    /// True if one was.
    pub fn is_unread(&self) -> bool {
        self.state().unread
    }

    /// Nobody panics while holding this lock.
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
