//! Checkpoints are those of C2SP tlog-checkpoint, and count when a key of their log signed them.

use dateline_proofs::{Checkpoint, CheckpointError, CosignerKey, EMPTY_ROOT, Note, NoteError, SignerKey};
use proptest::prelude::*;

use super::support::{ORIGIN, WholeTree, checkpoint, hash, log_key, verifiers, witness_key};

/// The example of C2SP tlog-checkpoint.
const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
    text.parse()
}

#[test]
fn the_example_of_c2sp_reads_back() {
    let checkpoint = parse(TEXT).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.root(), hash("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"));
    assert!(checkpoint.extensions().is_empty());
    assert_eq!(checkpoint.text(), TEXT);
    let extended = format!("{TEXT}one\ntwo words\n");
    assert_eq!(parse(&extended).unwrap().extensions(), ["one", "two words"]);
    assert_eq!(checkpoint.with_extension("one").unwrap().with_extension("two words").unwrap().text(), extended);
}

#[test]
fn no_other_text_is_a_checkpoint() {
    const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for (line, text) in [
        (1, String::new()),
        (1, "a".to_owned()),
        (1, format!("\n1\n{ROOT}\n")),
        (1, format!("a\rb\n1\n{ROOT}\n")),
        (2, "a\n".to_owned()),
        (2, format!("a\n\n{ROOT}\n")),
        (2, format!("a\n01\n{ROOT}\n")),
        (2, format!("a\n00\n{ROOT}\n")),
        (2, format!("a\n+1\n{ROOT}\n")),
        (2, format!("a\n-1\n{ROOT}\n")),
        (2, format!("a\n 1\n{ROOT}\n")),
        (2, format!("a\n1 \n{ROOT}\n")),
        (2, format!("a\n1x\n{ROOT}\n")),
        (2, format!("a\n١\n{ROOT}\n")),
        // 2⁶⁴.
        (2, format!("a\n18446744073709551616\n{ROOT}\n")),
        (3, "a\n1\n".to_owned()),
        (3, format!("a\n1\n{ROOT}")),
        (3, "a\n1\n\n".to_owned()),
        (3, "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n".to_owned()),
        (4, format!("a\n1\n{ROOT}\nx")),
        (4, format!("a\n1\n{ROOT}\n\n")),
        (5, format!("a\n1\n{ROOT}\nx\n\ny\n")),
    ] {
        assert!(matches!(parse(&text), Err(CheckpointError::Line { line: found, .. }) if found == line), "{text:?}: {:?}", parse(&text));
    }
    assert_eq!(parse(&format!("a\n18446744073709551615\n{ROOT}\n")).unwrap().size(), u64::MAX);
    assert_eq!(parse(&format!("an origin + more\n0\n{ROOT}\n")).unwrap().size(), 0);
}

#[test]
fn what_would_not_read_back_is_not_made() {
    for origin in ["", "a\nb", "a\tb"] {
        assert!(matches!(Checkpoint::new(origin, 0, EMPTY_ROOT), Err(CheckpointError::Line { line: 1, .. })), "{origin:?}");
    }
    let checkpoint = parse(TEXT).unwrap().with_extension("one").unwrap();
    for line in ["", "a\nb", "\n"] {
        assert!(matches!(checkpoint.clone().with_extension(line), Err(CheckpointError::Line { line: 5, .. })), "{line:?}");
    }
}

#[test]
fn while_keys_change_both_sign() {
    let (old, new) = (log_key(1), log_key(2));
    let tree = WholeTree::of_size(5);
    let note = checkpoint(&tree, 5).sign(&[&old, &new]).unwrap();
    assert_eq!(note.signatures().len(), 2);
    for known in [verifiers(&[&old]), verifiers(&[&new]), verifiers(&[&old, &new])] {
        let (opened, signed) = Checkpoint::open(&note, &known).unwrap();
        assert_eq!((opened, signed.len()), (checkpoint(&tree, 5), known.len()));
    }
    assert_eq!(Checkpoint::open(&note, &verifiers(&[&log_key(3)])), Err(CheckpointError::Note(NoteError::Unsigned)));
}

#[test]
fn a_key_of_another_name_opens_no_checkpoint() {
    let other = SignerKey::from_seed("another.example/log", [1; 32]).unwrap();
    let checkpoint = checkpoint(&WholeTree::of_size(5), 5);
    let note = checkpoint.sign(&[&other]).unwrap();
    let refused = Checkpoint::open(&note, &verifiers(&[&other])).map(|(checkpoint, _)| checkpoint);
    assert_eq!(refused, Err(CheckpointError::Origin { origin: ORIGIN.to_owned() }));
    // A witness's word is none of the log, not even under the log's name.
    let namesake = CosignerKey::from_seed(ORIGIN, [2; 32]).unwrap();
    let note = note.with_signatures([namesake.cosign(&checkpoint, 1)]).unwrap();
    let refused = Checkpoint::open(&note, &[namesake.verifier().clone(), other.verifier().clone()]).map(|(checkpoint, _)| checkpoint);
    assert_eq!(refused, Err(CheckpointError::Origin { origin: ORIGIN.to_owned() }));
}

#[test]
fn who_cosigned_is_told() {
    let checkpoint = checkpoint(&WholeTree::of_size(5), 5);
    let (log, one, two) = (log_key(1), witness_key(1), witness_key(2));
    let note = checkpoint.sign(&[&log]).unwrap().with_signatures([one.cosign(&checkpoint, 7)]).unwrap();
    let known = [log.verifier().clone(), one.verifier().clone(), two.verifier().clone()];
    let (_, signed) = Checkpoint::open(&note, &known).unwrap();
    assert_eq!(signed, [log.verifier(), one.verifier()]);
}

#[test]
fn a_signed_note_that_is_no_checkpoint_is_refused() {
    let note = Note::sign("hello\n", &[&log_key(1)]).unwrap();
    assert!(matches!(Checkpoint::open(&note, &verifiers(&[&log_key(1)])), Err(CheckpointError::Line { line: 2, .. })));
}

proptest! {
    #[test]
    fn any_checkpoint_reads_back(origin in "[^\\pC]{1,30}", size in any::<u64>(), root in any::<[u8; 32]>(), extensions in prop::collection::vec("[^\\pC]{1,20}", 0..4)) {
        let mut checkpoint = Checkpoint::new(&origin, size, root.into()).unwrap();
        for line in &extensions {
            checkpoint = checkpoint.with_extension(line).unwrap();
        }
        prop_assert_eq!(parse(&checkpoint.text()).unwrap(), checkpoint);
    }

    #[test]
    fn what_is_read_is_printed_as_it_was(text in "[a01\n=]{0,20}") {
        let text = format!("a\n{text}");
        if let Ok(checkpoint) = parse(&text) {
            prop_assert_eq!(checkpoint.text(), text);
        }
    }
}
