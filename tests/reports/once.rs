//! A request that is sent again under its `Idempotency-Key` counts once; a slow log keeps nobody waiting for long; and what did not count
//! takes nothing from a limit.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{JSON, counted, counts};
use crate::asking::{Answer, client, send};
use crate::support::{TestServer, folder, run};

const ONE: &str = r#"{"service":"mail"}"#;

async fn keyed(url: &str, key: &str, body: &str) -> Answer {
    send(client().post(format!("{url}/v1/reports")).header("content-type", JSON).header("idempotency-key", key).body(body.to_owned())).await
}

#[tokio::test]
async fn the_same_key_counts_once_and_is_answered_alike() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let first = keyed(&server.url, "a", ONE).await.expect(200).json();
    for _ in 0..3 {
        assert_eq!(keyed(&server.url, "a", ONE).await.expect(200).json(), first);
    }
    let at_once: Vec<_> = (0..8)
        .map(|_| {
            let url = server.url.clone();
            tokio::spawn(async move { keyed(&url, "b", ONE).await.expect(200).json() })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in at_once {
        answers.push(answer.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let problem = keyed(&server.url, "a", r#"{"service":"maps"}"#).await.problem(422);
    assert_eq!(problem["type"], "urn:dateline:problem:idempotency-key-taken");
    // What was refused may be sent again, mended.
    keyed(&server.url, "c", "{").await.problem(400);
    keyed(&server.url, "c", ONE).await.expect(200);
    for key in ["", &"k".repeat(256)] {
        keyed(&server.url, key, ONE).await.problem(400);
    }
    assert_eq!(counted(&counts(&data).await.0, "mail"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_hangs_is_waited_for_5_s_and_what_did_not_count_takes_nothing_from_the_limit() {
    let (_folder, data) = folder();
    assert!(run(&data, &["keys", "create", "--name", "desk", "--scope", "read"]).status.success());
    let server = TestServer::start_with(&data, &["--open-reports"]);
    let log = rusqlite::Connection::open(data.join("reports.db")).unwrap();
    log.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = Instant::now();
    let sent = |key: &'static str| {
        let url = server.url.clone();
        tokio::spawn(async move { keyed(&url, key, ONE).await })
    };
    let taken = sent("taken by a flush");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waiting = sent("in the queue");
    let (taken, waiting) = (taken.await.unwrap(), waiting.await.unwrap());
    let took = begun.elapsed();
    assert!((4_900..8_000).contains(&took.as_millis()), "{took:?}");
    for (answer, words) in [(taken, "not known yet"), (waiting, "nothing was counted")] {
        assert!(!answer.header("retry-after").is_empty(), "{:?}", answer.headers);
        let problem: Value = answer.problem(503);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    log.execute_batch("ROLLBACK").unwrap();
    // The first comes to its end by itself, and its answer is there; the second was taken back, and is sent anew.
    let accepted = |answer: Answer| answer.expect(200).json()["accepted"].as_u64().unwrap();
    for key in ["taken by a flush", "in the queue", "taken by a flush"] {
        let mut answer = keyed(&server.url, key, ONE).await;
        while answer.status == 503 {
            answer = keyed(&server.url, key, ONE).await;
        }
        assert_eq!(accepted(answer), 1, "{key}");
    }
    let rest = send(client().post(format!("{}/v1/reports", server.url)).header("content-type", JSON).body(format!("[{}]", [ONE; 9].join(",")))).await;
    assert_eq!(accepted(rest), 3, "an address counts with five, and two have counted");
    assert_eq!(counted(&counts(&data).await.0, "mail"), 5);
}

#[tokio::test]
async fn a_byte_order_mark_before_reports_is_passed_over() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    for (media_type, body) in [("application/x-ndjson", format!("\u{feff}{ONE}\n{ONE}")), (JSON, format!("\u{feff}[{ONE}]"))] {
        super::report(&server.url, media_type, body).await.expect(200);
    }
    assert_eq!(counted(&counts(&data).await.0, "mail"), 3);
}
