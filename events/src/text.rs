//! Text for readers: one string, or one per language. How it is told belongs to `timelines`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::lexical::{LANGUAGE, WORDS};

/// A BCP 47 language tag, such as `bn` or `bn-IN`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent)]
pub struct Language(#[schemars(regex(pattern = crate::lexical::LANGUAGE))] pub String);

impl Language {
    /// Accepts what is well-formed; a tag's registration is not looked up.
    pub fn parse(tag: &str) -> Option<Self> {
        let mut parts = tag.split('-');
        let primary = parts.next()?;
        let primary_is_sound = (2..=8).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
        let rest_is_sound = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        (primary_is_sound && rest_is_sound).then(|| Self(tag.to_owned()))
    }

    /// The primary subtag: `bn` of `bn-IN`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        Self::parse(&tag).ok_or_else(|| D::Error::custom(format!("\"{tag}\" is not a BCP 47 language tag; expected one such as \"bn\" or \"en-IN\"")))
    }
}

/// A string, or a map from BCP 47 tag to string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Text {
    /// In a language that nobody named.
    Plain(String),
    /// By language.
    ByLanguage(BTreeMap<String, String>),
}

impl Text {
    /// The text for a reader of `language`: exact tag, then same primary language, then a plain string, then English, then the first.
    pub fn told_in(&self, language: &str) -> &str {
        self.find(language).or_else(|| self.find("en")).unwrap_or_else(|| self.any())
    }

    /// The text in `language` only, or a string that names none.
    pub fn find(&self, language: &str) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::ByLanguage(texts) => {
                let primary = language.split('-').next().unwrap_or(language);
                let alike = || texts.iter().find(|(tag, _)| tag.split('-').next() == Some(primary));
                texts.get(language).or_else(|| alike().map(|(_, text)| text)).map(String::as_str)
            }
        }
    }

    /// The text in exactly this language, never a string that names none.
    pub fn only_in(&self, language: &str) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::ByLanguage(_) => self.find(language),
        }
    }

    /// Every text in it.
    pub fn all(&self) -> Vec<&str> {
        match self {
            Self::Plain(text) => vec![text],
            Self::ByLanguage(texts) => texts.values().map(String::as_str).collect(),
        }
    }

    fn any(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::ByLanguage(texts) => texts.values().next().map_or("", String::as_str),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A string, or a map from BCP 47 tag to string.",
            "anyOf": [
                { "type": "string", "pattern": WORDS },
                {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": { "pattern": LANGUAGE },
                    "additionalProperties": { "type": "string", "pattern": WORDS },
                },
            ],
        })
    }
}

/// Reads a string that says something: not empty, and more than white space.
pub(crate) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(D::Error::custom("an empty text; say what was said"));
    }
    Ok(text)
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, or an object from language tag to string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
        if text.trim().is_empty() {
            return Err(E::custom("an empty text; leave the member out instead"));
        }
        Ok(Text::Plain(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Text, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some((Language(tag), text)) = members.next_entry::<Language, String>()? {
            if text.trim().is_empty() {
                return Err(A::Error::custom(format!("an empty text for \"{tag}\"; leave the member out instead")));
            }
            texts.insert(tag, text);
        }
        if texts.is_empty() {
            return Err(A::Error::custom("no text in any language"));
        }
        Ok(Text::ByLanguage(texts))
    }
}
