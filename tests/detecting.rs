//! The first anomaly: what users' reports show becomes few events, the same on both engines, once, wherever the detector is killed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use dateline_backends::Reports;
use dateline_events::Instant;
use dateline_events::reports::{Count, Flush, Run};
use serde_json::{Value, json};

use crate::asking::{client, get as ask, send};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::openapi::Strict;
use crate::postgres::shared;
use crate::support::{TestServer, folder, get, run};

/// Six days of a series in windows of twenty minutes, with three bad hours on the fifth.
fn series(folder: &Path) -> String {
    let begin = Instant::parse("2024-06-03T00:00:00Z").unwrap();
    let mut text = "timestamp,reports\n".to_owned();
    for number in 0..6 * 72 {
        let at = begin.plus(i64::from(number) * 20 * Instant::MINUTE);
        let usual = 8 + (number * 7) % 5;
        let is_bad = (4 * 72 + 30..4 * 72 + 39).contains(&number);
        writeln!(text, "{at},{}", if is_bad { 40 * usual } else { usual }).unwrap();
    }
    let file = folder.join("mail.csv");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// What the detector said so far, by id.
async fn said(url: &str) -> BTreeMap<String, Value> {
    let lines = reqwest::get(format!("{url}/v1/events?after=0")).await.unwrap().text().await.unwrap();
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let own = records.filter(|record| record["event"]["source"] == "/detector");
    own.map(|record| (record["id"].as_str().unwrap().to_owned(), record["event"].clone())).collect()
}

/// Waits until the detector has read everything, and something that it said stands in the ledger.
async fn until_caught_up(detector: &str, ledger: &str) -> BTreeMap<String, Value> {
    for _ in 0..600 {
        let (status, state) = get(&format!("{detector}/v1/detector")).await;
        if status == 200 && state["position"].as_u64() > Some(0) && state["position"] == state["head"] {
            let said = said(ledger).await;
            if !said.is_empty() {
                return said;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was said: {}", get(&format!("{detector}/v1/detector")).await.1);
}

async fn incident(url: &str) -> String {
    let (_, incidents) = get(&format!("{url}/v1/incidents?service=mail")).await;
    assert_eq!(incidents["incidents"].as_array().map(Vec::len), Some(1), "{incidents}");
    incidents["incidents"][0]["id"].as_str().or(incidents["incidents"][0]["incident"].as_str()).unwrap().to_owned()
}

fn import(data: &Path, file: &str, to: &[&str]) {
    let ran = run(data, &[&["import", "reports", file, "--service", "mail", "--channel", "a-monitor"], to].concat());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

fn kinds(said: &BTreeMap<String, Value>) -> Vec<&str> {
    said.values().map(|event| event["type"].as_str().unwrap().trim_start_matches("dateline.").trim_end_matches(".v1")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_with_an_outage_becomes_one_incident_and_a_detector_that_is_killed_says_nothing_twice() {
    let (_folder, data) = folder();
    let file = series(&data);
    let server = TestServer::start(&data);
    import(&data, &file, &["--url", &server.url]);
    let first = until_caught_up(&server.url, &server.url).await;
    assert_eq!(kinds(&first), ["anomaly.detected", "reports.observed", "reports.observed", "reports.subsided"]);
    let anomaly = &first["mail/20240607T100000Z/0"]["data"];
    assert_eq!(anomaly["occurred"], json!({"between": ["2024-06-07T10:00Z", "2024-06-07T10:19Z"]}));
    assert_eq!((&anomaly["certainty"], &anomaly["detected_by"]), (&json!("reported"), &json!("dateline")));
    assert!(anomaly["counts"][0]["value"].as_u64() >= Some(300) && anomaly["baseline"].as_f64() > Some(5.0), "{anomaly}");
    let shown = ask(&format!("{}/v1/detector", server.url)).await;
    Strict::new().check("get /v1/detector", &shown);
    assert_eq!(shown.json()["standing"], json!([]));
    // The picture of it, also when the reports are long gone; and on the page.
    let at = "at=2024-06-07T10:00:00Z";
    let picture = ask(&format!("{}/v1/services/mail/reports.svg?{at}&lang=bn", server.url)).await.expect(200);
    assert_eq!(picture.media_type(), "image/svg+xml");
    let svg = String::from_utf8(picture.body.to_vec()).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("৪৮০") && !svg.contains("<script"), "{svg}");
    let id = incident(&server.url).await;
    let page = ask(&format!("{}/incidents/{id}?lang=en", server.url)).await.expect(200);
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains(&format!("/v1/services/mail/reports.svg?{at}")), "{page}");
    let then = ask(&format!("{}/incidents/{id}?known_at=2024-06-07T09:00:00Z", server.url)).await.expect(200);
    assert!(!String::from_utf8(then.body.to_vec()).unwrap().contains("reports.svg"), "it would tell what was not known then");
    ask(&format!("{}/v1/services/mail/reports.svg?at=2023-06-07T10:00:00Z", server.url)).await.problem(404);
    // Killed before anything was written down: all is read once more, and known already.
    server.kill();
    for pause_ms in [0, 40, 200, 700] {
        let server = TestServer::start(&data);
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        server.kill();
    }
    let server = TestServer::start(&data);
    assert_eq!(until_caught_up(&server.url, &server.url).await, first);
    assert_eq!(incident(&server.url).await, id);
    let told = run(&data, &["timeline", "mail", "--url", &server.url]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("10:00"), "{told}");
    println!("{told}");
    // The same after a graceful end, when it was written down; and a second import changes nothing.
    assert_eq!(server.terminate(), Some(0));
    let server = TestServer::start(&data);
    import(&data, &file, &["--url", &server.url]);
    assert_eq!(until_caught_up(&server.url, &server.url).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detector_of_its_own_on_the_bus_says_the_same() {
    let (_folder, data) = folder();
    let file = series(&data);
    let server = TestServer::start(&data);
    import(&data, &file, &["--url", &server.url]);
    let expected = until_caught_up(&server.url, &server.url).await;
    server.kill();
    let (_beside, there) = folder();
    let bus = Nats::start();
    let kept = Kept { folder: there.clone(), ledger: bus.url(), views: shared().create_database(), flags: Vec::new() };
    let intake = Role::start(&kept, "intake");
    let _projector = Role::start(&kept, "projector");
    let reader = Role::start(&kept, "reader");
    let publishing = Kept { flags: vec!["--url".to_owned(), intake.url.clone()], ..kept.clone() };
    let detector = Role::start(&publishing, "detector");
    import(&there, &file, &["--url", &intake.url]);
    assert_eq!(until_caught_up(&detector.url, &reader.url).await, expected);
    detector.kill();
    let detector = Role::start(&publishing, "detector");
    assert_eq!(until_caught_up(&detector.url, &reader.url).await, expected);
}

#[tokio::test]
async fn a_detector_without_an_intake_says_what_it_needs() {
    let (_folder, data) = folder();
    TestServer::start(&data).kill();
    let ran = run(&data, &["detector", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("Name the intake with --url"), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// The log of an intake: two quiet days in steps of five minutes, then two hours in which messages are not sent, in India and later in Italy.
async fn written_log(data: &Path) {
    let begin = Instant::parse("2024-06-03T00:00:00Z").unwrap().0 / Instant::MINUTE;
    write_log(data, begin, 2 * 288 + 24 + 30).await;
}

/// So many steps of five minutes of such a log.
async fn write_log(data: &Path, begin: i64, steps: i64) {
    let reports = Reports::open(&format!("sqlite:{}", data.join("reports.db").display())).await.unwrap();
    for number in 0..steps {
        let minute = begin + 5 * number;
        let count = |region: &str, symptom: &str, count: u64| -> Count {
            serde_json::from_value(json!({"service": "mail", "region": region, "symptom": symptom, "channel": "app", "from": "public", "minute": minute, "count": count}))
                .unwrap()
        };
        let counts = match number - 2 * 288 {
            at @ 0..24 => {
                let italy = if at >= 12 { 150 } else { 0 };
                vec![count("IN", "sending", 345), count("IN", "connection", 105), count("IN", "app", 50), count("IT", "sending", italy)]
            }
            _ => vec![count("IN", "app", u64::from(number % 3 == 0)), count("IT", "login", u64::from(number % 7 == 0))],
        };
        let flush = Flush::new(Run(5), number as u64 + 1, counts.into_iter().filter(|count| count.count > 0).collect());
        reports.append(&flush.written(minute)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_reports_are_about_and_where_they_spread_is_told_in_both_languages() {
    let (_folder, data) = folder();
    written_log(&data).await;
    // One that cannot be read, the last of all, stops nobody and is read once.
    let reports = Reports::open(&format!("sqlite:{}", data.join("reports.db").display())).await.unwrap();
    let unreadable: Count =
        serde_json::from_value(json!({"service": "NO SLUG", "symptom": "app", "channel": "app", "from": "public", "minute": 5, "count": 1})).unwrap();
    reports.append(&Flush::new(Run(6), 1, vec![unreadable])).await.unwrap();
    let server = TestServer::start(&data);
    let said = until_caught_up(&server.url, &server.url).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(get(&format!("{}/v1/detector", server.url)).await.1["unreadable"], 1);
    assert_eq!(said["mail/20240605T000000Z/0"]["data"]["regions"], json!(["IN"]));
    let spread: Vec<&Value> =
        said.values().filter(|event| event["type"] == "dateline.scope.changed.v1").map(|event| &event["data"]["regions"]).collect();
    assert_eq!(spread, [&json!(["IT"])]);
    let told = |lang: &str| String::from_utf8(run(&data, &["timeline", "mail", "--lang", lang, "--url", &server.url]).stdout).unwrap();
    let (english, bengali) = (told("en"), told("bn"));
    println!("{english}\n{bengali}");
    assert!(english.contains("69") && english.contains("messages not sending") && english.contains("Italy"), "{english}");
    assert!(bengali.contains("৬৯"), "{bengali}");
}

/// Sends five reports of a service as if from an address behind a proxy; answers how many counted.
async fn flood(url: &str, service: &str, address: u32) -> u64 {
    let body = format!("{{\"service\":\"{service}\",\"region\":\"IN\",\"symptom\":\"sending\"}}\n").repeat(6);
    let from = std::net::Ipv4Addr::from(0x0a00_0000 + address).to_string();
    let request = client().post(format!("{url}/v1/reports")).header("content-type", "application/x-ndjson").header("x-forwarded-for", from);
    send(request.body(body)).await.expect(200).json()["accepted"].as_u64().unwrap()
}

/// What it takes to make up an outage of a service on which hardly anybody reports, through the doors.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_addresses_make_up_an_anomaly_and_confirm_nothing() {
    let (_folder, data) = folder();
    let now = time::OffsetDateTime::now_utc().unix_timestamp() / 60;
    write_log(&data, now - 5 * 570 - 5, 570).await;
    assert!(run(&data, &["keys", "create", "--name", "desk", "--scope", "read"]).status.success());
    let server = TestServer::start_with(&data, &["--open-reports", "--open-reading", "--proxy", "127.0.0.1"]);
    let read = |url: String| async move {
        loop {
            let (_, state) = get(&format!("{url}/v1/detector")).await;
            if state["position"] == state["head"] && state["position"].as_u64() > Some(569) {
                return state["published"].as_u64().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert_eq!(read(server.url.clone()).await, 0, "two quiet days");
    let (mut addresses, mut accepted) = (0, 0);
    while read(server.url.clone()).await == 0 && addresses < 1_000 {
        addresses += 1;
        accepted += flood(&server.url, "mail", addresses).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    println!("an anomaly takes {addresses} addresses, {accepted} reports");
    assert!((3..=20).contains(&addresses), "{addresses} addresses");
    let rest: Vec<u32> = (addresses + 1..=1_000).collect();
    for together in rest.chunks(100) {
        accepted += futures_util::future::join_all(together.iter().map(|address| flood(&server.url, "mail", *address))).await.iter().sum::<u64>();
    }
    println!("1,000 addresses count {accepted} reports in an hour");
    assert_eq!(accepted, 5_000);
    read(server.url.clone()).await;
    let timeline = ask(&format!("{}/v1/incidents/mail/timeline.json", server.url)).await.expect(200).text();
    assert!(timeline.contains("anomaly.detected") && !timeline.contains("confirmed"), "{timeline}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_looks_shorter_for_a_moment_is_asked_again_and_not_read_anew() {
    let (_folder, data) = folder();
    written_log(&data).await;
    let server = TestServer::start(&data);
    until_caught_up(&server.url, &server.url).await;
    let state = async || get(&format!("{}/v1/detector", server.url)).await.1;
    let before = state().await;
    let file = rusqlite::Connection::open(data.join("reports.db")).unwrap();
    file.busy_timeout(Duration::from_secs(5)).unwrap();
    let move_end = |by: i64| file.execute("UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'flushes'", [by]).unwrap();
    move_end(-1);
    while !state().await["why"].as_str().is_some_and(|why| why.contains("looks shorter")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    move_end(1);
    while !state().await["why"].is_null() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = state().await;
    assert_eq!((&after["published"], &after["series"]), (&before["published"], &before["series"]), "{after}");
    assert!(after["position"].as_u64() >= before["position"].as_u64(), "{after}");
}
