//! The keep changes by compare-and-swap only, and keeps what it has over a restart.

use dateline_backends::{KeepError, MAX_LISTED_KEYS, MAX_VALUE_BYTES};

use crate::support::Store;

on_both_ledgers!(
    whoever_read_an_old_value_is_refused,
    of_many_that_put_at_once_one_wins_a_revision,
    a_list_has_what_begins_so_page_by_page,
    what_was_deleted_is_gone_and_comes_again_with_another_revision,
    keys_and_values_have_limits,
);

async fn whoever_read_an_old_value_is_refused(store: &Store) {
    let keep = store.keep().await;
    assert_eq!(keep.get("seal").await, Ok(None));
    let first = keep.put("seal", b"one", None).await.unwrap();
    assert_eq!(keep.put("seal", b"two", None).await, Err(KeepError::Changed { key: "seal".to_owned(), found: Some(first) }));
    let second = keep.put("seal", b"two", Some(first)).await.unwrap();
    assert!(second > first);
    assert_eq!(keep.put("seal", b"three", Some(first)).await, Err(KeepError::Changed { key: "seal".to_owned(), found: Some(second) }));
    assert_eq!(keep.put("other", b"x", Some(1)).await, Err(KeepError::Changed { key: "other".to_owned(), found: None }));
    drop(keep);
    assert_eq!(store.keep().await.get("seal").await, Ok(Some((b"two".to_vec(), second))));
}

async fn of_many_that_put_at_once_one_wins_a_revision(store: &Store) {
    let one = store.keep().await;
    let other = store.keep().await;
    let racers = (0..16).map(|number: usize| {
        let keep = if number.is_multiple_of(2) { one.clone() } else { other.clone() };
        tokio::spawn(async move { keep.put("seal", &number.to_le_bytes(), None).await })
    });
    let mut won = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap() {
            Ok(revision) => won.push(revision),
            Err(error) => assert!(matches!(error, KeepError::Changed { found: Some(_), .. }), "{error}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(one.get("seal").await.unwrap().map(|(_, revision)| revision), Some(won[0]));
}

async fn a_list_has_what_begins_so_page_by_page(store: &Store) {
    let keep = store.keep().await;
    let mut put = Vec::new();
    for key in ["keys/b", "keys/a", "key", "keyz", "watch/a", "a.=b", ".dots..", "=2E"] {
        put.push((key.to_owned(), keep.put(key, key.as_bytes(), None).await.unwrap()));
    }
    let listed: Vec<_> = keep.list("keys/", "", 10).await.unwrap().into_iter().map(|entry| (entry.key, entry.revision)).collect();
    assert_eq!(listed, [put[1].clone(), put[0].clone()]);
    let all = keep.all("").await.unwrap();
    assert_eq!(
        all.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(),
        [".dots..", "=2E", "a.=b", "key", "keys/a", "keys/b", "keyz", "watch/a"]
    );
    assert!(all.iter().all(|entry| entry.value == entry.key.as_bytes()));
    let many = (0..=MAX_LISTED_KEYS).map(|number| {
        let keep = keep.clone();
        tokio::spawn(async move { keep.put(&format!("many/{number}"), b"x", None).await })
    });
    for put in many.collect::<Vec<_>>() {
        put.await.unwrap().unwrap();
    }
    let page = keep.list("many/", "", usize::MAX).await.unwrap();
    assert_eq!(page.len(), MAX_LISTED_KEYS, "a page has a limit");
    let rest = keep.list("many/", &page[MAX_LISTED_KEYS - 1].key, usize::MAX).await.unwrap();
    assert_eq!((rest.len(), keep.all("many/").await.unwrap().len()), (1, MAX_LISTED_KEYS + 1));
    assert_eq!(keep.list("keys/", "keys/a", 1).await.unwrap()[0].key, "keys/b");
}

async fn what_was_deleted_is_gone_and_comes_again_with_another_revision(store: &Store) {
    let keep = store.keep().await;
    let first = keep.put("a", b"1", None).await.unwrap();
    assert_eq!(keep.delete("a", first + 1).await, Err(KeepError::Changed { key: "a".to_owned(), found: Some(first) }));
    keep.delete("a", first).await.unwrap();
    assert_eq!((keep.get("a").await, keep.all("").await), (Ok(None), Ok(Vec::new())));
    assert_eq!(keep.delete("a", first).await, Err(KeepError::Changed { key: "a".to_owned(), found: None }));
    assert!(matches!(keep.put("a", b"2", Some(first)).await, Err(KeepError::Changed { found: None, .. })));
    let again = keep.put("a", b"2", None).await.unwrap();
    assert!(again > first, "{again} {first}");
    assert_eq!(keep.put("a", b"3", None).await, Err(KeepError::Changed { key: "a".to_owned(), found: Some(again) }));
    assert_eq!(store.keep().await.get("a").await, Ok(Some((b"2".to_vec(), again))));
}

async fn keys_and_values_have_limits(store: &Store) {
    let keep = store.keep().await;
    keep.put(&"k".repeat(256), &vec![0; MAX_VALUE_BYTES], None).await.unwrap();
    let given = MAX_VALUE_BYTES + 1;
    assert_eq!(keep.put("k", &vec![0; given], None).await, Err(KeepError::TooLarge { given }));
    for key in [String::new(), "a key".to_owned(), "k".repeat(257)] {
        assert_eq!(keep.put(&key, b"", None).await, Err(KeepError::Key(key.clone())));
    }
}
