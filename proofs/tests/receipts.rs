//! Receipts are those of C2SP tlog-proof: they verify offline, and no altered one does.

use dateline_proofs::{
    CheckpointError, Hash, NoteError, PROOF_HASHES_MAX, Policy, PolicyError, ProofError, RECEIPT_BYTES_MAX, ReceiptError, SealedReceipt,
    inclusion_proof,
};
use proptest::prelude::*;

use super::support::{WholeTree, checkpoint, log_key, verifiers, witness_key};

/// The receipt of a leaf of the tree, signed by log key 1 and cosigned by witness 1.
fn receipt(tree: &WholeTree, index: u64, extra: Option<Vec<u8>>) -> SealedReceipt {
    let checkpoint = checkpoint(tree, tree.size());
    let note = checkpoint.sign(&[&log_key(1)]).unwrap().with_signatures([witness_key(1).cosign(&checkpoint, 7)]).unwrap();
    SealedReceipt { extra, index, proof: inclusion_proof(index, tree.size(), tree.reader()).unwrap(), checkpoint: note }
}

fn parse(text: &str) -> Result<SealedReceipt, ReceiptError> {
    SealedReceipt::parse(text.as_bytes())
}

#[test]
fn a_receipt_is_written_as_c2sp_has_it() {
    let tree = WholeTree::of_size(3);
    let leaves = tree.leaves();
    let of_two = receipt(&tree, 1, Some(b"salt".to_vec()));
    let wanted = format!("c2sp.org/tlog-proof@v1\nextra c2FsdA==\nindex 1\n{}\n{}\n\n{}", leaves[0], leaves[2], of_two.checkpoint);
    assert_eq!(of_two.to_string(), wanted);
    assert_eq!(parse(&wanted).unwrap(), of_two);
    let without = receipt(&tree, 1, None);
    assert_eq!(without.to_string(), wanted.replace("extra c2FsdA==\n", ""));
    assert_eq!(SealedReceipt { extra: Some(vec![]), ..without.clone() }.to_string(), without.to_string(), "an empty line is left out");
    // A tree of one leaf has a proof without hashes.
    let one = WholeTree::of_size(1);
    let alone = receipt(&one, 0, None);
    assert_eq!(alone.to_string(), format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{}", alone.checkpoint));
    assert_eq!(parse(&alone.to_string()).unwrap().verify(&one.leaves()[0], &verifiers(&[&log_key(1)])).unwrap(), checkpoint(&one, 1));
}

#[test]
fn what_is_no_receipt_is_refused_by_its_line() {
    let whole = receipt(&WholeTree::of_size(3), 1, Some(vec![1])).to_string();
    for (line, from, to) in [
        (1, "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\n"),
        (1, "c2sp.org/tlog-proof@v1\n", ""),
        (1, "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1 \n"),
        (2, "extra AQ==\n", "extra \n"),
        (2, "extra AQ==\n", "extra AQ\n"),
        (2, "extra AQ==\n", "extra AR==\n"),
        (2, "extra AQ==\n", "extra  AQ==\n"),
        (2, "extra AQ==\n", "more AQ==\n"),
        (2, "extra AQ==\n", "\n"),
        (3, "extra AQ==\n", "extra AQ==\nextra AQ==\n"),
        (3, "index 1\n", ""),
        (3, "index 1\n", "index 01\n"),
        (3, "index 1\n", "index -1\n"),
        (3, "index 1\n", "index\n"),
        (3, "index 1\n", "index  1\n"),
        (3, "index 1\n", "index 18446744073709551616\n"),
        (4, "index 1\n", "index 1\nAA==\n"),
        (4, "index 1\n", "index 1\n \n"),
    ] {
        let text = whole.replacen(from, to, 1);
        let refused = parse(&text);
        assert!(matches!(refused, Err(ReceiptError::Line { line: found, .. }) if found == line), "{to:?}: {refused:?}");
    }
    assert!(matches!(parse(&whole.replacen("index 1\n", "index 1\n\n", 1)), Err(ReceiptError::Note(_)) | Ok(_)));
    assert!(matches!(parse("c2sp.org/tlog-proof@v1\nindex 0\n"), Err(ReceiptError::Line { line: 3, .. })));
    assert_eq!(parse("c2sp.org/tlog-proof@v1\nindex 0\n\n"), Err(ReceiptError::Note(NoteError::NoSignatures)));
    assert_eq!(SealedReceipt::parse(b"c2sp\xff"), Err(ReceiptError::NotText(4)));
    for length in 0..whole.len() {
        assert!(SealedReceipt::parse(&whole.as_bytes()[..length]).is_err() || length > whole.rfind("— witness").unwrap() - 1, "cut off at {length}");
    }
}

#[test]
fn a_receipt_has_limits() {
    let note = receipt(&WholeTree::of_size(3), 1, None).checkpoint;
    let with = |hashes: usize| SealedReceipt { extra: None, index: 0, proof: vec![Hash([1; 32]); hashes], checkpoint: note.clone() }.to_string();
    assert_eq!(parse(&with(PROOF_HASHES_MAX)).unwrap().proof.len(), PROOF_HASHES_MAX);
    assert!(matches!(parse(&with(PROOF_HASHES_MAX + 1)), Err(ReceiptError::Line { line: 67, .. })));
    let with = |extra: usize| SealedReceipt { extra: Some(vec![0; extra]), index: 0, proof: vec![], checkpoint: note.clone() }.to_string();
    // Three bytes are four characters.
    let bare = with(3).len() - 4;
    let most = (RECEIPT_BYTES_MAX - bare) / 4 * 3;
    assert!(parse(&with(most)).is_ok());
    let over = with(most + 3);
    assert_eq!(parse(&over), Err(ReceiptError::TooLarge(over.len())));
}

#[test]
fn a_receipt_is_verified_against_keys_of_the_log() {
    let tree = WholeTree::of_size(700);
    let (leaf, receipt) = (tree.leaves()[300], receipt(&tree, 300, None));
    assert_eq!(receipt.verify(&leaf, &verifiers(&[&log_key(2), &log_key(1)])).unwrap(), checkpoint(&tree, 700));
    let unsigned = receipt.verify(&leaf, &verifiers(&[&log_key(2)]));
    assert_eq!(unsigned, Err(ReceiptError::Checkpoint(CheckpointError::Note(NoteError::Unsigned))));
    let witness_alone = receipt.verify(&leaf, &[witness_key(1).verifier().clone()]);
    assert!(matches!(witness_alone, Err(ReceiptError::Checkpoint(CheckpointError::Origin { .. }))));
    let known = verifiers(&[&log_key(1)]);
    assert_eq!(receipt.verify(&tree.leaves()[301], &known), Err(ReceiptError::Proof(ProofError::Root { size: 700 })));
    let beyond = SealedReceipt { index: 700, ..receipt };
    assert_eq!(beyond.verify(&leaf, &known), Err(ReceiptError::Proof(ProofError::Beyond { index: 700, size: 700 })));
}

#[test]
fn a_policy_may_ask_for_witnesses() {
    let tree = WholeTree::of_size(700);
    let (leaf, receipt) = (tree.leaves()[300], receipt(&tree, 300, None));
    let policy = |witness: u8| {
        let (log, witness) = (log_key(1), witness_key(witness));
        Policy::parse(format!("log {}\nwitness w {}\nquorum w\n", log.verifier(), witness.verifier()).as_bytes()).unwrap()
    };
    assert_eq!(receipt.verify_by(&leaf, &policy(1)).unwrap(), checkpoint(&tree, 700));
    assert_eq!(receipt.verify_by(&leaf, &policy(2)), Err(ReceiptError::Policy(PolicyError::Quorum { cosigned: 0, known: 1 })));
    assert!(matches!(receipt.verify_by(&tree.leaves()[0], &policy(1)), Err(ReceiptError::Proof(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_altered_receipt_verifies(size in 2..500_usize, index in any::<u64>(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let tree = WholeTree::of_size(size);
        let index = index % tree.size();
        let (leaf, receipt) = (tree.leaves()[index as usize], receipt(&tree, index, Some(vec![5; 32])));
        let known = [log_key(1).verifier().clone(), witness_key(1).verifier().clone()];
        let printed = receipt.to_string();
        prop_assert!(parse(&printed).unwrap().verify(&leaf, &known).is_ok());
        let mut bytes = printed.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // Nobody signed the salt: a wrong one is found by the leaf that is made with it.
        let again = SealedReceipt::parse(&bytes).ok().filter(|altered| altered.verify(&leaf, &known).is_ok());
        if let Some(altered) = again {
            let is_salt = altered.extra != receipt.extra && SealedReceipt { extra: receipt.extra.clone(), ..altered.clone() } == receipt;
            // The line of a witness that bears another name or id is one of an unknown key.
            let is_of_nobody = at > printed.rfind("\n— ").unwrap();
            prop_assert!(is_salt || is_of_nobody, "byte {} differs and the receipt is accepted", at);
        }
    }
}
