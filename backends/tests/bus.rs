//! The bus alone: what it refuses to start on, two intakes at once, and a stream that lost something.

use std::time::Duration;

use dateline_backends::{Ledger, LedgerError, LedgerOptions, Record};
use dateline_events::{EventKey, Instant};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::nats::Nats;
use crate::support::{event, events, receipts};

/// Asks JetStream as an operator would.
async fn api(server: &Nats, verb: &str, question: Value) -> Value {
    let client = async_nats::connect(format!("127.0.0.1:{}", server.port)).await.unwrap();
    let answer = client.request(format!("$JS.API.{verb}"), question.to_string().into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

/// What a message of the ledger says of itself, for a failure that a person must understand.
async fn headers_of(server: &Nats, position: u64) -> String {
    let answer = api(server, "STREAM.MSG.GET.ledger", json!({"seq": position})).await;
    let headers = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, answer["message"]["hdrs"].as_str().unwrap_or_default());
    let headers = String::from_utf8_lossy(&headers.unwrap_or_default()).replace("\r\n", "  ");
    format!("{position} {} {headers}", answer["message"]["time"])
}

async fn open(server: &Nats) -> Result<Ledger, LedgerError> {
    Ledger::open(&server.url(), LedgerOptions::writer()).await
}

#[tokio::test]
async fn a_server_that_acknowledges_before_it_syncs_is_refused() {
    let server = Nats::start_with("sync_interval: 10s", "");
    let error = open(&server).await.unwrap_err().to_string();
    assert!(error.contains("sync_interval is not \"always\""), "{error}");
}

#[tokio::test]
async fn a_stream_that_would_lose_data_is_refused_by_the_name_of_its_setting() {
    let sound = json!({
        "name": "ledger", "subjects": ["ledger.>"], "storage": "file", "retention": "limits", "discard": "new", "num_replicas": 1,
        "allow_atomic": true, "allow_direct": true, "deny_purge": true,
    });
    let faults = [
        ("storage", json!("memory")),
        ("discard", json!("old")),
        ("max_msgs", json!(1000)),
        ("max_bytes", json!(1_000_000)),
        ("max_age", json!(1_000_000_000_000_u64)),
        ("max_msgs_per_subject", json!(1)),
        ("deny_purge", json!(false)),
        ("deny_delete", json!(true)),
        ("allow_direct", json!(false)),
        ("allow_rollup_hdrs", json!(true)),
        ("subjects", json!(["ledger.>", "other.>"])),
        ("persist_mode", json!("async")),
    ];
    let server = Nats::start();
    for (name, value) in faults {
        let mut settings = sound.clone();
        settings[name] = value;
        if name == "allow_rollup_hdrs" {
            settings["deny_purge"] = json!(false);
        }
        if name == "persist_mode" {
            settings["allow_atomic"] = json!(false);
        }
        let created = api(&server, "STREAM.CREATE.ledger", settings).await;
        assert!(created.get("error").is_none(), "{name}: {created}");
        let error = open(&server).await.unwrap_err();
        let expected = match name {
            "allow_rollup_hdrs" => "deny_purge",
            "persist_mode" => "allow_atomic",
            name => name,
        };
        assert!(matches!(error, LedgerError::Unsafe { .. }) && error.to_string().contains(expected), "{name}: {error}");
        api(&server, "STREAM.DELETE.ledger", json!({})).await;
    }
    assert!(api(&server, "STREAM.CREATE.ledger", sound).await.get("error").is_none());
    open(&server).await.unwrap();
    let three = Ledger::open(&format!("{}&replicas=3", server.url()), LedgerOptions::writer()).await.unwrap_err();
    assert!(three.to_string().contains("num_replicas"), "{three}");
}

#[tokio::test]
async fn two_intakes_store_every_id_once_and_recorded_never_falls() {
    let server = Nats::start();
    let intakes = [open(&server).await.unwrap(), open(&server).await.unwrap(), open(&server).await.unwrap()];
    let mut callers = JoinSet::new();
    // Every event is sent through two of the intakes, singly and in batches.
    for caller in 0..24_usize {
        let ledger = intakes[caller % 3].clone();
        callers.spawn(async move {
            let mut stored = Vec::new();
            for round in 0..12 {
                let first = (caller / 2 * 12 + round) * 40;
                let size = [1, 3, 40][round % 3];
                stored.extend(receipts(ledger.append(events(first, first + size - 1)).await.unwrap()));
            }
            stored
        });
    }
    let mut all = Vec::new();
    while let Some(stored) = callers.join_next().await {
        all.extend(stored.unwrap());
    }
    let head = intakes[0].head().await.unwrap().position;
    let fresh = all.iter().filter(|receipt| receipt.fresh).count();
    assert_eq!((fresh as u64, all.len()), (head, 2 * fresh), "every event was sent twice and stored once");
    let mut records = Vec::new();
    let mut follower = intakes[1].follow(0);
    while let Some(page) = follower.try_next().await.unwrap() {
        records.extend(page.records);
    }
    assert!(records.iter().map(|record| record.position).eq(1..=head));
    if let Some(fall) = records.windows(2).find(|pair| pair[1].recorded < pair[0].recorded) {
        let mut messages = Vec::new();
        for position in fall[0].position.saturating_sub(2)..=fall[1].position + 1 {
            messages.push(headers_of(&server, position).await);
        }
        panic!("the recorded time fell at position {}:\n{}", fall[1].position, messages.join("\n"));
    }
    for receipt in all {
        let record = &records[receipt.position as usize - 1];
        assert_eq!((record.key, record.recorded), (receipt.key, receipt.recorded));
    }
}

#[tokio::test]
async fn an_intake_whose_clock_is_behind_records_nothing_before_the_head() {
    // Sent as one message, and as a batch.
    for count in [1, 40] {
        let server = Nats::start();
        let (behind, ahead) = (open(&server).await.unwrap(), open(&server).await.unwrap());
        let future = Instant(i64::MAX / 2);
        let said = event("ahead", "x");
        let record = Record {
            position: 1,
            recorded: future,
            key: EventKey::of(&said.source, &said.id),
            salt: Some([7; 32]),
            source: said.source,
            id: said.id,
            bytes: Some(said.bytes),
        };
        ahead.copy(vec![record]).await.unwrap();
        let stored = receipts(behind.append(events(1, count)).await.unwrap());
        let expected: Vec<_> = (2..).take(count).map(|position| (position, future)).collect();
        assert_eq!(stored.iter().map(|receipt| (receipt.position, receipt.recorded)).collect::<Vec<_>>(), expected);
        let page = behind.follow(0).next().await.unwrap();
        assert!(page.records.is_sorted_by_key(|record| record.recorded), "the recorded time fell");
    }
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_goes_on() {
    let mut server = Nats::start();
    let ledger = open(&server).await.unwrap();
    let mut follower = ledger.follow(0);
    ledger.append(events(1, 20)).await.unwrap();
    assert_eq!(follower.next().await.unwrap().records.len(), 20);
    server.kill();
    let waiting = {
        let ledger = ledger.clone();
        tokio::spawn(async move { ledger.append(events(21, 60)).await })
    };
    server.restart();
    let stored = receipts(waiting.await.unwrap().unwrap());
    assert!(stored.iter().map(|receipt| receipt.position).eq(21..=60));
    let mut seen = 20;
    while seen < 60 {
        seen += match follower.next().await {
            Ok(page) => page.records.len(),
            // Asked while the server was away: the same question again.
            Err(LedgerError::Unreachable { .. }) => 0,
            Err(error) => panic!("{error}"),
        };
    }
    assert_eq!(seen, 60);
}

#[tokio::test]
async fn a_server_that_stands_still_is_settled_when_it_goes_on() {
    let server = Nats::start();
    let ledger = open(&server).await.unwrap();
    ledger.append(events(1, 3)).await.unwrap();
    server.signal("STOP");
    let appends: Vec<_> = (4..=40)
        .map(|number| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.append(events(number, number)).await })
        })
        .collect();
    // Longer than one acknowledgement is awaited: what lies in the server's buffers is sent a second time.
    tokio::time::sleep(Duration::from_millis(6_000)).await;
    server.signal("CONT");
    for append in appends {
        assert!(receipts(append.await.unwrap().unwrap())[0].fresh);
    }
    assert_eq!(ledger.head().await.unwrap().position, 40);
    let page = ledger.follow(0).next().await.unwrap();
    let mut ids: Vec<_> = page.records.iter().map(|record| record.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40);
}

#[tokio::test]
async fn a_bus_that_stays_away_is_told_within_a_bounded_time() {
    let mut server = Nats::start();
    let ledger = open(&server).await.unwrap();
    ledger.append(events(1, 3)).await.unwrap();
    server.kill();
    let begun = std::time::Instant::now();
    let first = ledger.append(events(4, 4)).await;
    assert!(matches!(first, Err(LedgerError::Stopped { .. })), "{first:?}");
    let second = ledger.append(events(5, 5)).await;
    assert!(matches!(second, Err(LedgerError::Stopped { .. })), "{second:?}");
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    server.restart();
    let stored = loop {
        match ledger.append(events(4, 5)).await {
            Ok(outcomes) => break receipts(outcomes),
            Err(LedgerError::Stopped { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert!(stored.iter().map(|receipt| receipt.position).eq(4..=5), "{stored:?}");
}

#[tokio::test]
async fn a_message_that_is_lost_is_named_by_position_and_stops_the_follower() {
    let server = Nats::start();
    let ledger = open(&server).await.unwrap();
    ledger.append(events(1, 9)).await.unwrap();
    let deleted = api(&server, "STREAM.MSG.DELETE.ledger", json!({"seq": 4})).await;
    assert_eq!(deleted["success"], true);
    assert_eq!(ledger.follow(0).next().await, Err(LedgerError::Missing { position: 4 }));
    let left: Vec<_> = ledger.scan(0).await.unwrap().iter().map(|found| found.record.position).collect();
    assert_eq!(left, [1, 2, 3, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn a_stream_that_comes_back_shorter_stops_everybody() {
    let server = Nats::start();
    let ledger = open(&server).await.unwrap();
    ledger.append(events(1, 9)).await.unwrap();
    let settings = api(&server, "STREAM.INFO.ledger", json!({})).await["config"].clone();
    api(&server, "STREAM.DELETE.ledger", json!({})).await;
    assert!(api(&server, "STREAM.CREATE.ledger", settings).await.get("error").is_none());
    let refused = ledger.append(events(10, 10)).await;
    assert_eq!(refused, Err(LedgerError::Shorter { known: 9, head: 0 }));
    assert_eq!(ledger.follow(0).next().await, Err(LedgerError::Shorter { known: 9, head: 0 }));
    assert_eq!(open(&server).await.unwrap().head().await.unwrap().position, 0, "nothing was appended");
}

#[tokio::test]
async fn a_message_that_somebody_else_put_there_stops_everybody() {
    let server = Nats::start();
    let ledger = open(&server).await.unwrap();
    ledger.append(events(1, 2)).await.unwrap();
    let client = async_nats::connect(format!("127.0.0.1:{}", server.port)).await.unwrap();
    client.request("ledger.evil.e", "{}".into()).await.unwrap();
    assert_eq!(ledger.append(events(3, 3)).await, Err(LedgerError::Foreign { position: 3 }));
    assert_eq!(ledger.follow(0).next().await, Err(LedgerError::Foreign { position: 3 }));
}

#[tokio::test]
async fn a_server_that_carries_too_little_is_refused_by_name() {
    // An event of 64 KiB, and 4 KiB for its headers: at the limit, and below.
    let enough = Nats::start_with("sync_interval: always", "max_payload: 69632");
    open(&enough).await.unwrap();
    let state_store = dateline_backends::StateStore::open(enough.url()).await.unwrap_err().to_string();
    assert!(state_store.contains("max_payload") && state_store.contains("528384"), "{state_store}");
    let little = Nats::start_with("sync_interval: always", "max_payload: 69631");
    let refused = open(&little).await.unwrap_err();
    assert!(matches!(&refused, LedgerError::Unsafe { .. }) && refused.to_string().contains("max_payload"), "{refused}");
}

#[tokio::test]
async fn a_hint_is_followed_up_and_never_taken_for_a_head() {
    let server = Nats::start();
    let ledger = open(&server).await.unwrap();
    ledger.append(events(1, 3)).await.unwrap();
    let reader = Ledger::open(server.url(), LedgerOptions::reader()).await.unwrap();
    let mut known = reader.watch_head();
    let client = async_nats::connect(format!("127.0.0.1:{}", server.port)).await.unwrap();
    client.publish("dateline.head.ledger", "999999".into()).await.unwrap();
    client.flush().await.unwrap();
    // What follows the forged hint on the same connection has arrived behind it.
    let mut follower = reader.follow(3);
    ledger.append(events(4, 4)).await.unwrap();
    assert_eq!(follower.next().await.unwrap().records.len(), 1);
    known.wait_for(|head| head.position() >= 4).await.unwrap();
    assert_eq!((known.borrow().position(), ledger.watch_head().borrow().position()), (4, 4), "the forged hint was believed");
}
