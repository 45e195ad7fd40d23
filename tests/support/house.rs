//! Roles of their own over NATS and PostgreSQL: the real executable, a process a role, on servers of the test's own.
//!
//! Which promise is tested is not known here.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::support::command;

/// Where a house keeps its things.
#[derive(Clone)]
pub struct Kept {
    /// The folder of the embedded files.
    pub folder: PathBuf,
    pub ledger: String,
    pub views: String,
    /// Further flags.
    pub flags: Vec<String>,
}

impl Kept {
    /// Files in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| format!("sqlite:{}", folder.join(name).display());
        Self { folder: folder.to_path_buf(), ledger: file("ledger.db"), views: file("views.db"), flags: Vec::new() }
    }

    /// The arguments that name it.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--ledger".to_owned(), self.ledger.clone(), "--views".to_owned(), self.views.clone()];
        arguments.extend(self.flags.iter().cloned());
        arguments
    }

    /// Runs a command to its end.
    pub fn run(&self, words: &[&str]) -> std::process::Output {
        command(&self.folder).args(self.arguments()).args(words).output().unwrap()
    }
}

/// A running role, killed when dropped.
pub struct Role {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// What it says on stderr, in a file.
    pub log: PathBuf,
}

impl Role {
    /// Starts a role (or `serve`) at a free port, and waits until it serves.
    pub fn start(kept: &Kept, word: &str) -> Self {
        Self::try_start(kept, word).unwrap_or_else(|said| panic!("{word} did not start: {said}"))
    }

    /// The same; what it said where it did not start.
    pub fn try_start(kept: &Kept, word: &str) -> Result<Self, String> {
        let log = kept.folder.join(format!("{word}-{}.log", uuid::Uuid::now_v7()));
        let stderr = std::fs::File::create(&log).unwrap();
        let mut child = command(&kept.folder)
            .args(kept.arguments())
            .args([word, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        match first.trim().strip_prefix("serving at ") {
            Some(url) => Ok(Self { url: url.to_owned(), child, log }),
            None => {
                let _ = child.wait();
                let mut said = first;
                std::fs::File::open(&log).unwrap().read_to_string(&mut said).unwrap();
                Err(said)
            }
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }
}

impl Role {
    /// Waits for its exit code.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
