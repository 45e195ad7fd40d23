//! A state store of an earlier version is carried over under its name of today: every value, once, and whatever was put since stays.

use async_nats::HeaderMap;
use dateline_backends::{StateError, StateStore};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::nats::Nats;
use crate::support::url;

/// A file that an earlier version made: one API key, and the note that keys were made.
const FORMER: &[u8] = include_bytes!("former/keep.db");
const KEY: &str = "api-key/3f8c32588d7a";

fn former() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("keep.db"), FORMER).unwrap();
    folder
}

async fn open(folder: &TempDir) -> Result<StateStore, StateError> {
    StateStore::open(url(folder, "state.db")).await
}

#[tokio::test]
async fn a_file_under_its_former_name_is_carried_over_with_all_it_holds() {
    let folder = former();
    let state_store = open(&folder).await.unwrap();
    let (value, revision) = state_store.get(KEY).await.unwrap().unwrap();
    assert!(value.starts_with(br#"{"id":"3f8c32588d7a""#) && revision == 1_796_037_494_338_671);
    assert_eq!(state_store.all("").await.unwrap().len(), 2);
    assert_eq!(state_store.put(KEY, b"revoked", Some(revision)).await, Ok(revision + 1));
    drop(state_store);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.contains(&"state.db".to_owned()) && !names.iter().any(|name| name.starts_with("keep.db")), "{names:?}");
    assert_eq!(open(&folder).await.unwrap().get(KEY).await.unwrap().unwrap().0, b"revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_under_its_former_name_is_carried_over_once_by_all_who_open_it_at_once() {
    for round in 0..20 {
        let folder = former();
        for opened in futures_util::future::join_all((0..8).map(|_| open(&folder))).await {
            let state_store = opened.unwrap_or_else(|error| panic!("round {round}: {error}"));
            assert!(state_store.get(KEY).await.unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_made_once_by_all_who_open_it_at_once() {
    for round in 0..20 {
        let folder = TempDir::new().unwrap();
        for opened in futures_util::future::join_all((0..8).map(|_| open(&folder))).await {
            opened.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_file_under_its_former_name_that_is_in_use_or_empty_is_refused_and_left_as_it_is() {
    let folder = former();
    let path = folder.path().join("keep.db");
    let earlier = rusqlite::Connection::open(&path).unwrap();
    earlier.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())).unwrap();
    earlier.execute_batch("BEGIN; SELECT count(*) FROM keep;").unwrap();
    let error = open(&folder).await.unwrap_err().to_string();
    assert!(error.contains("keep.db") && error.contains("state.db") && error.contains("Stop every process"), "{error}");
    assert!(path.exists() && !folder.path().join("state.db").exists());
    drop(earlier);
    assert!(open(&folder).await.unwrap().get(KEY).await.unwrap().is_some());

    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("keep.db"), b"").unwrap();
    let error = open(&folder).await.unwrap_err();
    assert!(matches!(&error, StateError::Damaged { .. }) && error.to_string().contains("keep.db"), "{error}");
    assert!(!folder.path().join("state.db").exists());
}

/// A bucket as an earlier version made it: values, and one that was deleted.
async fn former_bucket(server: &Nats) -> async_nats::Client {
    let client = async_nats::connect(format!("127.0.0.1:{}", server.port)).await.unwrap();
    let settings = json!({"name": "KV_keep", "subjects": ["$KV.keep.>"], "storage": "file", "max_msgs_per_subject": 1, "allow_direct": true});
    let created = client.request("$JS.API.STREAM.CREATE.KV_keep", settings.to_string().into()).await.unwrap();
    let created: Value = serde_json::from_slice(&created.payload).unwrap();
    assert!(created.get("error").is_none(), "{created}");
    for key in ["api-key/one", "ledger/current", "a=2Eb", "gone"] {
        client.request(format!("$KV.keep.{key}"), key.into()).await.unwrap();
    }
    let mut headers = HeaderMap::new();
    headers.insert("KV-Operation", "DEL");
    client.request_with_headers("$KV.keep.gone", headers, "".into()).await.unwrap();
    client
}

#[tokio::test]
async fn a_bucket_under_its_former_name_is_carried_over_once_whoever_opens_it_and_however_often() {
    let server = Nats::start();
    let client = former_bucket(&server).await;
    let opened = futures_util::future::join_all((0..4).map(|_| StateStore::open(server.url()))).await;
    let state_store = opened.into_iter().map(Result::unwrap).next().unwrap();
    for (key, value) in [("api-key/one", Some("api-key/one")), ("ledger/current", Some("ledger/current")), ("a.b", Some("a=2Eb")), ("gone", None)] {
        let found = state_store.get(key).await.unwrap().map(|(value, _)| String::from_utf8(value).unwrap());
        assert_eq!(found.as_deref(), value, "{key}");
    }
    // What is done with it from now on holds, whatever stands in the former one.
    let (_, revision) = state_store.get("api-key/one").await.unwrap().unwrap();
    state_store.delete("api-key/one", revision).await.unwrap();
    client.request("$KV.keep.api-key/one", "again".into()).await.unwrap();
    assert_eq!(StateStore::open(server.url()).await.unwrap().get("api-key/one").await, Ok(None));
}

#[tokio::test]
async fn a_carrying_over_that_was_killed_half_way_is_ended_by_the_next() {
    let server = Nats::start();
    let client = former_bucket(&server).await;
    let state_store = StateStore::open(server.url()).await.unwrap();
    let (_, revision) = state_store.get("ledger/current").await.unwrap().unwrap();
    state_store.put("ledger/current", b"2", Some(revision)).await.unwrap();
    // As it stands when one key and the note that all is done are not there yet.
    for key in ["api-key/one", "carried-over"] {
        let question = json!({"filter": format!("$KV.state.{key}")}).to_string();
        client.request("$JS.API.STREAM.PURGE.KV_state", question.into()).await.unwrap();
    }
    let state_store = StateStore::open(server.url()).await.unwrap();
    assert!(state_store.get("api-key/one").await.unwrap().is_some());
    assert_eq!(state_store.get("ledger/current").await.unwrap().unwrap().0, b"2");
}
