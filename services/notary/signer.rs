//! The keys that sign the log, in a file that only its owner reads. The first signs for the log; one that stands behind it is being retired
//! and signs too, so that whoever knows only that one goes on trusting the log until its operator has told everybody the new one.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dateline_proofs::{Checkpoint, KeyError, Note, NoteError, SEED_BYTES, SignerKey, VerifierKey};
use thiserror::Error;

use crate::shared::merkle_log::Sealed;

/// The file is at most so large, in bytes.
const FILE_BYTES_MAX: u64 = 16_384;

/// So many keys sign at once at most: the one in force, and those that are being retired.
pub const KEYS_MAX: usize = 4;

/// The keys of a log, the one in force first. Cheap to clone; never shown.
#[derive(Debug, Clone)]
pub struct Signer {
    path: PathBuf,
    keys: Arc<Vec<SignerKey>>,
}

/// Why nothing can be signed.
#[derive(Debug, Error)]
pub enum SignerError {
    /// The file cannot be read or written.
    #[error("the log's key {path} cannot be {done}: {source}", path = .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        done: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A line is no key.
    #[error("line {line} of the log's key {path} is no key: {source}", path = .path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What is wrong.
        source: KeyError,
    },
    /// The file holds no key, more than may be, or keys of several logs.
    #[error("the log's key {path} {why}", path = .path.display())]
    Keys {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The log was signed by a key that is not in the file.
    #[error("the log {origin} was signed by a key that is not in {path}: put the key's file back from its backup. A key that is lost or stolen ends its log: `dateline log-key abandon` says how a new one begins", path = .path.display())]
    Foreign {
        /// The log that was signed.
        origin: String,
        /// Which file.
        path: PathBuf,
    },
    /// The key is not the one that was named.
    #[error("the log's key {path} is {found}, and --log-key names {named}: one of them is wrong", path = .path.display())]
    NotNamed {
        /// Which file.
        path: PathBuf,
        /// The key that is there.
        found: VerifierKey,
        /// The key that was named.
        named: VerifierKey,
    },
    /// There is a sealed log, and no key.
    #[error("the log was sealed, and its key {path} is not there: put it back from its backup. A key that is lost ends its log: `dateline log-key abandon` says how a new one begins", path = .path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
    },
}

impl Signer {
    /// The keys in a file; None where there is no such file.
    pub fn load(path: &Path) -> Result<Option<Self>, SignerError> {
        let failed = |source| SignerError::File { path: path.to_owned(), done: "read", source };
        let mut file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
            tracing::warn!(
                path = %path.display(),
                mode = format!("{mode:o}"),
                "others on this machine could read the log's key, and whoever has it signs in the log's name; from now on it is for its owner alone. Rotate it (`dateline log-key rotate`) where somebody may have read it"
            );
        }
        let mut text = String::new();
        (&mut file).take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        let key = |(number, line): (usize, &str)| {
            SignerKey::parse(line).map_err(|source| SignerError::Key { path: path.to_owned(), line: number + 1, source })
        };
        let keys = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(key).collect::<Result<Vec<_>, _>>()?;
        Self::of(path, keys).map(Some)
    }

    /// A key of a new log, in a new file; `seed` is 32 bytes that nobody can guess.
    pub fn create(path: &Path, origin: &str, seed: [u8; SEED_BYTES]) -> Result<Self, SignerError> {
        let key = SignerKey::from_seed(origin, seed).map_err(|source| SignerError::Key { path: path.to_owned(), line: 1, source })?;
        let signer = Self::of(path, vec![key])?;
        signer.store(true)?;
        Ok(signer)
    }

    /// The same log with a new key in force; those that were in force sign too until they are retired.
    pub fn rotated(&self, seed: [u8; SEED_BYTES]) -> Result<Self, SignerError> {
        let key = SignerKey::from_seed(self.origin(), seed).map_err(|source| SignerError::Key { path: self.path.clone(), line: 1, source })?;
        let before = self.keys.iter().map(|key| SignerKey::parse(&key.secret_text()));
        let keys = std::iter::once(Ok(key)).chain(before).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|source| SignerError::Key { path: self.path.clone(), line: 1, source })?;
        let signer = Self::of(&self.path, keys)?;
        signer.store(false)?;
        Ok(signer)
    }

    /// The same log with the key in force alone.
    pub fn retired(&self) -> Result<Self, SignerError> {
        let in_force = self.keys.first().map(|key| SignerKey::parse(&key.secret_text())).transpose();
        let keys = in_force.map_err(|source| SignerError::Key { path: self.path.clone(), line: 1, source })?;
        let signer = Self::of(&self.path, keys.into_iter().collect())?;
        signer.store(false)?;
        Ok(signer)
    }

    /// The log that they sign: the name that every key has.
    pub fn origin(&self) -> &str {
        self.keys.first().map_or("", |key| key.verifier().name())
    }

    /// The public keys, the one in force first.
    pub fn verifiers(&self) -> Vec<VerifierKey> {
        self.keys.iter().map(|key| key.verifier().clone()).collect()
    }

    /// Signs a checkpoint with every key.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<Note, NoteError> {
        checkpoint.sign(&self.keys.iter().collect::<Vec<_>>())
    }

    /// Whether one of these keys signed what was sealed last.
    pub fn must_have_signed(&self, sealed: &Sealed) -> Result<(), SignerError> {
        let is_ours = Checkpoint::open(&sealed.note, &self.verifiers()).is_ok();
        let origin = sealed.checkpoint.origin().to_owned();
        if is_ours && origin == self.origin() { Ok(()) } else { Err(SignerError::Foreign { origin, path: self.path.clone() }) }
    }

    /// Whether the key that an operator names is among them.
    pub fn must_be(&self, named: &VerifierKey) -> Result<(), SignerError> {
        match self.keys.first() {
            Some(first) if self.verifiers().iter().all(|key| key != named) => {
                Err(SignerError::NotNamed { path: self.path.clone(), found: first.verifier().clone(), named: named.clone() })
            }
            _ => Ok(()),
        }
    }

    fn of(path: &Path, keys: Vec<SignerKey>) -> Result<Self, SignerError> {
        let wrong = |why: String| Err(SignerError::Keys { path: path.to_owned(), why });
        let Some(first) = keys.first() else { return wrong("holds no key".to_owned()) };
        if keys.len() > KEYS_MAX {
            return wrong(format!("holds {} keys, and at most {KEYS_MAX} sign at once: retire the old ones (`dateline log-key retire`)", keys.len()));
        }
        if let Some(other) = keys.iter().find(|key| key.verifier().name() != first.verifier().name()) {
            return wrong(format!("holds keys of two logs, {} and {}", first.verifier().name(), other.verifier().name()));
        }
        Ok(Self { path: path.to_owned(), keys: Arc::new(keys) })
    }

    /// Writes the file whole, or not at all; a new one never takes the place of one that is there.
    fn store(&self, is_new: bool) -> Result<(), SignerError> {
        let failed = |source| SignerError::File { path: self.path.clone(), done: "written", source };
        let text: String = self.keys.iter().map(|key| key.secret_text() + "\n").collect();
        let beside = self.path.with_extension("key.new");
        let written = || -> std::io::Result<()> {
            match std::fs::remove_file(&beside) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            if is_new {
                // Fails where the name is taken meanwhile.
                std::fs::hard_link(&beside, &self.path)?;
                std::fs::remove_file(&beside)?;
            } else {
                std::fs::rename(&beside, &self.path)?;
            }
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()
        };
        written().map_err(failed)
    }
}
