//! A folder that nobody may write, such as an auditor's sealed copy: whatever only reads reads it, and changes nothing in it.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::{ends, with_outage};
use crate::support::{OUTAGE, TestServer, folder};

/// Takes the right to write from everybody, or gives it back to the owner.
fn seal(data: &Path, sealed: bool) {
    for file in std::fs::read_dir(data).unwrap() {
        std::fs::set_permissions(file.unwrap().path(), Permissions::from_mode(if sealed { 0o444 } else { 0o600 })).unwrap();
    }
    std::fs::set_permissions(data, Permissions::from_mode(if sealed { 0o555 } else { 0o700 })).unwrap();
}

/// Every file with its size, mode, and when it was changed.
fn state(data: &Path) -> Vec<(String, u64, u32, i64)> {
    let mut files: Vec<_> = std::fs::read_dir(data)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let found = file.metadata().unwrap();
            (file.file_name().to_string_lossy().into_owned(), found.len(), found.mode(), found.ctime_nsec())
        })
        .collect();
    files.sort();
    files
}

const QUESTIONS: [&[&str]; 8] = [
    &["timeline", "whatsapp", "--lang", "bn"],
    &["incidents", "--format", "json"],
    &["audit", "replay"],
    &["audit", "replay", "--timeline", "whatsapp", "--until", "4"],
    &["ledger", "check", "--voices"],
    &["keys", "list"],
    &["ledger", "check"],
    &["views", "check"],
];

#[test]
fn a_sealed_folder_is_read_as_it_is() {
    let (_folder, data) = folder();
    with_outage(&data);
    ends(&data, &["keys", "create", "--name", "x", "--scope", "read"], 0);
    let told: Vec<String> = QUESTIONS.iter().map(|question| ends(&data, question, 0).0).collect();
    seal(&data, true);
    let before = state(&data);
    for (question, told) in QUESTIONS.iter().zip(&told) {
        let (again, stderr) = ends(&data, question, 0);
        // The last two say how long they took.
        assert!(&again == told || question[1] == "check", "{question:?}: {again}");
        assert!(stderr.is_empty(), "{question:?}: {stderr}");
    }
    assert_eq!(state(&data), before, "something was changed");
    seal(&data, false);
}

#[test]
fn so_is_one_that_was_copied_while_a_log_held_the_last_events() {
    let (_folder, data) = folder();
    std::fs::write(data.join("outage.ndjson"), OUTAGE).unwrap();
    let server = TestServer::start(&data);
    ends(&data, &["publish", "outage.ndjson"], 0);
    let told = ends(&data, &["audit", "replay"], 0).0;
    server.kill();
    assert!(std::fs::metadata(data.join("ledger.db-wal")).unwrap().len() > 0);
    seal(&data, true);
    let before = state(&data);
    assert_eq!(ends(&data, &["audit", "replay"], 0).0, told);
    ends(&data, &["timeline", "whatsapp"], 0);
    assert_eq!(state(&data), before, "something was changed");
    seal(&data, false);
}
