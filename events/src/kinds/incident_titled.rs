//! `incident.titled`: a headline for an incident

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Ref;
use crate::text::Text;

/// A headline for an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentTitled {
    /// An event of the incident.
    pub event: Ref,
    /// The headline by language.
    pub title: Text,
}
