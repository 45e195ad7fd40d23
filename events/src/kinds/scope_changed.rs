//! `scope.changed`: it is wider, narrower, or unknown elsewhere

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Region, Severity, Symptom};

/// It is wider, narrower, or unknown elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeChanged {
    /// Where; none means everywhere it is told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = crate::lexical::REGION)))]
    pub regions: Vec<Region>,
    /// What fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symptoms: Vec<Symptom>,
    /// How bad it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// False: it is not known whether others are hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<bool>,
}
