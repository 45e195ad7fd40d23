//! JSON Schemas of every kind, generated from the types that read them; `schemas/events/` holds them committed.
//!
//! A schema says what the door asks, as far as JSON Schema can: what it cannot say (sizes in bytes, days that do not exist, zones
//! that disagree with offsets, reversed intervals, an event that names itself) stands in `$comment`.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::kinds::{Common, Kind};
use crate::lexical::{JSON_MEDIA_TYPE, NAME, OWN_NAME, OWN_SOURCE, RFC_3339, SLUG, TYPE_PREFIX, TYPE_SUFFIX};
use crate::limits::{ID_BYTES_MAX, MAX_EVENT_BYTES, MAX_SAFE_INTEGER, SOURCE_BYTES_MAX};

/// The JSON Schema (2020-12) of one kind's structured event; None for an unknown kind.
pub fn of_kind(name: &str) -> Option<Value> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let own = Kind::own_schema(name, &mut generator)?.to_value();
    let common = <Common as schemars::JsonSchema>::json_schema(&mut generator).to_value();
    let mut data = own.clone();
    data["properties"] = members_of(&common, &own, name);
    data["required"] = required_of(&own, name);
    data["additionalProperties"] = json!(false);
    for told_above in ["title", "description"] {
        data.as_object_mut()?.remove(told_above);
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:dateline:schema:{name}:v1"),
        "title": format!("{TYPE_PREFIX}{name}{TYPE_SUFFIX}"),
        "description": own.get("description").cloned().unwrap_or_default(),
        "$comment": format!(
            "The door also asks: at most {MAX_EVENT_BYTES} bytes, lengths counted in bytes, no member twice, no U+0000, no integer beyond 2^53 - 1, at most 32 levels; \
             days that exist, zones that agree with their offsets, intervals that do not end before they begin, no event that names itself; \
             in source no segments . and .., no empty ones, and nothing percent-encoded that means the same as it stands."
        ),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "data"],
        "properties": attributes(name, &data),
        "propertyNames": {"pattern": "^[a-z0-9]+$"},
        "additionalProperties": {"type": ["string", "integer", "boolean", "null"], "description": "Extension attributes are kept and never read."},
        "$defs": generator.take_definitions(true),
    });
    tidy(&mut schema);
    Some(schema)
}

fn attributes(name: &str, data: &Value) -> Value {
    let text =
        |detail: &str, pattern: &str, bytes_max: usize| json!({"type": "string", "pattern": pattern, "maxLength": bytes_max, "description": detail});
    // CloudEvents lets a null stand for an attribute that is left out.
    let optional = |detail: &str| json!({"type": ["string", "null"], "pattern": NAME, "maxLength": SOURCE_BYTES_MAX, "description": detail});
    let named = |detail: &str| json!({"type": ["string", "null"], "pattern": OWN_NAME, "maxLength": SOURCE_BYTES_MAX, "description": detail});
    json!({
        "specversion": {"const": "1.0"},
        "id": text("Unique per source, for ever.", OWN_NAME, ID_BYTES_MAX),
        "source": text("The publisher that answers for the event.", OWN_SOURCE, SOURCE_BYTES_MAX),
        "type": {"const": format!("{TYPE_PREFIX}{name}{TYPE_SUFFIX}")},
        "subject": {"type": "string", "pattern": SLUG, "description": "The service's slug."},
        "time": {"type": ["string", "null"], "pattern": RFC_3339, "description": "RFC 3339; kept and never read: what happened when stands in data.occurred."},
        "datacontenttype": {"type": ["string", "null"], "pattern": JSON_MEDIA_TYPE, "description": "application/json, or left out."},
        "dataschema": {"type": ["string", "null"], "description": "Kept and never read."},
        "incidentid": named("The incident that the publisher names."),
        "causationid": named("The event or request that made the publisher say it."),
        "correlationid": named("What the publisher groups it with."),
        "traceparent": optional("W3C Trace Context."),
        "tracestate": optional("W3C Trace Context."),
        "data_base64": false,
        "data": data,
    })
}

fn members_of(common: &Value, own: &Value, name: &str) -> Value {
    let mut members = Map::new();
    for part in [common, own] {
        members.extend(part.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    }
    if Kind::names_act(name) {
        members.remove("occurred");
    }
    Value::Object(members)
}

fn required_of(own: &Value, name: &str) -> Value {
    let mut required: Vec<Value> = own.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    if Kind::needs_occurred(name) {
        required.push(json!("occurred"));
    }
    Value::Array(required)
}

/// Takes out what only Rust means (the sizes of its integers, its defaults), and the nulls that the reader refuses inside `data`.
fn tidy(schema: &mut Value) {
    tidy_each(schema);
    if let Some(data) = schema.pointer_mut("/properties/data") {
        without_nulls(data);
    }
    if let Some(definitions) = schema.get_mut("$defs") {
        without_nulls(definitions);
    }
}

fn tidy_each(schema: &mut Value) {
    if let Value::Object(members) = schema {
        let size = members.get("format").and_then(Value::as_str).map(ToOwned::to_owned);
        let maximum = match size.as_deref() {
            Some("uint32") => Some(u64::from(u32::MAX)),
            Some("uint64") => Some(MAX_SAFE_INTEGER),
            _ => None,
        };
        if let Some(maximum) = maximum {
            members.insert("maximum".into(), json!(maximum));
        }
        if matches!(size.as_deref(), Some("uint32" | "uint64" | "double")) {
            members.remove("format");
        }
        if members.get("default").is_some_and(|default| !default.is_object()) {
            members.remove("default");
        }
    }
    inner(schema).for_each(tidy_each);
}

fn without_nulls(schema: &mut Value) {
    // What a correction puts into `patch` may be null: that removes a member.
    if let Value::Object(members) = schema {
        if let Some(Value::Array(types)) = members.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                members["type"] = only.clone();
            }
        }
        if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
            choices.retain(|choice| choice["type"] != "null");
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                members.remove("anyOf");
                members.extend(only);
            }
        }
    }
    match schema {
        Value::Object(members) => members.iter_mut().filter(|(name, _)| *name != "patch").for_each(|(_, value)| without_nulls(value)),
        other => inner(other).for_each(without_nulls),
    }
}

fn inner(value: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values_mut()),
        Value::Array(items) => Box::new(items.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}
