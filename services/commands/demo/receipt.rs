//! The end of the demo: the receipt of one position, checked as an auditor checks it, with the log's key and without trusting the server.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use dateline_backends::Ledger;
use dateline_events::Position;
use dateline_proofs::{SealedReceipt, VerifierKey, leaf_hash};

use crate::shared::api_client::ApiClient;
use crate::shared::merkle_log::Opening;

/// What was just stored is sealed within so long, in milliseconds; it is asked for again after every pause, in milliseconds.
const SEALED_MS_MAX: u64 = 10_000;
const PAUSE_MS: u64 = 100;

/// Asks for the receipt of a position, checks it, and says what it proves.
pub async fn checked(api: &ApiClient, ledger: &Ledger, keys: &[VerifierKey], position: Position) -> anyhow::Result<String> {
    let receipt = SealedReceipt::parse(&sealed(api, position).await?)?;
    let opening = receipt.extra.as_deref().and_then(Opening::read).context("the receipt does not open the leaf of its position")?;
    let bytes = ledger.get(position).await?.and_then(|record| record.bytes).context("the position has no text")?;
    if !opening.opens_to(&bytes) {
        bail!("the receipt of position {position} belongs to another event");
    }
    let checkpoint = receipt.verify(&leaf_hash(opening.leaf.as_bytes()), keys)?;
    let key = keys.first().context("the log has no key")?;
    Ok(format!(
        "The record is sealed: position {position} is in the signed log of {} positions (root {}), and its receipt was checked\nwith the log's key. Give this line to auditors by another way than the server:\n  {key}\n\n",
        checkpoint.size(),
        checkpoint.root()
    ))
}

/// The receipt, once the notary has sealed so far.
async fn sealed(api: &ApiClient, position: Position) -> anyhow::Result<Vec<u8>> {
    let path = format!("/v1/events/{position}/receipt");
    let begun = Instant::now();
    loop {
        match api.get(&path).await {
            Ok(receipt) => return Ok(receipt.to_vec()),
            Err(error) if begun.elapsed() > Duration::from_millis(SEALED_MS_MAX) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await,
        }
    }
}
