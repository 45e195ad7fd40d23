//! `context.added`: what a reader should know beside it

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Link;
use crate::text::Text;
use crate::time::When;

/// What a reader should know beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextAdded {
    /// What.
    pub text: Text,
    /// Where more stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// From when, or when, it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<When>,
}
