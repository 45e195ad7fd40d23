//! The role state keeps what a role remembers: the last value of a key, listed by name, and nothing of what was deleted.

use async_nats::Client;
use dateline_backends::{MAX_LISTED_KEYS, MAX_ROLE_STATE_ENTRIES, MAX_VALUE_BYTES, RoleState, RoleStateError};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::nats::Nats;
use crate::support::{Store, url};

on_both_ledgers!(
    the_last_value_of_a_key_stays_whoever_put_it,
    of_many_that_put_at_once_each_value_is_whole,
    a_list_has_the_keys_that_begin_so_page_by_page,
    what_was_deleted_is_gone_and_may_come_again,
    keys_values_and_calls_have_limits,
);

fn entry(key: &str, value: &[u8]) -> (String, Vec<u8>) {
    (key.to_owned(), value.to_vec())
}

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("many/{number:04}")).collect()
}

async fn the_last_value_of_a_key_stays_whoever_put_it(store: &Store) {
    // A role opens it in a task, which may go on in another thread.
    let one = tokio::spawn(RoleState::open(store.role_state_url())).await.unwrap().unwrap();
    let other = store.role_state().await;
    assert_eq!(one.get("page").await, Ok(None));
    one.put(vec![entry("page", b"1"), entry("empty", b""), entry("page", b"2")]).await.unwrap();
    assert_eq!((other.get("page").await, other.get("empty").await), (Ok(Some(b"2".to_vec())), Ok(Some(Vec::new()))));
    other.put(vec![entry("page", b"3")]).await.unwrap();
    one.put(Vec::new()).await.unwrap();
    assert_eq!(one.get("page").await, Ok(Some(b"3".to_vec())));
    drop((one, other));
    assert_eq!(store.role_state().await.get("page").await, Ok(Some(b"3".to_vec())));
}

async fn of_many_that_put_at_once_each_value_is_whole(store: &Store) {
    let (one, other) = (store.role_state().await, store.role_state().await);
    let racers = (0..16_u8).map(|number| {
        let role_state = if number.is_multiple_of(2) { one.clone() } else { other.clone() };
        let own = format!("own/{number}");
        tokio::spawn(async move { role_state.put(vec![(own, vec![number; 5_000]), ("all".to_owned(), vec![number; 5_000])]).await })
    });
    for racer in racers.collect::<Vec<_>>() {
        racer.await.unwrap().unwrap();
    }
    let last = one.get("all").await.unwrap().unwrap();
    assert_eq!(last, vec![last[0]; 5_000]);
    for number in 0..16_u8 {
        assert_eq!(other.get(&format!("own/{number}")).await, Ok(Some(vec![number; 5_000])));
    }
}

async fn a_list_has_the_keys_that_begin_so_page_by_page(store: &Store) {
    let role_state = store.role_state().await;
    let odd = ["pages/b", "pages/a", "page", "pagez", "plots/a", "a.=b", ".dots..", "=2E"];
    role_state.put(odd.map(|key| entry(key, b"x")).to_vec()).await.unwrap();
    assert_eq!(role_state.list("pages/", "", 10).await, Ok(keys(&["pages/a", "pages/b"])));
    assert_eq!(role_state.list("pages/", "pages/a", 1).await, Ok(keys(&["pages/b"])));
    assert_eq!(role_state.list("pages/", "pages/b", 1).await, Ok(Vec::new()));
    assert_eq!(role_state.list("plots/", "pages/", 1).await, Ok(keys(&["plots/a"])), "what stands before the first one is no end");
    assert_eq!(role_state.list("", "", 10).await, Ok(keys(&[".dots..", "=2E", "a.=b", "page", "pages/a", "pages/b", "pagez", "plots/a"])));
    let many = numbered(MAX_LISTED_KEYS + 1);
    for part in many.chunks(MAX_ROLE_STATE_ENTRIES) {
        role_state.put(part.iter().map(|key| entry(key, b"x")).collect()).await.unwrap();
    }
    let page = role_state.list("many/", "", usize::MAX).await.unwrap();
    assert_eq!(page, many[..MAX_LISTED_KEYS], "a page has a limit");
    assert_eq!(role_state.list("many/", &page[MAX_LISTED_KEYS - 1], usize::MAX).await.unwrap(), many[MAX_LISTED_KEYS..]);
}

async fn what_was_deleted_is_gone_and_may_come_again(store: &Store) {
    let role_state = store.role_state().await;
    role_state.put(vec![entry("a", b"1"), entry("b", b"2"), entry("c", b"3")]).await.unwrap();
    for _ in 0..2 {
        role_state.delete(keys(&["a", "c", "never"])).await.unwrap();
        assert_eq!(role_state.list("", "", 10).await, Ok(keys(&["b"])));
    }
    assert_eq!((role_state.get("a").await, role_state.get("b").await), (Ok(None), Ok(Some(b"2".to_vec()))));
    role_state.put(vec![entry("a", b"4")]).await.unwrap();
    assert_eq!(store.role_state().await.get("a").await, Ok(Some(b"4".to_vec())));
}

async fn keys_values_and_calls_have_limits(store: &Store) {
    let role_state = store.role_state().await;
    let longest = "k".repeat(256);
    role_state.put(vec![(longest.clone(), vec![7; MAX_VALUE_BYTES])]).await.unwrap();
    assert_eq!(role_state.get(&longest).await, Ok(Some(vec![7; MAX_VALUE_BYTES])));
    let given = MAX_VALUE_BYTES + 1;
    let refused = role_state.put(vec![entry("before", b"x"), ("k".to_owned(), vec![0; given])]).await;
    assert_eq!(refused, Err(RoleStateError::TooLarge { key: "k".to_owned(), given }));
    for key in [String::new(), "a key".to_owned(), "k".repeat(257)] {
        let refused = Err(RoleStateError::Key(key.clone()));
        assert_eq!(role_state.put(vec![entry("before", b"x"), entry(&key, b"")]).await, refused);
        assert_eq!(role_state.delete(vec![longest.clone(), key.clone()]).await, refused);
        assert_eq!(role_state.get(&key).await, Err(RoleStateError::Key(key)));
    }
    let many = numbered(MAX_ROLE_STATE_ENTRIES + 1);
    let refused = Err(RoleStateError::TooMany { given: MAX_ROLE_STATE_ENTRIES + 1 });
    assert_eq!(role_state.put(many.iter().map(|key| entry(key, b"x")).collect()).await, refused);
    assert_eq!(role_state.delete(many.clone()).await, refused);
    assert_eq!(role_state.list("", "", 10).await, Ok(vec![longest.clone()]), "nothing of a refused call is done");
    let most = many[..MAX_ROLE_STATE_ENTRIES].to_vec();
    role_state.put(most.iter().map(|key| entry(key, b"x")).collect()).await.unwrap();
    assert_eq!(role_state.list("many/", "", usize::MAX).await.as_ref(), Ok(&most));
    role_state.delete(most).await.unwrap();
    assert_eq!(role_state.list("", "", 10).await, Ok(vec![longest]));
}

fn file(folder: &TempDir) -> Connection {
    Connection::open(folder.path().join("role_state.db")).unwrap()
}

#[tokio::test]
async fn of_a_put_that_fails_nothing_stands_in_the_file() {
    let folder = TempDir::new().unwrap();
    let role_state = RoleState::open(url(&folder, "role_state.db")).await.unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON role_state WHEN new.key = 'b' BEGIN SELECT RAISE(ABORT, 'refused'); END";
    file(&folder).execute_batch(refuse).unwrap();
    assert!(role_state.put(vec![entry("a", b"1"), entry("b", b"2")]).await.is_err());
    assert_eq!(role_state.list("", "", 10).await, Ok(Vec::new()));
}

/// Numbers without a pattern, the same ones in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// What stands in a value alone.
fn mark(number: usize) -> String {
    format!("<{number:08}>")
}

/// Rows move between pages while small values come, change their lengths and go: then a copy may stay behind that nobody clears.
#[tokio::test]
async fn of_what_was_deleted_or_overwritten_no_copy_is_left_in_the_folder() {
    let folder = TempDir::new().unwrap();
    let role_state = RoleState::open(url(&folder, "role_state.db")).await.unwrap();
    let (mut numbers, mut put) = (Numbers(2), 0);
    let mut held: Vec<Vec<usize>> = vec![Vec::new(); 60];
    for round in 0..160 {
        let mut entries = Vec::new();
        for number in put..put + 30 {
            let place = numbers.below(held.len());
            held[place].push(number);
            entries.push((format!("page/{place}"), mark(number).repeat(1 + numbers.below(20)).into_bytes()));
        }
        put += 30;
        role_state.put(entries).await.unwrap();
        let places: Vec<usize> = (0..15).map(|_| numbers.below(held.len())).collect();
        role_state.delete(places.iter().map(|place| format!("page/{place}")).collect()).await.unwrap();
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let text = String::from_utf8_lossy(&files.collect::<Vec<_>>().concat()).into_owned();
        for number in places.into_iter().flat_map(|place| std::mem::take(&mut held[place])) {
            assert!(!text.contains(&mark(number)), "round {round}: a copy of value {number} is left");
        }
    }
}

#[tokio::test]
async fn a_delete_says_that_a_reader_keeps_the_old_values_alive() {
    let folder = TempDir::new().unwrap();
    let role_state = RoleState::open(url(&folder, "role_state.db")).await.unwrap();
    role_state.put(vec![entry("a", b"1"), entry("b", b"2")]).await.unwrap();
    let reader = file(&folder);
    reader.execute_batch("BEGIN; SELECT count(*) FROM role_state;").unwrap();
    assert_eq!(role_state.delete(keys(&["a"])).await, Err(RoleStateError::Busy));
    assert_eq!(role_state.list("", "", 10).await, Ok(keys(&["b"])));
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(role_state.delete(keys(&["a"])).await, Ok(()));
    assert_eq!(std::fs::metadata(folder.path().join("role_state.db-wal")).unwrap().len(), 0);
}

#[tokio::test]
async fn a_value_that_is_not_what_was_put_is_named_with_its_key_and_stands_in_nobodys_way() {
    let folder = TempDir::new().unwrap();
    let role_state = RoleState::open(url(&folder, "role_state.db")).await.unwrap();
    role_state.put(vec![entry("page/one", b"value"), entry("page/two", b"value"), entry("page/six", b"value")]).await.unwrap();
    file(&folder).execute_batch("UPDATE role_state SET value = x'00' WHERE key <> 'page/one'").unwrap();
    let error = role_state.get("page/two").await.unwrap_err();
    assert!(matches!(&error, RoleStateError::Damaged { .. }), "{error:?}");
    for word in ["role_state.db", "page/two", "move it", "made again from the ledger"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(role_state.get("page/one").await, Ok(Some(b"value".to_vec())));
    role_state.put(vec![entry("page/two", b"anew")]).await.unwrap();
    role_state.delete(keys(&["page/six"])).await.unwrap();
    assert_eq!((role_state.get("page/two").await, role_state.get("page/six").await), (Ok(Some(b"anew".to_vec())), Ok(None)));
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_and_an_address_of_no_engine_are_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("role_state.db"), "not a database at all, but long enough to look at").unwrap();
    let refused = RoleState::open(url(&folder, "role_state.db")).await.unwrap_err();
    assert!(matches!(&refused, RoleStateError::Damaged { .. }) && refused.to_string().contains("role_state.db"), "{refused:?}");
    let refused = RoleState::open("postgres://h/d").await.unwrap_err();
    assert!(matches!(&refused, RoleStateError::Address(_)) && refused.to_string().contains("sqlite:PATH"), "{refused}");
}

async fn bucket(client: &Client) -> Value {
    let answer = client.request("$JS.API.STREAM.INFO.KV_role_state", json!({"subjects_filter": ">"}).to_string().into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

#[tokio::test]
async fn the_bucket_holds_one_message_a_value_in_the_order_of_the_call_and_none_of_what_was_deleted() {
    let server = Nats::start();
    let role_state = RoleState::open(server.url()).await.unwrap();
    let client = async_nats::connect(server.place()).await.unwrap();
    assert_eq!(bucket(&client).await["config"]["max_msgs_per_subject"], 1);
    role_state.put(vec![entry("b", b"old"), entry("a", b"1"), entry("b", b"2"), entry("head", b"3")]).await.unwrap();
    let mut order = Vec::new();
    for key in ["a", "b", "head"] {
        let question = json!({"last_by_subj": format!("$KV.role_state.{key}")}).to_string();
        let answer = client.request("$JS.API.STREAM.MSG.GET.KV_role_state", question.into()).await.unwrap();
        order.push(serde_json::from_slice::<Value>(&answer.payload).unwrap()["message"]["seq"].as_u64());
    }
    assert_eq!(order, [Some(2), Some(3), Some(4)]);
    role_state.delete(keys(&["a", "b", "never"])).await.unwrap();
    let state = bucket(&client).await["state"].clone();
    assert_eq!((&state["messages"], &state["subjects"]), (&json!(1), &json!({"$KV.role_state.head": 1})));
}

#[tokio::test]
async fn what_a_killed_process_left_half_deleted_on_the_bus_has_no_value_and_can_be_deleted() {
    let server = Nats::start();
    let role_state = RoleState::open(server.url()).await.unwrap();
    role_state.put(vec![entry("a", b"1")]).await.unwrap();
    let client = async_nats::connect(server.place()).await.unwrap();
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("KV-Operation", "DEL");
    client.request_with_headers("$KV.role_state.a", headers, "".into()).await.unwrap();
    assert_eq!((role_state.get("a").await, role_state.list("", "", 10).await), (Ok(None), Ok(keys(&["a"]))));
    role_state.delete(keys(&["a"])).await.unwrap();
    assert_eq!(role_state.list("", "", 10).await, Ok(Vec::new()));
}
