//! The forms that public SDKs send: JSON without a content type, JSON by another name, JSON as base64, packed bodies, empty batches.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{DATA, exact, needed, replay};
use crate::asking::{Answer, BATCH, House, STRUCTURED, client, head, post, send};
use crate::support::anomaly;

/// Binary mode with this content type, or none.
async fn binary_as(url: &str, id: &str, content_type: Option<&str>) -> Answer {
    let mut request = client().post(format!("{url}/v1/events")).body(DATA);
    for (name, value) in needed(id.as_bytes()) {
        request = request.header(name, value);
    }
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    send(request).await
}

#[tokio::test]
async fn beside_ce_headers_every_type_of_json_is_taken_and_no_type_at_all() {
    let house = House::start();
    let kept = [
        (None, "application/json"),
        (Some(""), "application/json"),
        (Some("application/json; charset=utf-8"), "application/json"),
        (Some("text/json"), "text/json"),
        (Some("Application/Vnd.Example+JSON"), "application/vnd.example+json"),
    ];
    for (number, (content_type, kept)) in kept.into_iter().enumerate() {
        binary_as(&house.url, &number.to_string(), content_type).await.expect(201);
        let line = replay(&house.url).await.pop().unwrap();
        let event: serde_json::Value = serde_json::from_slice(&exact(&line)).unwrap();
        assert_eq!(event["datacontenttype"], kept, "{content_type:?}");
    }
    for refused in ["text/plain", "application/xml", "json", "application/jsonp", "application/cloudevents+xml", "application/octet-stream"] {
        binary_as(&house.url, "refused", Some(refused)).await.problem(415);
    }
    assert_eq!(head(&house.url).await, 5);
}

#[tokio::test]
async fn json_that_was_sent_as_base64_is_kept_as_data() {
    let house = House::start();
    // Spaces and escapes of the data stay; the rest is brought into form.
    let data = DATA.replace(':', " : ").replace("\"IN\"", "\"\\u0049N\"").replace("T10 : 00", "T10:00");
    let event = |id: &str, packed: &str| {
        format!(
            r#"{{ "specversion":"1.0", "type":"dateline.anomaly.detected.v1", "source":"/tests", "subject":"mail", "id":"{id}", "data_base64" : "{packed}" }}"#
        )
    };
    let packed = STANDARD.encode(&data);
    post(&house.url, STRUCTURED, event("structured", &packed)).await.expect(201);
    let answer = post(&house.url, BATCH, format!("[{},{}]", event("batch", &packed), event("broken", "e30"))).await.expect(207).json();
    assert_eq!(answer["items"][1]["problem"]["faults"][0]["pointer"], "/data_base64", "{answer:#}");
    for (number, line) in replay(&house.url).await.iter().enumerate() {
        let id = ["structured", "batch"][number];
        let golden =
            format!(r#"{{"data":{data},"id":"{id}","source":"/tests","specversion":"1.0","subject":"mail","type":"dateline.anomaly.detected.v1"}}"#);
        assert_eq!(String::from_utf8_lossy(&exact(line)), golden);
    }
    // It is the same event as the one that says its data plainly.
    let plain = event("structured", "").replace("\"data_base64\" : \"\"", &format!("\"data\":{DATA}"));
    assert_eq!(post(&house.url, STRUCTURED, plain).await.expect(200).json()["position"], 1);
    let wrong = [
        ("no base64", event("x", "%%%"), 422, "/data_base64"),
        ("no JSON", event("x", &STANDARD.encode("hello")), 422, "/data"),
        ("no object", event("x", &STANDARD.encode("[]")), 422, "/data"),
        ("both", event("x", &packed).replace(" }", r#","data":{} }"#), 422, "/data_base64"),
        ("a number", event("x", "").replace("\"\" }", "7 }"), 422, "/data_base64"),
        ("a member twice", event("x", &STANDARD.encode(r#"{"regions":[],"regions":[]}"#)), 422, "/data/regions"),
        ("too deep", event("x", &STANDARD.encode(format!("{}{}", "[".repeat(33), "]".repeat(33)))), 422, "/data"),
    ];
    for (what, event, status, pointer) in wrong {
        let problem = post(&house.url, STRUCTURED, event).await.problem(status);
        assert!(problem["faults"][0]["pointer"].as_str().unwrap().starts_with(pointer), "{what}: {problem:#}");
    }
    assert_eq!(head(&house.url).await, 2);
}

#[tokio::test]
async fn an_empty_batch_is_a_batch() {
    let house = House::start();
    assert_eq!(post(&house.url, BATCH, " [ ] ").await.expect(200).json(), json!({"items": []}));
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_packed_body_is_unpacked_within_the_limit_of_bodies() {
    let house = House::start();
    let send_packed = async |coding: &str, path: &str, media_type: &str, body: Vec<u8>| {
        let request = client().post(house.at(path)).header("content-type", media_type).header("content-encoding", coding);
        send(request.body(body)).await
    };
    let event = format!(" {} ", anomaly("packed", "mail", "2026-03-01T10:00Z[UTC]"));
    send_packed("gzip", "/v1/events", STRUCTURED, packed(event.as_bytes())).await.expect(201);
    assert_eq!(exact(&replay(&house.url).await[0]), event.as_bytes());
    send_packed("gzip", "/v1/reports", "application/json", packed(br#"{"service":"mail"}"#)).await.expect(200);
    let bomb = packed(&vec![b' '; 16 * 1024 * 1024 + 1]);
    assert!(bomb.len() < 200_000);
    send_packed("gzip", "/v1/events", BATCH, bomb.clone()).await.problem(413);
    send_packed("gzip", "/v1/reports", "application/json", bomb).await.problem(413);
    send_packed("gzip", "/v1/events", STRUCTURED, event.clone().into_bytes()).await.problem(400);
    let answer = send_packed("br", "/v1/events", STRUCTURED, event.into_bytes()).await;
    assert_eq!(answer.header("accept-encoding"), "gzip, identity");
    answer.problem(415);
    assert_eq!(head(&house.url).await, 1);
}
