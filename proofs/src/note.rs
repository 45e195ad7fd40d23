//! Signed notes (C2SP signed-note): a text and the lines of those who signed it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::key::{SignerKey, VerifierKey, is_key_name};

/// The most bytes of a note that is read.
pub const NOTE_BYTES_MAX: usize = 1 << 20;

/// The most signatures of a note that is read; C2SP wants 16 at least, and Go's x/mod takes as many as this.
pub const SIGNATURES_MAX: usize = 100;

/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// How many bytes of a signature are the key's id.
const KEY_ID_BYTES: usize = 4;

/// A text and its signatures. Nobody has verified them: believe the text after [`verify`](Self::verify) only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line: `— name base64(key id ‖ signature)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    key_id: u32,
    bytes: Vec<u8>,
}

/// What is wrong with a note.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Larger than is read.
    #[error("a note has at most {NOTE_BYTES_MAX} bytes, and this one has {0}")]
    TooLarge(usize),
    /// Not UTF-8.
    #[error("a note is utf-8, and byte {0} is not")]
    NotText(usize),
    /// A control character other than newline.
    #[error("line {line} of the note holds a control character")]
    Control {
        /// The line's number, from 1.
        line: usize,
    },
    /// The text does not end in a newline.
    #[error("the text of a note ends in a newline")]
    NoNewline,
    /// No empty line parts text and signatures.
    #[error("a note has an empty line between its text and its signatures")]
    NoSignatures,
    /// A line that should be a signature is none.
    #[error("line {line} of the note is no signature: a dash (U+2014), a name and base64, parted by single spaces")]
    Line {
        /// The line's number, from 1.
        line: usize,
    },
    /// More signatures than are read.
    #[error("a note has at most {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A known key did not make the signature that bears its name and id.
    #[error("the signature of {name} does not verify")]
    Forged {
        /// The key's name.
        name: String,
    },
    /// No known key signed.
    #[error("none of the known keys signed the note")]
    Unsigned,
}

impl Note {
    /// A note of this text, signed by these keys; at least one of them, or nobody can open it. The text ends in a newline and holds no
    /// other control character.
    pub fn sign(text: &str, keys: &[&SignerKey]) -> Result<Self, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::NoNewline);
        }
        check_characters(text)?;
        let note = Self { text: text.to_owned(), signatures: Vec::new() };
        note.with_signatures(keys.iter().map(|key| key.sign(text)))
    }

    /// The note with further signatures behind those that it has. They are taken as they are.
    pub fn with_signatures(mut self, signatures: impl IntoIterator<Item = Signature>) -> Result<Self, NoteError> {
        self.signatures.extend(signatures);
        match self.signatures.len() {
            0 => return Err(NoteError::NoSignatures),
            1..=SIGNATURES_MAX => {}
            _ => return Err(NoteError::TooManySignatures),
        }
        let bytes = self.to_string().len();
        if bytes > NOTE_BYTES_MAX { Err(NoteError::TooLarge(bytes)) } else { Ok(self) }
    }

    /// The note with those signatures of an answer that known witnesses made over it; what others signed is left out, and so is what
    /// the note has already. Refused where a known witness's signature does not hold, or no known one signed.
    pub fn with_cosignatures(self, answered: Vec<Signature>, witnesses: &[VerifierKey]) -> Result<Self, NoteError> {
        let answer = Self { text: self.text.clone(), signatures: answered };
        let signed = answer.verify(witnesses)?;
        let mut taken: Vec<Signature> = Vec::new();
        for signature in answer.signatures {
            let is_known = signed.iter().any(|key| key.is_of(&signature));
            if is_known && !self.signatures.contains(&signature) && !taken.contains(&signature) {
                taken.push(signature);
            }
        }
        self.with_signatures(taken)
    }

    /// Reads a note; the text ends at its last empty line. Nothing is verified by that.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|error| NoteError::NotText(error.valid_up_to()))?;
        check_characters(note)?;
        let end = note.rfind("\n\n").ok_or(NoteError::NoSignatures)? + 1;
        let (text, lines) = (&note[..end], &note[end + 1..]);
        let first = text.matches('\n').count() + 2;
        Ok(Self { text: text.to_owned(), signatures: signature_lines(lines, first)? })
    }

    /// The signed text, its last newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every signature line, those of unknown keys too.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The keys among the known ones that signed, each once, in the order in which they are given. Signatures of unknown keys are
    /// ignored; one that bears a known key's name and id and is not of it refuses the note.
    pub fn verify<'a>(&self, known: &'a [VerifierKey]) -> Result<Vec<&'a VerifierKey>, NoteError> {
        let mut signed: Vec<&VerifierKey> = Vec::new();
        for key in known {
            for signature in self.signatures.iter().filter(|signature| key.is_of(signature)) {
                if !key.verifies(&self.text, signature) {
                    return Err(NoteError::Forged { name: key.name().to_owned() });
                }
                if !signed.contains(&key) {
                    signed.push(key);
                }
            }
        }
        if signed.is_empty() { Err(NoteError::Unsigned) } else { Ok(signed) }
    }
}

impl Signature {
    pub(crate) fn of_key(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), key_id: key.id(), bytes }
    }

    /// Reads the lines of an answer that holds signatures and nothing else; each ends in a newline.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, NoteError> {
        if text.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge(text.len()));
        }
        check_characters(text)?;
        signature_lines(text, 1)
    }

    /// The name of the key that is said to have made it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that is said to have made it.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// The signature, without the key's id: at least one byte.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
        let decoded = STANDARD.decode(base64).ok()?;
        let (key_id, bytes) = decoded.split_first_chunk::<KEY_ID_BYTES>()?;
        let is_one = is_key_name(name) && !bytes.is_empty();
        is_one.then(|| Self { name: name.to_owned(), key_id: u32::from_be_bytes(*key_id), bytes: bytes.to_vec() })
    }
}

/// `first` is the number of the first of these lines within the note.
fn signature_lines(lines: &str, first: usize) -> Result<Vec<Signature>, NoteError> {
    if lines.is_empty() {
        return Err(NoteError::NoSignatures);
    }
    let mut signatures = Vec::new();
    for (line, text) in (first..).zip(lines.split_inclusive('\n')) {
        if signatures.len() == SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        let signature = text.strip_suffix('\n').and_then(Signature::parse);
        signatures.push(signature.ok_or(NoteError::Line { line })?);
    }
    Ok(signatures)
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.bytes().position(|byte| byte < b' ' && byte != b'\n') {
        None => Ok(()),
        Some(at) => Err(NoteError::Control { line: text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1 }),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(formatter, "{signature}"))
    }
}

impl fmt::Display for Signature {
    /// The line, without its newline.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.to_be_bytes().as_slice(), &self.bytes].concat();
        write!(formatter, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}
