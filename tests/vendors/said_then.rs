//! What did this page say at an instant? Held against the vendors' own snapshots, and against their histories at 1,000 instants a page.

use std::collections::BTreeMap;
use std::path::Path;

use dateline_events::Instant;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::oracle::{Oracle, Page, answered, item};
use super::{history, import};
use crate::needs::shared_data;
use crate::support::{TestServer, folder};

const INSTANTS: usize = 1_000;

/// So many questions are asked at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_small_page_is_known_as_it_was() {
    as_it_was("github").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_page_is_known_as_it_was() {
    as_it_was("cloudflare").await;
}

async fn as_it_was(page: &str) {
    let Some((versions, table)) = history(page) else { return };
    let Some(snapshots) = shared_data(&format!("statuspage/{page}/snapshots")) else { return };
    let (_folder, files) = folder();
    let summary = import(&files, &["versions", &versions, "--visibility", &table]);
    assert_eq!(summary["refused"], 0, "{summary}");
    let oracle = Oracle::read(&versions, &table);
    let server = TestServer::start(&files);
    let client = reqwest::Client::new();
    let compared = against_snapshots(&client, &server.url, page, &snapshots).await;
    let instants = instants(&oracle);
    let asked = instants.iter().map(|instant| ask(&client, &server.url, page, *instant, ""));
    let answers: Vec<Page> = futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await;
    let (mut empty, mut unknown, mut items) = (0, 0, 0);
    for (instant, answer) in instants.iter().zip(&answers) {
        let expected = oracle.at(*instant);
        same(*instant, &expected, answer);
        empty += usize::from(expected.is_empty());
        unknown += expected.values().filter(|(presence, _)| *presence == "unknown").count();
        items += expected.len();
    }
    println!(
        "{page}: {compared} snapshots; {} instants, at {empty} of them nothing was shown; {items} incidents compared, {unknown} of them unknown",
        instants.len()
    );
    assert!(unknown > 0 && items > INSTANTS / 4, "the instants ask too little");
}

/// The vendor's own pages, as they were saved: which incidents stand there, and every word of each, planned work included.
async fn against_snapshots(client: &reqwest::Client, url: &str, page: &str, folder: &Path) -> usize {
    let mut compared = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        let (day, clock) = name.split_once('T').unwrap();
        let at = format!("{day}T{}:{}:{}Z", &clock[0..2], &clock[2..4], &clock[4..6]);
        let at = Instant::parse(&at).unwrap();
        let saved: Value = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
        let items = |section: &str| -> Page {
            let items = saved[section].as_array().unwrap().iter();
            items.map(|incident| (incident["id"].as_str().unwrap().to_owned(), ("listed", item(incident)))).collect()
        };
        let mut told = ask(client, url, page, at, "").await;
        told.retain(|_, (presence, _)| *presence == "listed");
        same(at, &items("incidents"), &told);
        // When planned work ended is not in the history; what it said is.
        let planned = ask(client, url, page, at, "&nature=maintenance").await;
        for (id, (_, mut expected)) in items("scheduled_maintenances") {
            expected["severity"] = Value::Null;
            assert_eq!(planned.get(&id).map(|(_, item)| item), Some(&expected), "{page} at {at}, planned work {id}");
        }
        compared += 1;
    }
    compared
}

async fn ask(client: &reqwest::Client, url: &str, page: &str, instant: Instant, more: &str) -> Page {
    let nature = if more.is_empty() { "&nature=outage" } else { more };
    let mut next = Some(format!("/v1/watch/pages/{page}?known_at={instant}&limit=500{nature}"));
    let mut all = Page::new();
    while let Some(path) = next {
        let answer = client.get(format!("{url}{path}")).send().await.unwrap();
        let link = answer.headers().get("link").and_then(|link| link.to_str().unwrap().split(['<', '>']).nth(1)).map(ToOwned::to_owned);
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        all.extend(answered(&serde_json::from_str(&text).unwrap()));
        next = link;
    }
    all
}

#[track_caller]
fn same(instant: Instant, expected: &Page, told: &Page) {
    let ids = |page: &Page| page.iter().map(|(id, (presence, _))| (id.clone(), *presence)).collect::<BTreeMap<_, _>>();
    assert_eq!(ids(expected), ids(told), "at {instant}");
    for (id, (_, item)) in expected {
        assert_eq!(item, &told[id].1, "at {instant}, {id}: {}", json!(told[id].1));
    }
}

/// Half within a second of a version, half spread evenly over the time in which something was shown.
fn instants(oracle: &Oracle) -> Vec<Instant> {
    let mut random = 0x5eed_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let recorded = oracle.recorded();
    let spans = oracle.spans();
    let length = |(from, until): &(Instant, Instant)| (until.0 - from.0) as u64;
    let whole: u64 = spans.iter().map(length).sum();
    (0..INSTANTS)
        .map(|number| {
            if number % 2 == 0 {
                let near = recorded[next(recorded.len() as u64) as usize];
                return Instant(near.0 + next(2_000) as i64 * 1_000 - 1_000_000);
            }
            let mut left = next(whole);
            for span in &spans {
                if left < length(span) {
                    return Instant(span.0.0 + left as i64);
                }
                left -= length(span);
            }
            spans[0].0
        })
        .collect()
}
