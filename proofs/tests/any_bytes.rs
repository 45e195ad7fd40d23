//! Whatever comes in is answered: nothing that reads bytes panics.

use std::fmt::Display;

use dateline_proofs::{
    AddCheckpoint, Checkpoint, CosignerKey, Hash, Note, Policy, SealedReceipt, Signature, SignerKey, Tile, TileAddress, VerifierKey, WitnessAnswer,
    decode_bundle,
};
use proptest::prelude::*;

use super::support::{WholeTree, checkpoint, log_key, witness_key};

/// Gives the bytes to everything that reads, and holds what is said of them against the rules of messages.
fn read_by_all(bytes: &[u8]) {
    told(Note::parse(bytes).err());
    told(SealedReceipt::parse(bytes).err());
    told(AddCheckpoint::parse(bytes).err());
    told(Policy::parse(bytes).err());
    told(decode_bundle(bytes, 3).err());
    told(TileAddress::hashes(0, 0, 2).and_then(|address| Tile::decode(address, bytes)).err());
    let text = String::from_utf8_lossy(bytes);
    told(text.parse::<Hash>().err());
    told(text.parse::<TileAddress>().err());
    told(text.parse::<VerifierKey>().err());
    told(text.parse::<Checkpoint>().err());
    told(SignerKey::parse(&text).err());
    told(CosignerKey::parse(&text).err());
    told(Signature::parse_lines(&text).err());
    for status in [200, 409, 500] {
        told(WitnessAnswer::read(status, "text/x.tlog.size", &text).err());
    }
}

/// Lower case, one line, no final period, and not as long as what was refused.
fn told(error: Option<impl Display>) {
    let Some(message) = error.map(|error| error.to_string()) else { return };
    assert!(!message.starts_with(char::is_uppercase) && !message.ends_with('.'), "{message}");
    assert!(!message.contains(char::is_control) && message.chars().count() < 1_000, "{message:?}");
}

/// One good example of each format.
fn examples() -> Vec<Vec<u8>> {
    let tree = WholeTree::of_size(3);
    let checkpoint = checkpoint(&tree, 3);
    let note = checkpoint.sign(&[&log_key(1)]).unwrap().with_signatures([witness_key(1).cosign(&checkpoint, 7)]).unwrap();
    let receipt = SealedReceipt { extra: Some(vec![1; 32]), index: 1, proof: tree.leaves()[..2].to_vec(), checkpoint: note.clone() };
    let request = AddCheckpoint::new(1, tree.leaves()[..2].to_vec(), note.clone()).unwrap();
    let policy = format!("log {}\nwitness a {}\ngroup g any a\nquorum g\n", log_key(1).verifier(), witness_key(1).verifier());
    let texts = [note.to_string(), receipt.to_string(), request.to_string(), policy, log_key(1).secret_text(), "tile/0/x001/x234/067.p/8".to_owned()];
    texts.into_iter().map(String::into_bytes).chain([b"\x00\x03abc\x00\x00\x00\x01z".to_vec()]).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_by_all(&bytes);
    }

    #[test]
    fn any_text_is_answered(text in "[ \n—+a01=/x.p]{0,80}|\\PC{0,60}") {
        read_by_all(text.as_bytes());
    }

    #[test]
    fn good_texts_that_were_damaged_are_answered(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), length in 0..9_usize, with in prop::collection::vec(any::<u8>(), 0..5)) {
        let mut bytes = which.get(&examples()).clone();
        let from = at.index(bytes.len());
        let to = (from + length).min(bytes.len());
        bytes.splice(from..to, with);
        read_by_all(&bytes);
    }
}
