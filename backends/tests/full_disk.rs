//! A full disk refuses, keeps what was there, and is forgotten when there is room again.

use dateline_backends::{LedgerError, ViewsError};
use dateline_timelines::rows::Rows;
use tempfile::TempDir;

use crate::place::{Place, views};
use crate::support::{event, event_of, event_row, events, ledger, receipts};

/// A file cannot be limited below what it has: this asks for no growth at all.
const NO_ROOM: u32 = 1;
const ROOM: u32 = 1_000_000;

#[tokio::test]
async fn the_ledger_says_that_it_is_full_and_goes_on_when_there_is_room() {
    let folder = TempDir::new().unwrap();
    let ledger = ledger(&folder).await;
    ledger.append(events(1, 10)).await.unwrap();
    ledger.limit_pages(NO_ROOM).await.unwrap();
    let other = event_of("/desks/not-seen-before", "large", &"x".repeat(60_000));
    assert_eq!(ledger.append(vec![event("small", "x"), other.clone()]).await, Err(LedgerError::Full));
    assert_eq!(ledger.head().await.unwrap().position, 10, "nothing of a refused batch is stored");
    ledger.limit_pages(ROOM).await.unwrap();
    let stored = receipts(ledger.append(vec![event("small", "x"), other]).await.unwrap());
    assert_eq!((stored[0].position, stored[1].position), (11, 12));
    assert_eq!(ledger.get(12).await.unwrap().unwrap().source, "/desks/not-seen-before");
}

#[tokio::test]
async fn the_views_say_that_they_are_full_and_the_projector_tries_again() {
    let views = views(&Place::embedded()).await;
    let generation = views.serving().await.unwrap();
    let mut row = event_row(1);
    row.bytes = Some(vec![b' '; 60_000]);
    let rows = Rows { events: vec![row], ..Rows::default() };
    views.limit_pages(NO_ROOM).await.unwrap();
    assert_eq!(views.commit(generation, 0, 1, rows.clone()).await, Err(ViewsError::Full));
    assert_eq!(views.cursor(generation).await, Ok(0));
    views.limit_pages(ROOM).await.unwrap();
    views.commit(generation, 0, 1, rows).await.unwrap();
    assert_eq!(views.event(1).await.unwrap().position, 1);
}
