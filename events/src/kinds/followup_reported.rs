//! `followup.reported`: what others did because of it: a ministry asks, the vendor files

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// What others did because of it: a ministry asks, the vendor files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowupReported {
    /// Who did it.
    pub who: Text,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Text>,
    /// What.
    pub text: Text,
}
