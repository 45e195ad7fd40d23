//! What people see: on a terminal the text is as wide as it is, in colour, and turned page by page; a pipe gets what it always got.

use std::path::Path;
use std::process::{Command, Stdio};

use dateline_timelines::tell::cells_of;

use super::{ends, with_outage};
use crate::needs;
use crate::support::{PROGRAM, folder};

/// What a command shows on a terminal of so many columns and rows, with these settings in the environment.
fn on_terminal(data: &Path, arguments: &str, (columns, rows): (usize, usize), environment: &[(&str, &str)]) -> String {
    // A shell may itself set COLUMNS behind a command: what is set for the program is set last.
    let set: String = environment.iter().map(|(name, value)| format!("{name}='{value}' ")).collect();
    let command = format!("stty cols {columns} rows {rows}; exec env {set}'{PROGRAM}' --data '{}' {arguments}", data.display());
    let mut session = Command::new("script");
    session.args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).env("TERM", "xterm");
    for name in ["COLUMNS", "NO_COLOR", "PAGER", "LESS"] {
        session.env_remove(name);
    }
    let output = session.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
}

/// Without colours.
fn bare(text: &str) -> String {
    text.split("\u{1b}[").enumerate().map(|(place, part)| if place == 0 { part } else { part.split_once('m').unwrap().1 }).collect()
}

#[test]
fn on_a_terminal_text_fits_and_has_colours() {
    if !needs::tool("script") {
        return;
    }
    let (_folder, data) = folder();
    with_outage(&data);
    for (columns, arguments) in
        [(60, "timeline whatsapp"), (60, "timeline whatsapp --lang bn --claims"), (200, "timeline whatsapp"), (40, "incidents")]
    {
        let shown = on_terminal(&data, arguments, (columns, 2_000), &[]);
        assert!(shown.contains("\u{1b}[1;32m"), "no colour: {shown}");
        let widest = bare(&shown).lines().map(cells_of).max().unwrap();
        assert!(widest <= columns && (widest > columns - 20 || arguments == "incidents"), "{widest} of {columns}: {shown}");
    }
    let bare_width = |environment: &[(&str, &str)]| {
        let shown = on_terminal(&data, "timeline whatsapp", (60, 2_000), environment);
        (shown.contains('\u{1b}'), shown.lines().map(cells_of).max().unwrap() > 60)
    };
    assert_eq!(bare_width(&[("NO_COLOR", "1")]), (false, false));
    assert_eq!(bare_width(&[("TERM", "dumb"), ("COLUMNS", "90")]), (false, true));
    // A pipe is no terminal: byte for byte what it always was.
    let (piped, _) = ends(&data, &["timeline", "whatsapp"], 0);
    assert!(!piped.contains('\u{1b}') && piped.lines().any(|line| cells_of(line) > 100), "{piped}");
    let (colored, _) = ends(&data, &["timeline", "whatsapp", "--color", "always"], 0);
    assert!(colored.contains('\u{1b}'));
}

#[test]
fn what_is_longer_than_the_screen_is_shown_page_by_page() {
    if !needs::tool("script") {
        return;
    }
    let (_folder, data) = folder();
    with_outage(&data);
    let paged = |arguments: &str, rows: usize, pager: &str| {
        let shown = on_terminal(&data, arguments, (80, rows), &[("PAGER", pager)]);
        assert!(shown.contains("WhatsApp") && shown.contains("RESTORED"), "{shown}");
        shown.lines().all(|line| line.starts_with("page:"))
    };
    let pager = "sed s/^/page:/";
    assert!(paged("timeline whatsapp", 10, pager));
    assert!(!paged("timeline whatsapp --no-pager", 10, pager));
    assert!(!paged("timeline whatsapp", 2_000, pager));
    assert!(!paged("timeline whatsapp", 10, "no-such-pager 2>/dev/null"));
}
