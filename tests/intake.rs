//! What is sent is taken once, kept exactly and answered by name; what is wrong is named by pointer, and nothing of it is stored.

mod budget;
mod forms;
mod placed;
mod refusals;
pub mod sdks;

use serde_json::{Value, json};

use crate::asking::{Answer, BATCH, House, STRUCTURED, client, get, head, post, publish_one, send};
use crate::support::{anomaly, run};

/// The data of [`anomaly`].
const DATA: &str = r#"{"occurred":{"at":"2026-03-01T10:00Z[UTC]"},"regions":["IN"],"sources":[{"slug":"tests","role":"read_in"}]}"#;

/// Sends an event in binary mode.
async fn binary(url: &str, headers: &[(&str, &[u8])], data: &str) -> Answer {
    let mut request = client().post(format!("{url}/v1/events")).header("content-type", "application/json").body(data.to_owned());
    for (name, value) in headers {
        request = request.header(*name, reqwest::header::HeaderValue::from_bytes(value).unwrap());
    }
    send(request).await
}

/// The headers that every event needs, with an id.
fn needed(id: &[u8]) -> Vec<(&'static str, &[u8])> {
    vec![("ce-specversion", b"1.0"), ("ce-id", id), ("ce-source", b"/tests"), ("ce-type", b"dateline.anomaly.detected.v1"), ("ce-subject", b"mail")]
}

/// The lines of a replay.
async fn replay(url: &str) -> Vec<String> {
    let answer = get(&format!("{url}/v1/events?after=0")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    answer.text().lines().map(ToOwned::to_owned).collect()
}

/// The event of a replayed line, as the bytes that stand in it.
fn exact(line: &str) -> Vec<u8> {
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        #[serde(borrow, default)]
        event: Option<&'a serde_json::value::RawValue>,
        #[serde(default)]
        event_base64: Option<String>,
    }
    let line: Line<'_> = serde_json::from_str(line).unwrap();
    match (line.event, line.event_base64) {
        (Some(event), None) => event.get().as_bytes().to_vec(),
        (None, Some(text)) => base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap(),
        both => panic!("expected event or event_base64: {both:?}"),
    }
}

#[tokio::test]
async fn each_of_the_three_modes_is_taken_and_brought_into_one_form() {
    let house = House::start();
    let structured = anomaly("structured", "mail", "2026-03-01T10:00Z[UTC]");
    let answer = post(&house.url, STRUCTURED, structured.clone()).await.expect(201);
    let receipt = answer.json();
    assert_eq!(answer.header("location"), "/v1/events/1");
    assert_eq!(
        (&receipt["position"], &receipt["fresh"], &receipt["source"], &receipt["id"]),
        (&json!(1), &json!(true), &json!("/tests"), &json!("structured"))
    );

    let answer = binary(&house.url, &needed(b"binary"), &format!(" {DATA} ")).await.expect(201);
    assert_eq!(answer.json()["position"], 2);

    // Members in another order and with spaces: the attributes are brought into form, the bytes of data stay.
    let item = format!(
        r#"{{ "data" : {DATA}, "type":"dateline.anomaly.detected.v1", "subject":"mail","source":"/tests","id":"batch", "specversion":"1.0" }}"#
    );
    let answer = post(&house.url, BATCH, format!("[\n {item}\n]")).await.expect(201);
    assert_eq!(answer.json()["items"][0]["receipt"]["position"], 3);

    let kept: Vec<Vec<u8>> = replay(&house.url).await.iter().map(|line| exact(line)).collect();
    let in_form = |id: &str, more: &str| {
        format!(r#"{{"data":{DATA},{more}"id":"{id}","source":"/tests","specversion":"1.0","subject":"mail","type":"dateline.anomaly.detected.v1"}}"#)
    };
    let expected = [structured, in_form("binary", r#""datacontenttype":"application/json","#), in_form("batch", "")];
    for (kept, expected) in kept.iter().zip(&expected) {
        assert_eq!(String::from_utf8_lossy(kept), *expected);
    }
    assert_eq!(kept.len(), 3);
}

#[tokio::test]
async fn a_structured_event_is_replayed_byte_for_byte() {
    let house = House::start();
    let tight = anomaly("tight", "mail", "2026-03-01T10:00Z[UTC]");
    let events = [
        tight.clone(),
        tight.replace("\"tight\"", " \"spaces\" ").replace(':', " :  ").replace("2026-03-01T10 :  00Z", "2026-03-01T10:00Z"),
        format!("  {}\t", tight.replace("tight", "around")),
        format!("\t{}", tight.replace("tight", "tab before")),
        tight.replace("tight", "lines").replace(',', ",\n"),
        tight.replace("tight", "carriage").replace(',', ",\r\n"),
        tight.replace("tight", r"\u0065scapes\/").replace("\"IN\"", "\"\\u0049N\""),
        tight.replace("tight", "দুপুর ১২টা ৭ — \u{2028} 🛰"),
        format!(r#"{{"type":"dateline.anomaly.detected.v1","data":{DATA},"subject":"mail","id":"order","source":"/tests","specversion":"1.0"}}"#),
    ];
    for event in &events {
        publish_one(&house.url, event).await;
    }
    let over_http = replay(&house.url).await;
    let from_files = run(&house.data, &["audit", "replay"]);
    assert_eq!(from_files.status.code(), Some(0), "{}", String::from_utf8_lossy(&from_files.stderr));
    let from_files = String::from_utf8(from_files.stdout).unwrap();
    let from_server = String::from_utf8(run(&house.data, &["audit", "replay", "--url", &house.url]).stdout).unwrap();
    for (how, lines) in [
        ("HTTP", over_http.clone()),
        ("files", from_files.lines().map(Into::into).collect()),
        ("--url", from_server.lines().map(Into::into).collect()),
    ] {
        assert_eq!(lines.len(), events.len(), "{how}: {lines:#?}");
        assert_eq!(lines, over_http, "{how}");
        for (line, event) in lines.iter().zip(&events) {
            assert_eq!(String::from_utf8_lossy(&exact(line)), *event, "{how}: {line}");
        }
    }
}

#[tokio::test]
async fn a_batch_is_answered_item_by_item_in_its_order() {
    let house = House::start();
    let event = |id: &str| anomaly(id, "mail", "2026-03-01T10:00Z[UTC]");
    publish_one(&house.url, &event("known")).await;
    let batch = [
        event("new"),
        event("bad").replace("\"IN\"", "\"India\""),
        event("known"),
        event("known").replace("\"IN\"", "\"BD\""),
        event("new"),
        "7".to_owned(),
        event("twice").replace("\"id\":", "\"subject\":\"mail\",\"id\":"),
        event("last"),
    ];
    let answer = post(&house.url, BATCH, format!("[{}]", batch.join(","))).await.expect(207).json();
    let items = answer["items"].as_array().unwrap();
    type Answer<'a> = (u64, Option<u64>, Option<bool>, Option<&'a str>);
    let said: Vec<Answer<'_>> = items
        .iter()
        .map(|item| {
            assert!(item.get("receipt").is_some() != item.get("problem").is_some(), "a receipt or a problem, never both: {item}");
            let status = item["status"].as_u64().unwrap();
            (status, item["receipt"]["position"].as_u64(), item["receipt"]["fresh"].as_bool(), item["problem"]["faults"][0]["pointer"].as_str())
        })
        .collect();
    let expected = [
        (201, Some(2), Some(true), None),
        (422, None, None, Some("/data/regions/0")),
        (200, Some(1), Some(false), None),
        (409, None, None, None),
        (200, Some(2), Some(false), None),
        (400, None, None, Some("")),
        (422, None, None, Some("/subject")),
        (201, Some(3), Some(true), None),
    ];
    assert_eq!(said, expected, "{answer:#}");
    assert_eq!(head(&house.url).await, 3);

    let all_known = format!("[{},{}]", event("new"), event("last"));
    let answer = post(&house.url, BATCH, all_known).await.expect(201).json();
    assert!(answer["items"].as_array().unwrap().iter().all(|item| item["receipt"]["fresh"] == false), "{answer}");
}

#[tokio::test]
async fn the_same_id_again_is_the_same_event() {
    let house = House::start();
    let event = anomaly("once", "mail", "2026-03-01T10:00Z[UTC]");
    let first = post(&house.url, STRUCTURED, event.clone()).await.expect(201).json();
    let traced = |value: &str| event.replacen('{', &format!(r#"{{"traceparent":"{value}","tracestate":"a=1","#), 1);
    let spaced = event.replace(',', " ,\n ");
    for again in [event.clone(), spaced, traced("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), traced("00-1-2-00")] {
        let answer = post(&house.url, STRUCTURED, again.clone()).await.expect(200);
        let mut expected = first.clone();
        expected["fresh"] = json!(false);
        assert_eq!(answer.json(), expected, "{again}");
        assert_eq!(answer.header("location"), "/v1/events/1");
    }
    // By another mode it is still the same: only what it says counts.
    let answer = post(&house.url, BATCH, format!("[{event}]")).await.expect(201).json();
    assert_eq!(answer["items"][0]["receipt"]["fresh"], false);
    assert_eq!(head(&house.url).await, 1);
    assert_eq!(exact(&replay(&house.url).await[0]), event.as_bytes(), "the first bytes stay");
}

#[tokio::test]
async fn another_event_under_a_taken_id_is_refused_and_both_are_shown() {
    let house = House::start();
    let first = anomaly("taken", "mail", "2026-03-01T10:00Z[UTC]");
    let other = first.replace("T10:00", "T11:00");
    publish_one(&house.url, &first).await;
    let problem = post(&house.url, STRUCTURED, other.clone()).await.problem(409);
    assert_eq!(problem["type"], "urn:dateline:problem:id-taken");
    assert_eq!(problem["position"], 1);
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(problem["stored"], read(&first), "{problem:#}");
    assert_eq!(problem["sent"], read(&other), "{problem:#}");
    assert_eq!(head(&house.url).await, 1);
    // Byte for byte, also in a batch: members in the order in which they were sent, letters as they were escaped.
    let exact = r#"{"subject":"mail","specversion":"1.0","type":"dateline.anomaly.detected.v1","source":"/tests","id":"exact","note":"caf\u00e9","data":{"occurred":{"at":"2026-03-01T10:00Z[UTC]"}, "sources":[{"slug":"a","role":"read_in"}],"regions":["IN"]}}"#;
    publish_one(&house.url, exact).await;
    let other = exact.replace("00e9", "00ea");
    for (media_type, body) in [(STRUCTURED, other.clone()), (BATCH, format!("[{other}]"))] {
        let answer = post(&house.url, media_type, body).await.text();
        assert!(answer.contains(&format!("\"stored\":{exact}")), "{answer}");
        if media_type == STRUCTURED {
            assert!(answer.contains(&format!("\"sent\":{other}")), "{answer}");
        }
    }
    // The same id of another source is another event.
    publish_one(&house.url, &first.replace("\"/tests\"", "\"/tests/other\"")).await;
}

#[tokio::test]
async fn header_values_are_unquoted_and_percent_decoded() {
    let house = House::start();
    let cases: [(&[u8], &str); 7] = [
        (b"plain", "plain"),
        (b"with%20a%20space", "with a space"),
        (b"\"quoted value\"", "quoted value"),
        (br#""a \"quote\" and a \\ within""#, r#"a "quote" and a \ within"#),
        (b"%E0%A6%AC%e0%a6%be", "বা"),
        (b"100%25", "100%"),
        ("ঢাকা".as_bytes(), "ঢাকা"),
    ];
    for (sent, meant) in cases {
        let answer = binary(&house.url, &needed(sent), DATA).await.expect(201);
        assert_eq!(answer.json()["id"], meant, "{}", String::from_utf8_lossy(sent));
    }
    // A number among the extensions is text: headers know no other type.
    let mut headers = needed(b"extended");
    headers.push(("ce-priority", b"7"));
    binary(&house.url, &headers, DATA).await.expect(201);
    let event = get(&house.at("/v1/events?source=/tests&id=extended&min_position=8")).await.expect(200).json();
    assert_eq!(event["events"][0]["event"]["priority"], "7", "{event:#}");
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_named() {
    let house = House::start();
    type Headers = Vec<(&'static str, &'static [u8])>;
    let with = |more: &[(&'static str, &'static [u8])]| -> Headers {
        needed(b"headers").into_iter().filter(|(name, _)| more.iter().all(|(other, _)| name != other)).chain(more.iter().copied()).collect()
    };
    let cases: [(&str, Headers, &str); 10] = [
        ("an escape that is none", with(&[("ce-id", b"50%")]), "/id"),
        ("half an escape", with(&[("ce-id", b"%4")]), "/id"),
        ("no hexadecimal digits", with(&[("ce-subject", b"ma%zzil")]), "/subject"),
        ("a sign instead of a digit", with(&[("ce-id", b"%+1")]), "/id"),
        ("escapes that are not UTF-8", with(&[("ce-id", b"%ff%fe")]), "/id"),
        ("bytes that are not UTF-8", with(&[("ce-id", b"caf\xe9")]), "/id"),
        ("a quoted string that does not end", with(&[("ce-id", br#""open\""#)]), "/id"),
        ("a quotation mark in a quoted string", with(&[("ce-id", br#""a"b""#)]), "/id"),
        ("a header twice", with(&[("ce-id", b"one"), ("ce-id", b"two")]), "/id"),
        ("data among the headers", with(&[("ce-data", b"{}")]), "/data"),
    ];
    for (what, headers, pointer) in cases {
        let problem = binary(&house.url, &headers, DATA).await.problem(422);
        assert_eq!(problem["faults"][0]["pointer"], pointer, "{what}: {problem:#}");
    }
    let without_type: Headers = needed(b"headers").into_iter().filter(|(name, _)| *name != "ce-type").collect();
    let problem = binary(&house.url, &without_type, DATA).await.problem(422);
    assert_eq!(problem["faults"][0]["pointer"], "/type", "{problem:#}");
    for (what, data, pointer) in
        [("no JSON", "{", "/data"), ("a member twice", r#"{"regions":["IN"],"regions":["BD"]}"#, "/data/regions"), ("nothing", "", "/data")]
    {
        let answer = binary(&house.url, &needed(b"body"), data).await;
        assert!((400..500).contains(&answer.status), "{what}: {}", answer.text());
        assert_eq!(answer.json()["faults"][0]["pointer"], pointer, "{what}: {}", answer.text());
    }
    assert_eq!(head(&house.url).await, 0);
}
