//! The keep changes by compare-and-swap only, and keeps what it has over a restart.

use dateline_backends::{Keep, KeepError, MAX_LISTED_KEYS, MAX_VALUE_BYTES};
use tempfile::TempDir;

use crate::support::url;

#[tokio::test]
async fn whoever_read_an_old_value_is_refused() {
    let folder = TempDir::new().unwrap();
    let keep = Keep::open(&url(&folder, "keep.db")).await.unwrap();
    assert_eq!(keep.get("seal").await, Ok(None));
    assert_eq!(keep.put("seal", b"one", None).await, Ok(1));
    assert_eq!(keep.put("seal", b"two", None).await, Err(KeepError::Changed { key: "seal".to_owned(), found: Some(1) }));
    assert_eq!(keep.put("seal", b"two", Some(1)).await, Ok(2));
    assert_eq!(keep.put("seal", b"three", Some(1)).await, Err(KeepError::Changed { key: "seal".to_owned(), found: Some(2) }));
    assert_eq!(keep.put("other", b"x", Some(1)).await, Err(KeepError::Changed { key: "other".to_owned(), found: None }));
    drop(keep);
    let again = Keep::open(&url(&folder, "keep.db")).await.unwrap();
    assert_eq!(again.get("seal").await, Ok(Some((b"two".to_vec(), 2))));
}

#[tokio::test]
async fn of_many_that_put_at_once_one_wins_a_revision() {
    let folder = TempDir::new().unwrap();
    let one = Keep::open(&url(&folder, "keep.db")).await.unwrap();
    let other = Keep::open(&url(&folder, "keep.db")).await.unwrap();
    let racers = (0..16).map(|number: usize| {
        let keep = if number.is_multiple_of(2) { one.clone() } else { other.clone() };
        tokio::spawn(async move { keep.put("seal", &number.to_le_bytes(), None).await })
    });
    let mut won = 0;
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap() {
            Ok(revision) => won += revision,
            Err(error) => assert!(matches!(error, KeepError::Changed { found: Some(1), .. }), "{error}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_list_has_what_begins_so_and_says_when_that_is_too_much() {
    let folder = TempDir::new().unwrap();
    let keep = Keep::open(&url(&folder, "keep.db")).await.unwrap();
    for key in ["keys/b", "keys/a", "key", "keyz", "watch/a"] {
        keep.put(key, key.as_bytes(), None).await.unwrap();
    }
    let listed: Vec<_> = keep.list("keys/").await.unwrap().into_iter().map(|entry| (entry.key, entry.revision)).collect();
    assert_eq!(listed, [("keys/a".to_owned(), 1), ("keys/b".to_owned(), 1)]);
    assert_eq!(keep.list("").await.unwrap().len(), 5);
    drop(keep);
    let many = "INSERT INTO keep SELECT 'many/' || value, x'00', 1 FROM (WITH RECURSIVE n(value) AS
                (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value <= 1000) SELECT value FROM n)";
    rusqlite::Connection::open(folder.path().join("keep.db")).unwrap().execute_batch(many).unwrap();
    let keep = Keep::open(&url(&folder, "keep.db")).await.unwrap();
    assert_eq!(keep.list("many/").await, Err(KeepError::TooMany("many/".to_owned())), "{MAX_LISTED_KEYS} are the most");
}

#[tokio::test]
async fn keys_and_values_have_limits() {
    let folder = TempDir::new().unwrap();
    let keep = Keep::open(&url(&folder, "keep.db")).await.unwrap();
    keep.put(&"k".repeat(256), &vec![0; MAX_VALUE_BYTES], None).await.unwrap();
    let given = MAX_VALUE_BYTES + 1;
    assert_eq!(keep.put("k", &vec![0; given], None).await, Err(KeepError::TooLarge { given }));
    for key in [String::new(), "a key".to_owned(), "k".repeat(257)] {
        assert_eq!(keep.put(&key, b"", None).await, Err(KeepError::Key(key.clone())));
    }
}
