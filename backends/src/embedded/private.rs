//! Files that nobody else on the machine may read: they are made so, and one that was made otherwise is narrowed.
//!
//! What stands in a file is not known here.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{ErrorKind, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Once;

use rustix::fs::{Access, access};

/// A folder and a file as they are to be.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// The bit of a folder that everybody shares.
const STICKY: u32 = 0o1000;

/// What SQLite and the lock put beside a file.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", ".lock"];

/// Names of files that a folder of ours holds; with any other in it, the folder is somebody's own, and is left as it is.
const ENDINGS: [&str; 11] = [".db", ".db-wal", ".db-shm", ".db-journal", ".key", ".lock", ".toml", ".log", ".damaged", "server.json", ROOM];

/// The ending of the file by which room is looked for, and how much room there must be, in bytes: what SQLite keeps beside a file needs
/// 32 KiB before anything is stored.
const ROOM: &str = ".room";
const ROOM_BYTES: usize = 256 * 1024;

/// What was open to others is told once a process.
static TOLD: Once = Once::new();

/// Makes the folder of a file where it is missing, and the file; narrows what is open to others.
pub(super) fn make(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        if !folder.exists() {
            DirBuilder::new().recursive(true).mode(FOLDER).create(folder)?;
        } else if is_ours(folder) {
            narrow(folder, FOLDER);
        }
    }
    // SQLite gives its log the permissions of the file, so the file is there before SQLite opens it.
    match OpenOptions::new().write(true).create_new(true).mode(FILE).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    settle(path);
    Ok(())
}

/// Narrows a file that is there, and what stands beside it.
pub(super) fn settle(path: &Path) {
    narrow(path, FILE);
    for ending in BESIDE {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        narrow(&PathBuf::from(beside), FILE);
    }
}

/// Whether there is room on the disk of a file: as much as that is written beside it, and deleted again.
pub(super) fn has_room(beside: &Path) -> bool {
    let mut path = beside.as_os_str().to_owned();
    path.push(ROOM);
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(&path).and_then(|mut file| {
        file.write_all(&vec![0; ROOM_BYTES])?;
        // A disk may take what it has no room for until it must.
        file.sync_data()
    });
    let deleted = std::fs::remove_file(&path);
    written.and(deleted).is_ok()
}

/// Whether a file that is there is not to be written: it or its folder lets nobody, or not this process, or the medium takes nothing.
pub fn is_sealed(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Who may write everything keeps to the mode, too.
    let may_be_written =
        |path: &Path| std::fs::metadata(path).is_ok_and(|found| !found.permissions().readonly()) && access(path, Access::WRITE_OK).is_ok();
    path.exists() && !(may_be_written(path) && may_be_written(folder))
}

/// True for a folder that holds nothing but files like ours.
fn is_ours(folder: &Path) -> bool {
    let Ok(mut entries) = std::fs::read_dir(folder) else { return false };
    entries.all(|entry| entry.is_ok_and(|entry| ENDINGS.iter().any(|ending| entry.file_name().to_string_lossy().ends_with(ending))))
}

/// Takes away what others may do. What cannot be changed (it is somebody else's) is told too.
fn narrow(path: &Path, wanted: u32) {
    let Ok(found) = std::fs::metadata(path) else { return };
    let mode = found.permissions().mode();
    // A folder for everybody (/tmp, empty as it may be) stays one.
    let is_its_kind = if wanted == FOLDER { found.is_dir() && mode & STICKY == 0 } else { found.is_file() };
    if mode & 0o077 == 0 || !is_its_kind {
        return;
    }
    let narrowed = std::fs::set_permissions(path, Permissions::from_mode(mode & wanted));
    TOLD.call_once(|| match &narrowed {
        Ok(()) => tracing::warn!(path = %path.display(), "others on this machine could read it; from now on files are for their owner alone"),
        Err(error) => tracing::warn!(path = %path.display(), %error, "others on this machine can read it, and it cannot be changed: see to it"),
    });
}

#[cfg(test)]
mod tests {
    //! What is made is private, what was open is narrowed, and a folder of somebody's own is left alone.

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn folders_and_files_are_for_their_owner_alone() {
        let scratch = tempfile::tempdir().expect("a folder");
        let new = scratch.path().join("new/deep/x.db");
        make(&new).expect("a file");
        assert_eq!((mode(&new), mode(new.parent().expect("a folder")), mode(&scratch.path().join("new"))), (0o600, 0o700, 0o700));
        let (old, log) = (new.with_file_name("y.db"), new.with_file_name("y.db-wal"));
        for path in [&old, &log] {
            std::fs::write(path, "x").expect("a file");
            std::fs::set_permissions(path, Permissions::from_mode(0o644)).expect("permissions");
        }
        let folder = old.parent().expect("a folder");
        std::fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("permissions");
        make(&old).expect("the file");
        assert_eq!((mode(&old), mode(&log), mode(folder)), (0o600, 0o600, 0o700));
        std::fs::write(folder.join("letter.txt"), "x").expect("a file");
        std::fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("permissions");
        make(&old).expect("the file");
        assert_eq!(mode(folder), 0o755, "a folder with somebody's letter in it is not ours");
    }
}
