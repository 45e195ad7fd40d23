//! Secrets among the settings: what holds one, how it is read from a file, and how an error about it stays silent.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use clap::error::{ContextKind, ContextValue};
use dateline_backends::{Address, secret_in_file};
use serde::{Deserialize, Deserializer, de};
use subtle::ConstantTimeEq;

/// A secret, which no debug output shows.
#[derive(Clone)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(secret)")
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Secret {
    /// Whether this is the secret; compared in constant time, so that a guess learns nothing.
    pub fn is(&self, guess: &str) -> bool {
        self.0.as_bytes().ct_eq(guess.as_bytes()).into()
    }

    /// The secret that stands alone in a file; line ends after it do not belong to it.
    pub fn of_file(path: &Path) -> anyhow::Result<Self> {
        secret_in_file(path).map(Self).map_err(|fault| anyhow::anyhow!(fault))
    }
}

/// Reads a setting that is text, without showing what stood there instead.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    value.as_str().map(ToOwned::to_owned).ok_or_else(|| de::Error::custom("expected text in quotes"))
}

/// An address in a file of settings.
pub fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Address>, D::Error> {
    text(deserializer).map(|text| Some(Address::from(text)))
}

/// A secret in a file of settings.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    text(deserializer).map(|text| Some(Secret(text)))
}

/// What is wrong with the words of a command, with addresses among them shown without their secrets.
pub fn silenced(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(word)) = error.get(kind) else { continue };
        if word.contains('@') || word.contains("://") {
            let shown = Address::from(word.as_str()).to_string();
            error.insert(kind, ContextValue::String(shown));
        }
    }
    error
}
