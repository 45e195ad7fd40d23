//! Nobody speaks for another: whom an event names as where it was read, and what touches what others published, is asked for at the door,
//! over HTTP and on the bus, of the event and of what corrections make of it; and what only one key says is told as said by that one.

mod any_events;
mod attempts;
mod registering;
mod scopes;
mod told;

use std::path::Path;

use serde_json::{Value, json};

use crate::asking::{Answer, STRUCTURED, client, send};
use crate::support::run;

/// Makes a key.
pub fn make_key(data: &Path, scopes: &[&str]) -> String {
    let mut arguments = vec!["keys", "create", "--name", "a test"];
    arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
    let output = run(data, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Publishes with a key.
pub async fn publish_as(key: &str, url: &str, event: &Value) -> Answer {
    send(client().post(format!("{url}/v1/events")).header("content-type", STRUCTURED).bearer_auth(key).body(event.to_string())).await
}

/// An event.
pub fn event(source: &str, id: &str, kind: &str, subject: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": source, "type": format!("dateline.{kind}.v1"), "subject": subject, "data": data})
}

/// A source.
pub fn source(slug: &str, role: &str, kind: &str) -> Value {
    json!({"slug": slug, "role": role, "kind": kind})
}
