//! A damaged file of views is set aside under another name, with what SQLite keeps beside it, and a few such files are kept to be
//! looked at. Views are made again from the ledger; nothing is lost with them.

use std::path::{Path, PathBuf};

use crate::clock::now;

/// So many files that were set aside are kept; older ones are deleted.
const MAX_KEPT: usize = 3;

/// What stands between the name of the file and the time.
const MARK: &str = ".damaged-";

/// The endings of what SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Renames the file and what belongs to it; answers its new place.
pub(super) fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let microseconds = now().0;
    let to = with(path, &format!("{MARK}{microseconds:017}"));
    std::fs::rename(path, &to)?;
    for ending in BESIDE {
        match std::fs::rename(with(path, ending), with(&to, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    delete_old(path)?;
    Ok(to)
}

/// Deletes all but the latest that were set aside.
fn delete_old(path: &Path) -> std::io::Result<()> {
    delete_but(path, MAX_KEPT)
}

/// Deletes every file that was set aside: for a redaction, since nobody knows what they hold.
pub(super) fn delete_all(path: &Path) -> std::io::Result<()> {
    delete_but(path, 0)
}

fn delete_but(path: &Path, kept: usize) -> std::io::Result<()> {
    let beginning = format!("{}{MARK}", path.file_name().unwrap_or_default().to_string_lossy());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(&beginning) && !BESIDE.iter().any(|ending| name.ends_with(ending)) {
            names.push(name);
        }
    }
    names.sort();
    for name in names.iter().rev().skip(kept) {
        let old = folder.join(name);
        for file in BESIDE.iter().map(|ending| with(&old, ending)).chain([old.clone()]) {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
