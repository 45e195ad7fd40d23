//! What was read becomes events, and events are published.

use std::sync::Arc;

use dateline_backends::Keep;
use dateline_dialects::{Dialect, Refused};
use dateline_events::Instant;

use crate::ask::Asker;

/// A vendor's status page, as the file of pages names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The service's slug.
    pub service: String,
    /// The service's name.
    pub name: Option<String>,
    /// The vendor's slug.
    pub vendor: Option<String>,
    /// The language in which the page speaks.
    pub lang: String,
}

/// One reading of one address of a page.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The language of the bytes.
    pub dialect: Dialect,
    /// Where they were read.
    pub url: &'a str,
    /// The last part of the address.
    pub name: &'a str,
    /// What was read.
    pub bytes: &'a [u8],
    /// When.
    pub read_at: Instant,
    /// When this address was last read before.
    pub previous_read: Option<Instant>,
}

/// What became of a reading.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Incidents that stand on the page.
    pub incidents: usize,
    /// Events that are new in the ledger.
    pub published: usize,
    /// Events that the ledger had already.
    pub known: usize,
    /// Corrections and retractions among those that are new.
    pub edits: usize,
    /// What could not be read on it.
    pub refused: Vec<Refused>,
}

/// Why a reading was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// The page cannot be read.
    Unreadable(String),
    /// The events could not be published; nothing was moved.
    Unpublished(anyhow::Error),
}

/// Turns readings into events.
pub struct Scribe {
    asker: Arc<Asker>,
    _keep: Keep,
}

impl Scribe {
    /// A scribe who publishes through this asker.
    pub async fn open(asker: Arc<Asker>, keep: Keep) -> anyhow::Result<Self> {
        Ok(Self { asker, _keep: keep })
    }

    /// Takes a reading.
    pub async fn take(&self, page: &Page, reading: Reading<'_>) -> Result<Taken, NotTaken> {
        let observation = reading.dialect.read(reading.bytes, reading.name).map_err(|unreadable| NotTaken::Unreadable(unreadable.0))?;
        self.asker.get("/openapi.json").await.map_err(NotTaken::Unpublished)?;
        tracing::debug!(page.service, url = reading.url, read_at = %reading.read_at, previous_read = ?reading.previous_read, "taken");
        Ok(Taken { incidents: observation.incidents.len(), refused: observation.refused, ..Taken::default() })
    }
}
