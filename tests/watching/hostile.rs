//! Nothing that a server answers costs more than a limit: not time, not memory, not the watcher's belief.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::process::{Watcher, page, pages};
use super::vendor::{Vendor, in_pieces, summary};
use crate::support::folder;

const MIB: usize = 1024 * 1024;

/// More than this a watcher may not take, in KiB: far below what the bodies would be.
const MEMORY_KIB: u64 = 420 * 1024;

fn gzip(of: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..times {
        encoder.write_all(of).unwrap();
    }
    encoder.finish().unwrap()
}

fn redirect(to: &str) -> Response {
    (StatusCode::FOUND, [("location", to)]).into_response()
}

fn packed(coding: &'static str, body: impl Into<Body>) -> Response {
    ([("content-encoding", coding)], body.into()).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_answers_end_at_a_limit_and_are_named() {
    let (_folder, data) = folder();
    let vendor = Vendor::listen("0.0.0.0:0").await;
    let bomb = gzip(&vec![b' '; MIB], 2_048);
    assert!(bomb.len() < 3 * MIB, "two GiB in {} bytes", bomb.len());
    let half: Vec<u8> = {
        let whole = gzip(summary(&[1]).as_bytes(), 1);
        whole[..whole.len() / 2].to_vec()
    };
    let good = format!("http://me:pw@127.0.0.1:{}/good", vendor.address.port());
    vendor.say("/loop", |_, _| redirect("/loop"));
    vendor.say("/file", |_, _| redirect("file:///etc/passwd"));
    vendor.say("/nowhere", |_, _| StatusCode::FOUND.into_response());
    vendor.say("/login", move |_, _| redirect(&good));
    vendor.say("/drip", |_, _| in_pieces(b" ".to_vec(), 10_000, Duration::from_millis(500)).into_response());
    vendor.say("/large", |_, _| ([("content-length", (100 * MIB).to_string())], in_pieces(vec![b' '; MIB], 100, Duration::ZERO)).into_response());
    vendor.say("/endless", |_, _| in_pieces(vec![b' '; MIB], usize::MAX, Duration::ZERO).into_response());
    vendor.say("/bomb", move |_, _| packed("gzip", bomb.clone()));
    vendor.say("/half", move |_, _| packed("gzip", half.clone()));
    vendor.say("/brotli", |_, _| packed("br", "x"));
    vendor.say("/torn", |_, _| ([("content-length", "5000")], in_pieces(b"{".to_vec(), 1, Duration::ZERO)).into_response());
    vendor.say("/html", |_, _| ([("etag", "\"h\"")], "<!doctype html><title>Sorry</title>").into_response());
    vendor.say("/unasked", |_, _| StatusCode::NOT_MODIFIED.into_response());
    vendor.say("/partial", |_, _| (StatusCode::PARTIAL_CONTENT, summary(&[])).into_response());
    let expected = [
        ("/loop", "more than 5 redirects"),
        ("/file", "redirected to file:///etc/passwd: \"file:\" is not spoken here"),
        ("/nowhere", "redirects to no address"),
        ("/login", "an address with a user name or password is not read"),
        ("/large", "it is larger than 33554432 bytes"),
        ("/endless", "it is larger than 33554432 bytes"),
        ("/bomb", "it is larger than 33554432 bytes"),
        ("/half", "it cannot be unpacked"),
        ("/brotli", "it is packed as br, although only gzip was asked for"),
        ("/torn", "the connection ended amid the page"),
        ("/html", "not a Statuspage document"),
        ("/unasked", "answered 304 although nothing was known of it"),
        ("/partial", "answered 206 Partial Content"),
        ("/drip", "it was not read within 30 s"),
    ];
    // A host each, so that none waits for another.
    let text: String = expected.iter().zip(2..).map(|((path, _), host)| page(&path[1..], 1, &[at(&vendor, host, path)])).collect();
    let watcher = Watcher::start(&data, &pages(&data, &text));
    for ((path, why), host) in expected.iter().zip(2..) {
        let feed = watcher.until_state(&at(&vendor, host, path), "unreadable").await;
        assert!(feed["why"].as_str().unwrap().contains(why), "{path}: {feed:#}");
        assert_eq!((&feed["last_read"], &feed["incidents"]), (&serde_json::Value::Null, &0.into()), "{path}: {feed:#}");
    }
    assert!(vendor.asked("/html").iter().all(|question| !question.headers.contains_key("if-none-match")), "an unreadable page was remembered");
    let (most_kib, now_kib) = (watcher.kernel("VmHWM"), watcher.kernel("VmRSS"));
    println!("memory: at most {} MiB, now {} MiB", most_kib / 1024, now_kib / 1024);
    assert!(most_kib < MEMORY_KIB, "it took {most_kib} KiB");
    assert_eq!(tokio::task::spawn_blocking(|| watcher.terminate()).await.unwrap(), Some(0));
}

/// The whole of 127.0.0.0/8 is this machine.
fn at(vendor: &Vendor, host: usize, path: &str) -> String {
    format!("http://127.0.0.{host}:{}{path}", vendor.address.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_broken_meanwhile_is_asked_for_as_it_was_known() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    vendor.say("/packed", |_, _| packed("gzip", gzip(summary(&[1, 2, 3]).as_bytes(), 1)));
    vendor.say("/moved", |_, _| redirect("/packed"));
    vendor.say("/page", |headers, before| match before {
        0 => ([("etag", "\"one\"")], summary(&[1])).into_response(),
        1 => ([("etag", "\"sorry\"")], "<html>").into_response(),
        _ if headers.get("if-none-match").is_some_and(|etag| etag == "\"one\"") => StatusCode::NOT_MODIFIED.into_response(),
        _ => StatusCode::IM_A_TEAPOT.into_response(),
    });
    let urls = ["/page", "/packed", "/moved"].map(|path| vendor.at(path));
    let watcher = Watcher::start(&data, &pages(&data, &page("mail", 1, &urls)));
    let read = watcher.until_state(&urls[0], "seen").await;
    let broken = watcher.until_state(&urls[0], "unreadable").await;
    assert_eq!((&broken["last_read"], &broken["incidents"]), (&read["last_read"], &1.into()), "a broken page is evidence of nothing: {broken}");
    let back = watcher.until_state(&urls[0], "seen").await;
    assert_eq!((&back["incidents"], &back["why"]), (&1.into(), &serde_json::Value::Null), "{back}");
    for url in &urls[1..] {
        let feed = watcher.until_state(url, "seen").await;
        assert_eq!(feed["incidents"], 3, "{feed}");
    }
}
