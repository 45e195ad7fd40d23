//! `statement.translated`: a quotation in another language

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Quotation, Ref};
use crate::text::Text;

/// A quotation in another language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementTranslated {
    /// The event that holds the original.
    pub event: Ref,
    /// The words in the other language.
    pub quotation: Quotation,
    /// Who translated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translator: Option<Text>,
}
