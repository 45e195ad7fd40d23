//! Keys have the texts of C2SP signed-note and of Go's x/mod, and no seed is shown.

use dateline_proofs::{CosignerKey, KEY_TEXT_BYTES_MAX, KeyError, SignatureType, SignerKey, VerifierKey};
use proptest::prelude::*;

use super::support::{bytes, log_key, witness_key};

/// The example of C2SP signed-note.
pub const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

/// The first vector of RFC 8032, section 7.1.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

#[test]
fn the_example_of_c2sp_reads_back() {
    let key: VerifierKey = EXAMPLE.parse().unwrap();
    assert_eq!((key.name(), key.id(), key.signature_type()), ("example.com/foo", 0x530d_903a, SignatureType::Ed25519));
    assert_eq!(key.to_string(), EXAMPLE);
    assert_eq!(VerifierKey::new("example.com/foo", SignatureType::Ed25519, *key.public()), Ok(key));
}

#[test]
fn a_seed_gives_the_public_key_of_rfc_8032() {
    let seed: [u8; 32] = bytes(SEED).try_into().unwrap();
    assert_eq!(SignerKey::from_seed("a", seed).unwrap().verifier().public().as_slice(), bytes(PUBLIC));
    assert_eq!(CosignerKey::from_seed("a", seed).unwrap().verifier().public().as_slice(), bytes(PUBLIC));
}

#[test]
fn keys_of_two_types_have_two_ids() {
    let (signer, cosigner) = (SignerKey::from_seed("a", [1; 32]).unwrap(), CosignerKey::from_seed("a", [1; 32]).unwrap());
    assert_eq!(signer.verifier().public(), cosigner.verifier().public());
    assert_ne!(signer.verifier().id(), cosigner.verifier().id());
    assert_ne!(signer.verifier().id(), SignerKey::from_seed("b", [1; 32]).unwrap().verifier().id());
}

#[test]
fn a_secret_text_reads_back_as_its_own_type_only() {
    let (signer, cosigner) = (log_key(1), witness_key(1));
    assert!(signer.secret_text().starts_with("PRIVATE+KEY+dateline.example/log+"));
    assert_eq!(SignerKey::parse(&signer.secret_text()).unwrap().verifier(), signer.verifier());
    assert_eq!(CosignerKey::parse(&cosigner.secret_text()).unwrap().verifier(), cosigner.verifier());
    assert_eq!(SignerKey::parse(&cosigner.secret_text()).unwrap_err(), KeyError::Type(4));
    assert_eq!(CosignerKey::parse(&signer.secret_text()).unwrap_err(), KeyError::Type(1));
    assert_eq!(SignerKey::parse(&signer.verifier().to_string()).unwrap_err(), KeyError::SignerText);
    // The id of another name.
    let renamed = signer.secret_text().replace("/log", "/lag");
    assert!(matches!(SignerKey::parse(&renamed), Err(KeyError::Id { .. })));
}

#[test]
fn no_seed_is_shown() {
    let seeds = [log_key(7).secret_text(), witness_key(7).secret_text()].map(|text| text.rsplit_once('+').unwrap().1.to_owned());
    for shown in [format!("{:?} {:#?}", log_key(7), log_key(7)), format!("{:?} {:#?}", witness_key(7), witness_key(7))] {
        assert!(seeds.iter().all(|seed| !shown.contains(seed.trim_end_matches('='))), "{shown}");
        assert!(!shown.contains("7, 7") && !shown.contains("107, 107"), "{shown}");
    }
    let secret = log_key(7).secret_text().replace("KEY+dateline", "KEY dateline");
    let refused = SignerKey::parse(&secret).unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains(&seeds[0]));
}

#[test]
fn names_have_rules() {
    for name in ["a", "example.com/log", "oid/1.3.6", "ノート", "a-b_c.d/e"] {
        assert!(SignerKey::from_seed(name, [1; 32]).is_ok(), "{name}");
    }
    for name in ["", "a b", "a+b", "a\tb", "a\nb", " ", "a\u{a0}b", "a\u{2003}b", "a\u{3000}", "a\u{85}b", "a\u{1}b"] {
        assert!(matches!(SignerKey::from_seed(name, [1; 32]), Err(KeyError::Name(_))), "{name:?}");
    }
}

#[test]
fn no_other_text_is_a_key() {
    let parse = |text: &str| text.parse::<VerifierKey>().unwrap_err();
    for wrong in [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903a+",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+30d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo++30d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k ",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k+",
        "example.com/foo+530d903a+!",
    ] {
        assert_eq!(parse(wrong), KeyError::VerifierText, "{wrong}");
    }
    let renamed = EXAMPLE.replace("foo", "fop");
    assert!(matches!(parse(&renamed), KeyError::Id { got: 0x530d_903a, .. }));
    assert_eq!(parse(&EXAMPLE.replace("example.com/foo", "")), KeyError::Name(String::new()));
    // 31 and 33 bytes of a key; the types of ECDSA and of ML-DSA.
    assert_eq!(parse("a+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0="), KeyError::Length(31));
    assert_eq!(parse("a+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAA=="), KeyError::Length(33));
    assert_eq!(parse("a+00000000+Aukyew=="), KeyError::Type(2));
    assert_eq!(parse("a+00000000+Bukyew=="), KeyError::Type(6));
}

#[test]
fn a_text_of_a_key_has_a_limit() {
    let text = |name: usize| VerifierKey::new(&"n".repeat(name), SignatureType::Ed25519, [1; 32]).unwrap().to_string();
    let longest = KEY_TEXT_BYTES_MAX - (text(1).len() - 1);
    assert_eq!(text(longest).len(), KEY_TEXT_BYTES_MAX);
    assert!(text(longest).parse::<VerifierKey>().is_ok());
    assert_eq!(text(longest + 1).parse::<VerifierKey>(), Err(KeyError::TooLong));
}

proptest! {
    #[test]
    fn any_key_reads_back(name in "[^ +\\pC\\pZ]{1,40}", seed in any::<[u8; 32]>()) {
        let key = SignerKey::from_seed(&name, seed).unwrap();
        prop_assert_eq!(&key.verifier().to_string().parse::<VerifierKey>().unwrap(), key.verifier());
        let again = SignerKey::parse(&key.secret_text()).unwrap();
        prop_assert_eq!((again.secret_text(), again.verifier()), (key.secret_text(), key.verifier()));
    }
}
