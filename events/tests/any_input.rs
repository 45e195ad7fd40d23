//! Whatever is sent is an event or is refused with a reason: nothing panics.

use dateline_events::{Event, Kind, Text};
use proptest::prelude::*;
use serde_json::{Value, json};

fn event(kind: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": "e1", "source": "/desks/demo", "type": format!("dateline.{kind}.v1"), "subject": "whatsapp", "data": data})
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "data",
        "occurred",
        "stated",
        "at",
        "between",
        "before",
        "within",
        "event",
        "en",
        "x",
    ]);
    let texts =
        prop::sample::select(vec!["1.0", "dateline.vendor.silent.v1", "2022-10-25T12:07Z", "2022-10-25[Asia/Kolkata]", "/desks/demo", "", "é"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        texts.prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(String::from), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect()))
        ]
    })
}

/// At the door and from the ledger: never a panic, and never a refusal without a word.
fn an_event_or_a_fault(bytes: &[u8]) {
    for read in [Event::read_at_the_door(bytes), Event::read(bytes)] {
        match read {
            Ok(event) => assert!(!event.id.is_empty() && !event.source.is_empty()),
            Err(faults) => assert!(!faults.named.is_empty() && faults.named.iter().all(|fault| !fault.detail.is_empty())),
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_event_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        an_event_or_a_fault(&bytes);
    }

    #[test]
    fn any_json_is_an_event_or_a_fault(value in any_json()) {
        an_event_or_a_fault(value.to_string().as_bytes());
    }

    #[test]
    fn any_data_is_an_event_or_a_fault(data in any_json(), kind in prop::sample::select(Kind::NAMES)) {
        an_event_or_a_fault(event(kind, &data).to_string().as_bytes());
    }

    #[test]
    fn any_moment_is_read_or_refused(text in "[0-9T:+Z\\[\\]A-Za-z/.-]{0,40}") {
        an_event_or_a_fault(event("vendor.silent", &json!({"occurred": {"at": text}})).to_string().as_bytes());
    }

    #[test]
    fn any_text_is_told_in_any_language(text in "\\PC{1,20}", language in "[a-z]{2}") {
        let told = Text::from(text.as_str());
        prop_assert_eq!(told.told_in(&language), text.as_str());
    }
}
