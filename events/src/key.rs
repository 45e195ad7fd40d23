//! An event's key. These bytes can never change: golden files pin them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

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
