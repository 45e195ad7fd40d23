//! One vendor in two formats: a Statuspage and its feed are one timeline, and no post of it is told twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};

use dateline_events::{Instant, normal};
use serde_json::Value;

use super::oracle::Oracle;
use super::{data, history, import};
use crate::support::{Server, folder, get};

/// A post: its incident, its minute, its words without markup, punctuation and case.
type Post = (String, i64, String);

#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_its_feed_are_one_timeline_without_doubled_posts() {
    let Some((versions, table)) = history("github") else { return };
    let (Some(feed), Some(joined)) = (data("github-atom/entries.versions.jsonl.gz"), data("github-atom/incidents.jsonl")) else { return };
    let (_folder, files) = folder();
    let page = import(&files, &["versions", &versions, "--visibility", &table, "--name", "GitHub"]);
    let incidents = page["incidents"].as_u64().unwrap();
    let fed = import(&files, &["versions", feed.to_str().unwrap(), "--service", "github", "--name", "GitHub"]);
    assert_eq!(fed["refused"], 0, "{fed}");
    println!("the page: {page}\nthe feed: {fed}");
    let again = import(&files, &["versions", feed.to_str().unwrap(), "--service", "github", "--name", "GitHub"]);
    assert_eq!(again["published"], 0, "a second run publishes nothing: {again}");

    let server = Server::start(&files);
    let mut told: BTreeMap<Post, usize> = BTreeMap::new();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for nature in ["outage", "maintenance"] {
        let mut next = Some(format!("/v1/watch/pages/github?nature={nature}&presence=all&limit=500"));
        while let Some(path) = next {
            let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
            next = answer.headers().get("link").and_then(|link| link.to_str().unwrap().split(['<', '>']).nth(1)).map(ToOwned::to_owned);
            let body: Value = answer.json().await.unwrap();
            for item in body["incidents"].as_array().unwrap() {
                let id = item["id"].as_str().unwrap().to_owned();
                for post in item["updates"].as_array().unwrap() {
                    *told.entry(post_of(&id, &post["at"], &post["text"])).or_default() += 1;
                }
                let before = ids.insert(item["incident"].as_str().unwrap().to_owned(), id.clone());
                assert_eq!(before, None, "{id} shares an incident");
            }
        }
    }
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
    let posts: usize = expected.values().sum();
    let missing: Vec<(&Post, &usize)> = expected.iter().filter(|(post, count)| told.get(*post) != Some(*count)).collect();
    let minutes = |all: &BTreeMap<Post, usize>| {
        let mut minutes: BTreeMap<(String, i64), usize> = BTreeMap::new();
        all.iter().for_each(|((id, minute, _), count)| *minutes.entry((id.clone(), *minute)).or_default() += count);
        minutes.values().filter(|count| **count > 1).sum::<usize>()
    };
    println!("{posts} posts of the feed, {} of them share a minute; {} are told otherwise than once", minutes(&expected), missing.len());
    for (post, count) in missing.iter().take(10) {
        println!("  {count} in the feed, {:?} told: {post:?}", told.get(*post));
    }
    assert!(missing.is_empty());
    let (status, one) = get(&format!("{}/v1/incidents/{}", server.url, ids.keys().next().unwrap())).await;
    assert_eq!(status, 200, "{one}");
}

fn post_of(id: &str, at: &Value, words: &Value) -> Post {
    let minute = Instant::parse(at.as_str().unwrap()).unwrap().0.div_euclid(Instant::MINUTE);
    (id.to_owned(), minute, normal(words.as_str().unwrap_or_default()))
}
