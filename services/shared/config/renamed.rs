//! What settings were called in earlier versions.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// The state store under the name that it had in earlier versions, in the three forms of a setting.
const KEEP: &str = "it is called the state store now: write --state-store, DATELINE_STATE_STORE, or `state-store = \"…\"` in the file of settings";

/// A setting under a former name. It never has a value: whoever gives one is told the name of today.
#[derive(Debug, Clone)]
pub enum Renamed {}

impl FromStr for Renamed {
    type Err = &'static str;

    fn from_str(_: &str) -> Result<Self, &'static str> {
        Err(KEEP)
    }
}

impl<'de> Deserialize<'de> for Renamed {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom(KEEP))
    }
}
