//! Damaged views are set aside and made anew by themselves; `rebuild` and `views check` say what is the matter whatever state they are in.

use std::path::Path;

use serde_json::json;

use crate::house::{Kept, Role};
use crate::support::{OUTAGE, folder, get, publish};

/// A folder with the demo's outage, and its timeline.
async fn outage() -> (tempfile::TempDir, Kept, String) {
    let (folder, data) = folder();
    let kept = Kept::in_folder(&data);
    let server = Role::start(&kept, "serve");
    publish(&server.url, &OUTAGE.lines().collect::<Vec<_>>()).await;
    let (status, told) = timeline(&server.url).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(server.terminate(), Some(0));
    (folder, kept, told)
}

async fn timeline(url: &str) -> (u16, String) {
    let head = OUTAGE.lines().count();
    let (status, told) = get(&format!("{url}/v1/incidents/whatsapp/timeline.txt?min_position={head}&wait_ms=30000")).await;
    (status, told.to_string())
}

fn cut_in_half(data: &Path) {
    let file = std::fs::File::options().write(true).open(data.join("views.db")).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_file_is_set_aside_and_made_anew_while_serving() {
    let (_folder, kept, whole) = outage().await;
    cut_in_half(&kept.folder);
    let server = Role::start(&kept, "serve");
    let told = async {
        loop {
            match timeline(&server.url).await {
                (503, _) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                told => return told,
            }
        }
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(60), told).await.expect("the views are made anew");
    assert_eq!(told, (200, whole));
    let (status, ready) = get(&format!("{}/health/ready", server.url)).await;
    assert!(status == 200 && ready["views"]["set_aside"]["as"].as_str().is_some_and(|to| to.contains("views.db.damaged-")), "{status} {ready}");
    let log = std::fs::read_to_string(&server.log).unwrap();
    assert!(log.contains("the file of views is damaged: it is set aside"), "{log}");
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_works_whatever_state_the_file_is_in() {
    let (_folder, kept, whole) = outage().await;
    cut_in_half(&kept.folder);
    for state in ["half", "rubbish", "empty"] {
        match state {
            "rubbish" => std::fs::write(kept.folder.join("views.db"), [7; 50_000]).unwrap(),
            "empty" => std::fs::write(kept.folder.join("views.db"), []).unwrap(),
            _ => {}
        }
        let rebuilt = kept.run(&["rebuild"]);
        let said = format!("{}{}", String::from_utf8_lossy(&rebuilt.stdout), String::from_utf8_lossy(&rebuilt.stderr));
        assert!(rebuilt.status.success() && said.contains(&format!("rebuilt the views from {} events", OUTAGE.lines().count())), "{state}: {said}");
        let checked = kept.run(&["views", "check"]);
        assert_eq!(checked.status.code(), Some(0), "{state}: {}", String::from_utf8_lossy(&checked.stdout));
    }
    let server = Role::start(&kept, "serve");
    assert_eq!(timeline(&server.url).await, (200, whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_of_the_views_names_every_difference() {
    let (_folder, kept, _) = outage().await;
    let file = rusqlite::Connection::open(kept.folder.join("views.db")).unwrap();
    let generation: u32 = file.query_row("SELECT number FROM generations WHERE state = 'serving'", [], |row| row.get(0)).unwrap();
    // Rows that are gone leave a file that is sound in itself.
    file.execute(&format!("DELETE FROM g{generation}_attachments WHERE event = 20"), []).unwrap();
    let last: u64 =
        file.query_row(&format!("SELECT max(since) FROM g{generation}_summaries"), [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned();
    file.execute(&format!("DELETE FROM g{generation}_summaries WHERE since = ?1"), [last.cast_signed()]).unwrap();
    drop(file);
    let checked = kept.run(&["views", "check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(1), "{said}");
    assert!(said.contains("position 20  other incidents hold it"), "{said}");
    assert!(said.contains(&format!("its summary as of position {last}")) && said.contains("its events"), "{said}");
    std::fs::write(kept.folder.join("views.db"), [7; 50_000]).unwrap();
    let checked = kept.run(&["views", "check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.code() == Some(1) && said.contains("set aside as"), "{said}");
    assert_eq!(json!(kept.run(&["rebuild"]).status.code()), json!(0));
}
