//! `audit check`: a receipt and its event, held against a key. It asks nobody, and reads no file of a ledger.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use dateline_events::{Instant, Position};
use dateline_proofs::{Checkpoint, RECEIPT_BYTES_MAX, SealedReceipt, VerifierKey, leaf_hash, verify_inclusion};

use super::leaves::recorded_of;
use super::line::{LINE_BYTES_MAX, carried};
use super::verify::keys;
use crate::commands::{Answer, say};
use crate::shared::config::{CheckFlags, Settings};
use crate::shared::merkle_log::Opening;

/// What a receipt proves of an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Proved {
    /// The event's place in the ledger.
    pub position: Position,
    /// When the ledger took it.
    pub recorded: Instant,
    /// The log that it is in.
    pub checkpoint: Checkpoint,
}

/// What does not hold. The names are for programs, and stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The file is no receipt.
    Receipt,
    /// No key that was named signed its checkpoint.
    Checkpoint,
    /// Its leaf is not in the tree of the checkpoint.
    Inclusion,
    /// The leaf is not opened: no salt stands in the receipt.
    Opening,
    /// The event is not the one of the leaf.
    Event,
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Checkpoint => "checkpoint",
            Self::Inclusion => "inclusion",
            Self::Opening => "opening",
            Self::Event => "event",
        }
    }
}

/// Runs the command.
pub fn run(settings: &Settings, flags: &CheckFlags) -> anyhow::Result<Answer> {
    let keys = keys(settings.log.key.as_ref(), &flags.keys.also)?;
    let receipt = read(&flags.receipt, RECEIPT_BYTES_MAX)?;
    let event = read(&flags.event, LINE_BYTES_MAX)?;
    match check(&receipt, &event, &keys) {
        Ok(proved) => {
            let Proved { position, recorded, checkpoint } = proved;
            let (log, size, root) = (checkpoint.origin(), checkpoint.size(), checkpoint.root());
            say(&format!("holds: position {position}, recorded {}\nlog {log}, {size} leaves, root {root}\n", recorded.with_six_digits()))?;
            Ok(Answer::Done)
        }
        Err((step, why)) => {
            say(&format!("does not hold: {}: {why}\n", step.as_str()))?;
            Ok(Answer::No)
        }
    }
}

/// Checks signature, place in the tree, and that the leaf opens to the event: its exact bytes, or a document that carries them.
pub fn check(receipt: &[u8], event: &[u8], keys: &[VerifierKey]) -> Result<Proved, (Step, String)> {
    let receipt = SealedReceipt::parse(receipt).map_err(|error| (Step::Receipt, error.to_string()))?;
    let (checkpoint, _) = Checkpoint::open(&receipt.checkpoint, keys).map_err(|error| (Step::Checkpoint, error.to_string()))?;
    let opening = receipt.extra.as_deref().and_then(Opening::read);
    let opening = opening.ok_or_else(|| (Step::Opening, "its extra line holds no leaf".to_owned()))?;
    let hash = leaf_hash(opening.leaf.as_bytes());
    verify_inclusion(&hash, receipt.index, checkpoint.size(), &receipt.proof, &checkpoint.root())
        .map_err(|error| (Step::Inclusion, error.to_string()))?;
    let recorded = recorded_of(&opening.leaf).ok_or_else(|| (Step::Opening, "its leaf does not say when it was recorded".to_owned()))?;
    let position = receipt.index.saturating_add(1);
    if opening.salt.is_none() {
        return Err((Step::Opening, format!("position {position} is in the log, and its text was destroyed: no salt stands in the receipt")));
    }
    if opening.opens_to(event) {
        return Ok(Proved { position, recorded, checkpoint });
    }
    let Some(carried) = carried(event) else {
        return Err((Step::Event, "these are not the bytes that were sealed (a line end behind them counts, too)".to_owned()));
    };
    if !opening.opens_to(&carried.bytes) {
        return Err((Step::Event, "the text that it carries is not the one that was sealed".to_owned()));
    }
    if (carried.position, carried.recorded) != (position, recorded) {
        let said = carried.recorded.with_six_digits();
        return Err((
            Step::Event,
            format!(
                "it says position {}, recorded {said}; the log says position {position}, recorded {}",
                carried.position,
                recorded.with_six_digits()
            ),
        ));
    }
    Ok(Proved { position, recorded, checkpoint })
}

/// The bytes of a file; - is standard input. One that is longer than any of its kind is cut behind that, and does not hold.
fn read(path: &Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    let (mut bytes, limit) = (Vec::new(), bytes_max as u64 + 1);
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}
