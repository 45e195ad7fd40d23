//! Records on their way from a source to the auditor: pages are read ahead, and hashed on other threads meanwhile.

use std::collections::VecDeque;

use dateline_events::Position;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::leaves::{Prepared, prepare};
use super::source::{Found, Records};

/// So many pages are on their way at most.
const PAGES_AHEAD: usize = 4;

/// What is known of one record; the error is why it cannot be read.
type Record = Result<Prepared, String>;

/// Records in the order of their source, prepared.
pub struct Prepare {
    pages: mpsc::Receiver<anyhow::Result<JoinHandle<Vec<Record>>>>,
    page: VecDeque<Record>,
}

impl Prepare {
    /// Begins to read.
    pub fn start(mut records: Records) -> Self {
        let (send, pages) = mpsc::channel(PAGES_AHEAD);
        tokio::spawn(async move {
            loop {
                let next = match records.page().await {
                    Ok(page) if page.is_empty() => return,
                    Ok(page) => Ok(tokio::task::spawn_blocking(|| prepared(page))),
                    Err(error) => Err(error),
                };
                let ended = next.is_err();
                if send.send(next).await.is_err() || ended {
                    return;
                }
            }
        });
        Self { pages, page: VecDeque::new() }
    }

    /// Whether there is a further record, and its position where it can be read.
    pub async fn next_position(&mut self) -> anyhow::Result<Option<Option<Position>>> {
        while self.page.is_empty() {
            let Some(page) = self.pages.recv().await else { return Ok(None) };
            self.page = page?.await?.into();
        }
        Ok(self.page.front().map(|record| record.as_ref().ok().map(|record| record.position)))
    }

    /// The record that was looked at.
    pub fn take(&mut self) -> Option<Record> {
        self.page.pop_front()
    }
}

fn prepared(page: Vec<Found>) -> Vec<Record> {
    page.into_iter().map(prepare).collect()
}
