//! A text that is redacted is gone: from every answer, every list and every file; its incident stays, and the record still proves itself.

mod both;
mod killed;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{TestServer, command, folder, get, publish};

/// Stands in every text that is to be destroyed, and nowhere else.
pub const MARKER: &str = "Quibblewort7f3";

/// The incident that the event with the marker opens.
pub const OPENED: &str = "ferry-2022-10-25-";

/// An acknowledgement with the marker in each of its texts.
pub fn told(id: &str, at: &str) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "/tests", "type": "dateline.vendor.acknowledged.v1", "subject": "ferry",
        "data": {
            "occurred": {"at": at, "wording": {"lang": "en", "text": format!("{MARKER} o'clock")}},
            "headline": {"en": format!("{MARKER} says it is down"), "bn": format!("{MARKER} বন্ধ")},
            "statement": {"organisation": MARKER, "speaker": MARKER, "quotation": {"lang": "en", "text": format!("We see {MARKER} fail")}},
            "sources": [{"slug": "tests", "role": "read_in", "name": format!("{MARKER} Post"), "kind": "press"}],
        },
    })
    .to_string()
}

/// A correction of it that quotes it.
pub fn corrected(id: &str, of: &str) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "/tests", "type": "dateline.event.corrected.v1", "subject": "ferry",
        "data": {"event": {"id": of}, "edit_kind": "error", "reason": format!("not {MARKER}"), "patch": {"headline": format!("{MARKER} it was")}},
    })
    .to_string()
}

/// Another sign of the same incident.
pub fn sign(id: &str, at: &str) -> String {
    crate::support::anomaly(id, "ferry", at)
}

/// Runs the command on a folder.
pub fn redact(data: &Path, flags: &[&str], position: u64) -> Output {
    let ground = ["--ground", "a court's order", "--authority", "editor in chief", "--yes"];
    command(data).args(flags).args(["redact", &position.to_string()]).args(ground).output().unwrap()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files that hold the marker.
pub fn holding(folder: &Path) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| std::fs::read(path).unwrap().windows(MARKER.len()).any(|window| window == MARKER.as_bytes());
    files(folder).into_iter().filter(holds).collect()
}

/// Sound by both checks.
pub fn is_sound(data: &Path, flags: &[&str]) {
    for check in [["ledger", "check"], ["views", "check"]] {
        let checked = command(data).args(flags).args(check).output().unwrap();
        assert_eq!(checked.status.code(), Some(0), "{check:?}: {}", said(&checked));
    }
}

/// Every answer in which the text could stand, as of every position.
pub async fn answers(url: &str, id: &str, head: u64) -> Vec<String> {
    let mut answers = Vec::new();
    for as_of in (1..=head).map(Some).chain([None]) {
        let as_of = as_of.map_or_else(String::new, |position| format!("&as_of={position}"));
        for path in [
            format!("/v1/incidents/{id}/timeline?lang=en{as_of}"),
            format!("/v1/incidents/{id}/events?{}", as_of.trim_start_matches('&')),
            format!("/v1/incidents?service=ferry{as_of}"),
            format!("/incidents/{id}?lang=bn{as_of}"),
        ] {
            answers.push(reqwest::get(format!("{url}{path}")).await.unwrap().text().await.unwrap());
        }
    }
    answers
}

fn archive(data: &Path) -> String {
    format!("sqlite:{}", data.join("archive.db").display())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_copy_of_the_text_is_left_in_any_file_while_a_server_runs_and_a_reader_reads() {
    let (_folder, data) = folder();
    let (archive, ferry) = (archive(&data), "ferry");
    let server = TestServer::start_with(&data, &["--archive", &archive]);
    publish(&server.url, &[&told("1", "2022-10-25T06:37Z"), &sign("2", "2022-10-25T07:00Z"), &corrected("3", "1")]).await;
    let (_, before) = get(&format!("{}/v1/incidents/{ferry}/timeline?min_position=3", server.url)).await;
    let id = before["incident"].as_str().unwrap().to_owned();
    assert!(id.starts_with(OPENED) && before.to_string().contains(MARKER), "{before}");
    let (_, found) = get(&format!("{}/v1/incidents?q={MARKER}", server.url)).await;
    assert_eq!(found["incidents"].as_array().map(Vec::len), Some(1), "{found}");
    let answer = reqwest::get(format!("{}/v1/incidents/{id}/timeline", server.url)).await.unwrap();
    let etag = answer.headers()["etag"].clone();
    // Long reads of somebody else, over the redaction's beginning.
    let reads: Vec<Connection> = ["ledger.db", "views.db"].iter().map(|name| Connection::open(data.join(name)).unwrap()).collect();
    for read in &reads {
        read.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;").unwrap();
        let _: i64 = read.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    }
    let reading = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        drop(reads);
    });
    let done = redact(&data, &[], 1);
    reading.join().unwrap();
    let told = said(&done);
    assert_eq!(done.status.code(), Some(0), "{told}");
    assert!(told.contains("a reader still holds") && told.contains("trying again"), "what is waited for is told: {told}");
    assert!(told.contains("may quote it, each to be redacted by itself: positions 3"), "{told}");
    assert_eq!(said(&redact(&data, &[], 3)).lines().next(), Some("position 3 is redacted: position 5 of the ledger says so"));
    assert_eq!(holding(&data), Vec::<PathBuf>::new(), "no file holds the text");
    for answer in answers(&server.url, &id, 5).await {
        assert!(!answer.contains(MARKER), "{answer}");
    }
    let (_, found) = get(&format!("{}/v1/incidents?q={MARKER}", server.url)).await;
    assert_eq!(found["incidents"], json!([]));
    let client = reqwest::Client::new();
    let again = client.get(format!("{}/v1/incidents/{id}/timeline", server.url)).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), 200, "whoever kept the old answer is told that it holds no more");
    let again: Value = again.json().await.unwrap();
    assert_eq!(again["incident"], json!(id), "the incident stays under its id");
    assert!(again.to_string().contains("\"standing\":\"redacted\""), "{again}");
    gone(&server.url, &id).await;
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(holding(&data), Vec::<PathBuf>::new());
    is_sound(&data, &["--archive", &archive]);
}

/// The answer to a position whose text is gone says who says so, and both receipts check.
async fn gone(url: &str, incident: &str) {
    let (status, problem) = get(&format!("{url}/v1/events/1")).await;
    assert_eq!((status, &problem["type"]), (410, &json!("urn:dateline:problem:redacted")), "{problem}");
    let redaction = &problem["redaction"];
    assert_eq!((&redaction["position"], &redaction["ground"]), (&json!(4), &json!("a court's order")));
    assert_eq!((&redaction["authority"], &problem["incidents"]), (&json!("editor in chief"), &json!([incident])));
    for (receipt, leaf) in [(&problem["receipt"], Some(&problem["leaf"])), (&redaction["receipt"], None)] {
        let path = format!("{url}{}", receipt.as_str().unwrap());
        let mut answer = String::new();
        for _ in 0..100 {
            let asked = reqwest::get(&path).await.unwrap();
            let is_sealed = asked.status() == 200;
            answer = asked.text().await.unwrap();
            if is_sealed {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let extra = answer.lines().find_map(|line| line.strip_prefix("extra ")).unwrap_or_else(|| panic!("no receipt: {answer}"));
        use base64::Engine as _;
        let extra = base64::engine::general_purpose::STANDARD.decode(extra).unwrap();
        if let Some(leaf) = leaf {
            assert_eq!(String::from_utf8(extra).unwrap(), leaf.as_str().unwrap(), "the leaf alone opens what is gone");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_from_the_redacted_ledger_gives_the_same_to_the_byte() {
    let (_folder, data) = folder();
    let lines = [told("1", "2022-10-25T06:37Z"), sign("2", "2022-10-25T11:00Z"), sign("3", "2022-10-25T16:30Z"), told("4", "2022-12-26T06:37Z")];
    let file = data.join("events.ndjson");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let published = command(&data).args(["publish", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(published.status.code(), Some(0), "{}", said(&published));
    std::fs::remove_file(&file).unwrap();
    for position in [1, 4] {
        let done = redact(&data, &[], position);
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    }
    assert_eq!(holding(&data), Vec::<PathBuf>::new());
    is_sound(&data, &[]);
    let read = async || {
        let server = TestServer::start(&data);
        let (_, listed) = get(&format!("{}/v1/incidents?service=ferry", server.url)).await;
        assert_eq!(listed["incidents"].as_array().map(Vec::len), Some(1), "with nothing but a tombstone it is listed no more: {listed}");
        let mut ids = Vec::new();
        for position in [1, 4] {
            let (status, problem) = get(&format!("{}/v1/events/{position}", server.url)).await;
            assert_eq!(status, 410, "{problem}");
            ids.push(problem["incidents"][0].as_str().unwrap().to_owned());
        }
        let mut all = Vec::new();
        for id in &ids {
            all.extend(answers(&server.url, id, 6).await);
        }
        (ids, all)
    };
    let kept = read().await;
    assert!(kept.0[0] != kept.0[1] && kept.0[1].starts_with("ferry-2022-12-26-"), "each incident stays under its id: {:?}", kept.0);
    assert!(kept.1.iter().all(|answer| !answer.contains(MARKER)));
    let rebuilt = command(&data).arg("rebuild").output().unwrap();
    assert_eq!(rebuilt.status.code(), Some(0), "{}", said(&rebuilt));
    assert!(kept == read().await, "a rebuild tells it otherwise");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_redacted_is_refused_and_only_the_operator_may() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    publish(&server.url, &[&told("1", "2022-10-25T06:37Z")]).await;
    let refused = |position, why: &str| {
        let done = redact(&data, &[], position);
        let told = said(&done);
        assert!(done.status.code() == Some(1) && told.contains(why), "{told}");
    };
    refused(0, "there is no position 0");
    refused(2, "the ledger ends at position 1");
    let unasked = command(&data).args(["redact", "1", "--ground", "g", "--authority", "a"]).stdin(std::process::Stdio::null()).output().unwrap();
    assert!(unasked.status.code() == Some(2) && said(&unasked).contains("--yes"), "{}", said(&unasked));
    let asked = json!({"position": 1, "ground": "g", "authority": "a"}).to_string();
    let client = reqwest::Client::new();
    let answer = client.post(format!("{}/v1/redactions", server.url)).body(asked).send().await.unwrap();
    assert_eq!(answer.status(), 403, "also on one's own machine, before any key was made");
    assert_eq!(get(&format!("{}/v1/events/1?min_position=1", server.url)).await.0, 200, "nothing was destroyed");
    let damaged = command(&data).args(["redact", "1", "--ground", "g", "--authority", "a", "--yes", "--damaged"]).output().unwrap();
    assert!(damaged.status.code() == Some(1) && said(&damaged).contains("is sound"), "{}", said(&damaged));
    assert_eq!(redact(&data, &[], 1).status.code(), Some(0));
    refused(2, "is a redaction itself");
    let again = redact(&data, &[], 1);
    assert!(again.status.code() == Some(0) && said(&again).starts_with("position 1 was redacted before"), "{}", said(&again));
    let (_, gone) = get(&format!("{}/v1/events/1", server.url)).await;
    let page = format!("{}/v1/incidents/{}/timeline", server.url, gone["incidents"][0].as_str().unwrap());
    assert_eq!(get(&page).await.0, 200, "the page of an incident that is all gone stays");
    let known = publish(&server.url, &[&told("1", "2022-10-25T06:37Z")]).await;
    assert_eq!((&known[0]["receipt"]["position"], &known[0]["receipt"]["fresh"]), (&json!(1), &json!(false)), "the id stays taken");
    assert_eq!(holding(&data), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_position_is_given_up_with_the_leaf_that_was_sealed() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    publish(&server.url, &[&told("1", "2022-10-25T06:37Z"), &sign("2", "2022-10-25T07:00Z")]).await;
    let receipt = format!("{}/v1/events/2/receipt", server.url);
    for _ in 0..100 {
        if get(&receipt).await.0 == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.terminate(), Some(0));
    let file = Connection::open(data.join("ledger.db")).unwrap();
    file.execute("UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), 'fail', 'fall') AS BLOB) WHERE position = 1", []).unwrap();
    drop(file);
    let sound = redact(&data, &[], 1);
    assert!(sound.status.code() == Some(1) && said(&sound).contains("--damaged"), "{}", said(&sound));
    let arguments = ["redact", "1", "--ground", "a disk", "--authority", "operator", "--yes", "--damaged"];
    let given_up = command(&data).args(arguments).output().unwrap();
    assert_eq!(given_up.status.code(), Some(0), "{}", said(&given_up));
    is_sound(&data, &[]);
    let server = TestServer::start(&data);
    let (status, problem) = get(&format!("{}/v1/events/1", server.url)).await;
    assert!(status == 410 && problem["leaf"].as_str().unwrap().starts_with("{\"c\":"), "{problem}");
    let ready = async {
        while get(&format!("{}/health/ready", server.url)).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready).await.expect("the notary goes on with the leaf that it signed");
}
