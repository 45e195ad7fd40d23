//! The Atom history of a real Statuspage beside what was read out of it elsewhere. The files are not ours: where they are missing,
//! one line says so.

use std::collections::BTreeMap;

use dateline_events::{Instant, normal};
use dateline_status_pages::{Dialect, SeenIncident, SeenTime, read_version};
use serde::Deserialize;

use crate::real;

#[derive(Deserialize)]
struct Expected {
    url: String,
    started_at: Instant,
    resolved_at: Instant,
    title: String,
    updates: Vec<ExpectedPost>,
}

#[derive(Deserialize)]
struct ExpectedPost {
    at: Instant,
    status: String,
    message: String,
}

/// Time, word and normal words of each post.
type Posts = Vec<(Instant, String, String)>;

fn posts(incident: &SeenIncident) -> Posts {
    let told = |post: &dateline_status_pages::SeenPost| {
        (post.at.as_ref().unwrap().start(), post.status_word.clone().unwrap(), normal(post.words.as_deref().unwrap_or_default()))
    };
    incident.posts.iter().map(told).collect()
}

/// The last version of each entry, and every post that any version had.
fn histories(lines: &str) -> BTreeMap<String, (SeenIncident, Posts)> {
    let (mut entries, mut read) = (BTreeMap::new(), 0);
    for line in lines.lines() {
        let version = read_version(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
        read += 1;
        let (latest, ever) = entries.entry(version.incident.id.clone()).or_insert_with(|| (version.incident.clone(), Posts::new()));
        ever.extend(posts(&version.incident));
        *latest = version.incident;
    }
    println!("{read} versions of {} entries were read", entries.len());
    entries
}

/// In what way two readings of an incident are one; None where they are not.
fn agreement(told: &Posts, ever: &Posts, wanted: &Posts) -> Option<&'static str> {
    if told == wanted {
        return Some("alike");
    }
    let sorted = |posts: &Posts| {
        let mut posts = posts.clone();
        posts.sort();
        posts
    };
    if sorted(told) == sorted(wanted) {
        return Some("alike but for the order within a minute");
    }
    if told.iter().all(|post| wanted.contains(post)) && wanted.iter().all(|post| ever.contains(post)) {
        return Some("alike but for posts of earlier versions, which the page took down");
    }
    // What was read elsewhere ends at the first paragraph inside of a post.
    let is_cut = |(told, wanted): (&(Instant, String, String), &(Instant, String, String))| {
        (told.0, &told.1) == (wanted.0, &wanted.1) && told.2.starts_with(&wanted.2)
    };
    (told.len() == wanted.len() && told.iter().zip(wanted).all(is_cut)).then_some("alike but for paragraphs that are missing there")
}

#[test]
fn every_post_of_a_history_is_read_as_it_was_elsewhere() {
    let (Some(versions), Some(expected)) = (real::text("github-atom/entries.versions.jsonl.gz"), real::text("github-atom/incidents.jsonl")) else {
        return;
    };
    let histories = histories(&versions);
    let (mut faults, mut agreements, mut count) = (Vec::new(), BTreeMap::<_, usize>::new(), 0);
    for line in expected.lines() {
        let expected: Expected = serde_json::from_str(line).unwrap();
        let id = expected.url.rsplit('/').next().unwrap();
        let Some((incident, ever)) = histories.get(id) else {
            faults.push(format!("{id}: not in the history"));
            continue;
        };
        let told = posts(incident);
        let wanted: Posts = expected.updates.iter().map(|post| (post.at, post.status.clone(), normal(&post.message))).collect();
        count += told.len();
        match agreement(&told, ever, &wanted) {
            Some(agreement) => *agreements.entry(agreement).or_default() += 1,
            None => faults.push(format!("{id}: {told:?} instead of {wanted:?}")),
        }
        let started = incident.started.as_ref().map(SeenTime::start);
        let last = incident.posts.iter().filter_map(|post| post.at.as_ref().map(SeenTime::start)).max();
        if (started, last) != (Some(expected.started_at), Some(expected.resolved_at)) {
            faults.push(format!("{id}: from {started:?} to {last:?} instead of {:?} to {:?}", expected.started_at, expected.resolved_at));
        }
        if incident.name.as_deref().map(normal) != Some(normal(&expected.title)) {
            faults.push(format!("{id}: {:?} instead of {:?}", incident.name, expected.title));
        }
    }
    println!("{count} posts, {agreements:#?}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(agreements["alike"] > 800 && count > 4000, "too little was compared");
}

#[test]
fn a_feed_and_the_history_of_its_entries_say_the_same() {
    let (Some(feed), Some(versions)) = (real::text("github-atom/github-status-history.atom"), real::text("github-atom/entries.versions.jsonl.gz"))
    else {
        return;
    };
    let observation = Dialect::Atom.read(feed.as_bytes(), "history.atom").unwrap();
    assert!(observation.refused.is_empty(), "{:?}", observation.refused);
    assert_eq!(observation.facts.name.as_deref(), Some("GitHub"));
    assert_eq!(observation.facts.url.as_deref(), Some("https://www.githubstatus.com"));
    assert_eq!(observation.incidents.len(), 25);
    let histories = histories(&versions);
    let differ: Vec<&str> = observation
        .incidents
        .iter()
        .filter(|incident| histories.get(&incident.id).map(|(latest, _)| latest) != Some(incident))
        .map(|incident| incident.id.as_str())
        .collect();
    println!(
        "{} of {} entries of the feed are the last version in the history",
        observation.incidents.len() - differ.len(),
        observation.incidents.len()
    );
    assert!(differ.is_empty(), "{differ:?}");
}
