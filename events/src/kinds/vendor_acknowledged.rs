//! `vendor.acknowledged`: the vendor admits it

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Statement;

/// The vendor admits it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorAcknowledged {
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}
