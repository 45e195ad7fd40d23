//! What the threads of one ledger found out together: the first fault stays, a failure of the disk is forgotten after a while.
//!
//! Nothing is looked for here.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ledger_error::LedgerError;
use crate::soundness::Soundness;

/// A failure of the disk is told for so long, in seconds.
const DISK_TOLD_S: u64 = 600;

#[derive(Debug, Default)]
pub(super) struct Sound {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    told: Soundness,
    disk_failed: Option<Instant>,
}

impl Sound {
    /// Remembers an error that says something of the file or its disk.
    pub(super) fn note(&self, error: &LedgerError) {
        match error {
            LedgerError::Altered { .. }
            | LedgerError::Missing { .. }
            | LedgerError::Misled { .. }
            | LedgerError::Damaged { .. }
            | LedgerError::Shorter { .. } => self.change(|known| {
                if known.told.fault.is_none() {
                    tracing::error!(%error, "the ledger is damaged");
                    known.told.fault = Some(error.clone());
                }
            }),
            LedgerError::Disk { .. } => self.change(|known| {
                tracing::error!(%error, "the ledger's disk failed");
                known.told.disk = Some(error.clone());
                known.disk_failed = Some(Instant::now());
            }),
            _ => {}
        }
    }

    /// Why nothing may be appended: an id could be taken twice, or a damaged page be built upon.
    pub(super) fn refusal(&self) -> Option<LedgerError> {
        let fault = self.told().fault;
        fault.filter(|fault| matches!(fault, LedgerError::Misled { .. } | LedgerError::Damaged { .. }))
    }

    /// Sets how far the scrub and the filling have come.
    pub(super) fn progress(&self, change: impl FnOnce(&mut Soundness)) {
        self.change(|known| change(&mut known.told));
    }

    pub(super) fn told(&self) -> Soundness {
        let mut told = Soundness::default();
        self.change(|known| {
            if known.disk_failed.is_some_and(|failed| failed.elapsed() > Duration::from_secs(DISK_TOLD_S)) {
                (known.told.disk, known.disk_failed) = (None, None);
            }
            told = known.told.clone();
        });
        told
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
