//! A poison event, which this version cannot read, stops nobody and is shown with its problem; what cannot be placed yet waits,
//! is shown, and finds its place when what it names arrives.

use std::path::Path;

use dateline_backends::{Ledger, LedgerOptions, NewEvent};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{TestServer, anomaly, folder, get, publish, run};

/// Puts bytes into the ledger as another version of the program would: through its door, past the intake.
async fn append(data: &Path, events: &[(&str, &str)]) {
    let ledger = Ledger::open(&format!("sqlite:{}", data.join("ledger.db").display()), LedgerOptions::writer()).await.unwrap();
    let new = |(id, text): &(&str, &str)| NewEvent { source: "/tests".to_owned(), id: (*id).to_owned(), bytes: text.as_bytes().to_vec() };
    ledger.append(events.iter().map(new).collect()).await.unwrap();
    tokio::task::spawn_blocking(move || drop(ledger)).await.unwrap();
}

async fn positions(url: &str, state: &str) -> Vec<u64> {
    let (status, listed) = get(&format!("{url}/v1/events?state={state}")).await;
    assert_eq!(status, 200, "{state}: {listed}");
    listed["events"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap()).collect()
}

/// Publishes one event and waits until the views have read it; answers its position.
async fn say(url: &str, line: &str) -> u64 {
    let items = publish(url, &[line]).await;
    let position = items[0]["receipt"]["position"].as_u64().unwrap_or_else(|| panic!("not accepted: {}", items[0]));
    let (status, ready) = get(&format!("{url}/v1/incidents?min_position={position}&wait_ms=30000")).await;
    assert_eq!(status, 200, "the views did not reach {position}: {ready}");
    position
}

async fn event(url: &str, position: u64) -> Value {
    get(&format!("{url}/v1/events/{position}")).await.1
}

fn about(id: &str, kind: &str, incident: Option<&str>, data: &str) -> String {
    let incident = incident.map(|incident| format!(r#""incidentid":"{incident}","#)).unwrap_or_default();
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"/tests","type":"dateline.{kind}.v1","subject":"whatsapp",{incident}"data":{data}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_stops_nobody_and_is_listed_with_its_problem() {
    let (_folder, data) = folder();
    let first = anomaly("first", "whatsapp", "2022-10-25T12:07+05:30");
    let unknown = anomaly("unknown", "whatsapp", "2022-10-25T12:08+05:30").replace("anomaly.detected", "comet.sighted");
    let truncated = &first[..first.len() / 2];
    let restored = about("restored", "service.restored", None, r#"{"occurred":{"at":"2022-10-25T14:15+05:30"},"extent":"full"}"#);
    append(&data, &[("first", first.as_str()), ("unknown", &unknown), ("truncated", truncated), ("bytes", "\u{0}"), ("restored", &restored)]).await;

    let server = TestServer::start(&data);
    let after = say(&server.url, &anomaly("after", "signal", "2022-10-25T12:09+05:30")).await;
    assert_eq!(after, 6, "poison keeps its positions");
    assert_eq!(positions(&server.url, "poison").await, [2, 3, 4]);
    let (_, listed) = get(&format!("{}/v1/events?state=poison", server.url)).await;
    for (poison, said) in listed["events"].as_array().unwrap().iter().zip(["comet.sighted", "JSON", "JSON"]) {
        let problem = poison["problem"].as_str().unwrap_or_else(|| panic!("no problem: {poison}"));
        assert!(problem.contains(said), "the problem does not name {said}: {problem}");
        assert_eq!((poison["source"].as_str(), poison["state"].as_str()), (Some("/tests"), Some("poison")), "{poison}");
    }
    assert_eq!(event(&server.url, 3).await["state"], "poison");
    let (status, told) = get(&format!("{}/v1/incidents/whatsapp/timeline.json", server.url)).await;
    assert_eq!((status, told["state"].as_str()), (200, Some("restored")), "what stands around the poison is told: {told}");

    assert_eq!(server.terminate(), Some(0));
    let rebuilt = run(&data, &["rebuild"]);
    assert!(rebuilt.status.success(), "a rebuild over poison: {}", String::from_utf8_lossy(&rebuilt.stderr));
    let server = TestServer::start(&data);
    assert_eq!(positions(&server.url, "poison").await, [2, 3, 4], "after a rebuild");
    assert_eq!(get(&format!("{}/v1/incidents/whatsapp/timeline.json", server.url)).await.1, told, "after a rebuild");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_placed_waits_in_sight_and_is_attached_when_what_it_names_arrives() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let url = &server.url;
    let hash: String = Sha256::digest("/tests\nopening").iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let incident = format!("whatsapp-2022-10-25-{hash}");
    let restored = say(url, &about("restored", "service.restored", None, r#"{"occurred":{"at":"2022-10-25T14:15+05:30"},"extent":"full"}"#)).await;
    let correction = r#"{"event":{"id":"opening"},"patch":{"occurred":{"at":"2022-10-25T12:05+05:30"}},"edit_kind":"error","reason":"misread"}"#;
    let corrected = say(url, &about("corrected", "event.corrected", None, correction)).await;
    let named = say(url, &about("named", "context.added", Some(&incident), r#"{"occurred":{"unknown":true},"text":{"en":"Diwali week"}}"#)).await;
    let elsewhere = say(url, &about("elsewhere", "service.restored", None, r#"{"occurred":{"at":"2021-01-01T14:15+05:30"},"extent":"full"}"#)).await;
    assert_eq!(positions(url, "unattached").await, [restored, corrected, named, elsewhere], "nothing of it has a place yet");
    assert_eq!(get(&format!("{url}/v1/incidents")).await.1["incidents"], serde_json::json!([]));

    say(url, &anomaly("opening", "whatsapp", "2022-10-25T12:07+05:30")).await;
    assert_eq!(positions(url, "unattached").await, [elsewhere], "the one of another year still waits");
    for position in [restored, corrected, named] {
        let event = event(url, position).await;
        assert_eq!((&event["state"], &event["incidents"]), (&"attached".into(), &serde_json::json!([incident])), "position {position}: {event}");
    }
    let (_, told) = get(&format!("{url}/v1/incidents/{incident}/timeline.json")).await;
    assert_eq!(told["state"], "restored", "{told}");
    assert_eq!(told["milestones"]["first_seen"]["occurred"]["earliest"], "2022-10-25T06:35:00Z", "the correction that waited holds: {told}");
}
