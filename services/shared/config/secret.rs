//! Secrets among the settings: what holds one, how it is read from a file, and how an error about it stays silent.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::error::{ContextKind, ContextValue};
use dateline_backends::Address;
use serde::{Deserialize, Deserializer, de};
use subtle::ConstantTimeEq;

/// A file that holds one secret is at most so large, in bytes.
const MAX_SECRET_BYTES: u64 = 4_096;

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
        let named = || format!("cannot read the secret in {}", path.display());
        if std::fs::metadata(path).with_context(named)?.len() > MAX_SECRET_BYTES {
            bail!("{}: a file with a secret has at most {MAX_SECRET_BYTES} bytes", named());
        }
        let text = std::fs::read_to_string(path).with_context(named)?;
        let secret = text.trim_end_matches(['\n', '\r']);
        if secret.is_empty() {
            bail!("{}: it is empty", named());
        }
        Ok(Self(secret.to_owned()))
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
