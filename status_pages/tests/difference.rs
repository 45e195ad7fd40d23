//! What changed between two readings, put back together: whatever a page does, the events that were said about it tell the page as it
//! was read last. Memory is carried as JSON from reading to reading, as the state store carries it.

use std::collections::BTreeSet;

use dateline_events::Instant;
use dateline_status_pages::{Dialect, Draft, Observation, PageState, Reading, difference};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Made, PAGE, document, is_told, read, step, step_of};

fn made() -> impl Strategy<Value = Made> {
    let posts = proptest::collection::btree_map(0..5_u8, (0..3_u8, 0..4_u8, 0..90_u8), 1..4);
    (0..4_u8, 0..3_u8, 0..4_u8, 0..90_u8, posts).prop_map(|(id, name, impact, start, posts)| Made {
        id,
        name,
        impact,
        start,
        planned: id == 3,
        posts: posts.into_iter().map(|(id, (words, status, at))| (id, words, status, at)).collect(),
    })
}

fn pages() -> impl Strategy<Value = Vec<Vec<Made>>> {
    let page = proptest::collection::vec(made(), 0..4).prop_map(|mut page| {
        page.sort_by_key(|made| made.id);
        page.dedup_by_key(|made| made.id);
        page
    });
    proptest::collection::vec(page, 1..9)
}

proptest! {
    #[test]
    fn the_events_tell_the_page_as_it_was_read_last(pages in pages()) {
        let mut memory = PageState::default();
        let mut said: Vec<Draft> = Vec::new();
        for (number, page) in pages.iter().enumerate() {
            let observation = read(page);
            said.extend(step(&mut memory, &observation, 2 * number));
            is_told(&said, page);
            prop_assert!(step(&mut memory, &observation, 2 * number + 1).is_empty(), "the same page again says nothing");
        }
        let ids: BTreeSet<&String> = said.iter().map(|draft| &draft.id).collect();
        prop_assert_eq!(ids.len(), said.len(), "no id is given twice");
    }
}

proptest! {
    #[test]
    fn a_memory_made_again_from_what_was_published_says_the_same(mut pages in pages()) {
        let (mut kept, mut published) = (PageState::default(), Vec::<Value>::new());
        for (number, page) in pages.iter_mut().enumerate() {
            // What is over stands on no summary.
            page.iter_mut().flat_map(|made| &mut made.posts).for_each(|(_, _, status, _)| *status %= 3);
            let observation = read(page);
            let mut again = PageState::recalled(&published, Dialect::Statuspage);
            again.assume_listed("summary", observation.listing);
            let drafts = step(&mut kept, &observation, number);
            prop_assert_eq!(&step(&mut again, &observation, number), &drafts);
            published.extend(drafts.iter().map(|draft| serde_json::from_slice::<Value>(&draft.bytes(&PAGE)).unwrap()));
        }
    }
}

proptest! {
    #[test]
    fn whatever_stands_on_a_page_becomes_events_that_the_door_accepts(
        texts in proptest::collection::vec(prop_oneof![any::<String>(), "\\PC{0,300}", Just("\0".to_owned()), Just("<script>alert(1)</script>".to_owned())], 9),
        times in proptest::collection::vec(-2_000_000_000_i64..9_000_000_000, 6),
    ) {
        let time = |at: usize| Instant(times[at] * 1_000_000).to_string();
        let item = |planned: bool| json!({"id": texts[0], "name": texts[1], "status": texts[2], "impact": "major", "shortlink": texts[3], "started_at": time(0),
            "scheduled_for": time(1), "scheduled_until": time(2), "components": [{"name": texts[4]}],
            "incident_updates": [
                {"id": texts[5], "status": texts[2], "body": texts[6], "display_at": time(3), "updated_at": time(4)},
                {"id": texts[7], "status": if planned {"in_progress"} else {"monitoring"}, "body": texts[8], "display_at": time(5), "updated_at": time(4)}]});
        let page = json!({"page": {"id": "p", "name": texts[1], "url": texts[3]}, "incidents": [item(false)], "scheduled_maintenances": [item(true)], "components": []});
        let observation = Dialect::Statuspage.read(page.to_string().as_bytes(), "summary.json").unwrap();
        let mut memory = PageState::default();
        step(&mut memory, &observation, 0);
        step(&mut memory, &read(&[]), 1);
    }
}

fn slow(words: u8) -> Made {
    Made { id: 1, name: 1, impact: 1, start: 10, planned: false, posts: vec![(1, words, 0, 10)] }
}

#[test]
fn what_leaves_a_list_of_unresolved_ones_is_over_between_two_readings_and_may_come_back() {
    let mut memory = PageState::default();
    step(&mut memory, &read(&[slow(1)]), 0);
    step(&mut memory, &read(&[slow(1)]), 1);
    let left = step(&mut memory, &read(&[]), 2);
    assert_eq!((left.len(), left[0].id.as_str(), left[0].kind), (1, "incident1/absent/1", "service.restored"));
    assert_eq!(left[0].data["occurred"], json!({"between": ["2024-05-01T06:01:00Z", "2024-05-01T06:01:59Z"]}));
    assert!(step(&mut memory, &read(&[]), 3).is_empty());
    let back = step(&mut memory, &read(&[slow(1)]), 4);
    assert_eq!((back.len(), back[0].id.as_str(), &back[0].data["event"]["id"]), (1, "incident1/absent/2", &json!("incident1/absent/1")));
    let again = step(&mut memory, &read(&[]), 5);
    assert_eq!((again[0].id.as_str(), again[0].kind), ("incident1/absent/3", "service.restored"));
}

#[test]
fn an_edit_was_made_between_the_reading_without_it_and_the_reading_with_it() {
    let mut memory = PageState::default();
    step(&mut memory, &read(&[slow(1)]), 0);
    let edited = step(&mut memory, &read(&[slow(2)]), 7);
    assert_eq!((edited.len(), edited[0].kind, &edited[0].data["announced"]), (1, "event.corrected", &json!(false)));
    assert_eq!(edited[0].data["stated"], json!({"between": ["2024-05-01T06:06:00Z", "2024-05-01T06:06:59Z"]}), "it was read a minute before, too");
    assert_eq!(edited[0].data["patch"]["statement"]["quotation"]["text"], "Words number 2.");
}

#[test]
fn an_edit_of_a_fraction_of_a_second_is_none() {
    let mut memory = PageState::default();
    let whole = document(&[slow(1)], false);
    let cut = String::from_utf8(whole.clone()).unwrap().replace(".123Z", ".000Z").into_bytes();
    step(&mut memory, &Dialect::Statuspage.read(&whole, "").unwrap(), 0);
    assert!(step(&mut memory, &Dialect::Statuspage.read(&cut, "").unwrap(), 1).is_empty());
}

#[test]
fn what_is_missing_from_the_newest_though_not_older_was_taken_down() {
    let mut memory = PageState::default();
    let other = |id: u8, start: u8| Made { id, start, ..slow(1) };
    let newest = |incidents: &[Made]| Dialect::Statuspage.read(&document(incidents, true), "incidents.json").unwrap();
    step(&mut memory, &newest(&[other(0, 5), other(1, 10), other(2, 15)]), 0);
    let drafts = step(&mut memory, &newest(&[other(1, 10)]), 1);
    let retracted: BTreeSet<&str> = drafts.iter().map(|draft| draft.data["event"]["id"].as_str().unwrap()).collect();
    let only_one = drafts.iter().all(|draft| draft.kind == "event.retracted" && draft.incident == "incident2");
    assert!(only_one, "the oldest may just be too old: {drafts:?}");
    assert_eq!(retracted, BTreeSet::from(["incident2/start/1", "incident2/name/1", "incident2/severity/1", "incident2/post/post1/1"]));
}

#[test]
fn a_reading_older_than_the_last_one_is_passed_over() {
    let mut memory = PageState::default();
    step(&mut memory, &read(&[slow(1)]), 5);
    assert!(step(&mut memory, &read(&[slow(2)]), 3).is_empty());
}

#[test]
fn what_a_full_list_of_the_newest_drops_is_not_taken_down() {
    let mut memory = PageState::default();
    let made = |id: u8, start: u8| Made { id, start, ..slow(1) };
    let newest = |incidents: &[Made]| Dialect::Statuspage.read(&document(incidents, true), "incidents.json").unwrap();
    // The last one on the list has its beginning set back to before all others.
    let mut listed: Vec<Made> = (1..50).map(|id| made(id, 10 + id)).collect();
    listed.push(made(60, 0));
    step(&mut memory, &newest(&listed), 0);
    listed.remove(0);
    listed.push(made(61, 80));
    let drafts = step(&mut memory, &newest(&listed), 1);
    assert!(drafts.iter().all(|draft| draft.incident == "incident61"), "{drafts:?}");
    listed.remove(30);
    let drafts = step(&mut memory, &newest(&listed), 2);
    assert!(!drafts.is_empty() && drafts.iter().all(|draft| draft.kind == "event.retracted" && draft.incident == "incident32"), "{drafts:?}");
}

/// One incident of a Statuspage with one post.
fn trouble(id: &str, start: &str) -> Value {
    json!({"id": id, "name": "Trouble", "status": "investigating", "impact": "minor", "started_at": start, "updated_at": "2024-05-01T08:00:00Z",
        "incident_updates": [{"id": format!("{id}-1"), "status": "investigating", "body": "We are looking into it.", "display_at": start, "updated_at": start}]})
}

fn page(incidents: &[Value], planned: &[Value]) -> Observation {
    let page = json!({"page": {"id": "p", "name": "Lampost"}, "components": [], "incidents": incidents, "scheduled_maintenances": planned});
    Dialect::Statuspage.read(page.to_string().as_bytes(), "summary.json").unwrap()
}

#[test]
fn what_stands_on_a_page_and_cannot_be_read_did_not_leave_it() {
    let (one, other) = (trouble("one", "2024-05-01T06:00:00Z"), trouble("other", "2024-05-01T06:10:00Z"));
    let mut memory = PageState::default();
    step(&mut memory, &page(&[one.clone(), other.clone()], &[]), 0);
    // Its id can still be read; so what else is missing is missing.
    let mut broken = one.clone();
    broken["incident_updates"] = json!((0..1_001).map(|number| json!({"id": number.to_string(), "body": "x"})).collect::<Vec<_>>());
    let observation = page(&[broken], &[]);
    assert_eq!(observation.refused.len(), 1, "{:?}", observation.refused);
    let said = step(&mut memory, &observation, 1);
    assert_eq!(said.iter().map(|draft| draft.id.as_str()).collect::<Vec<_>>(), ["other/absent/1"]);
    // Not even its id: it may be any.
    let said = step(&mut memory, &page(&[json!({"id": {}, "name": 7})], &[]), 2);
    assert_eq!(said, []);
    let said = step(&mut memory, &page(&[], &[]), 3);
    assert_eq!(said.iter().map(|draft| draft.id.as_str()).collect::<Vec<_>>(), ["one/absent/1"]);
}

#[test]
fn trouble_is_not_missed_among_planned_work() {
    let newest = |name: &str, items: &[Value]| {
        let page = json!({"page": {"id": "p", "name": "Lampost"}, name: items});
        Dialect::Statuspage.read(page.to_string().as_bytes(), "list.json").unwrap()
    };
    let over = |mut item: Value, status: &str| {
        item["status"] = json!(status);
        item
    };
    let mut memory = PageState::default();
    step(&mut memory, &newest("incidents", &[over(trouble("one", "2024-05-01T06:00:00Z"), "resolved")]), 0);
    let planned = [over(trouble("planned", "2024-04-01T06:00:00Z"), "completed"), over(trouble("later", "2024-06-01T06:00:00Z"), "completed")];
    let said = step(&mut memory, &newest("scheduled_maintenances", &planned), 1);
    assert!(said.iter().all(|draft| !draft.id.starts_with("one/")), "{said:?}");
}

#[test]
fn a_list_that_lags_takes_nothing_back() {
    let post = |id: &str, body: &str, at: &str| json!({"id": id, "status": "identified", "body": body, "display_at": at, "updated_at": at});
    let mut fresh = trouble("one", "2024-05-01T06:00:00Z");
    let stale = fresh.clone();
    fresh["updated_at"] = json!("2024-05-01T08:30:00Z");
    fresh["status"] = json!("identified");
    fresh["incident_updates"].as_array_mut().unwrap().insert(0, post("one-2", "We found it.", "2024-05-01T08:30:00Z"));
    let mut memory = PageState::default();
    step_of("incidents", &mut memory, &page(&[fresh.clone()], &[]), 0);
    assert_eq!(step_of("summary", &mut memory, &page(std::slice::from_ref(&stale), &[]), 1), [], "the other list is behind");
    assert_eq!(step_of("summary", &mut memory, &page(&[fresh], &[]), 2), []);
    assert_eq!(step_of("summary", &mut memory, &page(std::slice::from_ref(&stale), &[]), 3), []);
    // The list that told it is taken at its word, whatever it says of its own age.
    let said = step_of("incidents", &mut memory, &page(&[stale], &[]), 4);
    assert_eq!(said.iter().map(|draft| draft.id.as_str()).collect::<Vec<_>>(), ["one/post/one-2/2"]);
}

#[test]
fn words_that_are_missing_for_a_while_were_not_edited() {
    let full = trouble("one", "2024-05-01T06:00:00Z");
    let mut blank = full.clone();
    blank["incident_updates"][0]["body"] = json!("");
    let mut memory = PageState::default();
    step(&mut memory, &page(std::slice::from_ref(&full), &[]), 0);
    assert_eq!(step(&mut memory, &page(&[blank], &[]), 1), []);
    assert_eq!(step(&mut memory, &page(&[full], &[]), 2), []);
}

#[test]
fn a_post_listed_twice_is_read_once_and_named() {
    let mut twice = trouble("one", "2024-05-01T06:00:00Z");
    let post = twice["incident_updates"][0].clone();
    twice["incident_updates"] = json!(vec![post; 1_000]);
    let observation = page(&[twice], &[]);
    assert_eq!((observation.incidents[0].posts.len(), observation.refused.len()), (1, 999));
    // Without ids they are told apart by a number; a thousand of them are no trouble.
    let mut nameless = trouble("two", "2024-05-01T06:00:00Z");
    let mut post = nameless["incident_updates"][0].clone();
    post["id"] = json!("");
    nameless["incident_updates"] = json!(vec![post; 1_000]);
    let said = step(&mut PageState::default(), &page(&[nameless], &[]), 0);
    assert_eq!(said.iter().map(|draft| &draft.id).collect::<BTreeSet<_>>().len(), said.len());
    assert_eq!(said.iter().filter(|draft| draft.kind == "vendor.updated").count(), 1_000);
}

#[test]
fn what_came_out_of_a_cache_is_known_up_to_then_only() {
    let mut memory = PageState::default();
    let at = |text: &str| Instant::parse(text).unwrap();
    let one = page(&[trouble("one", "2024-05-01T06:00:00Z")], &[]);
    let reading = |read: &str, as_of: &str| Reading {
        dialect: Dialect::Statuspage,
        list: "summary",
        read: Some(at(read)),
        as_of: Some(at(as_of)),
        read_before: None,
        sha256: "",
    };
    let changes = difference(&PAGE, &reading("2024-05-01T09:00:00Z", "2024-05-01T08:59:10Z"), &one, &memory);
    memory.absorb(changes.touched);
    assert_eq!(memory.incidents["one"].read[&Dialect::Statuspage], at("2024-05-01T08:59:10Z"));
}

#[test]
fn a_beginning_that_a_feed_inferred_gives_way_to_the_one_that_the_page_states() {
    let feed = r#"<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Lampost - Incident History</title><id>x</id>
        <entry><id>tag:p,2005:Incident/1</id><published>2024-05-01T06:30:00Z</published><updated>2024-05-01T06:30:00Z</updated>
        <link rel="alternate" href="https://status.lampost.example/incidents/one"/><title>Trouble</title>
        <content type="html">&lt;p&gt;&lt;small&gt;May &lt;var data-var='date'&gt;1&lt;/var&gt;, &lt;var data-var='time'&gt;06:30&lt;/var&gt; UTC&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Investigating&lt;/strong&gt; - We are looking into it.&lt;/p&gt;</content></entry></feed>"#;
    let mut memory = PageState::default();
    let read = Dialect::Atom.read(feed.as_bytes(), "history.atom").unwrap();
    let reading = Reading {
        dialect: Dialect::Atom,
        list: "feed",
        read: Some(Instant::parse("2024-05-01T06:35:00Z").unwrap()),
        as_of: None,
        read_before: None,
        sha256: "",
    };
    let changes = difference(&PAGE, &reading, &read, &memory);
    memory.absorb(changes.touched);
    let said = step(&mut memory, &page(&[trouble("one", "2024-05-01T06:00:00Z")], &[]), 40);
    let start = said.iter().find(|draft| draft.id == "one/start/2").unwrap_or_else(|| panic!("{said:?}"));
    assert_eq!((start.edits.len(), &start.data["edit_kind"]), (0, &json!("clarification")), "nobody edited the page");
    // From then on it is the page's, and an edit of it is one.
    let said = step(&mut memory, &page(&[trouble("one", "2024-05-01T05:00:00Z")], &[]), 41);
    assert_eq!(said.iter().find(|draft| draft.id == "one/start/3").map(|draft| draft.edits.len()), Some(1), "{said:?}");
}

#[test]
fn the_pages_own_state_is_said_while_its_posts_contradict_it_and_is_no_edit() {
    let page = |status: &str| {
        let page = json!({"incidents": [{"id": "m1", "name": "Work", "status": status, "updated_at": "2024-05-01T02:00:31Z", "incident_updates": [
            {"id": "a", "status": "identified", "body": "Words a.", "display_at": "2024-05-01T02:00:22Z"},
            {"id": "b", "status": "investigating", "body": "Words b.", "display_at": "2024-05-01T02:00:31Z"}]}]});
        Dialect::Statuspage.read(page.to_string().as_bytes(), "incidents.json").unwrap()
    };
    let mut memory = PageState::default();
    let said = step(&mut memory, &page("identified"), 0);
    let own = said.iter().find(|draft| draft.id == "m1/status/1").unwrap();
    assert_eq!((own.kind, own.data["status"].as_str()), ("vendor.updated", Some("identified")));
    assert!(step(&mut memory, &page("identified"), 1).is_empty());
    let ids = |drafts: Vec<Draft>| drafts.into_iter().map(|draft| (draft.id, draft.kind, draft.edits.len())).collect::<Vec<_>>();
    let changed = ids(step(&mut memory, &page("monitoring"), 2));
    assert_eq!(changed, [("m1/status/2".to_owned(), "event.retracted", 0), ("m1/status/3".to_owned(), "vendor.updated", 0)]);
    assert_eq!(ids(step(&mut memory, &page("investigating"), 3)), [("m1/status/4".to_owned(), "event.retracted", 0)]);
}
