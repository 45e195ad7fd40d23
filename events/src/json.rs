//! Strict JSON: what `serde_json` lets pass and a ledger that lasts must not (duplicate members, numbers outside I-JSON).

use std::cell::RefCell;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::fault::{Faults, token};

/// The largest integer that every JSON reader keeps exactly (RFC 7493, section 2.2).
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Deeper nesting than this is refused; no event needs a tenth of it.
const MAX_DEPTH: usize = 32;

/// Reads one JSON document, refusing duplicate member names (RFC 7493), integers beyond 2^53 − 1, the character U+0000 (which
/// PostgreSQL and others cannot keep), and nesting past 32 levels. What JSON itself forbids is named by line and column, the rest by
/// its pointer.
pub fn read_strict(bytes: &[u8]) -> Result<Value, Faults> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Faults::one("", format!("not UTF-8: byte {} does not belong to a character", error.valid_up_to())))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let way_out = RefCell::default();
    let value = Strict { depth: 0, way_out: &way_out }.deserialize(&mut reader).map_err(|error| {
        if error.is_data() {
            Faults::one(pointer_of(&way_out.borrow()), error.to_string())
        } else {
            Faults::one("", format!("not valid JSON: {error}"))
        }
    })?;
    reader.end().map_err(|error| Faults::one("", format!("not one JSON document: {error}")))?;
    Ok(value)
}

/// The pointer to what lies at the end of `way_out`, which names the innermost first.
fn pointer_of(way_out: &[String]) -> String {
    way_out.iter().rev().map(|name| format!("/{}", token(name))).collect()
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    /// Empty until something is wrong; then each level adds its name on the way out.
    way_out: &'a RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_SAFE_INTEGER {
            return Err(E::custom(format!("the number {value} is larger than 2^53 - 1, which not every reader keeps exactly; send it as text")));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_SAFE_INTEGER {
            return Err(E::custom(format!("the number {value} is smaller than -(2^53 - 1), which not every reader keeps exactly; send it as text")));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let whole_and_too_large = value.fract() == 0.0 && value.abs() > MAX_SAFE_INTEGER as f64;
        match Number::from_f64(value) {
            Some(number) if !whole_and_too_large => Ok(Value::Number(number)),
            _ => Err(E::custom(format!("the number {value} cannot be kept exactly; send it as text"))),
        }
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        if value.contains('\0') {
            return Err(E::custom("the character U+0000 cannot be kept everywhere; leave it out"));
        }
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner::<A::Error>()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner).inspect_err(|_| self.came_from(array.len().to_string()))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner::<A::Error>()?;
        let mut object = Map::new();
        while let Some(Name(name)) = members.next_key()? {
            if name.contains('\0') {
                return Err(A::Error::custom("the character U+0000 stands in a member's name; leave it out"));
            }
            if object.contains_key(&name) {
                self.came_from(name.clone());
                return Err(A::Error::custom(format!("the member \"{name}\" stands twice; say it once")));
            }
            let value = members.next_value_seed(inner).inspect_err(|_| self.came_from(name.clone()))?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

impl Strict<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn came_from(self, name: String) {
        self.way_out.borrow_mut().push(name);
    }
}

/// A member name, which `serde_json` may lend or give.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Name)
    }
}
