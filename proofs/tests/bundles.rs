//! Entry bundles read back, and nothing else is one.

use dateline_proofs::{BundleError, ENTRY_BYTES_MAX, decode_bundle, encode_bundle};
use proptest::prelude::*;

#[test]
fn entries_stand_behind_their_lengths() {
    let bytes = encode_bundle(&["abc", "", "z"]).unwrap();
    assert_eq!(bytes, b"\x00\x03abc\x00\x00\x00\x01z");
    assert_eq!(decode_bundle(&bytes, 3), Ok(vec![b"abc".as_slice(), b"", b"z"]));
}

#[test]
fn an_entry_has_at_most_16_bits_of_length() {
    let longest = vec![7; ENTRY_BYTES_MAX];
    let bytes = encode_bundle(&[&longest]).unwrap();
    assert_eq!(&bytes[..2], b"\xff\xff");
    assert_eq!(decode_bundle(&bytes, 1), Ok(vec![longest.as_slice()]));
    let refused = encode_bundle(&[vec![], vec![7; ENTRY_BYTES_MAX + 1]]);
    assert_eq!(refused, Err(BundleError::TooLong { number: 1, bytes: 65_536 }));
}

#[test]
fn a_bundle_has_1_to_256_entries() {
    assert_eq!(encode_bundle::<&[u8]>(&[]), Err(BundleError::Empty));
    assert_eq!(decode_bundle(&[], 0), Err(BundleError::Empty));
    let full = encode_bundle(&[b"x"; 256]).unwrap();
    assert_eq!(decode_bundle(&full, 256).unwrap().len(), 256);
    assert_eq!(encode_bundle(&[b"x"; 257]), Err(BundleError::TooMany));
    assert_eq!(decode_bundle(&[full.as_slice(), b"\x00\x00"].concat(), 256), Err(BundleError::TooMany));
}

#[test]
fn a_bundle_is_as_wide_as_its_address() {
    let bytes = encode_bundle(&[b"x"; 3]).unwrap();
    assert_eq!(decode_bundle(&bytes, 2), Err(BundleError::Width { wanted: 2, got: 3 }));
    assert_eq!(decode_bundle(&bytes, 4), Err(BundleError::Width { wanted: 4, got: 3 }));
}

#[test]
fn a_bundle_that_is_cut_off_is_refused() {
    let bytes = encode_bundle(&["abc", "defg"]).unwrap();
    for length in [1, 2, 4] {
        assert_eq!(decode_bundle(&bytes[..length], 2), Err(BundleError::CutOff { number: 0 }), "{length}");
    }
    for length in [6, 7, 10] {
        assert_eq!(decode_bundle(&bytes[..length], 2), Err(BundleError::CutOff { number: 1 }), "{length}");
    }
}

proptest! {
    #[test]
    fn any_entries_read_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256)) {
        let bytes = encode_bundle(&entries).unwrap();
        prop_assert_eq!(decode_bundle(&bytes, entries.len() as u16).unwrap(), entries);
    }

    #[test]
    fn what_is_read_is_written_again(bytes in prop::collection::vec(0..4_u8, 0..64), width in 1..20_u16) {
        if let Ok(entries) = decode_bundle(&bytes, width) {
            prop_assert_eq!(encode_bundle(&entries).unwrap(), bytes);
        }
    }
}
