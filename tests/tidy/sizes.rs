//! Files end before 500 lines, functions before 70.

use super::{none, sources};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// A function begins at a line with `fn` and ends at the first closing brace of the same indentation.
fn functions(text: &str) -> Vec<(usize, usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        if line.ends_with('}') || line.ends_with(';') {
            continue;
        }
        let ends = |later: &&str| indentation(later) == indentation(line) && (later.trim_start().starts_with('}') || later.ends_with(';'));
        let length = lines[index + 1..].iter().position(ends).map_or(lines.len() - index, |further| further + 2);
        found.push((index + 1, length, name));
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().peekable();
    while words.next_if(|word| word.starts_with("pub") || ["async", "const", "extern", "default"].contains(word) || *word == "super)").is_some() {}
    (words.next()? == "fn").then(|| words.next().unwrap_or_default().split(['(', '<']).next().unwrap_or_default().to_owned())
}

#[test]
fn files_end_before_500_lines_and_functions_before_70() {
    let (mut faults, mut counted) = (Vec::new(), 0);
    for source in sources(".rs") {
        let lines = source.text.lines().count();
        if lines >= FILE_LINES {
            faults.push(format!("{}: {lines} lines; a long file is two ideas, name them", source.path));
        }
        for (number, length, name) in functions(&source.text) {
            counted += 1;
            if length >= FUNCTION_LINES {
                faults.push(format!("{}:{number}: fn {name} has {length} lines", source.path));
            }
        }
    }
    none(&format!("files end before {FILE_LINES} lines, functions before {FUNCTION_LINES}"), &faults);
    assert!(counted > 500, "only {counted} functions were found: the scan is broken");
}

#[test]
fn the_scan_measures_what_it_says() {
    let text = "fn one() {}\npub(crate) async fn two(\n    a: u8,\n) -> u8 {\n    if a {\n    }\n    a\n}\nimpl X {\n    fn three() {\n        1\n    }\n}\ntrait Y {\n    fn four();\n}\n";
    assert_eq!(functions(text), [(2, 7, "two".to_owned()), (10, 3, "three".to_owned())]);
}
