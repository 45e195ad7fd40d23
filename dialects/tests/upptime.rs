//! Upptime: runs of trouble out of commits, days of trouble out of a summary, and what one site's file can say.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod real;

use std::collections::BTreeMap;

use dateline_dialects::{Dialect, Listing, Nature, Observation, SeenIncident, SeenTime};
use dateline_events::{Precision, Severity};

const COMMITS: &str = include_str!("fixtures/upptime/commits.tsv");
const SUMMARY: &str = include_str!("fixtures/upptime/summary.json");
const SITE: &str = include_str!("fixtures/upptime/ferry-api.yml");

fn read(text: &str, name: &str) -> Observation {
    Dialect::Upptime.read(text.as_bytes(), name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Id, start and end of each incident.
fn told(observation: &Observation) -> Vec<(&str, &str, &str)> {
    assert!(observation.incidents.iter().all(|incident| incident.nature == Some(Nature::Outage)));
    observation.incidents.iter().map(|incident| (incident.id.as_str(), text(incident.started.as_ref()), text(incident.ended.as_ref()))).collect()
}

fn text(time: Option<&SeenTime>) -> &str {
    time.map_or("-", |time| &time.moment.text)
}

#[test]
fn a_site_that_flaps_is_one_incident() {
    let observation = read(COMMITS, "events.tsv");
    let expected = [
        ("fish-market-20260601T101000Z", "2026-06-01T10:10:00Z", "2026-06-01T11:00:00Z"),
        ("ferry-api-20260601T101100Z", "2026-06-01T10:11:00Z", "-"),
        ("fish-market-20260601T113001Z", "2026-06-01T11:30:01Z", "2026-06-01T11:40:00Z"),
    ];
    assert_eq!(told(&observation), expected);
    let down = &observation.incidents[0];
    assert_eq!(down.service, Some(("fish-market".into(), "Fish Market".into())));
    assert_eq!((down.name.as_deref(), down.severity), (Some("Fish Market is down"), Some(Severity::Major)));
    let posts: Vec<(&str, &str)> = down.posts.iter().map(|post| (post.id.as_deref().unwrap(), post.status_word.as_deref().unwrap())).collect();
    assert_eq!(posts, [("c02", "down"), ("c04", "up"), ("c05", "down"), ("c07", "up")]);
    assert_eq!(down.posts[0].words.as_deref(), Some("🟥 Fish Market is down (503 in 90 ms)"));
    let slow = &observation.incidents[2];
    assert_eq!((slow.name.as_deref(), slow.severity, slow.posts.len()), (Some("Fish Market has degraded performance"), Some(Severity::Minor), 2));
    assert_eq!((observation.refused.len(), observation.refused[0].what.as_str()), (1, "row 11"));
    assert_eq!(observation.listing, Listing::Partial);
}

#[test]
fn a_log_that_stands_newest_first_says_the_same() {
    let mut lines: Vec<&str> = COMMITS.lines().skip(1).filter(|line| !line.contains("yesterday")).collect();
    lines.reverse();
    let turned = format!("commit\tcommitted_at\tsubject\n{}\n", lines.join("\n"));
    assert_eq!(read(&turned, "events.tsv").incidents, read(COMMITS, "events.tsv").incidents);
}

#[test]
fn findings_without_commits_have_ids_all_the_same() {
    let observation = read("committed_at\tsubject\n2026-06-01T10:00:00Z\t🟥 A is up and down is down (0 in 1 ms)\n", "events.tsv");
    let incident = &observation.incidents[0];
    assert_eq!(incident.service.as_ref().unwrap().1, "A is up and down");
    assert_eq!(incident.posts[0].id.as_deref(), Some("down-20260601T100000Z"));
}

#[test]
fn a_summary_tells_days() {
    let observation = read(SUMMARY, "summary.json");
    let day = |day: &str| format!("{day}[UTC]");
    let expected = [
        ("fish-market-2026-05-30", day("2026-05-30"), day("2026-05-30")),
        ("fish-market-2026-06-01", day("2026-06-01"), day("2026-06-01")),
        ("ferry-api-2026-06-01", day("2026-06-01"), day("2026-06-01")),
        ("ferry-api-2026-06-02", day("2026-06-02"), "-".to_owned()),
    ];
    let expected: Vec<(&str, &str, &str)> = expected.iter().map(|(id, from, until)| (*id, from.as_str(), until.as_str())).collect();
    assert_eq!(told(&observation), expected);
    assert!(observation.incidents.iter().all(|incident| incident.started.as_ref().unwrap().precision == Precision::Day && incident.posts.is_empty()));
    let refused: Vec<&str> = observation.refused.iter().map(|refused| refused.what.as_str()).collect();
    assert_eq!(refused, ["site 1", "site 3", "site 5", "site 6"]);
    assert!(observation.refused[1].why.contains("does not say since when"), "{:?}", observation.refused[1]);
}

#[test]
fn a_sites_file_never_says_when_an_outage_began() {
    let observation = read(SITE, "history/ferry-api.yml");
    assert_eq!(told(&observation), [("ferry-api-2026-06-02", "2026-06-02[UTC]", "-")]);
    assert_eq!(observation.listing, Listing::Unresolved);
    let later = read(&SITE.replace("00:55:38", "09:55:38"), "history/ferry-api.yml");
    assert_eq!(told(&later), told(&observation), "a file written anew is no other outage");
    let well = read(&SITE.replace("status: down", "status: up"), "history/ferry-api.yml");
    assert!(well.incidents.is_empty() && well.refused.is_empty());
}

#[test]
fn what_is_no_file_of_upptimes_is_unreadable_and_says_why() {
    let why = |text: &str, name: &str| Dialect::Upptime.read(text.as_bytes(), name).unwrap_err().to_string();
    assert!(why("", "a.yml").contains("site's YAML"));
    assert!(why("owner: x\nrepo: y\n", ".upptimerc.yml").contains("status"));
    assert!(why("status: sideways\n", "a.yml").contains("\"sideways\""));
    assert!(why("status: down\n", "a.yml").contains("lastUpdated"));
    assert!(why(SITE, "").contains("name"));
    assert!(why("commit\tsubject\nx\ty\n", "a.tsv").contains("committed_at"));
    assert!(why("{\"name\": \"x\"}", "summary.json").contains("list of sites"));
    assert!(why("[{\"name\": \"x\"", "summary.json").contains("list of sites"));
}

#[test]
fn a_real_monitors_commits_are_read() {
    let folder = "upptime/manticoresoftware__upptime";
    let Some(table) = real::text(&format!("{folder}/events.from-git-log.tsv")) else { return };
    let observation = read(&table, "events.from-git-log.tsv");
    assert!(observation.refused.is_empty(), "{:?}", observation.refused);
    let mut sites: BTreeMap<&str, Vec<&SeenIncident>> = BTreeMap::new();
    for incident in &observation.incidents {
        sites.entry(incident.service.as_ref().unwrap().0.as_str()).or_default().push(incident);
    }
    for (site, incidents) in &sites {
        let minutes = |incident: &&SeenIncident| {
            let until = incident.ended.as_ref()?.start();
            Some((until.0 - incident.started.as_ref()?.start().0) / 60_000_000)
        };
        let told: Vec<String> =
            incidents.iter().map(|incident| format!("{} min, {} findings", minutes(incident).unwrap_or(-1), incident.posts.len())).collect();
        println!("{site}: {} incidents ({})", incidents.len(), told.join("; "));
    }
    let findings: usize = observation.incidents.iter().map(|incident| incident.posts.len()).sum();
    println!("{} rows, {} incidents with {findings} findings", table.lines().count() - 1, observation.incidents.len());
    assert_eq!(table.lines().count() - 1, 314);
    assert!(observation.incidents.iter().all(|incident| incident.ended.is_some()), "all sites are up in the end");
    let summary = read(&real::text(&format!("{folder}/history/summary.json")).unwrap(), "summary.json");
    assert!(summary.refused.is_empty(), "{:?}", summary.refused);
    println!("summary.json: {} days of trouble", summary.incidents.len());
    // The slugs that are made of names are those that the monitor gave its files.
    for site in sites.keys() {
        let file = real::text(&format!("{folder}/history/{site}.yml")).unwrap_or_else(|| panic!("{site} is no site of the monitor's"));
        assert!(read(&file, &format!("{site}.yml")).incidents.is_empty());
    }
}
