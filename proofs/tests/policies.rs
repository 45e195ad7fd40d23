//! Policies are those of C2SP tlog-policy: every rule of a line, and the quorum.

use dateline_proofs::{
    CheckpointError, CosignerKey, KeyError, NoteError, POLICY_BYTES_MAX, POLICY_GROUPS_MAX, POLICY_LOGS_MAX, POLICY_WITNESSES_MAX, Policy,
    PolicyError, PolicyFault, SignerKey, VerifierKey,
};
use proptest::prelude::*;

use super::support::{WholeTree, checkpoint, log_key, witness_key};

fn log(number: u8) -> String {
    log_key(number).verifier().to_string()
}

fn witness(number: u8) -> String {
    witness_key(number).verifier().to_string()
}

/// The example of C2SP tlog-policy, with keys.
fn example() -> String {
    let mut text = format!("log {}\n\n", log(1));
    for number in 1..=6 {
        let name = if number <= 3 { format!("X{number}") } else { format!("Y{}", number - 3) };
        text += &format!("witness {name} {}\n", witness(number));
    }
    text + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
}

fn parse(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(text.as_bytes())
}

fn is_met(policy: &Policy, numbers: &[u8]) -> bool {
    let keys: Vec<VerifierKey> = numbers.iter().map(|number| witness_key(*number).verifier().clone()).collect();
    policy.is_met_by(&keys.iter().collect::<Vec<_>>())
}

#[test]
fn the_example_of_c2sp_asks_for_two_and_one() {
    let policy = parse(&example()).unwrap();
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 6));
    for combination in 0..64_u8 {
        let numbers: Vec<u8> = (1..=6).filter(|number| combination >> (number - 1) & 1 == 1).collect();
        let (x, y) = (numbers.iter().filter(|number| **number <= 3).count(), numbers.iter().filter(|number| **number > 3).count());
        assert_eq!(is_met(&policy, &numbers), x >= 2 && y >= 1, "{numbers:?}");
    }
}

#[test]
fn a_quorum_is_a_witness_a_group_or_none() {
    let text = format!("witness a {}\nwitness b {}\ngroup both all a b\ngroup one 1 both\n", witness(1), witness(2));
    let with = |quorum: &str| parse(&format!("{text}quorum {quorum}\n")).unwrap();
    assert!(is_met(&with("none"), &[]));
    assert!(is_met(&with("a"), &[1]) && !is_met(&with("a"), &[2]) && !is_met(&with("a"), &[]));
    assert!(is_met(&with("one"), &[1, 2]) && !is_met(&with("one"), &[1]));
    assert!(is_met(&with("both"), &[2, 1]) && !is_met(&with("both"), &[2, 2, 3]));
    assert!(parse("quorum none\n").unwrap().logs().is_empty(), "only the quorum is asked for");
}

#[test]
fn a_checkpoint_is_accepted_by_a_log_and_a_quorum() {
    let policy = parse(&example()).unwrap();
    let checkpoint = checkpoint(&WholeTree::of_size(5), 5);
    let cosigned = |numbers: &[u8]| {
        let signatures = numbers.iter().map(|number| witness_key(*number).cosign(&checkpoint, 7));
        checkpoint.sign(&[&log_key(1)]).unwrap().with_signatures(signatures).unwrap()
    };
    assert_eq!(policy.open(&cosigned(&[1, 3, 5])).as_ref(), Ok(&checkpoint));
    assert_eq!(policy.open(&cosigned(&[1, 3, 5, 9])).as_ref(), Ok(&checkpoint), "an unknown witness is ignored");
    assert_eq!(policy.open(&cosigned(&[1, 3])), Err(PolicyError::Quorum { cosigned: 2, known: 6 }));
    assert_eq!(policy.open(&cosigned(&[4, 5, 6, 1, 1])), Err(PolicyError::Quorum { cosigned: 4, known: 6 }), "nobody counts twice");
    let other_log = checkpoint.sign(&[&log_key(2)]).unwrap().with_signatures(cosigned(&[1, 3, 5]).signatures()[1..].to_vec()).unwrap();
    assert!(matches!(policy.open(&other_log), Err(PolicyError::Checkpoint(CheckpointError::Origin { .. }))));
    let forged = cosigned(&[1, 3, 5]).with_signatures([witness_key(2).cosign(&super::support::checkpoint(&WholeTree::of_size(5), 4), 7)]).unwrap();
    assert!(matches!(policy.open(&forged), Err(PolicyError::Checkpoint(CheckpointError::Note(NoteError::Forged { .. })))));
}

#[test]
fn addresses_comments_and_white_space_are_read() {
    let text = format!(
        "# a comment\n \t# another\n\n \t \n\tlog  {} \thttps://log.example/\nwitness\tA {} https://w.example/ \nquorum A\n",
        log(1),
        witness(1)
    );
    let policy = parse(&text).unwrap();
    assert_eq!(policy.logs()[0].url.as_deref(), Some(b"https://log.example/".as_slice()));
    assert_eq!(policy.witnesses()[0].url.as_deref(), Some(b"https://w.example/".as_slice()));
    assert_eq!(policy.witnesses()[0].name, b"A");
    // Names are bytes: K and the Kelvin sign are two, and no UTF-8 is needed.
    let (one, two) = (witness(1), witness(2));
    let bytes = [format!("witness K {one}\nwitness \u{212a} {two}\n").as_bytes(), b"group \xff any \xe2\x84\xaa\nquorum \xff\n"].concat();
    let policy = Policy::parse(&bytes).unwrap();
    assert!(is_met(&policy, &[2]) && !is_met(&policy, &[1]));
}

#[test]
fn every_rule_of_a_line_is_held() {
    let (w1, w2, l1) = (witness(1), witness(2), log(1));
    let renamed = CosignerKey::from_seed("another.example", [101; 32]).unwrap();
    let renamed_log = SignerKey::from_seed("another.example", [1; 32]).unwrap();
    let two = format!("witness a {w1}\nwitness b {w2}\n");
    let undefined = |name: &str| PolicyFault::Undefined(name.to_owned());
    let member_twice = |name: &str| PolicyFault::MemberTwice(name.to_owned());
    for (line, text, fault) in [
        (1, "quorum none".to_owned(), PolicyFault::NoNewline),
        (1, "quorum none\r\n".to_owned(), PolicyFault::Control),
        (1, "# \u{b}\n".to_owned(), PolicyFault::Control),
        (1, "# \u{7f}\n".to_owned(), PolicyFault::Control),
        (1, "# \0\n".to_owned(), PolicyFault::Control),
        (1, "Log x\n".to_owned(), PolicyFault::Keyword),
        (1, "logs x\n".to_owned(), PolicyFault::Keyword),
        (1, "log\n".to_owned(), PolicyFault::Form("log KEY [URL]")),
        (1, format!("log {l1} https://x y\n"), PolicyFault::Form("log KEY [URL]")),
        (1, "log x\n".to_owned(), PolicyFault::Key(KeyError::VerifierText)),
        (1, format!("log {w1}\n"), PolicyFault::KeyType),
        (2, format!("log {l1}\nlog {}\n", renamed_log.verifier()), PolicyFault::SameKey),
        (1, "witness a\n".to_owned(), PolicyFault::Form("witness NAME KEY [URL]")),
        (1, format!("witness a {w1} https://x y\n"), PolicyFault::Form("witness NAME KEY [URL]")),
        (1, format!("witness a {l1}\n"), PolicyFault::KeyType),
        (2, format!("witness a {w1}\nwitness b {}\n", renamed.verifier()), PolicyFault::SameKey),
        (2, format!("witness a {w1}\nwitness a {w2}\n"), PolicyFault::NameTaken),
        (1, format!("witness none {w1}\n"), PolicyFault::NameTaken),
        (3, format!("{two}group a any b\n"), PolicyFault::NameTaken),
        (3, format!("{two}group none any b\n"), PolicyFault::NameTaken),
        (3, format!("{two}group g\n"), PolicyFault::Form("group NAME all|any|K NAME...")),
        (3, format!("{two}group g any\n"), PolicyFault::Form("group NAME all|any|K NAME...")),
        (3, format!("{two}group g any c\n"), undefined("c")),
        (3, format!("{two}group g any none\n"), undefined("none")),
        (3, format!("{two}group g any g\n"), undefined("g")),
        (1, format!("group g any a\n{two}"), undefined("a")),
        (3, format!("{two}group g any a a\n"), member_twice("a")),
        (4, format!("{two}group g any a\ngroup h any b a\n"), member_twice("a")),
        (3, format!("{two}group g 0 a b\n"), PolicyFault::Threshold),
        (3, format!("{two}group g 3 a b\n"), PolicyFault::Threshold),
        (3, format!("{two}group g +1 a b\n"), PolicyFault::Threshold),
        (3, format!("{two}group g most a b\n"), PolicyFault::Threshold),
        (3, format!("{two}group g 99999999999999999999 a b\n"), PolicyFault::Threshold),
        (1, "quorum\n".to_owned(), PolicyFault::Form("quorum NAME")),
        (1, "quorum none none\n".to_owned(), PolicyFault::Form("quorum NAME")),
        (1, "quorum a\n".to_owned(), undefined("a")),
        (1, format!("quorum a\n{two}"), undefined("a")),
        (2, "quorum none\nquorum none\n".to_owned(), PolicyFault::QuorumTwice),
    ] {
        assert_eq!(parse(&text), Err(PolicyError::Line { line, fault }), "{text}");
    }
    assert_eq!(parse(""), Err(PolicyError::NoQuorum));
    assert_eq!(parse(&two), Err(PolicyError::NoQuorum));
}

#[test]
fn a_policy_has_limits() {
    let logs = |count: u8| (0..count).map(|number| format!("log {}\n", log(number))).collect::<String>() + "quorum none\n";
    let witnesses = |count: u8| (0..count).map(|number| format!("witness w{number} {}\n", witness(number))).collect::<String>();
    let groups = |count: usize| {
        let chain = (1..count).map(|number| format!("group g{number} all g{}\n", number - 1)).collect::<String>();
        format!("witness w {}\ngroup g0 all w\n{chain}quorum g{}\n", witness(1), count - 1)
    };
    assert_eq!(parse(&logs(POLICY_LOGS_MAX as u8)).unwrap().logs().len(), POLICY_LOGS_MAX);
    assert_eq!(parse(&logs(POLICY_LOGS_MAX as u8 + 1)), Err(PolicyError::Line { line: 65, fault: PolicyFault::TooMany(64) }));
    let most = parse(&(witnesses(POLICY_WITNESSES_MAX as u8) + "quorum none\n")).unwrap();
    assert_eq!(most.witnesses().len(), POLICY_WITNESSES_MAX);
    assert_eq!(parse(&witnesses(POLICY_WITNESSES_MAX as u8 + 1)), Err(PolicyError::Line { line: 65, fault: PolicyFault::TooMany(64) }));
    let deepest = parse(&groups(POLICY_GROUPS_MAX)).unwrap();
    assert!(is_met(&deepest, &[1]) && !is_met(&deepest, &[2]));
    assert_eq!(parse(&groups(POLICY_GROUPS_MAX + 1)), Err(PolicyError::Line { line: 66, fault: PolicyFault::TooMany(64) }));
    let long = |bytes: usize| format!("quorum none\n#{}\n", "x".repeat(bytes - "quorum none\n#\n".len()));
    assert!(parse(&long(POLICY_BYTES_MAX)).is_ok());
    assert_eq!(parse(&long(POLICY_BYTES_MAX + 1)), Err(PolicyError::TooLarge(POLICY_BYTES_MAX + 1)));
}

proptest! {
    #[test]
    fn one_more_cosignature_never_unmakes_a_quorum(combination in 0..64_u8, more in 1..=6_u8) {
        let policy = parse(&example()).unwrap();
        let numbers: Vec<u8> = (1..=6).filter(|number| combination >> (number - 1) & 1 == 1).collect();
        let with_more = [numbers.as_slice(), &[more]].concat();
        prop_assert!(!is_met(&policy, &numbers) || is_met(&policy, &with_more));
    }
}
