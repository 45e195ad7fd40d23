//! Killed again and again, at any moment, and robbed of what it remembered now and then, it tells a page's whole story once: every
//! change, no change twice, each between the readings that had it not and had it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::response::IntoResponse;
use dateline_events::{Event, Instant};
use serde_json::{Value, json};

use super::lost::lose;
use super::process::{Watcher, logs, page, pages};
use super::vendor::Vendor;
use crate::support::{folder, get, run};

/// So often it is killed before a change may be told, and once more when it was.
const KILLS_A_STEP: usize = 3;

/// The page: its incident's headline, and each post with its words; None where the list is empty.
type Step = Option<(&'static str, &'static [(&'static str, &'static str)])>;

const STORY: [(Step, &[&str]); 9] = [
    (Some(("Slow mail", &[("p1", "We are looking into it.")])), &["a/start/1", "a/name/1", "a/severity/1", "a/post/p1/1"]),
    (Some(("Slow mail", &[("p1", "All is well.")])), &["a/post/p1/2"]),
    (Some(("Slow mail", &[("p1", "We are looking into it.")])), &["a/post/p1/3"]),
    (Some(("Lost mail", &[("p1", "We are looking into it."), ("p2", "Found it.")])), &["a/name/2", "a/post/p2/1"]),
    (Some(("Lost mail", &[("p1", "We are looking into it.")])), &["a/post/p2/2"]),
    (None, &["a/absent/1"]),
    (Some(("Lost mail", &[("p1", "We are looking into it.")])), &["a/absent/2"]),
    (Some(("Lost mail", &[("p1", "We are looking into it."), ("p2", "Found it.")])), &["a/post/p2/3"]),
    (None, &["a/absent/3"]),
];

fn document(step: &Step) -> String {
    let incidents: Vec<Value> = step.iter().map(|(name, posts)| {
        let posts: Vec<Value> = posts.iter().rev().map(|(id, words)| {
            json!({"id": id, "status": "investigating", "body": words, "display_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-05T10:00:00Z"})
        }).collect();
        json!({"id": "a", "name": name, "status": "investigating", "impact": "minor", "started_at": "2026-01-05T10:00:00Z", "incident_updates": posts})
    }).collect();
    json!({"page": {"id": "p", "name": "Mail", "url": "https://status.mail.example"}, "components": [], "incidents": incidents, "scheduled_maintenances": []}).to_string()
}

/// True where the page of now is told so.
async fn is_told(url: &str, step: &Step) -> bool {
    let (status, told) = get(&format!("{url}/v1/watch/pages/mail?presence=all")).await;
    let Some(item) = told["incidents"].get(0).filter(|_| status == 200) else { return false };
    let Some((name, posts)) = step else { return item["presence"] == "absent" };
    let texts: BTreeMap<&str, &str> =
        item["updates"].as_array().unwrap().iter().map(|post| (post["id"].as_str().unwrap(), post["text"].as_str().unwrap())).collect();
    item["presence"] == "listed" && item["name"] == *name && texts == posts.iter().copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_tells_every_change_once() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    let shown = Arc::new(Mutex::new(String::new()));
    let text = shown.clone();
    vendor.say("/summary.json", move |_, _| text.lock().unwrap().clone().into_response());
    let file = pages(&data, &page("mail", 1, &[vendor.at("/summary.json")]));
    let mut changed: Vec<Instant> = Vec::new();
    let mut random = 0x5eed_u64;
    for (number, (step, _)) in STORY.iter().enumerate() {
        changed.push(now());
        *shown.lock().unwrap() = document(step);
        for _ in 0..KILLS_A_STEP {
            let watcher = Watcher::start(&data, &file);
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            tokio::time::sleep(Duration::from_millis(random >> 56)).await;
            watcher.kill();
        }
        let watcher = Watcher::start(&data, &file);
        let told = async {
            while !is_told(&watcher.url, step).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), told).await.unwrap_or_else(|_| panic!("{step:?} is not told\n{}", logs(&data)));
        // It was published; what is remembered of it may be written or not, and is lost after each second step.
        watcher.kill();
        if number % 2 == 1 {
            lose(&data).await;
        }
    }
    let events = said(&data);
    let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).filter(|id| *id != "service/1").collect();
    let mut expected: Vec<&str> = STORY.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    let mut sorted = ids.clone();
    expected.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "in the order of the ledger: {ids:?}");
    for ((_, ids), changed) in STORY.iter().zip(&changed) {
        for event in events.iter().filter(|event| ids.contains(&event.id.as_str())) {
            let stated = event.common.stated.as_ref().unwrap().own_bounds();
            let (earliest, latest) = (stated.earliest.unwrap(), stated.latest.unwrap());
            // A moment with seconds covers one.
            assert!(earliest <= changed.plus(Instant::SECOND) && *changed <= latest, "{} was said {stated:?}, the page changed {changed}", event.id);
        }
    }
}

fn said(data: &Path) -> Vec<Event> {
    let replayed = String::from_utf8(run(data, &["audit", "replay"]).stdout).unwrap();
    let lines = replayed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].to_string());
    lines.map(|event| Event::read(event.as_bytes()).unwrap()).collect()
}

fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Instant(since.as_micros() as i64)
}
