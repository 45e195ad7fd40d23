//! Notes are those of C2SP signed-note: what is signed verifies, what was tampered with does not.

use dateline_proofs::{NOTE_BYTES_MAX, Note, NoteError, SIGNATURES_MAX, Signature, SignerKey, VerifierKey};
use proptest::prelude::*;

use super::keys::EXAMPLE;
use super::support::{log_key, verifiers, witness_key};

/// The example of C2SP signed-note.
const NOTE: &str =
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn parse(text: &str) -> Result<Note, NoteError> {
    Note::parse(text.as_bytes())
}

fn signature() -> String {
    log_key(1).sign("x\n").to_string()
}

#[test]
fn the_example_of_c2sp_verifies() {
    let (note, key) = (parse(NOTE).unwrap(), EXAMPLE.parse().unwrap());
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.verify(std::slice::from_ref(&key)).unwrap(), [&key]);
    assert_eq!(note.to_string(), NOTE);
    let tampered = parse(&NOTE.replace("example message", "Example message")).unwrap();
    assert_eq!(tampered.verify(&[key]), Err(NoteError::Forged { name: "example.com/foo".to_owned() }));
}

#[test]
fn several_keys_sign_one_note() {
    let (old, new, other) = (log_key(1), log_key(2), log_key(3));
    let note = Note::sign("text\n", &[&old, &new]).unwrap();
    let note = parse(&note.to_string()).unwrap();
    assert_eq!(note.verify(&verifiers(&[&old])).unwrap(), [old.verifier()]);
    assert_eq!(note.verify(&verifiers(&[&other, &new])).unwrap(), [new.verifier()]);
    assert_eq!(note.verify(&verifiers(&[&new, &old, &new])).unwrap(), [new.verifier(), old.verifier()]);
    assert_eq!(note.verify(&verifiers(&[&other])), Err(NoteError::Unsigned));
    assert_eq!(note.verify(&[]), Err(NoteError::Unsigned));
}

#[test]
fn a_signature_of_an_unknown_key_is_ignored_and_one_of_a_known_key_must_hold() {
    let (known, other) = (log_key(1), SignerKey::from_seed("other.example", [1; 32]).unwrap());
    let note = Note::sign("text\n", &[&known]).unwrap();
    let foreign = other.sign("another text\n");
    let with_foreign = note.clone().with_signatures([foreign]).unwrap();
    assert_eq!(with_foreign.verify(&verifiers(&[&known])).unwrap(), [known.verifier()]);
    assert!(matches!(with_foreign.verify(&verifiers(&[&known, &other])), Err(NoteError::Forged { .. })));
    // A second one of the known key that does not hold, behind one that does.
    let with_false = note.with_signatures([known.sign("another text\n")]).unwrap();
    assert!(matches!(with_false.verify(&verifiers(&[&known])), Err(NoteError::Forged { .. })));
    // The same name and another id, and the same id under another name, are other keys.
    let line = known.sign("another text\n").to_string().replace("/log", "/lag");
    let renamed = parse(&format!("text\n\n{}\n{line}\n", known.sign("text\n"))).unwrap();
    assert_eq!(renamed.verify(&verifiers(&[&known])).unwrap(), [known.verifier()]);
}

#[test]
fn the_text_ends_at_the_last_empty_line() {
    let line = signature();
    for text in ["x\n", "x\n\ny\n", "\n", "\n\nx\n", "x\n\n", "— not a signature\n", "x\n\n— a b\n"] {
        let note = parse(&format!("{text}\n{line}\n")).unwrap();
        assert_eq!((note.text(), note.signatures().len()), (text, 1));
    }
}

#[test]
fn what_is_no_note_is_refused_by_its_line() {
    let line = signature();
    assert_eq!(parse(""), Err(NoteError::NoSignatures));
    assert_eq!(parse(&format!("x\n{line}\n")), Err(NoteError::NoSignatures), "no empty line");
    assert_eq!(parse("x\n\n"), Err(NoteError::NoSignatures));
    assert_eq!(parse(&format!("x\n\n{line}")), Err(NoteError::Line { line: 3 }), "no newline at the end");
    assert_eq!(parse(&format!("x\n\n{line}\n\n")), Err(NoteError::NoSignatures));
    assert_eq!(parse(&format!("x\ny\n\n{line}\nz\n")), Err(NoteError::Line { line: 5 }));
    assert_eq!(parse(&format!("x\r\n\n{line}\n")), Err(NoteError::Control { line: 1 }));
    assert_eq!(parse(&format!("x\ny\tz\n\n{line}\n")), Err(NoteError::Control { line: 2 }));
    assert_eq!(parse(&format!("x\n\n{line}\r\n")), Err(NoteError::Control { line: 3 }));
    assert_eq!(parse(&format!("x\0\n\n{line}\n")), Err(NoteError::Control { line: 1 }));
    assert_eq!(Note::parse(b"x\xff\n\n"), Err(NoteError::NotText(1)));
    assert_eq!(Note::sign("x", &[&log_key(1)]), Err(NoteError::NoNewline));
    assert_eq!(Note::sign("x\r\n", &[&log_key(1)]), Err(NoteError::Control { line: 1 }));
    assert_eq!(Note::sign("x\n", &[]), Err(NoteError::NoSignatures));
}

#[test]
fn a_signature_line_has_one_form() {
    for wrong in [
        "",
        "-",
        "— ",
        "— name",
        "— name ",
        "— name  AAAAAQE=",
        "—  AAAAAQE=",
        "- name AAAAAQE=",
        "—name AAAAAQE=",
        " — name AAAAAQE=",
        "— name AAAAAQE= ",
        "— name AAAAAQE",
        "— name AAAAAQF=",
        "— name AAAAAQ==",
        "— name AAAA",
        "— na+me AAAAAQE=",
        "— na\u{a0}me AAAAAQE=",
        "— na\u{2003}me AAAAAQE=",
    ] {
        assert_eq!(Signature::parse_lines(&format!("{wrong}\n")), Err(NoteError::Line { line: 1 }), "{wrong:?}");
    }
    let one = Signature::parse_lines("— name AAAAAQE=\n").unwrap();
    assert_eq!((one[0].name(), one[0].key_id(), one[0].bytes(), one.len()), ("name", 1, [1].as_slice(), 1));
    assert_eq!(one[0].to_string(), "— name AAAAAQE=");
}

#[test]
fn a_note_has_at_most_so_many_signatures() {
    let lines = |count: usize| format!("x\n\n{}", format!("{}\n", signature()).repeat(count));
    assert_eq!(parse(&lines(SIGNATURES_MAX)).unwrap().signatures().len(), SIGNATURES_MAX);
    assert_eq!(parse(&lines(SIGNATURES_MAX + 1)), Err(NoteError::TooManySignatures));
    let full = parse(&lines(SIGNATURES_MAX)).unwrap();
    assert_eq!(full.with_signatures([log_key(1).sign("x\n")]), Err(NoteError::TooManySignatures));
    let answer = format!("{}\n", signature()).repeat(SIGNATURES_MAX + 1);
    assert_eq!(Signature::parse_lines(&answer), Err(NoteError::TooManySignatures));
}

#[test]
fn a_note_has_at_most_so_many_bytes() {
    let with = |bytes: usize| format!("{}\n\n{}\n", "x".repeat(bytes), signature());
    let most = NOTE_BYTES_MAX - with(0).len();
    assert!(parse(&with(most)).is_ok());
    assert_eq!(parse(&with(most + 1)), Err(NoteError::TooLarge(NOTE_BYTES_MAX + 1)));
    let text = |bytes: usize| format!("{}\n", "x".repeat(bytes));
    assert_eq!(Note::sign(&text(most), &[&log_key(1)]).unwrap().to_string().len(), NOTE_BYTES_MAX);
    assert_eq!(Note::sign(&text(most + 1), &[&log_key(1)]), Err(NoteError::TooLarge(NOTE_BYTES_MAX + 1)));
    assert_eq!(Signature::parse_lines(&text(NOTE_BYTES_MAX)), Err(NoteError::TooLarge(NOTE_BYTES_MAX + 1)));
}

#[test]
fn cosignatures_of_known_witnesses_are_taken_and_others_left() {
    let tree = super::support::WholeTree::of_size(3);
    let checkpoint = super::support::checkpoint(&tree, 3);
    let note = checkpoint.sign(&[&log_key(1)]).unwrap();
    let (one, two, unknown) = (witness_key(1), witness_key(2), witness_key(3));
    let known = [one.verifier().clone(), two.verifier().clone()];
    let answer = vec![unknown.cosign(&checkpoint, 5), one.cosign(&checkpoint, 5), one.cosign(&checkpoint, 5)];
    let cosigned = note.clone().with_cosignatures(answer, &known).unwrap();
    assert_eq!(cosigned.signatures()[1..], [one.cosign(&checkpoint, 5)]);
    let again = cosigned.clone().with_cosignatures(vec![one.cosign(&checkpoint, 5)], &known).unwrap();
    assert_eq!(again, cosigned, "what is there is not added again");
    assert_eq!(note.clone().with_cosignatures(vec![unknown.cosign(&checkpoint, 5)], &known), Err(NoteError::Unsigned));
    let other = super::support::checkpoint(&tree, 2);
    let forged = vec![one.cosign(&checkpoint, 5), two.cosign(&other, 5)];
    assert!(matches!(note.with_cosignatures(forged, &known), Err(NoteError::Forged { .. })));
}

proptest! {
    #[test]
    fn any_text_that_is_signed_verifies_and_no_altered_byte_does(text in "[^\\pC]{0,30}(\n[^\\pC]{0,10}){0,4}", at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let text = format!("{text}\n");
        let (key, known) = (log_key(1), verifiers(&[&log_key(1)]));
        let printed = Note::sign(&text, &[&key]).unwrap().to_string();
        let note = parse(&printed).unwrap();
        prop_assert_eq!((note.text(), note.to_string()), (text.as_str(), printed.clone()));
        prop_assert!(note.verify(&known).is_ok());
        let mut bytes = printed.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let accepted = Note::parse(&bytes).is_ok_and(|note| note.verify(&known).is_ok());
        prop_assert!(!accepted, "byte {} differs and the note is accepted", at);
    }

    #[test]
    fn a_note_that_is_read_is_printed_as_it_was(text in "[ab\n— +=A]{0,60}") {
        if let Ok(note) = parse(&text) {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn a_key_verifies_what_another_signs_never(seed in 2..200_u8) {
        let note = Note::sign("x\n", &[&log_key(seed)]).unwrap();
        // The same name and id in the line, as if they collided.
        let bytes = log_key(seed).sign("x\n").bytes().to_vec();
        let known: Vec<VerifierKey> = verifiers(&[&log_key(1)]);
        let line = log_key(1).sign("x\n");
        let forged = [line.key_id().to_be_bytes().as_slice(), &bytes].concat();
        let forged = Signature::parse_lines(&format!("— {} {}\n", line.name(), base64::Engine::encode(&base64::engine::general_purpose::STANDARD, forged))).unwrap();
        prop_assert_eq!(note.verify(&known), Err(NoteError::Unsigned));
        prop_assert!(matches!(note.with_signatures(forged).unwrap().verify(&known), Err(NoteError::Forged { .. })), "forged");
    }
}
