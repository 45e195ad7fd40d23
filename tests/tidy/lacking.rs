//! A test that lacks something says so by tests/support/needs.rs alone, which counts and names it.

use super::{Source, none, sources};

const ONLY_HERE: &str = "tests/support/needs.rs";

/// Ways past it: a sentence of one's own, and the folder of real data. Written in two halves, so that this file does not find itself.
const WAYS: [&str; 2] = [concat!("passed ", "over: "), concat!("shared/", "data")];

fn ways_past(source: &Source) -> Vec<String> {
    let is_other = source.is_test() && source.path != ONLY_HERE && !source.path.starts_with("benches/");
    let lines = source.code().filter(|(_, line)| is_other && WAYS.iter().any(|way| line.contains(way)));
    lines.map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim())).collect()
}

#[test]
fn a_test_that_lacks_something_says_so_in_one_way() {
    none("use needs::shared_data, needs::tool or needs::found", &sources(".rs").iter().flat_map(ways_past).collect::<Vec<_>>());
    let planted = format!("//! A test.\nfn test() {{\n    println!(\"{}strace\");\n}}\n", WAYS[0]);
    let planted = Source { path: "tests/planted.rs".to_owned(), text: planted };
    assert_eq!(ways_past(&planted).len(), 1, "the scan sees a planted fault");
}
