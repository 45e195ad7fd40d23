//! What is remembered survives, and a second watcher of the same feed is noticed.

use std::sync::Arc;

use dateline_backends::StateStore;
use dateline_events::{Instant, sha256_hex};

use crate::watcher::address::Reach;
use crate::watcher::feed_state::{Entry, FeedState, Put, State};
use crate::watcher::fetch::{Failure, Validators};
use crate::watcher::pages::{Feed, parse};

fn feed() -> Arc<Feed> {
    let text = "[[page]]\nservice = \"mail\"\n[[page.feed]]\nurl = \"https://status.example/\"\ndialect = \"statuspage\"";
    Arc::new(parse(text, Reach::Public).unwrap().feeds.remove(0))
}

async fn state_store() -> (tempfile::TempDir, StateStore) {
    let folder = tempfile::tempdir().unwrap();
    let state_store = StateStore::open(&format!("sqlite:{}", folder.path().join("state.db").display())).await.unwrap();
    (folder, state_store)
}

const SECOND: i64 = Instant::SECOND;

#[tokio::test]
async fn what_was_put_is_there_after_a_start() {
    let (_folder, state_store) = state_store().await;
    let mut entry = Entry::load(&state_store, &feed()).await.unwrap();
    assert_eq!(entry.memory, FeedState { url: "https://status.example/".into(), ..FeedState::default() });
    entry.memory.note_read(Instant(7 * SECOND));
    entry.memory.etag = Some("\"x\"".into());
    entry.memory.sha256 = Some(sha256_hex(b"page"));
    assert_eq!(entry.put(&state_store, "one").await.unwrap(), Put::Done);
    entry.memory.incidents = 3;
    assert_eq!(entry.put(&state_store, "one").await.unwrap(), Put::Done);
    let again = Entry::load(&state_store, &feed()).await.unwrap();
    assert_eq!(again.memory, entry.memory);
    assert_eq!(again.memory.validators(), Validators { etag: Some("\"x\"".into()), last_modified: None });
    assert!(again.memory.is_taken(&sha256_hex(b"page")) && !again.memory.is_taken(&sha256_hex(b"other")));
    let listed = state_store.all("watch/mail/feed/").await.unwrap();
    assert_eq!(listed[0].key, format!("watch/mail/feed/{}", &sha256_hex(b"https://status.example/")[..16]));
}

#[tokio::test]
async fn another_version_of_the_program_reads_everything_anew() {
    let older = FeedState { etag: Some("x".into()), sha256: Some(sha256_hex(b"page")), version: "0.0.1".into(), ..FeedState::default() };
    assert_eq!(older.validators(), Validators::default());
    assert!(!older.is_taken(&sha256_hex(b"page")));
}

#[tokio::test]
async fn a_second_watcher_is_noticed_and_not_written_over() {
    let (_folder, state_store) = state_store().await;
    let (mut one, mut two) = (Entry::load(&state_store, &feed()).await.unwrap(), Entry::load(&state_store, &feed()).await.unwrap());
    one.memory.note_read(Instant(1));
    assert_eq!(one.put(&state_store, "one").await.unwrap(), Put::Done);
    two.memory.note_read(Instant(2));
    assert_eq!(two.put(&state_store, "two").await.unwrap(), Put::Another);
    assert_eq!((two.memory.last_read, two.memory.by.as_str()), (Some(Instant(1)), "one"), "it knows now what the other one read");
    assert!(!two.look(&state_store).await.unwrap(), "the other one wrote nothing since");
    one.memory.note_read(Instant(3));
    assert_eq!(one.put(&state_store, "one").await.unwrap(), Put::Done);
    assert!(two.look(&state_store).await.unwrap());
    assert_eq!(two.put(&state_store, "two").await.unwrap(), Put::Done, "taken over");
    assert_eq!(one.put(&state_store, "one").await.unwrap(), Put::Another);
}

#[tokio::test]
async fn ones_own_word_whose_receipt_was_lost_is_no_other_watcher() {
    let (_folder, state_store) = state_store().await;
    let mut entry = Entry::load(&state_store, &feed()).await.unwrap();
    let mut lost = entry.clone();
    lost.memory.incidents = 1;
    assert_eq!(lost.put(&state_store, "one").await.unwrap(), Put::Done);
    entry.memory.incidents = 2;
    assert_eq!(entry.put(&state_store, "one").await.unwrap(), Put::Done);
    assert_eq!(Entry::load(&state_store, &feed()).await.unwrap().memory.incidents, 2);
}

#[tokio::test]
async fn an_entry_that_is_not_understood_is_not_believed() {
    let (_folder, state_store) = state_store().await;
    let key = format!("watch/mail/feed/{}", &sha256_hex(b"https://status.example/")[..16]);
    for odd in [b"{".to_vec(), br#"{"url":"https://elsewhere.example/","last_read":"2026-01-01T00:00:00Z"}"#.to_vec()] {
        let revision = state_store.get(&key).await.unwrap().map(|(_, revision)| revision);
        state_store.put(&key, &odd, revision).await.unwrap();
        let mut entry = Entry::load(&state_store, &feed()).await.unwrap();
        assert_eq!((entry.memory.url.as_str(), entry.memory.last_read), ("https://status.example/", None));
        assert_eq!(entry.put(&state_store, "one").await.unwrap(), Put::Done);
    }
}

#[test]
fn a_failure_moves_neither_the_last_reading_nor_what_it_said() {
    let mut memory = FeedState { last_tried: Some(Instant(100 * SECOND)), ..FeedState::default() };
    memory.note_read(Instant(100 * SECOND));
    memory.note_read(Instant(90 * SECOND));
    assert_eq!(memory.last_read, Some(Instant(100 * SECOND)), "a copy out of a cache takes nothing back");
    memory.last_tried = Some(Instant(160 * SECOND));
    memory.note_failure(&Failure { why: "é".repeat(1_000), absent: false, retry_after_ms: Some(600_000) });
    assert_eq!((memory.state, memory.failures, memory.last_read), (State::Unreadable, 1, Some(Instant(100 * SECOND))));
    assert_eq!(memory.why.as_deref().map(str::len), Some(1_000));
    assert_eq!(memory.waits_ms(60_000, Instant(160 * SECOND)), 600_000, "as the server asked");
    memory.note_failure(&Failure { absent: true, ..Failure::new("answered 404 Not Found") });
    assert_eq!((memory.state, memory.failures), (State::Absent, 2));
    assert_eq!(memory.waits_ms(60_000, Instant(170 * SECOND)), 230_000, "four minutes after the try");
    memory.note_read(Instant(200 * SECOND));
    assert_eq!((memory.state, memory.failures, memory.why.as_deref()), (State::Seen, 0, None));
    assert_eq!(memory.waits_ms(60_000, Instant(500 * SECOND)), 0);
}
