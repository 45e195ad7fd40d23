//! What is beyond a limit is left out, and nothing is said wrong for it.

use dateline_events::reports::{Count, Flush, Run};
use serde_json::json;

use super::{EventDraft, Log, count, minute, read};
use crate::detector::bounds::bound;
use crate::detector::service::AHEAD_MINUTES_MAX;
use crate::detector::service_watches::ServiceWatches;

const DAY: i64 = 24 * 60;

/// A total of a window of five minutes.
fn total(region: &str, symptom: &str, minute: i64, count: u64) -> Count {
    serde_json::from_value(json!({"service": "mail", "region": region, "symptom": symptom, "channel": "list", "from": "a monitor", "minute": minute, "count": count, "window_minutes": 5}))
        .unwrap()
}

#[test]
fn an_intake_whose_clock_runs_a_week_ahead_freezes_nothing() {
    let mut log = Log::new();
    log.quiet(0, 3 * 24 * 60);
    log.push(minute(3 * 24 * 60), Vec::new());
    for number in 3 * 24 * 60..3 * 24 * 60 + 60 {
        log.push(minute(number), vec![count(Some("IN"), "sending", "public", minute(number), 100)]);
    }
    let right = read(&log);
    assert!(!right.events().is_empty());
    let week = 7 * 24 * 60;
    let (before, ahead) = (minute(3 * 24 * 60), minute(3 * 24 * 60) + week);
    let wrong = &mut log.0[3 * 24 * 60];
    (wrong.written, wrong.counts) = (Some(ahead), vec![count(Some("IN"), "sending", "public", ahead, 5)]);
    assert_eq!(bound(wrong, before), Some(week), "it is noticed");
    assert_eq!((wrong.written, wrong.counts.len()), (None, 0));
    assert_eq!(read(&log).kinds(), right.kinds());
    // At the limit it is believed.
    let mut near = Flush::new(Run(1), 1, Vec::new()).written(before + AHEAD_MINUTES_MAX);
    assert_eq!((bound(&mut near, before), near.written), (None, Some(before + AHEAD_MINUTES_MAX)));
}

#[test]
fn a_log_that_is_read_again_from_its_beginning_is_not_counted_twice() {
    let mut log = Log::new();
    log.quiet(0, 3 * 24 * 60);
    for number in 3 * 24 * 60..3 * 24 * 60 + 60 {
        log.push(minute(number), vec![count(Some("IN"), "sending", "public", minute(number), 100)]);
    }
    let mut watches = ServiceWatches::default();
    log.0.iter().zip(1..).for_each(|(flush, position)| drop(watches.take(position, flush)));
    watches.take_changed();
    watches.begin_again();
    assert_eq!((watches.position(), watches.services().len(), watches.ticks().open_s()), (0, 0, None));
    assert!(!watches.take_changed().is_empty(), "what is forgotten is written down as forgotten");
    let mut again = EventDraft::default();
    log.0.iter().zip(1..).for_each(|(flush, position)| watches.take(position, flush).iter().for_each(|one| again.hear(&one.event)));
    assert_eq!(again, read(&log));
}

#[test]
fn more_publishers_than_an_event_names_are_still_an_event() {
    let mut log = Log::new();
    log.quiet(0, 3 * DAY);
    for number in 3 * DAY..3 * DAY + 90 {
        // Other keys each minute: sixty in all, and more than may be named.
        let keys = (0..16).map(|key| count(Some("IN"), "sending", &format!("key {}", (number * 16 + key) % 60), minute(number), 20));
        log.push(minute(number), keys.collect());
    }
    let said = read(&log);
    let most = said.events().iter().map(|event| event["data"]["sources"].as_array().unwrap().len()).max();
    assert_eq!(most, Some(32), "the detector and 31 of them");
}

#[test]
fn totals_of_more_places_than_are_told_apart_do_not_grow_when_they_are_said_again() {
    let (mut watches, mut position) = (ServiceWatches::default(), 0);
    let symptoms = ["sending", "receiving", "connection", "app", "website", "login", "calls", "media"];
    let places: Vec<String> =
        (0..26_u8).flat_map(|one| (0..6_u8).map(move |two| format!("{}{}", char::from(b'A' + one), char::from(b'A' + two)))).collect();
    let mut take = |watches: &mut ServiceWatches, at: i64| {
        for region in &places {
            position += 1;
            watches.take(position, &Flush::new(Run(1), position, symptoms.iter().map(|symptom| total(region, symptom, minute(at), 10)).collect()));
        }
        watches.services()["mail"].picture(watches.settings()).unwrap().buckets.last().unwrap().count
    };
    let once = take(&mut watches, 0);
    assert_eq!(once, Some(1_024 * 10), "{} pairs were said", places.len() * symptoms.len());
    assert_eq!(take(&mut watches, 0), once, "the same again");
}

#[test]
fn totals_that_end_in_an_outage_stand_out_for_a_day_of_silence_and_no_longer() {
    let mut log = Log::new();
    for number in 0..3 * DAY / 5 {
        log.push(minute(5 * number), vec![total("IN", "app", minute(5 * number), 5)]);
    }
    let last = 3 * DAY;
    log.push(minute(last), vec![total("IN", "app", minute(last), 500)]);
    let (mut watches, mut said, mut position) = (ServiceWatches::default(), EventDraft::default(), 0);
    let mut feed = |watches: &mut ServiceWatches, flush: &Flush| {
        position += 1;
        watches.take(position, flush).iter().for_each(|one| said.hear(&one.event));
    };
    log.0.iter().for_each(|flush| feed(&mut watches, flush));
    assert_eq!(watches.standing().count(), 1);
    let mut beats = |watches: &mut ServiceWatches, from: i64, until: i64| {
        (from..until).step_by(5).for_each(|at| feed(watches, &Flush::new(Run(2), at as u64, Vec::new()).written(minute(at))));
    };
    beats(&mut watches, last + 5, last + DAY);
    assert_eq!(watches.standing().count(), 1, "not a day yet");
    beats(&mut watches, last + DAY, last + DAY + 10);
    assert_eq!(watches.standing().count(), 0);
    assert!(!said.kinds().contains(&"reports.subsided"), "nobody knows: {:?}", said.kinds());
}
