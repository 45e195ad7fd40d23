//! The program git in a repository: what it is asked, and what it may do meanwhile. No hook, no pager, no prompt, no network has a part in
//! it, nor any program that the repository's own settings name.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::shared::config::variables_of_git;

/// So much of what git complains of is kept, in bytes.
const COMPLAINT_BYTES_MAX: u64 = 16 * 1024;

/// What goes before the settings of the repository, which may be somebody else's: nothing of it is run.
const SETTINGS: [&str; 8] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "credential.helper=",
    "diff.orderFile=/dev/null",
    "gpg.program=false",
    "protocol.allow=never",
];

/// What git finds in its environment, beside what it needs of ours.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // Its complaints are recognised by their English words.
    ("LC_ALL", "C"),
    ("LANGUAGE", "C"),
];

/// A repository in a folder of this machine.
pub(super) struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// A folder of a repository; that there is one, git says when it is asked.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!("it is no folder: name that of a git repository");
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Asks git; `each` is told every part of the answer, which ends in a zero byte.
    pub(super) fn ask(&self, words: &[&str], file: Option<&OsStr>, mut each: impl FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let child = self.git().args(words).args(file).stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut running = Running(child.map_err(not_started)?);
        let complaints = running.0.stderr.take().context("git's complaints are read")?;
        // Read aside, so that git never waits for it.
        let complaints = std::thread::spawn(move || {
            let (mut kept, mut complaints) = (String::new(), complaints);
            let _ = complaints.by_ref().take(COMPLAINT_BYTES_MAX).read_to_string(&mut kept);
            let _ = std::io::copy(&mut complaints, &mut std::io::sink());
            kept
        });
        let answer = BufReader::new(running.0.stdout.take().context("git's answer is read")?);
        for part in answer.split(b'\0') {
            each(String::from_utf8_lossy(&part.context("git's answer is cut")?).trim_start_matches('\n'))?;
        }
        let is_done = running.0.wait().context("git did not end")?.success();
        let complaints = complaints.join().unwrap_or_default();
        if !is_done {
            bail!(told(&complaints));
        }
        Ok(())
    }

    pub(super) fn git(&self) -> Command {
        let mut git = Command::new("git");
        for name in variables_of_git() {
            git.env_remove(name);
        }
        git.envs(ENVIRONMENT).arg("--no-pager").arg("-C").arg(&self.folder);
        for setting in SETTINGS {
            git.args(["-c", setting]);
        }
        git.stdout(Stdio::piped());
        git
    }
}

/// A running git, which ends with whoever asked it.
pub(super) struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Why it does not run.
pub(super) fn not_started(error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("the program git is not installed, or not in PATH; a repository is read with it"),
        _ => anyhow::Error::new(error).context("the program git cannot be started"),
    }
}

/// What git complained of, and what to do about it.
fn told(complaints: &str) -> String {
    let has = |words: &str| complaints.contains(words);
    if has("dubious ownership") {
        let command = complaints.lines().map(str::trim).find(|line| line.starts_with("git config"));
        let command = command.unwrap_or("git config --global --add safe.directory FOLDER");
        return format!("git does not trust it, since it belongs to another user; if you do, run `{command}`, else import a clone of your own");
    }
    if has("not a git repository") {
        return "it is no git repository".to_owned();
    }
    if has("outside repository") {
        return "--path leads out of the repository".to_owned();
    }
    if has("Not a valid object name HEAD") {
        return "the repository has no commit yet".to_owned();
    }
    let words: Vec<&str> = complaints.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    format!("git cannot read its history: {}", words.join("; "))
}

#[cfg(test)]
mod tests {
    //! A complaint says what to do.

    use super::told;

    #[test]
    fn a_complaint_says_what_to_do() {
        let dubious = "fatal: detected dubious ownership in repository at '/a b'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory '/a b'\n";
        assert!(told(dubious).contains("run `git config --global --add safe.directory '/a b'`"), "{}", told(dubious));
        assert_eq!(told("fatal: not a git repository (or any of the parent directories): .git\n"), "it is no git repository");
        assert_eq!(told("error: one\nfatal: two\n"), "git cannot read its history: error: one; fatal: two");
    }
}
