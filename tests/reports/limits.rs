//! One flood cannot make an outage: what is above a limit is answered as limited and does not count.

use serde_json::{Value, json};

use super::{JSON, LINES, cells, counted, counts, report};
use crate::asking::{Answer, client, send};
use crate::support::{TestServer, folder, run};

const ONE: &str = r#"{"service":"mail"}"#;

fn accepted(answer: &Value) -> (u64, u64) {
    (answer["accepted"].as_u64().unwrap(), answer["limited"].as_u64().unwrap())
}

async fn forwarded(url: &str, from: &str, body: &str) -> Answer {
    let request = client().post(format!("{url}/v1/reports")).header("content-type", JSON).header("x-forwarded-for", from);
    send(request.body(body.to_owned())).await
}

/// A house with keys, where everybody may report.
fn opened(data: &std::path::Path, flags: &[&str]) -> TestServer {
    assert!(run(data, &["keys", "create", "--name", "desk", "--scope", "read"]).status.success());
    TestServer::start_with(data, &[&["--open-reports"], flags].concat())
}

#[tokio::test]
async fn an_address_counts_a_few_times_an_hour_for_a_service_whoever_it_says_it_is() {
    let (_folder, data) = folder();
    let server = opened(&data, &[]);
    let first = report(&server.url, LINES, format!("{ONE}\n").repeat(100)).await.expect(200).json();
    assert_eq!(accepted(&first), (5, 95), "{first}");
    let more = forwarded(&server.url, "203.0.113.7", ONE).await.expect(200).json();
    assert_eq!((accepted(&more), more.get("position")), ((0, 1), None), "a header that nobody vouches for is not read: {more}");
    let other = report(&server.url, JSON, r#"[{"service":"maps"},{"service":"maps","channel":"web"}]"#).await.expect(200).json();
    assert_eq!(accepted(&other), (2, 0), "another service: {other}");
    let many: Vec<String> = (0..60).map(|number| format!("{{\"service\":\"s{number}\"}}")).collect();
    let all = report(&server.url, LINES, many.join("\n")).await.expect(200).json();
    assert_eq!(accepted(&all), (30 - 7, 60 - 23), "all services together: {all}");
    let (counts, _) = counts(&data).await;
    assert_eq!((counted(&counts, "mail"), counted(&counts, "maps"), counted(&counts, "s0"), counted(&counts, "s59")), (5, 2, 1, 0));
    assert!(cells(&counts, "mail").iter().all(|(key, _, cell)| key.from == "public" && cell.sources <= 1));
}

#[tokio::test]
async fn without_a_key_there_are_no_totals_and_no_histories_and_nothing_where_it_is_not_opened() {
    let (_folder, data) = folder();
    let server = opened(&data, &[]);
    send(client().post(format!("{}/v1/reports?history=true", server.url)).header("content-type", JSON).body(super::TOTAL)).await.problem(401);
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    let total = format!(r#"[{ONE},{{"service":"mail","time":"{now}","total":1000000,"window_minutes":20}}]"#);
    report(&server.url, JSON, total).await.problem(403);
    drop(server);
    assert_eq!(counted(&counts(&data).await.0, "mail"), 0);
    let server = TestServer::start(&data);
    let problem = report(&server.url, JSON, ONE).await.problem(401);
    assert!(problem["detail"].as_str().unwrap().contains("report"), "{problem}");
}

#[tokio::test]
async fn a_proxy_that_is_named_says_who_reports_and_its_clients_cannot() {
    let (_folder, data) = folder();
    let server = opened(&data, &["--proxy", "127.0.0.1", "--proxy", "10.0.0.9"]);
    let took = async |from: &str| accepted(&forwarded(&server.url, from, ONE).await.expect(200).json()).0;
    for _ in 0..5 {
        assert_eq!(took("203.0.113.7").await, 1);
    }
    assert_eq!(took("203.0.113.7").await, 0, "the sixth");
    assert_eq!(took("198.51.100.1, 203.0.113.7").await, 0, "what stands left of the proxy's own word was written by the client");
    assert_eq!(took("203.0.113.7, 10.0.0.9").await, 0, "a second proxy of ours is passed over");
    assert_eq!(took("203.0.113.8").await, 1, "another address");
    for end in 1..=5 {
        assert_eq!(took(&format!("2001:db8:0:7::{end}")).await, 1);
    }
    assert_eq!(took("2001:db8:0:7:ffff::1").await, 0, "one line has 2^64 addresses");
    for end in 1..=5 {
        assert_eq!(took(&format!("198.51.100.{end}, unknown")).await, 1);
    }
    assert_eq!(took("198.51.100.6, unknown").await, 0, "left of what cannot be read nothing is believed: they are all the proxy's");
    let (counts, _) = counts(&data).await;
    assert_eq!(counted(&counts, "mail"), 16);
    let sources: u64 = cells(&counts, "mail").iter().map(|(_, _, cell)| cell.sources).sum();
    let minutes = cells(&counts, "mail").len() as u64;
    assert!((4..=4 * minutes).contains(&sources), "four addresses in {minutes} minutes: {sources}");
}

#[tokio::test]
async fn a_key_counts_so_often_a_minute_for_a_service_and_its_totals_are_one_number() {
    let (_folder, data) = folder();
    let key = String::from_utf8(run(&data, &["keys", "create", "--name", "monitor", "--scope", "report"]).stdout).unwrap();
    let server = TestServer::start_with(&data, &["--key-reports-a-minute", "100"]);
    let post =
        |body: String| send(client().post(format!("{}/v1/reports", server.url)).header("content-type", LINES).bearer_auth(key.trim()).body(body));
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap();
    let total = |number: u64| format!(r#"{{"service":"maps","time":"{now}","total":{number},"window_minutes":5}}"#);
    let totals = post((1..=50).map(total).collect::<Vec<_>>().join("\n")).await.expect(200).json();
    assert_eq!(accepted(&totals), (50, 0), "{totals}");
    let flood = post(format!("{ONE}\n").repeat(10_000)).await.expect(200).json();
    assert_eq!(accepted(&flood), (100, 9_900), "{flood}");
    let maps = post("{\"service\":\"maps\"}\n".repeat(200)).await.expect(200).json();
    assert_eq!(accepted(&maps), (99, 101), "the totals of before were one: {maps}");
    let (counts, _) = counts(&data).await;
    let of_maps: Vec<_> = cells(&counts, "maps").into_iter().filter_map(|(_, _, cell)| cell.totals.get(&5).copied()).collect();
    assert_eq!((counted(&counts, "mail"), of_maps), (100, vec![50]));
}

#[tokio::test]
async fn what_does_not_fit_into_one_flush_is_refused_whole() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let different = |count: usize, service: &str| (0..count).map(|number| format!("{{\"service\":\"{service}{number}\"}}\n")).collect::<String>();
    let problem = report(&server.url, LINES, different(1_001, "s")).await.problem(413);
    assert_eq!(problem["type"], "urn:dateline:problem:too-many-counts");
    let long = |count: usize| {
        let channel = "c".repeat(64);
        (0..count).map(|number| format!("{{\"service\":\"{number:064}\",\"channel\":\"{channel}\",\"region\":\"IN-WB\"}}\n")).collect::<String>()
    };
    report(&server.url, LINES, long(1_000)).await.problem(413);
    let totals = long(1_000).replace('}', r#","time":"2019-05-06T12:20:00Z","total":3,"window_minutes":20}"#);
    send(client().post(format!("{}/v1/reports?history=true", server.url)).header("content-type", LINES).body(totals)).await.problem(413);
    assert_eq!(counts(&data).await.1, Vec::new());
    assert_eq!(report(&server.url, LINES, different(1_000, "s")).await.expect(200).json()["accepted"], json!(1_000));
    report(&server.url, LINES, long(500)).await.expect(200);
}
