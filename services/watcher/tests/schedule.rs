//! Every feed has its turn in time, never two at once for a host, never too many at once, and ever more rarely where it fails.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use crate::watcher::schedule::{
    BACK_OFF_MOST_MS, Ended, HOST_PAUSE_MS, MAX_IN_FLIGHT, Millis, Planned, RETRY_AFTER_MOST_MS, SPREAD_MOST_MS, Schedule, backed_off,
};

const MINUTE: u64 = 60_000;

fn planned(host: &str, number: u64) -> Planned<'_> {
    Planned { host, every_ms: MINUTE, seed: number, failures: 0, not_before: 0 }
}

/// Lets time pass until the next feed is given out.
fn next(schedule: &mut Schedule, now: &mut Millis) -> usize {
    loop {
        if let Some(feed) = schedule.next(*now) {
            return feed;
        }
        *now = schedule.wake().unwrap().max(*now);
    }
}

#[test]
fn a_feed_is_read_about_as_often_as_it_is_said() {
    let mut schedule = Schedule::new([planned("a", 7)], HOST_PAUSE_MS);
    let (mut now, mut times) = (0, Vec::new());
    for _ in 0..200 {
        assert_eq!(next(&mut schedule, &mut now), 0);
        times.push(now);
        schedule.done(0, now, Ended::Read);
    }
    let waits: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(times[0] < MINUTE, "first after {} ms", times[0]);
    assert!(waits.iter().all(|wait| (54_000..=66_000).contains(wait)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait < 57_000) && waits.iter().any(|wait| *wait > 63_000), "no spread: {waits:?}");
    let mean = waits.iter().sum::<u64>() / waits.len() as u64;
    assert!((59_000..61_000).contains(&mean), "on average every {mean} ms");
}

#[test]
fn first_readings_are_spread_and_the_same_at_every_start() {
    let hosts: Vec<String> = (0..2_000).map(|number| format!("h{number}")).collect();
    let plan = || Schedule::new(hosts.iter().zip(0..).map(|(host, number)| planned(host, number)), HOST_PAUSE_MS);
    let (one, two) = (plan(), plan());
    let mut seconds: BTreeMap<u64, usize> = BTreeMap::new();
    for feed in 0..2_000 {
        assert_eq!(one.next_of(feed), two.next_of(feed));
        *seconds.entry(one.next_of(feed) / 1_000).or_default() += 1;
    }
    assert_eq!(seconds.len(), (SPREAD_MOST_MS / 1_000) as usize);
    assert!(seconds.values().all(|feeds| (10..=70).contains(feeds)), "{seconds:?}");
}

#[test]
fn failures_back_off_up_to_an_hour_and_success_forgets_them() {
    assert_eq!([0, 1, 2, 5, 6, 40].map(|failures| backed_off(MINUTE, failures)), [1, 2, 4, 32, 60, 60].map(|minutes| minutes * MINUTE));
    assert_eq!(backed_off(24 * BACK_OFF_MOST_MS, 3), 24 * BACK_OFF_MOST_MS, "never sooner than usual");
    let mut schedule = Schedule::new([planned("a", 1)], HOST_PAUSE_MS);
    let mut now = 0;
    let mut wait = |ended| {
        next(&mut schedule, &mut now);
        schedule.done(0, now, ended);
        schedule.next_of(0) - now
    };
    let failed = Ended::Failed { retry_after_ms: None };
    for minutes in [2, 4, 8, 16, 32, 60, 60] {
        let about = minutes * MINUTE;
        assert!((about * 9 / 10..=about * 11 / 10).contains(&wait(failed)), "{minutes} minutes");
    }
    assert!(wait(Ended::Read) <= MINUTE * 11 / 10);
    assert!(wait(failed) <= MINUTE * 22 / 10, "a success starts anew");
}

#[test]
fn a_server_that_asks_to_be_left_alone_is_up_to_six_hours() {
    let mut schedule = Schedule::new([planned("a", 1)], HOST_PAUSE_MS);
    let mut now = 0;
    for (asked, least) in [(10 * MINUTE, 10 * MINUTE), (u64::MAX, RETRY_AFTER_MOST_MS)] {
        next(&mut schedule, &mut now);
        schedule.done(0, now, Ended::Failed { retry_after_ms: Some(asked) });
        assert_eq!(schedule.next_of(0) - now, least);
    }
    next(&mut schedule, &mut now);
    schedule.done(0, now, Ended::Failed { retry_after_ms: Some(1) });
    assert!(schedule.next_of(0) - now >= 8 * MINUTE * 9 / 10, "asking for less than the back-off shortens nothing");
}

#[test]
fn what_must_wait_after_a_start_waits() {
    let mut schedule = Schedule::new([Planned { not_before: 5 * MINUTE, failures: 3, ..planned("a", 1) }], HOST_PAUSE_MS);
    let mut now = 0;
    next(&mut schedule, &mut now);
    assert_eq!(now, 5 * MINUTE);
    schedule.done(0, now, Ended::Failed { retry_after_ms: None });
    assert!(schedule.next_of(0) - now >= 16 * MINUTE * 9 / 10, "failures before the start count");
    let far = Schedule::new([Planned { not_before: u64::MAX, ..planned("a", 1) }], HOST_PAUSE_MS);
    assert_eq!(far.next_of(0), RETRY_AFTER_MOST_MS, "a clock that jumped does not silence a feed for ever");
}

#[test]
fn never_more_than_so_many_at_once_and_nobody_is_forgotten() {
    let hosts: Vec<String> = (0..300).map(|number| format!("h{number}")).collect();
    let mut schedule = Schedule::new(hosts.iter().zip(0..).map(|(host, number)| planned(host, number)), HOST_PAUSE_MS);
    let given: Vec<usize> = std::iter::from_fn(|| schedule.next(MINUTE)).collect();
    assert_eq!((given.len(), schedule.in_flight()), (MAX_IN_FLIGHT, MAX_IN_FLIGHT));
    let mut seen = given.clone();
    let mut under_way = given;
    while let Some(feed) = under_way.pop() {
        schedule.done(feed, MINUTE, Ended::Read);
        let further: Vec<usize> = std::iter::from_fn(|| schedule.next(MINUTE)).collect();
        seen.extend(&further);
        under_way.extend(further);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..300).collect::<Vec<_>>());
}

#[derive(Debug, Clone)]
struct Step {
    lasts_ms: u64,
    ended: Ended,
}

fn step() -> impl Strategy<Value = Step> {
    let ended = prop_oneof![
        6 => Just(Ended::Read),
        2 => Just(Ended::Failed { retry_after_ms: None }),
        1 => (0..200_000_u64).prop_map(|ms| Ended::Failed { retry_after_ms: Some(ms) }),
        1 => (0..5_000_u64).prop_map(|after_ms| Ended::Again { after_ms }),
    ];
    (0..40_000_u64, ended).prop_map(|(lasts_ms, ended)| Step { lasts_ms, ended })
}

proptest! {
    #[test]
    fn a_host_is_asked_one_thing_at_a_time_with_a_pause_between(
        hosts in proptest::collection::vec(0..12_usize, 1..150),
        steps in proptest::collection::vec(step(), 50..400),
        every_ms in 1_000..120_000_u64,
    ) {
        let names: Vec<String> = hosts.iter().map(|host| format!("h{host}")).collect();
        let plan = names.iter().zip(0..).map(|(host, number)| Planned { every_ms, ..planned(host, number) });
        let mut schedule = Schedule::new(plan, HOST_PAUSE_MS);
        // (end, feed) of what is under way; when each host was free; when each feed may come again at the soonest.
        let mut under_way: Vec<(Millis, usize, Ended)> = Vec::new();
        let mut free_at: HashMap<&str, Millis> = HashMap::new();
        let mut soonest = vec![0; names.len()];
        let (mut now, mut steps) = (0, steps.into_iter());
        'time: loop {
            while let Some(feed) = schedule.next(now) {
                let Some(step) = steps.next() else { break 'time };
                let host = names[feed].as_str();
                prop_assert!(under_way.iter().all(|(_, other, _)| names[*other] != host), "two at once for {}", host);
                prop_assert!(free_at.get(host).is_none_or(|free| now >= free + HOST_PAUSE_MS), "no pause for {}", host);
                prop_assert!(now >= soonest[feed], "feed {} comes too soon", feed);
                under_way.push((now + step.lasts_ms, feed, step.ended));
                prop_assert!(under_way.len() <= MAX_IN_FLIGHT);
                prop_assert_eq!(under_way.len(), schedule.in_flight());
            }
            let ends = under_way.iter().map(|(end, ..)| *end).min();
            // There is always something to come: a feed is due, or one is under way.
            let wake = schedule.wake().filter(|wake| *wake > now);
            let later = ends.into_iter().chain(wake).min();
            prop_assert!(later.is_some(), "the schedule stands still");
            now = later.unwrap();
            let (ended, still): (Vec<_>, Vec<_>) = under_way.into_iter().partition(|(end, ..)| *end <= now);
            under_way = still;
            for (_, feed, ended) in ended {
                schedule.done(feed, now, ended);
                free_at.insert(&names[feed], now);
                soonest[feed] = match ended {
                    Ended::Again { after_ms } => now + after_ms,
                    _ => now + every_ms * 9 / 10,
                };
            }
        }
    }

    #[test]
    fn everybody_has_a_turn_before_anybody_has_a_third(feeds in 1..60_usize) {
        // One host whose feeds cannot all be read as often as they should: each waits for the others, none for ever.
        let plan = (0..feeds).map(|number| Planned { every_ms: 1_000, ..planned("a", number as u64) });
        let mut schedule = Schedule::new(plan, HOST_PAUSE_MS);
        let (mut now, mut turns) = (0, vec![0; feeds]);
        for _ in 0..feeds * 5 {
            let feed = next(&mut schedule, &mut now);
            turns[feed] += 1;
            now += 500;
            schedule.done(feed, now, Ended::Read);
            let (least, most) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
            prop_assert!(most - least <= 2, "{:?}", turns);
        }
    }
}
