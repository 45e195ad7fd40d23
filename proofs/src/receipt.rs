//! Receipts (C2SP tlog-proof): what proves offline that a leaf is in the log.
//!
//! The `extra` line carries the opening of the leaf's commitment: the 32 bytes of the salt, nothing else. With it and the bytes of an
//! event, whoever verifies makes the leaf. A receipt without it is that of a leaf whose opening was destroyed. Nobody signed the line:
//! a wrong salt gives another leaf, which is refused.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::lines::{decimal, take_line};
use crate::note::{NOTE_BYTES_MAX, Note, NoteError};
use crate::policy::{Policy, PolicyError};
use crate::verify::{PROOF_HASHES_MAX, ProofError, verify_inclusion};

/// The most bytes of a receipt that is read.
pub const RECEIPT_BYTES_MAX: usize = NOTE_BYTES_MAX;

/// The first line of a receipt.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The proof that a leaf is in a log, with the checkpoint that it leads to. Nothing of it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedReceipt {
    /// What the `extra` line says, not empty where it is there: the salt. Nobody signed it.
    pub extra: Option<Vec<u8>>,
    /// The leaf's number, from 0.
    pub index: u64,
    /// The hashes from the leaf's sibling up.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, cosignatures included.
    pub checkpoint: Note,
}

/// What is wrong with a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// Larger than is read.
    #[error("a receipt has at most {RECEIPT_BYTES_MAX} bytes, and this one has {0}")]
    TooLarge(usize),
    /// Not UTF-8.
    #[error("a receipt is utf-8, and byte {0} is not")]
    NotText(usize),
    /// A line is not what belongs there.
    #[error("line {line} of the receipt must be {wanted}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What it must be.
        wanted: &'static str,
    },
    /// The checkpoint in it is no note.
    #[error("the checkpoint of the receipt: {0}")]
    Note(NoteError),
    /// The checkpoint in it is none, or no known key of the log signed it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The policy does not accept the checkpoint.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The leaf is not in the tree of the checkpoint.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl SealedReceipt {
    /// Reads a receipt; nothing is verified by that.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLarge(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| ReceiptError::NotText(error.valid_up_to()))?;
        let mut lines = Lines { rest: text, number: 0 };
        let first = lines.next("`c2sp.org/tlog-proof@v1`")?;
        lines.check(first == FIRST_LINE, "`c2sp.org/tlog-proof@v1`")?;
        const INDEX: &str = "`index` and the number of the leaf, a decimal number without leading zeroes";
        let mut line = lines.next(INDEX)?;
        let mut extra = None;
        if let Some(base64) = line.strip_prefix("extra ") {
            let bytes = STANDARD.decode(base64).ok().filter(|bytes| !bytes.is_empty());
            lines.check(bytes.is_some(), "`extra` and base64 of at least one byte")?;
            extra = bytes;
            line = lines.next(INDEX)?;
        }
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(lines.refused(INDEX))?;
        let mut proof = Vec::new();
        loop {
            let line = lines.next("a hash, or empty before the checkpoint")?;
            if line.is_empty() {
                break;
            }
            lines.check(proof.len() < PROOF_HASHES_MAX, "empty: a proof has at most 64 hashes")?;
            proof.push(line.parse().map_err(|_| lines.refused("a hash, base64 of 32 bytes"))?);
        }
        let checkpoint = Note::parse(lines.rest.as_bytes()).map_err(ReceiptError::Note)?;
        Ok(Self { extra, index, proof, checkpoint })
    }

    /// Verifies that one of the known keys of the log signed the checkpoint, under the origin that is the key's name, and that the leaf
    /// of this hash is in its tree at `index`. Witnesses are not asked for: [`verify_by`](Self::verify_by) does that.
    pub fn verify(&self, leaf_hash: &Hash, log_keys: &[VerifierKey]) -> Result<Checkpoint, ReceiptError> {
        let (checkpoint, _) = Checkpoint::open(&self.checkpoint, log_keys)?;
        self.verify_within(leaf_hash, checkpoint)
    }

    /// Verifies that the policy accepts the checkpoint, witnesses included, and that the leaf of this hash is in its tree at `index`.
    pub fn verify_by(&self, leaf_hash: &Hash, policy: &Policy) -> Result<Checkpoint, ReceiptError> {
        self.verify_within(leaf_hash, policy.open(&self.checkpoint)?)
    }

    fn verify_within(&self, leaf_hash: &Hash, checkpoint: Checkpoint) -> Result<Checkpoint, ReceiptError> {
        verify_inclusion(leaf_hash, self.index, checkpoint.size(), &self.proof, &checkpoint.root())?;
        Ok(checkpoint)
    }
}

impl fmt::Display for SealedReceipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{FIRST_LINE}")?;
        if let Some(extra) = self.extra.as_ref().filter(|extra| !extra.is_empty()) {
            writeln!(formatter, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(formatter, "index {}", self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(formatter, "{hash}"))?;
        write!(formatter, "\n{}", self.checkpoint)
    }
}

/// The lines of a text with their numbers.
struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self, wanted: &'static str) -> Result<&'a str, ReceiptError> {
        self.number += 1;
        take_line(&mut self.rest).ok_or(self.refused(wanted))
    }

    fn check(&self, holds: bool, wanted: &'static str) -> Result<(), ReceiptError> {
        if holds { Ok(()) } else { Err(self.refused(wanted)) }
    }

    fn refused(&self, wanted: &'static str) -> ReceiptError {
        ReceiptError::Line { line: self.number, wanted }
    }
}
