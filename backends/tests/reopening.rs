//! A restart keeps everything; a second writer of a file, a shorter ledger and a foreign place are refused.

use dateline_backends::{Ledger, LedgerError, LedgerOptions};
use tempfile::TempDir;

use crate::support::{Store, event, events, ledger, receipts, url};

on_both_ledgers!(a_restart_keeps_everything, a_ledger_that_came_back_shorter_is_refused, a_numbered_ledger_is_another_one);

async fn a_restart_keeps_everything(store: &Store) {
    let before = {
        let ledger = store.ledger().await;
        ledger.append(events(1, 700)).await.unwrap();
        ledger.follow(0).next().await.unwrap()
    };
    let ledger = store.ledger().await;
    assert_eq!(ledger.follow(0).next().await.unwrap(), before);
    let again = receipts(ledger.append(vec![event("000001", "x"), event("new", "x")]).await.unwrap());
    assert_eq!((again[0].position, again[0].fresh, again[1].position, again[1].fresh), (1, false, 701, true));
    assert!(again[1].recorded >= before.records[699].recorded);
}

async fn a_ledger_that_came_back_shorter_is_refused(store: &Store) {
    store.ledger().await.append(events(1, 5)).await.unwrap();
    for options in [LedgerOptions::writer(), LedgerOptions::reader()] {
        let opened = Ledger::open(&store.ledger_url(), options.known_at_least(6)).await;
        assert_eq!(opened.err(), Some(LedgerError::Shorter { known: 6, head: 5 }));
        Ledger::open(&store.ledger_url(), options.known_at_least(5)).await.unwrap();
    }
}

async fn a_numbered_ledger_is_another_one(store: &Store) {
    let first = store.ledger().await;
    first.append(events(1, 5)).await.unwrap();
    let second = Ledger::open(&store.ledger_url(), LedgerOptions::writer().numbered(2)).await.unwrap();
    let page = first.follow(0).next().await.unwrap();
    second.copy(page.records.clone()).await.unwrap();
    assert_eq!(second.follow(0).next().await.unwrap(), page, "positions, recorded times and salts stay");
    assert_eq!(second.copy(page.records).await, Err(LedgerError::Missing { position: 6 }), "a copy goes on where the ledger ends");
    let (in_first, in_second) = (receipts(first.append(events(5, 6)).await.unwrap()), receipts(second.append(events(5, 5)).await.unwrap()));
    assert_eq!((in_first[0].fresh, in_first[1].position, in_second[0].fresh), (false, 6, false), "ids are taken in both");
}

#[tokio::test]
async fn recorded_never_falls_when_the_clock_does() {
    let folder = TempDir::new().unwrap();
    let future = i64::MAX / 2;
    {
        ledger(&folder).await.append(events(1, 1)).await.unwrap();
        let file = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
        file.execute("UPDATE events SET recorded = ?1", [future]).unwrap();
    }
    let receipt = receipts(ledger(&folder).await.append(events(2, 2)).await.unwrap())[0];
    assert_eq!(receipt.recorded.0, future);
}

#[tokio::test]
async fn a_second_writer_is_refused_until_the_first_has_ended() {
    let folder = TempDir::new().unwrap();
    let first = ledger(&folder).await;
    let second = Ledger::open(&url(&folder, "ledger.db"), LedgerOptions::writer()).await;
    assert!(matches!(second, Err(LedgerError::Locked { .. })), "{second:?}");
    drop(first);
    ledger(&folder).await;
}

#[tokio::test]
async fn a_ledger_that_shrinks_under_the_writer_stops_it() {
    let folder = TempDir::new().unwrap();
    let ledger = ledger(&folder).await;
    ledger.append(events(1, 5)).await.unwrap();
    let file = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    file.execute("DELETE FROM events WHERE position > 3", []).unwrap();
    assert_eq!(ledger.append(events(6, 6)).await, Err(LedgerError::Shorter { known: 5, head: 3 }));
}

#[tokio::test]
async fn a_gap_is_never_read_over() {
    let folder = TempDir::new().unwrap();
    let ledger = ledger(&folder).await;
    ledger.append(events(1, 5)).await.unwrap();
    let file = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    file.execute("DELETE FROM events WHERE position = 3", []).unwrap();
    let mut follower = ledger.follow(0);
    assert_eq!(follower.next().await.unwrap().records.len(), 2, "what stands before it is true");
    assert_eq!(follower.next().await, Err(LedgerError::Missing { position: 3 }));
    let left: Vec<_> = ledger.scan(0).await.unwrap().iter().map(|found| found.record.position).collect();
    assert_eq!(left, [1, 2, 4, 5], "a scan shows what is left");
}

#[tokio::test]
async fn a_foreign_file_another_version_and_a_wrong_address_are_refused() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| rusqlite::Connection::open(folder.path().join(name)).unwrap().execute_batch(text).unwrap();
    file("foreign.db", "CREATE TABLE bookmarks (url TEXT)");
    file("newer.db", "PRAGMA application_id=0x44746c4c; PRAGMA user_version=99");
    for (name, says) in [("foreign.db", "is not a Dateline ledger"), ("newer.db", "of version 99")] {
        let error = Ledger::open(&url(&folder, name), LedgerOptions::writer()).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let missing = Ledger::open(&url(&folder, "missing.db"), LedgerOptions::reader()).await.unwrap_err();
    assert!(missing.to_string().contains("there is no ledger at"), "{missing}");
    let address = Ledger::open("mysql://x", LedgerOptions::reader()).await.unwrap_err();
    assert_eq!(address, LedgerError::Address("mysql://x".into()));
}
