//! The envelope: CloudEvents 1.0 in JSON, read strictly, and the one structured form that every mode is brought into.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::event::Event;
use crate::fault::{Fault, Faults, token};
use crate::json::read_strict;
use crate::kinds::{Common, Kind, read_members};
use crate::limits::MAX_EVENT_BYTES;
use crate::{attributes, check};

impl Event {
    /// Reads a structured event at the door, where everything is asked of it: shape, limits, time zones.
    pub fn read_at_the_door(bytes: &[u8]) -> Result<Self, Faults> {
        small_enough(bytes.len())?;
        Self::read_shape(bytes)?.checked_at_the_door()
    }

    /// The same for an event whose members were already read, strictly; `bytes` is the length of its structured form.
    pub fn of_members_at_the_door(members: Map<String, Value>, bytes: usize) -> Result<Self, Faults> {
        small_enough(bytes)?;
        Self::from_members(members)?.checked_at_the_door()
    }

    fn checked_at_the_door(self) -> Result<Self, Faults> {
        let event = self;
        let mut faults = check::rules(&event);
        faults.extend(check::at_the_door(&event));
        faults.none_or_error()?;
        Ok(event)
    }

    /// Reads a structured event from the ledger. Zone rules may have changed since it was accepted, so they are not asked again.
    pub fn read(bytes: &[u8]) -> Result<Self, Faults> {
        let event = Self::read_shape(bytes)?;
        check::rules(&event).none_or_error()?;
        Ok(event)
    }

    fn read_shape(bytes: &[u8]) -> Result<Self, Faults> {
        let Value::Object(envelope) = read_strict(bytes)? else {
            return Err(Faults::one("", "an event is a JSON object"));
        };
        Self::from_members(envelope)
    }

    fn from_members(mut envelope: Map<String, Value>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let data = match envelope.remove("data") {
            Some(Value::Object(data)) => Some(data),
            Some(_) => {
                faults.add("/data", "expected an object");
                None
            }
            None => {
                faults.add("/data", "missing member");
                None
            }
        };
        let attributes = attributes::read(&envelope, &mut faults);
        let kind_name = attributes.get("type").and_then(|text| attributes::kind_of_type(text, &mut faults));
        let body = match (data, kind_name) {
            (Some(data), Some(name)) => Self::read_data(&name, data, &mut faults),
            _ => None,
        };
        let (Some((common, kind)), true) = (body, faults.named.is_empty()) else {
            return Err(faults);
        };
        let attribute = |name: &str| attributes.get(name).cloned();
        Ok(Self {
            source: attribute("source").unwrap_or_default(),
            id: attribute("id").unwrap_or_default(),
            subject: attribute("subject").unwrap_or_default(),
            incidentid: attribute("incidentid"),
            causationid: attribute("causationid"),
            correlationid: attribute("correlationid"),
            common,
            kind,
        })
    }

    fn read_data(name: &str, mut data: Map<String, Value>, faults: &mut Faults) -> Option<(Common, Kind)> {
        check::without_nulls(&mut data, faults);
        check::occurred_rule(name, &data, faults);
        let (common, own): (Map<_, _>, Map<_, _>) = data.into_iter().partition(|(member, _)| Common::MEMBERS.contains(&member.as_str()));
        let common = read_members::<Common>(common, faults);
        let kind = Kind::read(name, own, faults).flatten();
        Some((common?, kind?))
    }

    /// The event with members of its `data` replaced (null removes) and perhaps another `incidentid`, as a correction says.
    /// Refused when the result would not be a valid event.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, Faults> {
        let mut data = self.data();
        let mut incidentid = self.incidentid.clone();
        for (member, value) in patch {
            match (member.as_str(), value) {
                ("incidentid", Value::Null) => incidentid = None,
                ("incidentid", Value::String(id)) => incidentid = Some(id.clone()),
                ("incidentid", _) => return Err(Faults::one("/data/patch/incidentid", "expected a string or null")),
                (_, Value::Null) => drop(data.remove(member)),
                (_, value) => drop(data.insert(member.clone(), value.clone())),
            }
        }
        let mut faults = Faults::default();
        let body = Self::read_data(self.kind.name(), data, &mut faults);
        let (Some((common, kind)), true) = (body, faults.named.is_empty()) else {
            return Err(faults);
        };
        let event = Self { common, kind, incidentid, ..self.clone() };
        check::rules(&event).none_or_error()?;
        Ok(event)
    }
}

fn small_enough(bytes: usize) -> Result<(), Faults> {
    if bytes <= MAX_EVENT_BYTES {
        return Ok(());
    }
    Err(Faults::too_large(format!("{bytes} bytes; an event has at most {MAX_EVENT_BYTES}; put long texts behind a link")))
}

/// Writes the one structured form that binary and batch input is brought into: attributes by name, no spaces, the bytes of
/// `data` untouched. Values are JSON texts.
pub fn structured_form(attributes: &BTreeMap<String, Value>, data: Option<&RawValue>) -> Vec<u8> {
    let mut members: BTreeMap<&str, String> = attributes.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    if let Some(data) = data {
        members.insert("data", data.get().to_owned());
    }
    let mut text = String::from("{");
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Value::String((*name).to_owned()).to_string());
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text.into_bytes()
}

/// True when both are the same event: equal as JSON, `traceparent` and `tracestate` left out.
pub fn same_event(left: &[u8], right: &[u8]) -> bool {
    if left == right {
        return true;
    }
    let read = |bytes: &[u8]| match read_strict(bytes) {
        Ok(Value::Object(mut members)) => {
            members.remove("traceparent");
            members.remove("tracestate");
            Some(members)
        }
        _ => None,
    };
    matches!((read(left), read(right)), (Some(left), Some(right)) if left == right)
}

impl Fault {
    /// The same fault, found inside item `index` of a batch.
    #[must_use]
    pub fn inside(self, index: usize) -> Self {
        Self { pointer: format!("/{}{}", token(&index.to_string()), self.pointer), ..self }
    }
}
