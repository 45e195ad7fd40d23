//! The clock by which records are stamped, set by libfaketime in the real program: a head ahead of it is kept and told, and a step ahead
//! is not followed at once.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::asking::{STRUCTURED, client, send};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::needs;
use crate::support::{anomaly, command, folder, get};

/// Two days, in seconds.
const STEP_S: i64 = 2 * 24 * 3_600;

fn faketime() -> Option<PathBuf> {
    let mut folders = std::fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    let library = folders.find_map(|entry| Some(entry.path().join("faketime/libfaketime.so.1")).filter(|path| path.exists()));
    needs::found("a tool is not installed", library.ok_or_else(|| "faketime".to_owned()))
}

/// A program whose wall clock alone is set; what counts since the machine's start is left as it is.
fn with_clock(command: &mut Command, library: &Path) {
    command.env("LD_PRELOAD", library).env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1").env("FAKETIME_NO_CACHE", "1");
}

async fn is_kept_and_told(kept: &Kept, library: &Path) {
    std::fs::write(kept.folder.join("e.ndjson"), anomaly("1", "mail", "2026-03-01T10:00Z")).unwrap();
    let mut ahead = command(&kept.folder);
    with_clock(&mut ahead, library);
    let published = ahead.args(kept.arguments()).args(["publish", "e.ndjson"]).env("FAKETIME", "+2d").output().unwrap();
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    let house = Role::start(kept, "serve");
    let (_, ready) = get(&format!("{}/health/ready", house.url)).await;
    let ahead_s = ready["clock"]["recorded_ahead_s"].as_i64().unwrap_or_else(|| panic!("{ready}"));
    assert!((STEP_S - 120..=STEP_S).contains(&ahead_s), "{ready}");
    let (_, metrics) = get(&format!("{}/metrics", house.url)).await;
    assert!(metrics.as_str().unwrap().contains("\ndateline_recorded_ahead_seconds 17"), "{metrics}");
    let log = std::fs::read_to_string(&house.log).unwrap();
    assert!(log.contains("lies ahead of this machine's clock"), "{log}");
    let request = client().post(format!("{}/v1/events", house.url)).header("content-type", STRUCTURED);
    let receipt = send(request.body(anomaly("2", "mail", "2026-03-01T10:01Z"))).await.expect(201).json();
    let first = get(&format!("{}/v1/events/1?min_position=2", house.url)).await.1;
    assert_eq!(receipt["recorded"], first["recorded"], "recorded fell, or ran on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_ahead_of_the_clock_is_kept_as_the_floor_and_told() {
    let Some(library) = faketime() else { return };
    let (_folder, data) = folder();
    is_kept_and_told(&Kept::in_folder(&data), &library).await;
    let (_other, data) = folder();
    let server = Nats::start();
    is_kept_and_told(&Kept { ledger: server.url(), ..Kept::in_folder(&data) }, &library).await;
}

/// A server whose wall clock a file sets.
struct Clocked {
    child: Child,
    url: String,
    file: PathBuf,
}

impl Clocked {
    fn start(data: &Path, library: &Path) -> Self {
        let file = data.join("clock");
        std::fs::write(&file, "+0").unwrap();
        let mut serve = command(data);
        with_clock(&mut serve, library);
        serve.env("FAKETIME_TIMESTAMP_FILE", &file).args(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        Self { url: first.trim().trim_start_matches("serving at ").to_owned(), child, file }
    }

    fn set(&self, clock: &str) {
        std::fs::write(&self.file, clock).unwrap();
    }

    async fn publish(&self, id: &str) -> crate::asking::Answer {
        let request = client().post(format!("{}/v1/events", self.url)).header("content-type", STRUCTURED);
        send(request.body(anomaly(id, "mail", "2026-03-01T10:00Z"))).await
    }
}

impl Drop for Clocked {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn recorded_day(receipt: &Value) -> String {
    receipt["recorded"].as_str().unwrap()[..10].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_ahead_is_not_followed_at_once_and_one_taken_back_does_no_harm() {
    let Some(library) = faketime() else { return };
    let (_folder, data) = folder();
    let server = Clocked::start(&data, &library);
    let first = server.publish("1").await.expect(201).json();
    server.set("+2d");
    let refused = server.publish("2").await;
    let retry: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=120).contains(&retry), "Retry-After: {retry}");
    let problem = refused.problem(503);
    assert_eq!(problem["type"], "urn:dateline:problem:clock_unsettled");
    let (_, ready) = get(&format!("{}/health/ready", server.url)).await;
    assert!(ready["clock"]["unsettled_s"].as_u64().is_some(), "{ready}");
    server.set("+0");
    let second = server.publish("2").await.expect(201).json();
    assert_eq!(recorded_day(&second), recorded_day(&first));
    if !needs::long_run() {
        return;
    }
    // A step that stays is followed after two minutes, and told.
    server.set("+2d");
    let begun = Instant::now();
    while server.publish("3").await.status == 503 {
        assert!(begun.elapsed() < Duration::from_secs(130), "it is not followed");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(begun.elapsed() > Duration::from_secs(110), "it was followed too soon");
    let (_, ready) = get(&format!("{}/health/ready", server.url)).await;
    assert!(ready["clock"]["stepped_ahead_s"].as_i64().is_some_and(|ahead| (ahead - STEP_S).abs() < 120), "{ready}");
}
