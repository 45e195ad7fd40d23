//! `cause.stated`: why it happened, and who says so

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Statement;
use crate::time::When;

/// Why it happened, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["statement"]}, {"required": ["headline"]}, {"properties": {"known": {"const": false}}, "required": ["known"]}]))]
pub struct CauseStated {
    /// False: the reason is said to be unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<bool>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
    /// Where it is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::lexical::WEB))]
    pub url: Option<String>,
    /// When the cause acted; `occurred` is when it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Box<When>>,
}
