//! Commands beside a server that runs on the same files: they talk to it, with the rights of whoever holds the files, and without it they
//! use the files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ends, said};
use crate::support::{OUTAGE, TestServer, anomaly, command, folder, get};
use crate::watching::{process, vendor};

fn publish(data: &Path, id: &str) -> (Option<i32>, String, String) {
    std::fs::write(data.join("one.ndjson"), anomaly(id, "mail", "2026-01-05T10:00Z")).unwrap();
    said(&command(data).args(["publish", "one.ndjson"]).output().unwrap())
}

#[test]
fn what_is_published_and_imported_goes_to_the_server_and_is_told_at_once() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    // From here on the server lets nobody publish without a key, but for whoever holds the files.
    ends(&data, &["keys", "create", "--name", "x", "--scope", "read"], 0);
    std::fs::write(data.join("outage.ndjson"), OUTAGE).unwrap();
    let (_, stderr) = ends(&data, &["publish", "outage.ndjson", "--url", &server.url], 2);
    assert!(stderr.contains("API key"), "{stderr}");
    ends(&data, &["publish", "outage.ndjson"], 0);
    let (told, _) = ends(&data, &["timeline", "whatsapp"], 0);
    assert!(told.contains("First reports"), "{told}");
    std::fs::write(data.join("mail.csv"), "2026-01-05T10:00:00Z,5\n2026-01-05T10:05:00Z,6\n").unwrap();
    ends(&data, &["import", "reports", "mail.csv"], 0);
    std::fs::write(data.join("page.json"), vendor::summary(&[1])).unwrap();
    ends(&data, &["import", "statuspage", "page.json"], 0);
    let (listed, _) = ends(&data, &["incidents", "--service", "mail"], 0);
    assert!(listed.contains("Mail"), "{listed}");
    let (_, stderr) = ends(&data, &["serve", "--listen", "127.0.0.1:0"], 2);
    assert!(stderr.contains(&server.url) && stderr.contains(&server.id().to_string()), "it does not say who: {stderr}");
}

#[test]
fn what_says_where_the_server_is_is_for_its_owner_alone_and_goes_with_it() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let file = data.join("server.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let form: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((form["url"].as_str(), form["process"].as_u64()), (Some(server.url.as_str()), Some(server.id().into())));
    // What somebody else could have written is not believed.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let (code, _, stderr) = publish(&data, "1");
    assert!(code == Some(2) && stderr.contains("another process"), "{stderr}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(publish(&data, "1").0, Some(0));
    // Killed, it leaves the file behind, which nobody believes.
    server.kill();
    assert!(file.exists());
    let (code, _, stderr) = publish(&data, "2");
    assert_eq!(code, Some(0), "{stderr}");
    let server = TestServer::start(&data);
    assert_eq!(publish(&data, "3").0, Some(0));
    assert_eq!(server.terminate(), Some(0));
    assert!(!file.exists(), "it stays behind");
    let (replayed, _) = ends(&data, &["audit", "replay"], 0);
    assert_eq!(replayed.lines().count(), 3);
}

#[test]
fn the_token_is_nobody_elses_and_not_the_next_servers() {
    let (_folder, data) = folder();
    let token = || {
        let form: Value = serde_json::from_slice(&std::fs::read(data.join("server.json")).unwrap()).unwrap();
        form["token"].as_str().unwrap().to_owned()
    };
    let server = TestServer::start(&data);
    ends(&data, &["keys", "create", "--name", "x", "--scope", "read"], 0);
    let first = token();
    std::fs::write(data.join("one.ndjson"), anomaly("1", "mail", "2026-01-05T10:00Z")).unwrap();
    let with = |url: &str, key: &str, code| ends(&data, &["publish", "one.ndjson", "--url", url, "--key", key], code);
    with(&server.url, &first, 0);
    with(&server.url, &first[..first.len() - 1], 2);
    server.kill();
    let server = TestServer::start(&data);
    assert_ne!(token(), first);
    with(&server.url, &first, 2);
    // A key that is given is the one that counts.
    ends(&data, &["publish", "one.ndjson", "--key", &first], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_publishes_to_the_server_and_the_other_way_round() {
    let (_folder, data) = folder();
    let vendor = vendor::Vendor::start().await;
    vendor.say("/summary.json", |_, _| axum::response::IntoResponse::into_response(vendor::summary(&[1])));
    let url = vendor.at("/summary.json");
    let file = process::pages(&data, &process::page("mail", 5, std::slice::from_ref(&url)));
    let server = TestServer::start(&data);
    // Where it listens by default the server listens already: it takes a free port.
    let listen = server.url.strip_prefix("http://").unwrap();
    let watcher = process::Watcher::start_with(&data, &file, &["--allow-private", "--listen", listen], &[]);
    assert_ne!(watcher.url, server.url);
    watcher.until_state(&url, "seen").await;
    // What the server took is listed once it is folded.
    let begun = Instant::now();
    loop {
        let (_, listed) = get(&format!("{}/v1/incidents?service=mail", server.url)).await;
        if listed["incidents"].as_array().map(Vec::len) == Some(1) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{listed}\n{}", process::logs(&data));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop((watcher, server));
    let watcher = process::Watcher::start(&data, &file);
    assert_eq!(publish(&data, "beside").0, Some(0), "beside a watcher that runs every role");
    drop(watcher);
}

#[test]
fn a_pipe_that_waits_holds_the_files_and_a_server_says_so() {
    let (_folder, data) = folder();
    let begin = || command(&data).args(["publish", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut waiting = begin();
    let held = || std::fs::File::open(data.join("ledger.db.lock")).is_ok_and(|file| file.try_lock_shared().is_err());
    while !held() {
        // Who looks holds the lock himself for a moment: a command that met him gave up.
        if waiting.try_wait().unwrap().is_some() {
            waiting = begin();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (_, stderr) = ends(&data, &["serve", "--listen", "127.0.0.1:0"], 2);
    assert!(stderr.contains("another process") && stderr.contains("wait until it is done"), "{stderr}");
    drop(waiting.stdin.take());
    assert!(waiting.wait().unwrap().success());
}
