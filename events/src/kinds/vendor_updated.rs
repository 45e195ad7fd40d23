//! `vendor.updated`: the vendor says how it stands

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Statement;

/// The vendor says how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["status"]}, {"required": ["statement"]}, {"required": ["headline"]}]))]
pub struct VendorUpdated {
    /// Where the vendor says that it stands; left out where it posts without saying.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<VendorStatus>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

/// The words of the field for how an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is its own explanation")]
pub enum VendorStatus {
    Investigating,
    Identified,
    Monitoring,
    Resolved,
    Postmortem,
}
