//! The door: what a publisher sends is taken, or refused with every fault named by its pointer and a sentence that says what to do.
#![expect(clippy::needless_pass_by_value, reason = "json! reads best where it is handed over whole")]

use dateline_events::{Event, Fault, Faults, MAX_EVENT_BYTES};
use serde_json::{Value, json};

const UNKNOWN: &str = r#"{"unknown":true}"#;

/// An event of `kind` with these members of `data`.
fn event(kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": "e1", "source": "/desks/demo", "type": format!("dateline.{kind}.v1"), "subject": "whatsapp", "data": data})
}

fn door(value: &Value) -> Result<Event, Faults> {
    Event::read_at_the_door(value.to_string().as_bytes())
}

fn faults_of(bytes: &[u8]) -> Vec<Fault> {
    match Event::read_at_the_door(bytes) {
        Ok(event) => panic!("taken, and should be refused: {event:?}"),
        Err(faults) => faults.named,
    }
}

/// Asserts that exactly this is found wrong: pointers in any order, each with words that its sentence holds.
fn refuses(bytes: &[u8], expected: &[(&str, &str)]) {
    let faults = faults_of(bytes);
    let shown = format!("{}\nfound in {}", Faults { named: faults.clone(), further: 0 }, String::from_utf8_lossy(&bytes[..bytes.len().min(600)]));
    for (pointer, words) in expected {
        assert!(
            faults.iter().any(|fault| fault.pointer == *pointer && fault.detail.contains(words)),
            "no fault at {pointer:?} with {words:?}, but: {shown}"
        );
    }
    assert_eq!(faults.len(), expected.len(), "other faults than expected: {shown}");
}

fn refuses_event(value: &Value, expected: &[(&str, &str)]) {
    refuses(value.to_string().as_bytes(), expected);
}

fn refuses_data(kind: &str, data: Value, expected: &[(&str, &str)]) {
    refuses_event(&event(kind, data), expected);
}

/// A vendor.silent whose `occurred` is this.
fn refuses_when(occurred: Value, pointer: &str, words: &str) {
    refuses_data("vendor.silent", json!({"occurred": occurred}), &[(pointer, words)]);
}

fn with_attribute(name: &str, value: Value) -> Value {
    let mut event = event("vendor.silent", json!({"occurred": {"unknown": true}}));
    event[name] = value;
    event
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    refuses(b"", &[("", "not valid JSON")]);
    refuses(b"{\"id\":", &[("", "line 1 column 6")]);
    refuses(b"{\"id\":1} {}", &[("", "not one JSON document")]);
    refuses(b"[]", &[("", "an event is a JSON object")]);
    refuses(b"null", &[("", "an event is a JSON object")]);
    refuses(b"{\"id\":\"\xff\"}", &[("", "not UTF-8: byte 7")]);
    refuses(br#"{"id":"\ud800"}"#, &[("", "not valid JSON")]);
}

#[test]
fn a_member_said_twice_is_named() {
    refuses(br#"{"id":"a","id":"b"}"#, &[("/id", "stands twice")]);
    refuses(br#"{"data":{"x":[1,{"deep":1,"deep":2}]}}"#, &[("/data/x/1/deep", "stands twice")]);
    refuses(br#"{"data":{"\u0061":1,"a":2}}"#, &[("/data/a", "stands twice")]);
}

#[test]
fn numbers_that_not_every_reader_keeps_are_refused() {
    for number in ["9007199254740992", "-9007199254740992", "18446744073709551616", "1e16"] {
        refuses(format!(r#"{{"data":{{"n":{number}}}}}"#).as_bytes(), &[("/data/n", "send it as text")]);
    }
    refuses(br#"{"data":{"n":1e400}}"#, &[("", "number out of range")]);
    let largest = event("reports.observed", json!({"occurred": {"unknown": true}, "counts": [{"value": 9_007_199_254_740_991_u64}]}));
    assert!(door(&largest).is_ok());
}

#[test]
fn deep_nesting_is_refused_without_a_deep_stack() {
    let nested = |levels: usize| format!(r#"{{"data":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    assert!(faults_of(nested(33).as_bytes())[0].detail.contains("nested deeper than 32 levels"));
    assert!(faults_of(nested(30_000).as_bytes())[0].detail.contains("nested deeper than 32 levels"));
    assert!(!faults_of(nested(20).as_bytes())[0].detail.contains("nested"));
}

#[test]
fn an_event_of_64_kib_is_taken_and_one_byte_more_refused() {
    let sized = |bytes: usize| {
        let empty = event("vendor.silent", json!({"occurred": {"unknown": true}, "headline": "x"})).to_string();
        let filled = "x".repeat(bytes - empty.len() + 1);
        event("vendor.silent", json!({"occurred": {"unknown": true}, "headline": filled})).to_string()
    };
    assert_eq!(sized(MAX_EVENT_BYTES).len(), 64 * 1024);
    assert!(Event::read_at_the_door(sized(MAX_EVENT_BYTES).as_bytes()).is_ok());
    refuses(sized(MAX_EVENT_BYTES + 1).as_bytes(), &[("", "an event has at most 65536")]);
}

#[test]
fn the_character_that_databases_cannot_keep_is_refused() {
    refuses_data("vendor.silent", json!({"occurred": {"unknown": true}, "headline": {"en": "a\u{0}b"}}), &[("/data/headline/en", "U+0000")]);
}

#[test]
fn every_fault_of_the_envelope_is_named_at_once() {
    refuses(
        br#"{"specversion":"0.3","id":"","source":"a b","type":5,"subject":"WhatsApp","time":"yesterday","Data":1}"#,
        &[
            ("/specversion", "expected \"1.0\""),
            ("/id", "1 to 256 bytes"),
            ("/source", "without spaces"),
            ("/type", "expected a string"),
            ("/subject", "lower-case letters"),
            ("/time", "RFC 3339"),
            ("/Data", "lower-case letters and digits"),
            ("/data", "missing member"),
        ],
    );
    refuses(b"{}", &["/specversion", "/id", "/source", "/type", "/subject", "/data"].map(|pointer| (pointer, "missing member")));
}

#[test]
fn attributes_hold_what_cloudevents_lets_them_hold() {
    for (name, value, words) in [
        ("id", json!("a\nb"), "without control characters"),
        ("id", json!("x".repeat(257)), "1 to 256 bytes"),
        ("id", json!(7), "expected a string"),
        ("id", json!(null), "missing member"),
        ("source", json!("/desks/\u{7f}"), "without spaces or control characters"),
        ("source", json!("x".repeat(513)), "1 to 512 bytes"),
        ("subject", json!("a".repeat(65)), "1 to 64"),
        ("incidentid", json!(""), "1 to 512 bytes"),
        ("traceparent", json!("a\tb"), "without control characters"),
        ("tracestate", json!(1), "expected a string"),
        ("time", json!("2022-10-25"), "RFC 3339"),
        ("time", json!("2022-10-25T06:37Z"), "RFC 3339"),
        ("time", json!("2022-02-30T06:37:00Z"), "RFC 3339"),
        ("datacontenttype", json!("text/xml"), "application/json"),
        ("data_base64", json!("e30="), "send JSON in \"data\""),
        ("shift", json!(1.5), "a whole number"),
        ("shift", json!({}), "a whole number"),
        ("Shift", json!("x"), "lower-case letters and digits"),
    ] {
        refuses_event(&with_attribute(name, value), &[(&format!("/{name}"), words)]);
    }
    for (name, value) in [
        ("id", json!("x".repeat(256))),
        ("id", json!("নাম ১")),
        ("time", json!("2022-10-25T12:07:00.123456789+05:30")),
        ("time", json!(null)),
        ("datacontenttype", json!("application/json; charset=utf-8")),
        ("shift", json!(2)),
        ("shift", json!(true)),
        ("incidentid", json!(null)),
    ] {
        let taken = with_attribute(name, value);
        assert!(door(&taken).is_ok(), "{taken}: {}", door(&taken).unwrap_err());
    }
}

#[test]
fn kinds_that_this_program_does_not_read_are_named() {
    let typed = |text: &str| with_attribute("type", json!(text));
    refuses_event(&typed("dateline.anomaly.detected.v2"), &[("/type", "send \"dateline.anomaly.detected.v1\"")]);
    refuses_event(&typed("dateline.anomaly.imagined.v1"), &[("/type", "known are service.registered, anomaly.detected")]);
    refuses_event(&typed("dateline.anomaly.detected"), &[("/type", "anomaly.detected")]);
    refuses_event(&typed("com.example.fire"), &[("/type", "expected \"dateline.<kind>.v1\"")]);
    let redaction = event("event.redacted", json!({"position": 1, "key": "k", "leaf": "l"}));
    refuses_event(&redaction, &[("/type", "dateline redact")]);
    assert!(Event::read(redaction.to_string().as_bytes()).is_ok(), "the ledger's own redactions stay readable");
}

#[test]
fn unknown_members_are_named_wherever_they_stand() {
    refuses_data(
        "vendor.silent",
        json!({"occured": {"unknown": true}}),
        &[("/data/occured", "known here are organisation, occurred, stated"), ("/data/occurred", "missing member")],
    );
    refuses_data(
        "vendor.updated",
        json!({"occurred": {"unknown": true}, "status": "resolved", "state": 1}),
        &[("/data/state", "statement, status, occurred")],
    );
    refuses_when(json!({"unknown": true, "zone": "x"}), "/data/occurred/zone", "unknown member `zone`");
    refuses_when(json!({"after": {"event": {"id": "x", "event": "y"}}}), "/data/occurred/after/event/event", "unknown member `event`");
    refuses_data(
        "anomaly.detected",
        json!({"occurred": {"unknown": true}, "sources": [{"slug": "a", "role": "read_in"}, {"slug": "b", "role": "read_in", "publisher": "x"}]}),
        &[("/data/sources/1/publisher", "unknown member `publisher`")],
    );
}

#[test]
fn missing_members_are_named_themselves() {
    refuses_data("vendor.updated", json!({"occurred": {"unknown": true}}), &[("/data/status", "missing member")]);
    refuses_data("claim.weighed", json!({}), &[("/data/event", "missing member"), ("/data/verdict", "missing member")]);
    refuses_data("claim.weighed", json!({"event": {}, "verdict": "preferred"}), &[("/data/event/id", "missing member")]);
    refuses_data("claim.weighed", json!({"event": null, "verdict": "preferred"}), &[("/data/event", "leave the member out")]);
    refuses_data(
        "anomaly.detected",
        json!({"occurred": {"unknown": true}, "counts": [{"value": 1, "per": "window"}], "sources": [{"slug": "a"}]}),
        &[("/data/sources/0/role", "missing member")],
    );
    refuses_data(
        "anomaly.detected",
        json!({"occurred": {"unknown": true}, "counts": [{"value": 1, "per": "window"}]}),
        &[("/data/counts/0/window_minutes", "missing member")],
    );
    refuses_data("cause.stated", json!({"occurred": {"unknown": true}}), &[("/data/statement", "a statement or a headline")]);
}

#[test]
fn several_faults_are_all_named_with_their_own_places() {
    refuses_data(
        "anomaly.detected",
        json!({
            "occurred": {"at": 5}, "certainty": "sure", "baseline": "high", "regions": "IN", "headline": {"en": 5},
            "counts": [{"value": -1}, {"value": 1}, {"value": 1, "per": "day"}], "sources": [{"slug": "a", "role": "writer"}, {"slug": "b"}],
        }),
        &[
            ("/data/occurred/at", "expected a string"),
            ("/data/certainty", "`reported`, `confirmed`, `disputed`"),
            ("/data/baseline", "expected a number"),
            ("/data/regions", "expected a list"),
            ("/data/headline/en", "expected a string"),
            ("/data/counts/0/value", "a whole number, 0 or more"),
            ("/data/counts/2/per", "unknown value `day`"),
            ("/data/sources/0/role", "`read_in`"),
            ("/data/sources/1/role", "missing member"),
        ],
    );
    refuses_data(
        "anomaly.detected",
        json!({
            "occurred": {"at": "2022-10-25T12:07+06:00[Asia/Kolkata]"}, "regions": ["IN", "India"], "shares": [{"share": 69, "symptoms": []}],
            "sources": [{"slug": "A b", "role": "read_in", "url": "ftp://x", "sha256": "12"}],
        }),
        &[
            ("/data/occurred/at", "Asia/Kolkata was at UTC+05:30"),
            ("/data/regions/1", "ISO 3166"),
            ("/data/shares/0/share", "69 % is 0.69"),
            ("/data/sources/0/slug", "lower-case"),
            ("/data/sources/0/url", "https://"),
            ("/data/sources/0/sha256", "64 hexadecimal digits"),
        ],
    );
}

#[test]
fn wrong_types_are_told_in_the_words_of_json() {
    refuses_event(&with_attribute("data", json!("x")), &[("/data", "expected an object")]);
    refuses_when(json!("2022-10-25T12:07Z"), "/data/occurred", "expected an object");
    refuses_when(json!({"between": ["2022-10-25T12:07Z"]}), "/data/occurred/between", "expected a list of two");
    refuses_when(json!({"unknown": "yes"}), "/data/occurred/unknown", "expected true or false");
    refuses_when(json!({"before": 5}), "/data/occurred/before", "expected a moment such as");
    refuses_when(json!({"before": {"id": "x"}}), "/data/occurred/before/id", "expected `event`");
    refuses_when(json!({"after": {}}), "/data/occurred/after/event", "missing member");
    refuses_when(json!({"after": {"event": {"id": 5}}}), "/data/occurred/after/event/id", "expected a string");
}

#[test]
fn a_time_is_told_in_exactly_one_way() {
    let one_of = "exactly one of \"at\", \"between\", \"before\", \"after\", \"unknown\"";
    refuses_when(json!({}), "/data/occurred", one_of);
    refuses_when(json!({"at": "2022-10-25T12:07Z", "unknown": true}), "/data/occurred", one_of);
    refuses_when(json!({"before": "2022-10-25T12:07Z", "after": "2022-10-25T12:00Z"}), "/data/occurred", one_of);
    refuses_when(json!({"unknown": false}), "/data/occurred", "\"unknown\" is true or left out");
    refuses_when(json!({"at": "2022-10-25T12:07Z", "within": ["2022-10-25T12:00Z", "2022-10-25T13:00Z"]}), "/data/occurred", "\"within\" belongs to");
    refuses_when(json!({"at": "2022-10-25T12:07Z", "just": true}), "/data/occurred", "\"just\" belongs to");
    refuses_when(json!({"unknown": true, "precision": "day"}), "/data/occurred", "belong to \"at\" only");
    refuses_when(json!({"at": "2022-10-25T12:07Z", "precision": "second"}), "/data/occurred", "not written as finely");
    refuses_when(json!({"between": ["2022-10-25T13:00Z", "2022-10-25T12:00Z"]}), "/data/occurred", "ends before it begins");
    refuses_when(
        json!({"unknown": true, "within": ["2022-10-26[Asia/Kolkata]", "2022-10-25[Asia/Kolkata]"]}),
        "/data/occurred",
        "ends before it begins",
    );
    refuses_when(
        json!({"after": "2022-10-26T12:00Z", "within": ["2022-10-25T12:00Z", "2022-10-25T13:00Z"]}),
        "/data/occurred",
        "leaves no time at all",
    );
}

#[test]
fn moments_that_cannot_be_are_refused() {
    for (moment, words) in [
        ("2022-02-30T12:07Z", "not a day of the calendar"),
        ("2023-02-29[Asia/Kolkata]", "not a day of the calendar"),
        ("2022-10-25", "a date without its zone"),
        ("2022-10-25T12:07", "is not a moment; expected"),
        ("2022-10-25T24:00Z", "is not a moment; expected"),
        ("2022-10-25T12:07:60Z", "is not a moment; expected"),
        ("2022-10-25T12:07+24:00", "is not a moment; expected"),
        ("2022-10-25 12:07Z", "is not a moment; expected"),
        ("2022-10-25T12:07Z[Asia/Kolkata", "is not a moment; expected"),
        ("2022-10-25[Asia/Calcuta]", "not an IANA time zone"),
        ("9999-12-31T23:59-12:00", "outside the years"),
        ("9999-12-31[Asia/Kolkata]", "outside the years"),
        ("", "is not a moment; expected"),
    ] {
        refuses_when(json!({"at": moment}), "/data/occurred/at", words);
    }
}

/// Zone rules change after an event was taken, so the ledger's reader does not ask them again.
#[test]
fn offset_and_zone_agree_at_the_door_and_are_not_asked_again() {
    for (moment, words) in [
        ("2022-10-25T12:07+06:00[Asia/Kolkata]", "Asia/Kolkata was at UTC+05:30 then"),
        ("2022-10-25T12:07Z[Asia/Kolkata]", "Asia/Kolkata was at UTC+05:30 then"),
        ("2022-10-25T12:07+05:30[Asia/Nowhere]", "not an IANA time zone"),
        // Clocks in Berlin went from 02:00 to 03:00 that night: 02:30 was not on them, by either offset.
        ("2022-03-27T02:30+01:00[Europe/Berlin]", "Europe/Berlin was at UTC+02:00 then"),
        ("2022-03-27T02:30+02:00[Europe/Berlin]", "Europe/Berlin was at UTC+01:00 then"),
    ] {
        let sent = event("vendor.silent", json!({"occurred": {"at": moment}}));
        refuses_event(&sent, &[("/data/occurred/at", words)]);
        assert!(Event::read(sent.to_string().as_bytes()).is_ok(), "{moment} must stay readable from the ledger");
    }
    // In the other night 02:30 came twice; the offset says which, and both are right.
    for moment in ["2022-10-30T02:30+02:00[Europe/Berlin]", "2022-10-30T02:30+01:00[Europe/Berlin]"] {
        assert!(door(&event("vendor.silent", json!({"occurred": {"at": moment}}))).is_ok(), "{moment}");
    }
    let wrong = json!({"at": "2022-10-25T12:07Z[Asia/Kolkata]"});
    let sources = json!([{"slug": "a", "role": "read_in", "published": wrong}]);
    refuses_data(
        "context.added",
        json!({"text": "x", "effective": wrong, "sources": sources}),
        &[("/data/effective/at", "UTC+05:30"), ("/data/sources/0/published/at", "UTC+05:30")],
    );
}

#[test]
fn planned_windows_are_asked_like_other_times() {
    let work = |from: &str, to: &str| json!({"occurred": {"unknown": true}, "scheduled": [from, to]});
    refuses_data("maintenance.announced", work("2026-04-11T04:00Z", "2026-04-11T02:00Z"), &[("/data/scheduled", "ends before it begins")]);
    refuses_data("maintenance.started", work("2026-04-11T02:00Z[Asia/Kolkata]", "2026-04-11T04:00Z"), &[("/data/scheduled/0", "UTC+05:30")]);
    refuses_data("maintenance.completed", work("2026-04-11", "2026-04-11T04:00Z"), &[("/data/scheduled/0", "without its zone")]);
}

#[test]
fn acts_have_no_time_in_the_world_and_all_else_has_one() {
    let other = json!({"id": "other"});
    for (kind, mut data) in [
        ("service.registered", json!({"names": "X"})),
        ("claim.weighed", json!({"event": other, "verdict": "disputed"})),
        ("event.corrected", json!({"event": other, "patch": {"regions": ["IN"]}, "edit_kind": "error"})),
        ("event.retracted", json!({"event": other})),
        ("incident.titled", json!({"event": other, "title": "X"})),
        ("incident.linked", json!({"from": other, "to": {"id": "third"}, "relation": "same_as"})),
        ("statement.translated", json!({"event": other, "quotation": {"lang": "bn", "text": "ক"}})),
    ] {
        assert!(door(&event(kind, data.clone())).is_ok(), "{kind}");
        data["occurred"] = json!({"unknown": true});
        refuses_data(kind, data, &[("/data/occurred", "leave it out")]);
    }
    for (kind, data) in [
        ("anomaly.detected", json!({})),
        ("vendor.silent", json!({})),
        ("maintenance.started", json!({})),
        ("service.restored", json!({"extent": "full"})),
    ] {
        refuses_data(kind, data, &[("/data/occurred", UNKNOWN)]);
    }
    assert!(door(&event("context.added", json!({"text": "x"}))).is_ok(), "context may be timeless");
}

#[test]
fn an_event_cannot_name_itself() {
    let me = json!({"source": "/desks/demo", "id": "e1"});
    refuses_data("event.retracted", json!({"event": me}), &[("/data/event", "cannot name itself")]);
    refuses_data("event.retracted", json!({"event": {"id": "e1"}}), &[("/data/event", "cannot name itself")]);
    refuses_data("incident.linked", json!({"from": {"id": "x"}, "to": me, "relation": "part_of"}), &[("/data/to", "cannot name itself")]);
    refuses_when(json!({"after": {"event": me}}), "/data/occurred/after/event", "cannot name itself");
    let statement = json!({"quotation": {"lang": "en", "text": "x"}, "same_as": me, "translation": {"of": me}});
    refuses_data(
        "vendor.acknowledged",
        json!({"occurred": {"unknown": true}, "statement": statement}),
        &[("/data/statement/same_as", "cannot name itself"), ("/data/statement/translation/of", "cannot name itself")],
    );
    assert!(door(&event("event.retracted", json!({"event": {"source": "/desks/roma", "id": "e1"}}))).is_ok(), "another desk's e1 is another event");
    refuses_data("event.retracted", json!({"event": {"id": "a\u{1}"}}), &[("/data/event/id", "no event has such an id")]);
    refuses_data("event.retracted", json!({"event": {"source": "", "id": "a"}}), &[("/data/event/source", "no event has such a source")]);
}

#[test]
fn addresses_that_could_run_are_refused_everywhere() {
    for address in ["javascript:alert(1)", "data:text/html,x", "//x.example", "https://", "https://x.example/ y", "https://x.example/\n", ""] {
        refuses_data(
            "service.registered",
            json!({"names": "X", "homepage": address, "status_page": address}),
            &[("/data/homepage", "https://"), ("/data/status_page", "https://")],
        );
        refuses_data("context.added", json!({"text": "x", "links": [{"url": address}]}), &[("/data/links/0/url", "https://")]);
        refuses_data("cause.stated", json!({"occurred": {"unknown": true}, "known": false, "url": address}), &[("/data/url", "https://")]);
        refuses_data("context.added", json!({"text": "x", "reference": {"page": address, "id": "1"}}), &[("/data/reference/page", "https://")]);
        refuses_data(
            "context.added",
            json!({"text": "x", "sources": [{"slug": "a", "role": "read_in", "url": address}]}),
            &[("/data/sources/0/url", "https://")],
        );
    }
}

#[test]
fn texts_say_something_in_a_language() {
    let text = |text: Value, words: &str| refuses_data("context.added", json!({"text": text}), &[("/data/text", words)]);
    text(json!(""), "an empty text");
    text(json!(" \n"), "an empty text");
    text(json!({}), "no text in any language");
    text(json!({"en": " "}), "an empty text for \"en\"");
    text(json!(5), "a string, or an object from language tag to string");
    for tag in ["b", "bn_IN", "bn-", "toolonglanguage", ""] {
        let faults = faults_of(event("context.added", json!({"text": {tag: "x"}})).to_string().as_bytes());
        assert!(
            faults.len() == 1 && faults[0].pointer.starts_with("/data/text") && faults[0].detail.contains("not a BCP 47 language tag"),
            "{tag}: {faults:?}"
        );
    }
    let quoted = |quotation: Value| json!({"event": {"id": "x"}, "quotation": quotation});
    refuses_data("statement.translated", quoted(json!({"lang": "x", "text": "y"})), &[("/data/quotation/lang", "such as \"bn\" or \"en-IN\"")]);
    refuses_data("statement.translated", quoted(json!({"lang": "bn", "text": ""})), &[("/data/quotation/text", "an empty text")]);
    refuses_when(json!({"unknown": true, "wording": {"lang": "en", "text": " "}}), "/data/occurred/wording/text", "an empty text");
    refuses_data("context.added", json!({"text": "x", "components": ["API", ""]}), &[("/data/components/1", "an empty text")]);
}

#[test]
fn lists_and_patches_have_their_limits() {
    let sources = |number: usize| json!({"text": "x", "sources": vec![json!({"slug": "a", "role": "read_in"}); number]});
    assert!(door(&event("context.added", sources(32))).is_ok());
    refuses_data("context.added", sources(33), &[("/data/sources", "at most 32 sources")]);
    refuses_data("context.added", json!({"text": "x", "sources": [{"slug": "a", "role": "syndicated_from"}]}), &[("/data/sources", "role read_in")]);
    let patch = |patch: Value| json!({"event": {"id": "x"}, "patch": patch, "edit_kind": "error"});
    refuses_data("event.corrected", patch(json!({})), &[("/data/patch", "changes nothing")]);
    refuses_data("event.corrected", patch(json!({"incidentid": 5})), &[("/data/patch/incidentid", "or null")]);
    assert!(door(&event("event.corrected", patch(json!({"certainty": null, "incidentid": null})))).is_ok(), "in a patch a null removes");
}
