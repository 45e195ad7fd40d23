//! The context attributes of the envelope, and the kind that its `type` names. What stands in `data` is not looked at here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::fault::{Faults, token};
use crate::kinds::Kind;
use crate::lexical::{TYPE_PREFIX, TYPE_SUFFIX, is_name, is_slug};
use crate::limits::{ID_BYTES_MAX, SOURCE_BYTES_MAX};
use crate::time::Instant;

/// Reads the context attributes as text, noting what is wrong with them.
pub(crate) fn read(envelope: &Map<String, Value>, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for (name, value) in envelope {
        let pointer = format!("/{}", token(name));
        if name == "data_base64" {
            faults.add(pointer, "send JSON in \"data\", and leave \"data_base64\" out");
            continue;
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            faults.add(pointer, "a CloudEvents attribute has a name of lower-case letters and digits");
            continue;
        }
        match value {
            Value::String(text) => drop(attributes.insert(name.clone(), text.clone())),
            // In the JSON format a null is an attribute that was not set (CloudEvents JSON 1.0.2, section 2.2).
            Value::Null => {}
            Value::Bool(_) if !KNOWN.contains(&name.as_str()) => {}
            Value::Number(number) if !KNOWN.contains(&name.as_str()) && !number.is_f64() => {}
            _ if KNOWN.contains(&name.as_str()) => faults.add(pointer, "expected a string"),
            _ => faults.add(pointer, "expected a string, a whole number, true or false: what an extension attribute can hold"),
        }
    }
    for name in ["specversion", "id", "source", "type", "subject"] {
        if envelope.get(name).is_none_or(Value::is_null) {
            faults.add(format!("/{name}"), "missing member");
        }
    }
    let mut demand = |name: &str, sound: &dyn Fn(&str) -> bool, expected: &str| {
        if let Some(text) = attributes.get(name)
            && !sound(text)
        {
            faults.add(format!("/{name}"), expected);
        }
    };
    demand("specversion", &|text| text == "1.0", "expected \"1.0\"");
    demand("id", &|text| is_name(text, ID_BYTES_MAX), "expected 1 to 256 bytes without control characters");
    demand(
        "source",
        &|text| is_name(text, SOURCE_BYTES_MAX) && !text.contains(' '),
        "expected a URI reference of 1 to 512 bytes without spaces or control characters, such as \"/desks/demo\"",
    );
    demand("subject", &is_slug, "expected the service's slug: 1 to 64 lower-case letters, digits and hyphens");
    demand("time", &|text| Instant::parse(text).is_some(), "expected RFC 3339, such as \"2022-10-25T06:37:00Z\"");
    demand("datacontenttype", &is_json, "expected \"application/json\"");
    for name in ["incidentid", "causationid", "correlationid", "traceparent", "tracestate"] {
        demand(name, &|text| is_name(text, SOURCE_BYTES_MAX), "expected 1 to 512 bytes without control characters");
    }
    attributes
}

/// Attributes that mean something here and are text; `data_base64` is refused.
const KNOWN: [&str; 13] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "incidentid",
    "causationid",
    "correlationid",
    "traceparent",
    "tracestate",
];

fn is_json(text: &str) -> bool {
    let media_type = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type.split_once('/').is_some_and(|(_, subtype)| subtype == "json" || subtype.ends_with("+json"))
}

/// The kind that `type` names, if this program reads it.
pub(crate) fn kind_of_type(text: &str, faults: &mut Faults) -> Option<String> {
    let Some(versioned) = text.strip_prefix(TYPE_PREFIX) else {
        faults.add("/type", format!("\"{text}\" is not a kind of Dateline's; expected \"dateline.<kind>.v1\""));
        return None;
    };
    let name = versioned.strip_suffix(TYPE_SUFFIX);
    if let Some(name) = name.filter(|name| Kind::NAMES.contains(name)) {
        return Some(name.to_owned());
    }
    let without_version = versioned.rsplit_once(".v").map_or(versioned, |(name, _)| name);
    let detail = if name.is_none() && Kind::NAMES.contains(&without_version) {
        format!("\"{text}\": this program reads version 1 of {without_version} only; send \"{TYPE_PREFIX}{without_version}{TYPE_SUFFIX}\"")
    } else {
        format!("\"{text}\" is not a known kind; known are {}", Kind::NAMES.join(", "))
    };
    faults.add("/type", detail);
    None
}
