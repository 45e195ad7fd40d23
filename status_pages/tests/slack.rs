//! Slack's status API: what is active and the history are one page.

use dateline_events::{Event, Instant};
use dateline_status_pages::{Changes, Dialect, Draft, Listing, Nature, Observation, Page, PageState, Reading, difference};
use serde_json::{Value, json};

const PAGE: Page<'static> = Page { service: "quay", vendor: "quay", name: None, lang: "en", url: "https://quay.example" };

fn incident(status: &str, updated: &str, notes: &[(&str, &str)]) -> Value {
    let notes: Vec<Value> = notes.iter().rev().map(|(at, body)| json!({"date_created": at, "body": body})).collect();
    json!({"id": 41, "date_created": "2026-03-04T09:12:00-08:00", "date_updated": updated, "title": "No uploads", "type": "incident", "status": status,
        "url": "https://quay.example/41", "services": ["Files"], "notes": notes})
}

fn current(incidents: &[Value]) -> Value {
    json!({"status": "active", "active_incidents": incidents})
}

fn read(page: &Value) -> Observation {
    Dialect::Slack.read(page.to_string().as_bytes(), "current").unwrap()
}

/// One reading of a list, at a minute; the door takes every event.
fn step(memory: &mut PageState, list: &str, page: &Value, minute: i64) -> Vec<Draft> {
    let at = Instant::parse("2026-03-05T00:00:00Z").unwrap().plus(minute * Instant::MINUTE);
    let reading = Reading {
        dialect: Dialect::Slack,
        list,
        as_of: None,
        read: Some(at),
        read_before: (minute > 1).then(|| at.plus(-2 * Instant::MINUTE)),
        sha256: "",
    };
    let Changes { drafts, touched, .. } = difference(&PAGE, &reading, &read(page), memory);
    memory.absorb(touched);
    for draft in &drafts {
        Event::read_at_the_door(&draft.bytes(&PAGE)).unwrap_or_else(|faults| panic!("{faults}: {draft:?}"));
    }
    drafts
}

const FIRST: (&str, &str) = ("2026-03-04T09:15:00-08:00", "Uploads fail.");
const SECOND: (&str, &str) = ("2026-03-04T09:40:00-08:00", "Uploads are slow.");
const LAST: (&str, &str) = ("2026-03-04T11:05:00-08:00", "Uploads work.");

#[test]
fn what_is_active_is_read_note_by_note_from_the_oldest() {
    let observation = read(&current(&[incident("active", "2026-03-04T09:40:00-08:00", &[FIRST, SECOND])]));
    assert_eq!((observation.listing, observation.facts.url.as_deref()), (Listing::Unresolved, Some("https://quay.example")));
    let seen = &observation.incidents[0];
    assert_eq!((seen.id.as_str(), seen.nature, &seen.components[..]), ("41", Some(Nature::Outage), &["Files".to_owned()][..]));
    assert_eq!(seen.started.as_ref().unwrap().moment.text, "2026-03-04T17:12:00Z");
    let told: Vec<_> = seen.posts.iter().map(|post| (post.at.as_ref().unwrap().moment.text.as_str(), post.words.as_deref().unwrap())).collect();
    assert_eq!(told, [("2026-03-04T17:15:00Z", FIRST.1), ("2026-03-04T17:40:00Z", SECOND.1)]);
    assert!(seen.ended.is_none() && seen.ended_by.is_none());
}

#[test]
fn the_history_ends_it_by_its_last_change_at_the_latest() {
    let mut memory = PageState::default();
    let said = step(&mut memory, "current", &current(&[incident("active", SECOND.0, &[FIRST, SECOND])]), 0);
    let kinds: Vec<_> = said.iter().map(|draft| draft.kind).collect();
    assert_eq!(kinds, ["anomaly.detected", "vendor.acknowledged", "vendor.updated", "incident.titled"]);
    let over = incident("resolved", LAST.0, &[FIRST, SECOND, LAST]);
    let said = step(&mut memory, "history", &json!([over]), 1);
    assert_eq!(said.iter().map(|draft| (draft.kind, draft.edits.len())).collect::<Vec<_>>(), [("vendor.updated", 0), ("service.restored", 0)]);
    assert_eq!(said[1].data["occurred"], json!({"before": "2026-03-04T19:05:00Z"}));
    // A change after the end moves it no further, and a list that lags behind does not open it again.
    let later = incident("resolved", "2026-03-04T15:00:00-08:00", &[FIRST, SECOND, LAST]);
    assert!(step(&mut memory, "history", &json!([later]), 3).is_empty());
    assert!(step(&mut memory, "current", &current(&[incident("active", SECOND.0, &[FIRST, SECOND])]), 4).is_empty());
    let left = step(&mut memory, "current", &current(&[]), 6);
    assert_eq!(left.iter().map(|draft| draft.id.as_str()).collect::<Vec<_>>(), ["41/absent/1"]);
}

#[test]
fn planned_work_is_known_by_its_state() {
    let work = json!([{"id": 40, "date_created": "2026-02-20T06:00:00-08:00", "date_updated": "2026-02-20T07:00:00-08:00", "title": "Calls", "type": "outage",
        "status": "completed", "services": ["Calls"], "notes": []}]);
    assert_eq!(read(&work).incidents[0].nature, Some(Nature::Maintenance));
    let said = step(&mut PageState::default(), "history", &work, 0);
    let kinds: Vec<_> = said.iter().map(|draft| draft.kind).collect();
    assert_eq!(kinds, ["maintenance.announced", "incident.titled", "maintenance.completed"]);
}

#[test]
fn cancelled_work_is_called_off_by_its_last_note_or_by_its_last_change() {
    let note = ("2026-02-20T07:00:00-08:00", "We do not.");
    for kind in ["maintenance", "notice", "incident"] {
        for (notes, by) in
            [(vec![note], "41/post/2026-02-20T15:00:00Z/1"), (vec![("2026-02-19T07:00:00-08:00", "We will.")], "41/end/1"), (vec![], "41/end/1")]
        {
            let mut work = incident("cancelled", note.0, &notes);
            (work["type"], work["date_created"]) = (json!(kind), json!("2026-02-19T06:00:00-08:00"));
            assert_eq!(read(&json!([work])).incidents[0].nature, Some(Nature::Maintenance));
            let said = step(&mut PageState::default(), "history", &json!([work]), 0);
            let done: Vec<&Draft> = said.iter().filter(|draft| draft.kind == "maintenance.completed").collect();
            assert_eq!((done.len(), done[0].id.as_str(), &done[0].data["reference"]["status"]), (1, by, &json!("cancelled")), "{kind}: {said:?}");
        }
    }
}

#[test]
fn a_title_is_decoded_once() {
    let titled = |title: &str| {
        let mut seen = incident("active", FIRST.0, &[FIRST]);
        seen["title"] = json!(title);
        read(&current(&[seen])).incidents[0].name.clone().unwrap()
    };
    assert_eq!(titled("Messages &amp; calls fail"), "Messages & calls fail");
    assert_eq!(titled("No &lt;b&gt; &amp;lt; <b>uploads</b>"), "No <b> &lt; uploads");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_kept() {
    let bad = incident("active", SECOND.0, &[("soon", FIRST.1), SECOND]);
    let observation = read(&current(&[bad, json!({"id": 42, "notes": 1}), json!("x")]));
    assert_eq!(observation.incidents.len(), 1);
    let refused: Vec<&str> = observation.refused.iter().map(|refused| refused.what.as_str()).collect();
    assert_eq!(refused, ["41, note 1", "42", "incident 2"]);
    assert!(observation.unread.contains("42") && observation.unnamed);
    assert!(Dialect::Slack.read(b"{\"status\":\"ok\"}", "current").unwrap_err().to_string().contains("active_incidents"));
}
