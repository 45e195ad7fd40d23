//! CloudEvents' three HTTP modes, and the one structured form that they are brought into.
//! (CloudEvents HTTP Protocol Binding 1.0.2, section 3.)

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode, header};
use dateline_events::{Faults, read_strict, structured_form};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::http::Problem;

/// How the events of a request are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One event, whole, in the body.
    Structured,
    /// Attributes in headers, `data` in the body.
    Binary,
    /// A JSON array of events.
    Batch,
}

/// What was sent, in the structured form.
pub enum Sent {
    /// One event.
    One(Form),
    /// Several, each in form or with its problem.
    Many(Vec<Result<Form, Problem>>),
}

/// An event in the structured form.
pub struct Form {
    /// The bytes that are kept.
    pub bytes: Vec<u8>,
    /// Its members, where bringing it into form has read them already.
    pub members: Option<Map<String, Value>>,
}

impl From<Vec<u8>> for Form {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, members: None }
    }
}

/// Which mode the headers announce.
pub fn of(headers: &HeaderMap) -> Result<Mode, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/cloudevents+json" => Ok(Mode::Structured),
        "application/cloudevents-batch+json" => Ok(Mode::Batch),
        "application/json" if headers.contains_key("ce-specversion") => Ok(Mode::Binary),
        _ => {
            let detail = format!(
                "the content type \"{given}\" is not taken here; send application/cloudevents+json, application/cloudevents-batch+json, or ce- headers with application/json"
            );
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Not a CloudEvent", detail))
        }
    }
}

/// Reads a body in its mode. A structured event keeps its exact bytes.
pub fn read(mode: Mode, headers: &HeaderMap, body: &[u8]) -> Result<Sent, Problem> {
    match mode {
        Mode::Structured => Ok(Sent::One(body.to_vec().into())),
        Mode::Binary => binary(headers, body).map(|bytes| Sent::One(bytes.into())).map_err(Problem::invalid_event),
        Mode::Batch => {
            let items: Vec<&RawValue> = serde_json::from_slice(body)
                .map_err(|error| Problem::invalid_event(Faults::one("", format!("a batch is a JSON array of events: {error}"))))?;
            if items.is_empty() {
                return Err(Problem::invalid_event(Faults::one("", "an empty batch; send at least one event")));
            }
            Ok(Sent::Many(items.into_iter().map(|item| batch_item(item).map_err(Problem::invalid_event)).collect()))
        }
    }
}

fn batch_item(item: &RawValue) -> Result<Form, Faults> {
    let Value::Object(mut members) = read_strict(item.get().as_bytes())? else {
        return Err(Faults::one("", "an event is a JSON object"));
    };
    let whole = members.remove("data");
    let data = serde_json::from_str::<OnlyData<'_>>(item.get()).map_err(|error| Faults::one("", format!("not valid JSON: {error}")))?.data;
    let attributes: BTreeMap<String, Value> = members.into_iter().collect();
    let bytes = structured_form(&attributes, data);
    Ok(Form { bytes, members: Some(attributes.into_iter().chain(whole.map(|data| ("data".to_owned(), data))).collect()) })
}

#[derive(serde::Deserialize)]
struct OnlyData<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn binary(headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, Faults> {
    let mut faults = Faults::default();
    let mut attributes = BTreeMap::from([("datacontenttype".to_owned(), Value::String("application/json".to_owned()))]);
    for name in headers.keys() {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
        if attribute == "data" {
            faults.add("/data", "the header ce-data: in binary mode the body is the data");
            continue;
        }
        let values: Vec<_> = headers.get_all(name).iter().collect();
        match values.as_slice() {
            [value] => match decoded(value.as_bytes()) {
                Ok(text) => drop(attributes.insert(attribute.to_owned(), Value::String(text))),
                Err(detail) => faults.add(format!("/{attribute}"), format!("the header {name}: {detail}")),
            },
            _ => faults.add(format!("/{attribute}"), format!("the header {name} stands twice; say it once")),
        }
    }
    faults.none_or_error()?;
    read_strict(body).map_err(|faults| {
        Faults(faults.0.into_iter().map(|fault| dateline_events::Fault { pointer: format!("/data{}", fault.pointer), ..fault }).collect())
    })?;
    let text = std::str::from_utf8(body).map_err(|error| Faults::one("/data", format!("not UTF-8: {error}")))?;
    let data: &RawValue = serde_json::from_str(text).map_err(|error| Faults::one("/data", format!("not valid JSON: {error}")))?;
    Ok(structured_form(&attributes, Some(data)))
}

/// Undoes the quoting and the percent-encoding of a header value (section 3.1.3.2).
fn decoded(value: &[u8]) -> Result<String, String> {
    let unquoted = match value {
        [b'"', inner @ .., b'"'] => unescaped(inner)?,
        _ => value.to_vec(),
    };
    let mut bytes = Vec::with_capacity(unquoted.len());
    let mut rest = unquoted.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let code =
            tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let code = code
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or("\"%\" must be followed by two hexadecimal digits; write a percent sign as %25")?;
        bytes.push(code);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).map_err(|_| "what is percent-encoded is not UTF-8".to_owned())
}

/// Undoes a quoted string (RFC 9110, section 5.6.4).
fn unescaped(inner: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut escaped = false;
    for byte in inner {
        match byte {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => return Err("a quotation mark within a quoted string; write it as \\\"".to_owned()),
            _ => {
                bytes.push(*byte);
                escaped = false;
            }
        }
    }
    if escaped { Err("a quoted string that ends in a backslash; write it as \\\\".to_owned()) } else { Ok(bytes) }
}
