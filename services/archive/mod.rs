//! The archive: follows the ledger and keeps a second, unchangeable copy of every record. It stops at a difference, and says so.
//! It decides nothing itself: `ledger check` and `ledger restore` read what it kept.

use dateline_backends::{Archive, ArchiveError, Follower, Ledger, LedgerError, Page};

use crate::shared::following::{Follow, Step};
use crate::shared::supervise::Progress;

/// Why the archive did not go on. A difference stays until somebody looked at it.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The archive failed, or differs.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// Copies what comes behind the archive's end.
pub struct Copying {
    follower: Follower,
    archive: Archive,
}

impl Copying {
    /// From the archive's end on.
    pub async fn open(ledger: Ledger, archive: Archive) -> Result<Self, Stopped> {
        Ok(Self { follower: ledger.follow(archive.head().await?), archive })
    }
}

impl Follow for Copying {
    type Page = Page;
    type Error = Stopped;

    async fn next(&mut self) -> Result<Page, Stopped> {
        Ok(self.follower.next().await?)
    }

    async fn take(&mut self, page: Page) -> Result<Step, Stopped> {
        let position = self.archive.put(page.records).await?;
        Ok(Step::Reached(Progress { position, head: page.head }))
    }
}
