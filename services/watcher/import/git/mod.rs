//! A git repository of saved pages: each version of a file counts as read when it was committed. Nothing else is different from pages that
//! were saved in files.

mod program;
mod history;
mod contents;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dateline_status_pages::{Dialect, MAX_PAGE_BYTES};

use super::{Import, Saved, file_name, whole};
use history::{Commit, Content};
use program::Repository;

/// What a version that git has is to be called where it cannot be read.
fn name_of(file: &Path, commit: &Commit) -> String {
    format!("{}, commit {}", file.display(), commit.id)
}

impl Import {
    /// Every version of a file, the oldest first.
    pub(super) async fn git(
        &mut self,
        dialect: Dialect,
        folder: &Path,
        file: &Path,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> anyhow::Result<()> {
        let repository = Repository::open(folder)?;
        let file: PathBuf = file.components().collect();
        let versions = versions(repository.commits(&file)?);
        let mut contents = repository.contents();
        for (number, (commit, content)) in versions.iter().enumerate() {
            progress(number as u64, versions.len() as u64);
            let what = name_of(&file, commit);
            if versions.get(number + 1).is_some_and(|(next, _)| next.at == commit.at) {
                self.summary.refused(what, "another commit of the same second changed it again: that one is read".into());
                continue;
            }
            let bytes = if content.is_file { contents.read(&content.blob, MAX_PAGE_BYTES as u64) } else { Err("it is no file, but a link".into()) };
            let unpacked = bytes.and_then(|bytes| whole(Cursor::new(bytes), MAX_PAGE_BYTES as u64).map_err(|error| format!("{error:#}")));
            match unpacked {
                Ok(bytes) => {
                    let saved = Saved { file: &file, what: what.clone(), name: file_name(&file), bytes, read_at: Some(commit.at) };
                    self.saved(dialect, &saved).await.context(what)?;
                }
                // Evidence of nothing, as a page is that nobody understands.
                Err(why) => self.summary.unreadable(what, why),
            }
            // The page may call itself otherwise later: it is the same one.
            self.order.service = self.order.service.take().or_else(|| self.books.keys().next().cloned());
        }
        Ok(())
    }
}

/// The versions that hold something else than the one before. That a file was removed says nothing of the page.
fn versions(commits: Vec<Commit>) -> Vec<(Commit, Content)> {
    let mut versions: Vec<(Commit, Content)> = Vec::new();
    for commit in commits {
        if let Some(content) = commit.content.clone().filter(|content| versions.last().is_none_or(|(_, before)| before != content)) {
            versions.push((commit, content));
        }
    }
    versions
}
