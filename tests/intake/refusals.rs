//! Every bad input is a problem that names the fault, and leaves the ledger as it was; limits hold to the byte.

use crate::asking::{BATCH, House, STRUCTURED, client, get, head, post, send};
use crate::support::anomaly;

/// An event has at most so many bytes.
const EVENT_BYTES_MAX: usize = 64 * 1024;

/// A body has at most so many bytes.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

fn event(id: &str) -> String {
    anomaly(id, "mail", "2026-03-01T10:00+05:30[Asia/Kolkata]")
}

/// An event of exactly so many bytes, by a long headline.
fn of_bytes(id: &str, bytes: usize) -> String {
    let start = event(id).replace("\"regions\"", "\"headline\":\"\",\"regions\"");
    let headline = "x".repeat(bytes - start.len());
    start.replace("\"headline\":\"\"", &format!("\"headline\":\"{headline}\""))
}

#[tokio::test]
async fn what_is_wrong_is_named_by_pointer_and_nothing_is_stored() {
    let house = House::start();
    let changed = |from: &str, to: &str| {
        let changed = event("wrong").replace(from, to);
        assert_ne!(changed, event("wrong"), "{from} is not in the event");
        changed.into_bytes()
    };
    let at = "\"at\":\"2026-03-01T10:00+05:30[Asia/Kolkata]\"";
    let cases: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("nothing", STRUCTURED, Vec::new(), 400, ""),
        ("half an event", STRUCTURED, event("wrong").into_bytes()[..100].to_vec(), 400, ""),
        ("no JSON", STRUCTURED, b"hello".to_vec(), 400, ""),
        ("an array", STRUCTURED, b"[]".to_vec(), 400, ""),
        ("two documents", STRUCTURED, [event("a"), event("b")].concat().into_bytes(), 400, ""),
        ("bytes that are not UTF-8", STRUCTURED, [b"{\"id\":\"\xff\"", &event("wrong").into_bytes()[1..]].concat(), 400, ""),
        ("half a surrogate", STRUCTURED, changed("\"wrong\"", "\"\\ud800\""), 400, ""),
        ("a member twice", STRUCTURED, changed("\"id\":", "\"id\":\"other\",\"id\":"), 422, "/id"),
        ("a member of data twice", STRUCTURED, changed("\"regions\":", "\"regions\":[],\"regions\":"), 422, "/data/regions"),
        ("a number as id", STRUCTURED, changed("\"wrong\"", "7"), 422, "/id"),
        ("an empty id", STRUCTURED, changed("\"wrong\"", "\"\""), 422, "/id"),
        ("no source", STRUCTURED, changed("\"source\":\"/tests\",", ""), 422, "/source"),
        ("a text as regions", STRUCTURED, changed("[\"IN\"]", "\"IN\""), 422, "/data/regions"),
        ("a number among the regions", STRUCTURED, changed("\"IN\"", "1"), 422, "/data/regions/0"),
        ("a text as data", STRUCTURED, changed("\"data\":{", "\"data\":\"text\",\"more\":{"), 422, "/data"),
        ("an unknown member", STRUCTURED, changed("\"regions\":", "\"colour\":\"red\",\"regions\":"), 422, "/data/colour"),
        ("a null", STRUCTURED, changed("[\"IN\"]", "null"), 422, "/data/regions"),
        ("an unknown kind", STRUCTURED, changed("anomaly.detected.v1", "anomaly.guessed.v1"), 422, "/type"),
        ("somebody else's kind", STRUCTURED, changed("dateline.anomaly", "com.example.anomaly"), 422, "/type"),
        ("a later version", STRUCTURED, changed("detected.v1", "detected.v2"), 422, "/type"),
        ("a later CloudEvents", STRUCTURED, changed("\"1.0\"", "\"2.0\""), 422, "/specversion"),
        ("a redaction", STRUCTURED, changed("anomaly.detected.v1", "event.redacted.v1"), 422, "/data/"),
        ("an unknown zone", STRUCTURED, changed("Asia/Kolkata", "Asia/Atlantis"), 422, "/data/occurred/at"),
        ("a zone that does not have this offset", STRUCTURED, changed("+05:30", "+06:00"), 422, "/data/occurred/at"),
        ("a time without a zone", STRUCTURED, changed(at, "\"at\":\"2026-03-01T10:00\""), 422, "/data/occurred"),
        ("a day that there is not", STRUCTURED, changed("03-01", "02-30"), 422, "/data/occurred"),
        ("no time", STRUCTURED, changed(&format!("\"occurred\":{{{at}}},"), ""), 422, "/data/occurred"),
        (
            "an address that is none of the web",
            STRUCTURED,
            changed("\"slug\"", "\"url\":\"javascript:alert(1)\",\"slug\""),
            422,
            "/data/sources/0/url",
        ),
        (
            "an integer beyond 2^53",
            STRUCTURED,
            changed("\"regions\":", "\"counts\":[{\"value\":9007199254740993}],\"regions\":"),
            422,
            "/data/counts/0/value",
        ),
        ("base64", STRUCTURED, changed("\"data\":", "\"data_base64\":\"e30=\",\"data\":"), 422, "/data_base64"),
        ("one byte too many", STRUCTURED, of_bytes("wrong", EVENT_BYTES_MAX + 1).into_bytes(), 413, ""),
        ("an event as batch", BATCH, event("wrong").into_bytes(), 400, ""),
        ("half a batch", BATCH, format!("[{},", event("wrong")).into_bytes(), 400, ""),
        ("a batch that is not UTF-8", BATCH, [b"[{\"id\":\"\xff\"", &event("wrong").into_bytes()[1..], b"]"].concat(), 400, ""),
    ];
    for (what, media_type, body, status, pointer) in cases {
        let problem = post(&house.url, media_type, body).await.problem(status);
        let faults = problem["faults"].as_array().unwrap_or_else(|| panic!("{what}: no faults: {problem:#}"));
        let is_named = faults.iter().any(|fault| {
            let said = fault["pointer"].as_str().unwrap();
            said == pointer || (!pointer.is_empty() && said.starts_with(pointer))
        });
        assert!(is_named, "{what}: expected a fault at {pointer:?}: {problem:#}");
        assert!(faults.iter().all(|fault| !fault["detail"].as_str().unwrap().is_empty()), "{what}: {problem:#}");
        assert_eq!(head(&house.url).await, 0, "{what}: something was stored");
    }
}

#[tokio::test]
async fn an_event_has_at_most_64_kib_and_a_batch_1_000_events() {
    let house = House::start();
    let largest = of_bytes("largest", EVENT_BYTES_MAX);
    assert_eq!(largest.len(), EVENT_BYTES_MAX);
    post(&house.url, STRUCTURED, largest).await.expect(201);
    let answer = post(&house.url, BATCH, format!("[{},{}]", of_bytes("too large", EVENT_BYTES_MAX + 1), event("small"))).await.expect(207).json();
    assert_eq!((&answer["items"][0]["status"], &answer["items"][1]["status"]), (&413.into(), &201.into()), "{}", answer["items"][1]);

    let many = |count: usize| format!("[{}]", (0..count).map(|number| event(&format!("n{number}"))).collect::<Vec<_>>().join(","));
    let problem = post(&house.url, BATCH, many(1_001)).await.problem(413);
    assert!(problem["detail"].as_str().unwrap().contains("1000"), "{problem}");
    assert_eq!(head(&house.url).await, 2);
    post(&house.url, BATCH, many(1_000)).await.expect(201);
    assert_eq!(head(&house.url).await, 1_002);
}

#[tokio::test]
async fn a_body_has_at_most_16_mib() {
    let house = House::start();
    let whole = |bytes: usize| {
        let mut body = format!("[{}", event("padded"));
        body.push_str(&" ".repeat(bytes - body.len() - 1));
        body.push(']');
        body
    };
    let problem = post(&house.url, BATCH, whole(BODY_BYTES_MAX + 1)).await.problem(413);
    assert_eq!(problem["type"], "urn:dateline:problem:body-too-large", "{problem}");
    assert_eq!(head(&house.url).await, 0);
    post(&house.url, BATCH, whole(BODY_BYTES_MAX)).await.expect(201);
}

#[tokio::test]
async fn other_content_types_are_refused_with_those_that_are_taken() {
    let house = House::start();
    for media_type in ["", "text/plain", "application/json", "application/xml", "application/cloudevents+xml", "cloudevents"] {
        let problem = post(&house.url, media_type, event("typed")).await.problem(415);
        assert!(problem["detail"].as_str().unwrap().contains("application/cloudevents+json"), "{media_type}: {problem}");
    }
    assert_eq!(head(&house.url).await, 0);
    for (id, media_type) in [("a", "application/cloudevents+json; charset=utf-8"), ("b", "Application/CloudEvents+JSON")] {
        post(&house.url, media_type, event(id)).await.expect(201);
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_allowed_are_problems_too() {
    let house = House::start();
    for path in [
        "/v1/nothing",
        "/nothing",
        "/v1/events/1/nothing",
        "/v1",
        "/v1/incidents/nothing",
        "/v1/events/7",
        "/v1/services/nothing",
        "/v1/events?source=/tests&id=none",
    ] {
        get(&house.at(path)).await.problem(404);
    }
    for path in ["/v1/events/x", "/v1/events/-1", "/v1/incidents/%ff", "/v1/events?source=/tests", "/v1/events?state=lost", "/v1/events"] {
        get(&house.at(path)).await.problem(400);
    }
    for (method, path, allowed) in
        [("PUT", "/v1/events", "POST"), ("DELETE", "/v1/incidents", "GET"), ("POST", "/v1/live", "GET"), ("PATCH", "/", "GET")]
    {
        let answer = send(client().request(method.parse().unwrap(), house.at(path))).await;
        assert!(answer.header("allow").contains(allowed), "{method} {path}: {:?}", answer.headers);
        answer.problem(405);
    }
}
