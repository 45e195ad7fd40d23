//! Publishers on NATS: what is sent to `dateline.inbox.<publisher>` is appended and only then acknowledged; what is refused is told with
//! the same words as over HTTP.

use std::time::Duration;

use async_nats::{Client, HeaderMap, Subscriber};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::support::{anomaly, folder, get};

/// A house whose ledger is on a bus, and a publisher called `tests` that may speak for /tests.
struct Bus {
    server: Nats,
    kept: Kept,
    client: Client,
    _folder: tempfile::TempDir,
}

impl Bus {
    async fn start() -> Self {
        let (folder, data) = folder();
        let server = Nats::start();
        let kept = Kept { ledger: server.url(), ..Kept::in_folder(&data) };
        let allowed = kept.run(&["publishers", "allow", "tests", "--scope", "publish:/tests", "--scope", "cite"]);
        assert!(allowed.status.success(), "{}", String::from_utf8_lossy(&allowed.stderr));
        let client = async_nats::ConnectOptions::new().custom_inbox_prefix("_INBOX.tests").connect(format!("127.0.0.1:{}", server.port)).await;
        Self { server, kept, client: client.unwrap(), _folder: folder }
    }

    /// Sends to the inbox, and waits until the inbox has it (which is not yet the receipt).
    async fn send(&self, publisher: &str, headers: HeaderMap, payload: &str) {
        let request = async_nats::Request::new().headers(headers).payload(payload.to_owned().into());
        let stored = self.client.send_request(format!("dateline.inbox.{publisher}"), request).await.unwrap();
        let stored: Value = serde_json::from_slice(&stored.payload).unwrap();
        assert_eq!(stored["stream"], "inbox", "{stored}");
    }

    async fn waiting(&self) -> u64 {
        let info = self.client.request("$JS.API.STREAM.INFO.inbox", "".into()).await.unwrap();
        serde_json::from_slice::<Value>(&info.payload).unwrap()["state"]["messages"].as_u64().unwrap()
    }

    async fn until_empty(&self) {
        let begun = std::time::Instant::now();
        while self.waiting().await > 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "the inbox is not emptied");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse::<async_nats::HeaderName>().unwrap(), value.parse::<async_nats::HeaderValue>().unwrap())).collect()
}

async fn next(messages: &mut Subscriber) -> Value {
    let message = tokio::time::timeout(Duration::from_secs(20), messages.next()).await.expect("an answer").unwrap();
    serde_json::from_slice(&message.payload).unwrap()
}

const STRUCTURED: (&str, &str) = ("Content-Type", "application/cloudevents+json");

#[tokio::test(flavor = "multi_thread")]
async fn structured_and_binary_events_are_appended_and_answered_where_the_publisher_asks() {
    let bus = Bus::start().await;
    let mut answers = bus.client.subscribe("_INBOX.tests.receipts.*").await.unwrap();
    let intake = Role::start(&bus.kept, "intake");
    let structured = anomaly("1", "whatsapp", "2022-10-25T06:37Z");
    bus.send("tests", headers(&[STRUCTURED, ("Dateline-Reply-To", "_INBOX.tests.receipts.1")]), &structured).await;
    let receipt = next(&mut answers).await;
    assert_eq!((&receipt["position"], &receipt["fresh"], &receipt["id"]), (&json!(1), &json!(true), &json!("1")));
    // A message without any header is an event in the structured form; the same id again gets the first receipt.
    bus.send("tests", headers(&[("Dateline-Reply-To", "_INBOX.tests.receipts.2")]), &structured).await;
    let again = next(&mut answers).await;
    assert_eq!((&again["position"], &again["fresh"], &again["recorded"]), (&json!(1), &json!(false), &receipt["recorded"]));
    let event: Value = serde_json::from_str(&anomaly("2", "whatsapp", "2022-10-25T06:40Z")).unwrap();
    let binary = headers(&[
        ("Content-Type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/tests"),
        ("ce-type", "dateline.anomaly.detected.v1"),
        ("ce-subject", "whatsapp"),
        ("Dateline-Reply-To", "_INBOX.tests.receipts.3"),
    ]);
    bus.send("tests", binary, &event["data"].to_string()).await;
    assert_eq!(next(&mut answers).await["position"], 2);
    bus.until_empty().await;
    assert_eq!(intake.terminate(), Some(0));
    let reader = Role::start(&bus.kept, "serve");
    let (status, told) = get(&format!("{}/v1/events/2?min_position=2", reader.url)).await;
    assert_eq!((status, &told["event"]["data"]), (200, &event["data"]), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_with_its_problem_and_kept() {
    let bus = Bus::start().await;
    let mut refused = bus.client.subscribe("dateline.refused.tests").await.unwrap();
    let _intake = Role::start(&bus.kept, "intake");
    let foreign = anomaly("1", "whatsapp", "2022-10-25T06:37Z").replace(r#""source":"/tests""#, r#""source":"/desks/demo""#);
    let batch = format!("[{}]", anomaly("1", "whatsapp", "2022-10-25T06:37Z"));
    let cases = [
        (headers(&[STRUCTURED]), r#"{"specversion":"1.0""#.to_owned(), 400, "invalid-event"),
        (headers(&[STRUCTURED]), anomaly("1", "whatsapp", "noon"), 422, "invalid-event"),
        (headers(&[STRUCTURED]), foreign, 403, "forbidden"),
        (headers(&[("Content-Type", "text/plain")]), "x".to_owned(), 415, "media-type"),
        (headers(&[("Content-Type", "application/cloudevents-batch+json")]), batch, 415, "media-type"),
    ];
    for (headers, payload, status, slug) in cases {
        bus.send("tests", headers, &payload).await;
        let problem = next(&mut refused).await;
        assert_eq!((&problem["status"], &problem["type"]), (&json!(status), &json!(format!("urn:dateline:problem:{slug}"))), "{problem}");
    }
    // An id that is taken, with both contents.
    bus.send("tests", headers(&[STRUCTURED]), &anomaly("taken", "whatsapp", "2022-10-25T06:37Z")).await;
    bus.send("tests", headers(&[STRUCTURED]), &anomaly("taken", "whatsapp", "2022-10-25T06:38Z")).await;
    let conflict = next(&mut refused).await;
    assert_eq!((&conflict["status"], &conflict["position"]), (&json!(409), &json!(1)), "{conflict}");
    bus.until_empty().await;
    let kept = bus.client.request("$JS.API.STREAM.INFO.refused", "".into()).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&kept.payload).unwrap()["state"]["messages"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_publisher_and_one_that_was_revoked_are_refused() {
    let bus = Bus::start().await;
    let mut refused = bus.client.subscribe("dateline.refused.*").await.unwrap();
    let _intake = Role::start(&bus.kept, "intake");
    bus.send("stranger", headers(&[STRUCTURED]), &anomaly("1", "whatsapp", "2022-10-25T06:37Z")).await;
    let problem = next(&mut refused).await;
    assert_eq!(problem["status"], 403);
    assert!(problem["detail"].as_str().unwrap().contains("dateline publishers allow stranger"), "{problem}");
    assert!(bus.kept.run(&["publishers", "revoke", "tests"]).status.success());
    assert_eq!(bus.kept.run(&["publishers", "revoke", "nobody"]).status.code(), Some(1));
    let listed = String::from_utf8(bus.kept.run(&["publishers", "list"]).stdout).unwrap();
    assert!(listed.starts_with("tests  publish:/tests") && listed.trim_end().ends_with("revoked"), "{listed}");
    bus.send("tests", headers(&[STRUCTURED]), &anomaly("1", "whatsapp", "2022-10-25T06:37Z")).await;
    assert_eq!(next(&mut refused).await["status"], 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_sent_nowhere_but_among_the_publishers_own_inboxes() {
    let bus = Bus::start().await;
    let _intake = Role::start(&bus.kept, "intake");
    for (number, place) in
        ["ledger.evil.e", "_INBOX.other.1", "_INBOX.tests.*", "_INBOX.tests.a..b", "_INBOX.tests.", "_INBOX.tests.>"].iter().enumerate()
    {
        let event = anomaly(&number.to_string(), "whatsapp", "2022-10-25T06:37Z");
        bus.send("tests", headers(&[STRUCTURED, ("Dateline-Reply-To", place)]), &event).await;
    }
    bus.until_empty().await;
    let info = bus.client.request("$JS.API.STREAM.INFO.ledger", "".into()).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&info.payload).unwrap()["state"]["last_seq"], 6, "six events and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ledger_does_not_take_stays_in_the_inbox() {
    let bus = Bus::start().await;
    let intake = Role::start(&bus.kept, "intake");
    // A ledger in which somebody else wrote takes nothing any more.
    bus.client.request("ledger.evil.e", "{}".into()).await.unwrap();
    bus.send("tests", headers(&[STRUCTURED]), &anomaly("1", "whatsapp", "2022-10-25T06:37Z")).await;
    let begun = std::time::Instant::now();
    while !std::fs::read_to_string(&intake.log).unwrap().contains("the ledger took nothing") {
        assert!(begun.elapsed() < Duration::from_secs(60), "the intake does not say that the ledger took nothing");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bus.waiting().await, 1, "it was acknowledged and is nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_that_is_killed_leaves_nothing_out_and_stores_nothing_twice() {
    const MESSAGES: usize = 600;
    let bus = Bus::start().await;
    let intakes = [Role::start(&bus.kept, "intake"), Role::start(&bus.kept, "intake")];
    for number in 0..MESSAGES {
        bus.client
            .publish_with_headers(
                "dateline.inbox.tests",
                headers(&[STRUCTURED]),
                anomaly(&number.to_string(), "whatsapp", "2022-10-25T06:37Z").into(),
            )
            .await
            .unwrap();
    }
    bus.client.flush().await.unwrap();
    let [first, second] = intakes;
    // While it works: what it had taken is handed out again.
    while bus.waiting().await > (MESSAGES / 2) as u64 {}
    first.kill();
    bus.until_empty().await;
    assert_eq!(second.terminate(), Some(0));
    let replayed = bus.kept.run(&["audit", "replay"]);
    let text = String::from_utf8(replayed.stdout).unwrap();
    let mut ids: Vec<usize> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().parse().unwrap()).collect();
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(0..MESSAGES), "{} ids of {MESSAGES}", ids.len());
    drop(bus.server);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_and_messages_beyond_their_limits_are_refused_and_cut_nobody_off() {
    let bus = Bus::start().await;
    let mut refused = bus.client.subscribe("dateline.refused.tests").await.unwrap();
    let _intake = Role::start(&bus.kept, "intake");
    let event = anomaly("1", "whatsapp", "2022-10-25T06:37Z");
    let subject = |bytes: usize| format!("_INBOX.tests.{}", "a".repeat(bytes - "_INBOX.tests.".len()));
    // The first would have the server cut the intake off, over and over: a line of its protocol has 4 KiB.
    for (name, value) in [("Dateline-Reply-To", subject(10_000)), ("Dateline-Reply-To", subject(257)), ("X-Note", "x".repeat(1_024 - 5))] {
        bus.send("tests", headers(&[STRUCTURED, (name, &value)]), &event).await;
        let problem = next(&mut refused).await;
        assert_eq!((&problem["status"], &problem["type"]), (&json!(431), &json!("urn:dateline:problem:header-too-large")), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(name), "{problem}");
    }
    for bytes in [129 * 1024, 255 * 1024, 900 * 1024] {
        bus.send("tests", headers(&[STRUCTURED]), &format!("{{\"x\":\"{}\"}}", "x".repeat(bytes))).await;
        assert_eq!(next(&mut refused).await["status"], 413, "{bytes} bytes");
    }
    let place = subject(256);
    let mut answers = bus.client.subscribe(place.clone()).await.unwrap();
    bus.send("tests", headers(&[STRUCTURED, ("Dateline-Reply-To", &place), ("X-Note", &"x".repeat(1_024 - 6))]), &event).await;
    assert_eq!(next(&mut answers).await["position"], 1, "at the limit");
    bus.until_empty().await;
    for stream in ["inbox", "refused"] {
        let info = bus.client.request(format!("$JS.API.STREAM.INFO.{stream}"), "".into()).await.unwrap();
        let limit = serde_json::from_slice::<Value>(&info.payload).unwrap()["config"]["max_bytes"].as_i64();
        assert!(limit.is_some_and(|limit| limit > 0), "{stream} has no limit in bytes");
    }
}
