//! `incident.linked`: two incidents belong together

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Ref;
use crate::text::Text;

/// Two incidents belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentLinked {
    /// An event of the one.
    pub from: Ref,
    /// An event of the other.
    pub to: Ref,
    /// How the one relates to the other.
    pub relation: Relation,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// How one incident relates to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The other caused it.
    CausedBy,
    /// It is a part of the other.
    PartOf,
    /// Both are one: they merge, and the one opened first keeps its id.
    SameAs,
}
