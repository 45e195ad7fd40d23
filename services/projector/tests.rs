//! However many pages are to be read as one, what they take has a limit.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use dateline_backends::{Ledger, LedgerOptions, MAX_PAGE_BYTES, NewEvent};

use super::{AT_ONCE_BYTES_MAX, Ahead, PAGES_AT_ONCE_MAX, TIMES_ITS_BYTES};

/// The text of an event, and how many there are: more than are read as one, in a few commits.
const EVENT_BYTES: usize = 60_000;
const EVENTS: usize = 300;

#[tokio::test]
async fn pages_that_are_read_as_one_keep_within_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let ledger = Ledger::open(&url, LedgerOptions::writer()).await.unwrap();
    let event = |number: usize| NewEvent { source: "/test".into(), id: number.to_string(), bytes: vec![b' '; EVENT_BYTES] };
    ledger.append((0..EVENTS).map(event).collect()).await.unwrap();
    let read = async |pages_max| Ahead::read(&mut ledger.follow(0), pages_max).await.unwrap().unwrap();
    let one = read(1).await.records.len();
    assert_eq!(one, MAX_PAGE_BYTES.div_ceil(EVENT_BYTES), "a page ends with the event that fills it");
    let many = read(PAGES_AT_ONCE_MAX).await;
    assert!(many.bytes <= AT_ONCE_BYTES_MAX && many.bytes >= many.records.len() * EVENT_BYTES * TIMES_ITS_BYTES, "{} bytes", many.bytes);
    assert_eq!(many.records.len() % one, 0);
    assert!(
        many.bytes + many.bytes / (many.records.len() / one) > AT_ONCE_BYTES_MAX,
        "another page would be too much: {} events",
        many.records.len()
    );
}
