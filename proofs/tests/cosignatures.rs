//! Cosignatures are those of C2SP tlog-cosignature: over the time and the whole text of a checkpoint.

use dateline_proofs::{Checkpoint, Note, NoteError, Signature, SignerKey, TIMESTAMP_SECONDS_MAX, cosigned_at_seconds};

use super::support::{WholeTree, checkpoint, log_key, witness_key};

const SECONDS: u64 = 1_679_315_147;

fn tree_of_3() -> Checkpoint {
    checkpoint(&WholeTree::of_size(3), 3)
}

/// The note with this cosignature alone.
fn with(signature: Signature) -> Note {
    tree_of_3().sign(&[&log_key(9)]).unwrap().with_signatures([signature]).unwrap()
}

#[test]
fn a_cosignature_verifies_and_says_its_time() {
    let (key, signature) = (witness_key(1), witness_key(1).cosign(&tree_of_3(), SECONDS));
    assert_eq!(signature.bytes().len(), 8 + 64);
    assert_eq!(cosigned_at_seconds(&signature), Some(SECONDS));
    assert_eq!(with(signature).verify(&[key.verifier().clone()]).unwrap(), [key.verifier()]);
}

#[test]
fn the_example_of_c2sp_says_its_time() {
    let line = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    assert_eq!(cosigned_at_seconds(&Signature::parse_lines(line).unwrap()[0]), Some(SECONDS));
}

#[test]
fn the_signed_message_is_that_of_c2sp() {
    // The same seed as a log's key, over the message written out.
    let (cosigner, signer) = (witness_key(1), SignerKey::from_seed("x", [101; 32]).unwrap());
    let message = format!("cosignature/v1\ntime {SECONDS}\n{}", tree_of_3().text());
    assert_eq!(cosigner.cosign(&tree_of_3(), SECONDS).bytes()[8..], *signer.sign(&message).bytes());
    // It is no signature over the text.
    assert_ne!(cosigner.cosign(&tree_of_3(), SECONDS).bytes()[8..], *signer.sign(&tree_of_3().text()).bytes());
}

#[test]
fn another_time_another_text_and_cut_bytes_are_refused() {
    let (key, signature) = (witness_key(1), witness_key(1).cosign(&tree_of_3(), SECONDS));
    let known = [key.verifier().clone()];
    let forged = Err(NoteError::Forged { name: "witness.example/w1".to_owned() });
    let line = |bytes: &[u8]| {
        let bytes = [signature.key_id().to_be_bytes().as_slice(), bytes].concat();
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        Signature::parse_lines(&format!("— {} {base64}\n", signature.name())).unwrap().remove(0)
    };
    assert_eq!(with(line(signature.bytes())).verify(&known).unwrap(), [key.verifier()]);
    for at in 0..signature.bytes().len() {
        let mut bytes = signature.bytes().to_vec();
        bytes[at] ^= 1;
        assert_eq!(with(line(&bytes)).verify(&known), forged, "byte {at}");
    }
    for length in [1, 7, 8, 9, 64, 71] {
        assert_eq!(with(line(&signature.bytes()[..length])).verify(&known), forged, "{length} bytes");
    }
    assert_eq!(with(line(&[signature.bytes(), &[0]].concat())).verify(&known), forged);
    let of_another = key.cosign(&checkpoint(&WholeTree::of_size(3), 2), SECONDS);
    assert_eq!(with(of_another).verify(&known), forged);
    let with_extension = tree_of_3().with_extension("more").unwrap();
    assert_eq!(with(key.cosign(&with_extension, SECONDS)).verify(&known), forged, "extension lines are signed too");
}

#[test]
fn a_cosignature_is_over_a_checkpoint_only() {
    let (signer, cosigner) = (SignerKey::from_seed("x", [101; 32]).unwrap(), witness_key(1));
    let time = SECONDS.to_be_bytes();
    let made = signer.sign(&format!("cosignature/v1\ntime {SECONDS}\nhello\n"));
    let bytes = [&cosigner.verifier().id().to_be_bytes(), time.as_slice(), made.bytes()].concat();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let note = Note::parse(format!("hello\n\n— witness.example/w1 {base64}\n").as_bytes()).unwrap();
    assert!(matches!(note.verify(&[cosigner.verifier().clone()]), Err(NoteError::Forged { .. })));
}

#[test]
fn a_time_has_63_bits() {
    let key = witness_key(1);
    let latest = key.cosign(&tree_of_3(), TIMESTAMP_SECONDS_MAX);
    assert_eq!(cosigned_at_seconds(&latest), Some((1 << 63) - 1));
    assert_eq!(key.cosign(&tree_of_3(), u64::MAX), latest);
    // Signed as it should be, but for the time.
    let signer = SignerKey::from_seed("x", [101; 32]).unwrap();
    let made = signer.sign(&format!("cosignature/v1\ntime {}\n{}", 1_u64 << 63, tree_of_3().text()));
    let bytes = [&key.verifier().id().to_be_bytes(), (1_u64 << 63).to_be_bytes().as_slice(), made.bytes()].concat();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let late = Signature::parse_lines(&format!("— witness.example/w1 {base64}\n")).unwrap().remove(0);
    assert_eq!(cosigned_at_seconds(&late), None);
    assert!(matches!(with(late).verify(&[key.verifier().clone()]), Err(NoteError::Forged { .. })));
}
