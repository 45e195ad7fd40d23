//! Nobody sends a body before it is known that he may, and no bodies take more memory than there is for them.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::asking::House;
use crate::raw::Raw;
use crate::support::{TestServer, folder, run};

const MIB: usize = 1024 * 1024;

fn key(data: &std::path::Path, scope: &str) -> String {
    let output = run(data, &["keys", "create", "--name", "a test", "--scope", scope, "--format", "json"]);
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["key"].as_str().unwrap().to_owned()
}

fn head(path: &str, media_type: &str, key: &str, bytes: usize) -> String {
    let key = if key.is_empty() { String::new() } else { format!("Authorization: Bearer {key}\r\n") };
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\n{key}Content-Length: {bytes}\r\n\r\n")
}

const BATCH: &str = "application/cloudevents-batch+json";

#[tokio::test]
async fn who_may_not_send_is_told_so_before_the_body() {
    let house = House::start();
    let (reads, publishes) = (key(&house.data, "read"), key(&house.data, "publish:/tests"));
    let (events, reports) = ("/v1/events", "/v1/reports");
    for (path, media_type, key, status) in [
        (events, BATCH, "", 401),
        (events, BATCH, "dateline_x.y", 401),
        (events, BATCH, reads.as_str(), 403),
        (events, "text/plain", publishes.as_str(), 415),
        (reports, "application/json", "", 401),
        (reports, "application/json", publishes.as_str(), 403),
    ] {
        let mut connection = Raw::to(&house.url).await;
        let began = Instant::now();
        // Not a byte of the body, and then more than the server takes.
        connection.say(head(path, media_type, key, 15 * MIB)).await.answer().await.unwrap().last_problem(status);
        assert!(began.elapsed() < Duration::from_secs(2), "{path} {status}: the body was waited for: {:?}", began.elapsed());
    }
    // What a body says of itself is believed where it is too large.
    let mut connection = Raw::to(&house.url).await;
    connection.say(head(events, BATCH, &publishes, 17 * MIB)).await.answer().await.unwrap().last_problem(413);
}

/// Sends a part of a larger body, and leaves it at that.
async fn half(url: &str, from: u8, bytes: usize) -> Raw {
    let mut connection = Raw::from(url, Ipv4Addr::new(127, 0, 0, from)).await;
    connection.say(head("/v1/events", BATCH, "", 15 * MIB)).await.say(vec![b' '; bytes]).await;
    connection
}

#[tokio::test]
async fn bodies_share_their_memory_and_nobody_has_more_than_a_quarter() {
    let (_folder, data) = folder();
    let server = TestServer::start_with(&data, &["--body-memory-mib", "8"]);
    let url = server.url.as_str();
    let small = async |from: u8| {
        let mut connection = Raw::from(url, Ipv4Addr::new(127, 0, 0, from)).await;
        connection.say(head("/v1/events", BATCH, "", 2)).await.say("[]").await.answer().await.unwrap().status
    };
    // One address has 2 MiB of 8: what is beyond is too much for anybody, and what others of it hold is waited for.
    half(url, 2, 3 * MIB).await.answer().await.unwrap().last_problem(413);
    let began = Instant::now();
    let mut two = [half(url, 3, MIB + MIB / 2).await, half(url, 3, MIB).await];
    // Which of them is read first is not known.
    let (refused, ..) = futures_util::future::select_all(two.iter_mut().map(|connection| Box::pin(connection.answer()))).await;
    let refused = refused.unwrap();
    assert!(began.elapsed() > Duration::from_millis(900), "it is not waited for: {:?}", began.elapsed());
    assert_eq!((refused.last_problem(503)["type"].as_str(), refused.header("retry-after")), (Some("urn:dateline:problem:bodies-full"), "1"));
    assert_eq!(small(4).await, 200, "others have room");
    drop(two);
    // Six of them are more than there is room for.
    let mut crowd = Vec::new();
    for from in 5..11 {
        crowd.push(half(url, from, MIB + MIB / 2).await);
    }
    // On a busy machine the time of the first of them may be over before the last has come.
    let mut answers = crowd.iter_mut().map(|connection| Box::pin(connection.answer())).collect::<futures_util::stream::FuturesUnordered<_>>();
    loop {
        let answer = answers.next().await.expect("one of six is refused").unwrap();
        if answer.status == 503 {
            answer.last_problem(503);
            break;
        }
        answer.last_problem(408);
    }
    drop(answers);
    drop(crowd);
    let again = half(url, 3, MIB + MIB / 2).await;
    assert_eq!(small(12).await, 200, "room is given back");
    drop(again);
}
