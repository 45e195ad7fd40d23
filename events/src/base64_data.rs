//! Data that an SDK sent as bytes (`data_base64`: CloudEvents JSON 1.0.2, section 3.1.1). Where the bytes are JSON they are the same data
//! as in binary mode, and are brought into the same form: `data` holds them, untouched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::fault::Faults;
use crate::json::read_strict;

/// Takes `data_base64` out of the members of a structured event, and answers the JSON that it holds and the same read; None where
/// there is no such member.
pub fn from_base64(members: &mut Map<String, Value>) -> Result<Option<(Box<RawValue>, Value)>, Faults> {
    let Some(packed) = members.remove("data_base64") else { return Ok(None) };
    let fault = |detail: &str| Faults::one("/data_base64", detail);
    if members.contains_key("data") {
        return Err(fault("an event has \"data\" or \"data_base64\", never both"));
    }
    let Value::String(packed) = packed else { return Err(fault("expected a text: base64 (RFC 4648, section 4)")) };
    let bytes = STANDARD.decode(packed).map_err(|error| fault(&format!("not base64 (RFC 4648, section 4): {error}")))?;
    // Its faults are the sender's, who knows them as data.
    let data = read_strict(&bytes).map_err(|faults| faults.inside("/data"))?;
    let text = String::from_utf8(bytes).map_err(|error| Faults::one("/data", format!("not UTF-8: {error}")))?;
    let raw = RawValue::from_string(text).map_err(|error| Faults::one("/data", format!("not valid JSON: {error}")))?;
    Ok(Some((raw, data)))
}
