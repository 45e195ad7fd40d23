//! The contract files in `schemas/` say what the door does: the committed schemas are what is generated, every kind has an
//! example that is read, and a change that the schema refuses is refused at the door, and the other way round.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dateline_events::{Common, Event, Faults, Kind, schema};
use serde_json::{Value, json};

/// One committed example.
struct Example {
    file: String,
    kind: String,
    value: Value,
}

#[test]
fn the_committed_schemas_are_what_is_generated() {
    let rewrite = std::env::var_os("DATELINE_REWRITE").is_some_and(|value| value == "1");
    let folder = schemas().join("events");
    for name in Kind::NAMES {
        let file = folder.join(format!("{name}.v1.schema.json"));
        let generated = format!("{}\n", serde_json::to_string_pretty(&schema::of_kind(name).unwrap()).unwrap());
        if rewrite {
            std::fs::write(&file, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == generated,
            "{} differs from what is generated: run this test with DATELINE_REWRITE=1 and read the difference",
            file.display()
        );
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, Kind::NAMES.len(), "{} holds a schema of a kind that does not exist", folder.display());
}

#[test]
fn every_kind_has_an_example() {
    let shown: BTreeSet<String> = examples().into_iter().map(|example| example.kind).collect();
    for name in Kind::NAMES {
        assert!(shown.contains(*name), "schemas/examples/{name}.v1.json is missing");
    }
}

#[test]
fn every_kind_that_can_be_published_stands_in_asyncapi_yaml() {
    let text = std::fs::read_to_string(schemas().join("asyncapi.yaml")).unwrap();
    for name in Kind::NAMES {
        let is_described = text.contains(&format!("'./events/{name}.v1.schema.json'"));
        assert_eq!(is_described, *name != "event.redacted", "{name}: asyncapi.yaml has every kind but the ledger's own");
    }
}

#[test]
fn every_example_is_read_and_says_the_same_after_a_round_trip() {
    for Example { file, kind, value } in examples() {
        let bytes = value.to_string().into_bytes();
        // A redaction comes from the ledger itself: readable, never accepted.
        let read = if kind == "event.redacted" {
            assert_eq!(Event::read_at_the_door(&bytes).unwrap_err().named[0].pointer, "/type", "{file}");
            Event::read(&bytes)
        } else {
            Event::read_at_the_door(&bytes)
        };
        let event = read.unwrap_or_else(|faults| panic!("{file}: {faults}"));
        assert_eq!(event.kind.name(), kind, "{file}");
        let mut again = value.clone();
        again["data"] = Value::Object(event.data());
        let read_again = Event::read(again.to_string().as_bytes()).unwrap_or_else(|faults| panic!("{file}, read again: {faults}"));
        assert_eq!(read_again, event, "{file}");
        assert!(validator(&kind).is_valid(&again), "{file}: what data() writes does not meet the schema");
    }
}

#[test]
fn every_example_meets_its_schema() {
    for Example { file, kind, value } in examples() {
        if let Err(error) = validator(&kind).validate(&value) {
            panic!("{file}: {}: {error}", error.instance_path());
        }
    }
}

#[test]
fn the_examples_use_every_member_of_every_schema() {
    let mut known = BTreeSet::from_iter(Common::MEMBERS.map(ToOwned::to_owned));
    for name in Kind::NAMES {
        let schema = schema::of_kind(name).unwrap();
        let mut used = BTreeSet::new();
        examples().iter().filter(|example| example.kind == *name).for_each(|example| paths(&example.value["data"], "", &mut used));
        for member in schema["properties"]["data"]["properties"].as_object().unwrap().keys() {
            let is_common = Common::MEMBERS.contains(&member.as_str());
            assert!(is_common || used.contains(&format!("/{member}")), "no example of {name} uses data.{member}");
        }
        member_names(&schema["$defs"], &mut known);
    }
    let mut used = BTreeSet::new();
    examples().iter().for_each(|example| paths(&example.value["data"], "", &mut used));
    let used: BTreeSet<&str> = used.iter().filter_map(|path| path.rsplit('/').next()).collect();
    for member in known {
        assert!(used.contains(member.as_str()), "no example uses the member {member}");
    }
}

/// Each example, changed in one place in many ways: schema and door must agree on every one.
#[test]
fn schema_and_door_agree_on_what_is_wrong() {
    let mut disagreements = Vec::new();
    let (mut refused, mut accepted) = (0, 0);
    for Example { file, kind, value } in examples().into_iter().filter(|example| example.kind != "event.redacted") {
        let validator = validator(&kind);
        let mut places = BTreeSet::new();
        paths(&value, "", &mut places);
        // What a patch holds is judged together with the event that it corrects.
        places.retain(|place| !place.starts_with("/data/patch/") || place == "/data/patch/incidentid");
        for place in places {
            for changed in changes(&value, &place) {
                let door = Event::read_at_the_door(changed.to_string().as_bytes());
                *(if door.is_ok() { &mut accepted } else { &mut refused }) += 1;
                if door.is_ok() != validator.is_valid(&changed) && !beyond_a_schema(&door) {
                    let found = changed.pointer(&place).map_or("left out".to_owned(), ToString::to_string);
                    let says = door.map_or_else(|faults| faults.to_string(), |_| "yes".into());
                    disagreements.push(format!("{file} {place} = {found}: the door says {says}"));
                }
            }
        }
    }
    assert!(refused > 1000 && accepted > 100, "these changes test too little: {refused} refused, {accepted} accepted");
    let shown = disagreements.len().min(40);
    assert!(disagreements.is_empty(), "{} disagreements:\n{}", disagreements.len(), disagreements[..shown].join("\n"));
}

/// What `$comment` in every schema lists: rules that JSON Schema has no words for.
fn beyond_a_schema(door: &Result<Event, Faults>) -> bool {
    const SAID_IN_THE_COMMENT: [&str; 6] =
        ["ends before it begins", "leaves no time at all", "cannot name itself", "not a day of the calendar", "time zone", "2^53 - 1"];
    door.as_ref().is_err_and(|faults| faults.named.iter().all(|fault| SAID_IN_THE_COMMENT.iter().any(|rule| fault.detail.contains(rule))))
}

fn changes(value: &Value, place: &str) -> Vec<Value> {
    let mut changed: Vec<Value> = samples().into_iter().filter_map(|sample| with(value, place, |part| *part = sample)).collect();
    for members in [&["occured"][..], &["just"], &["approximate"], &["just", "within"], &["precision"]] {
        changed.extend(with(value, place, |part| {
            if let Value::Object(part) = part {
                part.extend(members.iter().map(|name| ((*name).to_owned(), json!(true))));
            }
        }));
    }
    if let Some((parent, name)) = place.rsplit_once('/') {
        changed.extend(with(value, parent, |part| match part {
            Value::Object(members) => drop(members.remove(name)),
            Value::Array(items) => drop(items.remove(name.parse().unwrap())),
            _ => {}
        }));
    }
    changed
}

const SAMPLE_TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "a b",
    "ctrl\u{1}",
    "del\u{7f}",
    "IN",
    "in-wb",
    "IN-WB",
    "world",
    "UPPER",
    "b",
    "bn-",
    "bn-IN",
    "second",
    "minute",
    "hour",
    "day",
    "window",
    "syndicated_from",
    "attributed_to",
    "javascript:alert(1)",
    "https://",
    "https://x.example/",
    "https://x.example/ y",
    "HTTPS://x.example",
    "2022-10-25",
    "2022-10-25[Asia/Kolkata]",
    "2022-02-30[Asia/Kolkata]",
    "2022-10-25T12:07+05:30",
    "2022-10-25T12:07:30Z",
    "2022-10-25T12:07:30.123456789Z",
    "2022-10-25T12:07:30.1234567890Z",
    "2022-10-25T12:07:30.Z",
    "2022-10-25T12:07",
    "2022-10-25T24:07Z",
    "2022-13-25T12:07Z",
    "2022-10-25T12:07:60Z",
    "2022-10-25 12:07Z",
    "2022-10-25t12:07:30z",
    "20221025T120730Z",
    "2022-10-25T12:07+0530",
    "2022-10-25T12:07+24:00",
    "2022-10-25T12:07Z[]",
    "-2022-10-25T12:07Z",
];

fn samples() -> Vec<Value> {
    let mut samples = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(9_007_199_254_740_992_u64),
        json!(4_294_967_296_u64),
        json!([]),
        json!({}),
        json!(["x"]),
        json!({"x": 1}),
        json!({"unknown": true}),
        json!({"unknown": false}),
        json!({"en": ""}),
        json!({"en": "x"}),
        json!({"e": "x"}),
        json!({"at": "2022-10-25[Asia/Kolkata]", "unknown": true}),
        json!({"at": "2022-10-25T12:07Z", "precision": "second"}),
        json!({"at": "2022-10-25T12:07:01Z", "precision": "hour"}),
        json!({"event": {"id": "x"}}),
        json!({"id": "x"}),
        json!({"id": ""}),
    ];
    let long = ["a".repeat(64), "a".repeat(65), "a".repeat(300), "a".repeat(600)];
    samples.extend(SAMPLE_TEXTS.iter().map(|text| json!(text)));
    samples.extend(long.into_iter().map(|text| json!(text)));
    samples
}

fn with(value: &Value, place: &str, change: impl FnOnce(&mut Value)) -> Option<Value> {
    let mut changed = value.clone();
    change(changed.pointer_mut(place)?);
    Some(changed)
}

fn paths(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    found.insert(place.to_owned());
    each_member(value, |name, member| paths(member, &format!("{place}/{name}"), found));
}

fn member_names(schema: &Value, found: &mut BTreeSet<String>) {
    if let Some(Value::Object(properties)) = schema.get("properties") {
        found.extend(properties.keys().cloned());
    }
    each_member(schema, |_, inner| member_names(inner, found));
}

fn each_member(value: &Value, mut visit: impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| visit(name, member)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| visit(&index.to_string(), item)),
        _ => {}
    }
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for entry in std::fs::read_dir(schemas().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let kind = file.split(".v1").next().unwrap().to_owned();
        let value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{file}: {error}"));
        examples.push(Example { file, kind, value });
    }
    examples.sort_by(|left, right| left.file.cmp(&right.file));
    examples
}

fn validator(kind: &str) -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema::of_kind(kind).unwrap_or_else(|| panic!("{kind} is no kind"))).unwrap()
}

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}
