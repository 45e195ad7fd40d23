//! On a disk that is really full (a small tmpfs) publishing is refused with what to do, nothing is kept in part, reading goes
//! on, also after a restart, and when there is room again everything goes on by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::needs;
use crate::support::{OUTAGE, TestServer, folder, get, publish};

/// The disk, in MiB; what is left of it once the ballast lies there, in bytes.
const DISK_MIB: u64 = 32;
const LEFT_BYTES: u64 = 3 << 20;

/// What publishers say meanwhile, in bytes each: some leave room for the small ones, which must fail too in the end.
const SIZES: [usize; 4] = [60_000, 300, 20_000, 3_000];

const MAX_ATTEMPTS: usize = 2_000;

/// A small disk of its own, unmounted when dropped.
pub struct Disk {
    pub at: PathBuf,
}

impl Disk {
    /// Mounts it; None, with the reason, where that is not allowed.
    pub fn mount(at: PathBuf, mebibytes: u64) -> Result<Self, String> {
        fs::create_dir(&at).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "dateline-test"]).arg(&at).output().map_err(|error| error.to_string())?;
        if mounted.status.success() { Ok(Self { at }) } else { Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned()) }
    }

    /// Bytes that are left.
    fn left(&self) -> u64 {
        let answer = Command::new("df").args(["--output=avail", "-B1"]).arg(&self.at).output().unwrap();
        let text = String::from_utf8(answer.stdout).unwrap();
        text.lines().nth(1).unwrap().trim().parse().unwrap()
    }

    /// Fills it up to so many bytes with a file of that name.
    pub fn fill(&self, name: &str, leave: u64) {
        let bytes = usize::try_from(self.left().saturating_sub(leave)).unwrap();
        fs::write(self.at.join(name), vec![0; bytes]).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, since the server may just be ending; the folder under it goes away with the test.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// Publishes one event; status, Retry-After and body.
async fn send(url: &str, event: &str) -> (u16, Option<String>, Value) {
    let request = reqwest::Client::new().post(format!("{url}/v1/events")).header("content-type", "application/cloudevents+json");
    let answer = request.body(event.to_owned()).send().await.unwrap();
    let retry = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), retry, answer.json().await.unwrap())
}

fn context(number: usize, bytes: usize) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{number}","source":"/tests/disk","type":"dateline.context.added.v1","subject":"whatsapp","data":{{"occurred":{{"at":"2022-10-25T12:30+05:30"}},"text":{{"en":"{}"}},"sources":[{{"slug":"tests","role":"read_in"}}]}}}}"#,
        "x".repeat(bytes)
    )
}

/// The ledger as replayed: exactly what was acknowledged, each at its place.
async fn holds_exactly(url: &str, acknowledged: &BTreeMap<u64, String>, when: &str) {
    let text = reqwest::get(format!("{url}/v1/events?after=0")).await.unwrap().text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: BTreeMap<u64, String> =
        lines.iter().map(|line| (line["position"].as_u64().unwrap(), line["id"].as_str().unwrap().to_owned())).collect();
    assert_eq!(&found, acknowledged, "{when}: position and id of what is there, and of what was acknowledged");
    for line in &lines {
        assert_eq!(line["event"]["id"], line["id"], "{when}: position {} is not whole", line["position"]);
    }
}

fn says_what_to_do(status: u16, retry: Option<&str>, problem: &Value) {
    assert_eq!((status, problem["type"].as_str()), (507, Some("urn:dateline:problem:ledger-full")), "on a full disk: {problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("nothing was stored") && detail.contains("free some space"), "it does not say what to do: {detail}");
    assert!(retry.is_some(), "no Retry-After");
}

/// Publishes all sizes in turn until every one of them is refused; answers what was refused.
async fn publish_until_full(url: &str, acknowledged: &mut BTreeMap<u64, String>) -> Vec<String> {
    let mut refused = Vec::new();
    let mut refused_in_turn = 0;
    for number in 0..MAX_ATTEMPTS {
        let event = context(number, SIZES[number % SIZES.len()]);
        let (status, retry, answer) = send(url, &event).await;
        if status == 201 {
            acknowledged.insert(answer["position"].as_u64().unwrap(), number.to_string());
            refused_in_turn = 0;
        } else {
            says_what_to_do(status, retry.as_deref(), &answer);
            refused.push(event);
            refused_in_turn += 1;
        }
        if refused_in_turn == 2 * SIZES.len() {
            return refused;
        }
    }
    panic!("{MAX_ATTEMPTS} events and the disk is not full");
}

async fn reads(url: &str, when: &str) {
    for path in
        ["/v1/incidents", "/v1/incidents/whatsapp/timeline.json?retracted=true", "/v1/incidents/whatsapp/timeline.txt?lang=bn", "/v1/services", "/"]
    {
        let (status, answer) = get(&format!("{url}{path}")).await;
        assert_eq!(status, 200, "{when}: {path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_keeps_nothing_in_part_and_is_forgotten_when_there_is_room() {
    let (_folder, parent) = folder();
    let Some(disk) = needs::found("no small disk can be mounted here", Disk::mount(parent.join("disk"), DISK_MIB)) else { return };
    let server = TestServer::start(&disk.at);
    let mut acknowledged = BTreeMap::new();
    for item in publish(&server.url, &OUTAGE.lines().collect::<Vec<_>>()).await {
        acknowledged.insert(item["receipt"]["position"].as_u64().unwrap(), item["receipt"]["id"].as_str().unwrap().to_owned());
    }
    let told = get(&format!("{}/v1/incidents/whatsapp/timeline.txt?min_position={}", server.url, acknowledged.len())).await;
    assert_eq!(told.0, 200, "{}", told.1);
    disk.fill("ballast", LEFT_BYTES);

    let mut refused = publish_until_full(&server.url, &mut acknowledged).await;
    disk.fill("last-ballast", 0);
    for (number, bytes) in SIZES.into_iter().enumerate() {
        let event = context(MAX_ATTEMPTS + number, bytes);
        let (status, retry, answer) = send(&server.url, &event).await;
        says_what_to_do(status, retry.as_deref(), &answer);
        refused.push(event);
    }
    let batch = reqwest::Client::new().post(format!("{}/v1/events", server.url)).header("content-type", "application/cloudevents-batch+json");
    let batch = batch.body(format!("[{}]", refused.join(","))).send().await.unwrap();
    assert_eq!(batch.status(), 507, "a batch on a full disk: {}", batch.text().await.unwrap());
    reads(&server.url, "on a full disk").await;
    holds_exactly(&server.url, &acknowledged, "on a full disk").await;

    fs::remove_file(disk.at.join("ballast")).unwrap();
    for event in &refused {
        let (status, _, answer) = send(&server.url, event).await;
        assert_eq!(status, 201, "there is room again: {answer}");
        let id = serde_json::from_str::<Value>(event).unwrap()["id"].as_str().unwrap().to_owned();
        acknowledged.insert(answer["position"].as_u64().unwrap(), id);
    }
    holds_exactly(&server.url, &acknowledged, "with room again").await;
    let head = acknowledged.len();
    let (status, caught_up) = get(&format!("{}/v1/incidents?min_position={head}&wait_ms=30000", server.url)).await;
    assert_eq!(status, 200, "the projector goes on by itself: {caught_up}");
    reads(&server.url, "with room again").await;
    println!("{} acknowledged, {} refused and sent again, on a disk of {DISK_MIB} MiB", acknowledged.len(), refused.len());
    assert_eq!(server.terminate(), Some(0));
}

/// What is read before and after a restart.
const READ: [&str; 6] = [
    "/v1/incidents",
    "/v1/incidents/whatsapp/timeline.json?retracted=true",
    "/v1/incidents/whatsapp/timeline.txt?lang=bn",
    "/v1/incidents/whatsapp/events",
    "/v1/services",
    "/v1/events?after=0",
];

/// Within this the server must have found out that there is room again, in seconds.
const FOUND_OUT_S: u64 = 30;

async fn answers(url: &str) -> Vec<String> {
    let mut answers = Vec::new();
    for path in READ {
        let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap().replace(url, "");
        assert_eq!(status, 200, "{path}: {text}");
        answers.push(text);
    }
    answers
}

/// Answers that stay as they are: what could still be written is written.
async fn settled(url: &str) -> Vec<String> {
    let mut before = answers(url).await;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = answers(url).await;
        if now == before {
            return now;
        }
        before = now;
    }
}

/// How the server before ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By SIGTERM; then the disk is filled.
    Stopped,
    /// By SIGKILL, on a full disk.
    Killed,
    /// The same, and what connections share beside a file is gone: it is not in a backup, nor on a disk that was mounted anew.
    KilledAndUnshared,
}

/// Ends a server so that its disk has no byte left; answers what it answered.
async fn full_and_ended(disk: &Disk, end: End) -> Vec<String> {
    let server = TestServer::start(&disk.at);
    let lines: Vec<_> = OUTAGE.lines().collect();
    publish(&server.url, &lines).await;
    let (status, told) = get(&format!("{}/v1/incidents?min_position={}&wait_ms=30000", server.url, lines.len())).await;
    assert_eq!(status, 200, "{told}");
    if end == End::Stopped {
        let before = settled(&server.url).await;
        assert_eq!(server.terminate(), Some(0));
        disk.fill("ballast", 0);
        return before;
    }
    disk.fill("ballast", LEFT_BYTES / 8);
    publish_until_full(&server.url, &mut BTreeMap::new()).await;
    disk.fill("ballast-2", 0);
    let before = settled(&server.url).await;
    server.kill();
    if end == End::KilledAndUnshared {
        for name in ["ledger.db-shm", "state.db-shm", "views.db-shm", "reports.db-shm"] {
            let _ = fs::remove_file(disk.at.join(name));
        }
    }
    disk.fill("ballast-3", 0);
    before
}

/// Starts on a full disk, reads, is refused; then there is room.
async fn reads_refuses_and_goes_on(disk: &Disk, end: End) {
    let before = full_and_ended(disk, end).await;
    let server = TestServer::start(&disk.at);
    assert_eq!(answers(&server.url).await, before, "{end:?}: what was read before, and is now");
    reads(&server.url, "after a restart on a full disk").await;
    let (status, ready) = get(&format!("{}/health/ready", server.url)).await;
    assert_eq!((status, &ready["ready"]), (200, &json!(true)), "{end:?}: {ready}");
    assert!(ready["disk_full"].as_array().is_some_and(|full| full.contains(&json!("ledger"))), "{end:?}: readiness does not tell: {ready}");
    let event = context(MAX_ATTEMPTS + 1, 300);
    let (status, retry, answer) = send(&server.url, &event).await;
    says_what_to_do(status, retry.as_deref(), &answer);
    assert_eq!(answers(&server.url).await, before, "{end:?}: after an event was refused");

    for name in ["ballast", "ballast-2", "ballast-3"] {
        let _ = fs::remove_file(disk.at.join(name));
    }
    let begun = Instant::now();
    let position = loop {
        let (status, _, answer) = send(&server.url, &event).await;
        if status == 201 {
            break answer["position"].as_u64().unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(FOUND_OUT_S), "{end:?}: there is room again: {status} {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let (status, caught_up) = get(&format!("{}/v1/incidents?min_position={position}&wait_ms=30000", server.url)).await;
    assert_eq!(status, 200, "{end:?}: the projector goes on by itself: {caught_up}");
    loop {
        let (_, ready) = get(&format!("{}/health/ready", server.url)).await;
        if ready["disk_full"].is_null() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(FOUND_OUT_S), "{end:?}: readiness goes on telling: {ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.terminate(), Some(0));
    let server = TestServer::start(&disk.at);
    let (status, stored) = get(&format!("{}/v1/events/{position}", server.url)).await;
    assert_eq!(status, 200, "{end:?}: what was acknowledged: {stored}");
    println!("{end:?}: read after {:?}, position {position} stored with room again", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_does_not_prevent_reading_after_a_restart() {
    for end in [End::Stopped, End::Killed, End::KilledAndUnshared] {
        let (_folder, parent) = folder();
        let Some(disk) = needs::found("no small disk can be mounted here", Disk::mount(parent.join("disk"), DISK_MIB)) else { return };
        reads_refuses_and_goes_on(&disk, end).await;
    }
}
