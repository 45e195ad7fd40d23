//! The archive holds what the ledger said first: in order, once, compared when it comes again, and a destroyed text never comes back.

use dateline_backends::{Archive, ArchiveError, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Record};
use dateline_events::{EventKey, Instant};

use crate::place::{Place, on_every_engine};
use crate::support::event;

on_every_engine! {
    records_come_back_as_they_were_put,
    positions_follow_one_another,
    what_comes_again_is_compared_and_a_difference_stops,
    two_archivers_do_no_harm,
    a_destroyed_text_is_never_taken_back,
    pages_have_limits,
}

async fn archive(place: &Place) -> Archive {
    Archive::open(&place.url("archive")).await.unwrap()
}

fn record(position: u64) -> Record {
    let id = format!("{position:06}\\u0000");
    let bytes = event(&id, "x").bytes;
    let id = id.replace("\\u0000", "\0");
    Record {
        position,
        recorded: Instant(1_000 + position.cast_signed()),
        key: EventKey::of("/desks/demo", &id),
        salt: Some([u8::try_from(position % 251).unwrap(); 32]),
        source: "/desks/demo".to_owned(),
        id,
        bytes: Some(bytes),
    }
}

fn records(from: u64, to: u64) -> Vec<Record> {
    (from..=to).map(record).collect()
}

async fn records_come_back_as_they_were_put(place: Place) {
    let destroyed = Record { salt: None, bytes: None, source: String::new(), id: String::new(), ..record(2) };
    let unreadable = Record { bytes: Some(vec![0, 255, b'{']), source: String::new(), id: String::new(), ..record(3) };
    let put = vec![record(1), destroyed.clone(), unreadable.clone()];
    let first = archive(&place).await;
    assert_eq!(first.head().await, Ok(0));
    assert_eq!(first.put(put.clone()).await, Ok(3));
    drop(first);
    let again = archive(&place).await;
    assert_eq!((again.head().await, again.page(0, 10).await), (Ok(3), Ok(put)));
    assert_eq!((again.get(2).await, again.get(4).await), (Ok(Some(destroyed)), Ok(None)));
    assert_eq!(again.page(2, 10).await, Ok(vec![unreadable]));
    assert_eq!(again.put(Vec::new()).await, Ok(3));
}

async fn positions_follow_one_another(place: Place) {
    let archive = archive(&place).await;
    assert_eq!(archive.put(records(2, 3)).await, Err(ArchiveError::Gap { expected: 1, given: 2 }));
    assert_eq!(archive.put(vec![record(1), record(3)]).await, Err(ArchiveError::Gap { expected: 2, given: 3 }));
    assert_eq!(archive.head().await, Ok(0), "nothing of a refused page is stored");
    archive.put(records(1, 3)).await.unwrap();
    assert_eq!(archive.put(records(5, 6)).await, Err(ArchiveError::Gap { expected: 4, given: 5 }));
    assert_eq!(archive.put(vec![Record { position: 0, ..record(1) }]).await, Err(ArchiveError::Gap { expected: 1, given: 0 }));
}

async fn what_comes_again_is_compared_and_a_difference_stops(place: Place) {
    let archive = archive(&place).await;
    archive.put(records(1, 5)).await.unwrap();
    let changed = [
        ("key", Record { key: EventKey::of("/desks/demo", "other"), ..record(4) }),
        ("recorded time", Record { recorded: Instant(1), ..record(4) }),
        ("salt", Record { salt: Some([9; 32]), ..record(4) }),
        ("salt", Record { salt: None, bytes: None, ..record(4) }),
        ("text", Record { bytes: Some(b"{}".to_vec()), ..record(4) }),
    ];
    for (what, other) in changed {
        let refused = archive.put(vec![record(3), other, record(5), record(6)]).await;
        assert_eq!(refused, Err(ArchiveError::Differs { position: 4, what }));
        assert_eq!(archive.head().await, Ok(5), "nothing behind a difference is stored");
    }
    assert_eq!(archive.put(records(3, 7)).await, Ok(7));
}

async fn two_archivers_do_no_harm(place: Place) {
    let (one, other) = (archive(&place).await, archive(&place).await);
    let follow = |archive: Archive| async move {
        for first in (1..=200).step_by(20) {
            archive.put(records(first, first + 19)).await.unwrap();
        }
    };
    tokio::join!(follow(one.clone()), follow(other));
    assert_eq!(one.page(0, 1_000).await, Ok(records(1, 200)));
}

async fn a_destroyed_text_is_never_taken_back(place: Place) {
    let archive = archive(&place).await;
    archive.put(records(1, 3)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(archive.destroy(2).await, Ok(true));
    }
    assert_eq!(archive.destroy(4).await, Ok(false), "not there yet: the redaction asks again");
    if let Place::Embedded(folder) = &place {
        let text = record(2).bytes.unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let content = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!content.windows(text.len()).any(|window| window == text), "a copy is left");
        }
    }
    // A second archiver may have read the ledger before the redaction.
    assert_eq!(archive.put(records(1, 4)).await, Ok(4));
    let held = archive.get(2).await.unwrap().unwrap();
    assert_eq!(held, Record { salt: None, bytes: None, source: String::new(), id: String::new(), ..record(2) });
    let other = Record { recorded: Instant(1), ..record(2) };
    assert_eq!(archive.put(vec![other]).await, Err(ArchiveError::Differs { position: 2, what: "recorded time" }));
}

async fn pages_have_limits(place: Place) {
    let archive = archive(&place).await;
    let limit = MAX_PAGE_RECORDS;
    let refused = archive.put(records(1, limit as u64 + 1)).await;
    assert_eq!(refused, Err(ArchiveError::TooMany { what: "records", given: limit + 1, limit }));
    archive.put(records(1, limit as u64)).await.unwrap();
    archive.put(vec![record(limit as u64 + 1)]).await.unwrap();
    assert_eq!(archive.page(0, usize::MAX).await.unwrap().len(), limit);
    assert_eq!(archive.page(990, 5).await.unwrap(), records(991, 995));
    let head = archive.head().await.unwrap();
    let large = |position| Record { bytes: Some(vec![b' '; MAX_PAGE_BYTES / 2]), source: String::new(), id: String::new(), ..record(position) };
    archive.put((head + 1..=head + 3).map(large).collect()).await.unwrap();
    assert_eq!(archive.page(head, 10).await.unwrap().len(), 2, "a page ends with the record that reaches the limit");
}
