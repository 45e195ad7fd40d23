//! The Atom history of a real Statuspage beside what was read out of it elsewhere. The files are not ours: where they are missing,
//! one line says so.

mod real;

use std::collections::BTreeMap;

use dateline_dialects::{Dialect, SeenIncident, read_version};
use dateline_events::{Instant, normal};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    url: String,
    started_at: Instant,
    resolved_at: Option<Instant>,
    title: String,
    updates: Vec<ExpectedPost>,
}

#[derive(Deserialize)]
struct ExpectedPost {
    at: Instant,
    status: String,
    message: String,
}

type Posts = Vec<(Instant, String, String)>;

fn posts(incident: &SeenIncident) -> Posts {
    let told = |post: &dateline_dialects::SeenPost| {
        (post.at.as_ref().unwrap().start(), post.status_word.clone().unwrap(), normal(post.words.as_deref().unwrap_or_default()))
    };
    incident.posts.iter().map(told).collect()
}

/// The last version of each entry.
fn latest(lines: &str) -> BTreeMap<String, SeenIncident> {
    let (mut latest, mut read) = (BTreeMap::new(), 0);
    for line in lines.lines() {
        let version = read_version(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
        read += 1;
        latest.insert(version.incident.id.clone(), version.incident);
    }
    println!("{read} versions of {} entries were read", latest.len());
    latest
}

#[test]
fn every_post_of_a_history_is_read_as_it_was_elsewhere() {
    let (Some(versions), Some(expected)) = (real::text("github-atom/entries.versions.jsonl.gz"), real::text("github-atom/incidents.jsonl")) else { return };
    let latest = latest(&versions);
    let (mut faults, mut incidents, mut count) = (Vec::new(), 0, 0);
    for line in expected.lines() {
        let expected: Expected = serde_json::from_str(line).unwrap();
        let id = expected.url.rsplit('/').next().unwrap();
        let Some(incident) = latest.get(id) else {
            faults.push(format!("{id}: not in the history"));
            continue;
        };
        let told = posts(incident);
        let wanted: Posts = expected.updates.iter().map(|post| (post.at, post.status.clone(), normal(&post.message))).collect();
        incidents += 1;
        count += wanted.len();
        if told != wanted {
            let place = told.iter().zip(&wanted).position(|(told, wanted)| told != wanted).unwrap_or(told.len().min(wanted.len()));
            faults.push(format!("{id}: post {place}: {:?} instead of {:?}", told.get(place), wanted.get(place)));
        }
        let started = incident.started.as_ref().map(dateline_dialects::SeenTime::start);
        let last = incident.posts.last().and_then(|post| post.at.as_ref()).map(dateline_dialects::SeenTime::start);
        if started != Some(expected.started_at) || (expected.resolved_at.is_some() && last != expected.resolved_at) {
            faults.push(format!("{id}: from {started:?} to {last:?} instead of {:?} to {:?}", expected.started_at, expected.resolved_at));
        }
        if incident.name.as_deref().map(normal) != Some(normal(&expected.title)) {
            faults.push(format!("{id}: {:?} instead of {:?}", incident.name, expected.title));
        }
    }
    println!("{incidents} incidents with {count} posts compared, {} faults", faults.len());
    assert!(incidents > 800 && count > 4000, "too little was compared: {incidents} incidents, {count} posts");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_feed_and_the_history_of_its_entries_say_the_same() {
    let (Some(feed), Some(versions)) = (real::text("github-atom/github-status-history.atom"), real::text("github-atom/entries.versions.jsonl.gz")) else { return };
    let observation = Dialect::Atom.read(feed.as_bytes(), "history.atom").unwrap();
    assert!(observation.refused.is_empty(), "{:?}", observation.refused);
    assert_eq!(observation.facts.name.as_deref(), Some("GitHub"));
    assert_eq!(observation.facts.url.as_deref(), Some("https://www.githubstatus.com"));
    assert_eq!(observation.incidents.len(), 25);
    let latest = latest(&versions);
    let differ: Vec<&str> = observation.incidents.iter().filter(|incident| latest.get(&incident.id) != Some(incident)).map(|incident| incident.id.as_str()).collect();
    println!("{} of {} entries of the feed are the last version in the history", observation.incidents.len() - differ.len(), observation.incidents.len());
    assert!(differ.len() <= 1, "{differ:?}");
}
