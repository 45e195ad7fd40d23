//! Every mutant can still be made: the lines that its patch changes stand in the sources as the patch has them.

use std::path::Path;

use super::{none, sources};

/// The lines of each hunk as they stand before the patch, by the file that they belong to.
fn hunks(patch: &str) -> Vec<(String, String)> {
    let (mut found, mut file): (Vec<(String, String)>, _) = (Vec::new(), None);
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("+++ b/") {
            file = Some(path.to_owned());
        } else if line.starts_with("@@ ") {
            found.extend(file.clone().map(|file| (file, String::new())));
        } else if let Some((_, before)) = found.last_mut().filter(|_| !line.starts_with(['+', '\\']) && !line.starts_with("--- a/")) {
            // An editor may have taken the space of an empty line.
            before.push_str(line.get(1..).unwrap_or_default());
            before.push('\n');
        }
    }
    found
}

/// Why a patch does not apply; None where it does.
fn fault(patch: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let hunks = hunks(patch);
    if hunks.is_empty() {
        return Some("it changes nothing".to_owned());
    }
    hunks.iter().find_map(|(file, before)| match read(file) {
        None => Some(format!("{file} is not there")),
        Some(text) if !text.contains(before.as_str()) => Some(format!("{file} does not hold what it changes:\n{before}")),
        Some(_) => None,
    })
}

#[test]
fn every_mutant_applies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let faults: Vec<String> = sources(".patch")
        .iter()
        .filter_map(|patch| Some(format!("{}: {}", patch.path, fault(&patch.text, |file| std::fs::read_to_string(root.join(file)).ok())?)))
        .collect();
    none("every patch in tests/mutants applies", &faults);
}

#[test]
fn a_mutant_that_does_not_apply_is_found() {
    let patch = "Says: x\n\n--- a/one.rs\n+++ b/one.rs\n@@ -1,3 +1,3 @@\n first\n-second\n+other\n third\n";
    let with = |text: &'static str| fault(patch, move |file| (file == "one.rs").then(|| text.to_owned()));
    assert_eq!(with("zero\nfirst\nsecond\nthird\n"), None);
    assert!(with("first\nsecond\n\nthird\n").is_some_and(|fault| fault.contains("one.rs")));
    assert!(fault(patch, |_| None).is_some());
    assert!(fault("Says: nothing\n", |_| None).is_some());
}
