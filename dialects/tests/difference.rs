//! What changed between two readings, put back together: whatever a page does, the events that were said about it tell the page as it
//! was read last. Memory is carried as JSON from reading to reading, as the keep carries it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::collections::BTreeSet;

use dateline_dialects::{Dialect, Draft, Memory};
use proptest::prelude::*;
use serde_json::json;
use support::{Made, document, is_told, read, step};

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
        let mut memory = Memory::default();
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
    fn whatever_stands_on_a_page_becomes_events_that_the_door_accepts(
        texts in proptest::collection::vec(prop_oneof![any::<String>(), "\\PC{0,300}", Just("\0".to_owned()), Just("<script>alert(1)</script>".to_owned())], 9),
        times in proptest::collection::vec(-2_000_000_000_i64..9_000_000_000, 6),
    ) {
        let time = |at: usize| dateline_events::Instant(times[at] * 1_000_000).to_string();
        let item = |planned: bool| json!({"id": texts[0], "name": texts[1], "status": texts[2], "impact": "major", "shortlink": texts[3], "started_at": time(0),
            "scheduled_for": time(1), "scheduled_until": time(2), "components": [{"name": texts[4]}],
            "incident_updates": [
                {"id": texts[5], "status": texts[2], "body": texts[6], "display_at": time(3), "updated_at": time(4)},
                {"id": texts[7], "status": if planned {"in_progress"} else {"monitoring"}, "body": texts[8], "display_at": time(5), "updated_at": time(4)}]});
        let page = json!({"page": {"id": "p", "name": texts[1], "url": texts[3]}, "incidents": [item(false)], "scheduled_maintenances": [item(true)], "components": []});
        let observation = Dialect::Statuspage.read(page.to_string().as_bytes(), "summary.json").unwrap();
        let mut memory = Memory::default();
        step(&mut memory, &observation, 0);
        step(&mut memory, &read(&[]), 1);
    }
}

fn slow(words: u8) -> Made {
    Made { id: 1, name: 1, impact: 1, start: 10, planned: false, posts: vec![(1, words, 0, 10)] }
}

#[test]
fn what_leaves_a_list_of_unresolved_ones_is_over_between_two_readings_and_may_come_back() {
    let mut memory = Memory::default();
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
    let mut memory = Memory::default();
    step(&mut memory, &read(&[slow(1)]), 0);
    let edited = step(&mut memory, &read(&[slow(2)]), 7);
    assert_eq!((edited.len(), edited[0].kind, &edited[0].data["announced"]), (1, "event.corrected", &json!(false)));
    assert_eq!(edited[0].data["stated"], json!({"between": ["2024-05-01T06:06:00Z", "2024-05-01T06:06:59Z"]}), "it was read a minute before, too");
    assert_eq!(edited[0].data["patch"]["statement"]["quotation"]["text"], "Words number 2.");
}

#[test]
fn an_edit_of_a_fraction_of_a_second_is_none() {
    let mut memory = Memory::default();
    let whole = document(&[slow(1)], false);
    let cut = String::from_utf8(whole.clone()).unwrap().replace(".123Z", ".000Z").into_bytes();
    step(&mut memory, &Dialect::Statuspage.read(&whole, "").unwrap(), 0);
    assert!(step(&mut memory, &Dialect::Statuspage.read(&cut, "").unwrap(), 1).is_empty());
}

#[test]
fn what_is_missing_from_the_newest_though_not_older_was_taken_down() {
    let mut memory = Memory::default();
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
    let mut memory = Memory::default();
    step(&mut memory, &read(&[slow(1)]), 5);
    assert!(step(&mut memory, &read(&[slow(2)]), 3).is_empty());
}

#[test]
fn what_a_full_list_of_the_newest_drops_is_not_taken_down() {
    let mut memory = Memory::default();
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
