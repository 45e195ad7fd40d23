//! `dateline timeline`, `incidents`, `rebuild` and `keys`: from files and through a server the same, in text and as JSON.

use serde_json::Value;

use super::{ends, with_outage};
use crate::support::{TestServer, folder};

#[test]
fn the_answer_is_the_same_from_files_and_through_a_server() {
    let (_folder, data) = folder();
    with_outage(&data);
    let questions: [&[&str]; 7] = [
        &["timeline", "whatsapp"],
        &["timeline", "whatsapp", "--lang", "bn", "--claims", "--retracted", "--tz", "Europe/Rome"],
        &["timeline", "whatsapp", "--format", "json", "--known-at", "2022-10-25T14:45+05:30", "--at", "2022-10-25T14:00+05:30"],
        &["timeline", "whatsapp", "--as-of", "12"],
        &["incidents"],
        &["incidents", "--format", "json", "--vendor", "meta", "--region", "IN", "--state", "restored", "--limit", "5"],
        &["audit", "replay"],
    ];
    let from_files: Vec<String> = questions.iter().map(|question| ends(&data, question, 0).0).collect();
    let server = TestServer::start(&data);
    for (question, from_files) in questions.iter().zip(&from_files) {
        let (through_server, _) = ends(&data, &[question, &["--url", server.url.as_str()][..]].concat(), 0);
        assert_eq!(&through_server, from_files, "dateline {}", question.join(" "));
        if question.contains(&"json") {
            serde_json::from_str::<Value>(from_files).unwrap();
        }
    }
}

#[test]
fn exit_codes_say_whether_there_is_an_answer() {
    let (_folder, data) = folder();
    let (_, stderr) = ends(&data, &["timeline", "whatsapp"], 2);
    assert!(stderr.contains("ledger"), "a folder without a ledger: {stderr}");
    with_outage(&data);
    let (_, stderr) = ends(&data, &["timeline", "no-such-service"], 2);
    assert!(stderr.contains("no-such-service"), "{stderr}");
    // An empty list is an answer.
    let (stdout, _) = ends(&data, &["incidents", "--service", "no-such-service"], 0);
    assert_eq!(stdout, "no incidents\n");
    let (stdout, _) = ends(&data, &["incidents", "--service", "no-such-service", "--format", "json"], 0);
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["incidents"], serde_json::json!([]));
    ends(&data, &["incidents", "--service", "whatsapp"], 0);
    let (_, stderr) = ends(&data, &["timeline", "whatsapp", "--lang", "tlh"], 2);
    assert!(stderr.contains("tlh"), "{stderr}");
    ends(&data, &["no-such-command"], 2);
    ends(&data, &["--help"], 0);
    ends(&data, &["--version"], 0);
}

#[test]
fn a_rebuild_changes_no_answer() {
    let (_folder, data) = folder();
    let events = with_outage(&data);
    let before = ends(&data, &["timeline", "whatsapp", "--format", "json", "--claims", "--retracted"], 0).0;
    let (stdout, _) = ends(&data, &["rebuild"], 0);
    assert!(stdout.contains(&format!("from {events} events")), "{stdout}");
    assert_eq!(ends(&data, &["timeline", "whatsapp", "--format", "json", "--claims", "--retracted"], 0).0, before);
    ends(&data, &["rebuild", "--url", "http://127.0.0.1:9"], 2);
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let (_folder, data) = folder();
    let (made, _) = ends(&data, &["keys", "create", "--name", "desk", "--scope", "edit", "--scope", "publish:/desks", "--format", "json"], 0);
    let made: Value = serde_json::from_str(&made).unwrap();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    for format in ["text", "json"] {
        let (listed, _) = ends(&data, &["keys", "list", "--format", format], 0);
        assert!(listed.contains(id) && listed.contains("publish:/desks") && !listed.contains(key), "{listed}");
    }
    ends(&data, &["keys", "revoke", id], 0);
    let (listed, _) = ends(&data, &["keys", "list"], 0);
    assert!(listed.contains("revoked"), "{listed}");
    let (_, stderr) = ends(&data, &["keys", "revoke", "nobody"], 1);
    assert!(stderr.contains("dateline keys list"), "{stderr}");
    ends(&data, &["keys", "create", "--name", "desk", "--scope", "everything"], 2);
}
