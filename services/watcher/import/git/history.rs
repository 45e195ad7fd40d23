//! Which commits changed a file, and what each made of it.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, bail};
use dateline_events::Instant;

use super::program::Repository;

/// A file has at most so many versions.
const VERSIONS_MAX: usize = 1_000_000;

/// What a commit made of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    /// Its name, in hexadecimal.
    pub id: String,
    /// When it was committed: the committer's time.
    pub at: Instant,
    /// The file from then on; None where the commit removed it.
    pub content: Option<Content>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// The name of what it holds.
    pub blob: String,
    /// False for a link or another repository.
    pub is_file: bool,
}

impl Repository {
    /// The commits that changed a file, the oldest first, on the way that the branch went which is checked out (of a merge, its first
    /// parent). Where git finds that the file was renamed, it goes on under the former name; a copy of another file begins anew, which
    /// `git log --follow` does not know.
    pub(super) fn commits(&self, file: &Path) -> anyhow::Result<Vec<Commit>> {
        let shown = file.display();
        let mut name = OsString::from(":(literal)");
        name.push(file);
        let mut is_folder = file.file_name().is_none();
        self.ask(&["ls-tree", "-d", "-z", "HEAD", "--"], Some(name.as_os_str()), |_| {
            is_folder = true;
            Ok(())
        })?;
        let (mut commits, mut from) = (Vec::new(), "HEAD".to_owned());
        loop {
            let mut log = Log::default();
            self.ask(&[&LOG[..], &[from.as_str(), "--"]].concat(), Some(name.as_os_str()), |part| log.read(part))?;
            if is_folder || log.changes.iter().any(|change| change.path != log.changes[0].path) {
                bail!("--path {shown} is a folder: name one file of it");
            }
            let Some((commit, former)) = self.until_renamed(log, &mut commits)? else { break };
            (from, name) = (format!("{commit}^"), OsString::from(format!(":(top,literal){former}")));
        }
        if commits.is_empty() {
            bail!("no commit on the way to HEAD has a file {shown}: name it as it is called from this folder on");
        }
        commits.reverse();
        Ok(commits)
    }

    /// Takes commits up to the one that renamed the file, and says under which name it is older.
    fn until_renamed(&self, log: Log, commits: &mut Vec<Commit>) -> anyhow::Result<Option<(String, String)>> {
        for Change { commit, is_new, path } in log.changes {
            let former = if is_new { self.former_name(&commit.id, &path)? } else { None };
            let renamed = former.map(|former| (commit.id.clone(), former));
            if commits.len() == VERSIONS_MAX {
                bail!("the file has more than {VERSIONS_MAX} versions");
            }
            commits.push(commit);
            if renamed.is_some() {
                return Ok(renamed);
            }
        }
        Ok(None)
    }

    /// What a file was called before a commit that renamed it, from the root of the repository on.
    fn former_name(&self, commit: &str, path: &str) -> anyhow::Result<Option<String>> {
        let mut parts = Vec::new();
        let words = [&LOG[..], &["--no-walk", "--find-renames", "--diff-filter=R", "--format=", commit, "--"]].concat();
        self.ask(&words, None, |part| {
            parts.push(part.to_owned());
            Ok(())
        })?;
        let mut renames = parts.chunks_exact(3).map(|rename| (&rename[1], &rename[2]));
        Ok(renames.find(|(_, new)| *new == path).map(|(old, _)| old.clone()))
    }
}

/// What the history of a file is asked by.
const LOG: [&str; 15] = [
    "log",
    "--first-parent",
    "--diff-merges=first-parent",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-relative",
    "--no-show-signature",
    "--no-notes",
    "--no-mailmap",
    "--format=commit %H %ct",
];

/// The answer to that, the newest commit first.
#[derive(Default)]
struct Log {
    changes: Vec<Change>,
    /// The commit that is told of, and when it was.
    commit: Option<(String, Instant)>,
}

struct Change {
    commit: Commit,
    /// The file was not there before.
    is_new: bool,
    /// Its name from the root of the repository on.
    path: String,
}

impl Log {
    /// A part is a commit with its time; or `:modes blobs letter`, what it made of a file; or the name of that.
    fn read(&mut self, part: &str) -> anyhow::Result<()> {
        if let Some(change) = part.strip_prefix(':') {
            let words: Vec<&str> = change.split(' ').collect();
            let ([was, mode, _, blob, _], Some((id, at))) = (words.as_slice(), &self.commit) else {
                bail!("git's answer {part:?} is not understood")
            };
            let content = (*mode != "000000").then(|| Content { blob: (*blob).to_owned(), is_file: mode.starts_with("100") });
            let commit = Commit { id: id.clone(), at: *at, content };
            self.changes.push(Change { commit, is_new: *was == "000000", path: String::new() });
        } else if let Some(change) = self.changes.last_mut().filter(|change| change.path.is_empty()) {
            part.clone_into(&mut change.path);
        } else if let Some((id, seconds)) = part.strip_prefix("commit ").and_then(|rest| rest.split_once(' ')) {
            let seconds: i64 = seconds.parse().with_context(|| format!("commit {id} has no time"))?;
            self.commit = Some((id.to_owned(), Instant(seconds.saturating_mul(Instant::SECOND))));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! What git answers is understood.

    use super::Log;

    #[test]
    fn what_a_commit_made_of_a_file_is_understood() {
        let mut log = Log::default();
        let (zero, one) = ("0".repeat(40), "1".repeat(40));
        let parts = [
            "commit c2 1704070800".to_owned(),
            format!(":100644 000000 {one} {zero} D"),
            "commit of names".to_owned(),
            "commit c1 -1".to_owned(),
            format!(":000000 120000 {zero} {one} A"),
            "a.json".to_owned(),
        ];
        assert!(parts.iter().all(|part| log.read(part).is_ok()));
        let seen: Vec<_> = log
            .changes
            .iter()
            .map(|change| (change.commit.at.to_string(), change.commit.content.as_ref().map(|it| it.is_file), &*change.path))
            .collect();
        let expected = [("2024-01-01T01:00:00Z".to_owned(), None, "commit of names"), ("1969-12-31T23:59:59Z".to_owned(), Some(false), "a.json")];
        assert_eq!(seen, expected);
        assert_eq!(log.changes.iter().map(|change| change.is_new).collect::<Vec<_>>(), [false, true]);
        assert!(log.read("commit c0 soon").is_err() && log.read(":100644").is_err());
    }
}
