//! Checkpoints (C2SP tlog-checkpoint): the origin of a log, the size of its tree and the root, as the text of a note.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::hash::Hash;
use crate::key::{SignatureType, SignerKey, VerifierKey};
use crate::lines::{decimal, shown, take_line};
use crate::note::{Note, NoteError};

/// What a log says of its tree: `origin`, size and root, a line each, and perhaps extension lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// What is wrong with a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// A line is missing, empty or not what belongs there.
    #[error("line {line} of the checkpoint must be {wanted}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What it must be.
        wanted: &'static str,
    },
    /// It is no note, or its signatures do not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Somebody known signed, but no key of the log that it names.
    #[error("the checkpoint of `{origin}` is not signed by a known key of that name")]
    Origin {
        /// The origin that it names, shortened.
        origin: String,
    },
}

impl Checkpoint {
    /// The checkpoint of a tree. An origin is not empty and has no control characters; a key has the same name, so choose one
    /// without spaces and plus signs (C2SP recommends the address of the log without `https://`).
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        check_line(origin, 1)?;
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// The checkpoint with one more extension line. C2SP advises against them: nobody can audit them.
    pub fn with_extension(mut self, line: &str) -> Result<Self, CheckpointError> {
        check_line(line, 4 + self.extensions.len())?;
        self.extensions.push(line.to_owned());
        Ok(self)
    }

    /// Reads and verifies a signed checkpoint: its note is signed by one of the known keys whose name is its origin. Also answers
    /// which of the known keys signed it, so that other known keys (witnesses') can be counted.
    pub fn open<'a>(note: &Note, known: &'a [VerifierKey]) -> Result<(Self, Vec<&'a VerifierKey>), CheckpointError> {
        let signed = note.verify(known)?;
        let checkpoint: Self = note.text().parse()?;
        // A witness may bear the name of a log; its word is another one.
        let is_of_the_log = |key: &&VerifierKey| key.signature_type() == SignatureType::Ed25519 && key.name() == checkpoint.origin;
        if !signed.iter().any(is_of_the_log) {
            return Err(CheckpointError::Origin { origin: shown(&checkpoint.origin) });
        }
        Ok((checkpoint, signed))
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The lines behind the root, which nobody interprets here.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The text that is signed: each line with its newline.
    pub fn text(&self) -> String {
        self.to_string()
    }

    /// The signed note; several keys sign while one takes the other's place.
    pub fn sign(&self, keys: &[&SignerKey]) -> Result<Note, NoteError> {
        Note::sign(&self.text(), keys)
    }
}

fn check_line(line: &str, number: usize) -> Result<(), CheckpointError> {
    if line.is_empty() || line.bytes().any(|byte| byte < b' ') {
        return Err(CheckpointError::Line { line: number, wanted: "not empty and without control characters" });
    }
    Ok(())
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a note: at least three lines, none empty, each with its newline.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut rest = text;
        let mut line = |line, wanted| take_line(&mut rest).ok_or(CheckpointError::Line { line, wanted });
        let origin = line(1, "the origin of the log")?;
        const SIZE: &str = "the size of the tree, a decimal number without leading zeroes";
        let size = decimal(line(2, SIZE)?).ok_or(CheckpointError::Line { line: 2, wanted: SIZE })?;
        const ROOT: &str = "the root of the tree, base64 of 32 bytes";
        let root = line(3, ROOT)?.parse().map_err(|_| CheckpointError::Line { line: 3, wanted: ROOT })?;
        let mut checkpoint = Self::new(origin, size, root)?;
        while !rest.is_empty() {
            let number = 4 + checkpoint.extensions.len();
            let extension = take_line(&mut rest).ok_or(CheckpointError::Line { line: number, wanted: "followed by a newline" })?;
            checkpoint = checkpoint.with_extension(extension)?;
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n{}\n{}\n", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(formatter, "{line}"))
    }
}
