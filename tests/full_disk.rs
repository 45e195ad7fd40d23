//! On a disk that is really full (a small tmpfs) publishing is refused with what to do, nothing is kept in part, reading goes
//! on, and when there is room again everything goes on by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::needs;
use crate::support::{OUTAGE, Server, folder, get, publish};

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
    let server = Server::start(&disk.at);
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
