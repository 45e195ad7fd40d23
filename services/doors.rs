//! The doors a process has opened: the ledger, the views and the keep. Which engine is behind each is said by its URL.

use std::sync::Arc;

use dateline_backends::{Keep, Ledger, LedgerOptions, Views};
use dateline_events::{EventKey, Position};
use dateline_timelines::PROJECTION_VERSION;

use crate::config::Addresses;

/// The doors a process has opened. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Doors {
    /// All events, in order.
    pub ledger: Ledger,
    /// Everything derived from them.
    pub views: Views,
    /// Small and precious: API keys.
    pub keep: Keep,
}

/// Whether a process appends to the ledger, or only reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It appends; one process at a time.
    Append,
    /// It reads.
    Read,
}

impl Doors {
    /// Opens all three. A ledger that came back shorter than the views have read it is refused: something was lost.
    pub async fn open(addresses: &Addresses, ledger_use: Use) -> anyhow::Result<Self> {
        addresses.make_folders()?;
        let views = Views::open(&addresses.views, PROJECTION_VERSION).await?;
        let known = views.cursor(views.serving().await?).await?;
        let options = match ledger_use {
            Use::Append => LedgerOptions::writer(),
            Use::Read => LedgerOptions::reader(),
        };
        let ledger = Ledger::open(&addresses.ledger, options.known_at_least(known)).await?;
        let keep = Keep::open(&addresses.keep).await?;
        Ok(Self { ledger, views, keep })
    }
}

/// A receipt as publishers get it, over HTTP and from the command line.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct ReceiptForm {
    /// The event's place in the ledger.
    pub position: Position,
    /// When the ledger took it: RFC 3339, UTC, six digits.
    pub recorded: Arc<str>,
    /// The event's key.
    pub key: String,
    /// False where the ledger had it already.
    pub fresh: bool,
    /// The publisher.
    pub source: String,
    /// The event's id.
    pub id: String,
}

impl ReceiptForm {
    /// The receipt of an event.
    pub fn of(receipt: &dateline_backends::Receipt, source: &str, id: &str) -> Self {
        let key: EventKey = receipt.key;
        Self {
            position: receipt.position,
            recorded: receipt.recorded.with_six_digits().into(),
            key: key.to_string(),
            fresh: receipt.fresh,
            source: source.to_owned(),
            id: id.to_owned(),
        }
    }
}
