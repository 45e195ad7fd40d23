//! The shapes that many kinds share: references, sources, statements, counts and shares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lexical::{HASH, NAME, REGION, RFC_3339, SLUG, SOURCE, WEB, WORDS};
use crate::limits::{ID_BYTES_MAX, MINUTES_MIN, SOURCE_BYTES_MAX};
use crate::text::{Language, Text};
use crate::time::{Instant, Moment, When};

/// Lower-case letters, digits and hyphens, at most 64: the identity of a service, a vendor or an outlet.
pub type Slug = String;

/// An ISO 3166-1 or -2 code, or `world`.
pub type Region = String;

/// Names an event. Without `source` it is one of the same publisher.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ref {
    /// The publisher; left out when it is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = SOURCE), length(min = 1, max = SOURCE_BYTES_MAX))]
    pub source: Option<String>,
    /// The event's id.
    #[schemars(regex(pattern = NAME), length(min = 1, max = ID_BYTES_MAX))]
    pub id: String,
}

/// The vendor's own id of an incident, on one of its pages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The status page's address.
    #[schemars(regex(pattern = WEB), length(max = SOURCE_BYTES_MAX))]
    pub page: String,
    /// The incident's id there.
    #[schemars(regex(pattern = NAME), length(min = 1, max = ID_BYTES_MAX))]
    pub id: String,
    /// The id of the post there that the event repeats; left out where it is about the incident as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = NAME), length(min = 1, max = ID_BYTES_MAX))]
    pub update: Option<String>,
    /// The page's own word for the state that the post names, or for the severity ("Update", "SERVICE_OUTAGE", "high").
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = NAME), length(min = 1, max = ID_BYTES_MAX))]
    pub status: Option<String>,
    /// True where the event says that the page lists the incident no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
}

/// Whom a claim rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The identity by which sources are counted.
    #[schemars(regex(pattern = SLUG))]
    pub slug: Slug,
    /// Where it was read, whom it names, or whom it copies.
    pub role: Role,
    /// As readers know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SourceKind>,
    /// Where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = WEB))]
    pub url: Option<String>,
    /// The language it is written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<Language>,
    /// When it says that it was published; shown, never folded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<When>,
    /// When it says that it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<When>,
    /// When it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = RFC_3339))]
    pub retrieved_at: Option<Instant>,
    /// SHA-256 of what was read, in 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = HASH))]
    pub sha256: Option<String>,
}

/// The part a source plays in a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The outlet in which it was read; the one that is counted.
    ReadIn,
    /// Whom the outlet names for it.
    AttributedTo,
    /// Whose text the outlet copied; counted instead of the outlet.
    SyndicatedFrom,
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// The vendor itself.
    Vendor,
    /// A monitor of others' services.
    Monitor,
    /// Users' own reports.
    #[serde(rename = "user reports")]
    UserReports,
    /// A newspaper, broadcaster or agency.
    Press,
    /// A ministry or regulator.
    Regulator,
    /// A program.
    Machine,
}

/// What somebody said, word for word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// For whom it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Text>,
    /// Who said it, as the source puts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<Text>,
    /// The words.
    pub quotation: Quotation,
    /// Joins another wording, translation or attribution of the same statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<Ref>,
    /// Set where the words are a translation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation: Option<Translation>,
}

/// Words in a language, verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quotation {
    /// The language of the words.
    pub lang: Language,
    /// The words, without quotation marks around them.
    #[serde(deserialize_with = "crate::text::words")]
    #[schemars(regex(pattern = WORDS))]
    pub text: String,
}

/// Says that a quotation is a translation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// The event that holds the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Ref>,
    /// Who translated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translator: Option<Text>,
}

/// How many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("if" = {"properties": {"per": {"const": "window"}}, "required": ["per"]}, "then" = {"required": ["window_minutes"]}))]
pub struct Count {
    /// The number.
    pub value: u64,
    /// How exactly it is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<Qualifier>,
    /// Counted over what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<Per>,
    /// The window's length in minutes, for `per: window`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = MINUTES_MIN))]
    pub window_minutes: Option<u32>,
    /// The number that it rose or fell from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// True where it was the highest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub peak: bool,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = REGION))]
    pub region: Option<Region>,
    /// Of what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symptoms: Vec<Symptom>,
}

/// What part of all reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// From 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// How exactly it is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<Qualifier>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = REGION))]
    pub region: Option<Region>,
    /// Of what.
    pub symptoms: Vec<Symptom>,
}

/// How exactly a number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Qualifier {
    /// At least that and more.
    #[serde(rename = "more than")]
    MoreThan,
    /// Around it.
    #[serde(rename = "about")]
    About,
    /// Almost it.
    #[serde(rename = "nearly")]
    Nearly,
    /// Exactly it.
    #[serde(rename = "exactly")]
    Exactly,
}

/// Over what a count was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// Since it began.
    Total,
    /// In a window of so many minutes.
    Window,
    /// In an hour.
    Hour,
}

/// How long a source says that it lasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lasted {
    /// Minutes.
    #[schemars(range(min = MINUTES_MIN))]
    pub minutes: u32,
    /// How exactly it is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<Qualifier>,
}

/// What fails, for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is its own explanation")]
pub enum Symptom {
    Sending,
    Receiving,
    Connection,
    App,
    Website,
    Login,
    Calls,
    Media,
    Payments,
    Api,
    Latency,
    Other,
    Unknown,
}

/// A link with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The address.
    #[schemars(regex(pattern = WEB))]
    pub url: String,
    /// What it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

/// Whose a service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// The vendor's identity.
    #[schemars(regex(pattern = SLUG))]
    pub slug: Slug,
    /// As readers know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Its genitive, in the languages that need one ("মেটার").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genitive: Option<Text>,
}

/// The window of planned work.
pub type Window = (Moment, Moment);

/// How bad it is, in the words that status pages use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The vendor says that users notice nothing.
    None,
    /// A part fails, or fails at times.
    Minor,
    /// Much fails.
    Major,
    /// Everything fails.
    Critical,
}
