//! `dateline demo`: twice the same, and what it proposes works as printed.

use std::process::Command;

use super::{ends, said};
use crate::support::{OUTAGE, TestServer, anomaly, folder};

#[test]
fn the_demo_twice_on_the_same_data_says_the_same_and_adds_nothing() {
    let (_folder, data) = folder();
    // The first line names the port, which the system chooses.
    let story = |text: String| text.split_once('\n').unwrap().1.to_owned();
    let first = story(ends(&data, &["demo"], 0).0);
    let second = story(ends(&data, &["demo"], 0).0);
    assert_eq!(first, second);
    let (replay, _) = ends(&data, &["audit", "replay"], 0);
    assert_eq!(replay.lines().count(), OUTAGE.lines().count(), "a second run adds nothing");
    assert!(first.contains("হোয়াটসঅ্যাপ") && first.contains("First reports") || first.contains("WhatsApp"), "{first}");
    ends(&data, &["demo", "--claims"], 0);
}

#[test]
fn what_the_demo_proposes_works_as_printed_even_in_a_folder_with_a_space() {
    let (_folder, parent) = folder();
    let data = parent.join("my data");
    std::fs::create_dir(&data).unwrap();
    let (told, _) = ends(&data, &["demo"], 0);
    let (_, next) = told.split_once("Try next:\n").unwrap_or_else(|| panic!("nothing proposed: {told}"));
    let proposed: Vec<&str> = next.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert_eq!(proposed.len(), 3, "{next}");
    for line in proposed {
        let (code, stdout, stderr) = said(&Command::new("sh").args(["-c", line]).output().unwrap());
        assert!(code == Some(0) && stdout.lines().count() > 3 && stderr.is_empty(), "{line}\n{code:?}\n{stdout}\n{stderr}");
    }
}

#[test]
fn a_server_shows_what_the_demo_made_and_the_demo_plays_beside_one() {
    let (_folder, data) = folder();
    ends(&data, &["demo"], 0);
    let server = TestServer::start(&data);
    let (shown, _) = ends(&data, &["incidents", "--url", &server.url], 0);
    assert!(shown.contains("WhatsApp"), "{shown}");
    let (again, _) = ends(&data, &["demo", "--serve"], 0);
    assert!(again.contains(&server.url) && again.contains("goes on"), "{again}");
    drop(server);
    let (_other, empty) = folder();
    let server = TestServer::start(&empty);
    ends(&empty, &["demo"], 0);
    let (shown, _) = ends(&empty, &["incidents", "--url", &server.url], 0);
    assert!(shown.contains("WhatsApp"), "{shown}");
}

#[test]
fn the_demo_adds_nothing_to_the_record_of_others() {
    let (_folder, data) = folder();
    std::fs::write(data.join("one.ndjson"), anomaly("1", "mail", "2026-01-05T10:00Z")).unwrap();
    ends(&data, &["publish", "one.ndjson"], 0);
    let refused = || {
        let (_, stderr) = ends(&data, &["demo"], 2);
        assert!(stderr.contains("holds other events") && stderr.contains("--data"), "{stderr}");
    };
    refused();
    let server = TestServer::start(&data);
    refused();
    drop(server);
    assert_eq!(ends(&data, &["audit", "replay"], 0).0.lines().count(), 1);
}
