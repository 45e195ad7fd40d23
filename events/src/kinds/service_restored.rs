//! `service.restored`: it works again

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Lasted, Region, Statement};

/// It works again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRestored {
    /// How far.
    pub extent: Extent,
    /// Where; none means everywhere it is told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = crate::lexical::REGION)))]
    pub regions: Vec<Region>,
    /// How long it lasted, as the source says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasted: Option<Lasted>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

/// How far a service is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// It works as usual.
    Full,
    /// Some of it works, or for some.
    Partial,
    /// It works, and fails again at times.
    Unstable,
}
