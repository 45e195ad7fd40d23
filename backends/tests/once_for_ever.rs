//! Every (source, id) is stored once, for ever, at contiguous positions, and the recorded time never falls.

use dateline_backends::{LedgerError, MAX_BATCH_EVENTS, Outcome};
use dateline_events::EventKey;

use crate::support::{Store, event, event_of, events, receipts, redaction};

on_both_ledgers!(
    positions_are_contiguous_whoever_appends,
    the_same_event_again_gets_the_first_receipt,
    the_same_id_with_other_content_is_a_conflict_that_shows_what_was_said_first,
    an_id_that_stands_twice_in_a_batch_is_stored_once,
    the_same_id_of_another_source_is_another_event,
    a_redacted_text_leaves_no_copy_and_its_id_stays_taken,
    a_batch_holds_so_many_events_and_no_more,
);

async fn positions_are_contiguous_whoever_appends(store: &Store) {
    let ledger = store.ledger().await;
    let callers = (0..32).map(|caller| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let mut positions = Vec::new();
            for round in 0..10 {
                let batch = (0..=caller % 3).map(|number| event(&format!("{caller}-{round}-{number}"), "x")).collect();
                positions.extend(receipts(ledger.append(batch).await.unwrap()));
            }
            positions
        })
    });
    let mut all = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        all.extend(caller.await.unwrap());
    }
    all.sort_by_key(|receipt| receipt.position);
    assert!(all.iter().all(|receipt| receipt.fresh));
    assert!(all.iter().map(|receipt| receipt.position).eq(1..=all.len() as u64), "positions have gaps or repeat");
    assert!(all.is_sorted_by_key(|receipt| receipt.recorded), "the recorded time fell");
    assert_eq!(ledger.head().await.unwrap().position, all.len() as u64);
    assert_eq!(ledger.watch_head().borrow().position(), all.len() as u64);
    for receipt in all.iter().step_by(37) {
        let record = ledger.get(receipt.position).await.unwrap().unwrap();
        assert_eq!((record.key, record.recorded), (receipt.key, receipt.recorded));
    }
}

async fn the_same_event_again_gets_the_first_receipt(store: &Store) {
    let ledger = store.ledger().await;
    let first = receipts(ledger.append(vec![event("1", "x")]).await.unwrap())[0];
    let mut again = event("1", "x");
    again.bytes = String::from_utf8(again.bytes).unwrap().replace("\"data\"", "\"traceparent\":\"00-1\", \"data\"").into_bytes();
    for repeated in [event("1", "x"), again] {
        let receipt = receipts(ledger.append(vec![repeated]).await.unwrap())[0];
        assert!(!receipt.fresh);
        assert_eq!((receipt.position, receipt.recorded, receipt.key), (first.position, first.recorded, first.key));
    }
    assert_eq!(ledger.head().await.unwrap().position, 1);
}

async fn the_same_id_with_other_content_is_a_conflict_that_shows_what_was_said_first(store: &Store) {
    let ledger = store.ledger().await;
    ledger.append(vec![event("1", "first")]).await.unwrap();
    let outcomes = ledger.append(vec![event("2", "x"), event("1", "second"), event("3", "x")]).await.unwrap();
    assert_eq!(outcomes[1], Outcome::Conflict { position: 1, stored: event("1", "first").bytes });
    let others: Vec<_> = receipts(vec![outcomes[0].clone(), outcomes[2].clone()]).iter().map(|receipt| receipt.position).collect();
    assert_eq!(others, [2, 3], "a conflict takes no position");
}

async fn an_id_that_stands_twice_in_a_batch_is_stored_once(store: &Store) {
    let ledger = store.ledger().await;
    let outcomes = ledger.append(vec![event("1", "x"), event("1", "x"), event("1", "y")]).await.unwrap();
    let twice = receipts(outcomes[..2].to_vec());
    assert_eq!((twice[0].position, twice[0].fresh, twice[1].position, twice[1].fresh), (1, true, 1, false));
    assert!(matches!(outcomes[2], Outcome::Conflict { position: 1, .. }), "{:?}", outcomes[2]);
    assert_eq!(ledger.head().await.unwrap().position, 1);
}

async fn the_same_id_of_another_source_is_another_event(store: &Store) {
    let ledger = store.ledger().await;
    let stored = receipts(ledger.append(vec![event("1", "x"), event_of("/desks/other", "1", "y")]).await.unwrap());
    assert_eq!((stored[0].position, stored[1].position), (1, 2));
    let pair = |source: &str| (source.to_owned(), "1".to_owned());
    let found = ledger.find(&[pair("/desks/other"), pair("/desks/none"), pair("/desks/demo")]).await.unwrap();
    let positions: Vec<_> = found.iter().map(|record| record.as_ref().map(|record| record.position)).collect();
    assert_eq!(positions, [Some(2), None, Some(1)]);
}

async fn a_redacted_text_leaves_no_copy_and_its_id_stays_taken(store: &Store) {
    let ledger = store.ledger().await;
    let long = event("2", &"secret source ".repeat(1000));
    ledger.append(vec![event("1", "x"), long.clone(), event("3", "x")]).await.unwrap();
    let before = ledger.get(2).await.unwrap().unwrap();
    let salt = before.salt.unwrap();
    let redaction = redaction(2, &long, before.recorded, &salt);
    for fresh in [true, false] {
        let stored = receipts(ledger.append(vec![redaction.clone()]).await.unwrap())[0];
        assert_eq!((stored.position, stored.fresh), (4, fresh));
    }
    ledger.destroy(2).await.unwrap();
    ledger.destroy(2).await.unwrap();
    let record = ledger.get(2).await.unwrap().unwrap();
    assert_eq!((record.key, record.id.as_str(), record.salt, record.bytes), (EventKey::of("/desks/demo", "2"), "", None, None));
    assert_eq!(record.recorded, before.recorded);
    let followed = ledger.follow(0).next().await.unwrap().records;
    assert_eq!(
        followed.iter().map(|record| (record.position, record.bytes.is_some())).collect::<Vec<_>>(),
        [(1, true), (2, false), (3, true), (4, true)]
    );
    let salt_as_text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, salt);
    for path in files(&store.folder()) {
        let content = std::fs::read(&path).unwrap();
        let holds = |part: &[u8]| content.windows(part.len()).any(|window| window == part);
        assert!(!holds(b"secret source") && !holds(&salt) && !holds(salt_as_text.as_bytes()), "a copy is left in {}", path.display());
    }
    let again = receipts(ledger.append(vec![event("2", "anything"), event("4", "x")]).await.unwrap());
    assert_eq!((again[0].position, again[0].fresh, again[1].position, again[1].fresh), (2, false, 5, true));
    assert_eq!(ledger.destroy(9).await, Err(LedgerError::Missing { position: 9 }));
}

/// Every file below a folder.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

async fn a_batch_holds_so_many_events_and_no_more(store: &Store) {
    let ledger = store.ledger().await;
    assert_eq!(ledger.append(events(1, MAX_BATCH_EVENTS)).await.unwrap().len(), MAX_BATCH_EVENTS);
    let refused = ledger.append(events(2000, 2000 + MAX_BATCH_EVENTS)).await;
    assert_eq!(refused, Err(LedgerError::TooMany { what: "events", given: MAX_BATCH_EVENTS + 1, limit: MAX_BATCH_EVENTS }));
    assert_eq!(ledger.append(Vec::new()).await, Ok(Vec::new()));
}
