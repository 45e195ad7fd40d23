//! What is remembered of a page may be lost at any time: what the page changes meanwhile is published as if nothing had been lost, and
//! nothing twice.

use std::path::Path;

use dateline_backends::StateStore;
use serde_json::{Value, json};

use crate::support::{folder, run};

/// The page at three readings: an incident whose name and words are edited, and edited back; one that leaves the list and comes again; and
/// one whose post is taken down, and whose state is another one.
fn pages() -> [Value; 3] {
    let post = |id: &str, words: &str, status: &str, minute: u32| {
        let at = format!("2026-03-01T10:{minute:02}:00.000Z");
        json!({"id": id, "body": words, "status": status, "display_at": at, "created_at": at, "updated_at": at})
    };
    let incident = |id: &str, name: &str, impact: &str, posts: Vec<Value>| json!({"id": id, "name": name, "impact": impact, "status": posts[0]["status"], "started_at": "2026-03-01T10:00:00.000Z", "incident_updates": posts});
    let page = |incidents: Vec<Value>| json!({"page": {"id": "p", "name": "Mail", "url": "https://status.mail.example"}, "components": [], "scheduled_maintenances": [], "incidents": incidents});
    let slow = |name: &str, words: &str| incident("slow", name, "minor", vec![post("s1", words, "investigating", 1)]);
    let down = || incident("down", "Mail is down", "major", vec![post("d1", "We are looking into it, and will say more.", "investigating", 2)]);
    let first = post("l1", "Logins fail for some.", "investigating", 3);
    let second = |words: &str, status: &str| post("l2", words, status, 5);
    let lost = |impact: &str, posts: Vec<Value>| incident("login", "Logins fail", impact, posts);
    [
        page(vec![
            slow("Mail is slow", "Mail takes minutes, and we do not know why."),
            down(),
            lost("minor", vec![second("A fix is under way.", "identified"), first.clone()]),
        ]),
        page(vec![
            slow("Mail was slow for some", "Mail took seconds, as it does now and then."),
            lost("minor", vec![second("A fix is under way, and helps.", "monitoring")]),
        ]),
        page(vec![
            slow("Mail is slow", "Mail takes minutes, and we do not know why."),
            down(),
            lost("critical", vec![second("A fix is under way, and helps!", "monitoring"), first]),
        ]),
    ]
}

/// Deletes everything that is remembered of pages.
pub async fn lose(data: &Path) {
    let state_store = StateStore::open(format!("sqlite:{}", data.join("state.db").display())).await.unwrap();
    let entries = state_store.all("watch/").await.unwrap();
    assert!(!entries.is_empty(), "nothing was remembered");
    for entry in entries {
        state_store.delete(&entry.key, entry.revision).await.unwrap();
    }
}

/// What is published of the three readings, in order, exact bytes; what is remembered is lost after these.
async fn published(lost_after: &[usize]) -> Vec<Value> {
    let (_folder, data) = folder();
    for (number, page) in pages().iter().enumerate() {
        let file = data.join("summary.json");
        std::fs::write(&file, page.to_string()).unwrap();
        let read_at = format!("2026-03-01T1{}:00:00Z", number + 1);
        let ran = run(&data, &["import", "statuspage", file.to_str().unwrap(), "--service", "mail", "--read-at", &read_at]);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        if lost_after.contains(&number) {
            lose(&data).await;
        }
    }
    let replayed = run(&data, &["audit", "replay"]);
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    String::from_utf8(replayed.stdout).unwrap().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone()).collect()
}

/// An event, and apart from it between which moments that was stated.
fn without_stated(event: &Value) -> (Value, (String, String)) {
    let mut event = event.clone();
    let stated = event["data"].as_object_mut().unwrap().remove("stated").unwrap_or(Value::Null);
    let bound = |at: usize| stated["between"][at].as_str().unwrap_or_default().to_owned();
    (event, (bound(0), bound(1)))
}

#[tokio::test]
async fn what_was_lost_between_two_readings_is_made_again_and_the_same_is_published() {
    let kept = published(&[]).await;
    let ids: Vec<&str> = kept.iter().map(|event| event["id"].as_str().unwrap()).collect();
    for id in ["slow/name/3", "slow/post/s1/3", "down/absent/2", "login/post/l1/3", "login/post/l2/3", "login/severity/2"] {
        assert!(ids.contains(&id), "{id} is not among {ids:?}");
    }
    for lost_after in [&[0][..], &[1], &[0, 1]] {
        let again = published(lost_after).await;
        let ids_again: Vec<&str> = again.iter().map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!(ids_again, ids, "lost after {lost_after:?}");
        for (again, kept) in again.iter().zip(&kept) {
            let [(again, between_again), (kept, between_kept)] = [again, kept].map(without_stated);
            assert_eq!(again, kept, "lost after {lost_after:?}");
            // When a list was read last is lost with it: what came back on it did so since it was seen there.
            assert_eq!(between_again.1, between_kept.1, "{kept}");
            assert!(between_again.0 <= between_kept.0 && (between_again.0 == between_kept.0 || kept["id"] == "down/absent/2"), "{kept}");
        }
    }
}
