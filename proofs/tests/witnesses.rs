//! A witness decides as C2SP tlog-witness has it: each status in its turn, growth cosigned, a fork refused.

use dateline_proofs::{
    ADD_CHECKPOINT_BYTES_MAX, AddCheckpoint, CONSISTENCY_LINES_MAX, Checkpoint, EMPTY_ROOT, Hash, LastCosigned, NoteError, SignerKey, WitnessAnswer,
    WitnessDecision, WitnessError, consistency_proof, decide, monitored_path,
};
use proptest::prelude::*;

use super::support::{ORIGIN, WholeTree, checkpoint, log_key, verifiers, witness_key};

/// The example of C2SP tlog-witness.
const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

fn request(tree: &WholeTree, old: u64, new: u64) -> AddCheckpoint {
    let proof = consistency_proof(old, new, tree.reader()).unwrap();
    AddCheckpoint::new(old, proof, checkpoint(tree, new).sign(&[&log_key(1)]).unwrap()).unwrap()
}

fn last(tree: &WholeTree, size: u64) -> LastCosigned {
    LastCosigned { size, root: tree.root_at(size) }
}

fn known() -> Vec<dateline_proofs::VerifierKey> {
    verifiers(&[&log_key(1)])
}

fn refused(answer: WitnessAnswer) -> WitnessDecision {
    WitnessDecision::Refuse(answer)
}

#[test]
fn the_example_of_c2sp_reads_back() {
    let request = AddCheckpoint::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!((request.old_size(), request.checkpoint().size(), request.note().signatures().len()), (20_852_014, 20_852_163, 2));
    assert_eq!(request.to_string(), EXAMPLE);
}

#[test]
fn what_is_no_request_is_refused_by_its_line() {
    for (line, from, to) in [
        (1, "old 20852014\n", ""),
        (1, "old 20852014\n", "old 020852014\n"),
        (1, "old 20852014\n", "old -1\n"),
        (1, "old 20852014\n", "old \n"),
        (1, "old 20852014\n", "old  1\n"),
        (1, "old 20852014\n", "size 1\n"),
        (1, "old 20852014\n", "old 18446744073709551616\n"),
        (2, "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw"),
        (3, "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=", "x"),
        (6, "=\n\nexample.com", "=\nexample.com"),
    ] {
        let found = AddCheckpoint::parse(EXAMPLE.replacen(from, to, 1).as_bytes());
        assert!(matches!(found, Err(WitnessError::Line { line: found, .. }) if found == line), "{to:?}: {found:?}");
    }
    assert!(matches!(AddCheckpoint::parse(b"old 0\n\nhello\n"), Err(WitnessError::Note(NoteError::NoSignatures))));
    let no_checkpoint = EXAMPLE.replace("\n20852163\n", "\n020852163\n");
    assert!(matches!(AddCheckpoint::parse(no_checkpoint.as_bytes()), Err(WitnessError::Checkpoint(_))));
    assert_eq!(AddCheckpoint::parse(b"old\xff"), Err(WitnessError::NotText(3)));
}

#[test]
fn a_request_has_limits() {
    let tree = WholeTree::of_size(3);
    let note = checkpoint(&tree, 3).sign(&[&log_key(1)]).unwrap();
    let with = |count: usize| AddCheckpoint::new(1, vec![Hash([1; 32]); count], note.clone());
    let most = with(CONSISTENCY_LINES_MAX).unwrap();
    assert_eq!(AddCheckpoint::parse(most.to_string().as_bytes()), Ok(most.clone()));
    assert_eq!(with(CONSISTENCY_LINES_MAX + 1), Err(WitnessError::TooManyHashes));
    let one_more = most.to_string().replacen("\n\n", &format!("\n{}\n\n", Hash([1; 32])), 1);
    assert_eq!(AddCheckpoint::parse(one_more.as_bytes()), Err(WitnessError::TooManyHashes));
    let endless = vec![b'x'; ADD_CHECKPOINT_BYTES_MAX + 1];
    assert_eq!(AddCheckpoint::parse(&endless), Err(WitnessError::TooLarge(endless.len())));
    assert!(matches!(AddCheckpoint::parse(&endless[1..]), Err(WitnessError::Line { line: 1, .. })));
    // The largest note fits with the longest proof.
    let overhead = most.to_string().len() - note.to_string().len() + "18446744073709551615".len();
    assert!(dateline_proofs::NOTE_BYTES_MAX + overhead <= ADD_CHECKPOINT_BYTES_MAX);
}

#[test]
fn growth_is_cosigned() {
    let tree = WholeTree::of_size(300);
    let mut kept = LastCosigned::default();
    for size in [0, 1, 2, 2, 255, 256, 257, 300, 300] {
        let decision = decide(&request(&tree, kept.size, size), &known(), &kept);
        assert_eq!(decision, WitnessDecision::Cosign(last(&tree, size)), "{} to {size}", kept.size);
        kept = last(&tree, size);
    }
}

#[test]
fn an_unknown_log_is_404_before_all_else() {
    let tree = WholeTree::of_size(9);
    assert_eq!(decide(&request(&tree, 3, 5), &[], &last(&tree, 9)), refused(WitnessAnswer::UnknownOrigin));
}

#[test]
fn a_signature_that_is_missing_or_false_is_403_before_sizes_are_looked_at() {
    let tree = WholeTree::of_size(9);
    let request = request(&tree, 3, 5);
    assert_eq!(decide(&request, &verifiers(&[&log_key(2)]), &last(&tree, 9)), refused(WitnessAnswer::Forbidden));
    let other = checkpoint(&tree, 6).sign(&[&log_key(1)]).unwrap();
    let forged = request.note().clone().with_signatures(other.signatures().to_vec()).unwrap();
    let forged = AddCheckpoint::new(3, vec![], forged).unwrap();
    assert_eq!(decide(&forged, &known(), &last(&tree, 9)), refused(WitnessAnswer::Forbidden), "one holds, one does not");
}

#[test]
fn an_old_size_above_the_checkpoint_is_400_before_it_is_409() {
    let tree = WholeTree::of_size(9);
    let note = checkpoint(&tree, 5).sign(&[&log_key(1)]).unwrap();
    let backwards = AddCheckpoint::new(6, vec![], note).unwrap();
    assert_eq!(decide(&backwards, &known(), &last(&tree, 9)), refused(WitnessAnswer::Malformed));
    assert_eq!(decide(&backwards, &known(), &last(&tree, 6)), refused(WitnessAnswer::Malformed));
}

#[test]
fn another_old_size_is_409_with_the_size_that_is_known() {
    let tree = WholeTree::of_size(9);
    for size in [0, 2, 4, 5, 9] {
        assert_eq!(decide(&request(&tree, 3, 5), &known(), &last(&tree, size)), refused(WitnessAnswer::OtherSize(size)));
    }
    assert_eq!(decide(&request(&tree, 0, 5), &known(), &last(&tree, 4)), refused(WitnessAnswer::OtherSize(4)), "a client that asks for it");
}

#[test]
fn a_fork_a_false_proof_and_a_false_root_are_422() {
    let tree = WholeTree::of_size(9);
    let mut leaves = tree.leaves().to_vec();
    leaves[1].0[0] ^= 1;
    let fork = WholeTree::of(leaves);
    for (old, new) in [(3, 5), (4, 8), (5, 5), (3, 9)] {
        assert_eq!(decide(&request(&fork, old, new), &known(), &last(&tree, old)), refused(WitnessAnswer::Inconsistent), "{old} to {new}");
    }
    let note = |size| checkpoint(&tree, size).sign(&[&log_key(1)]).unwrap();
    let of = |old, proof: Vec<Hash>, size| AddCheckpoint::new(old, proof, note(size)).unwrap();
    let answers = |request: AddCheckpoint, kept| assert_eq!(decide(&request, &known(), &kept), refused(WitnessAnswer::Inconsistent));
    answers(of(3, vec![], 5), last(&tree, 3));
    answers(of(3, vec![Hash([1; 32]); 4], 5), last(&tree, 3));
    // A proof from nothing is empty, and so is one to the same size.
    answers(of(0, vec![Hash([1; 32])], 5), LastCosigned::default());
    answers(of(5, vec![Hash([1; 32])], 5), last(&tree, 5));
    // A tree without leaves has one root.
    let empty = Checkpoint::new(ORIGIN, 0, Hash([1; 32])).unwrap().sign(&[&log_key(1)]).unwrap();
    answers(AddCheckpoint::new(0, vec![], empty).unwrap(), LastCosigned::default());
    let empty = Checkpoint::new(ORIGIN, 0, EMPTY_ROOT).unwrap().sign(&[&log_key(1)]).unwrap();
    let empty = AddCheckpoint::new(0, vec![], empty).unwrap();
    assert_eq!(decide(&empty, &known(), &LastCosigned::default()), WitnessDecision::Cosign(LastCosigned::default()));
}

#[test]
fn keys_of_a_log_may_have_another_name() {
    let tree = WholeTree::of_size(9);
    let key = SignerKey::from_seed("keys.example/of-the-log", [5; 32]).unwrap();
    let request = AddCheckpoint::new(0, vec![], checkpoint(&tree, 9).sign(&[&key]).unwrap()).unwrap();
    assert_eq!(decide(&request, &[key.verifier().clone()], &LastCosigned::default()), WitnessDecision::Cosign(last(&tree, 9)));
}

#[test]
fn answers_have_the_statuses_and_bodies_of_c2sp() {
    let checkpoint = checkpoint(&WholeTree::of_size(3), 3);
    let signatures = vec![witness_key(1).cosign(&checkpoint, 7), witness_key(2).cosign(&checkpoint, 8)];
    let lines = format!("{}\n{}\n", signatures[0], signatures[1]);
    let answers = [
        (200, WitnessAnswer::Cosigned(signatures)),
        (400, WitnessAnswer::Malformed),
        (403, WitnessAnswer::Forbidden),
        (404, WitnessAnswer::UnknownOrigin),
        (409, WitnessAnswer::OtherSize(20_852_014)),
        (422, WitnessAnswer::Inconsistent),
    ];
    for (status, answer) in &answers {
        assert_eq!(answer.status(), *status);
        assert_eq!(WitnessAnswer::read(*status, answer.content_type(), &answer.body()).as_ref(), Ok(answer));
        assert!(answer.body().ends_with('\n'));
    }
    assert_eq!(answers[0].1.body(), lines);
    assert_eq!((answers[4].1.content_type(), answers[4].1.body().as_str()), ("text/x.tlog.size", "20852014\n"));
}

#[test]
fn an_answer_that_is_none_is_refused() {
    for (kind, body) in [
        ("text/plain", "5\n"),
        ("", "5\n"),
        ("text/x.tlog.size", "5"),
        ("text/x.tlog.size", ""),
        ("text/x.tlog.size", "05\n"),
        ("text/x.tlog.size", "5\n\n"),
        ("text/x.tlog.size", "five\n"),
    ] {
        assert_eq!(WitnessAnswer::read(409, kind, body), Err(WitnessError::NoSize), "{kind} {body:?}");
    }
    assert_eq!(WitnessAnswer::read(409, "Text/X.tlog.size; charset=utf-8", "5\n"), Ok(WitnessAnswer::OtherSize(5)));
    assert_eq!(WitnessAnswer::read(200, "", ""), Err(WitnessError::Note(NoteError::NoSignatures)));
    assert_eq!(WitnessAnswer::read(200, "", "ok\n"), Err(WitnessError::Note(NoteError::Line { line: 1 })));
    for status in [0, 201, 204, 302, 429, 500, 503] {
        assert_eq!(WitnessAnswer::read(status, "", ""), Err(WitnessError::Status(status)));
    }
}

#[test]
fn a_log_is_monitored_under_the_hash_of_its_origin() {
    // SHA-256 of "abc", from FIPS 180.
    assert_eq!(monitored_path("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad/checkpoint");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_witness_follows_one_history_only(sizes in prop::collection::vec(0..400_u64, 1..8), forked in 0..400_usize) {
        let tree = WholeTree::of_size(400);
        let mut leaves = tree.leaves().to_vec();
        leaves[forked].0[3] ^= 4;
        let fork = WholeTree::of(leaves);
        let mut kept = LastCosigned::default();
        for size in sizes {
            let grows = size >= kept.size;
            if grows {
                let of_fork = decide(&request(&fork, kept.size, size), &known(), &kept);
                // A fork is seen as soon as the leaf that differs was cosigned.
                prop_assert_eq!(of_fork == refused(WitnessAnswer::Inconsistent), forked < kept.size as usize);
                prop_assert_eq!(decide(&request(&tree, kept.size, size), &known(), &kept), WitnessDecision::Cosign(last(&tree, size)));
                kept = last(&tree, size);
            } else {
                let older = request(&tree, size, size);
                prop_assert_eq!(decide(&older, &known(), &kept), refused(WitnessAnswer::OtherSize(kept.size)));
            }
        }
    }
}
