//! What the holder of an API key, or a publisher on the bus, may do: written as scopes.

use serde::{Deserialize, Serialize};

/// What the holder of a key may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scopes {
    /// Publish as these sources, and what lies below them by whole path segments.
    #[serde(default)]
    pub publish: Vec<String>,
    /// Touch what others published, and weigh claims: a desk.
    #[serde(default)]
    pub edit: bool,
    /// Read.
    #[serde(default)]
    pub read: bool,
    /// Replay the ledger.
    #[serde(default)]
    pub audit: bool,
    /// Report: single reports, totals, and histories of them.
    #[serde(default)]
    pub report: bool,
}

impl Scopes {
    /// Everything: one's own machine, before any key was made.
    pub fn everything() -> Self {
        Self { publish: vec!["*".into()], edit: true, read: true, audit: true, report: true }
    }

    /// Reading only.
    pub fn reading() -> Self {
        Self { read: true, ..Self::default() }
    }

    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// True where nothing is allowed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// True where one of the prefixes covers the source, by whole path segments: `/desks` covers `/desks/demo`, not `/desks2`.
    pub fn covers(&self, source: &str) -> bool {
        self.publish.iter().any(|prefix| {
            let prefix = prefix.trim_end_matches('/');
            prefix == "*" || source.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Reads scopes as written.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut held = Self::default();
        texts.into_iter().try_for_each(|text| held.add(text))?;
        Ok(held)
    }

    /// Reads one scope as written: `publish:<source prefix>`, `report`, `edit`, `read` or `audit`.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        match text.split_once(':') {
            Some(("publish", prefix)) if !prefix.is_empty() => self.publish.push(prefix.to_owned()),
            None if text == "edit" => self.edit = true,
            None if text == "read" => self.read = true,
            None if text == "audit" => self.audit = true,
            None if text == "report" => self.report = true,
            _ => return Err(format!("\"{text}\" is no scope; expected publish:<source prefix>, report, edit, read or audit")),
        }
        Ok(())
    }

    /// The scopes as written.
    pub fn written(&self) -> Vec<String> {
        let flags = [(self.report, "report"), (self.edit, "edit"), (self.read, "read"), (self.audit, "audit")];
        let flags = flags.into_iter().filter(|(held, _)| *held).map(|(_, word)| word.to_owned());
        self.publish.iter().map(|prefix| format!("publish:{prefix}")).chain(flags).collect()
    }
}
