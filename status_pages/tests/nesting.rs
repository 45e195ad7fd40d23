//! Every parser of a page has a limit on nesting, and what is not looked at is passed over without recursion, however deep it is.

use std::time::{Duration, Instant};

use dateline_status_pages::{Dialect, Observation, Unreadable, read_version};

/// Elements within one another, at most.
const ELEMENTS: usize = 256;

/// Lists within one another in YAML, at most: those of the document around them count too.
const LISTS: usize = 63;

fn read(dialect: Dialect, text: &str, name: &str) -> Result<Observation, Unreadable> {
    let begun = Instant::now();
    let read = dialect.read(text.as_bytes(), name);
    assert!(begun.elapsed() < Duration::from_secs(10), "{} took {:?}", dialect.name(), begun.elapsed());
    read
}

fn lists(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn elements_of_a_feed_are_nested_to_a_limit() {
    let feed = |depth: usize, inside: &str| {
        // The root is one of them.
        let (open, close) = ("<x>".repeat(depth - 1), "</x>".repeat(depth - 1));
        format!(
            "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>T</title><id>i</id><updated>2026-01-01T00:00:00Z</updated>{open}{inside}{close}</feed>"
        )
    };
    for inside in ["", "<y a='>'/>", "<!-- <x><x> -->", "<![CDATA[<x><x>]]>", "<?p <x><x>?>"] {
        assert!(
            read(Dialect::Atom, &feed(ELEMENTS, inside), "feed.atom").is_ok(),
            "{inside}: {:?}",
            read(Dialect::Atom, &feed(ELEMENTS, inside), "a")
        );
        let Err(Unreadable(why)) = read(Dialect::Atom, &feed(ELEMENTS + 1, inside), "feed.atom") else { panic!("{inside}: it was read") };
        assert!(why.contains("nested deeper than 256"), "{inside}: {why}");
    }
    assert!(read(Dialect::Atom, &feed(1_000_000, ""), "feed.atom").is_err());
}

#[test]
fn lists_of_yaml_are_nested_to_a_limit() {
    let issue = |depth: usize| format!("---\ntitle: T\ndate: 2026-01-01 10:00:00\nother: {}\n---\nwords\n", lists(depth));
    let site = |depth: usize| format!("status: up\nother: {}\n", lists(depth));
    assert!(read(Dialect::Cstate, &issue(LISTS), "2026-01-01-a.md").is_ok(), "{:?}", read(Dialect::Cstate, &issue(LISTS), "2026-01-01-a.md"));
    assert!(read(Dialect::Upptime, &site(LISTS), "site.yml").is_ok(), "{:?}", read(Dialect::Upptime, &site(LISTS), "site.yml"));
    for depth in [LISTS + 1, 5_000] {
        assert!(read(Dialect::Cstate, &issue(depth), "2026-01-01-a.md").is_err(), "{depth}");
        assert!(read(Dialect::Upptime, &site(depth), "site.yml").is_err(), "{depth}");
    }
}

#[test]
fn what_json_has_besides_is_passed_over_however_deep_it_is() {
    let deep = lists(200_000);
    let incident = format!(
        r#"{{"id":"i1","name":"Fog","status":"investigating","impact":"minor","started_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:05:00Z","components":[],"incident_updates":[{{"id":"u1","status":"investigating","body":"We look.","display_at":"2026-01-01T00:00:00Z","other":{deep}}}],"other":{deep}}}"#
    );
    let page = format!(r#"{{"other":{deep},"incidents":[{incident}],"scheduled_maintenances":[]}}"#);
    assert_eq!(read(Dialect::Statuspage, &page, "summary.json").map(|page| page.incidents.len()), Ok(1));
    assert_eq!(
        read_version(format!(r#"{{"recorded_at":"2026-01-01T00:00:00Z","incident":{incident},"other":{deep}}}"#).as_bytes()).map(drop),
        Ok(())
    );
    // Where something is looked at it has a type, and is refused by it.
    for (dialect, page, name) in [
        (Dialect::Statuspage, format!(r#"{{"incidents":{deep},"scheduled_maintenances":[]}}"#), "summary.json"),
        (Dialect::Gcp, deep.clone(), "incidents.json"),
        (Dialect::Gcp, format!(r#"[{{"begin":"2026-01-01T00:00:00Z","id":{deep}}}]"#), "incidents.json"),
        (Dialect::Aws, format!(r#"{{"archive":[{{"service":"s","date":{deep}}}],"current":[]}}"#), "data.json"),
        (Dialect::Upptime, deep.clone(), "summary.json"),
    ] {
        let found = read(dialect, &page, name);
        assert!(found.as_ref().map_or(true, |page| page.incidents.is_empty() && !page.refused.is_empty()), "{}", dialect.name());
    }
}

#[test]
fn a_list_of_more_than_20_000_things_is_refused() {
    let zeros = |count: usize| format!("[{}]", vec!["0"; count].join(","));
    for (dialect, name, page) in
        [(Dialect::Statuspage, "summary.json", r#"{"incidents":LIST,"scheduled_maintenances":[]}"#), (Dialect::Upptime, "summary.json", "LIST")]
    {
        assert_eq!(read(dialect, &page.replace("LIST", &zeros(20_000)), name).map(|page| page.refused.len()), Ok(20_000), "{}", dialect.name());
        let Err(Unreadable(why)) = read(dialect, &page.replace("LIST", &zeros(20_001)), name) else { panic!("{}: it was read", dialect.name()) };
        assert!(why.contains("20000"), "{why}");
    }
    for (dialect, name, page) in [(Dialect::Gcp, "incidents.json", "LIST"), (Dialect::Aws, "data.json", r#"{"archive":LIST}"#)] {
        assert!(read(dialect, &page.replace("LIST", &zeros(20_001)), name).is_err_and(|Unreadable(why)| why.contains("20000")), "{}", dialect.name());
    }
}
