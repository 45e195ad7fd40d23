//! What a watcher was about to say when it ended is said to its end before anything else, whatever the page says by then.

use std::collections::BTreeMap;
use std::sync::Arc;

use dateline_events::Instant;
use dateline_status_pages::Dialect;
use serde_json::{Value, json};

use crate::shared::api_client::ApiClient;
use crate::shared::config::Addresses;
use crate::shared::publisher::{Outcome, Publisher};
use crate::shared::stores::{Stores, Use};
use crate::watcher::outbox::Outbox;
use crate::watcher::page_publisher::{Page, PagePublisher, Reading};

fn document(words: &str) -> Vec<u8> {
    json!({"page": {"id": "p", "name": "Mail"}, "components": [], "scheduled_maintenances": [], "incidents": [{"id": "a", "name": "Slow mail",
        "status": "investigating", "impact": "minor", "started_at": "2026-01-05T10:00:00Z", "incident_updates": [{"id": "p1",
        "status": "investigating", "body": words, "display_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-05T10:00:00Z"}]}]})
    .to_string()
    .into_bytes()
}

fn reading(bytes: &[u8], minute: u32) -> Reading<'_> {
    let at = Instant::parse(&format!("2026-01-05T10:{minute:02}:00Z")).unwrap();
    Reading {
        dialect: Dialect::Statuspage,
        zone: None,
        url: "https://status.mail.example/summary.json",
        name: "summary.json",
        bytes,
        read_at: at,
        as_of: at,
        previous_read: None,
    }
}

/// All events about the post, as the ledger has them.
async fn said(stores: &Stores) -> Vec<(String, Value)> {
    let mut follower = stores.ledger.follow(0);
    let mut said = Vec::new();
    while let Some(page) = follower.try_next().await.unwrap() {
        for record in page.records.iter().filter(|record| record.id.contains("/post/")) {
            said.push((record.id.clone(), serde_json::from_slice(record.bytes.as_ref().unwrap()).unwrap()));
        }
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_changed_while_the_watcher_was_dead_tells_both_wordings() {
    let folder = tempfile::tempdir().unwrap();
    let stores = Stores::open(&Addresses::in_folder(folder.path().to_owned()), Use::Append).await.unwrap();
    let api = Arc::new(ApiClient::files(stores.clone()));
    let page = Page { service: "mail".into(), name: None, vendor: None, lang: "en".into() };
    let page_publisher = || async { PagePublisher::open(api.clone(), stores.state_store.clone()).await.unwrap() };
    let (first, second, third) = (document("We are looking into it."), document("All is well."), document("We know why."));
    page_publisher().await.take(&page, reading(&first, 1)).await.unwrap();

    // The second wording is noted and published; then the process is no more: nothing is remembered.
    let beside = tempfile::tempdir().unwrap();
    let apart = Stores::open(&Addresses::in_folder(beside.path().to_owned()), Use::Append).await.unwrap();
    let twin = PagePublisher::open(Arc::new(ApiClient::files(apart.clone())), apart.state_store.clone()).await.unwrap();
    twin.take(&page, reading(&first, 1)).await.unwrap();
    twin.take(&page, reading(&second, 2)).await.unwrap();
    let (id, event) = said(&apart).await.pop().unwrap();
    assert_eq!(id, "a/post/p1/2");
    let remembered: BTreeMap<String, dateline_status_pages::Remembered> = apart
        .state_store
        .all("watch/mail/memory/")
        .await
        .unwrap()
        .iter()
        .filter_map(|entry| serde_json::from_slice(&entry.value).ok())
        .find(|leaf: &BTreeMap<String, dateline_status_pages::Remembered>| leaf.contains_key("a"))
        .unwrap();
    let text = event.to_string();
    let pending = Outbox {
        events: vec![serde_json::value::RawValue::from_string(text.clone()).unwrap()],
        touched: remembered,
        read: ("summary".into(), Instant::parse("2026-01-05T10:02:00Z").unwrap()),
    };
    pending.note(&stores.state_store, "mail").await.unwrap();
    let published = Publisher::new(api.clone()).publish(&[text.as_bytes()]).await;
    assert!(matches!(published[..], [Outcome::Fresh(_)]), "{published:?}");

    // A new process finds the third.
    let taken = page_publisher().await.take(&page, reading(&third, 3)).await.unwrap();
    assert_eq!(taken.published, 1, "{taken:?}");
    let said = said(&stores).await;
    assert_eq!(said.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a/post/p1/1", "a/post/p1/2", "a/post/p1/3"]);
    let words = |at: usize| said[at].1["data"]["patch"]["statement"]["quotation"]["text"].as_str();
    assert_eq!((words(1), words(2)), (Some("All is well."), Some("We know why.")));
    // Nothing is pending any more: another process says nothing.
    let again = page_publisher().await.take(&page, reading(&third, 4)).await.unwrap();
    assert_eq!(again.published, 0, "{again:?}");
}
