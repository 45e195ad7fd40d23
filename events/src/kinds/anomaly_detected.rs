//! `anomaly.detected`: the first sign that something is wrong

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Count, Region, Share};
use crate::text::Text;

/// The first sign that something is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomalyDetected {
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
    /// What was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<Text>,
    /// The value usual at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// Who or what detected it: a slug of `sources`, or a method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::lexical::WORDS))]
    pub detected_by: Option<String>,
}
