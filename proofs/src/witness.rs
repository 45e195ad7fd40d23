//! The call `add-checkpoint` of C2SP tlog-witness: what is asked, what is answered, and what a witness must decide. Who sends it, and
//! where a witness keeps what it cosigned last, is not known here. `sign-subtree` is optional and not spoken.

use std::fmt;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{EMPTY_ROOT, Hash};
use crate::key::VerifierKey;
use crate::lines::{decimal, take_line};
use crate::note::{NOTE_BYTES_MAX, Note, NoteError, Signature};
use crate::verify::verify_consistency;

/// The most lines of a consistency proof in a request.
pub const CONSISTENCY_LINES_MAX: usize = 63;

/// The most bytes of a request that is read: a note, the old size and the hashes.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = NOTE_BYTES_MAX + 4096;

/// What the body of a refusal because of the size is declared as.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// What every other body is declared as.
const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// The body of a request: *this checkpoint goes on from the tree of `old_size` leaves, and here is the proof*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

/// What a witness cosigned last of a log, and must keep: it changes by compare-and-swap only. The default is that of a log of which
/// it cosigned nothing as yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastCosigned {
    /// How many leaves the tree had.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// What a witness answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WitnessAnswer {
    /// 200: the witness's signature lines; one at least.
    Cosigned(Vec<Signature>),
    /// 400: the request is malformed, or its old size is larger than its checkpoint's.
    Malformed,
    /// 403: no trusted key of the log signed the checkpoint, or a signature that bears a trusted key's name and id is not of it.
    Forbidden,
    /// 404: the witness does not know the log.
    UnknownOrigin,
    /// 409: the old size is not that of the checkpoint that the witness cosigned last, which is this.
    OtherSize(u64),
    /// 422: the proof or the root does not hold.
    Inconsistent,
}

/// What a witness must do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WitnessDecision {
    /// Keep this in place of what was cosigned last, then cosign. If that changed meanwhile, decide again.
    Cosign(LastCosigned),
    /// Answer this, and keep what is kept.
    Refuse(WitnessAnswer),
}

/// What is wrong with a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WitnessError {
    /// Larger than is read.
    #[error("a request to a witness has at most {ADD_CHECKPOINT_BYTES_MAX} bytes, and this one has {0}")]
    TooLarge(usize),
    /// Not UTF-8.
    #[error("a request to a witness is utf-8, and byte {0} is not")]
    NotText(usize),
    /// A line is not what belongs there.
    #[error("line {line} of the request to the witness must be {wanted}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What it must be.
        wanted: &'static str,
    },
    /// More hashes than a request may hold.
    #[error("a request to a witness holds at most {CONSISTENCY_LINES_MAX} hashes")]
    TooManyHashes,
    /// What follows the empty line is no note, or an answer holds no signature lines.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The witness answered something that the protocol does not know.
    #[error("the witness answered status {0}, which add-checkpoint does not know")]
    Status(u16),
    /// The witness said that it knows another size, and did not say which.
    #[error("the witness answered 409 without a size: the type text/x.tlog.size, a decimal number and a newline")]
    NoSize,
}

impl AddCheckpoint {
    /// A request that a witness is sent: the consistency proof from the tree of `old_size` leaves to the checkpoint in the note.
    pub fn new(old_size: u64, proof: Vec<Hash>, note: Note) -> Result<Self, WitnessError> {
        if proof.len() > CONSISTENCY_LINES_MAX {
            return Err(WitnessError::TooManyHashes);
        }
        let checkpoint = note.text().parse()?;
        Ok(Self { old_size, proof, note, checkpoint })
    }

    /// Reads the body of a request. Whatever is refused here is answered with 400 ([`WitnessAnswer::Malformed`]).
    pub fn parse(body: &[u8]) -> Result<Self, WitnessError> {
        if body.len() > ADD_CHECKPOINT_BYTES_MAX {
            return Err(WitnessError::TooLarge(body.len()));
        }
        let text = std::str::from_utf8(body).map_err(|error| WitnessError::NotText(error.valid_up_to()))?;
        let mut rest = text;
        const OLD: &str = "`old` and a size, a decimal number without leading zeroes";
        let first = take_line(&mut rest).and_then(|line| decimal(line.strip_prefix("old ")?));
        let old_size = first.ok_or(WitnessError::Line { line: 1, wanted: OLD })?;
        let mut proof = Vec::new();
        loop {
            let number = proof.len() + 2;
            let refused = |wanted| WitnessError::Line { line: number, wanted };
            let line = take_line(&mut rest).ok_or(refused("a hash, or empty before the checkpoint"))?;
            if line.is_empty() {
                break;
            }
            if proof.len() == CONSISTENCY_LINES_MAX {
                return Err(WitnessError::TooManyHashes);
            }
            proof.push(line.parse().map_err(|_| refused("a hash, base64 of 32 bytes"))?);
        }
        Self::new(old_size, proof, Note::parse(rest.as_bytes())?)
    }

    /// The checkpoint, unverified; its origin tells which keys and which last cosigned tree to look up.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signed note that the checkpoint stands in.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The size that the proof begins at.
    pub fn old_size(&self) -> u64 {
        self.old_size
    }
}

/// What a witness must do, in the order of checks of C2SP tlog-witness. `log_keys` are those that it trusts for the origin of the
/// request; none where it does not know the log.
pub fn decide(request: &AddCheckpoint, log_keys: &[VerifierKey], last: &LastCosigned) -> WitnessDecision {
    let (checkpoint, old_size) = (&request.checkpoint, request.old_size);
    let refuse = WitnessDecision::Refuse;
    if log_keys.is_empty() {
        return refuse(WitnessAnswer::UnknownOrigin);
    }
    if request.note.verify(log_keys).is_err() {
        return refuse(WitnessAnswer::Forbidden);
    }
    if old_size > checkpoint.size() {
        return refuse(WitnessAnswer::Malformed);
    }
    if old_size != last.size {
        return refuse(WitnessAnswer::OtherSize(last.size));
    }
    // This holds all the rules of roots: a checkpoint of size 0 has the root of the empty tree, one of the old size the old root, and a
    // proof from 0 is empty.
    if verify_consistency(old_size, &last.root, checkpoint.size(), &checkpoint.root(), &request.proof).is_err() {
        return refuse(WitnessAnswer::Inconsistent);
    }
    WitnessDecision::Cosign(LastCosigned { size: checkpoint.size(), root: checkpoint.root() })
}

/// Where a witness serves the last checkpoint that it cosigned of a log, relative to its monitoring prefix: the SHA-256 of the origin
/// in lowercase hexadecimal, and `/checkpoint`.
pub fn monitored_path(origin: &str) -> String {
    let digits: String = Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect();
    digits + "/checkpoint"
}

impl WitnessAnswer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Cosigned(_) => 200,
            Self::Malformed => 400,
            Self::Forbidden => 403,
            Self::UnknownOrigin => 404,
            Self::OtherSize(_) => 409,
            Self::Inconsistent => 422,
        }
    }

    /// The value of `Content-Type`.
    pub fn content_type(&self) -> &'static str {
        if matches!(self, Self::OtherSize(_)) { SIZE_TYPE } else { TEXT_TYPE }
    }

    /// The body: signature lines, a size, or a sentence for people.
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned(signatures) => signatures.iter().map(|signature| format!("{signature}\n")).collect(),
            Self::Malformed => "the request is malformed, or its old size is larger than that of its checkpoint\n".to_owned(),
            Self::Forbidden => "no trusted key of the log signed the checkpoint\n".to_owned(),
            Self::UnknownOrigin => "this witness does not know the log\n".to_owned(),
            Self::OtherSize(size) => format!("{size}\n"),
            Self::Inconsistent => "the checkpoint is not consistent with the one that was cosigned last\n".to_owned(),
        }
    }

    /// Reads the answer of a witness. Signatures in it are unverified: [`Note::with_cosignatures`] takes those that hold.
    pub fn read(status: u16, content_type: &str, body: &str) -> Result<Self, WitnessError> {
        match status {
            200 => Ok(Self::Cosigned(Signature::parse_lines(body)?)),
            400 => Ok(Self::Malformed),
            403 => Ok(Self::Forbidden),
            404 => Ok(Self::UnknownOrigin),
            409 => {
                let is_size = content_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(SIZE_TYPE));
                let size = body.strip_suffix('\n').and_then(decimal).filter(|_| is_size);
                Ok(Self::OtherSize(size.ok_or(WitnessError::NoSize)?))
            }
            422 => Ok(Self::Inconsistent),
            status => Err(WitnessError::Status(status)),
        }
    }
}

impl Default for LastCosigned {
    fn default() -> Self {
        Self { size: 0, root: EMPTY_ROOT }
    }
}

impl fmt::Display for AddCheckpoint {
    /// The body as it is sent.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(formatter, "{hash}"))?;
        write!(formatter, "\n{}", self.note)
    }
}
