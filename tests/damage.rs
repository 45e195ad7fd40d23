//! A damaged ledger is noticed, named by position, and restored from the archive: a lost message, a flipped bit, a truncated file; in the
//! JetStream store and in SQLite.

mod state_store;
mod views;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::postgres::shared;
use crate::support::{anomaly, folder, get, publish};

const EVENTS: usize = 300;

/// The event that is damaged.
const DAMAGED: u64 = 150;

/// A house with an archive, filled and stopped.
struct House {
    kept: Kept,
    server: Option<Nats>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn embedded() -> Self {
        let (folder, data) = folder();
        let archive = format!("sqlite:{}", data.join("archive.db").display());
        let kept = Kept { flags: vec!["--archive".to_owned(), archive], ..Kept::in_folder(&data) };
        Self { kept, server: None, _folder: folder }.filled().await
    }

    async fn without_an_archive() -> Self {
        let (folder, data) = folder();
        Self { kept: Kept::in_folder(&data), server: None, _folder: folder }.filled().await
    }

    async fn on_the_bus() -> Self {
        let (folder, data) = folder();
        let server = Nats::start();
        let kept = Kept { ledger: server.url(), views: shared().create_database(), ..Kept::in_folder(&data) };
        Self { kept, server: Some(server), _folder: folder }.filled().await
    }

    async fn filled(self) -> Self {
        let house = Role::start(&self.kept, "serve");
        for first in (0..EVENTS).step_by(100) {
            let lines: Vec<String> = (first..first + 100).map(|number| anomaly(&id(number), "whatsapp", "2022-10-25T06:37Z")).collect();
            publish(&house.url, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
        let archived = async {
            let follower = if self.kept.flags.is_empty() && self.server.is_none() { "views" } else { "archive" };
            while get(&format!("{}/health/ready", house.url)).await.1[follower]["position"] != json!(EVENTS) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), archived).await.expect("the archive catches up");
        assert_eq!(house.terminate(), Some(0));
        if self.server.is_none() {
            // What still stands in the log would mend the file that is damaged next.
            let file = rusqlite::Connection::open(self.kept.folder.join("ledger.db")).unwrap();
            file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
        self
    }

    fn check(&self) -> (Option<i32>, String) {
        let checked = self.kept.run(&["ledger", "check"]);
        (checked.status.code(), format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr)))
    }

    /// Checks that the damage is named, restores, and sees that everything goes on as if nothing had happened.
    async fn is_restored(&self, positions: &[u64]) {
        let (code, said) = self.check();
        assert_eq!(code, Some(1), "{said}");
        for position in positions {
            assert!(
                said.lines().any(|line| line.starts_with(&format!("{position}  ")) || line.starts_with(&format!("1 to {position}  "))),
                "position {position} is not named: {said}"
            );
        }
        let restored = self.kept.run(&["ledger", "restore", "--open"]);
        let said = format!("{}{}", String::from_utf8_lossy(&restored.stdout), String::from_utf8_lossy(&restored.stderr));
        assert_eq!(restored.status.code(), Some(0), "{said}");
        assert!(said.contains("ledger 2 is current"), "{said}");
        let (code, said) = self.check();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("ledger 2: {EVENTS} positions, {EVENTS} of them held against the archive")), "{said}");
        let house = Role::start(&self.kept, "serve");
        let known = publish(&house.url, &[&anomaly(&id(DAMAGED as usize - 1), "whatsapp", "2022-10-25T06:37Z")]).await;
        assert_eq!((&known[0]["receipt"]["position"], &known[0]["receipt"]["fresh"]), (&json!(DAMAGED), &json!(false)), "ids stay taken");
        let next = publish(&house.url, &[&anomaly("after", "whatsapp", "2022-10-25T06:50Z")]).await;
        assert_eq!(next[0]["receipt"]["position"], json!(EVENTS + 1));
        let copy = format!("sqlite:{}", self.kept.folder.join("copy/ledger.db").display());
        let copied = self.kept.run(&["ledger", "copy", &self.kept.ledger, &copy]);
        let said = format!("{}{}", String::from_utf8_lossy(&copied.stdout), String::from_utf8_lossy(&copied.stderr));
        assert!(said.contains(&format!("copied {} positions", EVENTS + 1)), "the restored ledger is what is copied: {said}");
        let (status, told) = get(&format!("{}/v1/incidents/whatsapp/timeline?min_position={}", house.url, EVENTS + 1)).await;
        assert_eq!((status, &told["changed"]), (200, &json!(EVENTS + 1)));
        assert_eq!(house.terminate(), Some(0));
    }
}

fn id(number: usize) -> String {
    format!("event-{number:05}")
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Flips one bit in the text of an event, in whichever file of a kind holds it.
fn flip_a_bit(folder: &Path, ending: &str, event: &str) {
    let mut flipped = 0;
    for path in files(folder).into_iter().filter(|path| path.to_string_lossy().ends_with(ending)) {
        let mut content = std::fs::read(&path).unwrap();
        let places: Vec<usize> =
            content.windows(event.len()).enumerate().filter(|(_, window)| *window == event.as_bytes()).map(|(at, _)| at).collect();
        for at in &places {
            content[at + event.len() / 2] ^= 4;
            flipped += 1;
        }
        if !places.is_empty() {
            std::fs::write(&path, content).unwrap();
        }
    }
    assert!(flipped > 0, "no {ending} holds the event");
}

/// The id of the damaged event as it stands in its text, and nowhere else.
fn text() -> String {
    format!("\"{}\"", id(DAMAGED as usize - 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_a_row_that_is_lost() {
    let house = House::embedded().await;
    let file = rusqlite::Connection::open(house.kept.folder.join("ledger.db")).unwrap();
    file.execute("DELETE FROM events WHERE position = ?1", [DAMAGED.cast_signed()]).unwrap();
    drop(file);
    house.is_restored(&[DAMAGED]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_a_bit_that_flipped() {
    let house = House::embedded().await;
    flip_a_bit(&house.kept.folder, "ledger.db", &text());
    house.is_restored(&[DAMAGED]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_a_file_that_was_truncated() {
    let house = House::embedded().await;
    let file = std::fs::File::options().write(true).open(house.kept.folder.join("ledger.db")).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    house.is_restored(&[EVENTS as u64]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_without_an_archive_what_is_altered_is_named_and_what_is_true_is_told() {
    let house = House::without_an_archive().await;
    flip_a_bit(&house.kept.folder, "ledger.db", &text());
    let named = format!("position {DAMAGED} ");
    let server = Role::start(&house.kept, "serve");
    let (status, ready) = get(&format!("{}/health/ready", server.url)).await;
    let error = ready["ledger"]["error"].as_str().unwrap_or_default();
    assert!(status == 503 && ready["ready"] == json!(false) && error.contains(&named), "{status} {ready}");
    let replay = async |limit: u64| reqwest::get(format!("{}/v1/events?after=0&limit={limit}", server.url)).await.unwrap().text().await;
    assert_eq!(replay(DAMAGED - 1).await.unwrap().lines().count() as u64, DAMAGED - 1, "what stands before it is replayed");
    assert!(replay(DAMAGED).await.is_err(), "a replay breaks off where it comes to it");
    let (status, told) = get(&format!("{}/v1/incidents/whatsapp/timeline", server.url)).await;
    assert_eq!((status, &told["changed"]), (200, &json!(EVENTS)), "what was folded before the damage is told");
    let next = publish(&server.url, &[&anomaly("after", "whatsapp", "2022-10-25T06:50Z")]).await;
    assert_eq!(next[0]["receipt"]["position"], json!(EVENTS + 1));
    let again = reqwest::Client::new().post(format!("{}/v1/events", server.url)).header("content-type", "application/cloudevents+json");
    let again = again.body(anomaly(&id(DAMAGED as usize - 1), "whatsapp", "2022-10-25T06:37Z")).send().await.unwrap();
    let (status, problem) = (again.status().as_u16(), again.text().await.unwrap());
    assert!(status == 503 && problem.contains(&named), "what was altered is not answered: {status} {problem}");
    assert_eq!(server.terminate(), Some(0));
    let replayed = house.kept.run(&["audit", "replay"]);
    let said = String::from_utf8_lossy(&replayed.stderr).into_owned();
    assert!(replayed.status.code() == Some(2) && said.contains(&named), "{said}");
    let (code, said) = house.check();
    assert!(code == Some(1) && said.contains(&format!("\n{DAMAGED}  ALTERED")) || said.starts_with(&format!("{DAMAGED}  ALTERED")), "{said}");
    let restored = house.kept.run(&["ledger", "restore"]);
    let said = String::from_utf8_lossy(&restored.stderr).into_owned();
    assert!(restored.status.code() == Some(2) && said.contains("a backup") && !said.contains("redact"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_a_message_that_is_lost() {
    let house = House::on_the_bus().await;
    let client = async_nats::connect(format!("127.0.0.1:{}", house.server.as_ref().unwrap().port)).await.unwrap();
    let deleted = client.request("$JS.API.STREAM.MSG.DELETE.ledger", json!({"seq": DAMAGED}).to_string().into()).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&deleted.payload).unwrap()["success"], true);
    house.is_restored(&[DAMAGED]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_a_bit_that_flipped() {
    let mut house = House::on_the_bus().await;
    let server = house.server.as_mut().unwrap();
    server.kill();
    flip_a_bit(&server.store().join("jetstream/$G/streams/ledger"), ".blk", &text());
    server.restart();
    house.is_restored(&[DAMAGED]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_a_block_that_was_truncated() {
    let mut house = House::on_the_bus().await;
    let server = house.server.as_mut().unwrap();
    server.kill();
    let blocks = files(&server.store().join("jetstream/$G/streams/ledger"));
    let block = blocks.iter().find(|path| path.extension().is_some_and(|ending| ending == "blk")).unwrap();
    let file = std::fs::File::options().write(true).open(block).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    server.restart();
    house.is_restored(&[EVENTS as u64]).await;
}
