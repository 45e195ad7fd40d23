//! One vendor in two formats: a Statuspage and its feed are one timeline, and no post of it is told twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

use dateline_events::{Instant, Moment, normal};
use serde_json::Value;

use super::oracle::Oracle;
use super::{history, import};
use crate::needs::shared_data;
use crate::support::{TestServer, folder, get, run};

/// A post: its incident, its minute, its words without markup, punctuation and case.
type Post = (String, i64, String);

#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_its_feed_are_one_timeline_without_doubled_posts() {
    let Some((versions, table)) = history("github") else { return };
    let (Some(feed), Some(joined)) = (shared_data("github-atom/entries.versions.jsonl.gz"), shared_data("github-atom/incidents.jsonl")) else {
        return;
    };
    let (_folder, files) = folder();
    let page = import(&files, &["versions", &versions, "--visibility", &table, "--name", "GitHub"]);
    let incidents = page["incidents"].as_u64().unwrap();
    let fed = import(&files, &["versions", feed.to_str().unwrap(), "--service", "github", "--name", "GitHub"]);
    assert_eq!(fed["refused"], 0, "{fed}");
    println!("the page: {page}\nthe feed: {fed}");
    let again = import(&files, &["versions", feed.to_str().unwrap(), "--service", "github", "--name", "GitHub"]);
    assert_eq!(again["published"], 0, "a second run publishes nothing: {again}");

    let told = posts_ever_told(&files);
    let server = TestServer::start(&files);
    let ids = incidents_of_the_page(&server.url).await;
    let oracle = Oracle::read(&versions, &table);
    let on_page: BTreeSet<&String> = oracle.visible().keys().collect();
    assert!(ids.len() as u64 >= incidents, "{} incidents of the page became {}", incidents, ids.len());
    let held = on_page.iter().filter(|id| ids.values().any(|held| held == **id)).count();
    assert_eq!(held, on_page.len(), "no two of the page's incidents became one");

    let mut expected: BTreeMap<Post, usize> = BTreeMap::new();
    let (mut minute_overlaps, mut instant_overlaps, mut resolved) = (0, 0, 0);
    for line in BufReader::new(std::fs::File::open(joined).unwrap()).lines() {
        let entry: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let id = entry["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let Some((_, last_seen, first_absent)) = oracle.visible().get(&id) else { continue };
        for post in entry["updates"].as_array().unwrap() {
            *expected.entry(post_of(&id, &post["at"], &post["message"])).or_default() += 1;
        }
        if let (Some(end), Some(absent)) = (entry["resolved_at"].as_str().and_then(Instant::parse), first_absent) {
            resolved += 1;
            minute_overlaps += usize::from(end < *absent && end.plus(Instant::MINUTE) > *last_seen);
            instant_overlaps += usize::from(*last_seen <= end && end <= *absent);
        }
    }
    println!(
        "restorations: [last seen, first absent] overlaps the minute of the feed's end in {minute_overlaps} of {resolved}, its instant in {instant_overlaps}"
    );
    assert_eq!(minute_overlaps, resolved);
    let mut joined: BTreeMap<Post, usize> = BTreeMap::new();
    for incident in oracle.last() {
        for post in incident["incident_updates"].as_array().unwrap() {
            let post = post_of(incident["id"].as_str().unwrap(), &post["display_at"], &post["body"]);
            if expected.contains_key(&post) {
                *joined.entry(post).or_default() += 1;
            }
        }
    }
    let mut minutes: BTreeMap<(&String, i64), usize> = BTreeMap::new();
    joined.iter().for_each(|((id, minute, _), count)| *minutes.entry((id, *minute)).or_default() += count);
    let sharing: usize = minutes.values().filter(|count| **count > 1).sum();
    let otherwise: Vec<(&Post, &usize)> = joined.iter().filter(|(post, count)| told.get(*post) != Some(*count)).collect();
    let untold: Vec<&Post> = expected.keys().filter(|post| !told.contains_key(*post)).collect();
    println!(
        "{} posts stand on the page and in the feed, {sharing} of them share a minute; {} are told otherwise than the page has them; of the feed's {} posts {} were never told",
        joined.values().sum::<usize>(),
        otherwise.len(),
        expected.values().sum::<usize>(),
        untold.len()
    );
    untold.iter().for_each(|post| println!("  never told: {post:?}"));
    assert_eq!(otherwise, vec![], "each is told as often as the page has it");
    assert!(joined.len() > 2_000 && untold.len() < 5, "the join asks too little");
    let (status, one) = get(&format!("{}/v1/incidents/{}", server.url, ids.keys().next().unwrap())).await;
    assert_eq!(status, 200, "{one}");
}

/// How many posts ever stood so in the ledger: as first said, or as corrected.
fn posts_ever_told(files: &Path) -> BTreeMap<Post, usize> {
    let replayed = String::from_utf8(run(files, &["audit", "replay"]).stdout).unwrap();
    let mut posts: BTreeMap<String, (Value, BTreeSet<Post>)> = BTreeMap::new();
    for line in replayed.lines() {
        let mut event = serde_json::from_str::<Value>(line).unwrap()["event"].take();
        let id = event["id"].as_str().unwrap().to_owned();
        let Some((incident, _)) = id.split_once("/post/") else { continue };
        let target = event["data"]["event"]["id"].as_str().map(ToOwned::to_owned);
        let (id, data) = match target {
            None => (id.clone(), event["data"].take()),
            Some(target) => {
                let mut data = posts[&target].0.clone();
                let patch = event["data"]["patch"].as_object().cloned().unwrap_or_default();
                data.as_object_mut().unwrap().extend(patch);
                (target, data)
            }
        };
        let words = data.pointer("/statement/quotation/text").or_else(|| data.pointer("/text/en")).unwrap_or(&Value::Null);
        let moment = Moment::parse(data["occurred"]["at"].as_str().unwrap()).unwrap();
        let state = (incident.to_owned(), moment.start().0.div_euclid(Instant::MINUTE), normal(words.as_str().unwrap_or_default()));
        let post = posts.entry(id).or_default();
        post.1.insert(state);
        post.0 = data;
    }
    let mut told = BTreeMap::new();
    posts.values().flat_map(|(_, states)| states).for_each(|state| *told.entry(state.clone()).or_default() += 1);
    told
}

/// The incidents that a page ever listed: Dateline's ids, each with the page's own.
async fn incidents_of_the_page(url: &str) -> BTreeMap<String, String> {
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut next = Some("/v1/watch/pages/github?presence=all&limit=500".to_owned());
    while let Some(path) = next {
        let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
        next = answer.headers().get("link").and_then(|link| link.to_str().unwrap().split(['<', '>']).nth(1)).map(ToOwned::to_owned);
        let body: Value = answer.json().await.unwrap();
        for item in body["incidents"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap().to_owned();
            let before = ids.insert(item["incident"].as_str().unwrap().to_owned(), id.clone());
            assert_eq!(before, None, "{id} shares an incident");
        }
    }
    ids
}

fn post_of(id: &str, at: &Value, words: &Value) -> Post {
    let minute = Instant::parse(at.as_str().unwrap()).unwrap().0.div_euclid(Instant::MINUTE);
    (id.to_owned(), minute, normal(words.as_str().unwrap_or_default()))
}
