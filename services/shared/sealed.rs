//! Files that nobody may write: an auditor's sealed copy of the folder, or one on a medium that is mounted read-only.
//!
//! SQLite writes beside a file that it only reads, so a command that only reads works on copies of the small files and of the views, in a
//! folder that goes away with it; that takes as much room as they do. The ledger is read where it is. Only where its log still holds what
//! is not in the file itself is it copied, too.

use std::fs::Permissions;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use dateline_backends::{Address, StateStore, is_sealed};

use crate::shared::config::{Addresses, AuditCommand, Command, KeysCommand, LedgerCommand, PublishersCommand, Settings};

/// What SQLite appends to the name of a file for its log.
const LOG: &str = "-wal";

/// A folder that goes away with what is in it.
pub struct Scratch {
    /// Where it is.
    pub path: PathBuf,
}

impl Scratch {
    /// A new one, for its owner alone.
    pub fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("dateline-{}", uuid::Uuid::now_v7()));
        std::fs::DirBuilder::new().mode(0o700).create(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind it would only take room in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// For a command that only reads from a sealed ledger: its settings lead to copies that can be opened, in the folder that is answered.
pub fn unsealed(settings: &mut Settings) -> anyhow::Result<Option<Scratch>> {
    let ledger = settings.addresses.ledger.file().map(PathBuf::from);
    let Some(ledger) = ledger.filter(|ledger| only_reads(&settings.command) && settings.url.is_none() && is_sealed(ledger)) else {
        return Ok(None);
    };
    let scratch = Scratch::new()?;
    // It may be one of an earlier version, under another name.
    if let Some(file) = StateStore::file_at(&settings.addresses.state_store) {
        copy(&logged(&file), &scratch.path)?;
        copy(&file, &scratch.path)?;
    }
    let Addresses { ledger: address, views, state_store, role_state, archive, .. } = &mut settings.addresses;
    if has_a_log(&ledger)? {
        for file in beginning_like(&ledger)? {
            copy(&file, &scratch.path)?;
        }
        *address = in_folder(&scratch.path, &ledger);
    }
    for address in [Some(views), Some(state_store), Some(role_state), archive.as_mut()].into_iter().flatten() {
        let Some(path) = address.file().map(PathBuf::from) else { continue };
        for file in [path.clone(), logged(&path)] {
            copy(&file, &scratch.path)?;
        }
        *address = in_folder(&scratch.path, &path);
    }
    Ok(Some(scratch))
}

fn only_reads(command: &Command) -> bool {
    matches!(
        command,
        Command::Timeline { .. }
            | Command::Incidents { .. }
            | Command::Audit(
                AuditCommand::Replay { .. } | AuditCommand::Verify(_) | AuditCommand::Prove(_) | AuditCommand::Export { .. } | AuditCommand::Drift
            )
            | Command::Ledger(LedgerCommand::Check { .. })
            | Command::Views(_)
            | Command::Keys(KeysCommand::List { .. })
            | Command::Publishers(PublishersCommand::List { .. })
    )
}

fn in_folder(folder: &Path, file: &Path) -> Address {
    format!("sqlite:{}", folder.join(file.file_name().unwrap_or_default()).display()).into()
}

fn logged(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(LOG);
    name.into()
}

/// The files of a ledger with every number, and their logs.
fn beginning_like(ledger: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let stem = ledger.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = ledger.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&stem)) {
            files.push(path);
        }
    }
    Ok(files)
}

fn has_a_log(ledger: &Path) -> anyhow::Result<bool> {
    let is_log = |file: &PathBuf| file.to_string_lossy().ends_with(LOG) && std::fs::metadata(file).is_ok_and(|log| log.len() > 0);
    Ok(beginning_like(ledger)?.iter().any(is_log))
}

fn copy(file: &Path, folder: &Path) -> anyhow::Result<()> {
    if !file.is_file() {
        return Ok(());
    }
    let to = folder.join(file.file_name().unwrap_or_default());
    std::fs::copy(file, &to).with_context(|| format!("cannot copy {} to {}; TMPDIR names another place", file.display(), folder.display()))?;
    std::fs::set_permissions(&to, Permissions::from_mode(0o600)).with_context(|| format!("cannot open {} for writing", to.display()))
}
