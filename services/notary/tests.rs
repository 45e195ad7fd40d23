//! Whatever is lost, rolled back or done twice: one history is signed, or none.

use std::path::Path;

use dateline_backends::{Ledger, LedgerOptions, NewEvent, Outcome, REDACTION_SOURCE, RoleState, StateStore};
use dateline_proofs::{Checkpoint, Hash, TILE_HASHES, Tree, leaf_hash};
use tempfile::TempDir;

use super::*;
use crate::shared::merkle_log::{MerkleLog, Opening, leaf_of};

struct Place {
    folder: TempDir,
    ledger: Ledger,
    places: Places,
    signer: Signer,
}

async fn ledger_in(folder: &Path, name: &str) -> Ledger {
    let url = format!("sqlite:{}", folder.join(name).display());
    Ledger::open(&url, LedgerOptions::writer()).await.expect("a ledger")
}

async fn places_in(folder: &Path, state: &str, role: &str) -> Places {
    let url = |name: &str| format!("sqlite:{}", folder.join(name).display());
    let state_store = StateStore::open(&url(state)).await.expect("a state store");
    Places { state_store, role_state: RoleState::open(&url(role)).await.expect("role state") }
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let signer = Signer::create(&folder.path().join("log.key"), "test.example/log", [7; 32]).expect("a key");
        let (ledger, places) = (ledger_in(folder.path(), "ledger.db").await, places_in(folder.path(), "state.db", "role_state.db").await);
        Self { folder, ledger, places, signer }
    }

    async fn open(&self) -> Result<Notary, NotaryError> {
        Notary::open(self.ledger.clone(), self.places.clone(), self.signer.clone()).await
    }

    async fn sealed(&self) -> Sealed {
        Sealed::load(&self.places.state_store).await.expect("the state store").expect("a sealed log").0
    }

    /// Follows to the end of the ledger, and seals that.
    async fn seal_all(&self) {
        let mut notary = self.open().await.expect("a notary");
        follow(&mut notary, self.ledger.head().await.expect("a head").position).await;
    }
}

async fn follow(notary: &mut Notary, head: Position) {
    while notary.sealed < head {
        let turn = notary.next().await.expect("a turn");
        notary.take(turn).await.expect("a step");
    }
}

async fn append(ledger: &Ledger, from: usize, to: usize) {
    let event = |number: usize| {
        let bytes = format!(r#"{{"specversion":"1.0","id":"{number}","source":"/tests","data":{{}}}}"#).into_bytes();
        NewEvent { source: "/tests".to_owned(), id: number.to_string(), bytes }
    };
    for number in (from..to).step_by(500) {
        ledger.append((number..to.min(number + 500)).map(event).collect()).await.expect("stored");
    }
}

/// The root over the ledger as it is now, by itself.
async fn root_of(ledger: &Ledger) -> Hash {
    let (mut tree, mut follower) = (Tree::new(), ledger.follow(0));
    while let Some(page) = follower.try_next().await.expect("a page") {
        for record in &page.records {
            tree.push(leaf_hash(leaf_of(ledger, record).await.expect("the ledger").expect("a leaf").as_bytes()));
        }
    }
    tree.root()
}

#[tokio::test]
async fn what_is_sealed_is_the_tree_over_the_ledger_however_often_it_is_opened() {
    let place = Place::new().await;
    for (from, to) in [(0, 1), (1, 255), (255, 256), (256, 300), (300, 1_100)] {
        append(&place.ledger, from, to).await;
        place.seal_all().await;
        let sealed = place.sealed().await;
        assert_eq!((sealed.checkpoint.size(), sealed.checkpoint.root()), (to as u64, root_of(&place.ledger).await));
        assert_eq!(sealed.leaves.len(), to % usize::from(TILE_HASHES));
        assert!(Checkpoint::open(&sealed.note, &place.signer.verifiers()).is_ok());
    }
    let log = MerkleLog::new(place.places.state_store.clone(), place.places.role_state.clone());
    for position in [1, 256, 257, 1_024, 1_100] {
        let receipt = log.receipt(&place.ledger, position).await.expect("the log").expect("a receipt");
        let opening = Opening::read(receipt.extra.as_deref().expect("an opening")).expect("an opening");
        let bytes = place.ledger.get(position).await.expect("the ledger").and_then(|record| record.bytes).expect("a text");
        assert!(opening.opens_to(&bytes));
        assert!(receipt.verify(&leaf_hash(opening.leaf.as_bytes()), &place.signer.verifiers()).is_ok());
    }
    assert_eq!(log.receipt(&place.ledger, 1_101).await.expect("the log"), None);
    assert_eq!(log.receipt(&place.ledger, 0).await.expect("the log"), None);
}

#[tokio::test]
async fn tiles_that_were_lost_are_made_anew_and_held_against_what_was_signed() {
    let place = Place::new().await;
    append(&place.ledger, 0, 700).await;
    place.seal_all().await;
    let lost = Place { places: places_in(place.folder.path(), "state.db", "other.db").await, ..place };
    append(&lost.ledger, 700, 710).await;
    lost.seal_all().await;
    assert_eq!(lost.sealed().await.checkpoint.root(), root_of(&lost.ledger).await);
    assert!(kept::are_there(&lost.places.role_state, 710).await.expect("role state"));
}

#[tokio::test]
async fn a_ledger_that_is_older_or_another_one_is_not_signed() {
    let place = Place::new().await;
    append(&place.ledger, 0, 300).await;
    place.seal_all().await;
    let before = place.sealed().await.note;
    // As long, shorter, and longer: salts are chance, so none of them is the ledger that was signed.
    for (number, events, role) in
        [(1, 299, "role_state.db"), (2, 300, "role_state.db"), (3, 900, "role_state.db"), (4, 300, "empty.db"), (5, 900, "none.db")]
    {
        let other = ledger_in(place.folder.path(), &format!("other-{number}.db")).await;
        append(&other, 0, events).await;
        let places = places_in(place.folder.path(), "state.db", role).await;
        let opened = Notary::open(other, places, place.signer.clone()).await.map(drop);
        let is_right = match opened {
            Err(NotaryError::Older { sealed: 300, head: 299 }) => events == 299,
            Err(NotaryError::Rewritten { sealed: 300 }) => events >= 300,
            _ => false,
        };
        assert!(is_right, "{events} events, {role}");
    }
    assert_eq!(place.sealed().await.note, before);
}

#[tokio::test]
async fn a_state_store_that_was_lost_does_not_let_an_older_ledger_be_signed() {
    let place = Place::new().await;
    append(&place.ledger, 0, 600).await;
    place.seal_all().await;
    let older = ledger_in(place.folder.path(), "older.db").await;
    append(&older, 0, 100).await;
    let without = places_in(place.folder.path(), "new-state.db", "role_state.db").await;
    let opened = Notary::open(older, without.clone(), place.signer.clone()).await.map(drop);
    assert!(matches!(opened, Err(NotaryError::Older { sealed: 600, head: 100 })), "{opened:?}");
    // The same ledger is signed again.
    let same = Place { places: without, ..place };
    same.seal_all().await;
    assert_eq!((same.sealed().await.checkpoint.size(), same.sealed().await.checkpoint.root()), (600, root_of(&same.ledger).await));
}

#[tokio::test]
async fn of_two_notaries_one_is_refused_and_goes_on_behind_the_other() {
    let place = Place::new().await;
    append(&place.ledger, 0, 10).await;
    let (mut first, mut second) = (place.open().await.expect("one"), place.open().await.expect("another"));
    follow(&mut first, 10).await;
    append(&place.ledger, 10, 12).await;
    let error = loop {
        let turn = second.next().await.expect("a turn");
        if let Err(error) = second.take(turn).await {
            break error;
        }
    };
    assert!(!Notary::is_fault(&error), "{error}");
    let mut again = place.open().await.expect("it opens behind the other");
    assert_eq!(again.sealed, 10);
    follow(&mut again, 12).await;
    assert_eq!(place.sealed().await.checkpoint.root(), root_of(&place.ledger).await);
}

#[tokio::test]
async fn another_key_signs_nothing_and_a_rotated_one_signs_with_the_old_one() {
    let place = Place::new().await;
    append(&place.ledger, 0, 3).await;
    place.seal_all().await;
    let path = place.folder.path().join("other.key");
    for origin in ["test.example/log", "other.example/log"] {
        let _ = std::fs::remove_file(&path);
        let stranger = Signer::create(&path, origin, [8; 32]).expect("a key");
        let opened = Notary::open(place.ledger.clone(), place.places.clone(), stranger).await.map(drop);
        assert!(matches!(opened, Err(NotaryError::Signer(SignerError::Foreign { .. }))), "{opened:?}");
    }
    let old = place.signer.verifiers();
    let rotated = Place { signer: place.signer.rotated([9; 32]).expect("rotated"), ..place };
    append(&rotated.ledger, 3, 5).await;
    rotated.seal_all().await;
    let note = rotated.sealed().await.note;
    assert!(Checkpoint::open(&note, &old).is_ok() && Checkpoint::open(&note, &rotated.signer.verifiers()[..1]).is_ok());
    let retired = Place { signer: rotated.signer.retired().expect("retired"), ..rotated };
    append(&retired.ledger, 5, 6).await;
    retired.seal_all().await;
    assert!(Checkpoint::open(&retired.sealed().await.note, &old).is_err());
}

#[test]
fn so_many_keys_sign_at_once_and_the_file_stays_as_it_was_where_one_more_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.key");
    let mut signer = Signer::create(&path, "test.example/log", [0; 32]).expect("a key");
    for number in 1..KEYS_MAX {
        signer = signer.rotated([u8::try_from(number).expect("a byte"); 32]).expect("rotated");
    }
    let before = std::fs::read_to_string(&path).expect("the file");
    assert_eq!(before.lines().count(), KEYS_MAX);
    let refused = signer.rotated([99; 32]).expect_err("one too many").to_string();
    assert!(refused.contains("at most 4") && refused.contains("log-key retire"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), before);
    assert!(Signer::create(&path, "test.example/log", [7; 32]).is_err(), "a key that is there is never replaced");
    assert_eq!(Signer::load(&path).expect("read").expect("there").verifiers(), signer.verifiers());
}

#[tokio::test]
async fn a_destroyed_text_keeps_its_leaf_by_its_redaction_alone() {
    let place = Place::new().await;
    append(&place.ledger, 0, 300).await;
    let before = root_of(&place.ledger).await;
    let record = place.ledger.get(7).await.expect("the ledger").expect("a record");
    let leaf = leaf_of(&place.ledger, &record).await.expect("the ledger").expect("a leaf").replace('"', "\\\"");
    let bytes = format!(
        r#"{{"specversion":"1.0","id":"7","source":"{REDACTION_SOURCE}","type":"dateline.event.redacted.v1","data":{{"position":7,"key":"{}","leaf":"{leaf}"}}}}"#,
        record.key
    );
    let redaction = NewEvent { source: REDACTION_SOURCE.to_owned(), id: "7".to_owned(), bytes: bytes.into_bytes() };
    let stored = place.ledger.append(vec![redaction]).await.expect("stored");
    assert!(matches!(stored[..], [Outcome::Stored(_)]));
    place.ledger.destroy(7).await.expect("destroyed");
    place.seal_all().await;
    let sealed = place.sealed().await;
    assert_eq!(sealed.checkpoint.root(), root_of(&place.ledger).await);
    let log = MerkleLog::new(place.places.state_store.clone(), place.places.role_state.clone());
    let receipt = log.receipt(&place.ledger, 7).await.expect("the log").expect("a receipt");
    let opening = Opening::read(receipt.extra.as_deref().expect("a leaf")).expect("a leaf");
    assert_eq!((opening.leaf.replace('"', "\\\""), opening.salt), (leaf, None));
    assert_ne!(before, sealed.checkpoint.root());
    // A text that is gone, and that no redaction explains, is not signed.
    place.ledger.destroy(8).await.expect("destroyed");
    let without = Place { places: places_in(place.folder.path(), "s2.db", "r2.db").await, ..place };
    let mut notary = without.open().await.expect("a notary");
    let turn = notary.next().await.expect("a turn");
    assert!(matches!(notary.take(turn).await, Err(NotaryError::Unexplained(8))));
}
