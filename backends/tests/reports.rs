//! The log of reports: each flush once by its name, durable, in ascending positions, kept for a time and then trimmed from its
//! beginning.

use std::time::{Duration, Instant};

use dateline_backends::{Appended, FlushPage, MAX_PAGE_FLUSHES, Reports, ReportsError};
use dateline_events::reports::{Count, Flush, MAX_FLUSH_COUNTS, Run};
use serde_json::json;

use crate::nats::Nats;
use crate::proxy::{Lose, Proxy};
use crate::support::Store;

on_both_ledgers!(
    a_flush_is_stored_once_by_its_name,
    the_numbers_of_a_run_ascend,
    pages_are_read_in_order_from_any_position,
    of_many_that_append_the_same_one_stores_it,
    what_is_too_large_is_refused,
    what_was_kept_long_enough_is_trimmed_and_positions_never_run_back,
);

fn flush(run: u128, number: u64, counted: u64) -> Flush {
    let count = json!({"service": "whatsapp", "symptom": "sending", "channel": "app", "from": "public", "minute": 7, "count": counted, "sources": 1});
    Flush::new(Run(run), number, vec![serde_json::from_value::<Count>(count).unwrap()])
}

fn stored(position: u64, fresh: bool) -> Result<Appended, ReportsError> {
    Ok(Appended { position, fresh })
}

fn positions(page: &FlushPage) -> Vec<u64> {
    page.flushes.iter().map(|flush| flush.position).collect()
}

async fn a_flush_is_stored_once_by_its_name(store: &Store) {
    let reports = store.reports().await;
    assert_eq!((reports.head().await, reports.read(0, 10).await), (Ok(0), Ok(FlushPage { first: 1, head: 0, flushes: Vec::new() })));
    assert_eq!(reports.append(&flush(1, 1, 5)).await, stored(1, true));
    assert_eq!(reports.append(&flush(1, 1, 5)).await, stored(1, false));
    assert_eq!(reports.append(&flush(2, 1, 5)).await, stored(2, true), "another run's number is another name");
    assert_eq!(reports.append(&flush(1, 1, 6)).await, Err(ReportsError::Differs { run: Run(1), number: 1, position: 1 }));
    drop(reports);
    let reports = store.reports().await;
    assert_eq!(reports.append(&flush(1, 1, 5)).await, stored(1, false), "over a restart too");
    assert_eq!(reports.append(&flush(1, 2, 9)).await, stored(3, true));
    let page = reports.read(0, 10).await.unwrap();
    assert_eq!((page.first, page.head, positions(&page)), (1, 3, vec![1, 2, 3]));
    let read: Vec<Flush> = page.flushes.iter().map(|kept| Flush::read(&kept.bytes).unwrap()).collect();
    assert_eq!(read, [flush(1, 1, 5), flush(2, 1, 5), flush(1, 2, 9)]);
}

async fn the_numbers_of_a_run_ascend(store: &Store) {
    let reports = store.reports().await;
    assert_eq!(reports.append(&flush(1, 3, 3)).await, stored(1, true));
    assert_eq!(reports.append(&flush(2, 1, 1)).await, stored(2, true), "another run's between them");
    for (number, position) in [(4, 3), (9, 4), (20, 5), (21, 6)] {
        assert_eq!(reports.append(&flush(1, number, number)).await, stored(position, true));
    }
    for again in [reports, store.reports().await] {
        for (number, position) in [(3, 1), (4, 3), (9, 4), (20, 5), (21, 6)] {
            assert_eq!(again.append(&flush(1, number, number)).await, stored(position, false), "number {number}");
        }
        for number in [0, 5, 19] {
            assert_eq!(again.append(&flush(1, number, 1)).await, Err(ReportsError::OutOfOrder { run: Run(1), number, last: 21 }));
        }
        assert_eq!(again.head().await, Ok(6));
    }
}

async fn pages_are_read_in_order_from_any_position(store: &Store) {
    let last = MAX_PAGE_FLUSHES as u64 + 5;
    let reports = store.reports().await;
    for number in 1..=last {
        reports.append(&flush(1, number, number)).await.unwrap();
    }
    let reader = store.reports().await;
    let mut after = 0;
    let mut read = Vec::new();
    loop {
        let page = reader.read(after, 300).await.unwrap();
        assert_eq!((page.first, page.head, page.missed(after)), (1, last, 0));
        assert!(page.flushes.len() <= 300);
        let Some(flush) = page.flushes.last() else { break };
        after = flush.position;
        read.extend(positions(&page));
    }
    assert_eq!(read, (1..=last).collect::<Vec<_>>());
    assert_eq!(positions(&reader.read(0, usize::MAX).await.unwrap()), (1..=MAX_PAGE_FLUSHES as u64).collect::<Vec<_>>(), "a page has a limit");
    assert_eq!(positions(&reader.read(last - 1, 10).await.unwrap()), [last]);
    assert_eq!(positions(&reader.read(last + 99, 10).await.unwrap()), Vec::<u64>::new());
    assert_eq!(positions(&reader.read(0, 0).await.unwrap()), [1], "at least one");
}

async fn of_many_that_append_the_same_one_stores_it(store: &Store) {
    let (one, other) = (store.reports().await, store.reports().await);
    let racers = (0..16).map(|number: u64| {
        let reports = if number.is_multiple_of(2) { one.clone() } else { other.clone() };
        tokio::spawn(async move {
            (reports.append(&flush(7, 1, 1)).await.unwrap(), reports.append(&flush(100 + u128::from(number), 1, 1)).await.unwrap())
        })
    });
    let (mut fresh, mut places) = (0, std::collections::BTreeSet::new());
    for racer in racers.collect::<Vec<_>>() {
        let (same, own) = racer.await.unwrap();
        fresh += u32::from(same.fresh);
        places.extend([same.position, own.position]);
        assert!(own.fresh);
    }
    assert_eq!((fresh, places), (1, (1..=17).collect()));
}

async fn what_is_too_large_is_refused(store: &Store) {
    let reports = store.reports().await;
    let one = flush(1, 1, 1);
    let many = |count: usize| Flush { counts: vec![one.counts[0].clone(); count], ..one.clone() };
    assert_eq!(reports.append(&many(MAX_FLUSH_COUNTS + 1)).await, Err(ReportsError::TooLarge));
    let long = Count { from: "f".repeat(512), ..one.counts[0].clone() };
    assert_eq!(reports.append(&Flush { counts: vec![long; 900], ..one.clone() }).await, Err(ReportsError::TooLarge));
    assert_eq!(reports.append(&flush(1, 1 << 53, 1)).await, Err(ReportsError::TooLarge));
    assert_eq!(reports.head().await, Ok(0));
    assert_eq!(reports.append(&many(MAX_FLUSH_COUNTS)).await, stored(1, true));
}

/// A second is the least that both engines count in.
const KEPT_S: u64 = 1;

async fn what_was_kept_long_enough_is_trimmed_and_positions_never_run_back(store: &Store) {
    let reports = Reports::open_keeping(&store.reports_url(), KEPT_S).await.unwrap();
    for number in 1..=5 {
        reports.append(&flush(1, number, 1)).await.unwrap();
    }
    // The embedded log trims when something is appended, the bus by itself.
    let begun = Instant::now();
    let mut number = 5;
    let page = loop {
        number += 1;
        assert_eq!(reports.append(&flush(1, number, 1)).await, stored(number, true), "positions go on");
        let page = reports.read(0, 1_000).await.unwrap();
        if page.first > 5 {
            break page;
        }
        assert_eq!(page.first, positions(&page)[0], "what is kept is the end of the log");
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing was trimmed: {} is the first of {}", page.first, page.head);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(begun.elapsed() >= Duration::from_secs(KEPT_S), "trimmed too early");
    assert_eq!((page.missed(0), page.missed(page.first - 1), page.missed(page.head)), (page.first - 1, 0, 0));
    assert_eq!(positions(&page), (page.first..=page.head).collect::<Vec<_>>());
    assert_eq!(reports.append(&flush(1, 2, 1)).await, Err(ReportsError::OutOfOrder { run: Run(1), number: 2, last: number }));
}

#[tokio::test]
async fn a_full_disk_stores_nothing_and_the_log_goes_on_when_there_is_room() {
    let store = Store::embedded();
    let reports = store.reports().await;
    let large = |number| Flush { counts: vec![flush(1, 1, 1).counts[0].clone(); 900], ..flush(1, number, 1) };
    reports.append(&large(1)).await.unwrap();
    reports.limit_pages(1).await.unwrap();
    let mut number = 2;
    while reports.append(&large(number)).await.is_ok() {
        number += 1;
        assert!(number < 100, "the disk never became full");
    }
    assert_eq!(reports.append(&large(number)).await, Err(ReportsError::Full));
    assert_eq!(reports.head().await, Ok(number - 1));
    reports.limit_pages(100_000).await.unwrap();
    assert_eq!(reports.append(&large(number)).await, stored(number, true));
}

#[tokio::test]
async fn a_flush_is_stored_once_whatever_is_lost_between_us_and_the_bus() {
    let server = Nats::start();
    let proxy = Proxy::to(server.port);
    let reports = Reports::open(&server.url_by_way_of(proxy.port())).await.unwrap();
    assert_eq!(reports.append(&flush(1, 1, 1)).await, stored(1, true));
    proxy.lose_answer(b"{\"stream\":\"dateline-reports\",");
    assert_eq!(reports.append(&flush(1, 2, 2)).await, stored(2, true), "its acknowledgement was lost");
    assert!(proxy.has_sprung());
    proxy.set_trap(b"HPUB dateline.reports.", Lose::Question, || {});
    assert_eq!(reports.append(&flush(1, 3, 3)).await, stored(3, true), "it never arrived");
    assert!(proxy.has_sprung());
    assert_eq!(reports.read(0, 10).await.unwrap().flushes.len(), 3);
}

#[tokio::test]
async fn a_server_or_stream_that_would_lose_flushes_is_refused() {
    let careless = Nats::start_with("sync_interval: 2m", "");
    let refused = Reports::open(&careless.url()).await.unwrap_err();
    assert!(matches!(&refused, ReportsError::Unsafe { detail, .. } if detail.contains("sync_interval")), "{refused}");
    let server = Nats::start();
    drop(Reports::open_keeping(&server.url(), 60).await.unwrap());
    let refused = Reports::open(&server.url()).await.unwrap_err();
    assert!(matches!(&refused, ReportsError::Unsafe { detail, .. } if detail.contains("max_age")), "{refused}");
    assert_eq!(Reports::open("mysql:x").await.unwrap_err(), ReportsError::Address("mysql:x".into()));
}
