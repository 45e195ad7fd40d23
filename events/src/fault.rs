//! How a fault in an event is named: where (a JSON pointer, RFC 6901) and what to do about it.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with an event, named so that its publisher can mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the structured event; empty for the whole document.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub detail: String,
}

/// Everything that is wrong with one event; never empty when returned as an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// A single fault.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(vec![Fault { pointer: pointer.into(), detail: detail.into() }])
    }

    /// Adds one more fault.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Fault { pointer: pointer.into(), detail: detail.into() });
    }

    /// `Ok` when nothing was found.
    pub fn none_or_error(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let place = if fault.pointer.is_empty() { "the event" } else { &fault.pointer };
            write!(formatter, "{separator}{place}: {}", fault.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Escapes one reference token of a JSON pointer.
pub(crate) fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
