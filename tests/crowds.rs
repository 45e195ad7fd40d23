//! A crowd takes nobody's place: health answers whoever holds the connections, no address takes those of others, and live streams
//! none of those who publish and read.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::asking::{House, STRUCTURED, client, get, send};
use crate::raw::Raw;
use crate::support::{PROGRAM, TestServer, anomaly, folder};

/// A server holds so many connections, and so many of one address.
const CONNECTIONS: usize = 1_024;
const OF_AN_ADDRESS: usize = 256;

/// Of live streams one address has a quarter.
const LIVE_OF_AN_ADDRESS: usize = OF_AN_ADDRESS / 4;

fn address(last: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(last).unwrap())
}

/// So many connections of an address, each with this sent.
async fn crowd(url: &str, from: Ipv4Addr, count: usize, sent: &str) -> Vec<Raw> {
    let mut held = Vec::with_capacity(count);
    for _ in 0..count {
        let mut connection = Raw::from(url, from).await;
        connection.say(sent).await;
        held.push(connection);
    }
    held
}

/// Asks ten times, from one address, how the server is.
async fn probe(url: &str, from: Ipv4Addr) {
    for _ in 0..10 {
        let began = Instant::now();
        let said = Raw::from(url, from).await.get("/health/live").await.unwrap_or_else(|| panic!("{from}: health does not answer"));
        assert_eq!(said.status, 200, "{said:?}");
        assert!(began.elapsed() < Duration::from_secs(1), "{from}: health took {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn health_answers_while_others_hold_every_connection() {
    let house = House::start();
    let url = house.url.as_str();
    let mut held = Vec::new();
    for from in 1..=5 {
        held.extend(crowd(url, address(from), 240, if from % 2 == 0 { "" } else { "GET / HTTP/1.1\r\nHost: lo" }).await);
    }
    assert!(held.len() > CONNECTIONS);
    probe(url, address(1)).await;
    probe(url, address(9)).await;
    let ready = Raw::from(url, address(9)).await.get("/health/ready").await.unwrap();
    assert_eq!((ready.status, ready.header("connection")), (200, "close"), "{ready:?}");
    let other = Raw::from(url, address(9)).await.get("/v1/incidents").await.unwrap();
    assert!(!other.header("retry-after").is_empty(), "{other:?}");
    assert_eq!(other.last_problem(503)["type"], "urn:dateline:problem:too-many-connections");
    drop(held);
    let began = Instant::now();
    while Raw::from(url, address(9)).await.get("/v1/incidents").await.is_none_or(|said| said.status != 200) {
        assert!(began.elapsed() < Duration::from_secs(10), "places are not given back");
    }
}

#[tokio::test]
async fn whoever_is_pushed_out_is_told_so_and_not_reset() {
    let (_folder, data) = folder();
    let server = TestServer::start_with(&data, &["--connections-per-address", "8"]);
    let url = server.url.as_str();
    let held = crowd(url, address(1), 8, "").await;
    let mut pushed = Vec::new();
    for says in ["", "GET / HTTP/1.1\r\nHost: lo", "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n{"] {
        pushed.extend(crowd(url, address(1), 4, says).await);
    }
    // In the reserve an address has eight places: the newest push out all that came before them.
    let newest = crowd(url, address(1), 8, "").await;
    for connection in &mut pushed {
        connection.0.readable().await.unwrap();
        let said = connection.say("GET /v1/services HTTP/1.1\r\nHost: localhost\r\n\r\n").await.answer().await.expect("an answer");
        assert_eq!(said.header("retry-after"), "5", "{said:?}");
        assert_eq!(said.last_problem(503)["type"], "urn:dateline:problem:too-many-connections");
    }
    drop((held, newest));
}

#[tokio::test]
async fn an_address_takes_its_share_and_no_more_unless_it_is_a_named_proxy() {
    let (_folder, data) = folder();
    let server = TestServer::start_with(&data, &["--connections-per-address", "8", "--proxy", "127.0.1.2"]);
    let url = server.url.as_str();
    let held = crowd(url, address(1), 8, "").await;
    Raw::from(url, address(1)).await.get("/v1/services").await.unwrap().last_problem(503);
    probe(url, address(1)).await;
    assert_eq!(Raw::from(url, address(3)).await.get("/v1/services").await.unwrap().status, 200, "others have their own");
    let behind = crowd(url, address(2), 20, "").await;
    assert_eq!(Raw::from(url, address(2)).await.get("/v1/services").await.unwrap().status, 200, "a proxy stands for many");
    // Live streams count for the address that the proxy says.
    let live = |from: &str| format!("GET /v1/live HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {from}\r\n\r\n");
    let mut streams = Vec::new();
    for (from, status) in [("192.0.2.1", 200), ("192.0.2.1", 200), ("192.0.2.1", 503), ("192.0.2.2", 200)] {
        let mut stream = Raw::from(url, address(2)).await;
        let said = stream.say(live(from)).await.head().await.unwrap();
        assert_eq!((said.status, said.header("connection")), (status, "close"), "{from}: {said:?}");
        streams.push(stream);
    }
    drop((held, behind, streams));
}

#[tokio::test]
async fn live_streams_take_no_place_of_those_who_publish_and_read() {
    let house = House::start();
    let url = house.url.as_str();
    let mut streams = Vec::new();
    for from in 1..=18 {
        let mut of_this = crowd(url, address(from), LIVE_OF_AN_ADDRESS, "GET /v1/live?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        for stream in &mut of_this {
            let said = stream.head().await.unwrap();
            assert_eq!((said.status, said.header("content-type")), (200, "text/event-stream"), "{said:?}");
        }
        streams.extend(of_this);
    }
    assert!(streams.len() > CONNECTIONS);
    let one_more = Raw::from(url, address(1)).await.get("/v1/live").await.unwrap();
    assert!(one_more.last_problem(503)["detail"].as_str().unwrap().contains("from this address"));
    let event = anomaly("beside", "mail", "2026-03-01T10:00Z[UTC]");
    send(client().post(house.at("/v1/events")).header("content-type", STRUCTURED).body(event)).await.expect(201);
    get(&house.at("/v1/incidents?min_position=1")).await.expect(200);
    for stream in &mut streams {
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains("event: change") {
            let mut bytes = [0; 512];
            let read =
                tokio::time::timeout(Duration::from_secs(20), tokio::io::AsyncReadExt::read(&mut stream.0, &mut bytes)).await.unwrap().unwrap();
            assert!(read > 0, "a stream ended: {}", String::from_utf8_lossy(&heard));
            heard.extend_from_slice(&bytes[..read]);
        }
    }
}

#[tokio::test]
async fn reads_that_cannot_be_made_are_refused_at_once() {
    let house = House::with_outage().await;
    let url = house.url.as_str();
    let mut readers = Vec::new();
    for from in 1..=4 {
        readers.extend(crowd(url, address(from), 100, "").await);
    }
    for (number, reader) in (1..).zip(&mut readers) {
        // Each another list: what was made for one reader costs the next one no turn.
        reader.say(format!("GET /v1/incidents?limit={number} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
    }
    probe(url, address(9)).await;
    let (mut told, mut refused) = (0, 0);
    for reader in &mut readers {
        let said = reader.answer().await.unwrap();
        if said.status == 503 {
            assert_eq!(said.header("retry-after"), "1", "{said:?}");
            assert!(String::from_utf8_lossy(&said.body).contains("too-many-reads"), "{said:?}");
            refused += 1;
        } else {
            assert_eq!(said.status, 200, "{said:?}");
            told += 1;
        }
    }
    // Of one address 64 run and wait, of all together 128.
    assert!(told >= 64 && refused > 0, "{told} told, {refused} refused");
}

#[tokio::test]
async fn fewer_files_are_fewer_places_and_it_is_said() {
    let (_folder, data) = folder();
    let mut started = Command::new("sh");
    started.args(["-c", "ulimit -n 500; exec \"$0\" \"$@\"", PROGRAM]);
    let mut child =
        started.arg("--data").arg(&data).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
    let ready = get(&format!("{}/health/ready", line.trim().strip_prefix("serving at ").unwrap())).await;
    let _ = (child.kill(), child.wait());
    let ready = ready.expect(200).json();
    assert!(ready["connections"].as_str().is_some_and(|said| said.contains("open files is 500")), "{ready}");
}
