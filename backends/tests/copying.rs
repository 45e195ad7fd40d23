//! A ledger is carried between engines, both ways: positions, recorded times, salts and destroyed texts stay, and ids stay taken.

use dateline_backends::{Ledger, Record};

use crate::support::{Store, event, events, receipts, redaction};

/// Everything that a ledger holds.
async fn all(ledger: &Ledger) -> Vec<Record> {
    let (mut follower, mut records) = (ledger.follow(0), Vec::new());
    while let Some(page) = follower.try_next().await.unwrap() {
        records.extend(page.records);
    }
    records
}

async fn is_carried(from: &Store, to: &Store) {
    let source = from.ledger().await;
    let secret = event("secret", "a text that must go");
    source.append(events(1, 700)).await.unwrap();
    source.append(vec![secret.clone()]).await.unwrap();
    source.append(events(701, 1_300)).await.unwrap();
    let record = source.get(701).await.unwrap().unwrap();
    source.append(vec![redaction(701, &secret, record.recorded, &record.salt.unwrap())]).await.unwrap();
    source.destroy(701).await.unwrap();
    let before = all(&source).await;
    assert_eq!((before.len(), before[700].bytes.as_ref()), (1_302, None));

    let target = to.ledger().await;
    // In parts, as a copy that was broken off and begun again: also right behind the destroyed text.
    for part in [&before[..500], &before[500..701], &before[701..]] {
        target.copy(part.to_vec()).await.unwrap();
    }
    assert_eq!(all(&target).await, before);
    let again = receipts(target.append(vec![event("secret", "anything"), events(7, 7).remove(0), event("new", "x")]).await.unwrap());
    let stands: Vec<_> = again.iter().map(|receipt| (receipt.position, receipt.fresh)).collect();
    assert_eq!(stands, [(701, false), (7, false), (1_303, true)], "ids stay taken, also of a text that was destroyed");
    assert!(again[2].recorded >= before[1_301].recorded);
}

#[tokio::test]
async fn from_a_file_to_the_bus() {
    is_carried(&Store::embedded(), &Store::on_the_bus()).await;
}

#[tokio::test]
async fn from_the_bus_to_a_file() {
    is_carried(&Store::on_the_bus(), &Store::embedded()).await;
}

#[tokio::test]
async fn from_a_file_to_a_file_and_from_a_bus_to_a_bus() {
    is_carried(&Store::embedded(), &Store::embedded()).await;
    is_carried(&Store::on_the_bus(), &Store::on_the_bus()).await;
}
