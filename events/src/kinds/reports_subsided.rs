//! `reports.subsided`: reports are back to normal, or much fewer

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Count, Region, Share};

/// Reports are back to normal, or much fewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportsSubsided {
    /// Where; none means everywhere it is told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = crate::lexical::REGION)))]
    pub regions: Vec<Region>,
    /// How many reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Count>,
    /// What part of the reports is about what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
    /// Through which channel they came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::lexical::WORDS))]
    pub channel: Option<String>,
}
