//! The house rules that a test can hold (STYLE in ARCHITECTURE.md): small files and functions, arrows that run one way, pure
//! rooms, a driver in one room only, nothing switched off in silence. It reads the sources line by line and claims no more.

mod lacking;
mod mutants;
mod rooms;
mod sizes;

use std::path::Path;
use std::process::Command;

use dateline_events::Kind;

/// The most lines of a README.
const README_LINES: usize = 150;

/// A file of the repository: its path from the root, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// True for what is compiled for tests only.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs") || self.path.starts_with("benches/")
    }

    /// The lines with their numbers, comments left out.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Every file that is, or would be, committed; without git, every file but what is built.
fn files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git").current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).output();
    if let Some(listed) = listed.ok().filter(|listed| listed.status.success()) {
        let names = String::from_utf8(listed.stdout).unwrap();
        return names.split_terminator('\0').filter(|name| root.join(name).is_file()).map(ToOwned::to_owned).collect();
    }
    let (mut found, mut folders) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true if [".git", "target", "data"].contains(&name.as_str()) => {}
                true => folders.push(path),
                false => found.push(name),
            }
        }
    }
    found
}

/// The text files whose names end so.
pub fn sources(ending: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = files();
    names.retain(|name| name.ends_with(ending));
    names.sort();
    let read = |path: String| std::fs::read_to_string(root.join(&path)).ok().map(|text| Source { path, text });
    let found: Vec<Source> = names.into_iter().filter_map(read).collect();
    assert!(!found.is_empty(), "no file ends in {ending:?}: the scan is broken");
    found
}

/// Every fault at once, one a line.
pub fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

#[test]
fn every_rust_file_says_first_what_it_is_for() {
    let faults: Vec<String> = sources(".rs").into_iter().filter(|source| !source.text.starts_with("//! ")).map(|source| source.path).collect();
    none("a file begins with //!, what this room is for", &faults);
}

#[test]
fn nothing_is_switched_off_in_silence_and_nothing_is_left_lying_about() {
    // Written in two halves, so that this file does not find itself.
    let words = [
        concat!("#[al", "low("),
        concat!("#![al", "low("),
        concat!("un", "safe {"),
        concat!("un", "safe fn"),
        concat!("un", "safe impl"),
        concat!("to", "do!("),
        concat!("db", "g!("),
    ];
    let mut faults = Vec::new();
    for source in sources(".rs") {
        for (number, line) in source.code() {
            faults.extend(words.iter().filter(|word| line.contains(**word)).map(|word| format!("{}:{number}: {word}", source.path)));
        }
    }
    none("use #[expect(…, reason)] where a lint must be silent", &faults);
    let manifests = sources("Cargo.toml");
    let faults: Vec<String> =
        manifests.iter().filter(|manifest| !manifest.text.contains("[lints]\nworkspace = true")).map(|manifest| manifest.path.clone()).collect();
    none("every Cargo.toml takes the one lint table: [lints] workspace = true", &faults);
}

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let folders = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("C:\\Us", "ers")];
    let mut faults = Vec::new();
    for source in sources("") {
        for (number, line) in (1..).zip(source.text.lines()) {
            // In an address (https://example.com/home/) it is no folder.
            let names = |folder: &&&str| {
                line.match_indices(**folder)
                    .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '.' || before == '-'))
            };
            faults.extend(folders.iter().filter(names).map(|folder| format!("{}:{number}: {folder}", source.path)));
        }
    }
    none("a path of one machine is of no use on another", &faults);
}

#[test]
fn the_readme_stays_short_and_what_is_generated_is_committed() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap_or_default();
    let lines = readme.lines().count();
    assert!(lines < README_LINES, "README.md has {lines} lines; it ends before {README_LINES}");
    let files = files();
    let schemas = Kind::NAMES.iter().map(|kind| format!("schemas/events/{kind}.v1.schema.json"));
    let wanted = ["Cargo.lock", "schemas/openapi.json", "schemas/asyncapi.yaml"].map(ToOwned::to_owned).into_iter().chain(schemas);
    let faults: Vec<String> = wanted.filter(|name| !files.contains(name)).collect();
    none("what is generated is committed", &faults);
}
