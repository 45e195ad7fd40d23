//! What cannot be parsed is answered by a problem too, and the connection closed.

use crate::asking::House;
use crate::raw::Raw;

#[tokio::test]
async fn what_cannot_be_parsed_is_a_problem_and_closes_the_connection() {
    let house = House::start();
    let with = |lines: &str| format!("POST /v1/events HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n");
    let many: String = (0..101).map(|number| format!("x-{number}: y\r\n")).collect();
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("rubbish", b"hello\r\n\r\n".to_vec(), 400),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400),
        ("another method's letters", b"G\x00T / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 400),
        ("a target with a control character", b"GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 400),
        ("another version", b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n".to_vec(), 400),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 400),
        ("a header without a name", with(": y").into_bytes(), 400),
        ("a header with a line break in it", with("X: a\rb").into_bytes(), 400),
        ("no length", with("Content-Length: x").into_bytes(), 400),
        ("two lengths", with("Content-Length: 1\r\nContent-Length: 2").into_bytes(), 400),
        ("a negative length", with("Content-Length: -1").into_bytes(), 400),
        ("an encoding that is none", with("Transfer-Encoding: gzip").into_bytes(), 400),
        ("a length and an encoding", with("Content-Length: 1\r\nTransfer-Encoding: chunked").into_bytes(), 400),
        ("an encoding and a length", with("Transfer-Encoding: chunked\r\nContent-Length: 1").into_bytes(), 400),
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec(), 400),
        ("two hosts", with("Host: localhost").into_bytes(), 400),
        ("an empty host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n".to_vec(), 400),
        ("another host in the target", b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 421),
        ("a tunnel", b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n".to_vec(), 405),
        ("a target of 8 KiB and one", format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(8_192)).into_bytes(), 414),
        ("a long target", format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(40_000)).into_bytes(), 414),
        ("a longer target", format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(100_000)).into_bytes(), 414),
        ("many headers", with(&many).into_bytes(), 431),
        ("a long header", with(&format!("X: {}", "y".repeat(100_000))).into_bytes(), 431),
    ];
    let within = format!("/{}", "x".repeat(8_191));
    assert_eq!(Raw::to(&house.url).await.get(&within).await.unwrap().status, 404, "a target of 8 KiB");
    for (what, bytes, status) in cases {
        let mut connection = Raw::to(&house.url).await;
        let said = connection.say(&bytes).await.answer().await.unwrap_or_else(|| panic!("{what}: no answer"));
        println!("{what}: {}", said.last_problem(status)["detail"]);
        connection.closed().await;
        // What comes behind a request that was answered is answered so too.
        let mut connection = Raw::to(&house.url).await;
        let alive = connection.get("/health/live").await.unwrap_or_else(|| panic!("{what}: not alive"));
        assert_eq!((alive.status, alive.body.as_slice()), (200, &b"live\n"[..]));
        connection.say(&bytes).await.answer().await.unwrap_or_else(|| panic!("{what}: no second answer")).last_problem(status);
    }
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_their_order_and_the_broken_one_last() {
    let house = House::start();
    let mut connection = Raw::to(&house.url).await;
    let one = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    connection.say(format!("{one}{one}GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n{one}GET /\x01\r\n\r\n")).await;
    for status in [200, 200] {
        let said = connection.answer().await.unwrap();
        assert_eq!((said.status, said.header("content-type")), (status, "application/vnd.oai.openapi+json;version=3.1"));
    }
    connection.answer().await.unwrap().last_problem(421);
    assert!(connection.answer().await.is_none(), "a connection that was closed goes on");
}
