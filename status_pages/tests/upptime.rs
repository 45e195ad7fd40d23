//! Upptime: runs of trouble out of commits, days of trouble out of a summary, and what one site's file can say.

use std::collections::BTreeMap;

use dateline_events::{Event, Precision, Severity};
use dateline_status_pages::{Dialect, Draft, Listing, Nature, Observation, Page, PageState, Reading, SeenIncident, SeenTime, difference};

use crate::real;

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

/// The events of a table, each with its time and the page's word.
fn said(table: &str) -> Vec<(String, &'static str, String)> {
    let page = Page { service: "x", vendor: "x", name: Some("X"), lang: "en", url: "https://x.example" };
    let reading = Reading { dialect: Dialect::Upptime, list: "a", as_of: None, read: None, read_before: None, sha256: "" };
    let drafts = difference(&page, &reading, &read(table, "events.tsv"), &PageState::default()).drafts;
    let told = |draft: &Draft| {
        Event::read_at_the_door(&draft.bytes(&page)).unwrap_or_else(|faults| panic!("{faults}: {draft:?}"));
        assert!(!["anomaly.detected", "scope.changed"].contains(&draft.kind) || draft.data["components"][0] == "Quay", "{draft:?}");
        let word = draft.data.get("reference").map_or_else(String::new, |reference| reference["status"].as_str().unwrap_or_default().to_owned());
        (draft.data["occurred"]["at"].as_str().unwrap_or_default().to_owned(), draft.kind, word)
    };
    drafts.iter().filter(|draft| draft.kind != "incident.titled" && !draft.id.contains("/severity/")).map(told).collect()
}

#[test]
fn each_fall_rise_and_degradation_of_a_run_is_told() {
    let row = |at: &str, state: &str| format!("{at}\t2026-06-01T{at}:00Z\tQuay {state}\n");
    let table = |rows: &[String]| format!("commit\tcommitted_at\tsubject\n{}", rows.concat());
    let at = |time: &str| format!("2026-06-01T{time}:00Z");
    let run = [row("11:06", "is down"), row("11:20", "is degraded"), row("11:50", "is up"), row("12:00", "is down"), row("12:10", "is up")];
    let expected = [
        (at("11:06"), "anomaly.detected", String::new()),
        (at("11:20"), "scope.changed", "degraded".to_owned()),
        (at("11:50"), "service.restored", "up".to_owned()),
        (at("12:00"), "scope.changed", "down".to_owned()),
        (at("12:10"), "service.restored", "up".to_owned()),
        (at("12:10"), "service.restored", String::new()),
    ];
    assert_eq!(said(&table(&run)), expected);
    let slow = table(&[row("12:15", "is degraded"), row("12:20", "is down"), row("12:25", "performance has improved")]);
    assert_eq!(said(&slow)[..2], [(at("12:15"), "anomaly.detected", "degraded".to_owned()), (at("12:20"), "scope.changed", "down".to_owned())]);
    let incident = &read(&slow, "events.tsv").incidents[0];
    assert_eq!((incident.severity, incident.ended.is_some()), (Some(Severity::Minor), true), "how bad it was when it began");
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
        ("ferry-api-2026-06-02", day("2026-06-02"), day("2026-06-02")),
        // It went down less than half a minute before the page was written.
        ("ferry-api-2026-06-03", day("2026-06-03"), "-".to_owned()),
    ];
    let expected: Vec<(&str, &str, &str)> = expected.iter().map(|(id, from, until)| (*id, from.as_str(), until.as_str())).collect();
    assert_eq!(told(&observation), expected);
    assert!(observation.incidents.iter().all(|incident| incident.started.as_ref().unwrap().precision == Precision::Day && incident.posts.is_empty()));
    let refused: Vec<&str> = observation.refused.iter().map(|refused| refused.what.as_str()).collect();
    assert_eq!(refused, ["site 1", "site 3", "site 5", "site 6"]);
    assert!(observation.refused[1].why.contains("does not say since when"), "{:?}", observation.refused[1]);
}

#[test]
fn a_site_that_is_down_opens_no_old_day_again() {
    let page = |days: &str| {
        format!(
            r#"[{{"name": "Mill", "slug": "mill", "status": "down", "dailyMinutesDown": {{{days}}}}}, {{"name": "Quay", "status": "up", "dailyMinutesDown": {{"2026-06-04": 0}}}}]"#
        )
    };
    let old = read(&page(r#""2026-05-30": 12, "2026-06-03": 7"#), "summary.json");
    let whole = |day: &'static str| (day, day);
    assert_eq!(told(&old).iter().map(|(_, from, until)| (*from, *until)).collect::<Vec<_>>(), [whole("2026-05-30[UTC]"), whole("2026-06-03[UTC]")]);
    assert_eq!((old.refused.len(), old.refused[0].why.as_str()), (1, "Mill is down, and the page does not say since when"));
    for minutes in ["0", "7"] {
        let today = read(&page(&format!(r#""2026-06-03": 7, "2026-06-04": {minutes}, "someday": 1"#)), "summary.json");
        assert_eq!(told(&today)[1], ("mill-2026-06-04", "2026-06-04[UTC]", "-"), "{minutes} minutes");
        assert_eq!(today.refused.len(), 1, "the day that is none: {:?}", today.refused);
    }
}

/// A table in which a site changes every ten minutes through these states, from the first on.
fn flapping(findings: usize, states: &[&str]) -> String {
    let start = dateline_events::Instant::parse("2026-06-01T00:00:00Z").unwrap();
    let rows = (0..findings).map(|number| {
        let at = start.plus(number as i64 * 10 * dateline_events::Instant::MINUTE);
        format!("c{number}\t{at}\tQuay is {}\n", states[number % states.len()])
    });
    std::iter::once("commit\tcommitted_at\tsubject\n".to_owned()).chain(rows).collect()
}

#[test]
fn a_site_that_flaps_for_weeks_is_several_incidents_and_none_is_refused() {
    let whole = read(&flapping(2_400, &["down", "up"]), "events.tsv");
    assert!(whole.refused.is_empty(), "{:?}", whole.refused);
    assert_eq!(whole.incidents.iter().map(|incident| incident.posts.len()).collect::<Vec<_>>(), [500, 500, 500, 500, 400]);
    assert!(whole.incidents.iter().all(|incident| incident.ended.is_some()));
    for findings in [2, 499, 500, 501, 999, 1_000, 1_001, 1_999, 2_000] {
        let earlier = read(&flapping(findings, &["down", "up"]), "events.tsv");
        for (before, after) in earlier.incidents.iter().zip(&whole.incidents) {
            assert_eq!((&before.id, &before.started), (&after.id, &after.started));
            assert_eq!(before.posts[..], after.posts[..before.posts.len()], "{findings} findings");
        }
    }
    // Never up: what is more than is kept adds nothing but the end.
    let mut table = flapping(2_400, &["down", "degraded"]);
    table.push_str("last\t2026-07-01T00:00:00Z\tQuay is up\n");
    let observation = read(&table, "events.tsv");
    assert_eq!(told(&observation), [("quay-20260601T000000Z", "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z")]);
    assert_eq!(observation.incidents[0].posts.len(), 501);
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
