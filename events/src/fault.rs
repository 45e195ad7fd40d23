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
    /// True where the event is larger than any that is taken.
    #[serde(skip)]
    pub is_too_large: bool,
}

/// So many faults of one event are named; further ones are counted. An event of 64 KiB could have ten thousand.
pub const MAX_EVENT_FAULTS: usize = 100;

/// What is wrong with one event: the first [`MAX_EVENT_FAULTS`] faults, and how many more were seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Faults {
    /// The faults that are named; never empty when returned as an error.
    pub named: Vec<Fault>,
    /// How many more were seen.
    #[serde(skip)]
    pub further: usize,
}

impl Faults {
    /// A single fault.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { named: vec![Fault { pointer: pointer.into(), detail: detail.into(), is_too_large: false }], further: 0 }
    }

    /// The whole is larger than any that is taken.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self { named: vec![Fault { pointer: String::new(), detail: detail.into(), is_too_large: true }], further: 0 }
    }

    /// Adds one more fault; one too many to be named is counted.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.is_full() {
            self.further += 1;
        } else {
            self.named.push(Fault { pointer: pointer.into(), detail: detail.into(), is_too_large: false });
        }
    }

    /// Adds those of another.
    pub fn extend(&mut self, others: Self) {
        self.further += others.further;
        for fault in others.named {
            if self.is_full() {
                self.further += 1;
            } else {
                self.named.push(fault);
            }
        }
    }

    /// True where no more are named: who looks for faults one by one may end.
    pub fn is_full(&self) -> bool {
        self.named.len() >= MAX_EVENT_FAULTS
    }

    /// The same faults, each with a pointer that begins so.
    #[must_use]
    pub fn inside(mut self, pointer: &str) -> Self {
        for fault in &mut self.named {
            fault.pointer.insert_str(0, pointer);
        }
        self
    }

    /// `Ok` when nothing was found.
    pub fn none_or_error(self) -> Result<(), Self> {
        if self.named.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.named.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let place = if fault.pointer.is_empty() { "the event" } else { &fault.pointer };
            write!(formatter, "{separator}{place}: {}", fault.detail)?;
        }
        if self.further > 0 {
            write!(formatter, "; and {} more", self.further)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Escapes one reference token of a JSON pointer.
pub(crate) fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
