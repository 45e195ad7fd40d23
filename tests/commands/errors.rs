//! Errors speak of flags and say what to write; words that name nothing get "did you mean"; a day is read in a zone.

use serde_json::Value;

use super::{ends, with_outage};
use crate::support::{TestServer, anomaly, folder};

/// What no error of a command says.
const HTTP: [&str; 6] = ["(4", "(5", "Bad Request", "Unprocessable", "/v1/", "Authorization"];

#[test]
fn errors_name_the_flag_from_files_and_through_a_server() {
    let (_folder, data) = folder();
    with_outage(&data);
    let server = TestServer::start(&data);
    let cases: [(&[&str], &[&str]); 9] = [
        (&["timeline", "whatsapp", "--known-at", "noon"], &["--known-at \"noon\" is no time", "2022-10-25T14:45+05:30"]),
        (&["timeline", "whatsapp", "--at", "noon"], &["--at \"noon\""]),
        (&["timeline", "whatsapp", "--as-of", "99999"], &["--as-of: the views have read up to position"]),
        (&["timeline", "whatsapp", "--lang", "tlh"], &["--lang", "en or bn"]),
        (&["timeline", "whatsapp", "--tz", "Mars/Base"], &["--tz", "Mars/Base"]),
        (&["timeline", "whatsapp", "--tz", "Mars/Base", "--known-at", "2022-10-25"], &["--tz", "Mars/Base"]),
        (&["incidents", "--state", "asleep"], &["--state \"asleep\"", "restored"]),
        (&["incidents", "--limit", "0"], &["--limit: expected 1 to 500"]),
        (&["timeline", "nothing-like-it"], &["nothing-like-it", "`dateline incidents` lists"]),
    ];
    for (words, parts) in cases {
        for url in [&[][..], &["--url", server.url.as_str()]] {
            let (stdout, stderr) = ends(&data, &[words, url].concat(), 2);
            assert!(stdout.is_empty() && stderr.lines().count() == 1, "{stdout}{stderr}");
            assert!(parts.iter().all(|part| stderr.contains(part)), "{words:?}: {stderr}");
            assert!(!HTTP.iter().any(|http| stderr.contains(http)), "{words:?}: {stderr}");
        }
    }
    ends(&data, &["keys", "create", "--name", "x", "--scope", "read"], 0);
    let (_, stderr) = ends(&data, &["publish", "outage.ndjson", "--url", &server.url], 2);
    assert!(stderr.contains("--key-file") && !HTTP.iter().any(|http| stderr.contains(http)), "{stderr}");
    // Of a line it is said where in the event.
    drop(server);
    std::fs::write(data.join("bad.ndjson"), anomaly("1", "mail", "yesterday")).unwrap();
    let (_, stderr) = ends(&data, &["publish", "bad.ndjson"], 1);
    assert!(stderr.starts_with("bad.ndjson, line 1: /data/occurred") && !HTTP.iter().any(|http| stderr.contains(http)), "{stderr}");
}

#[test]
fn a_word_that_names_nothing_gets_one_that_does() {
    let (_folder, data) = folder();
    with_outage(&data);
    let (_, stderr) = ends(&data, &["timeline", "whatsap"], 2);
    assert!(stderr.contains("did you mean \"whatsapp\"?"), "{stderr}");
    let (_, stderr) = ends(&data, &["timeline", "WhatsApp", "--known-at", "2022-10-25"], 2);
    assert!(stderr.contains("did you mean \"whatsapp\"?"), "{stderr}");
    for (flag, word, meant) in [("--service", "watsapp", "\"whatsapp\""), ("--vendor", "mta", "\"meta\"")] {
        let (stdout, stderr) = ends(&data, &["incidents", flag, word], 0);
        assert!(stdout == "no incidents\n" && stderr.contains(meant), "{stdout}{stderr}");
    }
    let (_, stderr) = ends(&data, &["incidents", "--service", "whatsapp", "--region", "FR"], 0);
    assert!(stderr.is_empty(), "it is called so: {stderr}");
    let (_, stderr) = ends(&data, &["incidents", "--region", "Atlantis"], 2);
    assert!(!stderr.contains("did you mean"), "{stderr}");
    let (_, stderr) = ends(&data, &["import", "reports", "outage.ndjson", "--symptom", "smell"], 2);
    assert!(stderr.contains("--symptom") && stderr.contains("`latency`"), "{stderr}");
    for (word, meant) in [("in", "IN"), ("India", "IN (India)"), ("itlay", "IT (Italy)")] {
        let (_, stderr) = ends(&data, &["incidents", "--region", word], 2);
        assert!(stderr.contains(&format!("did you mean {meant}?")), "{stderr}");
    }
    let (_, stderr) = ends(&data, &["timelin", "whatsapp"], 2);
    assert!(stderr.contains("'timeline'"), "{stderr}");
}

#[test]
fn a_day_is_its_end_in_the_zone_asked_for_else_in_that_of_the_incident() {
    let (_folder, data) = folder();
    with_outage(&data);
    let known_at = |words: &[&str]| {
        let (told, _) = ends(&data, &[&["timeline", "whatsapp", "--format", "json", "--known-at"], words].concat(), 0);
        serde_json::from_str::<Value>(&told).unwrap()["axes"]["known_at"].as_str().unwrap().to_owned()
    };
    assert_eq!(known_at(&["2022-10-25"]), "2022-10-25T18:30:00Z", "the incident's own zone is Asia/Kolkata");
    assert_eq!(known_at(&["2022-10-25", "--tz", "Europe/Rome"]), "2022-10-25T22:00:00Z");
    assert_eq!(known_at(&["2022-10-25T14:45"]), "2022-10-25T09:15:00Z");
    assert_eq!(known_at(&["2022-10-25T14:45", "--tz", "Europe/Rome"]), "2022-10-25T12:45:00Z");
    assert_eq!(known_at(&["2022-10-25T14:45+05:30"]), "2022-10-25T09:15:00Z");
    let listed = |words: &[&str]| {
        let (told, _) = ends(&data, &[&["incidents", "--format", "json", "--known-at", "2022-10-25"], words].concat(), 0);
        serde_json::from_str::<Value>(&told).unwrap()["axes"]["known_at"].as_str().unwrap().to_owned()
    };
    assert_eq!(listed(&[]), "2022-10-26T00:00:00Z");
    assert_eq!(listed(&["--tz", "Asia/Dhaka"]), "2022-10-25T18:00:00Z");
}
