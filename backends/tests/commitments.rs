//! What was altered in the ledger's file is named by position, without an archive; what stands before it is read as ever.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dateline_backends::{Commitment, Ledger, LedgerError, LedgerOptions, Soundness};
use dateline_events::{LeafHasher, LeafKind, commitment, leaf_bytes, leaf_hash};
use tempfile::TempDir;

use crate::support::{event, events, ledger, url};

/// The schema of a ledger as it was before it had commitments.
const OLDER: &str = "PRAGMA journal_mode=WAL; PRAGMA application_id=0x44746c4c; PRAGMA user_version=1;
    CREATE TABLE sources (number INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE) STRICT;
             CREATE TABLE events (
                 position INTEGER PRIMARY KEY,
                 source INTEGER NOT NULL,
                 id TEXT NOT NULL,
                 recorded INTEGER NOT NULL,
                 salt BLOB,
                 bytes BLOB,
                 UNIQUE (source, id)
             ) STRICT;
    INSERT INTO sources VALUES (1, '/desks/demo');
    WITH RECURSIVE n(p) AS (SELECT 1 UNION ALL SELECT p + 1 FROM n WHERE p < 2500)
    INSERT INTO events SELECT p, 1, p, p, randomblob(32), CAST('{\"source\":\"/desks/demo\",\"id\":\"' || p || '\"}' AS BLOB) FROM n;";

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("ledger.db")
}

fn change(folder: &TempDir, sql: &str) {
    let file = rusqlite::Connection::open(file(folder)).unwrap();
    assert_eq!(file.execute(sql, []).unwrap(), 1, "{sql}");
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

async fn with_five(folder: &TempDir) {
    ledger(folder).await.append(events(1, 5)).await.unwrap();
}

#[tokio::test]
async fn an_altered_value_is_named_and_what_stands_before_it_is_read() {
    let alterations = [
        "UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), 'x', 'y') AS BLOB) WHERE position = 3",
        "UPDATE events SET salt = zeroblob(32) WHERE position = 3",
        "UPDATE events SET salt = NULL WHERE position = 3",
        "UPDATE events SET recorded = recorded + 1 WHERE position = 3",
        "UPDATE events SET id = '00000x' WHERE position = 3",
        "UPDATE events SET source = 7 WHERE position = 3",
        "UPDATE commitments SET leaf = zeroblob(32) WHERE position = 3",
        "DELETE FROM commitments WHERE position = 3",
    ];
    for alteration in alterations {
        let folder = TempDir::new().unwrap();
        with_five(&folder).await;
        change(&folder, alteration);
        let altered = LedgerError::Altered { position: 3 };
        let ledger = ledger(&folder).await;
        assert_eq!(ledger.soundness().fault, Some(altered.clone()), "at start: {alteration}");
        let mut follower = ledger.follow(0);
        let before: Vec<_> = follower.next().await.unwrap().records.iter().map(|record| record.position).collect();
        assert_eq!(before, [1, 2], "{alteration}");
        assert_eq!(follower.next().await, Err(altered.clone()), "{alteration}");
        assert_eq!(ledger.get(3).await, Err(altered), "{alteration}");
        assert_eq!(ledger.get(4).await.unwrap().unwrap().position, 4, "{alteration}");
        let scanned = ledger.scan(0).await.unwrap();
        let broken: Vec<_> = scanned.iter().filter(|found| found.commitment == Commitment::Broken).map(|found| found.record.position).collect();
        assert!(broken == [3] || (scanned.len() == 4 && broken.is_empty()), "{alteration}: {broken:?}");
        assert_eq!(crate::support::receipts(ledger.append(events(6, 6)).await.unwrap())[0].position, 6, "what else is published is taken");
    }
}

#[tokio::test]
async fn the_same_id_is_not_answered_with_what_was_altered() {
    let folder = TempDir::new().unwrap();
    with_five(&folder).await;
    change(&folder, "UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), 'x', 'y') AS BLOB) WHERE position = 3");
    assert_eq!(ledger(&folder).await.append(events(3, 3)).await, Err(LedgerError::Altered { position: 3 }));
}

#[tokio::test]
async fn the_leaf_is_the_one_of_the_contract_and_stays_when_the_text_is_destroyed() {
    let folder = TempDir::new().unwrap();
    let ledger = ledger(&folder).await;
    ledger.append(vec![event("1", "x"), event("2", "y")]).await.unwrap();
    let record = ledger.get(2).await.unwrap().unwrap();
    let committed = commitment(&record.salt.unwrap(), record.bytes.as_ref().unwrap());
    let expected = leaf_hash(&leaf_bytes(record.recorded, LeafKind::Event, &committed));
    assert_eq!(LeafHasher::at(record.recorded).hash(LeafKind::Event, &committed), expected, "both ways to the hash");
    ledger.destroy(2).await.unwrap();
    let scanned = ledger.scan(1).await.unwrap().remove(0);
    assert_eq!((scanned.record.bytes, scanned.commitment, scanned.leaf), (None, Commitment::Absent, Some(expected)));
    assert_eq!(ledger.follow(0).next().await.unwrap().records.len(), 2);
}

/// What the ledger says of itself, once it satisfies.
async fn once(ledger: &Ledger, satisfies: impl Fn(&Soundness) -> bool) -> Soundness {
    let told = async {
        loop {
            let told = ledger.soundness();
            if satisfies(&told) {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("the scrub comes to it")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_is_filled_while_it_serves_and_says_so() {
    let folder = TempDir::new().unwrap();
    rusqlite::Connection::open(file(&folder)).unwrap().execute_batch(OLDER).unwrap();
    assert_eq!(Ledger::open(&url(&folder, "ledger.db"), LedgerOptions::reader()).await.unwrap().follow(0).next().await.unwrap().head, 2_500);
    {
        let ledger = ledger(&folder).await;
        assert_eq!(crate::support::receipts(ledger.append(events(1, 1)).await.unwrap())[0].position, 2_501);
        once(&ledger, |told| told.taken_as_found == 2_500 && told.unfilled <= 1_500).await;
    }
    let ledger = ledger(&folder).await;
    let told = once(&ledger, |told| told.scrubbed == 2_501).await;
    assert_eq!((told.unfilled, told.taken_as_found, told.fault), (0, 2_500, None));
    let all = ledger.scan(2_000).await.unwrap();
    assert!(all.iter().all(|found| found.commitment == Commitment::Holds));
    drop(ledger);
    change(&folder, "UPDATE events SET recorded = 7 WHERE position = 1200");
    let ledger = crate::support::ledger(&folder).await;
    let told = once(&ledger, |told| told.fault.is_some()).await;
    assert_eq!(told.fault, Some(LedgerError::Altered { position: 1_200 }), "by the scrub: it stands before the last thousand");
}

/// Changes one byte of a text where it stands in pages of an index, which begin with 0x0a.
fn alter_in_the_index(path: &Path, text: &str) {
    let mut content = std::fs::read(path).unwrap();
    let mut altered = 0;
    for page in content.chunks_exact_mut(4096).filter(|page| page[0] == 0x0a) {
        let found = page.windows(text.len()).position(|window| window == text.as_bytes());
        if let Some(at) = found {
            page[at + text.len() - 1] ^= 0x40;
            altered += 1;
        }
    }
    assert_eq!(altered, 1);
    std::fs::write(path, content).unwrap();
}

#[tokio::test]
async fn an_index_that_lies_is_found_and_nothing_is_appended() {
    let folder = TempDir::new().unwrap();
    with_five(&folder).await;
    rusqlite::Connection::open(file(&folder)).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    alter_in_the_index(&file(&folder), "000003");
    let ledger = ledger(&folder).await;
    let refused = ledger.append(events(3, 3)).await;
    assert!(matches!(refused, Err(LedgerError::Damaged { .. } | LedgerError::Misled { position: 3 })), "{refused:?}");
    assert_eq!(ledger.follow(0).next().await.unwrap().records.len(), 5, "reading goes on");
}
