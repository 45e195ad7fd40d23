//! An outage as users see it: messages are not sent, first in India, then in Italy; after some hours it is over.

use dateline_events::reports::Count;
use serde_json::json;

use super::{EventDraft, Log, count, kept, minute, read};
use crate::detector::service_watches::ServiceWatches;

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
    let mut log = log();
    // Another service, of which hardly anything is ever heard: two reports, days apart, and a flood at the end.
    for (position, reports) in [(100, 1), (4_000, 1), (4_500, 300), (4_501, 300), (4_502, 300)] {
        let written = log.0[position].written.unwrap();
        log.0[position].counts.push(Count { service: "post".to_owned(), ..count(None, "app", "public", written, reports) });
    }
    let whole = read(&log);
    assert!(whole.events().iter().any(|event| event["subject"] == "post"), "{:?}", whole.1);
    // Written down every so often, and killed some time after that: the flushes in between are read once more.
    for (every, killed_after) in [(97, 41), (300, 299), (1_000, 1)] {
        let (mut watches, mut said, mut written) = (ServiceWatches::default(), EventDraft::default(), None);
        let (mut position, mut kills) = (0_usize, 0);
        let mut next_kill = every + killed_after;
        while position < log.0.len() {
            position += 1;
            watches.take(position as u64, &log.0[position - 1]).iter().for_each(|one| said.hear(&one.event));
            if position % every == 0 {
                watches.take_changed();
                written = Some(kept(&watches));
            }
            if position == next_kill && position < log.0.len() {
                watches = written.take().map(ServiceWatches::new).unwrap_or_default();
                written = Some(kept(&watches));
                position = watches.position() as usize;
                next_kill += every * 3;
                kills += 1;
            }
        }
        assert!(kills > 0);
        assert_eq!(said.0, whole.0, "written every {every} flushes, killed {killed_after} later, {kills} times");
    }
}

#[test]
fn what_comes_again_within_hours_is_the_same_anomaly_under_further_numbers() {
    let mut log = Log::new();
    log.quiet(0, 3 * DAY);
    let flood = |log: &mut Log, from: i64| {
        for number in from..from + 30 {
            log.push(minute(number), vec![count(Some("IN"), "sending", "public", minute(number), 60)]);
        }
    };
    flood(&mut log, 3 * DAY);
    log.quiet(3 * DAY + 30, 240);
    flood(&mut log, 3 * DAY + 270);
    log.quiet(3 * DAY + 300, 240);
    let said = read(&log);
    let ids: Vec<&String> = said.0.keys().collect();
    assert!(ids.iter().all(|id| id.starts_with("mail/20240606T120000Z/")), "{ids:?}");
    let kinds = said.kinds();
    let count = |kind: &str| kinds.iter().filter(|other| **other == kind).count();
    assert_eq!((count("anomaly.detected"), count("reports.subsided")), (2, 2), "{kinds:?}");
}

#[test]
fn an_intake_that_was_down_was_not_quiet() {
    let mut log = Log::new();
    log.quiet(0, 3 * DAY);
    // A day of nothing, not even that an intake is up: nothing is learned of it, and nothing is said.
    log.quiet(4 * DAY, 60);
    assert_eq!(read(&log).kinds(), Vec::<&str>::new());
}
