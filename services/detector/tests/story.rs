//! An outage as users see it: messages are not sent, first in India, then in Italy; after some hours it is over.

use serde_json::json;

use super::{Log, Said, count, kept, minute, read};
use crate::detector::desk::Desk;

const DAY: i64 = 24 * 60;

/// Three quiet days, four bad hours, and four quiet ones.
fn log() -> Log {
    let mut log = Log::new();
    log.quiet(0, 3 * DAY);
    for number in 3 * DAY..3 * DAY + 240 {
        let mut counts = vec![
            count(Some("IN"), "sending", "public", minute(number), 69),
            count(Some("IN"), "connection", "public", minute(number), 21),
            count(Some("IN"), "app", "public", minute(number), 10),
        ];
        if number >= 3 * DAY + 60 {
            counts.push(count(Some("IT"), "sending", "public", minute(number), 30));
        }
        log.push(minute(number), counts);
    }
    log.quiet(3 * DAY + 240, 240);
    log
}

#[test]
fn it_is_told_from_its_first_bucket_with_what_it_is_about_where_it_spread_and_its_end() {
    let said = read(&log());
    let events = said.events();
    let first = &events[0]["data"];
    assert_eq!(said.kinds()[0], "anomaly.detected", "{:?}", said.kinds());
    assert_eq!(first["occurred"], json!({"between": ["2024-06-06T12:00Z", "2024-06-06T12:04Z"]}));
    assert_eq!(first["regions"], json!(["IN"]));
    assert_eq!(first["shares"][0], json!({"share": 0.69, "symptoms": ["sending"]}));
    assert_eq!(first["certainty"], "reported", "one voice");
    let spread: Vec<_> =
        events.iter().filter(|event| event["type"] == "dateline.scope.changed.v1").map(|event| event["data"]["regions"].clone()).collect();
    assert_eq!(spread, [json!(["IT"])]);
    assert!(said.kinds().iter().filter(|kind| **kind == "reports.observed").count() <= 4, "thinned: {:?}", said.kinds());
    let last = events.last().unwrap();
    assert_eq!((last["type"].as_str(), &last["data"]["regions"]), (Some("dateline.reports.subsided.v1"), &json!(["IN", "IT"])));
    assert_eq!(last["data"]["occurred"], json!({"between": ["2024-06-06T16:00Z", "2024-06-06T16:04Z"]}));
}

#[test]
fn killed_anywhere_it_says_the_same_and_nothing_twice_otherwise() {
    let log = log();
    let whole = read(&log);
    // Written down every so often, and killed some time after that: the flushes in between are read once more.
    for (every, killed_after) in [(97, 41), (300, 299), (1_000, 1)] {
        let (mut desk, mut said, mut written) = (Desk::default(), Said::default(), None);
        let (mut position, mut kills) = (0_usize, 0);
        let mut next_kill = every + killed_after;
        while position < log.0.len() {
            position += 1;
            desk.take(position as u64, &log.0[position - 1]).iter().for_each(|one| said.hear(&one.event));
            if position % every == 0 {
                desk.reach(position as u64);
                written = desk.service("mail").map(kept);
            }
            if position == next_kill && position < log.0.len() {
                desk = Desk::new(written.clone().map(|service| ("mail".to_owned(), service)));
                position = desk.position().unwrap_or(0) as usize;
                next_kill += every * 3;
                kills += 1;
            }
        }
        assert!(kills > 0);
        assert_eq!(said.0, whole.0, "written every {every} flushes, killed {killed_after} later, {kills} times");
    }
}

#[test]
fn an_intake_that_was_down_was_not_quiet() {
    let mut log = Log::new();
    log.quiet(0, 3 * DAY);
    // A day of nothing, not even that an intake is up: nothing is learned of it, and nothing is said.
    log.quiet(4 * DAY, 60);
    assert_eq!(read(&log).kinds(), Vec::<&str>::new());
}
