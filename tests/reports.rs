//! Users' reports become counts: one, many or NDJSON, whole or refused whole, told by name what is wrong, and nothing of a report is
//! kept but that it was counted.

mod durable;
mod import;
mod limits;
mod once;

use std::path::Path;

use dateline_backends::Reports;
use dateline_events::reports::{Cell, Counts, Flush, ReportKey};
use serde_json::{Value, json};

use crate::asking::{Answer, House, client, send};
use crate::support::{TestServer, folder, run};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// A total of long ago.
pub const TOTAL: &str = r#"{"service":"github","time":"2019-05-06T12:20:00Z","total":3,"window_minutes":20}"#;

/// What an intake is sent and answers, for whoever holds it against the contract.
pub fn answers() -> Vec<(&'static str, String, u16)> {
    let good = r#"{"service":"mail","region":"IN","symptom":"sending","channel":"app","text":"nothing goes out"}"#;
    vec![
        (JSON, good.to_owned(), 200),
        (JSON, format!("[{good},{good}]"), 200),
        (LINES, format!("{good}\n{good}\n"), 200),
        (LINES, format!("{good}\n{{\"service\":7}}\n"), 422),
        (JSON, "{".to_owned(), 400),
        (JSON, "[]".to_owned(), 400),
        ("text/plain", good.to_owned(), 415),
        (JSON, " ".repeat(5 << 20), 413),
        (LINES, format!("{good}\n").repeat(10_001), 413),
        (JSON, TOTAL.to_owned(), 422),
    ]
}

/// Reports what a body says.
async fn report(url: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    send(client().post(format!("{url}/v1/reports")).header("content-type", media_type).body(body)).await
}

/// Every flush of a log, merged.
async fn counts_at(url: &str) -> (Counts, Vec<Flush>) {
    let reports = Reports::open(url).await.unwrap();
    let (mut counts, mut flushes, mut after) = (Counts::default(), Vec::new(), 0);
    loop {
        let page = reports.read(after, 1_000).await.unwrap();
        assert_eq!(page.missed(after), 0);
        let Some(last) = page.flushes.last() else { return (counts, flushes) };
        after = last.position;
        for kept in &page.flushes {
            let flush = Flush::read(&kept.bytes).unwrap();
            assert!(counts.merge(&flush), "{:?} stands twice in the log", flush.name());
            flushes.push(flush);
        }
    }
}

async fn counts(data: &Path) -> (Counts, Vec<Flush>) {
    counts_at(&format!("sqlite:{}", data.join("reports.db").display())).await
}

/// All single reports of a service.
fn counted(counts: &Counts, service: &str) -> u64 {
    cells(counts, service).iter().map(|(_, _, cell)| cell.count).sum()
}

fn cells<'a>(counts: &'a Counts, service: &str) -> Vec<(&'a ReportKey, i64, &'a Cell)> {
    let of_service = counts.keys().filter(|(key, _)| key.service == service);
    of_service.flat_map(|(key, minutes)| minutes.iter().map(move |(minute, cell)| (key, *minute, cell))).collect()
}

#[tokio::test]
async fn one_many_and_lines_are_counted_and_nothing_else_is_kept() {
    let house = House::start();
    let secret = "call me at 0170 555 0199";
    let one = format!(r#"{{"service":"mail","region":"IN","symptom":"sending","channel":"app","text":"{secret}"}}"#);
    let other = r#"{"channel":"web","service":"mail"}"#;
    let answer = report(&house.url, JSON, one.clone()).await.expect(200).json();
    assert_eq!((&answer["accepted"], &answer["limited"], &answer["position"]), (&json!(1), &json!(0), &json!(1)), "{answer}");
    let answer = report(&house.url, JSON, format!("[{one},{other},{one}]")).await.expect(200).json();
    assert_eq!((&answer["accepted"], &answer["position"]), (&json!(3), &json!(2)), "{answer}");
    let answer = report(&house.url, "Application/X-NDJSON; charset=utf-8", format!("{one}\r\n\r\n{other}\n")).await.expect(200).json();
    assert_eq!((&answer["accepted"], &answer["position"]), (&json!(2), &json!(3)), "{answer}");
    let (counts, flushes) = counts(&house.data).await;
    assert_eq!((flushes.len(), counted(&counts, "mail")), (3, 6));
    let mut by_channel = std::collections::BTreeMap::new();
    for (key, _, cell) in cells(&counts, "mail") {
        assert_eq!(key.from, "public");
        *by_channel.entry((key.channel.as_str(), key.region.as_deref())).or_insert(0) += cell.count;
    }
    assert_eq!(by_channel.into_iter().collect::<Vec<_>>(), [(("app", Some("IN")), 4), (("web", None), 2)]);
    let kept: Vec<u8> = ["reports.db", "reports.db-wal"].iter().flat_map(|name| std::fs::read(house.data.join(name)).unwrap_or_default()).collect();
    assert!(kept.windows(4).any(|window| window == b"mail") && !kept.windows(secret.len()).any(|window| window == secret.as_bytes()));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_of_the_request_is_counted() {
    let house = House::start();
    let good = r#"{"service":"mail"}"#;
    let problem = report(&house.url, JSON, format!(r#"[{good},{{"service":"M","from":"desk","region":"India"}}]"#)).await.problem(422);
    let pointers: Vec<_> = problem["faults"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/1/from", "/1/service", "/1/region"], "{problem}");
    let problem = report(&house.url, LINES, format!("{good}\n\n{{\"service\":\"mail\",\"time\":\"2019-01-01T00:00:00Z\"}}\n")).await.problem(422);
    assert_eq!((&problem["faults"][0]["line"], &problem["faults"][0]["pointer"]), (&json!(3), &json!("/time")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("history=true"), "{problem}");
    let bodies: Vec<(&str, Vec<u8>, u16)> = vec![
        (JSON, b"".to_vec(), 400),
        (JSON, b"{\"service\":\"mail\"} {}".to_vec(), 400),
        (JSON, b"{\"service\":\"ma\xffil\"}".to_vec(), 400),
        (JSON, b"{\"service\":\"mail\",\"text\":\"\x01\"}".to_vec(), 400),
        (JSON, "[".repeat(1 << 20).into_bytes(), 400),
        (JSON, format!("[{}", "{\"service\":".repeat(100_000)).into_bytes(), 400),
        (JSON, format!("{{\"service\":{}1{}}}", "[".repeat(60), "]".repeat(60)).into_bytes(), 422),
        (LINES, "{\"a\":".repeat(3_000).into_bytes(), 422),
        (LINES, "\u{0}\n".repeat(100).into_bytes(), 400),
        (JSON, vec![b'['; (4 << 20) + 1], 413),
        (LINES, format!("{good}\n{}\n", "x".repeat(20_000)).into_bytes(), 400),
        (JSON, br#"{"service":"mail","total":1,"window_minutes":20}"#.to_vec(), 422),
        (JSON, br#"{"service":"mail","total":18446744073709551616,"window_minutes":20}"#.to_vec(), 422),
        (JSON, br#"{"service":"mail","service":"mail"}"#.to_vec(), 422),
    ];
    for (media_type, body, status) in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let problem = report(&house.url, media_type, body).await.problem(status);
        assert!(problem.to_string().len() < 40_000, "{shown}: a problem as long as {}", problem.to_string().len());
    }
    assert_eq!(counts(&house.data).await.1, Vec::new(), "nothing was counted");
    report(&house.url, JSON, good).await.expect(200);
}

#[tokio::test]
async fn what_is_late_goes_to_its_minute_and_what_is_restated_holds_at_its_highest() {
    let house = House::start();
    let now = time::OffsetDateTime::now_utc();
    let at = |minutes: i64| (now - time::Duration::minutes(minutes)).format(&time::format_description::well_known::Rfc3339).unwrap();
    let single = |minutes: i64| format!(r#"{{"service":"mail","time":"{}"}}"#, at(minutes));
    let total = |minutes: i64, total: u64| {
        format!(r#"{{"service":"mail","channel":"monitor","time":"{}","total":{total},"window_minutes":20}}"#, at(minutes))
    };
    for body in [single(600), single(0), single(600), single(-4), total(60, 300), total(60, 813), total(60, 299), total(80, 0)] {
        report(&house.url, JSON, body).await.expect(200);
    }
    report(&house.url, LINES, [total(60, 5), total(60, 7), single(600)].join("\n")).await.expect(200);
    let (counts, _) = counts(&house.data).await;
    let this = now.unix_timestamp().div_euclid(60);
    let mut found: Vec<_> =
        cells(&counts, "mail").into_iter().map(|(_, minute, cell)| (this - minute, cell.count, cell.totals.get(&20).copied())).collect();
    found.sort_unstable();
    assert_eq!(found, [(-4, 1, None), (0, 1, None), (60, 0, Some(813)), (80, 0, Some(0)), (600, 3, None)]);
}

#[tokio::test]
async fn reports_can_be_switched_off_and_need_a_scope_once_there_are_keys() {
    let (_folder, data) = folder();
    let server = TestServer::start_with(&data, &["--reports", "none"]);
    report(&server.url, JSON, r#"{"service":"mail"}"#).await.problem(404);
    assert!(!data.join("reports.db").exists());
    drop(server);
    let server = TestServer::start(&data);
    let key = |scope: &str| String::from_utf8(run(&data, &["keys", "create", "--name", "x", "--scope", scope]).stdout).unwrap().trim().to_owned();
    let (reporter, reader) = (key("report"), key("read"));
    let with =
        |key: &str| client().post(format!("{}/v1/reports", server.url)).header("content-type", JSON).bearer_auth(key).body(r#"{"service":"mail"}"#);
    let problem = send(with(&reader)).await.problem(403);
    assert!(problem["detail"].as_str().unwrap().contains("--scope report"), "{problem}");
    send(with("dateline_x.y")).await.problem(401);
    send(with(&reporter)).await.expect(200);
    let (counts, _) = counts(&data).await;
    let from: Vec<String> = cells(&counts, "mail").into_iter().map(|(key, _, _)| key.from.clone()).collect();
    let listed = String::from_utf8(run(&data, &["keys", "list", "--format", "json"]).stdout).unwrap();
    let of_reporter: Value =
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).find(|key: &Value| key["scopes"] == json!(["report"])).unwrap();
    assert_eq!(from, [format!("key/{}", of_reporter["id"].as_str().unwrap())]);
}
