//! It asks conditionally and says who it is; what is unchanged was read; what fails is asked for ever more rarely; killed, it goes on.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::process::{Watcher, micros, page, pages};
use super::vendor::{Vendor, summary};
use crate::asking::get as ask;
use crate::openapi::Strict;
use crate::support::{folder, get};

/// A page with an ETag, which is not sent again to whoever has it.
fn with_etag(headers: &HeaderMap, etag: &'static str, body: String) -> Response {
    if headers.get("if-none-match").is_some_and(|given| given == etag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([("etag", etag), ("last-modified", "Mon, 05 Jan 2026 10:00:00 GMT")], body).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_page_is_asked_for_conditionally_and_counts_as_read() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    vendor.say("/etag/summary.json", |headers, _| with_etag(headers, "\"one\"", summary(&[1, 2])));
    vendor.say("/plain/summary.json", |_, _| summary(&[]).into_response());
    let (etag, plain) = (vendor.at("/etag/summary.json"), vendor.at("/plain/summary.json"));
    let text = format!(
        "contact = \"https://newsroom.example/bot\"\n{}{}",
        page("mail", 1, std::slice::from_ref(&etag)),
        page("post", 1, std::slice::from_ref(&plain))
    );
    let watcher = Watcher::start(&data, &pages(&data, &text));
    let first = watcher.until_state(&etag, "seen").await;
    assert_eq!((&first["incidents"], &first["failures"], &first["dialect"]), (&2.into(), &0.into(), &"statuspage".into()), "{first}");
    for url in [&etag, &plain] {
        let seen = watcher.until_state(url, "seen").await;
        let later = watcher.until(url, "read again", |feed| micros(&feed["last_read"]) > micros(&seen["last_read"]) + 1_500_000).await;
        assert_eq!(later["state"], "seen", "{later}");
        assert!(micros(&later["next_read"]) > micros(&later["last_tried"]), "{later}");
    }
    let asked = vendor.asked("/etag/summary.json");
    let version = env!("CARGO_PKG_VERSION");
    for (place, question) in asked.iter().enumerate() {
        let header = |name: &str| question.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("user-agent"), Some(format!("dateline/{version} (+https://newsroom.example/bot)").as_str()));
        assert_eq!(header("accept-encoding"), Some("gzip"));
        let expected = (place > 0).then_some(("\"one\"", "Mon, 05 Jan 2026 10:00:00 GMT"));
        assert_eq!(header("if-none-match").zip(header("if-modified-since")), expected, "question {place}");
    }
    assert!(watcher.metric("dateline_watch_requests_total{outcome=\"page\"}").await >= 2.0);
    assert!(watcher.metric("dateline_watch_requests_total{outcome=\"not_modified\"}").await >= 1.0);
    assert!(watcher.metric("dateline_watch_requests_total{outcome=\"same\"}").await >= 1.0);
    assert_eq!(watcher.metric("dateline_watch_feeds{state=\"seen\"}").await, 2.0);
    assert!(watcher.metric("dateline_watch_read_bytes_total").await >= summary(&[1, 2]).len() as f64);
    assert!(watcher.metric("dateline_watch_oldest_read_seconds").await < 30.0);
    let contract = Strict::new();
    contract.check("get /v1/watch", &ask(&format!("{}/v1/watch", watcher.url)).await.expect(200));
    contract.check("get /metrics", &ask(&format!("{}/metrics", watcher.url)).await.expect(200));
    assert_eq!(get(&format!("{}/v1/incidents", watcher.url)).await.0, 200, "without --url every role is in the same process");
    assert_eq!(tokio::task::spawn_blocking(|| watcher.terminate()).await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_named_and_asked_for_ever_more_rarely() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    vendor.say("/broken", |_, before| if before < 3 { StatusCode::INTERNAL_SERVER_ERROR.into_response() } else { summary(&[]).into_response() });
    vendor.say("/busy", |_, _| (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "3600")]).into_response());
    vendor.say("/many", |_, _| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "99999999")]).into_response());
    let urls = ["/broken", "/busy", "/many", "/gone"].map(|path| vendor.at(path));
    let watcher = Watcher::start(&data, &pages(&data, &page("mail", 1, &urls)));
    let [broken, busy, many, gone] = &urls;
    let absent = watcher.until_state(gone, "absent").await;
    assert_eq!(absent["why"], "answered 404 Not Found", "{absent}");
    for (url, least_s, most_s, why) in
        [(busy, 3_590, 3_610, "answered 503 Service Unavailable"), (many, 21_590, 21_610, "answered 429 Too Many Requests")]
    {
        let feed = watcher.until_state(url, "unreadable").await;
        assert_eq!((&feed["why"], &feed["failures"], &feed["last_read"]), (&why.into(), &1.into(), &serde_json::Value::Null), "{feed}");
        let wait_s = (micros(&feed["next_read"]) - micros(&feed["last_tried"])) / 1_000_000;
        assert!((least_s..=most_s).contains(&wait_s), "waits {wait_s} s: {feed}");
    }
    let healed = watcher.until_state(broken, "seen").await;
    assert_eq!((&healed["failures"], &healed["why"]), (&0.into(), &serde_json::Value::Null), "{healed}");
    let waits: Vec<u64> = vendor.asked("/broken").windows(2).map(|pair| (pair[1].at - pair[0].at).as_millis() as u64).collect();
    for (wait, doubled) in waits.iter().zip([2_000, 4_000, 8_000]) {
        assert!((doubled * 9 / 10..doubled * 11 / 10 + 1_000).contains(wait), "{waits:?}");
    }
    // A start does not make it impatient.
    let asked = vendor.asked("/busy").len();
    watcher.kill();
    let again = Watcher::start(&data, &data.join("pages.toml"));
    let before = again.until(busy, "what was remembered", |feed| feed["state"] != "waiting").await;
    assert_eq!((&before["state"], &before["failures"]), (&"unreadable".into(), &1.into()), "{before}");
    again.until(broken, "read after the start", |feed| micros(&feed["last_read"]) > micros(&healed["last_read"])).await;
    assert_eq!(vendor.asked("/busy").len(), asked, "it was asked before it had said");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_it_remembers_what_it_read() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    vendor.say("/summary.json", |headers, _| with_etag(headers, "\"one\"", summary(&[1])));
    let url = vendor.at("/summary.json");
    let file = pages(&data, &page("mail", 1, std::slice::from_ref(&url)));
    let mut last_read = 0;
    for kill in 0..4 {
        let watcher = Watcher::start(&data, &file);
        let feed = watcher.until(&url, "read", |feed| feed["state"] == "seen" && micros(&feed["last_read"]) > last_read).await;
        last_read = micros(&feed["last_read"]);
        assert_eq!(feed["incidents"], 1, "after {kill} kills: {feed}");
        watcher.kill();
    }
    let asked = vendor.asked("/summary.json");
    assert!(asked.len() >= 4, "{}", asked.len());
    assert!(asked[1..].iter().all(|question| question.headers.contains_key("if-none-match")), "a start forgot what was read: {asked:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_asked_one_thing_at_a_time() {
    let (_folder, data) = folder();
    let vendor = Vendor::listen("0.0.0.0:0").await;
    vendor.pause(Duration::from_millis(60));
    let mut text = String::new();
    let mut urls = Vec::new();
    for host in 1..=3 {
        let feeds: Vec<String> = (0..8).map(|feed| format!("http://127.0.0.{host}:{}/{host}/{feed}", vendor.address.port())).collect();
        for feed in 0..8 {
            vendor.say(&format!("/{host}/{feed}"), |_, _| summary(&[]).into_response());
        }
        text.push_str(&page(&format!("host{host}"), 1, &feeds));
        urls.extend(feeds);
    }
    let watcher = Watcher::start(&data, &pages(&data, &text));
    for url in &urls {
        let seen = watcher.until_state(url, "seen").await;
        watcher.until(url, "read twice", |feed| micros(&feed["last_read"]) > micros(&seen["last_read"])).await;
    }
    let (asked, most_of_one_host, most_at_once) = vendor.load();
    assert!(asked >= 48, "{asked}");
    assert_eq!(most_of_one_host, 1, "two questions at once for one host");
    assert!(most_at_once > 1, "hosts do not wait for one another");
}
