//! What the command line promises: every command, in text and as JSON, its exit codes (0 done, an empty list too; 1 the answer is no; 2 it could
//! not be done), its settings, and how it ends.

mod audit;
mod beside;
mod demo;
mod ending;
mod errors;
mod publish;
mod read;
mod sealed;
mod settings;
mod terminal;
mod url;

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{OUTAGE, PROGRAM, run};

/// Exit code, stdout and stderr.
fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Runs a command that must end with this code; answers stdout and stderr.
fn ends(data: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let (found, stdout, stderr) = said(&run(data, arguments));
    assert_eq!(found, Some(code), "dateline {}\nstdout: {stdout}\nstderr: {stderr}", arguments.join(" "));
    (stdout, stderr)
}

/// The executable without any flag and with a clean environment.
fn bare(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DATELINE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

/// A folder with the outage in it; answers how many events it has.
fn with_outage(data: &Path) -> usize {
    std::fs::write(data.join("outage.ndjson"), OUTAGE).unwrap();
    ends(data, &["publish", "outage.ndjson"], 0);
    OUTAGE.lines().count()
}
