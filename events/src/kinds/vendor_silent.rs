//! `vendor.silent`: a source says that there is no statement yet

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// A source says that there is no statement yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorSilent {
    /// Who is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Text>,
}
