//! `event.corrected`: fields of an earlier event were wrong

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use serde_json::{Map, Value};

use crate::shapes::Ref;
use crate::text::Text;

/// Fields of an earlier event were wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventCorrected {
    /// Which event.
    pub event: Ref,
    /// Each member replaces the member of `data` of that name whole; null removes it; `incidentid` sets that attribute.
    #[schemars(extend("minProperties" = 1, "properties" = {"incidentid": {"type": ["string", "null"], "pattern": crate::lexical::NAME, "maxLength": 512}}))]
    pub patch: Map<String, Value>,
    /// What kind of edit it is.
    pub edit_kind: EditKind,
    /// True where whoever made it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced: Option<bool>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// What kind of edit a correction is; readers see "Correction" for an error only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// What stood there was wrong.
    Error,
    /// What stood there could be misread.
    Clarification,
    /// The source changed what it had published.
    SourceEdit,
}
