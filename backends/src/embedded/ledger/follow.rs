//! Following the ledger: replay, catching up and live are the same reading, page by page, from a cursor.

use std::sync::Arc;

use dateline_events::Position;
use tokio::sync::watch;

use super::{Reader, read};
use crate::heads::KnownHead;
use crate::ledger::Page;
use crate::ledger_error::LedgerError;

/// A follower of a ledger in a file.
#[derive(Debug)]
pub struct Follower {
    reader: Arc<Reader>,
    heads: watch::Receiver<KnownHead>,
    after: Position,
}

impl Follower {
    pub(super) fn new(reader: Arc<Reader>, after: Position) -> Self {
        let heads = reader.head.clone();
        Self { reader, heads, after }
    }

    pub(crate) async fn next(&mut self) -> Result<Page, LedgerError> {
        loop {
            // What is known is marked as seen before reading, so that a head that moves meanwhile wakes the wait below.
            self.heads.borrow_and_update();
            if let Some(page) = self.try_next().await? {
                return Ok(page);
            }
            self.heads.changed().await.map_err(|_| LedgerError::Stopped { reason: "the ledger was closed".to_owned() })?;
        }
    }

    pub(crate) async fn try_next(&mut self) -> Result<Option<Page>, LedgerError> {
        let after = self.after;
        let page = self.reader.run(move |connection| read::page(connection, after)).await?;
        if let Some(last) = page.as_ref().and_then(|page| page.records.last()) {
            self.after = last.position;
        }
        Ok(page)
    }

    pub(crate) fn position(&self) -> Position {
        self.after
    }
}
