//! Reading the same thing twice publishes nothing; values that come back are new events; both engines hold the same bytes.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{history, import, summary};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::postgres::shared;
use crate::support::{folder, run};

/// A version of an incident of a page that exists only here.
fn version(recorded_at: &str, name: &str, body: &str, status: &str) -> Value {
    json!({"recorded_at": recorded_at, "section": "incidents", "incident": {
        "id": "aaaabbbbcccc", "name": name, "status": status, "impact": "minor", "page_id": "ppppqqqqrrrr", "shortlink": "https://stspg.example/a",
        "created_at": "2024-05-01T10:00:00.100Z", "updated_at": recorded_at, "started_at": "2024-05-01T10:00:00.050Z",
        "incident_updates": [{"id": "uuuuvvvvwwww", "status": status, "body": body, "display_at": "2024-05-01T10:00:00.100Z",
            "created_at": "2024-05-01T10:00:00.100Z", "updated_at": "2024-05-01T10:00:00.100Z"}],
        "components": [{"name": "API"}]}})
}

fn written(folder: &Path, versions: &[Value]) -> String {
    let path = folder.join("lamp.versions.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    versions.iter().for_each(|version| writeln!(file, "{version}").unwrap());
    path.display().to_string()
}

#[test]
fn values_that_come_back_are_three_events() {
    let (_folder, files) = folder();
    let words = ["We are looking into slow answers.", "All is well.", "We are looking into slow answers."];
    let minutes = ["10:05", "10:10", "10:15"];
    let lines: Vec<Value> =
        words.iter().zip(minutes).map(|(words, minute)| version(&format!("2024-05-01T{minute}:00Z"), "Slow", words, "investigating")).collect();
    let first = import(&files, &["versions", &written(&files, &lines)]);
    assert_eq!(first["edits"]["words"], json!({"edits": 2, "minor": 0, "incidents": 1, "incidents_not_minor": 1}), "{first}");
    assert_eq!(first["published"], 6, "the beginning, the name, the severity, the post and two corrections: {first}");
    let second = import(&files, &["versions", &written(&files, &lines)]);
    assert_eq!((&second["published"], &second["passed_over"]), (&json!(0), &json!(3)), "{second}");
    // What is remembered is lost: it is made again from what was published, so that nothing is said twice.
    std::fs::remove_file(files.join("state.db")).unwrap();
    let third = import(&files, &["versions", &written(&files, &lines)]);
    assert_eq!((&third["published"], &third["known"], &third["passed_over"]), (&json!(0), &json!(0), &json!(3)), "{third}");
}

#[test]
fn a_dry_run_leaves_nothing() {
    let (_folder, files) = folder();
    let path = written(&files, &[version("2024-05-01T10:05:00Z", "Slow", "Slow answers.", "investigating")]);
    let dry = import(&files, &["versions", &path, "--dry-run"]);
    assert_eq!((&dry["published"], &dry["events"]["vendor.updated"]), (&json!(0), &json!(1)), "{dry}");
    assert!(!files.join("ledger.db").exists() && !files.join("state.db").exists());
}

#[test]
fn a_line_that_is_no_version_is_named_and_the_rest_is_taken() {
    let (_folder, files) = folder();
    let path = written(&files, &[json!({"no": "version"}), version("2024-05-01T10:05:00Z", "Slow", "Slow answers.", "investigating")]);
    let ran = run(&files, &["import", "versions", &path, "--format", "json"]);
    assert_eq!(ran.status.code(), Some(1));
    let said = summary(&ran);
    assert_eq!((&said["refused"], &said["refusals"][0]["what"], &said["published"]), (&json!(1), &json!("line 1"), &json!(4)), "{said}");
}

#[test]
fn an_incident_that_left_the_page_is_restored_within_the_interval() {
    let (_folder, files) = folder();
    let path = written(&files, &[version("2024-05-01T10:05:00Z", "Slow", "Slow answers.", "investigating")]);
    let table = files.join("seen.csv");
    std::fs::write(
        &table,
        "incident_id,first_seen_at,last_seen_at,first_absent_at,snapshots\naaaabbbbcccc,2024-05-01T10:05:00Z,2024-05-01T10:25:00Z,2024-05-01T10:35:00Z,3\n",
    )
    .unwrap();
    import(&files, &["versions", &path, "--visibility", table.to_str().unwrap()]);
    let told = run(&files, &["timeline", "lamp", "--format", "json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["state"], "restored");
    let restored = &told["milestones"]["restored"];
    assert_eq!(restored["spread"], json!({"earliest": "2024-05-01T10:25:00Z", "latest": "2024-05-01T10:35:00Z"}), "{restored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_holds_the_same_bytes_on_both_engines() {
    let Some((versions, table)) = history("github") else { return };
    let (_folder, files) = folder();
    let bus = Nats::start();
    let embedded = Kept::in_folder(&files);
    let other = files.join("other");
    std::fs::create_dir(&other).unwrap();
    let state_store = vec!["--state-store".to_owned(), format!("sqlite:{}", other.join("state.db").display())];
    let distributed = Kept { folder: other, ledger: bus.url(), views: shared().create_database(), flags: state_store };
    let words = ["import", "versions", versions.as_str(), "--visibility", table.as_str(), "--format", "json"];
    let (here, there) = (summary(&embedded.run(&words)), summary(&distributed.run(&words)));
    assert_eq!(here, there);
    assert!(here["published"].as_u64().unwrap() > 6_000, "{here}");
    let second = summary(&distributed.run(&words));
    assert_eq!(second["published"], 0, "{second}");
    let replayed = |kept: &Kept| {
        let ran = kept.run(&["audit", "replay"]);
        let text = String::from_utf8(ran.stdout).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| (line["position"].clone(), line["key"].clone(), line["event"].to_string())).collect::<Vec<_>>()
    };
    let (left, right) = (replayed(&embedded), replayed(&distributed));
    assert_eq!(left.len() as u64, here["published"].as_u64().unwrap());
    assert_eq!(left, right, "position, key and event");
    let mut pages = Vec::new();
    for kept in [&embedded, &distributed] {
        let reader = Role::start(kept, "reader");
        let mut told = Vec::new();
        for known_at in ["2021-03-01T00:00:00Z", "2023-06-29T18:10:00Z", "2026-08-17T16:38:15Z"] {
            for path in [
                "/v1/watch/pages/github?presence=all&limit=500",
                "/v1/incidents?service=github&limit=500&from=2023-06-01T00:00:00Z&to=2023-07-15T00:00:00Z",
            ] {
                let answer = reqwest::get(format!("{}{path}&known_at={known_at}", reader.url)).await.unwrap();
                assert_eq!(answer.status(), 200, "{path}");
                told.push(answer.text().await.unwrap());
            }
        }
        pages.push(told);
    }
    // The incidents of 2023 were unknown in 2021.
    assert!(pages[0][2..].iter().all(|page| page.len() > 500), "the pages say too little");
    assert_eq!(pages[0], pages[1], "the page of then, and the incidents, byte for byte");
}

/// A page of a Statuspage, as a file.
fn page_file(folder: &Path, name: &str, page: &Value) -> String {
    let path = folder.join(name);
    std::fs::write(&path, page.to_string()).unwrap();
    path.display().to_string()
}

fn listed(id: &str, start: &str, body: &str) -> Value {
    json!({"id": id, "name": "Slow", "status": "resolved", "impact": "minor", "started_at": start, "updated_at": start, "incident_updates": [
        {"id": format!("{id}-1"), "status": "resolved", "body": body, "display_at": start, "updated_at": start}]})
}

#[test]
fn saved_pages_imported_again_say_nothing_and_two_lists_do_not_miss_each_others_incidents() {
    let (_folder, files) = folder();
    let page = |name: &str, incidents: &[Value]| json!({"page": {"id": "p", "name": "Lamp"}, name: incidents});
    let (a, b, c) = ("2024-05-01T10:00:00Z", "2024-05-02T10:00:00Z", "2024-05-03T10:00:00Z");
    let pages = [
        page_file(&files, "1.json", &page("incidents", &[listed("b", b, "One."), listed("a", a, "One.")])),
        page_file(&files, "2.json", &page("incidents", &[listed("c", c, "One."), listed("b", b, "Two."), listed("a", a, "One.")])),
        page_file(&files, "planned.json", &page("scheduled_maintenances", &[listed("m", "2023-01-01T10:00:00Z", "Done.")])),
        // The next page of the list: what is newer than all of it is not missed.
        page_file(
            &files,
            "older.json",
            &page("incidents", &[listed("y", "2022-02-01T10:00:00Z", "One."), listed("x", "2022-01-01T10:00:00Z", "One.")]),
        ),
    ];
    let order: Vec<&str> = std::iter::once("statuspage").chain(pages.iter().map(String::as_str)).collect();
    let first = import(&files, &order);
    assert_eq!((&first["edits"]["removed"], &first["edits"]["words"]["edits"]), (&Value::Null, &json!(1)), "{first}");
    let second = import(&files, &order);
    assert_eq!((&second["published"], &second["known"]), (&json!(0), &json!(0)), "{second}");
}

#[test]
fn lines_that_go_back_in_time_are_named() {
    let (_folder, files) = folder();
    let older = version("2024-05-01T10:05:00Z", "Slow", "Slow answers.", "investigating");
    let newer = version("2024-05-01T10:15:00Z", "Slow", "All is well.", "monitoring");
    let path = written(&files, &[newer, older]);
    let ran = run(&files, &["import", "versions", &path, "--format", "json"]);
    assert_eq!(ran.status.code(), Some(1));
    let said = summary(&ran);
    assert_eq!((&said["refused"], &said["refusals"][0]["what"]), (&json!(1), &json!("line 2")), "{said}");
    assert!(said["refusals"][0]["why"].as_str().unwrap().contains("goes back in time"), "{said}");
}

#[test]
fn what_no_event_can_hold_is_cut_and_named_and_the_rest_is_taken() {
    let (_folder, files) = folder();
    let long = listed("a", "2024-05-01T10:00:00Z", &"\"quoted\" ".repeat(10_000));
    let short = listed("b", "2024-05-02T10:00:00Z", "One.");
    let file = page_file(&files, "1.json", &json!({"page": {"id": "p", "name": "Lamp"}, "incidents": [short, long]}));
    let ran = run(&files, &["import", "statuspage", &file, "--format", "json"]);
    let said = summary(&ran);
    assert_eq!((&said["refused"], &said["events"]["vendor.updated"]), (&json!(1), &json!(2)), "{said}");
    assert!(said["refusals"][0]["why"].as_str().unwrap().contains("cut after"), "{said}");
}

#[test]
fn an_incident_that_came_back_is_open_again_and_may_leave_again() {
    let (_folder, files) = folder();
    let path = written(&files, &[version("2024-05-01T10:05:00Z", "Slow", "Slow answers.", "investigating")]);
    let table = files.join("seen.csv");
    let head = "incident_id,first_seen_at,last_seen_at,first_absent_at\n";
    let row = |from: &str, until: &str, absent: &str| format!("aaaabbbbcccc,2024-05-01T{from}Z,2024-05-01T{until}Z,{absent}\n");
    let first = row("10:05:00", "10:25:00", "2024-05-01T10:35:00Z");
    std::fs::write(&table, format!("{head}{first}{}", row("11:00:00", "11:30:00", "2024-05-01T11:40:00Z"))).unwrap();
    import(&files, &["versions", &path, "--visibility", table.to_str().unwrap()]);
    let state = |known_at: &str| {
        let told = run(&files, &["timeline", "lamp", "--format", "json", "--known-at", known_at]);
        serde_json::from_slice::<Value>(&told.stdout).unwrap()["state"].clone()
    };
    assert_eq!(["10:50", "11:20", "11:50"].map(|time| state(&format!("2024-05-01T{time}:00Z")) == "restored"), [true, false, true]);
}

#[test]
fn files_of_one_folder_may_be_read_at_one_time() {
    let (_folder, files) = folder();
    let issue = |name: &str| {
        let path = files.join(name);
        std::fs::write(&path, format!("---\ntitle: {name}\ndate: 2024-05-01T9:00:00Z\nseverity: down\n---\nWords.\n")).unwrap();
        path.display().to_string()
    };
    let (one, two, three) = (issue("one.md"), issue("two.md"), issue("three.md"));
    let read_at = |time| ["--service", "lamp", "--read-at", time];
    let both = import(&files, &[&["cstate", one.as_str(), two.as_str()][..], &read_at("2024-05-02T00:00:00Z")].concat());
    let third = import(&files, &[&["cstate", three.as_str()][..], &read_at("2024-05-01T12:00:00Z")].concat());
    assert_eq!((&both["incidents"], &third["incidents"], &third["passed_over"]), (&json!(2), &json!(1), &json!(0)), "{both} {third}");
    let page = json!({"page": {"id": "p", "name": "Lamp"}, "incidents": [listed("a", "2024-05-01T10:00:00Z", "One.")]});
    let (first, second) = (page_file(&files, "1.json", &page), page_file(&files, "2.json", &page));
    let ran = run(&files, &["import", "statuspage", &first, &second, "--read-at", "2024-05-02T00:00:00Z", "--format", "json"]);
    let said = summary(&ran);
    assert!(said["refusals"][0]["what"].as_str().unwrap().ends_with("2.json"), "{said}");
}
