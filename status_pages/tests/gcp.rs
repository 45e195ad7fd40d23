//! Google Cloud's `incidents.json` is read in all its generations, and what is broken is unreadable.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};

use dateline_events::kinds::VendorStatus;
use dateline_events::{Precision, Severity};
use dateline_status_pages::{Dialect, Listing, Nature, Observation, Status, Unreadable, read_version};
use flate2::read::GzDecoder;

use crate::needs::shared_data;

/// The first generation: numbers that are used again, times in `Z`, no products.
const FIRST: &str = r#"[{
  "begin": "2020-03-02T09:15:00Z", "created": "2020-03-02T09:40:10Z", "end": "2020-03-02T11:00:00Z", "modified": "2020-03-02T11:05:00Z",
  "external_desc": " Queues are slow. ", "number": 20001, "public": true, "service_key": "queues", "service_name": "Cloud Queues",
  "severity": "medium", "uri": "/incident/queues/20001",
  "most-recent-update": {"created": "2020-03-02T11:05:00Z", "modified": "2020-03-02T11:05:00Z", "text": "It is over.", "when": "2020-03-02T11:05:00Z"},
  "updates": [
    {"created": "2020-03-02T11:05:00Z", "modified": "2020-03-02T11:05:00Z", "text": "It is over.", "when": "2020-03-02T11:05:00Z"},
    {"created": "2020-03-02T09:40:11Z", "modified": "2020-03-02T09:41:00Z", "text": "We <b>look</b> into it.\n", "when": "2020-03-02T09:40:11Z"}
  ]}]"#;

/// The third: ids, times in `+00:00`, a status beside each post, products, places.
const THIRD: &str = r#"[{
  "id": "aBc123", "number": "18446744073709551616", "begin": "2024-05-01T10:00:00+00:00", "created": "2024-05-01T10:30:00+00:00",
  "end": null, "modified": "2024-05-01T11:00:00+00:00", "external_desc": "Errors in two products", "severity": "high",
  "status_impact": "SERVICE_OUTAGE", "service_key": "zall", "service_name": "Multiple Products", "uri": "incidents/aBc123",
  "affected_products": [{"title": "Cloud Queues", "id": "q"}, {"title": "Multiple Products", "id": "m"}, {"title": "Cloud Tables", "id": "t"},
    {"title": "Cloud Queues", "id": "q"}],
  "currently_affected_locations": [], "previously_affected_locations": [],
  "most_recent_update": {"created": "2024-05-01T11:00:00+00:00", "when": "2024-05-01T11:00:00+00:00", "text": "Over.", "status": "AVAILABLE"},
  "updates": [
    {"created": "2024-05-01T11:00:00+00:00", "when": "2024-05-01T11:00:00+00:00", "text": "Over.", "status": "AVAILABLE", "affected_locations": []},
    {"created": "2024-05-01T10:30:00+00:00", "when": "2024-05-01T10:30:00+00:00", "text": "Two.", "status": "SERVICE_OUTAGE"},
    {"created": "2024-05-01T10:30:00+00:00", "when": "2024-05-01T10:30:00+00:00", "text": "One.", "status": "SERVICE_OUTAGE"}
  ]}]"#;

fn read(page: &[u8]) -> Result<Observation, Unreadable> {
    Dialect::Gcp.read(page, "incidents.json")
}

/// A real page, which is not part of the project; None where it is missing.
fn real(name: &str) -> Option<Vec<u8>> {
    shared_data(&format!("gcp/{name}")).map(|path| std::fs::read(path).unwrap())
}

#[test]
fn the_first_generation_is_read() {
    let page = read(FIRST.as_bytes()).unwrap();
    assert_eq!(page.facts.name.as_deref(), Some("Google Cloud"));
    assert_eq!(page.facts.url.as_deref(), Some("https://status.cloud.google.com"));
    assert_eq!((page.listing, page.refused.len()), (Listing::Partial, 0));
    let incident = &page.incidents[0];
    assert_eq!(incident.id, "incident/queues/20001");
    assert_eq!(incident.url.as_deref(), Some("https://status.cloud.google.com/incident/queues/20001"));
    assert_eq!(incident.nature, Some(Nature::Outage));
    assert_eq!(incident.name.as_deref(), Some("Queues are slow."));
    assert_eq!(incident.severity, Some(Severity::Major));
    assert_eq!(incident.components, ["Cloud Queues"]);
    let started = incident.started.as_ref().unwrap();
    assert_eq!((started.moment.text.as_str(), started.precision), ("2020-03-02T09:15:00Z", Precision::Second));
    assert_eq!(incident.ended.as_ref().unwrap().moment.text, "2020-03-02T11:00:00Z");
    assert_eq!(incident.updated.unwrap().to_string(), "2020-03-02T11:05:00Z");
    let first = &incident.posts[0];
    assert_eq!((first.id.as_deref(), first.words.as_deref()), (Some("2020-03-02T09:40:11Z"), Some("We <b>look</b> into it.\n")));
    assert_eq!(first.updated.unwrap().to_string(), "2020-03-02T09:41:00Z");
    assert_eq!((first.status, first.status_word.as_deref()), (None, None));
    assert_eq!(incident.posts[1].words.as_deref(), Some("It is over."));
}

#[test]
fn the_marks_of_markdown_are_no_part_of_a_headline() {
    let name = |text: &str| read(THIRD.replace("Errors in two products", text).as_bytes()).unwrap().incidents[0].name.clone().unwrap();
    assert_eq!(name("**Summary:** Tables fail"), "Summary: Tables fail");
    assert_eq!((name("# Tables fail"), name("#12 fails")), ("Tables fail".into(), "#12 fails".into()));
}

#[test]
fn the_third_generation_is_read() {
    let page = read(THIRD.as_bytes()).unwrap();
    let incident = &page.incidents[0];
    assert_eq!(incident.id, "incidents/aBc123");
    assert_eq!((incident.severity, incident.ended.is_none()), (Some(Severity::Critical), true));
    assert_eq!(incident.components, ["Cloud Queues", "Cloud Tables"], "each once, and not the word for several");
    assert_eq!(incident.started.as_ref().unwrap().moment.text, "2024-05-01T10:00:00Z", "+00:00 and Z are one time");
    let posts: Vec<_> = incident.posts.iter().map(|post| (post.id.as_deref().unwrap(), post.words.as_deref().unwrap())).collect();
    assert_eq!(posts, [("2024-05-01T10:30:00Z", "One."), ("2024-05-01T10:30:00Z-2", "Two."), ("2024-05-01T11:00:00Z", "Over.")]);
    let states: Vec<_> = incident.posts.iter().map(|post| (post.status_word.as_deref().unwrap(), post.status)).collect();
    assert_eq!(states[1], ("SERVICE_OUTAGE", None), "the field has no word for it");
    assert_eq!(states[2], ("AVAILABLE", Some(Status::Vendor(VendorStatus::Resolved))));
}

#[test]
fn the_newest_post_is_read_by_its_own_name_only_where_the_list_is_missing() {
    for name in ["most-recent-update", "most_recent_update"] {
        let page = format!(r#"[{{"uri": "/a/1", "begin": "2020-03-02T09:15:00Z", "{name}": {{"when": "2020-03-02T10:00:00Z", "text": "Alone."}}}}]"#);
        let page = read(page.as_bytes()).unwrap();
        let posts = &page.incidents[0].posts;
        assert_eq!((posts.len(), posts[0].words.as_deref(), posts[0].id.as_deref()), (1, Some("Alone."), None), "{name}");
        assert_eq!(posts[0].at.as_ref().unwrap().moment.text, "2020-03-02T10:00:00Z", "{name}");
    }
}

#[test]
fn an_incident_is_known_by_its_address_else_by_its_id_else_refused() {
    let page = br#"[
      {"id": "b", "begin": "2020-03-02T09:15:00Z", "external_desc": " ", "severity": "dreadful"},
      {"begin": "2020-03-02T09:15:00Z"},
      {"uri": "/incident/x/1", "begin": "yesterday"},
      {"uri": "/incident/x/2", "external_desc": "Once"},
      {"uri": "incident/x/2", "external_desc": "Twice"},
      {"uri": "/incident/x/3", "external_desc": "A Statuspage's?", "incident_updates": []},
      7
    ]"#;
    let page = read(page).unwrap();
    let read: Vec<_> = page.incidents.iter().map(|incident| (incident.id.as_str(), incident.name.as_deref())).collect();
    assert_eq!(read, [("b", None), ("incident/x/2", Some("Once"))]);
    assert_eq!(page.incidents[0].url.as_deref(), Some("https://status.cloud.google.com/incidents/b"));
    assert_eq!(page.incidents[0].severity, None, "an unknown word is not guessed at");
    let refused: Vec<_> = page.refused.iter().map(|refused| refused.what.as_str()).collect();
    assert_eq!(refused, ["incident 1", "incident/x/1", "incident/x/2", "incident/x/3", "incident 6"]);
    assert!(page.refused[1].why.contains("RFC 3339"), "{}", page.refused[1].why);
}

#[test]
fn googles_incidents_and_a_statuspages_are_told_apart_by_their_members() {
    let version = |incident: &str| read_version(format!(r#"{{"recorded_at": "2024-05-01T12:00:00Z", "incident": {incident}}}"#).as_bytes()).unwrap();
    let statuspage = r#"{"id": "s1", "name": "external_desc", "status": "resolved", "impact": "minor",
      "incident_updates": [{"id": "u1", "status": "resolved", "body": "We set \"begin\": \"external_desc\": and \"uri\" again", "display_at": "2024-05-01T11:00:00Z"}]}"#;
    assert_eq!(version(statuspage).dialect, Dialect::Statuspage);
    assert_eq!(version(r#"{"uri": "/a/1", "begin": "2020-03-02T09:15:00Z", "external_desc": null, "updates": []}"#).dialect, Dialect::Gcp);
    let quoting = r#"{"uri": "/a/1", "external_desc": "The \"incident_updates\" member is missing", "updates": []}"#;
    assert_eq!(version(quoting).dialect, Dialect::Gcp);
}

#[test]
fn what_is_no_list_of_googles_is_unreadable() {
    let pages = [
        "",
        " \n\t",
        "<!DOCTYPE html><html><body>Error 502</body></html>",
        "{}",
        "null",
        "[1, 2]",
        "[{}]",
        r#"[{"id": "x", "incident_updates": []}]"#,
    ];
    for page in pages {
        assert!(read(page.as_bytes()).is_err(), "{page:?} was read");
    }
    assert!(read(&THIRD.as_bytes()[..THIRD.len() - 1]).is_err(), "a cut page was read");
    assert!(read(b"[{\"external_desc\": \"\xff\", \"uri\": \"/a/1\"}]").is_err(), "what is not UTF-8 was read");
    assert_eq!(read(b"[]").unwrap().incidents.len(), 0, "that nothing is wrong is readable");
}

#[test]
fn a_page_lists_at_most_ten_thousand_incidents() {
    let page = |count: usize| {
        let incidents: Vec<String> = (0..count).map(|number| format!(r#"{{"uri": "/a/{number}", "external_desc": "x"}}"#)).collect();
        format!("[{}]", incidents.join(","))
    };
    assert_eq!(read(page(10_000).as_bytes()).unwrap().incidents.len(), 10_000);
    assert!(read(page(10_001).as_bytes()).unwrap_err().to_string().contains("at most 10000"));
}

#[test]
fn every_real_version_is_read() {
    let Some(bytes) = real("gcp.versions.jsonl.gz") else { return };
    let (mut lines, mut read, mut posts, mut resolved) = (0, 0, 0, 0);
    let mut ids = BTreeSet::new();
    for line in BufReader::new(GzDecoder::new(&bytes[..])).lines() {
        lines += 1;
        let version = read_version(line.unwrap().as_bytes()).unwrap_or_else(|fault| panic!("version {lines}: {fault}"));
        assert_eq!(version.dialect, Dialect::Gcp, "version {lines}");
        let incident = version.incident;
        let is_whole = incident.name.is_some() && incident.started.is_some() && incident.severity.is_some() && !incident.components.is_empty();
        assert!(is_whole && !incident.posts.is_empty(), "version {lines}: {incident:?}");
        assert!(incident.posts.is_sorted_by_key(|post| post.at.as_ref().unwrap().start()), "version {lines}: posts out of order");
        let own: BTreeSet<_> = incident.posts.iter().map(|post| post.id.clone().unwrap()).collect();
        assert_eq!(own.len(), incident.posts.len(), "version {lines}: two posts of one id");
        assert!(incident.posts.iter().all(|post| post.words.is_some()), "version {lines}: a post without words");
        posts += incident.posts.len();
        resolved += incident.posts.iter().filter(|post| post.status.is_some()).count();
        ids.insert(incident.id);
        read += 1;
    }
    println!("{read} of {lines} versions of {} incidents are read, with {posts} posts, {resolved} of them AVAILABLE", ids.len());
    assert_eq!((read, ids.len(), posts, resolved), (4078, 1179, 18_937, 2849));
}

#[test]
fn real_pages_are_read_and_a_cut_one_never() {
    if let Some(first) = real("incidents.first-snapshot-2020-11-07.json") {
        let page = read(&first).unwrap();
        assert_eq!((page.incidents.len(), page.refused.len()), (155, 0), "{:?}", page.refused);
    }
    let Some(bytes) = real("incidents.json") else { return };
    let page = read(&bytes).unwrap();
    assert_eq!((page.incidents.len(), page.refused.len()), (5, 0), "{:?}", page.refused);
    // What follows the last bracket is no part of the page.
    let whole = bytes.trim_ascii_end().len();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..1000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let cut = usize::try_from(state % whole as u64).unwrap();
        assert!(read(&bytes[..cut]).is_err(), "cut after {cut} of {whole} bytes, it was read");
    }
}
