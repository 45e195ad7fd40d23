//! `event.redacted`: a text was destroyed; only from `dateline redact`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text was destroyed; only from `dateline redact`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRedacted {
    /// The position whose text was destroyed.
    pub position: u64,
    /// Its key.
    pub key: String,
    /// Its whole leaf.
    pub leaf: String,
    /// Why: a law, a court's order, a source's safety.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Of which kind it was, where an incident holds it: the incident keeps its nature and its span by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// The bounds of its time, UTC, without the words for it: the incident keeps its span by them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(String, String)>,
    /// On whose word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}
