//! Reads one report: borrowed and at once where it is sound; a second time, name by name, where it is not, so that every fault is
//! named by its pointer.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::{Map, Value};

use super::report::{Members, Report, ReportTime};
use crate::fault::{Faults, token};
use crate::json::read_strict;
use crate::shapes::Symptom;

/// The members that a report may have.
const KNOWN: [&str; 8] = ["service", "region", "symptom", "channel", "time", "text", "total", "window_minutes"];

/// Text that lies in the body as it is, or that had escapes in it.
struct Lent<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Lent<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Lent<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Lent<'de>, E> {
                Ok(Lent(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Lent<'de>, E> {
                Ok(Lent(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

/// A member that is there, or left out. A null is neither.
struct Member<T>(Option<T>);

impl<T> Default for Member<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Some).map(Self)
    }
}

/// A report as it is written: serde refuses unknown members, and members that stand twice.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written<'a> {
    #[serde(borrow)]
    service: Lent<'a>,
    #[serde(borrow, default)]
    region: Member<Lent<'a>>,
    #[serde(default)]
    symptom: Member<Symptom>,
    #[serde(borrow, default)]
    channel: Member<Lent<'a>>,
    #[serde(borrow, default)]
    time: Member<Lent<'a>>,
    #[serde(borrow, default)]
    text: Member<Lent<'a>>,
    #[serde(default)]
    total: Member<u64>,
    #[serde(default)]
    window_minutes: Member<u64>,
}

impl<'a> Written<'a> {
    /// The report that it is; None, with its faults noted, where it is none.
    pub(super) fn report(self, time: &ReportTime, faults: &mut Faults) -> Option<Report<'a>> {
        let text = |said: Member<Lent<'a>>| said.0.map(|lent| lent.0);
        let members = Members {
            service: Some(self.service.0),
            region: text(self.region),
            symptom: self.symptom.0,
            channel: text(self.channel),
            time: text(self.time),
            text: text(self.text),
            total: self.total.0,
            window_minutes: self.window_minutes.0,
            noted: Vec::new(),
        };
        members.report(time, faults)
    }
}

/// Reads one report, strictly: unknown members, members that stand twice, nulls, and times too late or too early are refused, each
/// fault by its JSON pointer. What `text` says is bounded and not kept.
pub fn read_report<'a>(text: &'a str, time: &ReportTime) -> Result<Report<'a>, Faults> {
    let mut faults = Faults::default();
    match serde_json::from_str::<Written<'_>>(text) {
        Ok(written) => match written.report(time, &mut faults) {
            Some(report) => Ok(report),
            None => Err(faults),
        },
        Err(_) => read_slowly(text, time),
    }
}

/// Names everything that is wrong.
fn read_slowly(text: &str, time: &ReportTime) -> Result<Report<'static>, Faults> {
    let Value::Object(object) = read_strict(text.as_bytes())? else {
        return Err(Faults::one("", "a report is a JSON object such as {\"service\":\"whatsapp\",\"symptom\":\"sending\"}"));
    };
    let mut faults = Faults::default();
    let members = members(object, &mut faults);
    let report = members.report(time, &mut faults);
    match report {
        Some(report) if faults.named.is_empty() => Ok(report),
        _ => Err(faults),
    }
}

fn members(object: Map<String, Value>, faults: &mut Faults) -> Members<'static> {
    let mut members = Members::default();
    for (name, value) in object {
        let pointer = format!("/{}", token(&name));
        let Some(known) = KNOWN.into_iter().find(|known| *known == name) else {
            let shown: String = name.chars().take(40).collect();
            faults.add(pointer, format!("unknown member {shown:?}; known here are {}", KNOWN.join(", ")));
            continue;
        };
        let before = faults.named.len();
        match (known, value) {
            (_, Value::Null) => faults.add(pointer, "null says nothing; leave the member out"),
            ("symptom", Value::String(text)) => match serde_json::from_value(Value::String(text)) {
                Ok(symptom) => members.symptom = Some(symptom),
                Err(error) => faults.add(pointer, error.to_string().replace("unknown variant", "unknown value")),
            },
            ("total", value) => members.total = whole(&value, pointer, faults),
            ("window_minutes", value) => members.window_minutes = whole(&value, pointer, faults),
            (_, Value::String(text)) => *text_member(&mut members, known) = Some(Cow::Owned(text)),
            _ => faults.add(pointer, "expected a text"),
        }
        if faults.named.len() > before {
            members.noted.push(known);
        }
    }
    members
}

fn whole(value: &Value, pointer: String, faults: &mut Faults) -> Option<u64> {
    let number = value.as_u64();
    if number.is_none() {
        faults.add(pointer, "expected a whole number, 0 or more");
    }
    number
}

fn text_member<'m>(members: &'m mut Members<'static>, name: &str) -> &'m mut Option<Cow<'static, str>> {
    match name {
        "service" => &mut members.service,
        "region" => &mut members.region,
        "channel" => &mut members.channel,
        "time" => &mut members.time,
        _ => &mut members.text,
    }
}
