//! `event.retracted`: an earlier event should not stand

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Ref;
use crate::text::Text;

/// An earlier event should not stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRetracted {
    /// Which event.
    pub event: Ref,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// True where whoever took it back said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced: Option<bool>,
}
