//! An event's key, the commitment to its bytes and its Merkle leaf. These bytes can never change: golden files pin them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::time::Instant;

/// The first 22 characters of base64url(SHA-256("dateline/key/v1\n" ‖ source ‖ "\n" ‖ id)): 132 bits that stand for (source, id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey([u8; 22]);

impl EventKey {
    /// The key of an event; both parts are compared byte for byte, as given.
    pub fn of(source: &str, id: &str) -> Self {
        let digest = Sha256::new().chain_update(b"dateline/key/v1\n").chain_update(source).chain_update(b"\n").chain_update(id).finalize();
        let text = URL_SAFE_NO_PAD.encode(digest);
        let mut key = [0; 22];
        key.copy_from_slice(&text.as_bytes()[..22]);
        Self(key)
    }

    /// Reads a key from its 22 characters.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 22] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).then_some(Self(bytes))
    }

    /// The key as text, fit for one token of a NATS subject.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for EventKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// c = SHA-256("dateline/commit/v1\n" ‖ salt ‖ bytes): commits to the exact bytes without revealing them once the salt is gone.
pub fn commitment(salt: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(b"dateline/commit/v1\n").chain_update(salt).chain_update(bytes).finalize().into()
}

/// The leaf of one position: members sorted, no spaces, ASCII, always six digits of a second and `Z`.
pub fn leaf_bytes(recorded: Instant, commitment: &[u8; 32]) -> String {
    format!(r#"{{"c":"{}","k":"event","rec":"{}","v":1}}"#, STANDARD.encode(commitment), recorded.with_six_digits())
}

/// The leaf's hash: SHA-256(0x00 ‖ leaf), RFC 6962 section 2.1.
pub fn leaf_hash(leaf: &str) -> [u8; 32] {
    Sha256::new().chain_update([0_u8]).chain_update(leaf).finalize().into()
}
