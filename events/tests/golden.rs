//! Values that may never change: the bounds of every way of telling a time, the event key, the commitment, the leaf, and the
//! structured form. The hashes were computed with Python's hashlib, not by this program.

use std::collections::BTreeMap;

use dateline_events::{
    Bounds, Event, EventKey, Instant, LeafHasher, LeafKind, When, commitment, content_id, from_base64, leaf_bytes, leaf_hash, same_event,
    structured_form,
};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn bounds(when: &Value) -> Bounds {
    serde_json::from_value::<When>(when.clone()).unwrap_or_else(|error| panic!("{when}: {error}")).own_bounds()
}

/// Each way of telling, and [earliest, latest) in UTC; an empty text is a bound that nobody told.
fn table() -> Vec<(Value, &'static str, &'static str)> {
    let day = "2022-10-25[Asia/Kolkata]";
    vec![
        // To the precision that it is written in, or a coarser one.
        (json!({"at": "2022-10-25T12:07:30+05:30"}), "2022-10-25T06:37:30Z", "2022-10-25T06:37:31Z"),
        (json!({"at": "2022-10-25T12:07:30.25+05:30"}), "2022-10-25T06:37:30.25Z", "2022-10-25T06:37:31.25Z"),
        (json!({"at": "2022-10-25T12:07+05:30[Asia/Kolkata]"}), "2022-10-25T06:37:00Z", "2022-10-25T06:38:00Z"),
        (json!({"at": "2022-10-25T12:07+05:30", "precision": "minute"}), "2022-10-25T06:37:00Z", "2022-10-25T06:38:00Z"),
        (json!({"at": "2022-10-25T12:00+05:30", "precision": "hour"}), "2022-10-25T06:30:00Z", "2022-10-25T07:30:00Z"),
        (json!({"at": day, "precision": "day"}), "2022-10-24T18:30:00Z", "2022-10-25T18:30:00Z"),
        // The days on which Berlin's clocks change have 23 and 25 hours.
        (json!({"at": "2022-03-27[Europe/Berlin]"}), "2022-03-26T23:00:00Z", "2022-03-27T22:00:00Z"),
        (json!({"at": "2022-10-30[Europe/Berlin]"}), "2022-10-29T22:00:00Z", "2022-10-30T23:00:00Z"),
        // The offset alone gives the instant: in the hour that came twice it says which.
        (json!({"at": "2022-10-30T02:30+02:00[Europe/Berlin]"}), "2022-10-30T00:30:00Z", "2022-10-30T00:31:00Z"),
        (json!({"at": "2022-10-30T02:30+01:00[Europe/Berlin]"}), "2022-10-30T01:30:00Z", "2022-10-30T01:31:00Z"),
        // About: 5 minutes to both sides of a minute, 30 of an hour.
        (json!({"at": "2022-10-25T12:07+05:30", "approximate": true}), "2022-10-25T06:32:00Z", "2022-10-25T06:43:00Z"),
        (json!({"at": "2022-10-25T12:00+05:30", "precision": "hour", "approximate": true}), "2022-10-25T06:00:00Z", "2022-10-25T08:00:00Z"),
        (json!({"at": day, "approximate": true}), "2022-10-24T18:30:00Z", "2022-10-25T18:30:00Z"),
        // Between runs from the start of the first to the end of the second.
        (json!({"between": ["2022-10-25T12:07+05:30", "2022-10-25T12:20+05:30"]}), "2022-10-25T06:37:00Z", "2022-10-25T06:51:00Z"),
        (json!({"between": ["2022-10-25T15:00+05:30", day]}), "2022-10-25T09:30:00Z", "2022-10-25T18:30:00Z"),
        (json!({"between": ["2022-10-25T12:07+05:30", "2022-10-25T12:07+05:30"]}), "2022-10-25T06:37:00Z", "2022-10-25T06:38:00Z"),
        // Before a minute includes it; after runs from its start.
        (json!({"before": "2022-10-25T14:15+05:30"}), "", "2022-10-25T08:46:00Z"),
        (json!({"after": "2022-10-25T14:15+05:30"}), "2022-10-25T08:45:00Z", ""),
        (json!({"before": day}), "", "2022-10-25T18:30:00Z"),
        (json!({"after": day}), "2022-10-24T18:30:00Z", ""),
        // Just: 30 minutes on that side.
        (json!({"before": "2022-10-25T14:15+05:30", "just": true}), "2022-10-25T08:15:00Z", "2022-10-25T08:46:00Z"),
        (json!({"after": "2022-10-25T14:15+05:30", "just": true}), "2022-10-25T08:45:00Z", "2022-10-25T09:15:00Z"),
        // What leans on an event has no bound of its own on either side.
        (json!({"before": {"event": {"id": "x"}}}), "", ""),
        (json!({"after": {"event": {"id": "x"}}, "just": true}), "", ""),
        (json!({"unknown": true}), "", ""),
        // Within narrows.
        (json!({"unknown": true, "within": [day, day]}), "2022-10-24T18:30:00Z", "2022-10-25T18:30:00Z"),
        (json!({"after": "2022-10-25T14:15+05:30", "within": [day, day]}), "2022-10-25T08:45:00Z", "2022-10-25T18:30:00Z"),
        (json!({"before": "2022-10-25T14:15+05:30", "within": [day, day]}), "2022-10-24T18:30:00Z", "2022-10-25T08:46:00Z"),
        (json!({"after": {"event": {"id": "x"}}, "within": [day, day]}), "2022-10-24T18:30:00Z", "2022-10-25T18:30:00Z"),
        (
            json!({"before": "2022-10-25T14:15+05:30", "just": true, "within": ["2022-10-25T14:00+05:30", day]}),
            "2022-10-25T08:30:00Z",
            "2022-10-25T08:46:00Z",
        ),
    ]
}

#[test]
fn every_way_of_telling_a_time_has_these_bounds() {
    let read = |text: &str| (!text.is_empty()).then(|| Instant::parse(text).unwrap());
    for (when, earliest, latest) in table() {
        assert_eq!(bounds(&when), Bounds { earliest: read(earliest), latest: read(latest) }, "{when}");
    }
}

#[test]
fn a_time_says_the_same_after_a_round_trip() {
    for (when, ..) in table() {
        let read: When = serde_json::from_value(when).unwrap();
        let again: When = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
        assert_eq!(again, read);
    }
}

#[test]
fn a_key_is_these_22_characters() {
    assert_eq!(EventKey::of("/desks/demo", "first-sign").as_str(), "DjTBByf5AZOyRLY_KdmThH");
    assert_eq!(EventKey::of("/watchers/githubstatus.com", "abc123 ক").as_str(), "TdwMw49jeFku92sOUMI_zV");
    assert_eq!(EventKey::parse("DjTBByf5AZOyRLY_KdmThH"), Some(EventKey::of("/desks/demo", "first-sign")));
    assert_eq!(EventKey::parse("DjTBByf5AZOyRLY_KdmTh."), None);
    assert_eq!(EventKey::parse("DjTBByf5AZOyRLY_KdmTh"), None);
}

#[test]
fn a_leaf_is_these_bytes() {
    let salt: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    let commitment = commitment(&salt, br#"{"specversion":"1.0"}"#);
    assert_eq!(hex(&commitment), "b31b9d86fd1b43e4df47ebb17b08c690fcca573c6dfe0f3fdf55a3bd37be1032");
    let leaf = leaf_bytes(Instant(1_795_396_177_123_456), LeafKind::Event, &commitment);
    assert_eq!(leaf, r#"{"c":"sxudhv0bQ+TfR+uxewjGkPzKVzxt/g8/31WjvTe+EDI=","k":"event","rec":"2026-11-23T01:09:37.123456Z","v":1}"#);
    assert_eq!(hex(&leaf_hash(&leaf)), "25b3cf52d80504a3d953ca3ee23ef24cadeb5e7aff6474e1d6c8323b1d9bf40a");
    let on_the_second = leaf_bytes(Instant(1_795_396_177_000_000), LeafKind::Event, &commitment);
    assert_eq!(hex(&leaf_hash(&on_the_second)), "9e1d682645ff911e1422e4cd7d666d96d89ff7edbd1c820eca5948d7bb7bdc65");
    let of_a_redaction = leaf_bytes(Instant(1_795_396_177_000_000), LeafKind::Redaction, &commitment);
    assert_eq!(of_a_redaction, r#"{"c":"sxudhv0bQ+TfR+uxewjGkPzKVzxt/g8/31WjvTe+EDI=","k":"redaction","rec":"2026-11-23T01:09:37.000000Z","v":1}"#);
}

#[test]
fn a_leaf_says_what_its_position_is() {
    let of = |text: &str| LeafKind::of(text.as_bytes());
    assert_eq!(of(r#"{"id":"1","type":"dateline.event.redacted.v1"}"#), LeafKind::Redaction);
    assert_eq!(of(r#"{"id":"1","type":"dateline.context.added.v1","data":{"text":"dateline.event.redacted.v1"}}"#), LeafKind::Event);
    assert_eq!(of("no event: dateline.event.redacted.v1"), LeafKind::Event);
    let mut hasher = LeafHasher::at(Instant(0));
    for kind in [LeafKind::Redaction, LeafKind::Event, LeafKind::Redaction] {
        assert_eq!(hasher.hash(kind, &[7; 32]), leaf_hash(&leaf_bytes(Instant(0), kind, &[7; 32])), "{kind:?}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An event in binary mode: its attributes came as headers, its data as the body, spaces and escapes and all.
#[test]
fn a_binary_event_has_this_structured_form() {
    let data: Box<RawValue> = serde_json::from_str(r#"{ "occurred" : {"unknown":true},  "headline":"\u0995" }"#).unwrap();
    let attributes =
        [("type", "dateline.vendor.silent.v1"), ("specversion", "1.0"), ("id", "a \"b\""), ("source", "/desks/demo"), ("subject", "whatsapp")];
    let attributes: BTreeMap<String, Value> = attributes.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let form = String::from_utf8(structured_form(&attributes, Some(&data))).unwrap();
    let golden = concat!(
        r#"{"data":{ "occurred" : {"unknown":true},  "headline":"\u0995" },"id":"a \"b\"","source":"/desks/demo","#,
        r#""specversion":"1.0","subject":"whatsapp","type":"dateline.vendor.silent.v1"}"#,
    );
    assert_eq!(form, golden);
    assert_eq!(Event::read_at_the_door(form.as_bytes()).unwrap().id, "a \"b\"");
    assert_eq!(structured_form(&BTreeMap::new(), None), b"{}");
}

/// An event whose data an SDK sent as bytes has the form of binary mode.
#[test]
fn an_event_with_its_data_as_base64_has_this_structured_form() {
    let sent = r#"{"specversion":"1.0","id":"1","source":"/x","type":"dateline.anomaly.detected.v1","subject":"ferry","datacontenttype":"application/json","data_base64":"eyAib2NjdXJyZWQiOnsidW5rbm93biI6dHJ1ZX0gfQo="}"#;
    let Ok(Value::Object(mut members)) = dateline_events::read_strict(sent.as_bytes()) else { panic!("it is an object") };
    let (data, read) = from_base64(&mut members).unwrap().unwrap();
    assert_eq!(read, json!({"occurred": {"unknown": true}}));
    let attributes: BTreeMap<String, Value> = members.into_iter().collect();
    let golden = concat!(
        r#"{"data":{ "occurred":{"unknown":true} },"datacontenttype":"application/json","id":"1","source":"/x","specversion":"1.0","#,
        r#""subject":"ferry","type":"dateline.anomaly.detected.v1"}"#,
    );
    assert_eq!(String::from_utf8(structured_form(&attributes, Some(&data))).unwrap(), golden);
}

/// Computed with Python's hashlib, not by this program.
#[test]
fn an_id_made_of_the_content_is_this_uuid() {
    let mut event = json!({"specversion": "1.0", "source": "/desks/demo", "type": "dateline.anomaly.detected.v1", "subject": "whatsapp",
        "data": {"occurred": {"at": "2022-10-25T12:07+05:30"}, "headline": "é"}});
    let id = |event: &Value| content_id(event.as_object().unwrap());
    assert_eq!(id(&event), "01840ddb-cee0-8ca7-9127-9d8c2918357c");
    for (name, value) in [("id", "x"), ("traceparent", "00-1"), ("tracestate", "a=1")] {
        event[name] = json!(value);
        assert_eq!(id(&event), "01840ddb-cee0-8ca7-9127-9d8c2918357c", "{name} is no content");
    }
    event["data"]["headline"] = json!("e");
    assert_ne!(id(&event), "01840ddb-cee0-8ca7-9127-9d8c2918357c");
    event["data"]["headline"] = json!("é");
    event["data"]["occurred"] = json!({"unknown": true});
    assert_eq!(id(&event), "00000000-0000-889e-b1ab-8f2e18c0d892", "without a bound the time is 0");
    for occurred in ["1969-07-20T20:17Z", "0001-01-01T00:00Z"] {
        event["data"]["occurred"] = json!({"at": occurred});
        assert!(id(&event).starts_with("00000000-0000-8"), "{occurred}: {}", id(&event));
    }
}

#[test]
fn the_same_event_again_is_the_same_event() {
    let first = br#"{"id":"a","data":{"x":1},"traceparent":"00-1"}"#;
    assert!(same_event(first, br#"{ "traceparent":"00-2", "data":{"x":1}, "tracestate":"y", "id":"\u0061" }"#));
    assert!(!same_event(first, br#"{"id":"a","data":{"x":2}}"#));
    assert!(!same_event(first, br#"{"id":"a","data":{"x":1,"traceparent":"z"}}"#), "only the attribute is left out, not a member of data");
    assert!(!same_event(b"[1]", b"[ 1 ]"), "what is no object is no event");
}

fn attribute_values() -> impl Strategy<Value = BTreeMap<String, Value>> {
    prop::collection::btree_map(
        "[a-c][a-z0-9]{0,6}",
        prop_oneof!["[^\\x00]{0,12}".prop_map(Value::from), any::<bool>().prop_map(Value::from), any::<i32>().prop_map(Value::from)],
        0..6,
    )
}

proptest! {
    #[test]
    fn same_event_is_reflexive_and_does_not_see_traceparent(attributes in attribute_values(), trace in "[a-f0-9]{1,8}") {
        let plain = structured_form(&attributes, None);
        prop_assert!(same_event(&plain, &plain));
        let mut traced = attributes;
        traced.insert("traceparent".to_owned(), Value::from(trace));
        prop_assert!(same_event(&plain, &structured_form(&traced, None)));
        traced.insert("another".to_owned(), Value::from("x"));
        prop_assert!(same_event(&plain, &structured_form(&traced, None)) == plain.windows(13).any(|part| part == br#""another":"x""#));
    }

    #[test]
    fn the_structured_form_reads_as_what_was_written(attributes in attribute_values(), number in -1_000_000_i64..1_000_000) {
        let data: Box<RawValue> = serde_json::from_str(&format!("[ {number} ]")).unwrap();
        let read = dateline_events::read_strict(&structured_form(&attributes, Some(&data))).unwrap();
        let mut expected = serde_json::to_value(&attributes).unwrap();
        expected["data"] = json!([number]);
        prop_assert_eq!(read, expected);
    }
}
