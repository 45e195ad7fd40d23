//! What files held, as git kept it: asked one after another of one process.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, bail};

use super::program::{Repository, Running, not_started};

/// What files held, as `git cat-file --batch` answers.
pub(super) struct Contents<'a> {
    repository: &'a Repository,
    running: Option<(Running, ChildStdin, BufReader<ChildStdout>)>,
}

impl Contents<'_> {
    /// What a file held, up to a size; else why that cannot be had.
    pub(super) fn read(&mut self, blob: &str, bytes_max: u64) -> Result<Vec<u8>, String> {
        self.answered(blob, bytes_max).unwrap_or_else(|_| {
            // It ends where something is damaged: whatever is asked next begins anew.
            self.running = None;
            Err("git cannot read what it held: it is damaged".to_owned())
        })
    }

    fn answered(&mut self, blob: &str, bytes_max: u64) -> anyhow::Result<Result<Vec<u8>, String>> {
        let (_, questions, answers) = match &mut self.running {
            Some(running) => running,
            none => none.insert(self.repository.started()?),
        };
        questions.write_all(format!("{blob}\n").as_bytes())?;
        questions.flush()?;
        let mut head = String::new();
        answers.read_line(&mut head)?;
        let size = match head.split_whitespace().collect::<Vec<_>>()[..] {
            [_, "missing"] => return Ok(Err("the repository does not hold it: it is damaged, or only a part of another one".to_owned())),
            [_, "blob", size] => size.parse::<u64>()?,
            _ => bail!("{head:?} is no answer"),
        };
        let mut answer = answers.by_ref().take(size + 1);
        if size > bytes_max {
            let passed = std::io::copy(&mut answer, &mut std::io::sink())?;
            anyhow::ensure!(passed == size + 1, "the answer is cut");
            return Ok(Err(format!("larger than {bytes_max} bytes")));
        }
        let mut bytes = Vec::new();
        answer.read_to_end(&mut bytes)?;
        anyhow::ensure!(bytes.len() as u64 == size + 1, "the answer is cut");
        bytes.pop();
        Ok(Ok(bytes))
    }
}

impl Repository {
    /// What its files held, one after another.
    pub(super) fn contents(&self) -> Contents<'_> {
        Contents { repository: self, running: None }
    }

    fn started(&self) -> anyhow::Result<(Running, ChildStdin, BufReader<ChildStdout>)> {
        let mut child = self.git().args(["cat-file", "--batch"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(not_started)?;
        let questions = child.stdin.take().context("git is asked")?;
        let answers = child.stdout.take().context("git answers")?;
        Ok((Running(child), questions, BufReader::new(answers)))
    }
}
