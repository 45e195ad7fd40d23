//! `dateline publish`: from files, from standard input, through a server; a line that is refused is named.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::{ends, said, with_outage};
use crate::support::{OUTAGE, TestServer, anomaly, command, folder, run};

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn published_twice_is_published_once() {
    let (_folder, data) = folder();
    let events = with_outage(&data);
    let (stdout, _) = ends(&data, &["publish", "outage.ndjson", "--format", "json"], 0);
    let expected = serde_json::json!({"lines": events, "fresh": 0, "known": events, "refused": 0, "last_position": events});
    assert_eq!(json_lines(&stdout), [expected]);
}

#[test]
fn a_bad_line_is_named_by_file_and_line_and_the_others_are_published() {
    let (_folder, data) = folder();
    let sound = [anomaly("a", "whatsapp", "2022-10-25T12:07+05:30"), anomaly("b", "whatsapp", "2022-10-25T12:08+05:30")];
    let no_kind = sound[0].replace("anomaly.detected", "comet.sighted");
    std::fs::write(data.join("mixed.ndjson"), format!("{}\n\n{no_kind}\n{{\"half\": \n{}\n", sound[0], sound[1])).unwrap();
    let (stdout, stderr) = ends(&data, &["publish", "mixed.ndjson"], 1);
    assert!(stderr.contains("mixed.ndjson, line 3:") && stderr.contains("comet.sighted"), "{stderr}");
    assert!(stderr.contains("mixed.ndjson, line 4:"), "{stderr}");
    assert!(stdout.contains("2 new") && stdout.contains("2 refused"), "{stdout}");
    let (stdout, stderr) = ends(&data, &["publish", "mixed.ndjson", "--format", "json"], 1);
    let lines = json_lines(&stdout);
    assert!(stderr.is_empty(), "{stderr}");
    let refused: Vec<_> = lines.iter().filter_map(|line| line["line"].as_u64()).collect();
    assert!(refused.contains(&3) && refused.contains(&4) && refused.len() == 2, "{stdout}");
    assert_eq!(lines.last().unwrap()["refused"], 2, "{stdout}");
}

#[test]
fn a_line_without_an_id_gets_one_of_its_content_and_a_retry_never_doubles() {
    let (_folder, data) = folder();
    let without = |service: &str| anomaly("x", service, "2022-10-25T12:07+05:30").replace(r#""id":"x","#, "");
    // A byte order mark is no part of the first line. A null is an id that is there, and refused.
    let lines = [without("mail"), without("maps"), anomaly("given", "mail", "2022-10-25T12:09+05:30")];
    std::fs::write(data.join("plain.ndjson"), format!("\u{feff}{}\n", lines.join("\n"))).unwrap();
    let (stdout, _) = ends(&data, &["publish", "plain.ndjson"], 0);
    assert!(stdout.contains("3 new, 0 known already, 0 refused"), "{stdout}");
    // The same again, written otherwise: the same events.
    std::fs::write(data.join("again.ndjson"), lines.join("\n").replace(',', " , ")).unwrap();
    let (stdout, _) = ends(&data, &["publish", "again.ndjson"], 0);
    assert!(stdout.contains("0 new, 3 known already, 0 refused"), "{stdout}");
    std::fs::write(data.join("null.ndjson"), anomaly("x", "mail", "2022-10-25T12:07+05:30").replace("\"x\"", "null")).unwrap();
    let (_, stderr) = ends(&data, &["publish", "null.ndjson"], 1);
    assert!(stderr.contains("/id"), "{stderr}");
    let replayed = String::from_utf8(run(&data, &["audit", "replay"]).stdout).unwrap();
    let ids: Vec<String> = json_lines(&replayed).iter().map(|line| line["event"]["id"].as_str().unwrap().to_owned()).collect();
    let millis = "0184-0dc7".len();
    assert!(ids[0] != ids[1] && ids[0][..millis] == ids[1][..millis] && ids[0].as_bytes()[14] == b'8', "{ids:?}");
}

#[test]
fn a_file_that_is_not_there_could_not_be_published() {
    let (_folder, data) = folder();
    let (_, stderr) = ends(&data, &["publish", "nowhere.ndjson"], 2);
    assert!(stderr.contains("nowhere.ndjson"), "{stderr}");
}

#[test]
fn from_standard_input() {
    let (_folder, data) = folder();
    let mut child = command(&data).args(["publish", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(OUTAGE.as_bytes()).unwrap();
    let (code, stdout, stderr) = said(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains(&format!("{} new", OUTAGE.lines().count())), "{stdout}");
    ends(&data, &["timeline", "whatsapp"], 0);
}

#[test]
fn through_a_server_it_works_and_where_there_is_none_it_says_what_to_do() {
    let (_folder, data) = folder();
    std::fs::write(data.join("outage.ndjson"), OUTAGE).unwrap();
    let (_other, elsewhere) = folder();
    let server = TestServer::start(&elsewhere);
    let (stdout, _) = ends(&data, &["publish", "outage.ndjson", "--url", &server.url], 0);
    assert!(stdout.contains(&format!("{} new", OUTAGE.lines().count())), "{stdout}");
    let (_, stderr) = ends(&data, &["publish", "outage.ndjson", "--url", "http://127.0.0.1:9"], 2);
    assert!(stderr.contains("no server answers") && stderr.contains("dateline serve"), "{stderr}");
}
