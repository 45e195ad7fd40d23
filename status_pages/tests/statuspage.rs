//! Statuspage: which list a page is, what it says where members are null or missing, and the mark that any page may begin with.

use dateline_status_pages::{Dialect, Listing, Observation, Status, read_version, read_visibility};
use serde_json::{Value, json};

fn read(page: &Value) -> Observation {
    Dialect::Statuspage.read(page.to_string().as_bytes(), "page.json").unwrap()
}

fn item(id: &str, status: &str) -> Value {
    json!({"id": id, "name": "Fog", "status": status, "started_at": "2026-01-01T00:00:00Z",
        "incident_updates": [{"id": "u1", "status": status, "body": "We look.", "display_at": "2026-01-01T00:00:00Z"}]})
}

fn listing(page: &Value) -> Listing {
    read(page).listing
}

#[test]
fn a_list_is_of_the_newest_only_where_something_on_it_is_over() {
    for over in ["resolved", "postmortem"] {
        assert_eq!(listing(&json!({"incidents": [item("a", "investigating"), item("b", over)]})), Listing::Newest);
    }
    assert_eq!(listing(&json!({"scheduled_maintenances": [item("a", "scheduled"), item("b", "completed")]})), Listing::Newest);
    // As `incidents/unresolved.json`, `scheduled-maintenances/active.json` and `upcoming.json` are.
    assert_eq!(listing(&json!({"incidents": [item("a", "investigating"), item("b", "monitoring")]})), Listing::Partial);
    assert_eq!(listing(&json!({"incidents": []})), Listing::Partial);
    assert_eq!(listing(&json!({"scheduled_maintenances": [item("a", "in_progress"), item("b", "verifying")]})), Listing::Partial);
    assert_eq!(listing(&json!({"scheduled_maintenances": [item("a", "scheduled")]})), Listing::Partial);
    // Each of two sections must show it.
    let both = |first: &str, second: &str| listing(&json!({"incidents": [item("a", first)], "scheduled_maintenances": [item("b", second)]}));
    assert_eq!((both("resolved", "completed"), both("resolved", "scheduled")), (Listing::Newest, Listing::Partial));
}

#[test]
fn a_section_that_is_null_or_missing_is_no_sign_that_nothing_is_there() {
    let summary = json!({"components": [], "incidents": [item("a", "investigating")], "scheduled_maintenances": [item("b", "scheduled")]});
    assert_eq!(listing(&summary), Listing::Unresolved);
    for section in ["incidents", "scheduled_maintenances"] {
        let (mut null, mut missing) = (summary.clone(), summary.clone());
        null[section] = Value::Null;
        missing.as_object_mut().unwrap().remove(section);
        assert_eq!((listing(&null), listing(&missing)), (Listing::Partial, Listing::Partial), "{section}");
        assert_eq!((read(&null).incidents.len(), read(&missing).incidents.len()), (1, 1));
    }
    assert_eq!(listing(&json!({"incidents": null, "scheduled_maintenances": [item("b", "completed")]})), Listing::Partial);
    let nothing = Dialect::Statuspage.read(br#"{"components": [], "incidents": null, "scheduled_maintenances": null}"#, "").unwrap_err();
    assert!(nothing.to_string().contains("neither"), "{nothing}");
}

#[test]
fn null_members_are_none_and_numbers_are_names() {
    let mut whole = item("a", "investigating");
    whole["components"] = Value::Null;
    whole["id"] = json!(17);
    whole["page_id"] = json!(4);
    whole["incident_updates"][0]["id"] = json!(18);
    let observation = read(&json!({"page": {"id": 4, "name": "Dock"}, "incidents": [whole]}));
    assert!(observation.refused.is_empty(), "{:?}", observation.refused);
    let incident = &observation.incidents[0];
    assert_eq!((incident.id.as_str(), incident.posts[0].id.as_deref(), incident.components.len()), ("17", Some("18"), 0));
    assert_eq!(observation.facts.url.as_deref(), Some("https://4.statuspage.io"));
}

#[test]
fn an_incident_that_says_nothing_of_its_posts_is_refused_by_its_name() {
    let (mut unsaid, mut missing, mut empty) = (item("a", "resolved"), item("b", "resolved"), item("c", "investigating"));
    unsaid["incident_updates"] = Value::Null;
    missing.as_object_mut().unwrap().remove("incident_updates");
    empty["incident_updates"] = json!([]);
    let observation = read(&json!({"incidents": [unsaid, missing, empty]}));
    assert_eq!(observation.incidents.iter().map(|incident| incident.id.as_str()).collect::<Vec<_>>(), ["c"]);
    assert_eq!(observation.refused.iter().map(|refused| refused.what.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(observation.refused.iter().all(|refused| refused.why.contains("incident_updates")), "{:?}", observation.refused);
    assert_eq!(observation.listing, Listing::Newest, "what is refused is over all the same");
    let version = json!({"recorded_at": "2026-01-01T00:00:00Z", "incident": {"id": "a", "status": "resolved"}});
    assert!(read_version(version.to_string().as_bytes()).unwrap_err().to_string().contains("incident_updates"));
}

#[test]
fn a_byte_order_mark_is_no_part_of_what_is_read() {
    let marked = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let statuspage = json!({"incidents": [item("a", "resolved")]}).to_string();
    let pages = [
        (Dialect::Statuspage, statuspage.as_str()),
        (Dialect::Gcp, r#"[{"uri": "incidents/x", "begin": "2026-01-01T00:00:00Z", "updates": []}]"#),
        (Dialect::Aws, r#"{"archive": [{"service": "pier", "date": 1767225600, "description": ""}]}"#),
        (Dialect::Cstate, "---\ntitle: t\ndate: 2026-01-01\n---\nwords"),
        (Dialect::Upptime, "status: down\nlastUpdated: 2026-01-01T00:00:00Z"),
        (Dialect::Upptime, "committed_at\tsubject\n2026-01-01T00:00:00Z\tA is down"),
        (Dialect::Upptime, r#"[{"name": "A", "status": "up", "dailyMinutesDown": {"2026-01-01": 4}}]"#),
        (Dialect::Atom, "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>a</id></entry></feed>"),
    ];
    for (dialect, page) in pages {
        let plain = dialect.read(page.as_bytes(), "a.yml").unwrap();
        assert_eq!(plain.incidents.len(), 1, "{}: {:?}", dialect.name(), plain.refused);
        assert_eq!(dialect.read(&marked(page), "a.yml").as_ref(), Ok(&plain), "{}", dialect.name());
    }
    let version = json!({"recorded_at": "2026-01-01T00:00:00Z", "incident": item("a", "resolved")}).to_string();
    assert_eq!(read_version(&marked(&version)), read_version(version.as_bytes()));
    assert!(read_version(version.as_bytes()).is_ok());
    let table = "incident_id,first_seen_at,last_seen_at,first_absent_at\na,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,\n";
    assert_eq!(read_visibility(&marked(table)).unwrap().len(), 1);
}

fn of_page(status: &str, posts: &[(&str, &str)], more: &str) -> Observation {
    let post = |(status, at): &(&str, &str)| format!("{{\"id\":\"{at}\",\"status\":\"{status}\",\"body\":\"Words.\",\"display_at\":\"{at}\"}}");
    let posts = posts.iter().map(post).collect::<Vec<_>>().join(",");
    let page = format!(
        "{{\"incidents\":[{{\"id\":\"i1\",\"status\":\"{status}\",\"updated_at\":\"2026-01-01T12:00:00Z\",{more}\"incident_updates\":[{posts}]}}]}}"
    );
    Dialect::Statuspage.read(page.as_bytes(), "incidents.json").unwrap()
}

#[test]
fn the_incidents_own_state_is_believed_where_its_newest_post_says_otherwise() {
    let posts = [("identified", "2026-01-01T10:00:00Z"), ("investigating", "2026-01-01T10:00:09Z")];
    assert_eq!(of_page("identified", &posts, "").incidents[0].state.as_ref().map(|(_, word)| word.as_str()), Some("identified"));
    assert_eq!(of_page("investigating", &posts, "").incidents[0].state, None);
    let over = &of_page("resolved", &posts, "\"resolved_at\":\"2026-01-01T11:00:00Z\",").incidents[0];
    assert_eq!((over.ended.as_ref().unwrap().moment.text.as_str(), &over.ended_by), ("2026-01-01T11:00:00Z", &None));
    let over = &of_page("resolved", &posts, "").incidents[0];
    assert_eq!((&over.ended, over.ended_by.as_ref().unwrap().moment.text.as_str()), (&None, "2026-01-01T12:00:00Z"));
    // A post that was written late does not move the end.
    let late = [("resolved", "2026-01-01T11:30:00Z"), posts[1]];
    let over = &of_page("resolved", &late, "\"resolved_at\":\"2026-01-01T11:00:00Z\",").incidents[0];
    assert_eq!(over.ended.as_ref().unwrap().moment.text, "2026-01-01T11:00:00Z");
    assert_eq!(of_page("resolved", &late, "\"resolved_at\":\"2026-01-01T11:30:00.5Z\",").incidents[0].ended, None);
    // Nor does one that was dated back: it is a post, and no end.
    let back = [("resolved", "2026-01-01T10:00:00Z")];
    let over = &of_page("resolved", &back, "\"resolved_at\":\"2026-01-01T11:00:00Z\",").incidents[0];
    assert_eq!((over.ended.as_ref().unwrap().moment.text.as_str(), over.posts[0].status), ("2026-01-01T11:00:00Z", Some(Status::Overruled)));
    assert_eq!(over.posts[0].status_word.as_deref(), Some("resolved"));
    // A later post that says it once more is the newest, and agrees.
    let twice = [("resolved", "2026-01-01T11:00:00Z"), ("resolved", "2026-01-01T10:00:00Z")];
    assert_eq!(of_page("resolved", &twice, "\"resolved_at\":\"2026-01-01T11:00:00Z\",").incidents[0].ended, None);
}

#[test]
fn a_table_may_say_that_an_incident_left_and_came_back() {
    let head = "incident_id,first_seen_at,last_seen_at,first_absent_at\n";
    let row = |from: &str, until: &str, absent: &str| format!("a,2026-01-01T{from}:00Z,2026-01-01T{until}:00Z,{absent}\n");
    let table = |rows: &[String]| read_visibility(format!("{head}{}", rows.concat()).as_bytes());
    let (first, second) = (row("10:00", "11:00", "2026-01-01T11:05:00Z"), row("12:00", "13:00", ""));
    let spans = table(&[second.clone(), first.clone()]).unwrap();
    assert_eq!(spans["a"].iter().map(|span| span.first_absent.is_some()).collect::<Vec<_>>(), [true, false]);
    assert!(table(&[first, row("11:00", "13:00", "")]).unwrap_err().to_string().contains("several rows"));
    assert!(table(&[row("10:00", "11:00", ""), second]).is_err(), "one that is still there does not come back");
}
