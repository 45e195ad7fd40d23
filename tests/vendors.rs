//! Vendors' own words: what `dateline import` makes of status pages, held against the files themselves. The files are other people's:
//! they are no part of the project.

mod joined;
mod oracle;
mod repeated;
mod repository;
mod said_then;

use std::path::Path;
use std::process::Output;

use crate::needs::shared_data;
use crate::support::run;

/// Imports, and answers what was said about it as JSON.
#[track_caller]
fn import(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let ran = run(folder, &[&["import"], arguments, &["--format", "json"]].concat());
    summary(&ran)
}

#[track_caller]
fn summary(ran: &Output) -> serde_json::Value {
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.code() != Some(2), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&ran.stderr)))
}

/// The history of a Statuspage, with its table of visibility.
fn history(page: &str) -> Option<(String, String)> {
    let versions = shared_data(&format!("statuspage/{page}/{page}.versions.jsonl.gz"))?;
    let table = shared_data(&format!("statuspage/{page}/{page}.visibility.csv"))?;
    Some((versions.display().to_string(), table.display().to_string()))
}
