//! How many faults of each kind were injected, and what became of the requests that went out while each was in force.
//! What a fault is, is not known here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// What happened under one kind of fault.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    pub injected: u64,
    pub answered: u64,
    /// Attempts whose answer did not come, or was that nobody knows.
    pub unanswered: u64,
    /// Requests that were sent again, or looked up, after no answer: they had been stored, or had not.
    pub stored: u64,
    pub not_stored: u64,
}

#[derive(Debug, Default)]
struct Counts {
    now: &'static str,
    kinds: BTreeMap<&'static str, Count>,
}

/// The counts. Cheap to clone.
#[derive(Debug, Default, Clone)]
pub struct Tally(Arc<Mutex<Counts>>);

impl Tally {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap()
    }

    fn of(&self, kind: &'static str, change: impl FnOnce(&mut Count)) {
        change(self.counts().kinds.entry(kind).or_default());
    }

    /// From now on this fault is in force, also while everything recovers from it.
    pub fn inject(&self, kind: &'static str) {
        self.counts().now = kind;
        self.of(kind, |count| count.injected += 1);
    }

    pub fn answered(&self) {
        self.of(self.now(), |count| count.answered += 1);
    }

    /// Answers the fault that is in force.
    pub fn unanswered(&self) -> &'static str {
        let kind = self.now();
        self.of(kind, |count| count.unanswered += 1);
        kind
    }

    pub fn found(&self, kind: &'static str, stored: bool) {
        self.of(kind, |count| if stored { count.stored += 1 } else { count.not_stored += 1 });
    }

    fn now(&self) -> &'static str {
        self.counts().now
    }

    /// What happened under one kind.
    pub fn count(&self, kind: &str) -> Count {
        self.counts().kinds.get(kind).copied().unwrap_or_default()
    }

    /// A line a kind, and one for all; answers the sums.
    pub fn print(&self) -> Count {
        let mut all = Count::default();
        let line = |kind: &str, count: &Count| {
            println!(
                "{kind:44} {:3} injected, {:6} answered, {:4} unanswered: {:4} found stored, {:4} not stored",
                count.injected, count.answered, count.unanswered, count.stored, count.not_stored
            );
        };
        for (kind, count) in self.counts().kinds.iter().filter(|(kind, _)| !kind.is_empty()) {
            line(kind, count);
            all.injected += count.injected;
            all.answered += count.answered;
            all.unanswered += count.unanswered;
            all.stored += count.stored;
            all.not_stored += count.not_stored;
        }
        line("all", &all);
        all
    }
}
