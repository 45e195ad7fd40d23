//! The archive: follows the ledger and keeps a second, unchangeable copy of every record. It stops at a difference, and says so.
//! It decides nothing itself: `ledger check` and `ledger restore` read what it kept.

use std::time::Duration;

use dateline_backends::{Archive, ArchiveError, Ledger, LedgerError};
use tokio::sync::watch;

/// After a failure it waits so long before it tries again, in milliseconds; twice as long after each further one, up to the most.
const RETRY_FIRST_MS: u64 = 50;
const RETRY_MOST_MS: u64 = 5_000;

/// Why the archive did not go on.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// Runs until told to stop. A failure is logged and tried again from the archive's end: also a difference, which stays until somebody
/// looked at it.
pub async fn run(ledger: Ledger, archive: Archive, mut stop: watch::Receiver<bool>) {
    let mut wait_ms = RETRY_FIRST_MS;
    while !*stop.borrow() {
        let outcome = tokio::select! {
            outcome = follow(&ledger, &archive, &mut wait_ms) => outcome,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if let Err(error) = outcome {
            tracing::error!(%error, wait_ms, "the archive does not go on, and will try again");
        }
        let _ = tokio::time::timeout(Duration::from_millis(wait_ms), stop.wait_for(|stop| *stop)).await;
        wait_ms = (wait_ms * 2).min(RETRY_MOST_MS);
    }
}

async fn follow(ledger: &Ledger, archive: &Archive, wait_ms: &mut u64) -> Result<(), Stopped> {
    let mut follower = ledger.follow(archive.head().await?);
    loop {
        archive.put(follower.next().await?.records).await?;
        *wait_ms = RETRY_FIRST_MS;
    }
}
