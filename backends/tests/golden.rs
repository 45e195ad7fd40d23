//! Key, commitment and leaf never change: the values were computed by Python's hashlib and base64, not by this program.

use dateline_events::{EventKey, Instant, LeafKind, commitment, leaf_bytes, leaf_hash};

#[test]
fn the_key_of_an_event() {
    assert_eq!(EventKey::of("/desks/demo", "0184-whatsapp-1").as_str(), "Ww7iYToXaMkRllGkU6oRyu");
    assert_eq!(EventKey::of("/দপ্তর/ঢাকা", "ঘটনা ১").as_str(), "FQesMCax9JigLf-HQ-xK6Q");
}

#[test]
fn the_leaf_of_an_event() {
    let salt: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    let committed = commitment(&salt, br#"{"specversion":"1.0","id":"0184-whatsapp-1","source":"/desks/demo"}"#);
    assert_eq!(hexadecimal(&committed), "812b2a2e90d801f0dbac5eae40368f98b7e1c7ba076929133ad50a163d7c659d");
    let leaf = leaf_bytes(Instant(1_795_396_177_123_456), LeafKind::Event, &committed);
    assert_eq!(leaf, r#"{"c":"gSsqLpDYAfDbrF6uQDaPmLfhx7oHaSkTOtUKFj18ZZ0=","k":"event","rec":"2026-11-23T01:09:37.123456Z","v":1}"#);
    assert_eq!(hexadecimal(&leaf_hash(&leaf)), "94555794c060cd8d3c154b0c5f8c8ac6eac19027a4c963a204b4da3b9bfebd1d");
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
