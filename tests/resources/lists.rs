//! Reads shed load: what is too much is told so at once, and what is taken is answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ground::Ground;
use super::pace::{Done, Load, closed_loop, open_loop};
use super::probe::Probe;
use super::{RESIDENT_MIB_MAX, alone, ordinarily_or_long, runtime};

/// Readers at once, from four addresses.
const READERS: u16 = 300;
const READERS_LONG: u16 = 900;

/// Incidents to list.
const INCIDENTS: u64 = 500;
const INCIDENTS_LONG: u64 = 5_000;

/// A reader too many is told so within this: half of them, where twice as many come as can be answered. Ordinarily other tests use the same
/// cores.
const SHED_MS_MAX: f64 = 250.0;
const SHED_MS_MAX_LONG: f64 = 50.0;

/// A list that nobody asked for before: what was made for another reader costs nothing.
fn request() -> Vec<u8> {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let number = ASKED.fetch_add(1, Ordering::Relaxed);
    format!(
        "GET /v1/incidents?limit=500&from=1970-01-01T00:{:02}:{:02}Z&to=2100-01-01T00:00:00.{:06}Z HTTP/1.1\r\nhost: localhost\r\n\r\n",
        number / 60 % 60,
        number % 60,
        number % 1_000_000
    )
    .into_bytes()
}

fn said(what: &str, done: &Done) {
    println!(
        "{what}: {:?}; shed within {:.1} ms (p50), {:.1} ms (p99); answered within {:.0} ms (p50), {:.0} ms (p99)",
        done.statuses,
        done.took(503, 0.5),
        done.took(503, 0.99),
        done.took(200, 0.5),
        done.took(200, 0.99)
    );
}

#[test]
fn readers_of_lists_are_answered_or_turned_away_at_once() {
    let _alone = alone();
    let runtime = runtime();
    let mut ground = runtime.block_on(Ground::filled(&[], ordinarily_or_long(INCIDENTS, INCIDENTS_LONG), 0));
    ground.forget_the_most();
    let probe = Probe::start(ground.address);
    let readers = ordinarily_or_long(READERS, READERS_LONG);
    let length = ordinarily_or_long(Duration::from_secs(1), Duration::from_secs(10));
    let all = runtime.block_on(closed_loop(ground.address, readers, length, request));
    let asked = probe.end();
    said(&format!("{readers} readers of lists"), &all);
    println!("health within {} ms, {} MiB at most", asked.worst_ms, ground.most_mib());
    assert_eq!((asked.fault(), runtime.block_on(ground.fault())), (None, None));
    let answered = all.rate_of(200).max(1.0);
    let load = Load { rate: answered * 3.0, length, connections: readers, addresses: 8 };
    let paced = runtime.block_on(open_loop(ground.address, load, request));
    said(&format!("{:.0} a second, of which {answered:.0} can be answered", load.rate), &paced);
    for done in [&all, &paced] {
        assert!(done.statuses.keys().all(|status| [200, 503].contains(status)), "{:?}", done.statuses);
        assert_eq!(done.silent_sheds, 0, "a 503 says when to come again");
    }
    assert!(all.statuses.contains_key(&200) && all.statuses.contains_key(&503), "some are answered, some shed: {:?}", all.statuses);
    let most = ordinarily_or_long(SHED_MS_MAX, SHED_MS_MAX_LONG);
    assert!(paced.took(503, 0.5) < most, "half of those who are turned away waited {:.1} ms", paced.took(503, 0.5));
    assert!(ground.most_mib() < RESIDENT_MIB_MAX);
}
