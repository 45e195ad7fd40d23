//! The commitment to an event's bytes, and its Merkle leaf. These bytes can never change: golden files pin them.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::time::Instant;

/// c = SHA-256("dateline/commit/v1\n" ‖ salt ‖ bytes): commits to the exact bytes without revealing them once the salt is gone.
pub fn commitment(salt: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(b"dateline/commit/v1\n").chain_update(salt).chain_update(bytes).finalize().into()
}

/// What a leaf stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKind {
    /// An event.
    Event,
    /// The record that says that the text of another position was destroyed.
    Redaction,
}

/// The type of a redaction, as it stands in its bytes.
const REDACTED_TYPE: &[u8] = b"dateline.event.redacted.v1";

impl LeafKind {
    /// What the exact bytes of a position are.
    pub fn of(bytes: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(borrow)]
            r#type: Cow<'a, str>,
        }
        // Nearly every event is none: it is not parsed for that.
        if memmem::find(bytes, REDACTED_TYPE).is_none() {
            return Self::Event;
        }
        let is_redaction = serde_json::from_slice::<Typed<'_>>(bytes).is_ok_and(|typed| typed.r#type.as_bytes() == REDACTED_TYPE);
        if is_redaction { Self::Redaction } else { Self::Event }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Redaction => "redaction",
        }
    }
}

/// The leaf of one position: members sorted, no spaces, ASCII, always six digits of a second and `Z`.
pub fn leaf_bytes(recorded: Instant, kind: LeafKind, commitment: &[u8; 32]) -> String {
    format!(r#"{{"c":"{}","k":"{}","rec":"{}","v":1}}"#, STANDARD.encode(commitment), kind.as_str(), recorded.with_six_digits())
}

/// Makes the leaf hashes of events that were recorded at one time: what their leaves share is written once.
#[derive(Debug, Clone)]
pub struct LeafHasher {
    recorded: Instant,
    kind: LeafKind,
    /// The byte that RFC 6962 puts before a leaf, and the leaf with the last commitment in it.
    leaf: Vec<u8>,
}

/// Where the commitment stands in what is hashed, and how many characters it has.
const COMMITMENT_AT: usize = 1 + r#"{"c":""#.len();
const COMMITMENT_CHARACTERS: usize = 44;

impl LeafHasher {
    /// For events recorded then.
    pub fn at(recorded: Instant) -> Self {
        Self::of(recorded, LeafKind::Event)
    }

    fn of(recorded: Instant, kind: LeafKind) -> Self {
        let mut leaf = vec![0];
        leaf.extend_from_slice(leaf_bytes(recorded, kind, &[0; 32]).as_bytes());
        Self { recorded, kind, leaf }
    }

    /// When the events were recorded.
    pub fn recorded(&self) -> Instant {
        self.recorded
    }

    /// The hash of the leaf with this commitment: the same as [`leaf_hash`] of [`leaf_bytes`].
    pub fn hash(&mut self, kind: LeafKind, commitment: &[u8; 32]) -> [u8; 32] {
        if self.kind != kind {
            *self = Self::of(self.recorded, kind);
        }
        let place = &mut self.leaf[COMMITMENT_AT..COMMITMENT_AT + COMMITMENT_CHARACTERS];
        // 32 bytes are always 44 characters, so there is always room.
        let written = STANDARD.encode_slice(commitment, place);
        debug_assert_eq!(written, Ok(COMMITMENT_CHARACTERS));
        Sha256::digest(&self.leaf).into()
    }
}

/// The leaf's hash: SHA-256(0x00 ‖ leaf), RFC 6962 section 2.1.
pub fn leaf_hash(leaf: &str) -> [u8; 32] {
    Sha256::new().chain_update([0_u8]).chain_update(leaf).finalize().into()
}
