//! `service.registered`: a service exists, whose it is, what it is called

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Slug, Vendor};
use crate::text::Text;

/// A service exists, whose it is, what it is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRegistered {
    /// Its names by language.
    pub names: Text,
    /// Genitives of its name, in the languages that need one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genitives: Option<Text>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// The service that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::lexical::SLUG))]
    pub parent: Option<Slug>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::lexical::WEB))]
    pub homepage: Option<String>,
    /// Its status page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::lexical::WEB))]
    pub status_page: Option<String>,
}
