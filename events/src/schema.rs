//! JSON Schemas of every kind, generated from the types that read them; `schemas/events/` holds them committed.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::envelope::{MAX_EVENT_BYTES, TYPE_PREFIX, TYPE_SUFFIX};
use crate::kinds::{Common, Kind};

/// The JSON Schema (2020-12) of one kind's structured event; None for an unknown kind.
pub fn of_kind(name: &str) -> Option<Value> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let own = Kind::own_schema(name, &mut generator)?.to_value();
    let common = <Common as schemars::JsonSchema>::json_schema(&mut generator).to_value();
    let mut properties = common.get("properties").cloned().unwrap_or_else(|| json!({}));
    if let (Some(all), Some(Value::Object(mine))) = (properties.as_object_mut(), own.get("properties")) {
        all.extend(mine.clone());
    }
    let mut required: Vec<Value> = own.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    if needs_occurred(name) {
        required.push(json!("occurred"));
    }
    let definitions = Value::Object(generator.take_definitions(true));
    let text = |detail: &str, bytes_max: usize| json!({"type": "string", "minLength": 1, "maxLength": bytes_max, "description": detail});
    Some(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:dateline:schema:{name}:v1"),
        "title": format!("{TYPE_PREFIX}{name}{TYPE_SUFFIX}"),
        "description": own.get("description").cloned().unwrap_or_default(),
        "$comment": format!("At most {MAX_EVENT_BYTES} bytes; duplicate members and integers beyond 2^53 - 1 are refused."),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": text("Unique per source, for ever.", 256),
            "source": text("The publisher that answers for the event.", 512),
            "type": {"const": format!("{TYPE_PREFIX}{name}{TYPE_SUFFIX}")},
            "subject": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$", "description": "The service's slug."},
            "time": {"type": "string", "format": "date-time", "description": "Kept and never read."},
            "datacontenttype": {"type": "string", "description": "application/json"},
            "dataschema": {"type": "string"},
            "incidentid": text("The incident that the publisher names.", 512),
            "causationid": text("The event or request that made the publisher say it.", 512),
            "correlationid": text("What the publisher groups it with.", 512),
            "traceparent": text("W3C Trace Context.", 512),
            "data": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            },
        },
        "propertyNames": {"pattern": "^[a-z0-9]+$"},
        "$defs": definitions,
    }))
}

fn needs_occurred(name: &str) -> bool {
    const WITHOUT: [&str; 9] = [
        "service.registered", "statement.translated", "claim.weighed", "incident.linked", "incident.titled", "event.corrected", "event.retracted",
        "event.redacted", "context.added",
    ];
    !WITHOUT.contains(&name)
}
