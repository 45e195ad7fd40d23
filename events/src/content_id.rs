//! An id made of what an event says, for a publisher who gives none: the same content has the same id, so a retry is the same event.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;
use crate::time::When;

/// What stands before the content that the id is made of.
const NAMED: &[u8] = b"dateline/id/v1\n";

/// The most milliseconds that fit into 48 bits: the year 10889.
const MILLIS_MAX: i64 = (1 << 48) - 1;

/// The id of an event with these members, an `id` left out: a UUIDv8 (RFC 9562, section 5.8). Its first 48 bits are the milliseconds
/// since 1970 of the lower bound of `occurred`, 0 where there is none, so that ids are sorted by time and the ledger's index stays
/// small. The others, but version and variant, are the first of SHA-256("dateline/id/v1\n" ‖ the content as JSON, members sorted, no
/// spaces, without `id`, `traceparent` and `tracestate`).
pub fn content_id(members: &Map<String, Value>) -> String {
    let mut content = members.clone();
    for name in ["id", "traceparent", "tracestate"] {
        content.remove(name);
    }
    let occurred = content.get("data").and_then(|data| serde_json::from_value::<When>(data.get("occurred")?.clone()).ok());
    let earliest = occurred.and_then(|occurred| occurred.own_bounds().earliest);
    let millis = earliest.map_or(0, |earliest| earliest.0.div_euclid(1_000)).clamp(0, MILLIS_MAX);
    let hash = Sha256::new().chain_update(NAMED).chain_update(Value::Object(content).to_string()).finalize();
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&hash[..10]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hexadecimal(&bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
