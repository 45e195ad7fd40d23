//! Bytes as hexadecimal text, in small letters.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Bytes in hexadecimal digits, two a byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The SHA-256 of bytes in hexadecimal: 64 digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}
