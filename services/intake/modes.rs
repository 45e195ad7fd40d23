//! CloudEvents' three HTTP modes, and the one structured form that they are brought into.
//! (CloudEvents HTTP Protocol Binding 1.0.2, section 3.)

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode, header};
use dateline_backends::MAX_BATCH_EVENTS;
use dateline_events::{Faults, ItemsRefused, MAX_EVENT_BYTES, from_base64, items_of, percent_decoded, read_strict, structured_form};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::shared::http::{MAX_SENT_EVENT_BYTES, Problem};

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

/// What was sent.
pub enum Sent<'a> {
    /// One event.
    One(Form),
    /// Several. Each is read when its turn comes, so that what one costs to read is held once.
    Many(Vec<BatchItem<'a>>),
}

/// An event of a batch, as it stands there.
pub struct BatchItem<'a>(&'a RawValue);

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

/// Which mode the headers announce. Beside ce- headers, no content type at all means JSON (CloudEvents 1.0.2, section 3.1,
/// `datacontenttype`), and so does every type of JSON.
pub fn of(headers: &HeaderMap) -> Result<Mode, Problem> {
    let given = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    match media_type(given).as_str() {
        "application/cloudevents+json" => Ok(Mode::Structured),
        "application/cloudevents-batch+json" => Ok(Mode::Batch),
        other if headers.contains_key("ce-specversion") && (other.is_empty() || is_json(other)) => Ok(Mode::Binary),
        _ => {
            let shown: String = given.chars().take(80).collect();
            let detail = format!(
                "the content type {shown:?} is not taken here; send application/cloudevents+json, application/cloudevents-batch+json, or ce- headers with application/json"
            );
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Not a CloudEvent", detail))
        }
    }
}

/// The media type without its parameters, in lower case.
fn media_type(given: &str) -> String {
    given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// True for `application/json`, `text/json`, `application/vnd.example+json` (RFC 6839).
fn is_json(media_type: &str) -> bool {
    let subtype = media_type.split_once('/').map_or("", |(_, subtype)| subtype);
    (subtype == "json" || subtype.ends_with("+json")) && !media_type.starts_with("application/cloudevents")
}

/// Reads a body in its mode. A structured event keeps its exact bytes.
pub fn read<'a>(mode: Mode, headers: &HeaderMap, body: &'a [u8]) -> Result<Sent<'a>, Problem> {
    match mode {
        Mode::Structured => structured(body).map(Sent::One).map_err(Problem::invalid_event),
        Mode::Binary => binary(headers, body).map(|bytes| Sent::One(bytes.into())).map_err(Problem::invalid_event),
        Mode::Batch => match items_of(body, MAX_BATCH_EVENTS) {
            Ok(items) => Ok(Sent::Many(items.into_iter().map(BatchItem).collect())),
            Err(ItemsRefused::TooMany) => {
                let detail = format!("more than {MAX_BATCH_EVENTS} events in one batch; send the rest in another");
                Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-events", "Too many events at once", detail))
            }
            Err(ItemsRefused::NotAnArray(error)) => {
                Err(Problem::invalid_event(Faults::one("", format!("a batch is a JSON array of events: {error}"))))
            }
        },
    }
}

/// The exact bytes, but where the data came as base64: then the form of the other modes, in which data is JSON.
fn structured(body: &[u8]) -> Result<Form, Faults> {
    const NAME: &[u8] = b"\"data_base64\"";
    if !body.windows(NAME.len()).any(|window| window == NAME) {
        return Ok(body.to_vec().into());
    }
    sent_small_enough(body.len())?;
    let Value::Object(mut members) = read_strict(body)? else { return Err(not_an_object()) };
    match from_base64(&mut members)? {
        Some((data, read)) => Ok(in_form(members, Some(&data), Some(read))),
        // The name stood somewhere else.
        None => Ok(body.to_vec().into()),
    }
}

impl BatchItem<'_> {
    /// The event in the structured form.
    pub fn form(&self) -> Result<Form, Faults> {
        let text = self.0.get();
        sent_small_enough(text.len())?;
        let Value::Object(mut members) = read_strict(text.as_bytes())? else { return Err(not_an_object()) };
        if let Some((data, read)) = from_base64(&mut members)? {
            return Ok(in_form(members, Some(&data), Some(read)));
        }
        let read = members.remove("data");
        let data = serde_json::from_str::<OnlyData<'_>>(text).map_err(|error| Faults::one("", format!("not valid JSON: {error}")))?.data;
        Ok(in_form(members, data, read))
    }
}

fn in_form(attributes: Map<String, Value>, data: Option<&RawValue>, read: Option<Value>) -> Form {
    let attributes: BTreeMap<String, Value> = attributes.into_iter().collect();
    let bytes = structured_form(&attributes, data);
    Form { bytes, members: Some(attributes.into_iter().chain(read.map(|data| ("data".to_owned(), data))).collect()) }
}

fn sent_small_enough(bytes: usize) -> Result<(), Faults> {
    if bytes <= MAX_SENT_EVENT_BYTES {
        return Ok(());
    }
    Err(Faults::too_large(format!("{bytes} bytes; an event is sent in at most {MAX_SENT_EVENT_BYTES}, and kept in at most {MAX_EVENT_BYTES}")))
}

fn not_an_object() -> Faults {
    Faults::one("", "an event is a JSON object")
}

#[derive(serde::Deserialize)]
struct OnlyData<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn binary(headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, Faults> {
    let mut faults = Faults::default();
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(media_type).filter(|given| !given.is_empty());
    let content_type = given.unwrap_or_else(|| "application/json".to_owned());
    let mut attributes = BTreeMap::from([("datacontenttype".to_owned(), Value::String(content_type))]);
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
    // These bytes go into the event as they are: what is larger than an event need not be read.
    if body.len() > MAX_EVENT_BYTES {
        return Err(Faults::too_large(format!("{} bytes of data; an event has at most {MAX_EVENT_BYTES}; put long texts behind a link", body.len())));
    }
    read_strict(body).map_err(|faults| faults.inside("/data"))?;
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
    percent_decoded(&unquoted).map_err(|fault| fault.to_string())
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
