//! `claim.weighed`: a desk's verdict on a claim

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Ref;
use crate::text::Text;

/// A desk's verdict on a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimWeighed {
    /// Which event.
    pub event: Ref,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// What a desk thinks of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is the one to tell.
    Preferred,
    /// Others support it.
    Confirmed,
    /// Others contradict it.
    Disputed,
    /// Nothing supports it.
    Unsupported,
}
