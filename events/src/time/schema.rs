//! What JSON Schema can say of a moment and of `When`: each of the five ways of telling as a shape of its own, so that a generator
//! of code or of forms sees what belongs together.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{Moment, Point, Precision, When, Wording};
use crate::shapes::Ref;

/// T of the contract: RFC 9557 with two shortenings. Whether the day exists, and whether offset and zone agree, no pattern can say.
const MOMENT: &str = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)(\[[A-Za-z0-9_+/-]+\])?|\[[A-Za-z0-9_+/-]+\])$";

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "RFC 9557 with two shortenings: without seconds it is its whole minute, and a date with its zone alone its whole day. Offset and zone must agree.",
            "type": "string",
            "pattern": MOMENT,
            "examples": ["2022-10-25T12:07+05:30[Asia/Kolkata]", "2022-10-25T06:37:00Z", "2022-10-25[Asia/Kolkata]"],
        })
    }
}

impl JsonSchema for Point {
    fn schema_name() -> Cow<'static, str> {
        "Point".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (moment, event) = (generator.subschema_for::<Moment>(), generator.subschema_for::<Ref>());
        json_schema!({
            "description": "What a \"before\" or an \"after\" leans on: a moment, or another event.",
            "oneOf": [
                moment,
                { "type": "object", "properties": { "event": event }, "required": ["event"], "additionalProperties": false },
            ],
        })
    }
}

impl JsonSchema for When {
    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let moment = generator.subschema_for::<Moment>().to_value();
        let point = generator.subschema_for::<Point>().to_value();
        let precision = generator.subschema_for::<Precision>().to_value();
        let wording = generator.subschema_for::<Wording>().to_value();
        let two = json!({ "type": "array", "prefixItems": [moment, moment], "minItems": 2, "maxItems": 2 });
        let just = json!({ "type": "boolean", "description": "True: within 30 minutes of it." });
        let within = described(&two, "Narrows it (\"later on Tuesday\"): from the start of the first to the end of the second.");
        let way = |name: &str, value: Value, others: &[(&str, Value)]| {
            let mut members = Map::from_iter([(name.to_owned(), value)]);
            members.extend(others.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
            members.insert("wording".into(), described(&wording, "The source's own words."));
            members.insert(
                "zone_assumed".into(),
                json!({ "type": "boolean", "description": "True where the source named no zone and the publisher assumed one." }),
            );
            json!({ "type": "object", "properties": members, "required": [name], "additionalProperties": false })
        };
        let approximate = json!({ "type": "boolean", "description": "\"About\": widens a minute by 5 minutes and an hour by 30 to both sides." });
        let mut at = way(
            "at",
            described(&moment, "At this moment."),
            &[("precision", described(&precision, "How finely it was told; by default as finely as it is written.")), ("approximate", approximate)],
        );
        at["allOf"] = json!([written_as_finely("second", r"T\d\d:\d\d:"), written_as_finely("minute", "T"), written_as_finely("hour", "T")]);
        json_schema!({
            "description": "When something happened or was stated, as its source told it, in one of five ways.",
            "oneOf": [
                at,
                way("between", described(&two, "From the start of the first to the end of the second."), &[]),
                way("before", described(&point, "Before this moment, which it includes, or this event."), &[("just", just.clone()), ("within", within.clone())]),
                way("after", described(&point, "From the start of this moment, or after this event."), &[("just", just), ("within", within.clone())]),
                way("unknown", json!({ "const": true, "description": "Nobody said when." }), &[("within", within)]),
            ],
        })
    }
}

fn described(schema: &Value, description: &str) -> Value {
    let mut schema = schema.clone();
    schema["description"] = json!(description);
    schema
}

/// A time told to the minute must be written to the minute at least.
fn written_as_finely(precision: &str, pattern: &str) -> Value {
    json!({
        "if": { "properties": { "precision": { "const": precision } }, "required": ["precision"] },
        "then": { "properties": { "at": { "pattern": pattern } } },
    })
}
