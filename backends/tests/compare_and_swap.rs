//! The state store changes by compare-and-swap only, and keeps what it has over a restart.

use dateline_backends::{MAX_LISTED_KEYS, MAX_UPDATE_TRIES, MAX_VALUE_BYTES, StateError, StateStore};

use crate::support::Store;

on_both_ledgers!(
    whoever_read_an_old_value_is_refused,
    of_many_that_put_at_once_one_wins_a_revision,
    of_many_that_update_at_once_nobody_is_lost,
    an_update_that_leaves_or_repeats_a_value_puts_nothing,
    an_update_that_others_always_overtake_ends,
    a_list_has_what_begins_so_page_by_page,
    what_was_deleted_is_gone_and_comes_again_with_another_revision,
    keys_and_values_have_limits,
);

async fn whoever_read_an_old_value_is_refused(store: &Store) {
    let state_store = store.state_store().await;
    assert_eq!(state_store.get("seal").await, Ok(None));
    let first = state_store.put("seal", b"one", None).await.unwrap();
    assert_eq!(state_store.put("seal", b"two", None).await, Err(StateError::Changed { key: "seal".to_owned(), found: Some(first) }));
    let second = state_store.put("seal", b"two", Some(first)).await.unwrap();
    assert!(second > first);
    assert_eq!(state_store.put("seal", b"three", Some(first)).await, Err(StateError::Changed { key: "seal".to_owned(), found: Some(second) }));
    assert_eq!(state_store.put("other", b"x", Some(1)).await, Err(StateError::Changed { key: "other".to_owned(), found: None }));
    drop(state_store);
    assert_eq!(store.state_store().await.get("seal").await, Ok(Some((b"two".to_vec(), second))));
}

async fn of_many_that_put_at_once_one_wins_a_revision(store: &Store) {
    let one = store.state_store().await;
    let other = store.state_store().await;
    let racers = (0..16).map(|number: usize| {
        let state_store = if number.is_multiple_of(2) { one.clone() } else { other.clone() };
        tokio::spawn(async move { state_store.put("seal", &number.to_le_bytes(), None).await })
    });
    let mut won = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap() {
            Ok(revision) => won.push(revision),
            Err(error) => assert!(matches!(error, StateError::Changed { found: Some(_), .. }), "{error}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(one.get("seal").await.unwrap().map(|(_, revision)| revision), Some(won[0]));
}

/// One more than what stands there.
fn one_more(there: Option<&[u8]>) -> Result<Option<Vec<u8>>, StateError> {
    let count = there.map_or(0, |there| std::str::from_utf8(there).unwrap().parse::<usize>().unwrap());
    Ok(Some((count + 1).to_string().into_bytes()))
}

/// What stands under the key that these tests count in.
async fn count(state_store: &StateStore) -> String {
    String::from_utf8(state_store.get("count").await.unwrap().unwrap().0).unwrap()
}

async fn of_many_that_update_at_once_nobody_is_lost(store: &Store) {
    let one = store.state_store().await;
    let other = store.state_store().await;
    let racers = (0..MAX_UPDATE_TRIES).map(|number| {
        let state_store = if number.is_multiple_of(2) { one.clone() } else { other.clone() };
        tokio::spawn(async move { state_store.update("count", one_more).await })
    });
    for racer in racers.collect::<Vec<_>>() {
        assert_eq!(racer.await.unwrap(), Ok(true));
    }
    assert_eq!(count(&one).await, MAX_UPDATE_TRIES.to_string());
}

async fn an_update_that_leaves_or_repeats_a_value_puts_nothing(store: &Store) {
    let state_store = store.state_store().await;
    assert_eq!(state_store.update("a", |there| Ok::<_, StateError>(there.map(<[u8]>::to_vec))).await, Ok(false));
    assert_eq!(state_store.get("a").await, Ok(None));
    let first = state_store.put("a", b"1", None).await.unwrap();
    assert_eq!(state_store.update("a", |there| Ok::<_, StateError>(there.map(<[u8]>::to_vec))).await, Ok(true));
    let refused = StateError::Engine("refused".to_owned());
    assert_eq!(state_store.update("a", |_| Err(refused.clone())).await, Err(refused.clone()));
    assert_eq!(state_store.get("a").await, Ok(Some((b"1".to_vec(), first))));
}

async fn an_update_that_others_always_overtake_ends(store: &Store) {
    let (state_store, url) = (store.state_store().await, store.state_url());
    let mut asked = 0;
    // Whoever decides is overtaken each time, by a process of its own as it were.
    let overtaken = |_: Option<&[u8]>| {
        asked += 1;
        let url = url.clone();
        let overtaking = std::thread::spawn(move || {
            let update = async { StateStore::open(url.as_str()).await?.update("count", one_more).await };
            tokio::runtime::Runtime::new().unwrap().block_on(update)
        });
        assert_eq!(overtaking.join().unwrap(), Ok(true));
        Ok::<_, StateError>(Some(b"mine".to_vec()))
    };
    let ended = state_store.update("count", overtaken).await;
    assert!(matches!(ended, Err(StateError::Changed { .. })), "{ended:?}");
    assert_eq!((asked, count(&state_store).await), (MAX_UPDATE_TRIES, MAX_UPDATE_TRIES.to_string()));
}

async fn a_list_has_what_begins_so_page_by_page(store: &Store) {
    let state_store = store.state_store().await;
    let mut put = Vec::new();
    for key in ["keys/b", "keys/a", "key", "keyz", "watch/a", "a.=b", ".dots..", "=2E"] {
        put.push((key.to_owned(), state_store.put(key, key.as_bytes(), None).await.unwrap()));
    }
    let listed: Vec<_> = state_store.list("keys/", "", 10).await.unwrap().into_iter().map(|entry| (entry.key, entry.revision)).collect();
    assert_eq!(listed, [put[1].clone(), put[0].clone()]);
    let all = state_store.all("").await.unwrap();
    assert_eq!(
        all.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(),
        [".dots..", "=2E", "a.=b", "key", "keys/a", "keys/b", "keyz", "watch/a"]
    );
    assert!(all.iter().all(|entry| entry.value == entry.key.as_bytes()));
    let many = (0..=MAX_LISTED_KEYS).map(|number| {
        let state_store = state_store.clone();
        tokio::spawn(async move { state_store.put(&format!("many/{number}"), b"x", None).await })
    });
    for put in many.collect::<Vec<_>>() {
        put.await.unwrap().unwrap();
    }
    let page = state_store.list("many/", "", usize::MAX).await.unwrap();
    assert_eq!(page.len(), MAX_LISTED_KEYS, "a page has a limit");
    let rest = state_store.list("many/", &page[MAX_LISTED_KEYS - 1].key, usize::MAX).await.unwrap();
    assert_eq!((rest.len(), state_store.all("many/").await.unwrap().len()), (1, MAX_LISTED_KEYS + 1));
    assert_eq!(state_store.list("keys/", "keys/a", 1).await.unwrap()[0].key, "keys/b");
}

async fn what_was_deleted_is_gone_and_comes_again_with_another_revision(store: &Store) {
    let state_store = store.state_store().await;
    let first = state_store.put("a", b"1", None).await.unwrap();
    assert_eq!(state_store.delete("a", first + 1).await, Err(StateError::Changed { key: "a".to_owned(), found: Some(first) }));
    state_store.delete("a", first).await.unwrap();
    assert_eq!((state_store.get("a").await, state_store.all("").await), (Ok(None), Ok(Vec::new())));
    assert_eq!(state_store.delete("a", first).await, Err(StateError::Changed { key: "a".to_owned(), found: None }));
    assert!(matches!(state_store.put("a", b"2", Some(first)).await, Err(StateError::Changed { found: None, .. })));
    let again = state_store.put("a", b"2", None).await.unwrap();
    assert!(again > first, "{again} {first}");
    assert_eq!(state_store.put("a", b"3", None).await, Err(StateError::Changed { key: "a".to_owned(), found: Some(again) }));
    assert_eq!(store.state_store().await.get("a").await, Ok(Some((b"2".to_vec(), again))));
}

async fn keys_and_values_have_limits(store: &Store) {
    let state_store = store.state_store().await;
    state_store.put(&"k".repeat(256), &vec![0; MAX_VALUE_BYTES], None).await.unwrap();
    let given = MAX_VALUE_BYTES + 1;
    assert_eq!(state_store.put("k", &vec![0; given], None).await, Err(StateError::TooLarge { given }));
    for key in [String::new(), "a key".to_owned(), "k".repeat(257)] {
        assert_eq!(state_store.put(&key, b"", None).await, Err(StateError::Key(key.clone())));
    }
}
