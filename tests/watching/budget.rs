//! A page is in its vendor's hands: what it brings in an hour has a limit. Beyond it the page is stopped, that is shown everywhere, and it
//! lasts until somebody says that the page may go on. And nothing is lost to a server that refuses the caller.

use axum::response::IntoResponse;

use super::process::{Watcher, page, pages};
use super::vendor::{Vendor, summary};
use crate::support::{TestServer, folder, get, run};

/// Whether the ledger tells of an incident.
async fn tells_of(url: &str, id: &str) -> bool {
    get(&format!("{url}/v1/watch/pages/mail?presence=all")).await.1.to_string().contains(&format!("\"{id}\""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_brings_more_than_it_may_is_stopped_until_somebody_says_that_it_may_go_on() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    // Ten incidents at each question, all new.
    vendor.say("/summary.json", |_, before| summary(&(0..10).map(|number| before as u32 * 10 + number).collect::<Vec<_>>()).into_response());
    vendor.say("/other.json", |_, _| summary(&[7_000]).into_response());
    let url = vendor.at("/summary.json");
    let text = format!("incidents_an_hour = 25\n{}{}", page("mail", 1, std::slice::from_ref(&url)), page("post", 1, &[vendor.at("/other.json")]));
    let file = pages(&data, &text);
    let watcher = Watcher::start(&data, &file);
    let stopped = watcher.until(&url, "stopped", |feed| feed["stopped"] == true).await;
    let why = stopped["why"].as_str().unwrap();
    assert!(why.contains("30 new incidents") && why.contains("dateline pages resume mail"), "{why}");
    assert_eq!(vendor.asked("/summary.json").len(), 3, "two readings were taken, the third stopped it");
    let told = watcher.state().await;
    assert_eq!((&told["totals"]["stopped"], &told["totals"]["incidents"]), (&1.into(), &11.into()), "{told:#}");
    assert_eq!(watcher.metric("dateline_watch_stopped_feeds ").await, 1.0);
    let (status, ready) = get(&format!("{}/health/ready", watcher.url)).await;
    assert_eq!(status, 200, "a vendor cannot make the server unready: {ready}");
    assert!(ready["remarks"]["the page of mail"].as_str().unwrap().contains("pages resume mail"), "{ready}");
    // Another page is read on, and this one is left alone.
    let asked = vendor.asked("/other.json").len();
    watcher.until(&vendor.at("/other.json"), "read on", |_| vendor.asked("/other.json").len() > asked + 1).await;
    assert_eq!(vendor.asked("/summary.json").len(), 3);
    assert!(tells_of(&watcher.url, "inc19").await && !tells_of(&watcher.url, "inc20").await);
    watcher.kill();

    // So it stays after a restart, until it may go on: then the next reading is taken, whatever it is.
    let watcher = Watcher::start(&data, &file);
    watcher.until(&vendor.at("/other.json"), "another page is read", |feed| feed["state"] == "seen").await;
    assert!(watcher.feed(&url).await["stopped"] == true && vendor.asked("/summary.json").len() == 3);
    let said = run(&data, &["pages", "resume", "mail"]);
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
    watcher.until(&url, "goes on", |feed| feed["stopped"] == false).await;
    watcher.until(&url, "reads", |_| vendor.asked("/summary.json").len() > 3).await;
    watcher.until(&url, "published", |feed| feed["events_published"] != 0).await;
    assert_eq!(run(&data, &["pages", "resume", "post"]).status.code(), Some(1), "it is not stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_caller_is_no_answer_to_what_was_said() {
    let (_folder, data) = folder();
    let key = |name: &str, source: &str| {
        let scope = format!("publish:{source}");
        let scopes = ["--scope", scope.as_str(), "--scope", "edit", "--scope", "read"];
        // Whoever may edit may say anything, but as its own source alone.
        let made = run(&data, &[&["keys", "create", "--name", name][..], &scopes[..]].concat());
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    };
    let (wrong, right) = (key("wrong", "/elsewhere"), key("right", "/watchers/mail"));
    let server = TestServer::start(&data);
    let vendor = Vendor::start().await;
    vendor.say("/summary.json", |_, _| summary(&[1, 2]).into_response());
    let url = vendor.at("/summary.json");
    let file = pages(&data, &page("mail", 1, std::slice::from_ref(&url)));
    let watch = |key: &str| Watcher::start_with(&data, &file, &["--allow-private", "--url", &server.url], &[("DATELINE_KEY", key)]);
    for (key, why) in [("dl_nobody", "unknown or was revoked"), (wrong.as_str(), "lacks the scope publish:")] {
        let watcher = watch(key);
        let feed = watcher.until(&url, "unpublished", |feed| feed["unpublished"] == true).await;
        assert!(feed["why"].as_str().unwrap().contains(why), "{why}: {feed:#}");
        assert!(watcher.metric("dateline_watch_unpublished_total ").await >= 1.0);
        watcher.kill();
        assert!(!tells_of(&server.url, "inc1").await);
    }
    let watcher = watch(&right);
    // What was noted before it was refused is said first, then the page is read.
    watcher.until(&url, "published", |feed| feed["state"] == "seen" && feed["unpublished"] == false).await;
    get(&format!("{}/v1/services?min_position=4", server.url)).await;
    assert!(tells_of(&server.url, "inc1").await && tells_of(&server.url, "inc2").await);
}
