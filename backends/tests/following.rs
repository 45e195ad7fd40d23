//! Replay, catching up and live are one door, in the writing process and in others.

use std::time::Duration;

use dateline_backends::{LedgerError, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Page};

use crate::support::{Store, event, events};

on_both_ledgers!(
    a_follower_replays_catches_up_and_goes_on_live,
    a_reader_beside_the_writer_follows_too,
    a_page_ends_when_it_is_large,
    a_follower_that_knows_more_than_the_ledger_stops,
    a_follower_of_a_closed_ledger_is_told,
);

fn positions(page: &Page) -> std::ops::RangeInclusive<u64> {
    page.records[0].position..=page.records[page.records.len() - 1].position
}

async fn a_follower_replays_catches_up_and_goes_on_live(store: &Store) {
    let ledger = store.ledger().await;
    ledger.append(events(1, 1000)).await.unwrap();
    ledger.append(events(1001, 1500)).await.unwrap();
    let mut follower = ledger.follow(0);
    let first = follower.next().await.unwrap();
    assert_eq!((positions(&first), first.head, first.records.len()), (1..=1000, 1500, MAX_PAGE_RECORDS));
    assert_eq!(first.records[7].bytes.as_deref(), Some(events(8, 8)[0].bytes.as_slice()));
    assert_eq!(positions(&follower.next().await.unwrap()), 1001..=1500);
    assert_eq!(follower.try_next().await, Ok(None));
    let live = tokio::spawn(async move { follower.next().await });
    ledger.append(vec![event("live", "x")]).await.unwrap();
    let page = tokio::time::timeout(Duration::from_secs(10), live).await.unwrap().unwrap().unwrap();
    assert_eq!(positions(&page), 1501..=1501);
}

async fn a_reader_beside_the_writer_follows_too(store: &Store) {
    let ledger = store.ledger().await;
    ledger.append(events(1, 3)).await.unwrap();
    let reader = store.reader().await;
    assert_eq!(reader.append(events(4, 4)).await, Err(LedgerError::ReadOnly));
    let mut follower = reader.follow(2);
    assert_eq!(positions(&follower.next().await.unwrap()), 3..=3);
    ledger.append(events(4, 4)).await.unwrap();
    let page = tokio::time::timeout(Duration::from_secs(10), follower.next()).await.unwrap().unwrap();
    assert_eq!(positions(&page), 4..=4);
}

async fn a_page_ends_when_it_is_large(store: &Store) {
    let ledger = store.ledger().await;
    let text = "x".repeat(63 * 1024);
    let batch: Vec<_> = (0..200).map(|number| event(&number.to_string(), &text)).collect();
    let largest = batch.iter().map(|event| event.bytes.len()).max().unwrap();
    ledger.append(batch).await.unwrap();
    let page = ledger.follow(0).next().await.unwrap();
    let bytes: usize = page.records.iter().map(|record| record.bytes.as_ref().unwrap().len()).sum();
    assert!(bytes <= MAX_PAGE_BYTES + largest && bytes > MAX_PAGE_BYTES / 2, "a page of {bytes} bytes");
}

async fn a_follower_that_knows_more_than_the_ledger_stops(store: &Store) {
    let ledger = store.ledger().await;
    ledger.append(events(1, 3)).await.unwrap();
    assert_eq!(ledger.follow(5).next().await, Err(LedgerError::Shorter { known: 5, head: 3 }));
}

async fn a_follower_of_a_closed_ledger_is_told(store: &Store) {
    let ledger = store.ledger().await;
    let mut follower = ledger.follow(0);
    drop(ledger);
    assert!(matches!(follower.next().await, Err(LedgerError::Stopped { .. })));
}
