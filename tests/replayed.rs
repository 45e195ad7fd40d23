//! A replay over HTTP is whole, or everybody sees that it broke off; whoever follows goes on by himself, and no line is doubled or lost.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::proxy::Proxy;
use crate::support::{OUTAGE, TestServer, anomaly, folder, publish, run};

/// More than a page of the ledger, which is what is read at once.
const EVENTS: usize = 1_100;
const DAMAGED: usize = 1_050;

/// So many bytes come through a connection before it is cut: a sixth of the outage.
const CUT_AFTER_BYTES: u64 = 20_000;

/// Asks without a library that would judge the answer: head and body as they came, to the end of the connection.
fn asked(url: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.trim_start_matches("http://")).unwrap();
    let mut answer = Vec::new();
    // A connection that is reset has said what it had to say.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_lowercase(), body.to_owned())
}

/// The lines of a chunked body.
fn lines(body: &str) -> Vec<Value> {
    body.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_says_how_far_it_should_go_and_that_it_ended() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let outage: Vec<&str> = OUTAGE.lines().collect();
    publish(&server.url, &outage).await;
    let last = outage.len();
    for (query, count, end) in [("after=80", last - 80, last), ("after=0&limit=3", 3, 3), (&format!("after={last}"), 0, last)] {
        let (head, body) = asked(&server.url, &format!("/v1/events?{query}&trailer=1"));
        assert!(head.contains("200 ok") && head.contains(&format!("dateline-head: {last}")) && body.ends_with("0\r\n\r\n"), "{query}: {head} {body}");
        let lines = lines(&body);
        assert_eq!((lines.len(), &lines[count]), (count + 1, &json!({"dateline": "end", "after": end})), "{query}");
        let (_, plain) = asked(&server.url, &format!("/v1/events?{query}"));
        assert!(plain.ends_with("0\r\n\r\n") && !plain.contains("\"dateline\":"), "{query}: nobody asked for a last line: {plain}");
    }
    let (head, _) = asked(&server.url, "/v1/events?after=0&trailer=perhaps");
    assert!(head.contains(" 400 "), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_breaks_off_aborts_the_transfer() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let events: Vec<String> = (0..EVENTS).map(|number| anomaly(&number.to_string(), "whatsapp", "2022-10-25T06:37Z")).collect();
    for batch in events.chunks(550) {
        publish(&server.url, &batch.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    let file = rusqlite::Connection::open(data.join("ledger.db")).unwrap();
    assert_eq!(file.execute("DELETE FROM events WHERE position = ?1", [DAMAGED as i64]).unwrap(), 1);

    let (head, body) = asked(&server.url, "/v1/events?after=0&trailer=1");
    assert!(head.contains("200 ok") && head.contains(&format!("dateline-head: {EVENTS}")), "{head}");
    assert!(!body.ends_with("0\r\n\r\n"), "a part ends like a whole: {}", &body[body.len().saturating_sub(200)..]);
    let mut told = lines(&body);
    let (count, end) = (told.len() - 1, told.pop().unwrap());
    assert_eq!(end, json!({"dateline": "broken_off", "after": count}), "it says where");
    assert!((1..DAMAGED).contains(&count), "{count} lines");
    assert!((1..).zip(&told).all(|(position, line)| line["position"] == position), "positions run on");
    let (_, body) = asked(&server.url, "/v1/events?after=0");
    assert!(!body.ends_with("0\r\n\r\n"), "without a last line it is aborted all the same");
    let answer = reqwest::get(format!("{}/v1/events?after=0", server.url)).await.unwrap();
    assert!(answer.status() == 200 && answer.text().await.is_err(), "a client's library sees it");
    // Where not even the first page can be read, the status says so.
    file.execute("DELETE FROM events WHERE position = 1", []).unwrap();
    let (head, _) = asked(&server.url, "/v1/events?after=0");
    assert!(head.starts_with("http/1.1 5"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_goes_on_where_the_connection_was_cut() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    publish(&server.url, &OUTAGE.lines().collect::<Vec<_>>()).await;
    let proxy = Proxy::to(server.url.rsplit(':').next().unwrap().parse().unwrap());
    proxy.cut_after(CUT_AFTER_BYTES);
    let url = format!("http://127.0.0.1:{}", proxy.port());
    for until in [None, Some("50")] {
        let words: Vec<&str> = ["audit", "replay"].into_iter().chain(until.into_iter().flat_map(|until| ["--until", until])).collect();
        let direct = run(&data, &words);
        let cut = run(&data, &[&words[..], &["--url", &url]].concat());
        assert_eq!(cut.status.code(), Some(0), "{}", String::from_utf8_lossy(&cut.stderr));
        assert_eq!(String::from_utf8_lossy(&cut.stdout), String::from_utf8_lossy(&direct.stdout), "--until {until:?}");
        assert!(String::from_utf8_lossy(&cut.stderr).contains("broke off and goes on"), "nothing was cut, so nothing was tested");
    }
}
