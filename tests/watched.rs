//! What a watcher read of a status page is told as the page stood at any moment, and what was changed of it without notice is told
//! as what it is. The events here are made by hand, as a watcher of a page read every ten minutes says them.

pub mod edits;
mod feeds;
mod page;
mod planned;

use serde_json::{Value, json};

use crate::asking::{House, get, publish_one};

/// A time of 1 March 2026: so many minutes after ten.
pub fn minute(minute: i64) -> String {
    let minutes = 10 * 60 + minute;
    format!("2026-03-01T{:02}:{:02}:00Z", minutes / 60, minutes % 60)
}

/// The second before a minute, at which an interval ends whose upper bound is that minute.
fn second_before(minute: i64) -> String {
    let minutes = 10 * 60 + minute - 1;
    format!("2026-03-01T{:02}:{:02}:59Z", minutes / 60, minutes % 60)
}

pub fn between(lower: i64, upper: i64) -> Value {
    json!({"between": [minute(lower), second_before(upper)]})
}

/// A watcher of one page.
pub struct Watcher<'a> {
    pub house: &'a House,
    pub service: &'static str,
}

impl Watcher<'_> {
    /// Says what was found at a reading, and not at the one ten minutes before.
    pub async fn say(&self, read: i64, id: &str, kind: &str, mut data: Value) -> u64 {
        let source = json!([{"slug": self.service, "role": "read_in", "kind": "vendor", "name": "GitHub", "url": "https://status.example/incidents/abc",
            "retrieved_at": minute(read)}]);
        if data.get("stated").is_none() {
            data["stated"] = between(read - 10, read);
        }
        data["sources"] = source;
        let event = json!({"specversion": "1.0", "id": id, "source": format!("/watchers/{}", self.service), "type": format!("dateline.{kind}.v1"),
            "subject": self.service, "data": data});
        publish_one(&self.house.url, &event.to_string()).await
    }

    /// An incident with a beginning, a post, a name and a severity, found at a reading.
    pub async fn open(&self, read: i64, incident: &str, name: &str, words: &str) {
        let reference = json!({"page": "https://status.example", "id": incident});
        let start = json!({"occurred": {"at": minute(read - 9)}, "reference": reference});
        self.say(read, &format!("{incident}/start/1"), "anomaly.detected", start).await;
        self.post(read, incident, "p1", "Investigating", words, read - 8).await;
        let title = json!({"event": {"id": format!("{incident}/start/1")}, "title": {"en": name}});
        self.say(read, &format!("{incident}/name/1"), "incident.titled", title).await;
        let severity = json!({"occurred": {"at": minute(read - 9)}, "reference": reference, "severity": "major"});
        self.say(read, &format!("{incident}/severity/1"), "scope.changed", severity).await;
    }

    pub async fn post(&self, read: i64, incident: &str, key: &str, status: &str, words: &str, at: i64) {
        let data = json!({"occurred": {"at": minute(at)}, "status": status.to_lowercase(), "statement": statement(words),
            "reference": {"page": "https://status.example", "id": incident, "update": key, "status": status}});
        self.say(read, &format!("{incident}/post/{key}/1"), "vendor.updated", data).await;
    }

    /// A silent edit.
    pub async fn correct(&self, read: i64, id: &str, target: &str, patch: Value) -> u64 {
        let data = json!({"event": {"id": target}, "patch": patch, "edit_kind": "source_edit", "announced": false});
        self.say(read, id, "event.corrected", data).await
    }

    pub async fn retract(&self, read: i64, id: &str, target: &str) -> u64 {
        self.say(read, id, "event.retracted", json!({"event": {"id": target}, "announced": false})).await
    }

    /// The page lists it no more: it did at the one minute, it did not at the other.
    pub async fn leave(&self, lower: i64, upper: i64, incident: &str, number: u32) {
        let data = json!({"occurred": between(lower, upper), "stated": between(lower, upper), "extent": "full",
            "reference": {"page": "https://status.example", "id": incident, "absent": true}});
        self.say(upper, &format!("{incident}/absent/{number}"), "service.restored", data).await;
    }
}

pub fn statement(words: &str) -> Value {
    json!({"organisation": "github", "quotation": {"lang": "en", "text": words}})
}

/// The answer as JSON, once the views have read everything.
pub async fn read(house: &House, path: &str) -> Value {
    house.caught_up().await;
    get(&house.at(path)).await.expect(200).json()
}

/// One member of each item of a list.
pub fn each(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap_or("null").to_owned()).collect()
}

/// A registered service.
pub async fn register(house: &House, service: &str, vendor: &str, name: &str) {
    let event = json!({"specversion": "1.0", "id": format!("register-{service}"), "source": "/tests", "type": "dateline.service.registered.v1",
        "subject": service, "data": {"names": {"en": service}, "vendor": {"slug": vendor, "name": {"en": name, "bn": name}}}});
    publish_one(&house.url, &event.to_string()).await;
}
