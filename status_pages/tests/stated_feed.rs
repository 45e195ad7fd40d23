//! Feeds whose entries tell states: one incident a thing, with its posts, its states and its end.

use dateline_events::kinds::VendorStatus::{Investigating, Resolved};
use dateline_events::{Event, Instant};
use dateline_status_pages::{Changes, Dialect, Draft, Nature, Observation, Page, PageState, Reading, SeenIncident, Status, difference};

const PAGE: Page<'static> = Page { service: "quay", vendor: "quay", name: Some("Quay"), lang: "en", url: "https://quay.example" };

fn read(feed: &str) -> Observation {
    Dialect::Atom.read(feed.as_bytes(), "feed").unwrap()
}

/// Title, date, guid and link of each item.
fn rss(items: &[(&str, &str, &str, &str)]) -> String {
    let item = |(title, date, guid, link): &(&str, &str, &str, &str)| {
        format!(
            "<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate><guid>{guid}</guid><description>Words of {date}.</description></item>"
        )
    };
    let items: String = items.iter().map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Quay</title><link>https://quay.example/</link>{items}</channel></rss>")
}

fn atom(entries: &[(&str, &str, &str, &str)]) -> String {
    let entry = |(title, id, dates, body): &(&str, &str, &str, &str)| {
        let link = id.rsplit(':').next().unwrap().split('.').next().unwrap();
        format!(
            "<entry><title>{title}</title><id>{id}</id><link href=\"https://quay.example/incidents/{link}\"/>{dates}<summary type=\"html\"><![CDATA[{body}]]></summary></entry>"
        )
    };
    let entries: String = entries.iter().map(entry).collect();
    format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Quay</title><link href=\"https://quay.example/\"/>{entries}</feed>")
}

const CRANE: [(&str, &str, &str, &str); 3] = [
    (
        "Service is operating normally: [RESOLVED] Crane stuck",
        "Tue, 03 Mar 2026 10:10:00 PST",
        "https://quay.example/#crane-east_1772561400",
        "https://quay.example/",
    ),
    ("Service impact: Crane stuck", "Tue, 03 Mar 2026 09:10:00 PST", "https://quay.example/#crane-east_1772557800", "https://quay.example/"),
    ("Informational message: Crane stuck", "Tue, 03 Mar 2026 08:40:00 PST", "https://quay.example/#crane-east_1772556000", "https://quay.example/"),
];

/// The word and the state of each post, and the second beside it.
fn told(incident: &SeenIncident) -> Vec<(Option<&str>, Option<Status>, String)> {
    let post = |post: &dateline_status_pages::SeenPost| post.at.as_ref().unwrap().start().to_string();
    incident.posts.iter().map(|seen| (seen.status_word.as_deref(), seen.status, post(seen))).collect()
}

fn names(observation: &Observation) -> Vec<&str> {
    observation.incidents.iter().map(|incident| incident.id.as_str()).collect()
}

/// One reading of a feed, at a minute; the door takes every event.
fn step(memory: &mut PageState, feed: &str, minute: i64) -> Vec<Draft> {
    let at = Instant::parse("2026-03-04T00:00:00Z").unwrap().plus(minute * Instant::MINUTE);
    let before = (minute > 0).then(|| at.plus(-Instant::MINUTE));
    let reading = Reading { dialect: Dialect::Atom, list: "feed", as_of: None, read: Some(at), read_before: before, sha256: "" };
    let Changes { drafts, touched, .. } = difference(&PAGE, &reading, &read(feed), memory);
    memory.absorb(touched);
    for draft in &drafts {
        Event::read_at_the_door(&draft.bytes(&PAGE)).unwrap_or_else(|faults| panic!("{faults}: {draft:?}"));
    }
    drafts
}

#[test]
fn the_messages_of_aws_on_one_trouble_are_one_incident_with_its_end() {
    let observation = read(&rss(&CRANE));
    assert_eq!(names(&observation), ["crane-east-1772556000"]);
    let incident = &observation.incidents[0];
    assert_eq!((incident.name.as_deref(), incident.nature), (Some("Crane stuck"), Some(Nature::Outage)));
    assert_eq!(incident.components, ["crane-east"]);
    let expected = [
        (Some("Informational message"), None, "2026-03-03T16:40:00Z".to_owned()),
        (Some("Service impact"), None, "2026-03-03T17:10:00Z".to_owned()),
        (Some("RESOLVED"), Some(Status::Vendor(Resolved)), "2026-03-03T18:10:00Z".to_owned()),
    ];
    assert_eq!(told(incident), expected);
}

#[test]
fn another_service_another_headline_and_the_next_trouble_are_incidents_of_their_own() {
    let again =
        ("Service impact: Crane stuck", "Wed, 04 Mar 2026 09:10:00 PST", "https://quay.example/#crane-east_1772644200", "https://quay.example/");
    let other =
        ("Service impact: Crane slow", "Tue, 03 Mar 2026 09:20:00 PST", "https://quay.example/#crane-east_1772558400", "https://quay.example/");
    let west =
        ("Service impact: Crane stuck", "Tue, 03 Mar 2026 09:30:00 PST", "https://quay.example/#crane-west_1772559000", "https://quay.example/");
    let observation = read(&rss(&[again, CRANE[0], west, other, CRANE[1], CRANE[2]]));
    assert_eq!(names(&observation), ["crane-east-1772556000", "crane-east-1772558400", "crane-west-1772559000", "crane-east-1772644200"]);
    // Once only one is open, "operating normally" ends it under another headline too.
    let normal = (
        "Service is operating normally: Cranes",
        "Tue, 03 Mar 2026 09:40:00 PST",
        "https://quay.example/#crane-west_1772559600",
        "https://quay.example/",
    );
    let observation = read(&rss(&[normal, west]));
    assert_eq!(told(&observation.incidents[0])[1].1, Some(Status::Vendor(Resolved)));
    // A week without a word is the end of a thread.
    let late = ("[RESOLVED] Crane stuck", "Thu, 12 Mar 2026 09:10:00 PST", "https://quay.example/#crane-west_1773331800", "https://quay.example/");
    assert_eq!(read(&rss(&[late, west])).incidents.len(), 2);
}

#[test]
fn a_feed_that_drops_its_oldest_makes_no_other_incident_and_takes_nothing_down() {
    let mut memory = PageState::default();
    let first = step(&mut memory, &rss(&CRANE[1..]), 0);
    assert_eq!(first[0].kind, "anomaly.detected");
    let said = step(&mut memory, &rss(&CRANE[..2]), 1);
    assert_eq!(said.iter().map(|draft| (draft.kind, draft.incident.as_str())).collect::<Vec<_>>(), [("vendor.updated", "crane-east-1772556000")]);
    assert!(step(&mut memory, &rss(&CRANE[..1]), 2).is_empty());
}

#[test]
fn google_tells_a_thing_in_several_entries_with_its_beginning_and_its_end() {
    let span = |end: &str| {
        format!(
            "<p> Incident began at <strong>2022-03-31 08:30</strong>{end} <span>(all times are <strong>US/Pacific</strong>).</span></p><div><p>The crane.</p></div>"
        )
    };
    let (open, over) = (span(""), span(" and ended at <strong>2022-03-31 15:54</strong>"));
    let entries = [
        ("RESOLVED: West: Crane stuck", "tag:quay.example,2022:feed:aB1.c3", "<updated>2022-03-31T23:00:00+00:00</updated>", over.as_str()),
        ("UPDATE: West: Crane stuck", "tag:quay.example,2022:feed:aB1.c2", "<updated>2022-03-31T17:00:00+00:00</updated>", open.as_str()),
    ];
    let observation = read(&atom(&entries));
    let incident = &observation.incidents[0];
    assert_eq!((names(&observation), incident.name.as_deref()), (vec!["aB1"], Some("West: Crane stuck")));
    let bounds = [&incident.started, &incident.ended].map(|time| time.as_ref().unwrap().start().to_string());
    assert_eq!(bounds, ["2022-03-31T15:30:00Z", "2022-03-31T22:54:00Z"]);
    assert_eq!(told(incident)[1], (Some("RESOLVED"), Some(Status::Vendor(Resolved)), "2022-03-31T23:00:00Z".to_owned()));
    assert_eq!(incident.posts[0].words.as_deref(), Some("The crane."));
}

const SLOW: &str =
    "<b>Status: Investigating</b><br/><br/>We look.<br/><br/><b>Affected components</b><ul><li>Search (Degraded performance)</li></ul>";

#[test]
fn a_status_at_the_head_of_the_body_is_the_state_and_the_beginning_is_not_known() {
    for feed in [
        atom(&[("Slow", "https://quay.example/incidents/01A", "<updated>2026-03-03T10:00:00.907Z</updated>", SLOW)]),
        rss(&[("Slow", "Tue, 03 Mar 2026 10:00:00 GMT", "https://quay.example/incidents/01A", "https://quay.example/incidents/01A")])
            .replace("Words of Tue, 03 Mar 2026 10:00:00 GMT.", &format!("<![CDATA[{SLOW}]]>")),
    ] {
        let observation = read(&feed);
        let incident = &observation.incidents[0];
        assert_eq!(told(incident), [(Some("Investigating"), Some(Status::Vendor(Investigating)), "2026-03-03T10:00:00Z".to_owned())]);
        assert_eq!((incident.posts[0].words.as_deref(), &incident.components[..]), (Some("We look."), &["Search".to_owned()][..]));
        let mut memory = PageState::default();
        let said = step(&mut memory, &feed, 0);
        assert_eq!((said[0].kind, said[0].data["occurred"].to_string()), ("anomaly.detected", r#"{"before":"2026-03-03T10:00:00Z"}"#.to_owned()));
        // The next state is another post, and no edit of this one; what the beginning is known by stays.
        let later = feed.replace("Investigating", "Resolved").replace("We look.", "It is over.").replace("10:00:00", "11:00:00");
        let said = step(&mut memory, &later, 1);
        assert_eq!(said.iter().map(|draft| (draft.kind, draft.edits.len())).collect::<Vec<_>>(), [("vendor.updated", 0)], "{said:?}");
        assert_eq!(said[0].data["status"], "resolved");
    }
}

#[test]
fn a_state_in_the_headline_is_read_and_joined_by_link_or_headline() {
    let items = [
        ("Resolved: Pier 3", "Tue, 03 Mar 2026 11:00:00 GMT", "b", "https://quay.example/n/3"),
        ("Investigating: Pier 3 closed", "Tue, 03 Mar 2026 10:00:00 GMT", "a", "https://quay.example/n/3"),
        ("[Resolved] Gate", "Tue, 03 Mar 2026 09:00:00 GMT", "d", "https://quay.example/"),
        ("Gate", "Tue, 03 Mar 2026 08:00:00 GMT", "c", "https://quay.example/"),
        ("Fog", "Tue, 03 Mar 2026 07:00:00 GMT", "e", "https://quay.example/"),
    ];
    let observation = read(&rss(&items));
    assert_eq!(names(&observation), ["e", "c", "https://quay.example/n/3"]);
    assert_eq!(told(&observation.incidents[2]).len(), 2);
    assert_eq!(told(&observation.incidents[1])[1].1, Some(Status::Vendor(Resolved)));
    assert_eq!(observation.incidents[0].posts[0].id.as_deref(), Some("entry"), "what tells no state is one post");
}

#[test]
fn an_entry_dated_by_its_last_change_alone_began_no_later() {
    let mut memory = PageState::default();
    let feed = atom(&[("Fog", "t:1", "<updated>2026-03-03T10:00:00Z</updated>", "We wait.")]);
    assert_eq!(step(&mut memory, &feed, 0)[0].data["occurred"].to_string(), r#"{"before":"2026-03-03T10:00:00Z"}"#);
}

#[test]
fn no_entry_but_googles_says_when_it_began_and_the_first_date_of_all_bounds_it() {
    let began = |feed: &str| step(&mut PageState::default(), feed, 0)[0].data["occurred"].to_string();
    assert_eq!(began(&rss(&CRANE)), r#"{"before":"2026-03-03T16:40:00Z"}"#);
    let one = rss(&[("Resolved: Pier 3", "Tue, 03 Mar 2026 11:00:00 GMT", "b", "https://quay.example/n/3")]);
    assert_eq!(began(&one), r#"{"before":"2026-03-03T11:00:00Z"}"#);
    let entry = |title: &'static str, id: &'static str, dates: &'static str| (title, id, dates, "We look.");
    let feed = atom(&[
        entry("Resolved: Pier", "t:7.2", "<published>2026-03-03T09:00:00Z</published><updated>2026-03-03T10:00:00Z</updated>"),
        entry("Investigating: Pier", "t:7.1", "<published>2026-03-03T08:00:00Z</published><updated>2026-03-03T08:00:00Z</updated>"),
    ]);
    assert_eq!(began(&feed), r#"{"before":"2026-03-03T08:00:00Z"}"#);
}

#[test]
fn a_state_is_read_wherever_a_headline_or_a_body_has_it_and_makes_one_incident() {
    let over = |titles: [&str; 2]| {
        let item = |title, time, guid| (title, time, guid, "https://quay.example/n/3");
        read(&rss(&[item(titles[0], "Tue, 03 Mar 2026 11:00:00 GMT", "b"), item(titles[1], "Tue, 03 Mar 2026 10:00:00 GMT", "a")]))
    };
    for titles in [
        ["RESOLVED – Pier 3", "INVESTIGATING – Pier 3"],
        ["Pier 3 (Resolved)", "Pier 3"],
        ["Pier 3 - Resolved", "Pier 3 - Investigating"],
        ["Fixed: Pier 3", "Pier 3"],
        ["Closed: Pier 3", "Pier 3"],
        ["Mitigated - Pier 3 - East", "Pier 3 - East"],
    ] {
        let observation = over(titles);
        assert_eq!((observation.incidents.len(), told(&observation.incidents[0])[1].1), (1, Some(Status::Vendor(Resolved))), "{titles:?}");
    }
    let bold = over(["Pier 3", "Pier 4"]);
    assert!(bold.incidents.iter().all(|incident| incident.posts[0].id.as_deref() == Some("entry")));
    let item = ("Pier 3", "Tue, 03 Mar 2026 11:00:00 GMT", "b", "https://quay.example/n/3");
    let feed = rss(&[item]).replace("Words of Tue, 03 Mar 2026 11:00:00 GMT.", "&lt;p&gt;&lt;b&gt;Resolved&lt;/b&gt; - ok&lt;/p&gt;");
    let incident = &read(&feed).incidents[0];
    assert_eq!((told(incident)[0].1, incident.posts[0].words.as_deref()), (Some(Status::Vendor(Resolved)), Some("ok")));
    let rdf = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
        <channel rdf:about=\"https://quay.example/\"><title>Quay</title><link>https://quay.example/</link></channel>\
        <item rdf:about=\"https://quay.example/1\"><title>Resolved: Pier</title><link>https://quay.example/1</link><dc:date>2026-03-03T11:00:00Z</dc:date></item></rdf:RDF>";
    assert_eq!(told(&read(rdf).incidents[0])[0].1, Some(Status::Vendor(Resolved)));
}

#[test]
fn cancelled_work_is_over_and_never_trouble() {
    let body = |word: &str| format!("<b>Status: {word}</b><br/><br/>We do not.");
    for feed in [
        atom(&[("Dredging", "https://quay.example/m/1", "<updated>2026-03-03T10:00:00Z</updated>", &body("Maintenance cancelled"))]),
        atom(&[("Dredging", "https://quay.example/m/1", "<updated>2026-03-03T10:00:00Z</updated>", &body("Canceled"))]),
        rss(&[("[CANCELLED] Dredging", "Tue, 03 Mar 2026 10:00:00 GMT", "b", "https://quay.example/n/3")]),
        rss(&[("Maintenance of pier 3 cancelled", "Tue, 03 Mar 2026 10:00:00 GMT", "b", "https://quay.example/n/3")]),
    ] {
        let observation = read(&feed);
        let incident = &observation.incidents[0];
        assert_eq!((incident.nature, incident.posts[0].status), (Some(Nature::Maintenance), Some(Status::Completed)), "{feed}");
        let said = step(&mut PageState::default(), &feed, 0);
        let done = said.iter().find(|draft| draft.kind == "maintenance.completed").unwrap();
        let word = done.data["reference"]["status"].as_str().unwrap().to_lowercase();
        assert!(word.contains("cancel") && done.data["text"]["en"].as_str().unwrap().len() > 5, "{done:?}");
        assert!(said.iter().all(|draft| draft.kind != "maintenance.announced"), "{said:?}");
    }
    let planned = read(&rss(&[("Maintenance is not cancelled", "Tue, 03 Mar 2026 10:00:00 GMT", "b", "https://quay.example/n/3")]));
    assert_eq!(planned.incidents[0].posts[0].status, None);
}

#[test]
fn planned_work_is_known_by_its_state() {
    let body = |word: &str| format!("<b>Status: {word}</b><br/><br/>We dredge.");
    let feed = |word: &str| atom(&[("Dredging", "https://quay.example/incidents/02B", "<updated>2026-03-03T10:00:00Z</updated>", &body(word))]);
    for (word, state) in
        [("Scheduled", Status::Scheduled), ("Maintenance in progress", Status::InProgress), ("Maintenance complete", Status::Completed)]
    {
        let observation = read(&feed(word));
        assert_eq!((observation.incidents[0].nature, observation.incidents[0].posts[0].status), (Some(Nature::Maintenance), Some(state)), "{word}");
    }
}
