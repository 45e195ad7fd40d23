//! The members of `data` that any kind may carry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shapes::{Reference, Source};
use crate::text::Text;
use crate::time::When;

/// More sources than this for one claim are refused.
pub(crate) const MAX_SOURCES: usize = 32;

/// More further services than this in one claim are refused.
pub(crate) const MAX_SERVICES: usize = 32;

/// The members of `data` that any kind may carry.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Common {
    /// When it happened in the world; required of every kind that speaks of the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred: Option<When>,
    /// When its source said so where others could read it; absent, the recorded time stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<When>,
    /// How sure its source is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
    /// A sentence to tell instead of the kind's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<Text>,
    /// Whom the claim rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = MAX_SOURCES, "if" = has_role("syndicated_from"), "then" = has_role("read_in")))]
    pub sources: Vec<Source>,
    /// The vendor's own id of the incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Parts of the service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = crate::lexical::WORDS)))]
    pub components: Vec<String>,
    /// The symptom in free text, beside the fixed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symptom_text: Option<Text>,
    /// Further services that it speaks of, beside the subject; a restoration may say that all are restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Services>,
    /// How the publisher comes to say what nobody said in so many words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred: Option<Inferred>,
}

impl Common {
    /// The names of its members.
    pub const MEMBERS: [&'static str; 10] =
        ["occurred", "stated", "certainty", "headline", "sources", "reference", "components", "symptom_text", "services", "inferred"];
}

/// Services that a claim speaks of, beside its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Services {
    /// These, by their slugs.
    Named(
        #[schemars(extend("minItems" = 1, "maxItems" = MAX_SERVICES, "uniqueItems" = true), inner(regex(pattern = crate::lexical::SLUG)))]
        Vec<String>,
    ),
    /// Every service that is told of.
    All(AllServices),
}

/// The word for every service that is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AllServices {
    /// All of them.
    All,
}

/// How a publisher comes to say what nobody said in so many words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inferred {
    /// The vendor's page does not list the incident any more.
    LeftList,
    /// The vendor's page gives a time for it.
    FromPosts,
    /// A monitor asked, and was answered or not.
    FromProbe,
}

/// How sure a source is of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// It was reported.
    Reported,
    /// It was confirmed.
    Confirmed,
    /// It is contradicted.
    Disputed,
}

/// A list in which at least one source has this role.
fn has_role(role: &str) -> Value {
    json!({"contains": {"properties": {"role": {"const": role}}, "required": ["role"]}})
}
