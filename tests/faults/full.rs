//! A disk that is really full (a small tmpfs, root alone may mount one) under nats-server, and under PostgreSQL: publishers are told,
//! readers go on, nothing acknowledged is lost, and with room again all goes on.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::stations::until;
use crate::full_disk::Disk;
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::needs;
use crate::postgres::{Fsync, Postgres};
use crate::support::folder;

const BUS_DISK_MIB: u64 = 32;
const DATABASE_DISK_MIB: u64 = 192;

/// What a server of the test's own may store.
const STORE_LIMIT: &str = "13MB";

/// So many bytes are left when the publishers begin to fill the rest.
const LEFT_BYTES: u64 = 2 << 20;

/// What they say, in bytes each: some leave room for the small ones, which must fail too in the end.
const SIZES: [usize; 4] = [60_000, 300, 20_000, 3_000];

/// The disk is full when so many in turn were refused.
const REFUSED_IN_TURN: usize = 12;
const AT_ONCE: usize = 4;
const MAX_ATTEMPTS: usize = 2_000;

const WITHIN: Duration = Duration::from_secs(60);

fn event(number: usize, bytes: usize) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{number}","source":"/tests/full","type":"dateline.context.added.v1","subject":"whatsapp","data":{{"occurred":{{"at":"2022-10-25T12:30+05:30"}},"text":{{"en":"{}"}},"sources":[{{"slug":"tests","role":"read_in"}}]}}}}"#,
        "x".repeat(bytes)
    )
}

/// Publishes one event; status and body.
async fn send(url: &str, number: usize) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{url}/v1/events")).header("content-type", "application/cloudevents+json");
    let answer = request.body(event(number, SIZES[number % SIZES.len()])).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Everything acknowledged stands where its receipt says, once; nothing is missing between.
async fn holds(url: &str, acknowledged: &BTreeMap<u64, String>, when: &str) {
    let text = reqwest::get(format!("{url}/v1/events?after=0")).await.unwrap().text().await.unwrap();
    let mut ids = BTreeMap::new();
    for (expected, line) in (1_u64..).zip(text.lines()) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["position"], expected, "{when}: positions run without gaps");
        let id = line["id"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone(), expected).is_none(), "{when}: {id} stands twice");
    }
    for (position, id) in acknowledged {
        assert_eq!(ids.get(id), Some(position), "{when}: {id} was acknowledged at {position}");
    }
}

async fn reads(url: &str, when: &str) {
    for path in ["/v1/incidents", "/v1/services", "/"] {
        let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
        assert_eq!(answer.status(), 200, "{when}: {path}: {}", answer.text().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_on_a_full_disk_refuses_loses_nothing_and_goes_on_with_room() {
    let (_folder, path) = folder();
    let Some(disk) = needs::found("no small disk can be mounted here", Disk::mount(path.join("disk"), BUS_DISK_MIB)) else { return };
    let store = tempfile::tempdir_in(&disk.at).unwrap();
    // The server's own limit is set beyond the disk, so that the disk itself is what refuses.
    let mut bus = Nats::start_on(store, "sync_interval: always, max_file_store: 1GB", "");
    let house = Filled::start(&path, &bus).await;
    disk.fill("ballast", LEFT_BYTES);
    let (mut acknowledged, refused) = house.fill("on a full disk").await;
    std::fs::remove_file(disk.at.join("ballast")).unwrap();
    let (status, answer) = send(&house.intake.url, MAX_ATTEMPTS).await;
    if status == 201 {
        acknowledged.insert(answer["position"].as_u64().unwrap(), MAX_ATTEMPTS.to_string());
    } else {
        println!("with room again nats-server does not go on by itself ({status} {}): it is started anew", answer["detail"]);
        bus.kill();
        bus.restart();
    }
    house.goes_on(acknowledged, refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_may_store_no_more_refuses_loses_nothing_and_goes_on_with_room() {
    let (_folder, path) = folder();
    let mut bus = Nats::start_with(&format!("sync_interval: always, max_file_store: {STORE_LIMIT}"), "");
    let house = Filled::start(&path, &bus).await;
    let (acknowledged, refused) = house.fill("at the server's limit").await;
    let told = refused.iter().filter(|(_, status)| *status == 507).count();
    assert!(told > 0, "nobody was told that the ledger is full: {refused:?}");
    bus.kill();
    bus.change_setting(STORE_LIMIT, "1GB");
    bus.restart();
    house.goes_on(acknowledged, refused).await;
}

/// A house whose bus is filled up.
struct Filled {
    intake: Role,
    reader: Role,
    _projector: Role,
}

/// What was refused, and how.
type Refused = Vec<(usize, u16)>;

impl Filled {
    async fn start(path: &Path, bus: &Nats) -> Self {
        let kept = Kept { ledger: bus.url(), ..Kept::in_folder(path) };
        let intake = Role::start(&kept, "intake");
        let house = Self { intake, reader: Role::start(&kept, "reader"), _projector: Role::start(&kept, "projector") };
        let (status, first) = send(&house.intake.url, 0).await;
        assert_eq!((status, &first["position"]), (201, &Value::from(1)), "{first}");
        house
    }

    /// Publishes until everything is refused; readers go on. Answers what was acknowledged, by position, and what was refused.
    async fn fill(&self, when: &str) -> (BTreeMap<u64, String>, Refused) {
        let (mut acknowledged, mut refused, mut told) = (BTreeMap::from([(1, "0".to_owned())]), Vec::new(), BTreeMap::new());
        let (mut in_turn, mut next) = (0, 1);
        while in_turn < REFUSED_IN_TURN {
            assert!(next + AT_ONCE < MAX_ATTEMPTS, "{next} events, and there is still room");
            let at_once = (next..next + AT_ONCE).map(|number| send(&self.intake.url, number));
            for (number, (status, answer)) in (next..).zip(futures_util::future::join_all(at_once).await) {
                if status == 201 {
                    acknowledged.insert(answer["position"].as_u64().unwrap(), number.to_string());
                    in_turn = 0;
                    continue;
                }
                assert!(matches!(status, 503 | 507), "{when}: {status} {answer}");
                *told.entry((status, answer["detail"].to_string())).or_insert(0) += 1;
                refused.push((number, status));
                in_turn += 1;
            }
            next += AT_ONCE;
        }
        println!("{when}: {} acknowledged, refused: {told:?}", acknowledged.len());
        reads(&self.reader.url, when).await;
        (acknowledged, refused)
    }

    /// What was refused is taken now, and what was acknowledged is there.
    async fn goes_on(&self, mut acknowledged: BTreeMap<u64, String>, refused: Refused) {
        let begun = Instant::now();
        for (number, refused) in refused {
            let (status, receipt) = loop {
                let (status, receipt) = send(&self.intake.url, number).await;
                if matches!(status, 200 | 201) {
                    break (status, receipt);
                }
                assert!(begun.elapsed() < WITHIN, "there is room again, and event {number} is not taken: {status} {receipt}");
            };
            assert!(refused != 507 || status == 201, "it was said that nothing was stored, and it was stored: {receipt}");
            acknowledged.insert(receipt["position"].as_u64().unwrap(), number.to_string());
        }
        holds(&self.reader.url, &acknowledged, "with room again").await;
        // What was refused without anybody knowing may have been stored; it was sent again, so nothing else is there.
        let head = acknowledged.len();
        let listed = reqwest::get(format!("{}/v1/incidents?min_position={head}&wait_ms=30000", self.reader.url)).await.unwrap();
        assert_eq!(listed.status(), 200, "the projector goes on by itself: {}", listed.text().await.unwrap());
        println!("{head} events, and none of them was lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_on_a_full_disk_is_named_readers_go_on_and_it_catches_up_with_room() {
    let (_folder, path) = folder();
    let Some(disk) = needs::found("no small disk can be mounted here", Disk::mount(path.join("disk"), DATABASE_DISK_MIB)) else { return };
    // PostgreSQL runs as another user, who must be let in.
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (bus, database) = (Nats::start(), Postgres::start_in(disk.at.join("cluster"), Fsync::On));
    let kept = Kept { ledger: bus.url(), views: database.create_database(), ..Kept::in_folder(&path) };
    let intake = Role::start(&kept, "intake");
    let (projector, reader) = (Role::start(&kept, "projector"), Role::start(&kept, "reader"));
    let (status, first) = send(&intake.url, 0).await;
    assert_eq!(status, 201, "{first}");
    let told = reqwest::get(format!("{}/v1/incidents?min_position=1&wait_ms=30000", reader.url)).await.unwrap();
    assert_eq!(told.status(), 200);

    disk.fill("ballast", 0);
    let mut acknowledged = BTreeMap::from([(1, "0".to_owned())]);
    let says_so = || std::fs::read_to_string(&projector.log).unwrap_or_default().contains("full");
    for number in 1..MAX_ATTEMPTS {
        let (status, receipt) = send(&intake.url, number).await;
        assert_eq!(status, 201, "the intake needs no database: {receipt}");
        acknowledged.insert(receipt["position"].as_u64().unwrap(), number.to_string());
        if says_so() {
            break;
        }
    }
    until(WITHIN, || async { says_so() }, || "the projector says that the disk is full".to_owned()).await;
    reads(&reader.url, "while the database's disk is full").await;

    std::fs::remove_file(disk.at.join("ballast")).unwrap();
    let head = acknowledged.len();
    let caught_up = || async {
        let asked = reqwest::get(format!("{}/v1/incidents?min_position={head}&wait_ms=5000", reader.url)).await.unwrap();
        asked.headers().get("dateline-position").and_then(|value| value.to_str().ok()?.parse().ok()) == Some(head)
    };
    until(WITHIN, caught_up, || format!("the views reach {head}: {}", std::fs::read_to_string(&projector.log).unwrap_or_default())).await;
    holds(&reader.url, &acknowledged, "with room again").await;
    println!("{head} events, none of them missing in the views after a full disk of {DATABASE_DISK_MIB} MiB");
}
