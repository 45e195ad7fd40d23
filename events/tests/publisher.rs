//! What a publisher may be called, and an event: names that a program or a reader could take for others' are refused at the door.

use dateline_events::Event;
use serde_json::{Value, json};

fn with_attribute(name: &str, value: &Value) -> Value {
    let mut event = json!({"specversion": "1.0", "id": "e1", "source": "/desks/demo", "type": "dateline.vendor.silent.v1", "subject": "whatsapp",
        "data": {"occurred": {"unknown": true}}});
    event[name] = value.clone();
    event
}

/// Asserts that this alone is found wrong, in a sentence that holds these words.
fn refused(event: &Value, pointer: &str, words: &str) {
    let faults = Event::read_at_the_door(event.to_string().as_bytes()).unwrap_err().named;
    let found = faults.iter().all(|fault| fault.pointer == pointer && fault.detail.contains(words));
    assert!(found && faults.len() == 1, "expected {pointer} {words:?}, found {faults:?} in {event}");
}

/// Names that a program or a reader could take for others' are refused; what the ledger took before is read as it is.
#[test]
fn a_publisher_has_one_name_and_it_can_be_seen() {
    let sound = [
        "/desks/demo",
        "/desks/demo/",
        "/watchers/githubstatus.com",
        "https://example.com/event-producer",
        "https://example.com/",
        "//pubsub.example.com/projects/1",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "mailto:desk@example.com",
        "/desks/%E0%A6%A8%E0%A6%BF%E0%A6%89%E0%A6%9C",
        "/desks/a%20b",
        "/desks/v1.2/..a",
        "/",
        "1-555-123-4567",
    ];
    for source in sound {
        let event = with_attribute("source", &json!(source));
        Event::read_at_the_door(event.to_string().as_bytes()).unwrap_or_else(|faults| panic!("{source}: {faults}"));
    }
    let unsound = [
        ("/desks/../desks/demo", "\"..\""),
        ("/desks/./demo", "\".\""),
        ("/desks/..", "\"..\""),
        ("..", "\"..\""),
        ("https://example.com/a/../b", "\"..\""),
        ("/desks//demo", "two slashes"),
        ("///desks", "two slashes"),
        ("/desks/demo//", "two slashes"),
        ("/desks/%64emo", "\"d\""),
        ("/desks/%2e%2e/demo", "\".\""),
        ("/desks%2Fdemo", "\"/\""),
        ("/desks%5cdemo", "%5c"),
        ("/desks/a%0ab", "percent-encoded character"),
        ("/desks/%E2%80%AEomed", "percent-encoded character"),
        ("/desks/%FF", "UTF-8"),
        ("/desks/100%", "%25"),
        ("\\desks\\demo", "backslash"),
        ("/desks/\u{202e}omed", "direction of writing"),
        ("/desks/de\u{200b}mo", "cannot be seen"),
        ("/desks/a\u{a0}b", "without spaces"),
    ];
    for (source, words) in unsound {
        let event = with_attribute("source", &json!(source));
        refused(&event, "/source", words);
        Event::read(event.to_string().as_bytes()).unwrap_or_else(|faults| panic!("{source}, from the ledger: {faults}"));
    }
    for name in ["id", "incidentid", "causationid", "correlationid"] {
        let event = with_attribute(name, &json!("a\u{2067}b"));
        refused(&event, &format!("/{name}"), "direction of writing");
    }
}
