//! The stores that a process has opened: the ledger, the views and the state store. Which engine is behind each is said by its URL.
//!
//! The state store is opened first: it says which ledger is current, and how far the ledger is known to reach.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use dateline_backends::{Address, Ledger, LedgerError, LedgerOptions, Reports, ReportsError, StateStore, Views};
use dateline_events::{EventKey, Position};
use dateline_timelines::PROJECTION_VERSION;
use tokio::sync::watch;

use crate::shared::config::Addresses;
use crate::shared::placed::Placed;
use crate::shared::running;

/// Where the state store says which ledger is current: its number, decimal.
const CURRENT: &str = "ledger/current";

/// The intake notes in the state store how far the ledger reaches at most so often, in milliseconds.
const NOTE_EVERY_MS: u64 = 1_000;

/// A process looks so often whether another ledger became current, in milliseconds.
const LOOK_EVERY_MS: u64 = 2_000;

/// The stores that a process has opened. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stores {
    /// All events, in order.
    pub ledger: Ledger,
    /// Everything derived from them.
    pub views: Views,
    /// Small and precious: API keys.
    pub state_store: StateStore,
    /// What was counted of users' reports; None where none are taken.
    pub reports: Option<Reports>,
}

/// Whether a process appends to the ledger, or only reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It appends; of an embedded ledger one process at a time.
    Append,
    /// It reads.
    Read,
}

impl Stores {
    /// Opens all of them. A ledger that came back shorter than the views have read it is refused: something was lost.
    pub async fn open(addresses: &Addresses, ledger_use: Use) -> anyhow::Result<Self> {
        let state_store = open_state_store(addresses).await?;
        let views = Views::open(&addresses.views, PROJECTION_VERSION).await?;
        let known = views.cursor(views.serving().await?).await?;
        let (ledger, _) = open_ledger(addresses, &state_store, ledger_use, known).await?;
        views.must_reach(ledger.head().await?.position).await?;
        // Whoever only reads takes no reports, and makes no log of them.
        let reports = if ledger_use == Use::Append { open_reports(addresses).await? } else { None };
        Ok(Self { ledger, views, state_store, reports })
    }
}

/// Opens the state store. One that was cut to nothing must not pass for a new one: the state store is made before the ledger, so where there is a
/// ledger, something stood in it.
pub async fn open_state_store(addresses: &Addresses) -> anyhow::Result<StateStore> {
    let bytes = |address: &Address| Some(std::fs::metadata(address.file()?).ok()?.len());
    if bytes(&addresses.state_store) == Some(0) && bytes(&addresses.ledger).is_some_and(|bytes| bytes > 0) {
        bail!(
            "the state store {} is damaged: it is empty (0 bytes), and there is the ledger {} that was made after it. API keys, who registered what, and what roles remember are lost with it: put a backup of the file in its place. Where there is none, delete the file and start again: a new one is made, and keys are made anew with `dateline keys create`",
            addresses.state_store,
            addresses.ledger
        );
    }
    Ok(StateStore::open(&addresses.state_store).await?)
}

/// Opens the log of reports, where there is to be one.
pub async fn open_reports(addresses: &Addresses) -> Result<Option<Reports>, ReportsError> {
    match &addresses.reports {
        Some(url) => Reports::open(url).await.map(Some),
        None => Ok(None),
    }
}

/// Opens the current ledger, which must reach as far as is known; answers it with its number.
pub async fn open_ledger(addresses: &Addresses, state_store: &StateStore, ledger_use: Use, known: Position) -> anyhow::Result<(Ledger, u32)> {
    let number = current_number(state_store).await?;
    let options = match ledger_use {
        Use::Append => LedgerOptions::writer(),
        Use::Read => LedgerOptions::reader(),
    };
    let known = known.max(known_reach(state_store, number).await?);
    let ledger = match Ledger::open(&addresses.ledger, options.numbered(number).known_at_least(known)).await {
        Err(locked @ LedgerError::Locked { .. }) => match running::find(addresses) {
            Some(running) => {
                let said = format!("a server runs on these files at {} (process {})", running.url, running.process);
                return Err(anyhow::Error::new(locked).context(said));
            }
            None => return Err(locked.into()),
        },
        opened => opened?,
    };
    Ok((ledger, number))
}

/// Whether opening the state store would make a new file.
pub fn has_no_state_store(addresses: &Addresses) -> bool {
    addresses.state_store.file().is_some() && StateStore::file_at(&addresses.state_store).is_none()
}

/// The current ledger for somebody who only reads, and makes no state store where there is none.
pub async fn ledger_to_read(addresses: &Addresses) -> anyhow::Result<Ledger> {
    if has_no_state_store(addresses) {
        return Ok(Ledger::open(&addresses.ledger, LedgerOptions::reader()).await?);
    }
    let state_store = open_state_store(addresses).await?;
    Ok(open_ledger(addresses, &state_store, Use::Read, 0).await?.0)
}

/// How far a ledger is known to reach, as its intake noted.
pub async fn known_reach(state_store: &StateStore, number: u32) -> anyhow::Result<Position> {
    Ok(state_store.get(&watermark(number)).await?.map(|(value, _)| number_in(&value)).transpose()?.unwrap_or(0))
}

/// The number of the current ledger; 1 until one was restored.
pub async fn current_number(state_store: &StateStore) -> anyhow::Result<u32> {
    match state_store.get(CURRENT).await? {
        Some((value, _)) => Ok(u32::try_from(number_in(&value)?).context("the ledger's number in the state store is too large")?),
        None => Ok(1),
    }
}

/// Makes another ledger current, by compare-and-swap: of two who restore at once, one is refused.
pub async fn make_current(state_store: &StateStore, from: u32, to: u32) -> anyhow::Result<()> {
    let replaced = |there: Option<&[u8]>| {
        let number = there.map_or(Ok(1), number_in)?;
        if number != u64::from(from) {
            bail!("ledger {number} became current meanwhile, not {from}: somebody else restored it");
        }
        Ok(Some(to.to_string().into_bytes()))
    };
    state_store.update(CURRENT, replaced).await.map(drop)
}

/// Where the intake notes how far a ledger is known to reach.
fn watermark(number: u32) -> String {
    format!("ledger/{number}/reaches")
}

fn number_in(value: &[u8]) -> anyhow::Result<u64> {
    let text = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    text.with_context(|| format!("the state store holds no number but {:?}", String::from_utf8_lossy(value)))
}

/// Notes in the state store how far the ledger reaches, so that one which comes back shorter is noticed even by an intake that knows nothing
/// else. The state store is apart from the ledger and never restored with it. Ends when told to stop, with a last note.
pub async fn record_high_water_mark(ledger: Ledger, number: u32, state_store: StateStore, mut stop: watch::Receiver<bool>) {
    let mut head = ledger.watch_head();
    let mut noted = 0;
    loop {
        let reached = head.borrow_and_update().position();
        if reached > noted {
            match note(&state_store, &watermark(number), reached).await {
                Ok(()) => noted = reached,
                Err(error) => tracing::warn!(%error, "how far the ledger reaches could not be noted in the state store; trying again"),
            }
        }
        if *stop.borrow() {
            return;
        }
        let pause = tokio::time::sleep(Duration::from_millis(NOTE_EVERY_MS));
        tokio::select! {
            () = pause => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// Several intakes may note at once; the farthest stays.
async fn note(state_store: &StateStore, key: &str, reached: Position) -> anyhow::Result<()> {
    let farther = |there: Option<&[u8]>| {
        let there = there.map_or(Ok(0), number_in)?;
        Ok((there < reached).then(|| reached.to_string().into_bytes()))
    };
    state_store.update(key, farther).await.map(drop)
}

/// Ends, with the reason, when another ledger became current: what this process has opened is then a thing of the past.
pub async fn until_replaced(state_store: StateStore, number: u32) -> String {
    loop {
        tokio::time::sleep(Duration::from_millis(LOOK_EVERY_MS)).await;
        match current_number(&state_store).await {
            Ok(current) if current != number => {
                return format!("ledger {current} is current, this process has opened ledger {number}: start it anew");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the state store does not say which ledger is current; trying again"),
        }
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
    /// Where the views put it; null where they had not read it in time. Only for who asked.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub placed: Option<Option<Placed>>,
    /// The proof that it is in the signed log (C2SP tlog-proof); null where it was not sealed in time. Only for who asked.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Option<String>>,
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
            placed: None,
            sealed: None,
        }
    }
}
