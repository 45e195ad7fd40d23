//! A state store that was cut to nothing does not pass for a new one, however often it is opened; a file that somebody removed is made anew.

use std::fs;

use crate::house::{Kept, Role};
use crate::support::{OUTAGE, folder, publish};

#[tokio::test(flavor = "multi_thread")]
async fn a_state_store_that_was_cut_to_nothing_is_named_and_makes_way_when_it_is_deleted() {
    let (_folder, data) = folder();
    let kept = Kept::in_folder(&data);
    let server = Role::start(&kept, "serve");
    let lines: Vec<_> = OUTAGE.lines().take(5).collect();
    publish(&server.url, &lines).await;
    assert_eq!(server.terminate(), Some(0));

    let state_store = data.join("state.db");
    fs::write(&state_store, "").unwrap();
    // Each word that opens it says so, and none makes it pass for another one.
    for words in [&["keys", "list"][..], &["keys", "create", "--name", "desk", "--scope", "read"], &["incidents"], &["ledger", "check"]] {
        let output = kept.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("state.db") && said.contains("0 bytes"), "{words:?}: {said}");
        assert_eq!(fs::metadata(&state_store).unwrap().len(), 0, "{words:?}");
    }
    let said = Role::try_start(&kept, "serve").err().expect("it does not start");
    for word in ["state.db", "damaged", "backup", "delete the file"] {
        assert!(said.contains(word), "it does not say {word:?}: {said}");
    }
    fs::remove_file(&state_store).unwrap();
    let server = Role::start(&kept, "serve");
    assert_eq!(publish(&server.url, &lines).await.len(), 5);
    assert_eq!(server.terminate(), Some(0));

    // A new one, where there is no ledger yet: somebody may have made an empty file.
    let (_folder, data) = folder();
    fs::write(data.join("state.db"), "").unwrap();
    assert_eq!(Role::start(&Kept::in_folder(&data), "serve").terminate(), Some(0));
}
