//! The TOML file: `--config`, else `dateline.toml` in the current folder if there is one.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use super::WebFlags;

/// The settings of a file; names as on the command line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct File {
    pub data: Option<PathBuf>,
    pub listen: Option<String>,
    pub ledger: Option<String>,
    pub views: Option<String>,
    pub keep: Option<String>,
    pub archive: Option<String>,
    pub url: Option<String>,
    pub key: Option<String>,
    pub open_reading: bool,
    pub reports: Option<String>,
    pub open_reports: bool,
    pub key_reports_a_minute: Option<u64>,
    pub fold_memory_mib: Option<usize>,
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
    toml::from_str(&text).with_context(|| format!("the settings {} are not understood", path.display()))
}
