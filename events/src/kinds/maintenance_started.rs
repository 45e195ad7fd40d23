//! `maintenance.started`: planned work has begun; never counted as an outage

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Region, Window};
use crate::text::Text;

/// Planned work has begun; never counted as an outage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceStarted {
    /// The planned window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Window>,
    /// Where; none means everywhere it is told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = crate::lexical::REGION)))]
    pub regions: Vec<Region>,
    /// What is done, and what it means for users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}
