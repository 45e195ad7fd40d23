//! Cosignatures of witnesses (C2SP tlog-cosignature, the Ed25519 kind, type 0x04): *as of this time, I saw no larger tree of this log*.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::{KeyError, PrivateKey, SEED_BYTES, SignatureType, VerifierKey};
use crate::note::Signature;

/// The latest time that a cosignature can say, in seconds since 1970.
pub const TIMESTAMP_SECONDS_MAX: u64 = i64::MAX as u64;

/// How many bytes of a cosignature are its time.
const TIMESTAMP_BYTES: usize = 8;

/// The key that a witness cosigns with. It must sign nothing else, not even under another name. Debug shows its public half.
pub struct CosignerKey(PrivateKey);

impl CosignerKey {
    /// The key of this seed, 32 bytes that nobody can guess.
    pub fn from_seed(name: &str, seed: [u8; SEED_BYTES]) -> Result<Self, KeyError> {
        Ok(Self(PrivateKey::from_seed(name, SignatureType::Cosignature, seed)?))
    }

    /// Reads the text that [`secret_text`](Self::secret_text) wrote: that of a signer key with the type 0x04 in it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Ok(Self(PrivateKey::parse(text, SignatureType::Cosignature)?))
    }

    /// The text that [`parse`](Self::parse) reads. It holds the seed.
    pub fn secret_text(&self) -> String {
        self.0.secret_text()
    }

    /// Its public half.
    pub fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    /// Cosigns a checkpoint at a time in seconds since 1970; a time that cannot be said is cut to the latest that can.
    pub fn cosign(&self, checkpoint: &Checkpoint, seconds: u64) -> Signature {
        let seconds = seconds.min(TIMESTAMP_SECONDS_MAX);
        let signature = self.0.sign(message(&checkpoint.text(), seconds).as_bytes());
        self.0.signature([seconds.to_be_bytes().as_slice(), &signature].concat())
    }
}

/// When a cosignature says that it was made, in seconds since 1970; None for bytes that are no cosignature.
/// Believe it after the signature was verified only.
pub fn cosigned_at_seconds(signature: &Signature) -> Option<u64> {
    time_of(signature.bytes())
}

fn time_of(bytes: &[u8]) -> Option<u64> {
    let (time, _) = bytes.split_first_chunk::<TIMESTAMP_BYTES>()?;
    Some(u64::from_be_bytes(*time)).filter(|seconds| *seconds <= TIMESTAMP_SECONDS_MAX)
}

/// True if the bytes are the time and this key's signature over it and the text, which must be that of a checkpoint.
pub(crate) fn verifies(key: &VerifierKey, text: &str, bytes: &[u8]) -> bool {
    let is_checkpoint: Result<Checkpoint, CheckpointError> = text.parse();
    match (is_checkpoint, time_of(bytes)) {
        (Ok(_), Some(seconds)) => key.verifies_bytes(message(text, seconds).as_bytes(), &bytes[TIMESTAMP_BYTES..]),
        _ => false,
    }
}

fn message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CosignerKey(seed not shown, {})", self.0.verifier())
    }
}
