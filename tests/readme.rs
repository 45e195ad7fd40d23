//! README and docs work as printed: every command in them is run, in order, in a fresh folder, and its output is compared with the printed one.
//!
//! A block that begins with ```` ```console ```` is run: a line `$ …` is a command, lines `> …` continue it, and the lines behind are its output.
//! `…` in the output stands for anything. Times of recording and salts differ from run to run and are not compared. A server stays up until the
//! page ends. Two words are replaced: `cargo run --release --` is the program under test, and the ports 7310 to 7312 are ports that are free.

mod examples;
mod session;
mod settings;

use std::path::Path;

use crate::intake::sdks;
use crate::needs;
use session::Session;

/// A command of a page, and what the page says that it prints.
#[derive(Debug, PartialEq)]
struct Step {
    line: usize,
    command: String,
    output: String,
}

/// The commands of a page, in order.
fn steps(page: &str) -> Vec<Step> {
    let (mut steps, mut runs): (Vec<Step>, bool) = (Vec::new(), false);
    for (line, text) in (1..).zip(page.lines()) {
        match (runs, text) {
            (false, "```console") => runs = true,
            (true, "```") => runs = false,
            (true, text) => match (text.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { line, command: command.to_owned(), output: String::new() }),
                (None, Some(step)) if step.output.is_empty() && text.starts_with("> ") => step.command += &format!("\n{}", &text[2..]),
                (None, Some(step)) => step.output += &format!("{text}\n"),
                (None, None) => panic!("line {line}: a console block begins with a command: {text}"),
            },
            _ => {}
        }
    }
    steps
}

/// True if the output is what the page prints, `…` and empty lines at the end aside.
fn is_as_printed(printed: &str, output: &str) -> bool {
    let (printed, output) = (without_what_differs(printed.trim_end()), without_what_differs(output.trim_end()));
    let mut parts = printed.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = output.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        // The last part must end the output.
        let found = if parts.peek().is_none() { rest.ends_with(part).then(|| rest.len() - part.len()) } else { rest.find(part) };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Times of recording (to the microsecond) and salts, which no two runs have in common, become one word.
fn without_what_differs(text: &str) -> String {
    const RECORDED: &[u8] = b"0000-00-00T00:00:00.000000Z";
    let is_recorded =
        |window: &[u8]| window.iter().zip(RECORDED).all(|(found, form)| if *form == b'0' { found.is_ascii_digit() } else { found == form });
    let (mut bytes, mut at) = (text.as_bytes().to_vec(), 0);
    while at + RECORDED.len() <= bytes.len() {
        if is_recorded(&bytes[at..at + RECORDED.len()]) {
            bytes.splice(at..at + RECORDED.len(), *b"TIME");
        }
        at += 1;
    }
    let text = String::from_utf8(bytes).unwrap();
    let mut parts = text.split("\"salt\":\"");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept += "\"salt\":\"SALT\"";
        kept += part.split_once('"').map_or("", |(_, rest)| rest);
    }
    kept
}

/// Runs a page; the fault names the line whose output differs.
fn run(page: &str) -> Result<(), String> {
    let mut session = Session::start();
    for Step { line, command, output } in steps(page) {
        let found = session.run(&command, |found| is_as_printed(&output, found));
        if !is_as_printed(&output, &found) {
            return Err(format!("line {line}: $ {command}\n--- as printed\n{output}--- as run\n{found}"));
        }
    }
    Ok(())
}

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn works_as_printed(name: &str) {
    if !needs::tool("bash") || !needs::tool("curl") {
        return;
    }
    let page = page(name);
    assert!(!steps(&page).is_empty(), "{name} has no console block");
    run(&page).unwrap_or_else(|fault| panic!("{name}, {fault}"));
}

#[test]
fn the_readme_works_as_printed() {
    works_as_printed("README.md");
}

#[test]
fn publishing_works_as_printed() {
    if sdks::sdk("python", "cloudevents").is_some() && sdks::sdk("node", "node_modules/cloudevents").is_some() {
        works_as_printed("docs/publish.md");
    }
}

#[test]
fn a_newsroom_works_as_printed() {
    works_as_printed("docs/newsroom.md");
}

#[test]
fn watching_pages_works_as_printed() {
    works_as_printed("docs/watch.md");
    assert!(page("docs/watch.md").contains(&page("examples/pages.toml")), "docs/watch.md shows examples/pages.toml");
}

#[test]
fn detecting_works_as_printed() {
    works_as_printed("docs/detect.md");
}

#[test]
fn auditing_works_as_printed() {
    works_as_printed("docs/audit.md");
}

#[test]
fn operating_works_as_printed() {
    works_as_printed("docs/operate.md");
}

#[test]
fn a_wrong_line_is_found() {
    let page = "```console\n$ echo one\none\n$ cat <<'END'\n> a b\n> END\na c\n```\n";
    assert_eq!(steps(page)[1], Step { line: 4, command: "cat <<'END'\na b\nEND".to_owned(), output: "a c\n".to_owned() });
    if needs::tool("bash") {
        let fault = run(page).unwrap_err();
        assert!(fault.starts_with("line 4: $ cat") && fault.ends_with("--- as run\na b\n"), "{fault}");
    }
    for (printed, output, is_same) in [
        ("a\n…\nd\n", "a\nb\nc\nd\n", true),
        ("a\n…\nd\n", "a\nb\nc\ne\n", false),
        ("a … c …\n", "a b c d\n", true),
        ("a …\n", "b a c\n", false),
        ("a\n", "a\nb\n", false),
        ("{\"recorded\":\"2026-11-23T11:47:08.612055Z\",\"salt\":\"x=\"}", "{\"recorded\":\"2027-01-02T01:02:03.000001Z\",\"salt\":\"y=\"}", true),
        ("2022-10-25T12:07Z", "2022-10-25T12:08Z", false),
    ] {
        assert_eq!(is_as_printed(printed, output), is_same, "{printed:?} {output:?}");
    }
}

/// README, ARCHITECTURE, docs and what else is for readers.
fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = crate::tidy::sources(".md").into_iter().map(|source| (source.path, source.text)).collect();
    pages.retain(|(name, _)| !name.starts_with("tests/") && name != "BENCHMARKS.md");
    pages
}

#[test]
fn no_command_is_printed_that_is_not_run() {
    let run = ["README.md", "docs/publish.md", "docs/newsroom.md", "docs/watch.md", "docs/detect.md", "docs/audit.md", "docs/operate.md"];
    let mut faults = Vec::new();
    for (name, text) in pages() {
        let prompts = text.lines().filter(|line| line.trim_start().starts_with("$ ")).count();
        let steps = if run.contains(&name.as_str()) { steps(&text).len() } else { 0 };
        if prompts != steps {
            faults.push(format!("{name}: {prompts} lines begin with a prompt, and {steps} are run"));
        }
    }
    crate::tidy::none("a line that begins with $ stands in a console block of a page that is run", &faults);
}

#[test]
fn every_file_that_a_page_names_is_there() {
    const FOLDERS: [&str; 12] = [
        "events/",
        "timelines/",
        "status_pages/",
        "series/",
        "proofs/",
        "backends/",
        "services/",
        "schemas/",
        "tests/",
        "docs/",
        "examples/",
        "deploy/",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut faults = Vec::new();
    for (name, text) in pages() {
        let folder = root.join(&name).parent().unwrap().to_owned();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.split('#').next().unwrap_or_default());
        let links = links.filter(|link| !link.is_empty() && !link.contains("://")).map(|link| (link, folder.join(link)));
        // Words in code, outside blocks: every second part between back quotes of a line.
        let words =
            text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)));
        let words = words.filter(|word| !word.contains([' ', '*', '<'])).map(|word| (word, root.join(word)));
        faults.extend(links.chain(words).filter(|(_, path)| !path.exists()).map(|(word, _)| format!("{name}: {word}")));
    }
    crate::tidy::none("what a page names is there", &faults);
}
