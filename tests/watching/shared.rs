//! Beside a server: what cannot be published waits and is not read again; and two watchers of one page do not both read it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::response::IntoResponse;
use serde_json::Value;

use super::process::{Watcher, logs, micros, page, pages};
use super::vendor::{Vendor, summary};
use crate::support::{TestServer, command, folder, get, run};

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Serve(Child);

impl Serve {
    fn start(data: &Path, port: u16) -> Self {
        Self(command(data).args(["serve", "--listen", &format!("127.0.0.1:{port}")]).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_cannot_be_published_waits_and_the_page_is_not_read_meanwhile() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    vendor.say("/summary.json", |_, before| summary(&[u32::try_from(before).unwrap()]).into_response());
    let (url, port) = (vendor.at("/summary.json"), free_port());
    let server = format!("http://127.0.0.1:{port}");
    let file = pages(&data, &page("mail", 1, std::slice::from_ref(&url)));
    let watcher = Watcher::start_with(&data, &file, &["--allow-private", "--url", &server], &[]);
    let waits = watcher.until(&url, "waits to be published", |feed| feed["unpublished"] == true).await;
    assert_eq!((&waits["state"], &waits["last_read"]), (&"waiting".into(), &Value::Null), "nothing moves before it is published: {waits}");
    assert!(waits["why"].as_str().unwrap().contains("could not be published"), "{waits}");
    let (status, ready) = get(&format!("{}/health/ready", watcher.url)).await;
    assert_eq!((status, &ready["state"]["ok"], &ready["server"]["ok"]), (503, &true.into(), &false.into()), "{ready}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(vendor.asked("/summary.json").len(), 1, "it was read again although its reading waits");
    assert!(watcher.metric("dateline_watch_unpublished_total").await >= 2.0);
    let _serve = Serve::start(&data, port);
    watcher.until(&url, "published", |feed| feed["unpublished"] == false && feed["state"] == "seen").await;
    watcher.until(&url, "read on", |feed| feed["last_read"] != feed["last_tried"] || vendor.asked("/summary.json").len() > 1).await;
    assert_eq!(get(&format!("{}/health/ready", watcher.url)).await.0, 200);
    assert_eq!(tokio::task::spawn_blocking(|| watcher.terminate()).await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_watchers_of_one_page_one_stands_by_until_the_other_is_gone() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    vendor.say("/summary.json", |_, _| summary(&[]).into_response());
    let url = vendor.at("/summary.json");
    let server = TestServer::start(&data);
    let file = pages(&data, &page("mail", 1, std::slice::from_ref(&url)));
    let start = || Watcher::start_with(&data, &file, &["--allow-private", "--url", &server.url], &[]);
    let one = start();
    let seen = one.until_state(&url, "seen").await;
    let two = start();
    let standing = two.until(&url, "stands by", |feed| feed["standing_by"] == true);
    let other = one.until(&url, "stands by", |feed| feed["standing_by"] == true);
    // Which of the two is first to notice is chance.
    let (reading, standing) = tokio::select! { _ = standing => (one, two), _ = other => (two, one) };
    assert!(logs(&data).contains("another watcher reads this page; standing by"), "{}", logs(&data));
    reading.until(&url, "goes on", |feed| micros(&feed["last_read"]) > micros(&seen["last_read"]) + 3_000_000).await;
    assert_eq!(standing.feed(&url).await["standing_by"], true, "they take turns");
    let last_read = micros(&reading.feed(&url).await["last_read"]);
    reading.kill();
    let taken_over = standing.until(&url, "takes over", |feed| feed["standing_by"] == false && micros(&feed["last_read"]) > last_read).await;
    assert_eq!(taken_over["state"], "seen", "{taken_over}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_read_sees_what_is_watched() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    run(&data, &["keys", "create", "--name", "editor", "--scope", "publish:/desks"]);
    let key = String::from_utf8(run(&data, &["keys", "create", "--name", "reader", "--scope", "read"]).stdout).unwrap();
    let file = pages(&data, &page("mail", 3600, &["http://127.0.0.1:1/summary.json".to_owned()]));
    let watcher = Watcher::start_with(&data, &file, &["--allow-private", "--url", &server.url, "--listen", "0.0.0.0:0"], &[]);
    let here = watcher.url.replace("0.0.0.0", "127.0.0.1");
    for path in ["/v1/watch", "/metrics"] {
        assert_eq!(get(&format!("{here}{path}")).await.0, 401, "{path}");
        let answer = reqwest::Client::new().get(format!("{here}{path}")).bearer_auth(key.trim()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    assert_eq!(get(&format!("{here}/health/live")).await.0, 200);
    assert_eq!(get(&format!("{here}/v1/nothing")).await.1["type"], "urn:dateline:problem:not-found");
    let ended = Command::new("kill").args(["-INT", &watcher.id().to_string()]).status().unwrap();
    assert!(ended.success());
}
