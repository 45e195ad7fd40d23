//! The TOML file: `--config`, else `dateline.toml` in the current folder if there is one.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dateline_backends::Address;
use serde::Deserialize;

use super::WebFlags;
use super::renamed::Renamed;
use super::secret::{self, Secret};

/// The settings of a file; names as on the command line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct File {
    pub data: Option<PathBuf>,
    pub listen: Option<String>,
    #[serde(deserialize_with = "secret::address")]
    pub ledger: Option<Address>,
    #[serde(deserialize_with = "secret::address")]
    pub views: Option<Address>,
    #[serde(deserialize_with = "secret::address")]
    pub state_store: Option<Address>,
    #[serde(deserialize_with = "secret::address")]
    pub role_state: Option<Address>,
    keep: Option<Renamed>,
    #[serde(deserialize_with = "secret::address")]
    pub archive: Option<Address>,
    #[serde(deserialize_with = "secret::address")]
    pub url: Option<Address>,
    #[serde(deserialize_with = "secret::secret")]
    pub key: Option<Secret>,
    pub key_file: Option<PathBuf>,
    pub open_reading: bool,
    #[serde(deserialize_with = "secret::address")]
    pub reports: Option<Address>,
    pub open_reports: bool,
    pub key_reports_a_minute: Option<u64>,
    pub fold_memory_mib: Option<usize>,
    pub log_key_file: Option<PathBuf>,
    pub log_key: Option<String>,
    pub log_origin: Option<String>,
    pub proxies: Vec<std::net::IpAddr>,
    pub allow_hosts: Vec<String>,
    pub connections_per_address: Option<usize>,
    pub body_memory_mib: Option<usize>,
}

impl File {
    /// What it says of the bounds of a server.
    pub fn web(&self) -> WebFlags {
        let Self { connections_per_address, body_memory_mib, .. } = *self;
        WebFlags { allow_hosts: self.allow_hosts.clone(), connections_per_address, body_memory_mib }
    }
}

/// Reads the file that was named, or the usual one where it exists.
pub fn read(named: Option<&Path>) -> anyhow::Result<File> {
    let usual = Path::new("dateline.toml");
    let path = match named {
        Some(path) => path,
        None if usual.exists() => usual,
        None => return Ok(File::default()),
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the settings {}", path.display()))?;
    toml::from_str(&text).or_else(|error| bail!("the settings {} are not understood: {}", path.display(), fault(&text, &error)))
}

/// What is wrong, where, and with which setting. The line itself is not shown, as `toml` would: it may hold a password.
fn fault(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let number = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
    let line = text.lines().nth(number).unwrap_or_default();
    let name = line.split_once('=').map(|(name, _)| name.trim()).filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    match name {
        Some(name) => format!("line {}, {name}: {}", number + 1, error.message()),
        None => format!("line {}: {}", number + 1, error.message()),
    }
}
