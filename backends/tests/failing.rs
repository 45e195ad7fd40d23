//! What fails is told, leaves nothing half done, and does not last: a commit that fails, an answer that is lost, a queue that is full.

use std::time::Duration;

use dateline_backends::LedgerError;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::{event_of, events, ledger, receipts};

/// Makes every commit that appends fail at its very end, as a failing disk would: a deferred foreign key is checked by COMMIT.
const BREAK: &str = "CREATE TABLE parent (number INTEGER PRIMARY KEY);
    CREATE TABLE child (number INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER broken AFTER INSERT ON events BEGIN INSERT INTO child VALUES (1); END;";

#[tokio::test]
async fn a_commit_that_fails_stores_nothing_and_the_writer_goes_on_once_it_can() {
    let folder = TempDir::new().unwrap();
    let ledger = ledger(&folder).await;
    ledger.append(events(1, 3)).await.unwrap();
    let file = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    file.execute_batch(BREAK).unwrap();
    for _ in 0..2 {
        let refused = event_of("/desks/new", "4", "x");
        assert!(matches!(ledger.append(vec![refused]).await, Err(LedgerError::Stopped { .. })));
        assert_eq!((ledger.head().await.unwrap().position, ledger.watch_head().borrow().position()), (3, 3));
    }
    file.execute_batch("DROP TRIGGER broken").unwrap();
    let stored = event_of("/desks/new", "4", "x");
    assert_eq!(receipts(ledger.append(vec![stored]).await.unwrap())[0].position, 4);
    assert_eq!(ledger.get(4).await.unwrap().unwrap().source, "/desks/new");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_by_sending_again() {
    let folder = TempDir::new().unwrap();
    let ledger = ledger(&folder).await;
    drop(tokio::time::timeout(Duration::ZERO, ledger.append(events(1, 5))).await);
    let again = receipts(ledger.append(events(1, 5)).await.unwrap());
    assert!(again.iter().map(|receipt| receipt.position).eq(1..=5), "{again:?}");
    assert_eq!(ledger.head().await.unwrap().position, 5);
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_was_taken_is_stored() {
    let folder = TempDir::new().unwrap();
    let ledger = ledger(&folder).await;
    let stuck = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    stuck.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut callers = JoinSet::new();
    for event in events(1, 6_000) {
        let ledger = ledger.clone();
        callers.spawn(async move { ledger.append(vec![event]).await });
    }
    let mut stored = 0;
    let mut refused = 0;
    while let Some(answer) = callers.join_next().await {
        match answer.unwrap() {
            Ok(outcomes) => stored += outcomes.len(),
            Err(error) => {
                assert_eq!(error, LedgerError::Overloaded);
                if refused == 0 {
                    stuck.execute_batch("ROLLBACK").unwrap();
                }
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && stored >= 4_096, "{stored} stored, {refused} refused");
    assert_eq!(ledger.head().await.unwrap().position, stored as u64);
}
